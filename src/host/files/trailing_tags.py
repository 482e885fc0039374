"""Where the sound of an MPEG stream ends and the tags behind it begin.

ID3v1 (id3.org), ID3v2 appended with and without a footer (ID3v2.4 structure, 3.4 and 5), APE (APEv2
specification, Hydrogenaudio) and Lyrics3 (id3.org) are told from the sound by their own sizes.
"""

import os
from dataclasses import dataclass
from typing import BinaryIO

_MOST_TAGS = 16  # guard: behind one file's sound
_MOST_ID3_BYTES = 64 << 20  # guard: of one tag
_ID3V1_BYTES, _ENHANCED_BYTES = 128, 227  # source: ID3v1, and its enhanced tag
_APE_BYTES = 32  # source: APEv2 specification; of a header or a footer
_APE_HAS_HEADER = 1 << 31  # source: APEv2 specification
# source: Lyrics3 specification; the most that its text, its beginning and its end take
_LYRICS3V1_BYTES = 5100 + 20


@dataclass(frozen=True)
class TrailingTag:
    """One tag behind the sound."""

    kind: str
    """``"ID3v1"``, ``"ID3v2"``, ``"APE"`` or ``"Lyrics3"``."""
    start: int
    """Where it begins in the file, in bytes."""
    size: int


def synchsafe(data: bytes) -> int:
    """Return a number as ID3v2 writes it, 7 bits a byte."""
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def list_trailing_tags(file: BinaryIO) -> list[TrailingTag]:
    """List the tags behind the sound of an open MPEG file, the first in the file first."""
    end = file.seek(0, os.SEEK_END)
    found: list[TrailingTag] = []
    while len(found) < _MOST_TAGS and (tag := _tag_before(file, end)):
        found.insert(0, tag)
        end = tag.start
    return found


def _tag_before(file: BinaryIO, end: int) -> TrailingTag | None:
    """Return the tag that ends exactly at a place."""
    tail = _read(file, end - _LYRICS3V1_BYTES, end)
    kind, size = "", 0
    if tail[-_ID3V1_BYTES:][:3] == b"TAG":
        enhanced = tail[-_ID3V1_BYTES - _ENHANCED_BYTES :][:4] == b"TAG+"
        kind, size = "ID3v1", _ID3V1_BYTES + _ENHANCED_BYTES * enhanced
    elif tail[-_APE_BYTES:][:8] == b"APETAGEX":
        footer = tail[-_APE_BYTES:]
        flags = int.from_bytes(footer[20:24], "little")
        kind, size = "APE", int.from_bytes(footer[12:16], "little")
        size += _APE_BYTES * bool(flags & _APE_HAS_HEADER)
    elif tail.endswith(b"LYRICS200") and tail[-15:-9].isdigit():
        kind, size = "Lyrics3", int(tail[-15:-9]) + 15
    elif tail.endswith(b"LYRICSEND") and (at := tail.rfind(b"LYRICSBEGIN")) >= 0:
        kind, size = "Lyrics3", len(tail) - at
    elif tail[-10:-7] == b"3DI":
        kind, size = "ID3v2", synchsafe(tail[-4:]) + 20
    else:
        kind, size = "ID3v2", _appended_id3_bytes(file, end)
    return TrailingTag(kind, end - size, size) if 0 < size <= end else None


def _appended_id3_bytes(file: BinaryIO, end: int) -> int:
    """Return the size of an ID3v2 tag without a footer that ends exactly there; 0 where none does."""
    data = _read(file, end - _MOST_ID3_BYTES, end)
    at = data.rfind(b"ID3")
    while at > 0:  # at the very beginning of a file it is not behind the sound
        header = data[at : at + 10]
        plain = len(header) == 10 and header[3] < 5 and max(header[6:]) < 0x80
        if plain and at + 10 + synchsafe(header[6:]) == len(data):
            return len(data) - at
        at = data.rfind(b"ID3", 0, at)
    return 0


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    start = max(start, 0)
    file.seek(start)
    return file.read(end - start)

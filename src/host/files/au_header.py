"""The header of AU files and the text in it (Sun's ``audio_filehdr(4)``)."""

import os
import struct
from typing import BinaryIO, Literal, NamedTuple

_ORDERS: dict[bytes, Literal["<", ">"]] = {b".snd": ">", b"dns.": "<"}
_FIXED_BYTES = 24  # source: Sun's audio(4) header, six words
_UNKNOWN_SIZE = 0xFFFFFFFF  # source: Sun's audio(4) header, AUDIO_UNKNOWN_SIZE
_MOST_ANNOTATION_BYTES = 1 << 20  # guard: of a text that may come from anywhere
_MOVED_BYTES = 1 << 20  # guard: memory taken at once


class AuHeader(NamedTuple):
    """What an AU file says before its audio."""

    order: Literal["<", ">"]
    start: int
    """Where the audio begins, in bytes."""
    size: int | None
    """Bytes of audio; None where the file does not say."""
    annotation: bytes
    """Text as it stands there, zeros at its end included; empty where there is none."""


def read_au_header(file: BinaryIO) -> AuHeader | None:
    """Read the header of an open file; None where it is no AU."""
    file.seek(0)
    head = file.read(12)
    order = _ORDERS.get(head[:4])
    if order is None or len(head) < 12:
        return None
    start, size = struct.unpack(f"{order}II", head[4:])
    file.seek(_FIXED_BYTES)
    annotation = file.read(min(max(0, start - _FIXED_BYTES), _MOST_ANNOTATION_BYTES))
    has_text = bool(annotation.strip(b"\0"))
    return AuHeader(order, start, None if size == _UNKNOWN_SIZE else size, annotation if has_text else b"")


def write_annotation(file: BinaryIO, header: AuHeader, annotation: bytes) -> None:
    """Put a text before the audio of an AU file, open for reading and writing, whose header is given."""
    moved = _FIXED_BYTES + len(annotation) - header.start
    end = file.seek(0, os.SEEK_END)
    while moved > 0 and end > header.start:  # from the end on: nothing is overwritten before it was read
        begin = max(header.start, end - _MOVED_BYTES)
        file.seek(begin)
        piece = file.read(end - begin)
        file.seek(begin + moved)
        file.write(piece)
        end = begin
    file.seek(_FIXED_BYTES)
    file.write(annotation.ljust(header.start - _FIXED_BYTES, b"\0"))
    file.seek(4)
    file.write(struct.pack(f"{header.order}I", max(header.start, _FIXED_BYTES + len(annotation))))

"""What libsndfile gets wrong in MP3 and Ogg: how long a stream is, and where it ends."""

import io
import os
import re
from pathlib import Path
from typing import BinaryIO, Literal

_OGG_TAIL_BYTES = 1 << 17  # holds the last page, which takes at most 65307
_MPEG_HEAD_BYTES = 4096  # holds the first frame
_FRAME_AND_TAG_BYTES = 2048  # more than the largest frame of layer III, 1441, and a tag of 128
_LAST_PAGE = 4  # flag of an Ogg page
_HAS_FRAMES, _HAS_BYTES = 1, 2  # flags of the Xing header


class EndlessFile(io.FileIO):
    """An MPEG file that claims to be very long.

    libsndfile guesses the length of a stream without a Xing header from its first frames and
    stops there, even when most of the recording is still to come. A tag at the end is still found.
    """

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move as files do, but to far beyond the end when asked for the end itself."""
        if whence == os.SEEK_END and offset == 0:
            return super().seek(1024 * os.fstat(self.fileno()).st_size)
        return super().seek(offset, whence)


def length_in_doubt(path: Path, container: str) -> Literal["", "guessed", "joined"]:
    """Tell whether libsndfile has only ``"guessed"`` the length, or would stop inside a ``"joined"`` file."""
    if container == "OGG":
        return "joined" if _is_joined_ogg(path) else ""
    return _doubt_about_mpeg(path) if container == "MP3" else ""


def lacks_end_mark(path: Path) -> bool:
    """Whether an Ogg stream stops without its page marked as the last, or within it (RFC 3533, 6)."""
    with path.open("rb") as file:
        page = _last_ogg_page(file)
    if len(page) < 27:
        return True
    segments = page[27 : 27 + page[26]]
    whole = len(segments) == page[26] and len(page) >= 27 + len(segments) + sum(segments)
    return not (whole and page[5] & _LAST_PAGE)


def _is_joined_ogg(path: Path) -> bool:
    """Whether the last page belongs to another stream than the first."""
    with path.open("rb") as file:
        first = file.read(18)
        page = _last_ogg_page(file)
    return len(page) >= 18 and page[14:18] != first[14:18]


def _last_ogg_page(file: BinaryIO) -> bytes:
    """Return what there is from the last page's beginning on; nothing where no page begins."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _OGG_TAIL_BYTES))
    tail = file.read()
    at = tail.rfind(b"OggS")
    return tail[at:] if at >= 0 else b""


def _doubt_about_mpeg(path: Path) -> Literal["", "guessed", "joined"]:
    with path.open("rb") as file:
        head = file.read(10)
        first = 0
        if head[:3] == b"ID3":
            first = 10 + sum(byte << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        file.seek(first)
        start = file.read(_MPEG_HEAD_BYTES)
        header = re.search(b"Xing|Info|VBRI", start)
        if header is None:
            return "guessed"
        at = header.end()
        flags = int.from_bytes(start[at : at + 4], "big")
        if header[0] == b"VBRI" or not flags & _HAS_BYTES:
            return ""
        at += 8 if flags & _HAS_FRAMES else 4
        file.seek(first + int.from_bytes(start[at : at + 4], "big"))
        following = file.read(_FRAME_AND_TAG_BYTES)
    # Some encoders do not count the header's own frame: one frame more is no second recording.
    is_more = len(following) == _FRAME_AND_TAG_BYTES
    return "joined" if is_more and (following[:3] == b"ID3" or following[:2] > b"\xff\xe0") else ""

"""What libsndfile gets wrong in MP3 and Ogg: how long a stream is, and where it ends."""

import os
import re
from typing import BinaryIO, NamedTuple

from .searching import found_in
from .source_file import SourceFile, SourceView
from .trailing_tags import list_trailing_tags, synchsafe

_OGG_TAIL_BYTES = 1 << 17  # derived: twice the longest page of RFC 3533, 65307 bytes, in whole powers
_MPEG_HEAD_BYTES = 4096  # derived: holds the first frame
_FRAME_AND_TAG_BYTES = 2048  # derived: more than the largest frame of layer III, 1441, and a tag of 128
_MPEG_BEGINS = re.compile(rb"ID3|\xff[\xe0-\xff]")
_LAST_PAGE = 4  # source: RFC 3533, section 6; flag of an Ogg page
_HAS_FRAMES, _HAS_BYTES = 1, 2  # source: Xing's header; flags of the Xing header
# source: Fraunhofer's VBRI header; behind its name: version, delay and quality, 2 bytes each
_VBRI_BYTES_AT = 6
# A page that begins a stream (RFC 3533, 6): version 0, the flag of a first page, at place 0 or none.
_FIRST_PAGE = re.compile(rb"OggS\0[\x02\x06](?:\0{8}|\xff{8})")
_FIRST_PAGE_BYTES = 14  # derived: that it matches
_SEGMENTS_AT = 26  # source: RFC 3533, section 6; in a page: their number, then their sizes, a byte each


class MpegStream(NamedTuple):
    """What an MPEG file holds besides its frames' own account."""

    end: int
    """Where its sound ends and tags or padding begin, in bytes."""
    has_length: bool
    """Whether it says how long it is; else libsndfile guesses."""
    is_joined: bool
    """Whether another recording follows the first, which is all that libsndfile would read."""


class MpegView(SourceView):
    """An MPEG file without the tags and the padding behind its sound.

    libmpg123 takes them for sound that the header does not count, and says so on stderr. Besides, libsndfile
    guesses the length of a stream without a Xing header from its first frames and stops there, even
    when most of the recording is still to come: such a file claims to be very long.

    Parameters
    ----------
    source
        The file.
    stream
        What is in it.
    """

    def __init__(self, source: SourceFile, stream: MpegStream) -> None:
        super().__init__(source, end=stream.end)
        self._claimed = stream.end if stream.has_length else 1024 * source.size

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move as files do; the end is where it is claimed to be."""
        if whence == os.SEEK_END and offset == 0:
            return super().seek(self._claimed)
        return super().seek(offset, whence)


def lacks_end_mark(file: BinaryIO) -> bool:
    """Whether an open Ogg stream stops without its page marked as the last, or within it (RFC 3533, 6)."""
    page = _last_ogg_page(file)
    if len(page) < 27:
        return True
    segments = page[27 : 27 + page[26]]
    whole = len(segments) == page[26] and len(page) >= 27 + len(segments) + sum(segments)
    return not (whole and page[5] & _LAST_PAGE)


def is_joined_ogg(file: BinaryIO) -> bool:
    """Whether another stream begins behind the first one's beginning, whatever serial number it bears."""
    begun, head = 0, file.read(_SEGMENTS_AT + 1)
    while _FIRST_PAGE.match(head) and len(head) == _SEGMENTS_AT + 1:  # streams side by side all begin here
        begun += len(head) + head[-1] + sum(file.read(head[-1]))
        file.seek(begun)
        head = file.read(_SEGMENTS_AT + 1)
    return found_in(file, _FIRST_PAGE, begun, _FIRST_PAGE_BYTES)


def _last_ogg_page(file: BinaryIO) -> bytes:
    """Return what there is from the last page's beginning on; nothing where no page begins."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _OGG_TAIL_BYTES))
    tail = file.read()
    at = tail.rfind(b"OggS")
    return tail[at:] if at >= 0 else b""


def read_mpeg_stream(file: BinaryIO) -> MpegStream | None:
    """Find out where the sound of an open MPEG file ends, and whether its header counts all of it.

    None for a file that does not begin as one: with a frame, or with a tag before it.
    """
    if not _MPEG_BEGINS.match(file.read(3)):
        return None
    tags = list_trailing_tags(file)
    end = tags[0].start if tags else file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(10)
    first = 10 + synchsafe(head[6:]) if head[:3] == b"ID3" else 0
    file.seek(first)
    start = file.read(_MPEG_HEAD_BYTES)
    header = re.search(b"Xing|Info|VBRI", start)
    if header is None:
        return MpegStream(end, has_length=False, is_joined=False)
    counted = _counted_bytes(start[header.start() :])
    if counted is None:
        return MpegStream(end, has_length=True, is_joined=False)
    file.seek(first + counted)
    following = file.read(min(_FRAME_AND_TAG_BYTES, max(0, end - file.tell())))
    # Some encoders do not count the header's own frame: one frame more is no second recording.
    is_more = len(following) == _FRAME_AND_TAG_BYTES
    if is_more and (following[:3] == b"ID3" or following[:2] > b"\xff\xe0"):
        return MpegStream(end, has_length=True, is_joined=True)
    following += file.read(max(0, end - file.tell()))
    if not following.strip(b"\0"):
        end = min(end, first + counted)
    return MpegStream(end, has_length=True, is_joined=False)


def _counted_bytes(header: bytes) -> int | None:
    """Return how many bytes of frames a Xing, Info or VBRI header counts; None where it does not say."""
    at = 4 + _VBRI_BYTES_AT
    if header[:4] != b"VBRI":
        flags = int.from_bytes(header[4:8], "big")
        if not flags & _HAS_BYTES:
            return None
        at = 12 if flags & _HAS_FRAMES else 8
    return int.from_bytes(header[at : at + 4], "big")

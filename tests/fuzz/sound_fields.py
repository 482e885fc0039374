"""Where the numbers stand that a sound file says of itself: sizes, counts, rates, channels.

Read here anew, not with the code under test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from . import ogg

_MOST_FRAMES = 40  # of an MPEG stream, whose headers are mutated


class Field(NamedTuple):
    """One number: where it stands, how many bytes it takes, and in what order they are."""

    at: int
    size: int
    order: str


class Part(NamedTuple):
    """A stretch that can be repeated, left out or put elsewhere: a chunk, a block, a page."""

    start: int
    stop: int


def fields(data: bytes) -> list[Field]:
    """List the numbers of a file, those of its header at the least."""
    found = [field for read in (_chunked, _au, _flac, _ogg, _id3, _mpeg, _ape) for field in read(data)]
    if not found:  # of rare containers: any word near the beginning
        found = [Field(at, size, order) for at in range(0, 128, 2) for size in (2, 4) for order in "<>"]
    return [field for field in found if field.at + field.size <= len(data)]


def parts(data: bytes) -> list[Part]:
    """List the parts of a file; empty for a container that has none."""
    if data[:4] == b"OggS":
        return [Part(*page) for page in ogg.pages(data)]
    if data[:4] == b"fLaC":
        return [Part(start - 4, stop) for start, stop, _ in _flac_blocks(data)]
    style = _style(data)
    if style is None:
        return []
    header = style.name_bytes + style.size_bytes
    return [Part(start - header, stop) for _, start, stop in _walk(data, style)]


class _Style(NamedTuple):
    first: int
    name_bytes: int
    size_bytes: int
    order: str
    align: int
    counts_header: bool


def _style(data: bytes) -> _Style | None:
    return {
        b"RIFF": _Style(12, 4, 4, "<", 2, False),
        b"RF64": _Style(12, 4, 4, "<", 2, False),
        b"FORM": _Style(12, 4, 4, ">", 2, False),
        b"riff": _Style(40, 16, 8, "<", 8, True),
        b"caff": _Style(8, 4, 8, ">", 1, False),
    }.get(data[:4])


def _walk(data: bytes, style: _Style) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each chunk, and where its payload begins and ends."""
    at = style.first
    header = style.name_bytes + style.size_bytes
    while at + header <= len(data):
        size = _number(data, Field(at + style.name_bytes, style.size_bytes, style.order))
        size -= header if style.counts_header else 0
        start, stop = at + header, min(at + header + max(size, 0), len(data))
        yield data[at : at + 4], start, stop
        at = stop + -stop % style.align


def _chunked(data: bytes) -> Iterator[Field]:
    style = _style(data)
    if style is None:
        return
    order = style.order
    if data[:4] != b"caff":
        yield Field(style.name_bytes, style.size_bytes, order)
    for name, start, stop in _walk(data, style):
        yield Field(start - style.size_bytes, style.size_bytes, order)
        for at, size in _IN_CHUNKS.get(name, ()):
            if start + at + size <= stop:
                yield Field(start + at, size, order)
        if name == b"LIST":
            at = start + 4
            while at + 8 <= stop:
                yield Field(at + 4, 4, order)
                at += 8 + _number(data, Field(at + 4, 4, order)) + 1 & ~1
        elif name in (b"id3 ", b"ID3 "):
            yield from (Field(start + field.at, *field[1:]) for field in _id3(data[start:stop]))


_WAV_FORMAT = ((0, 2), (2, 2), (4, 4), (8, 4), (12, 2), (14, 2), (16, 2), (18, 2), (20, 4), (24, 2))
_IN_CHUNKS: dict[bytes, tuple[tuple[int, int], ...]] = {
    b"fmt ": _WAV_FORMAT,
    b"fact": ((0, 4),),
    b"ds64": ((0, 8), (8, 8), (16, 8), (24, 4)),
    b"cue ": ((0, 4), (4, 4), (8, 4), (20, 4), (24, 4)),
    b"smpl": ((28, 4), (32, 4), (44, 4), (48, 4)),
    b"levl": ((0, 4), (4, 4), (8, 4), (12, 4), (16, 4), (20, 4)),
    b"bext": ((338, 8), (346, 2), (412, 2)),
    b"COMM": ((0, 2), (2, 4), (6, 2), (8, 2), (10, 8), (18, 4)),
    b"SSND": ((0, 4), (4, 4)),
    b"MARK": ((0, 2), (2, 2), (4, 4)),
    b"desc": ((0, 8), (8, 4), (12, 4), (16, 4), (20, 4), (24, 4), (28, 4)),
    b"pakt": ((0, 8), (8, 8), (16, 4), (20, 4)),
    b"chan": ((0, 4), (4, 4), (8, 4)),
    b"info": ((0, 4),),
}


def _au(data: bytes) -> Iterator[Field]:
    if data[:4] == b".snd":
        yield from (Field(at, 4, ">") for at in range(4, 24, 4))


def _flac_blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield where the payload of each metadata block begins and ends, and what it is."""
    at, is_last = 4, data[:4] != b"fLaC"
    while not is_last and at + 4 <= len(data):
        is_last = bool(data[at] & 0x80)
        stop = at + 4 + int.from_bytes(data[at + 1 : at + 4])
        yield at + 4, min(stop, len(data)), data[at] & 0x7F
        at = stop


def _flac(data: bytes) -> Iterator[Field]:
    for start, stop, kind in _flac_blocks(data):
        yield Field(start - 3, 3, ">")
        yield Field(start - 4, 1, ">")
        if kind == 0:  # block sizes, frame sizes, rate with channels and bits, count, MD5
            yield from (
                Field(start + at, size, ">")
                for at, size in ((0, 2), (2, 2), (4, 3), (7, 3), (10, 4), (12, 2), (14, 4))
            )
        elif kind == 4:
            yield from _comment_fields(data, start, stop)
    for frame in list(re.finditer(rb"\xff[\xf8\xf9]", data))[:_MOST_FRAMES]:
        yield Field(frame.start() + 2, 2, ">")


def _comment_fields(data: bytes, start: int, stop: int) -> Iterator[Field]:
    """Yield the numbers of Vorbis comments: length of the vendor's name, count, lengths."""
    vendor = Field(start, 4, "<")
    at = start + 4 + _number(data, vendor)
    yield vendor
    yield Field(at, 4, "<")
    at += 4
    while at + 4 <= stop:
        yield Field(at, 4, "<")
        at += 4 + _number(data, Field(at, 4, "<"))


def _ogg(data: bytes) -> Iterator[Field]:
    for start, stop in ogg.pages(data):
        yield from (
            Field(start + at, size, "<") for at, size in ((4, 1), (5, 1), (6, 8), (14, 4), (18, 4), (26, 1))
        )
        payload = start + 27 + data[start + 26] if start + 26 < len(data) else stop
        if data[payload : payload + 8] == b"OpusHead":
            yield from (
                Field(payload + at, size, "<")
                for at, size in ((8, 1), (9, 1), (10, 2), (12, 4), (16, 2), (18, 1))
            )
        elif data[payload : payload + 7] == b"\x01vorbis":
            yield from (
                Field(payload + at, size, "<")
                for at, size in ((7, 4), (11, 1), (12, 4), (16, 4), (20, 4), (28, 1))
            )
        elif data[payload : payload + 8] == b"OpusTags":
            yield from _comment_fields(data, payload + 8, stop)
        elif data[payload : payload + 7] == b"\x03vorbis":
            yield from _comment_fields(data, payload + 7, stop)


def _id3(data: bytes) -> Iterator[Field]:
    if data[:3] != b"ID3" or len(data) < 10:
        return
    yield from (Field(at, size, ">") for at, size in ((3, 1), (5, 1), (6, 4)))
    stop = min(10 + _synchsafe(data[6:10]), len(data))
    at = 10
    while at + 10 <= stop and data[at]:
        yield Field(at + 4, 4, ">")
        yield Field(at + 8, 2, ">")
        size = _synchsafe(data[at + 4 : at + 8]) if data[3] == 4 else _number(data, Field(at + 4, 4, ">"))
        at += 10 + size


def _mpeg(data: bytes) -> Iterator[Field]:
    if data[:3] != b"ID3" and data[:1] != b"\xff":
        return
    for frame in list(re.finditer(rb"\xff[\xf2-\xff]", data))[:_MOST_FRAMES]:
        yield Field(frame.start() + 1, 3, ">")
    if header := re.search(rb"Xing|Info", data):
        yield from (Field(header.start() + at, size, ">") for at, size in ((4, 4), (8, 4), (12, 4), (141, 3)))


def _ape(data: bytes) -> Iterator[Field]:
    for tag in re.finditer(rb"APETAGEX", data):
        yield from (Field(tag.start() + at, 4, "<") for at in (8, 12, 16, 20, 32, 36))


def _synchsafe(data: bytes) -> int:
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _number(data: bytes, field: Field) -> int:
    return int.from_bytes(data[field.at : field.at + field.size], "little" if field.order == "<" else "big")

"""What a FLAC says of itself, checked against the frames that follow (RFC 9639, 8 and 9)."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from ...audio.arrays import Audio
from .searching import found_in
from .source_file import SourceFile, SourceView
from .trailing_tags import list_trailing_tags, synchsafe

_STREAM_INFO_BYTES = 34  # source: RFC 9639, section 8.2
# source: RFC 9639, section 8.2; in the stream info: the byte whose lower half begins the count, and the MD5
_TOTAL_AT, _MD5_AT = 13, 18
_MARK = re.compile(rb"fLaC[\0\x80]\0\0\x22")  # a stream's beginning: the mark, then a stream info of 34 bytes
_MARK_BYTES = 8  # derived: what its expression matches
_FRAME = re.compile(rb"\xff[\xf8\xf9]")
_TAIL_BYTES = 1 << 20  # guard: holds the last frame, unless its blocks are very long
# source: RFC 9639, section 9.1.1
_CODED_BLOCK = {1: 192, 2: 576, 3: 1152, 4: 2304, 5: 4608} | {code: 1 << code for code in range(8, 16)}
_MORE_RATE_BYTES = {12: 1, 13: 2, 14: 2}  # source: RFC 9639, section 9.1.2
_MOST_CANDIDATES = 16  # guard: bytes that look like a last frame and are none


def _crc_table(polynomial: int, bits: int) -> list[int]:
    table = []
    for value in range(256):
        crc = value << bits - 8
        for _ in range(8):
            crc = (crc << 1 ^ polynomial * (crc >> bits - 1)) & (1 << bits) - 1
        table.append(crc)
    return table


_CRC8, _CRC16 = _crc_table(0x107, 8), _crc_table(0x18005, 16)  # of a frame's header and of the whole frame


@dataclass(frozen=True)
class FlacStream:
    """What a FLAC's header says, and what its frames do.

    Attributes
    ----------
    total_at
        Place in the file of the byte whose lower half begins the count of samples.
    stated
        Samples that the header counts; 0: it does not.
    found
        Samples up to the end of the last whole frame; None where no frame could be made out.
    is_joined
        Whether another FLAC follows.
    md5
        MD5 of the samples as the header has it; empty: it has none.
    bits
        Word size.
    """

    total_at: int
    stated: int
    found: int | None
    is_joined: bool
    md5: bytes
    bits: int

    @property
    def is_counted_short(self) -> bool:
        """Whether the header counts fewer samples than there are; whoever stops there loses the rest."""
        return not self.is_joined and 0 < self.stated < (self.found or 0)


def read_flac_stream(file: BinaryIO) -> FlacStream | None:
    """Read the header of an open FLAC and find its last frame; None where it does not begin as FLAC does."""
    head = file.read(10)
    if len(head) < 10:
        return None
    begin = 10 + synchsafe(head[6:]) if head[:3] == b"ID3" else 0
    file.seek(begin)
    head = file.read(_MARK_BYTES + _STREAM_INFO_BYTES)
    if not _MARK.match(head):
        return None
    info = head[_MARK_BYTES:]
    frames = _frames_begin(file, begin)
    tags = list_trailing_tags(file)
    end = tags[0].start if tags else file.seek(0, os.SEEK_END)
    md5 = info[_MD5_AT:]
    return FlacStream(
        total_at=begin + _MARK_BYTES + _TOTAL_AT,
        stated=int.from_bytes(info[_TOTAL_AT:_MD5_AT]) & (1 << 36) - 1,
        found=_last_sample(file, frames, end, int.from_bytes(info[:2])),
        is_joined=found_in(file, _MARK, frames, _MARK_BYTES),
        md5=md5 if any(md5) else b"",
        bits=(int.from_bytes(info[12:14]) >> 4 & 0x1F) + 1,
    )


def _frames_begin(file: BinaryIO, begin: int) -> int:
    """Return where the metadata blocks end."""
    at, is_last = begin + 4, False
    while not is_last:
        file.seek(at)
        header = file.read(4)
        if len(header) < 4:
            break
        is_last = bool(header[0] & 0x80)
        at += 4 + int.from_bytes(header[1:])
    return at


def _last_sample(file: BinaryIO, begin: int, end: int, block: int) -> int | None:
    """Return the number of samples up to the end of the last frame whose check sums are right.

    Only a frame that ends where the next begins, or the stream, has the right sum: no sound passes for one.
    """
    start = max(begin, end - _TAIL_BYTES)
    file.seek(start)
    tail = file.read(max(0, end - start))
    places = [found.start() for found in _FRAME.finditer(tail)]
    frames = [(at, samples) for at in places if (samples := _frame_end(tail, at, block))]
    stops = {len(tail)}
    for at, samples in reversed(frames[-_MOST_CANDIDATES:]):
        crc = 0
        for place in range(at, len(tail)):
            crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ tail[place]]
            if crc == 0 and place + 1 in stops:
                return samples
        stops.add(at)
    return None


def _frame_end(tail: bytes, at: int, block: int) -> int | None:
    """Return the number of the sample behind a frame that begins there; None where none does."""
    header = tail[at : at + 16]
    if len(header) < 16:
        return None
    size_code, rate_code = header[2] >> 4, header[2] & 0x0F
    if size_code == 0 or rate_code == 15 or header[3] >> 4 > 10 or header[3] & 1:
        return None
    ones = next((bit for bit in range(8) if not header[4] & 0x80 >> bit), 8)
    if ones in (1, 8):
        return None
    number_bytes = max(ones, 1)
    number = header[4] & 0x7F >> ones
    for byte in header[5 : 4 + number_bytes]:
        number = number << 6 | byte & 0x3F
    after = 4 + number_bytes
    size_bytes = {6: 1, 7: 2}.get(size_code, 0)
    samples = _CODED_BLOCK.get(size_code) or int.from_bytes(header[after : after + size_bytes]) + 1
    after += size_bytes + _MORE_RATE_BYTES.get(rate_code, 0)
    if after >= len(header):
        return None
    crc = 0
    for byte in header[: after + 1]:
        crc = _CRC8[crc ^ byte]
    if crc:
        return None
    return (number if header[1] & 1 else number * block) + samples


class RecountedFlac(SourceView):
    """A FLAC whose header counts as many samples as its frames hold."""

    def __init__(self, source: SourceFile, stream: FlacStream) -> None:
        super().__init__(source)
        self._at = stream.total_at
        self._count = (stream.found or 0).to_bytes(5)

    def readinto(self, buffer: Any, /) -> int:
        """Read as files do, with another count."""
        place, count = self.tell(), super().readinto(buffer)
        room = memoryview(buffer)
        for index, byte in enumerate(self._count):
            within = self._at + index - place
            if 0 <= within < count:
                room[within] = room[within] & 0xF0 | byte & 0x0F if index == 0 else byte
        return count


class SampleHash:
    """MD5 of samples as FLAC takes it: words of whole bytes, little-endian, interleaved (RFC 9639, 8.2).

    Parameters
    ----------
    bits
        Word size.
    """

    def __init__(self, bits: int) -> None:
        self.frames = 0
        self._bits = bits
        self._md5 = hashlib.md5(usedforsecurity=False)

    def add(self, block: Audio) -> None:
        """Take the next frames, shape (n, channels)."""
        words = np.rint(block * 2.0 ** (self._bits - 1)).astype("<i4")
        bytes_each: Any = words.view(np.uint8).reshape(*words.shape, 4)[..., : (self._bits + 7) // 8]
        self._md5.update(bytes_each.tobytes())
        self.frames += block.shape[0]

    def digest(self) -> bytes:
        """Return the MD5 of what was taken so far."""
        return self._md5.digest()

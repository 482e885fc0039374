"""The chunks that WAV, RF64, W64, AIFF and CAF files are made of: listed, and appended byte for byte.

Sizes that a file claims are believed only as far as the file reaches; audio is never loaded.
"""

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

_MAX_CHUNKS = 4096  # guard: of one file
_MAX_RIFF_SIZE = 0xFFFFFFFF  # source: RIFF's sizes have 32 bits
_COPY_BYTES = 1 << 20  # guard: memory taken at once
_GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")
_AUDIO = frozenset((b"data", b"SSND"))


@dataclass(frozen=True)
class ChunkStyle:
    """How one family of containers lays out its chunks."""

    id_bytes: int
    size_code: str
    size_counts_header: bool
    align: int
    first: int
    coding: frozenset[bytes]
    """Chunks that describe the coding of the samples, or padding: never carried over."""


_RIFF_CODING = frozenset((b"fmt ", b"data", b"fact", b"ds64", b"PEAK", b"JUNK", b"junk", b"PAD ", b"FLLR"))
RIFF = ChunkStyle(4, "<I", False, 2, 12, _RIFF_CODING)
_RIFX = ChunkStyle(4, ">I", False, 2, 12, _RIFF_CODING)
FORM = ChunkStyle(4, ">I", False, 2, 12, frozenset((b"COMM", b"SSND", b"FVER", b"PEAK", b"CHAN")))
_W64_CODING = frozenset(name + _GUID for name in (b"fmt ", b"data", b"fact", b"junk"))
W64 = ChunkStyle(16, "<Q", True, 8, 40, _W64_CODING)
_CAF_CODING = frozenset((b"desc", b"data", b"pakt", b"kuki", b"chan", b"free", b"peak", b"ovvw"))
CAF = ChunkStyle(4, ">Q", False, 1, 8, _CAF_CODING)


@dataclass(frozen=True)
class Chunk:
    """One chunk."""

    identifier: bytes
    start: int
    """Where its payload begins, in bytes."""
    size: int
    """Bytes of payload, as the header says; audio may reach beyond the end of the file."""

    @property
    def name(self) -> str:
        """The identifier's first four bytes, which are readable in every container."""
        return self.identifier[:4].decode("ascii").strip()


@dataclass(frozen=True)
class ChunkList:
    """The chunks of one file."""

    style: ChunkStyle
    is_rf64: bool
    chunks: list[Chunk]
    end: int
    """Where the last chunk that makes sense ends; beyond it lies nothing that can be understood."""
    file_size: int

    @property
    def audio(self) -> Chunk | None:
        """The chunk that holds the samples."""
        return next((chunk for chunk in self.chunks if chunk.identifier[:4] in _AUDIO), None)

    @property
    def carried(self) -> list[Chunk]:
        """The chunks that say something else than how the samples are coded."""
        return [chunk for chunk in self.chunks if chunk.identifier not in self.style.coding]


def _style(head: bytes) -> ChunkStyle | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return RIFF
    if head[:4] == b"RIFX" and head[8:12] == b"WAVE":
        return _RIFX
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return FORM
    if head[:4] == b"riff" and head[24:28] == b"wave":
        return W64
    if head[:4] == b"caff":
        return CAF
    return None


def list_chunks(file: BinaryIO) -> ChunkList | None:
    """List the chunks of an open file, or return None for a container that has none."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(40)
    style = _style(head)
    if style is None:
        return None
    chunks: list[Chunk] = []
    header_bytes = style.id_bytes + struct.calcsize(style.size_code)
    at, audio64 = style.first, None
    while at + header_bytes <= size and len(chunks) < _MAX_CHUNKS:
        file.seek(at)
        header = file.read(header_bytes)
        identifier = header[: style.id_bytes]
        if not all(0x20 <= byte < 0x7F for byte in identifier[:4]):
            break
        payload = struct.unpack(style.size_code, header[style.id_bytes :])[0]
        if style.size_counts_header:
            if payload < header_bytes:
                break
            payload -= header_bytes
        if identifier == b"ds64":
            audio64 = int.from_bytes(file.read(16)[8:], "little")
        elif identifier == b"data" and payload == _MAX_RIFF_SIZE and audio64 is not None:
            payload = audio64
        start = at + header_bytes
        if start + payload > size and identifier[:4] not in _AUDIO:
            break
        chunks.append(Chunk(identifier, start, payload))
        at = _next_chunk(file, style, start, payload, size)
    return ChunkList(style, head[:4] in (b"RF64", b"BW64"), chunks, min(at, size), size)


def _next_chunk(file: BinaryIO, style: ChunkStyle, start: int, payload: int, size: int) -> int:
    """Return where the chunk behind a payload begins: older writers forget the padding byte."""
    end = start + payload
    padded = end + -payload % style.align
    if style.align == 2 and padded != end and padded < size:
        begins = [_fits(file, style, at, size) for at in (padded, end)]
        return end if begins == [False, True] else padded
    return padded


def _fits(file: BinaryIO, style: ChunkStyle, at: int, size: int) -> bool:
    """Whether a chunk can begin there: its name is one, and it ends within the file."""
    file.seek(at)
    name, stated = file.read(4), file.read(4)
    if len(stated) < 4 or not all(0x20 <= byte < 0x7F for byte in name):
        return False
    return at + 8 + int(struct.unpack(style.size_code, stated)[0]) <= size


def append_chunk(file: BinaryIO, listed: ChunkList, identifier: bytes, size: int, payload: BinaryIO) -> bool:
    """Append one chunk to a file, not W64, and correct the size that the file gives for itself.

    Parameters
    ----------
    file
        Where to; open for reading and writing.
    listed
        What was found in it.
    identifier
        Name of the chunk.
    size
        Bytes of payload.
    payload
        Open for reading; read from where it stands.

    Returns
    -------
    bool
        False where the file would pass 4 GB and its container cannot; nothing was written.

    Raises
    ------
    OSError
        The disk is full, or the payload ends early.
    """
    style = listed.style
    end = file.seek(0, os.SEEK_END)
    if end + size + 16 > _MAX_RIFF_SIZE and not listed.is_rf64 and style is not CAF:
        return False
    if style is CAF and end == listed.file_size == listed.end + 1:
        end = file.seek(listed.end)  # libsndfile pads audio of an odd size; CAF does not
    file.write(b"\0" * (-end % style.align))
    file.write(identifier + struct.pack(style.size_code, size))
    left = size
    while left:
        piece = payload.read(min(left, _COPY_BYTES))
        if not piece:
            raise OSError("the source became shorter while it was read")
        file.write(piece)
        left -= len(piece)
    file.write(b"\0" * (-size % style.align))
    if style is not CAF:  # which states no total
        total = file.tell() - 8
        at, code = (20, "<Q") if listed.is_rf64 else (4, style.size_code)
        file.seek(at)
        file.write(struct.pack(code, total))
    return True

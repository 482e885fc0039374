"""Positions that a sound file's chunks hold, moved where the beginning was cut off.

Broadcast Wave time references (EBU Tech 3285) and cue points (RIFF) follow the trim; of other chunks that
hold positions the caller is told.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from mutagen import flac

from .chunks import FORM, RIFF, Chunk, list_chunks
from .syncing import sync

# source: EBU Tech 3285; description 256, originator 32, its reference 32, date 10, time 8
_TIME_REFERENCE_AT = 338
_CUE_POINT = struct.Struct("<II4sIII")  # id, position, chunk, chunk start, block start, sample offset
_MOST_CUES = 1 << 16  # guard: of one file
_FLAC_CUE_SHEET, _FLAC_APPLICATION = 5, 2  # source: RFC 9639, section 8.1
_FOREIGN = frozenset((b"riff", b"aiff", b"w64 "))  # by flac --keep-foreign-metadata
_OTHERS = {RIFF: {b"smpl", b"plst", b"ltxt"}, FORM: {b"MARK", b"INST"}}


def shift_positions(path: Path, start: int, length: int) -> list[str]:
    """Move the positions in a finished file whose samples are `length` from `start` on of its source.

    Parameters
    ----------
    path
        The file, with the source's chunks in it; changed in place and synced to the disk.
    start
        Samples that were cut off at the beginning.
    length
        Samples that are left.

    Returns
    -------
    list of str
        One line for each chunk whose positions are still those of the source.
    """
    with path.open("rb+") as file:
        listed = list_chunks(file)
        if listed is None:
            file.seek(0)
            is_flac = file.read(4) == b"fLaC"
        else:
            for chunk in listed.carried:
                if listed.style is RIFF and chunk.identifier == b"bext":
                    _shift_time_reference(file, chunk, start)
                elif listed.style is RIFF and chunk.identifier == b"cue ":
                    _shift_cues(file, chunk, start, length)
            file.flush()
            sync(file.fileno())
            others = _OTHERS.get(listed.style, set())
            names = [chunk.name for chunk in listed.carried if chunk.identifier in others]
            return [f"{_still(f'chunk {name!r}')}" for name in names]
    blocks = flac.FLAC(path).metadata_blocks if is_flac else []
    told = [_still("the cue sheet")] if any(block.code == _FLAC_CUE_SHEET for block in blocks) else []
    stored = [block.data[:4] for block in blocks if block.code == _FLAC_APPLICATION]
    if any(name in _FOREIGN for name in stored):
        told.append(_still("what the FLAC keeps of the file that it was made from (bext, cues)"))
    return told


def _still(what: str) -> str:
    return f"{what} holds positions in the recording before it was trimmed"


def _shift_time_reference(file: BinaryIO, chunk: Chunk, start: int) -> None:
    if chunk.size < _TIME_REFERENCE_AT + 8:
        return
    file.seek(chunk.start + _TIME_REFERENCE_AT)
    (samples,) = struct.unpack("<Q", file.read(8))
    file.seek(chunk.start + _TIME_REFERENCE_AT)
    file.write(struct.pack("<Q", (samples + start) % 2**64))


def _shift_cues(file: BinaryIO, chunk: Chunk, start: int, length: int) -> None:
    """Cue points in what was cut off come to lie on the nearest sample that is left."""
    file.seek(chunk.start)
    (count,) = struct.unpack("<I", file.read(4).ljust(4, b"\0"))
    for index in range(min(count, _MOST_CUES, (chunk.size - 4) // _CUE_POINT.size)):
        at = chunk.start + 4 + index * _CUE_POINT.size
        file.seek(at)
        name, position, kind, chunk_start, block_start, offset = _CUE_POINT.unpack(file.read(_CUE_POINT.size))
        position, offset = (min(max(value - start, 0), length) for value in (position, offset))
        file.seek(at)
        file.write(_CUE_POINT.pack(name, position, kind, chunk_start, block_start, offset))

"""Chunks into another file of the same kind: to the byte, but for what describes samples that changed."""

from __future__ import annotations

import io
from typing import BinaryIO

from .change import Change
from .chunks import RIFF, ChunkList, ChunkStyle, append_chunk
from .shifting import cue_places, shifted_chunk
from .stale_metadata import DATA_MD5, data_md5, renewed_chunk

MAX_PARSED_BYTES = 64 << 20  # guard: of a chunk that is parsed, not merely copied: room for pictures


def copy_chunks(
    old: BinaryIO, theirs: ChunkList, new: BinaryIO, ours: ChunkList, change: Change | None
) -> list[str]:
    """Append what a file's chunks say to another of the same style; return what is to be told of it.

    `change` says how the samples changed; None: they are the same.
    """
    warnings = []
    if theirs.end < theirs.file_size:
        lost = theirs.file_size - theirs.end
        warnings.append(f"{lost} bytes at the end are no valid chunk and were not carried over")
    cues = _cue_places(old, theirs)
    for chunk in theirs.carried:
        old.seek(chunk.start)
        payload: BinaryIO = old
        size = chunk.size
        if change and size <= MAX_PARSED_BYTES:
            if chunk.identifier == DATA_MD5 and theirs.style is RIFF:
                said: bytes | None = data_md5(new, ours)
                told = [f"chunk '{chunk.name}' was renewed for the new samples"]
            else:
                said, told = renewed(theirs.style, chunk.identifier, old.read(size), change, cues)
            warnings += told
            if said is None:
                continue
            payload, size = io.BytesIO(said), len(said)
        if not append_chunk(new, ours, chunk.identifier, size, payload):
            warnings.append(f"chunk '{chunk.name}' was not carried over: the file would pass 4 GB")
    return warnings


def renewed(
    style: ChunkStyle, identifier: bytes, payload: bytes, change: Change, cues: dict[int, int]
) -> tuple[bytes | None, list[str]]:
    """Return what a chunk may say of samples that changed, None for nothing, and what is to be told of it."""
    said, told = renewed_chunk(identifier, payload, change)
    if said is not None and change.cut:
        said, moved = shifted_chunk(style, identifier, said, change.cut, cues)
        told = told + moved
    return said, told


def _cue_places(old: BinaryIO, listed: ChunkList) -> dict[int, int]:
    places: dict[int, int] = {}
    for chunk in listed.carried:
        if chunk.identifier == b"cue " and chunk.size <= MAX_PARSED_BYTES:
            old.seek(chunk.start)
            places |= cue_places(old.read(chunk.size), listed.style.size_code[0])
    return places

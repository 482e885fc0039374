"""Chunks of a WAV in a FLAC, as the reference encoder keeps them (`flac --keep-foreign-metadata`).

Each lies in an application block `riff`: the RIFF header, `fmt `, the header of `data`, then all the others.
"""

from __future__ import annotations

import struct
from typing import Any

from mutagen import flac

from .carried_chunks import renewed
from .change import Change
from .chunks import RIFF
from .comments import ForeignChunk
from .cue_points import holds_points
from .shifting import cue_places

_APPLICATION = 2  # source: RFC 9639, section 8.1
_OURS = b"riff"  # source: FLAC application ids, xiph.org
_MAX_BLOCK = (1 << 24) - 1  # source: RFC 9639, section 8.1, sizes of 24 bits
_MAX_RIFF_BYTES = 0xFFFFFFFF  # source: RIFF's sizes have 32 bits
_PCM = 1  # source: RIFF MCI, WAVE_FORMAT_PCM


def is_foreign(block: Any) -> bool:
    """Whether a block of a FLAC is one of those."""
    return bool(block.code == _APPLICATION and block.data[:4] == _OURS)


def read_foreign(blocks: list[Any]) -> list[ForeignChunk]:
    """Return the chunks that a FLAC keeps of its WAV; none where they are laid out otherwise."""
    kept = [block.data[4:] for block in blocks if is_foreign(block)]
    if not kept or kept[0][:4] not in (b"RIFF", b"RF64") or kept[0][8:12] != b"WAVE":
        return []
    chunks = []
    for said in kept[1:]:
        name, size = said[:4], int.from_bytes(said[4:8], "little")
        if len(said) < 8 or (name != b"data" and len(said) - 8 not in (size, size + size % 2)):
            return []
        if name not in RIFF.coding:
            chunks.append(ForeignChunk(name, said[8 : 8 + size]))
    return chunks


def points_of(chunks: list[ForeignChunk]) -> dict[bytes, list[bytes]]:
    """Return those that hold cue points, for `read_points`."""
    found: dict[bytes, list[bytes]] = {}
    for identifier, payload in chunks:
        if holds_points(RIFF, identifier, payload):
            found.setdefault(identifier, []).append(payload)
    return found


def follow(chunks: list[ForeignChunk], change: Change) -> tuple[list[ForeignChunk], list[str]]:
    """Return what chunks may say of samples that changed, and what is to be told of it."""
    cues: dict[int, int] = {}
    for payload in points_of(chunks).get(b"cue ", []):
        cues |= cue_places(payload, "<")
    kept, told = [], []
    for identifier, payload in chunks:
        said, lines = renewed(RIFF, identifier, payload, change, cues)
        told += lines
        if said is not None:
            kept.append(ForeignChunk(identifier, said))
    return kept, told


def foreign_blocks(chunks: list[ForeignChunk], info: Any) -> tuple[list[Any], list[str]]:
    """Return the blocks that keep chunks in a FLAC, and what has no room in them.

    Parameters
    ----------
    chunks
        What is to be kept.
    info
        The FLAC's ``mutagen.flac.StreamInfo``.
    """
    frame_bytes = info.channels * ((info.bits_per_sample + 7) // 8)
    data_bytes = info.total_samples * frame_bytes
    form = struct.pack(
        "<HHIIHH", _PCM, info.channels, info.sample_rate, info.sample_rate * frame_bytes, frame_bytes,
        info.bits_per_sample,
    )  # fmt: skip
    fitting = [chunk for chunk in chunks if len(chunk.payload) + 16 <= _MAX_BLOCK]
    lost = [f"chunk '{one.name}', over 16 MB, does not fit into FLAC" for one in chunks if one not in fitting]
    told = [_block(b"fmt ", form), b"data" + struct.pack("<I", data_bytes & _MAX_RIFF_BYTES)]
    told += [_block(*chunk) for chunk in fitting]
    size = 4 + sum(map(len, told)) + data_bytes + data_bytes % 2
    if size > _MAX_RIFF_BYTES:
        return [], [f"chunk '{one.name}' was not carried over: the sound would pass 4 GB" for one in fitting]
    blocks = []
    for said in [b"RIFF" + struct.pack("<I", size) + b"WAVE", *told] if fitting else []:
        block = flac.MetadataBlock(_OURS + said)
        block.code = _APPLICATION
        blocks.append(block)
    return blocks, lost


def _block(identifier: bytes, payload: bytes) -> bytes:
    return identifier + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)

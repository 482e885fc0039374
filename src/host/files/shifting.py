"""Positions that a sound file's chunks hold, moved where the beginning was cut off.

Time references (EBU Tech 3285), cue points, lengths of regions and sampler loops (RIFF), markers (AIFF, CAF)
and cue sheets (FLAC) follow the trim; of other chunks that hold positions the caller is told.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from typing import Any

from .change import Cut
from .chunks import CAF, FORM, ChunkStyle
from .id3_tags import frame_names

# source: EBU Tech 3285; description 256, originator 32, its reference 32, date 10, time 8
_TIME_REFERENCE_AT = 338
# source: RIFF MCI: id, position, chunk, chunk start, block start, sample offset
_CUE = struct.Struct("<II4sIII")
_LOOPS_AT, _LOOP_BYTES = 36, 24  # source: RIFF MCI, `smpl`
_LTXT_BYTES = 8  # source: RIFF MCI: id and length of a labelled text
# source: Apple Core Audio Format 1.0: type, frame, id, SMPTE time, channel
_CAF_MARKER_BYTES, _CAF_FRAME_AT = 28, 4
_MOST_POINTS = 1 << 16  # guard: of one chunk
_CD_FRAME = 588  # source: RFC 9639, section 8.7: offsets on a CD are multiples of it
_LEAD_OUT = 255  # source: RFC 9639, section 8.7, of what is no CD
_TOLD = frozenset((b"plst", b"r64m", b"axml", b"regn"))
_TIMED_FRAMES = frozenset(("CHAP", "CTOC", "SYLT", "ETCO", "POSS", "TLEN", "ASPI", "MLLT", "SEEK"))


def cue_places(payload: bytes, order: str) -> dict[int, int]:
    """Return the position of each cue point of a chunk `cue `, by its id."""
    return {
        struct.unpack_from(f"{order}I", payload, at)[0]: struct.unpack_from(f"{order}I", payload, at + 20)[0]
        for at in _cue_starts(payload, order)
    }


def _cue_starts(payload: bytes, order: str) -> range:
    (count,) = struct.unpack(f"{order}I", payload[:4].ljust(4, b"\0"))
    count = min(count, _MOST_POINTS, max(len(payload) - 4, 0) // _CUE.size)
    return range(4, 4 + count * _CUE.size, _CUE.size)


def shifted_chunk(
    style: ChunkStyle, identifier: bytes, payload: bytes, cut: Cut, cues: Mapping[int, int]
) -> tuple[bytes, list[str]]:
    """Return what a chunk says of the part of its recording that is kept, and what is to be told of it.

    Parameters
    ----------
    style
        Of the containers that it goes from and to.
    identifier, payload
        The chunk as it came.
    cut
        What is kept.
    cues
        Where the recording's cue points lay, by their ids: `cue_places`.
    """
    order = style.size_code[0]
    data = bytearray(payload)
    told: list[str] = []
    if style is FORM and identifier == b"MARK":
        _shift_markers(data, cut)
    elif style is CAF and identifier == b"mark":
        _shift_caf_markers(data, 8, int.from_bytes(data[4:8], "big"), cut)
    elif style is CAF and identifier == b"regn":
        _shift_caf_regions(data, cut)
    elif style not in (FORM, CAF):
        told = _shift_riff(data, identifier, cut, cues, order)
    if identifier in (b"id3 ", b"ID3 ") and (names := _timed_frames(payload)):
        told.append(_still(f"ID3 frame {names}"))
    return bytes(data), told


def _shift_riff(
    data: bytearray, identifier: bytes, cut: Cut, cues: Mapping[int, int], order: str
) -> list[str]:
    if identifier == b"bext" and len(data) >= _TIME_REFERENCE_AT + 8:
        (samples,) = struct.unpack_from(f"{order}Q", data, _TIME_REFERENCE_AT)
        struct.pack_into(f"{order}Q", data, _TIME_REFERENCE_AT, (samples + cut.start) % 2**64)
    elif identifier == b"cue ":
        for at in _cue_starts(bytes(data), order):
            for field in (at + 4, at + 20):
                _move(data, f"{order}I", field, cut.place)
    elif identifier == b"LIST" and data[:4] == b"adtl":
        _shift_regions(data, cut, cues, order)
    elif identifier == b"smpl":
        return _shift_loops(data, cut, order)
    elif identifier in _TOLD:
        return [_still(f"chunk {identifier.decode().strip()!r}")]
    return []


def _still(what: str) -> str:
    return f"{what} holds positions in the recording before it was trimmed"


def _move(data: bytearray, code: str, at: int, place: Callable[[Any], Any]) -> None:
    (value,) = struct.unpack_from(code, data, at)
    struct.pack_into(code, data, at, place(value))


def _shift_regions(data: bytearray, cut: Cut, cues: Mapping[int, int], order: str) -> None:
    """Shorten the labelled texts of a LIST `adtl`, whose lengths begin at their cue points."""
    at = 4
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(f"{order}I", data, at + 4)
        start = at + 8
        if data[at : at + 4] == b"ltxt" and size >= _LTXT_BYTES and start + _LTXT_BYTES <= len(data):
            name, length = struct.unpack_from(f"{order}II", data, start)
            if name in cues:
                struct.pack_into(f"{order}I", data, start + 4, cut.span(cues[name], length))
        at = start + size + size % 2


def _shift_loops(data: bytearray, cut: Cut, order: str) -> list[str]:
    """Move a sampler's loops; what is left of one that was cut into is another loop, which is told."""
    if len(data) < _LOOPS_AT:
        return []
    (count,) = struct.unpack_from(f"{order}I", data, 28)
    count = min(count, _MOST_POINTS, (len(data) - _LOOPS_AT) // _LOOP_BYTES)
    cut_into = False
    for at in range(_LOOPS_AT, _LOOPS_AT + count * _LOOP_BYTES, _LOOP_BYTES):
        start, end = struct.unpack_from(f"{order}II", data, at + 8)
        cut_into |= start < cut.start or end >= cut.start + cut.length
        last = max(cut.length - 1, 0)  # a loop's end is the last sample that is played
        struct.pack_into(f"{order}II", data, at + 8, *(min(cut.place(one), last) for one in (start, end)))
    return ["a loop of chunk 'smpl' was cut into by the trim"] if cut_into else []


def _shift_markers(data: bytearray, cut: Cut) -> None:
    """Move the markers of an AIFF: id, position, name in a Pascal string of an even size."""
    (count,) = struct.unpack(">H", bytes(data[:2]).ljust(2, b"\0"))
    at = 2
    for _ in range(count):
        if at + 7 > len(data):
            return
        _move(data, ">I", at + 2, cut.place)
        named = 1 + data[at + 6]
        at += 6 + named + named % 2


def _shift_caf_markers(data: bytearray, start: int, count: int, cut: Cut) -> int:
    """Move the markers of a CAF that begin at `start`; return where they end."""
    count = min(count, _MOST_POINTS, max(len(data) - start, 0) // _CAF_MARKER_BYTES)
    for index in range(count):
        at = start + index * _CAF_MARKER_BYTES + _CAF_FRAME_AT
        _move(data, ">d", at, lambda frame: float(min(max(frame - cut.start, 0.0), cut.length)))
    return start + count * _CAF_MARKER_BYTES


def _shift_caf_regions(data: bytearray, cut: Cut) -> None:
    (count,) = struct.unpack(">I", bytes(data[4:8]).ljust(4, b"\0"))
    at = 8
    for _ in range(min(count, _MOST_POINTS)):
        if at + 12 > len(data):
            return
        at = _shift_caf_markers(data, at + 12, struct.unpack_from(">I", data, at + 8)[0], cut)


def _timed_frames(payload: bytes) -> str:
    """Name the frames of an ID3 tag that hold times."""
    return ", ".join(sorted(frame_names(io.BytesIO(payload)) & _TIMED_FRAMES))


def shift_cue_sheet(sheet: Any, cut: Cut) -> None:
    """Move the tracks of a FLAC's cue sheet (`mutagen.flac.CueSheet`).

    One of a CD whose tracks no longer lie on the frames of a CD becomes one of another medium.
    """
    for track in sheet.tracks:
        places = [cut.place(track.start_offset + index.index_offset) for index in track.indexes]
        track.start_offset = cut.place(track.start_offset)
        track.indexes = [
            type(index)(index.index_number, place - track.start_offset)
            for index, place in zip(track.indexes, places, strict=True)
        ]
    offsets = [track.start_offset for track in sheet.tracks]
    offsets += [index.index_offset for track in sheet.tracks for index in track.indexes]
    if sheet.compact_disc and any(offset % _CD_FRAME for offset in offsets):
        sheet.compact_disc, sheet.lead_in_samples = False, 0
        sheet.tracks[-1].track_number = _LEAD_OUT

"""Cue points and their labels, from one kind of container to another: `cue ` and `LIST adtl`, `MARK`, `mark`.

What the new container has no place for is told: notes and lengths of regions outside RIFF.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from .chunks import CAF, FORM, RIFF, ChunkStyle
from .comments import CuePoint
from .shifting import cue_places

_MOST_POINTS = 1 << 16  # guard: of one file
_MOST_MARKERS = (1 << 15) - 1  # source: AIFF 1.3: ids are positive numbers of 16 bits
_LONGEST_NAME = 255  # source: AIFF 1.3: a Pascal string
_MOST_FRAMES = (1 << 32) - 1  # source: RIFF MCI and AIFF 1.3: positions have 32 bits
# source: RIFF MCI: id, position, chunk, chunk start, block start, sample offset
_CUE = struct.Struct("<II4sIII")
# source: RIFF MCI: id, length, purpose, country, language, dialect, code page
_LTXT = struct.Struct("<II4sHHHH")
# source: Apple Core Audio Format 1.0: type, frame, id, SMPTE time, channel
_CAF_MARKER = struct.Struct(">IdIQI")
_CAF_GENERIC = 0  # source: Apple Core Audio Format 1.0


def holds_points(style: ChunkStyle, kind: bytes, payload: bytes) -> bool:
    """Whether a chunk is one that `read_points` reads."""
    if style is FORM:
        return kind == b"MARK"
    if style is CAF:
        return kind in (b"mark", b"strg")
    return kind == b"cue " or (kind == b"LIST" and payload[:4] == b"adtl")


def read_points(style: ChunkStyle, payloads: dict[bytes, list[bytes]]) -> list[CuePoint]:
    """Return the cue points of a file, of its chunks by their names; none where it has none."""
    if style is FORM:
        return [point for payload in payloads.get(b"MARK", []) for point in _markers(payload)][:_MOST_POINTS]
    if style is CAF:
        return _caf_markers(payloads)
    return _riff_points(payloads, style.size_code[0])


def _riff_points(payloads: dict[bytes, list[bytes]], order: str) -> list[CuePoint]:
    points: dict[int, CuePoint] = {}
    for payload in payloads.get(b"cue ", []):
        points |= {
            name: CuePoint(at) for name, at in cue_places(payload, order).items() if name not in points
        }
    for payload in payloads.get(b"LIST", []):
        for kind, said in _entries(payload, order) if payload[:4] == b"adtl" else ():
            if len(said) < 4 or (name := struct.unpack_from(f"{order}I", said)[0]) not in points:
                continue
            if kind == b"labl":
                points[name] = points[name]._replace(label=text_of(said[4:]))
            elif kind == b"note":
                points[name] = points[name]._replace(note=text_of(said[4:]))
            elif kind == b"ltxt" and len(said) >= 8:
                points[name] = points[name]._replace(length=struct.unpack_from(f"{order}I", said, 4)[0])
    return list(points.values())


def _entries(payload: bytes, order: str) -> Iterator[tuple[bytes, bytes]]:
    at = 4
    while at + 8 <= len(payload):
        (size,) = struct.unpack_from(f"{order}I", payload, at + 4)
        yield payload[at : at + 4], payload[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def text_of(value: bytes) -> str:
    """Read a text of a RIFF chunk: up to its first zero, UTF-8 or else what older Windows wrote."""
    value = value.split(b"\0")[0]
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _markers(payload: bytes) -> Iterator[CuePoint]:
    at = 2
    while at + 7 <= len(payload):
        named = 1 + payload[at + 6]
        yield CuePoint(
            struct.unpack_from(">I", payload, at + 2)[0], text_of(payload[at + 7 : at + 6 + named])
        )
        at += 6 + named + named % 2


def _caf_markers(payloads: dict[bytes, list[bytes]]) -> list[CuePoint]:
    names: dict[int, str] = {}
    for payload in payloads.get(b"strg", []):
        (count,) = struct.unpack(">I", payload[:4].ljust(4, b"\0"))
        count = min(count, _MOST_POINTS, max(len(payload) - 4, 0) // 12)
        for at in range(4, 4 + 12 * count, 12):
            name, start = struct.unpack_from(">IQ", payload, at)
            start += 4 + 12 * count
            names[name] = text_of(payload[start : max(payload.find(b"\0", start), start)])
    points = []
    for payload in payloads.get(b"mark", []):
        (count,) = struct.unpack(">I", payload[4:8].ljust(4, b"\0"))
        for index in range(min(count, _MOST_POINTS, (len(payload) - 8) // _CAF_MARKER.size)):
            _, frame, name, _, _ = _CAF_MARKER.unpack_from(payload, 8 + index * _CAF_MARKER.size)
            if 0 <= frame <= _MOST_FRAMES:
                points.append(CuePoint(round(frame), names.get(name, "")))
    return points


def point_chunks(style: ChunkStyle, points: list[CuePoint]) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    """Return the chunks that hold cue points in a container, and what they cannot hold of them."""
    makers: dict[int, Callable[[list[CuePoint]], list[tuple[bytes, bytes]]]] = {
        id(RIFF): _riff_chunks, id(FORM): _form_chunks, id(CAF): _caf_chunks
    }  # fmt: skip
    make = makers.get(id(style))
    if make is None:
        return [], ["cue points have no place in the new container"]
    lost = []
    if style is not RIFF and any(point.note for point in points):
        lost.append("notes of cue points have no place in the new container")
    if style is not RIFF and any(point.length for point in points):
        lost.append("lengths of regions have no place in the new container; their beginnings are cue points")
    if style is FORM and len(points) > _MOST_MARKERS:
        lost.append(f"cue points beyond the first {_MOST_MARKERS} have no place in the new container")
    return make(points), lost


def _riff_chunks(points: list[CuePoint]) -> list[tuple[bytes, bytes]]:
    cues, texts = [struct.pack("<I", len(points))], [b"adtl"]
    for name, point in enumerate(points, start=1):
        cues.append(_CUE.pack(name, point.position, b"data", 0, 0, point.position))
        if point.label:
            texts.append(_entry(b"labl", struct.pack("<I", name) + point.label.encode() + b"\0"))
        if point.note:
            texts.append(_entry(b"note", struct.pack("<I", name) + point.note.encode() + b"\0"))
        if point.length:
            texts.append(_entry(b"ltxt", _LTXT.pack(name, point.length, b"rgn ", 0, 0, 0, 0)))
    chunks = [(b"cue ", b"".join(cues))]
    return chunks + ([(b"LIST", b"".join(texts))] if len(texts) > 1 else [])


def _entry(kind: bytes, said: bytes) -> bytes:
    return kind + struct.pack("<I", len(said)) + said + b"\0" * (len(said) % 2)


def _form_chunks(points: list[CuePoint]) -> list[tuple[bytes, bytes]]:
    markers = []
    for name, point in enumerate(points[:_MOST_MARKERS], start=1):
        said = point.label.encode()[:_LONGEST_NAME]
        said = bytes((len(said),)) + said
        markers.append(struct.pack(">HI", name, point.position) + said + b"\0" * (len(said) % 2))
    return [(b"MARK", struct.pack(">H", len(markers)) + b"".join(markers))]


def _caf_chunks(points: list[CuePoint]) -> list[tuple[bytes, bytes]]:
    markers, places, names, at = [], [], [], 0
    for name, point in enumerate(points, start=1):
        markers.append(_CAF_MARKER.pack(_CAF_GENERIC, point.position, name, 0, 0))
        if point.label:
            places.append(struct.pack(">IQ", name, at))
            names.append(point.label.encode() + b"\0")
            at += len(names[-1])
    chunks = [(b"mark", struct.pack(">II", 0, len(markers)) + b"".join(markers))]
    return chunks + ([(b"strg", struct.pack(">I", len(places)) + b"".join(places + names))] if places else [])

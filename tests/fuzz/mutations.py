"""Changes to a file: in any bytes, in the numbers that it says of itself, in the order of its parts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import ogg
from .sound_fields import Field, Part, fields, parts

Generator = np.random.Generator
Mutation = Callable[[Generator, bytes], bytes]

_HEAD_BYTES = 200
_RATES = (0, 1, 100, 3999, 4000, 4001, 192_000, 192_001, 768_000, 1 << 31)


def flip(rng: Generator, data: bytes) -> bytes:
    """Flip a few bits, in the header or anywhere."""
    made = bytearray(data)
    reach = min(len(made), _HEAD_BYTES) if rng.random() < 0.5 else len(made)
    for at in rng.integers(0, max(reach, 1), int(rng.choice([1, 3, 30]))):
        if at < len(made):
            made[at] ^= 1 << int(rng.integers(8))
    return bytes(made)


def overwrite(rng: Generator, data: bytes) -> bytes:
    """Put noise, zeros or ones over a stretch."""
    at = int(rng.integers(len(data) + 1))
    size = int(rng.choice([1, 4, 100, 3000]))
    filled = (rng.bytes(size), bytes(size), b"\xff" * size)[rng.integers(3)]
    return (data[:at] + filled)[: len(data)] + data[at + size :]


def truncate(rng: Generator, data: bytes) -> bytes:
    """Cut the end off, or all but a few bytes."""
    return data[: int(rng.choice([rng.integers(len(data) + 1), rng.integers(100), len(data) - 1]))]


def lengthen(rng: Generator, data: bytes) -> bytes:
    """Put something behind the end: noise, zeros, or the whole file again."""
    return (
        data + (rng.bytes(int(rng.integers(5000))), bytes(int(rng.integers(90_000))), data)[rng.integers(3)]
    )


def duplicate(rng: Generator, data: bytes) -> bytes:
    """Repeat a stretch."""
    at, size = int(rng.integers(len(data) + 1)), int(rng.choice([1, 10, 1000]))
    return data[:at] + data[at : at + size] * int(rng.choice([2, 3, 50])) + data[at + size :]


def leave_out(rng: Generator, data: bytes) -> bytes:
    """Leave a stretch out."""
    at, size = int(rng.integers(len(data) + 1)), int(rng.choice([1, 2, 10, 1000]))
    return data[:at] + data[at + size :]


def lie(rng: Generator, data: bytes) -> bytes:
    """Change one to three of the numbers that the file says of itself."""
    places = fields(data)
    made = bytearray(data)
    for _ in range(int(rng.choice([1, 1, 2, 3]))):
        if places:
            _lie_once(rng, made, places[rng.integers(len(places))])
    return bytes(made)


def lie_at_the_beginning(rng: Generator, data: bytes) -> bytes:
    """Change one of the first numbers, which say what the samples are."""
    places = fields(data)[:16]
    made = bytearray(data)
    if places:
        _lie_once(rng, made, places[rng.integers(len(places))])
    return bytes(made)


def _lie_once(rng: Generator, data: bytearray, field: Field) -> None:
    order = "little" if field.order == "<" else "big"
    place = slice(field.at, field.at + field.size)
    value = int.from_bytes(data[place], order)
    full = 1 << 8 * field.size
    lies = (
        *(0, 1, 2, 3, value - 1, value + 1, value * 2, value // 2, -value),
        *(full - 1, full - 2, full // 2, full // 2 - 1, 64, 65, 255, 65_535, 0x7F7F7F7F),
        *_RATES,
        *(len(data), len(data) - 8, int(rng.integers(1 << 31))),
    )
    lie = lies[rng.integers(len(lies))] % full
    data[place] = lie.to_bytes(field.size, order)


def repeat_part(rng: Generator, data: bytes) -> bytes:
    """Repeat a chunk, block or page, once or a thousand times, there or elsewhere."""
    part = _any_part(rng, data)
    if part is None:
        return duplicate(rng, data)
    stop = int(rng.choice([part.stop, *(other.stop for other in parts(data))]))
    count = int(rng.choice([1, 2, 1000])) if part.stop - part.start < 1000 else 1
    return data[:stop] + data[part.start : part.stop] * count + data[stop:]


def leave_part_out(rng: Generator, data: bytes) -> bytes:
    """Leave a chunk, block or page out."""
    part = _any_part(rng, data)
    return leave_out(rng, data) if part is None else data[: part.start] + data[part.stop :]


def nest_part(rng: Generator, data: bytes) -> bytes:
    """Put a chunk, block or page into the middle of another."""
    inner, outer = _any_part(rng, data), _any_part(rng, data)
    if inner is None or outer is None:
        return duplicate(rng, data)
    middle = (outer.start + outer.stop) // 2
    return data[:middle] + data[inner.start : inner.stop] + data[middle:]


def empty_part(rng: Generator, data: bytes) -> bytes:
    """Leave the payload of a chunk, block or page out, or all but its beginning."""
    part = _any_part(rng, data)
    if part is None:
        return leave_out(rng, data)
    kept = part.start + int(rng.choice([4, 8, 9, 12, 24]))
    return data[:kept] + data[max(part.stop, kept) :]


def _any_part(rng: Generator, data: bytes) -> Part | None:
    places = parts(data)
    return places[rng.integers(len(places))] if places else None


_MUTATIONS: tuple[tuple[Mutation, float], ...] = (
    (lie, 5), (lie_at_the_beginning, 5), (flip, 2), (overwrite, 2), (truncate, 2), (lengthen, 1),
    (duplicate, 1), (leave_out, 1), (repeat_part, 2), (leave_part_out, 1), (nest_part, 1), (empty_part, 1),
)  # fmt: skip
_WEIGHTS = np.array([weight for _, weight in _MUTATIONS]) / sum(weight for _, weight in _MUTATIONS)
_MENDED = 0.7  # of mutated Ogg streams: else the decoder passes nearly all of them over
_MOST_BYTES = 8 << 20


def mutated(rng: Generator, data: bytes) -> tuple[bytes, str]:
    """Change a file once to three times, one in eight not at all; return it, and what was done."""
    names = []
    for _ in range(int(rng.choice([0, 1, 1, 1, 1, 2, 2, 3]))):
        mutation = _MUTATIONS[rng.choice(len(_MUTATIONS), p=_WEIGHTS)][0]
        data = mutation(rng, data)[:_MOST_BYTES]
        names.append(mutation.__name__)
    if data[:4] == b"OggS" and rng.random() < _MENDED:
        data = ogg.mended(data)
    return data, " ".join(names) or "as it is"

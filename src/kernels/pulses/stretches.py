"""Stretches of a recording as crackle was found in them: a model, and impulses within a band."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..compilation.compilation import compiled
from ..prediction.models import Positions, Vector, add_filtered

# tuned: bench.material.tuning.crackle, tuning set, 2026-11-29
REACH = 24  # samples on either side over which a band's end spreads one
WITHIN = 0.96  # part of the band in which impulses are

# What the impulses of a stretch are before they are heard: samples, samples through the band's end, or bells.
SHARP, LIMITED, SOFT = range(3)


class Stretch(NamedTuple):
    """What `find_crackle` found in two blocks of samples around one.

    Attributes
    ----------
    model
        Of the music, shape (p + 1,).
    scale
        Standard deviation of its excitation, shape (2 block,).
    taps
        What is heard of one sample that is off, shape (2 `REACH` + 1,): the band's end, or a bell.
    edge
        Where the band ends, as a part of half the sample rate, shape (1,); 1 where it is full.
    off
        The impulses before `taps` spread them, in standard deviations, shape (2 block,).
    runs
        Rows of (start, stop) of each impulse in `off`, shape (2 block, 2).
    spans
        The same in the sound.
    odds
        Log odds of each that it adds to the music, against the music's own excitation.
    stands_out
        The excitation of each, root of the sum of squares, over the peaks beside it.
    tallest
        Its tallest sample, as a part of full scale.
    place
        First sample of the stretch, how many there are, number of impulses, how many of them begin in the
        block, and whether they are `SHARP`, `LIMITED` or `SOFT`; only those of the last two are spread.
    """

    model: Vector
    scale: Vector
    taps: Vector
    edge: Vector
    off: Vector
    runs: Positions
    spans: Positions
    odds: Vector
    stands_out: Vector
    tallest: Vector
    place: Positions


@compiled
def delay_of(found: Stretch) -> int:
    """Return the samples by which spreading delays an impulse."""
    return 0 if found.place[4] == SHARP else REACH


@compiled
def response_of(found: Stretch) -> Vector:
    """Return the excitation of one sample that is off before it is spread."""
    if found.place[4] == SHARP:
        return found.model.copy()
    padded = np.zeros(found.model.size + 2 * REACH)
    padded[: found.model.size] = found.model
    response = np.zeros(padded.size)
    add_filtered(padded, 0, found.taps, 0, response)
    return response


@compiled
def spread(off: Vector, found: Stretch) -> Vector:
    """Return what is heard of samples that are off."""
    if found.place[4] == SHARP:
        return off
    wave = np.zeros(off.size)
    for t in range(off.size - 2 * REACH):
        if off[t] != 0.0:
            wave[t : t + 2 * REACH + 1] += off[t] * found.taps
    return wave


@compiled
def impulse_of(found: Stretch, k: int) -> tuple[int, Vector]:
    """Return where impulse number `k` begins in the stretch, and its samples in standard deviations."""
    start, stop = found.runs[k]
    if found.place[4] == SHARP:
        begin, end = found.spans[k]
        return int(begin), found.off[begin:end].copy()
    wave = np.zeros(stop - start + 2 * REACH)
    for t in range(start, stop):
        wave[t - start : t - start + 2 * REACH + 1] += found.off[t] * found.taps
    return int(start), wave

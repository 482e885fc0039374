"""A preset's chain as others would have it: its filters alone, broadband noise first, and ffmpeg's steps."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi, sin
from typing import Any

import numpy as np
from pedalboard import BrickwallLimiter
from wavemend import Chain, Declick, Decrackle, Dehum, Denoise, Rumble

from bench.material.layered import Layered
from bench.measuring.peers import ADECLICK, ffmpeg, learned, tracking

HARMONICS, NOTCH_Q = 12, 30  # source: the notches that advice on hum goes by
_ORDERS = {"12": 2, "18": 3, "24": 4, "36": 6, "48": 8}  # derived: 6 dB an octave each


def without_repairs(chain: Chain) -> Chain:
    """Return a chain's filters and limiter alone: what a clean take is passed through to compare."""
    copied = chain[:]
    for slot in copied.slots:
        slot.bypass = slot.bypass or getattr(slot.member, "repairs", False)
    return copied


def broadband_first(chain: Chain) -> Chain:
    """Return a chain whose broadband stage comes before all others."""
    return Chain(sorted(chain.slots, key=lambda slot: not isinstance(slot.member, Denoise)))


def through_ffmpeg(chain: Chain, damaged: Layered, *, repairs: bool, notches: bool = False) -> np.ndarray:
    """Return the audio through a chain's steps, in its order, as ffmpeg has them.

    afftdn lowers noise by as much, and is told the floor and the print where noise is alone first; what hums
    is told. Dropouts and lost samples are left, for which ffmpeg has nothing.

    Parameters
    ----------
    chain
    damaged
    repairs
        Whether anything is repaired; else there are the chain's filters and limiter alone.
    notches
        Whether what hums is notched, with twelve harmonics.
    """
    filters: list[str] = []
    for slot in chain.slots:
        if not slot.bypass and (repairs or not getattr(slot.member, "repairs", False)):
            filters += _filters(slot.member, damaged, notches=notches)
    steps = ",".join(dict.fromkeys(filters))  # adeclick is for clicks and crackle
    return ffmpeg(damaged.audio, damaged.sample_rate, steps) if steps else damaged.audio


def _filters(member: Any, damaged: Layered, *, notches: bool) -> Iterator[str]:
    if isinstance(member, Declick | Decrackle):
        yield ADECLICK
    elif isinstance(member, Rumble):
        yield from _highpass(member)
    elif isinstance(member, Dehum) and damaged.hum_hz and notches:
        for harmonic in range(1, HARMONICS + 1):
            yield f"bandreject=f={harmonic * damaged.hum_hz:g}:t=q:w={NOTCH_Q}"
    elif isinstance(member, Denoise):
        nr = max(member.reduction_db, 0.01)  # guard: afftdn's least
        yield learned(nr, damaged, damaged.sample_rate) if damaged.program.start else tracking(nr)
    elif isinstance(member, BrickwallLimiter):
        limit = 10 ** (member.ceiling_db / 20)
        yield f"alimiter=limit={limit:.4f}:attack=5:release=100:level=false:latency=true"


def _highpass(member: Rumble) -> Iterator[str]:
    """Yield the sections of a Butterworth filter, by their Q."""
    order = _ORDERS[member.slope_db_per_octave]
    for section in range(order // 2):
        q = 1 / (2 * sin(pi * (2 * section + 1) / (2 * order)))
        yield f"highpass=f={member.cutoff_hz:g}:t=q:w={q:.4f}"
    if order % 2:
        yield f"highpass=f={member.cutoff_hz:g}:p=1"

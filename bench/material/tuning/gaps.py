"""Recordings in which sound is missing for moments: dropouts of tape, and samples lost on the way.

A dropout is in the recording before the transfer: the level falls and comes back while the tape leaves the
head, on one edge track more than on the other, and the route comes after it. Samples are lost after the
converter, so on every route but a resampler's or a codec's they are exact zeros, or repeat the last one.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from bench.material.tuning.routes import ROUTES
from bench.material.tuning.transfer import Transferred
from bench.measuring.measures import SILENCE_DB

KINDS = ("dropout", "zeros", "held")
# source: this material's own definitions
DROPOUT_S, LOST_S = (2e-3, 20e-3), (0.2e-3, 20e-3)
_APART_S = (0.3, 0.55)  # from one gap to the next


def with_gaps(audio: np.ndarray, sample_rate: int, *, kind: str, route: str, seed: int) -> Transferred:
    """Take sound away every 0.3 to 0.55 s where its RMS within 10 ms is over -60 dBFS.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    kind : {"dropout", "zeros", "held"}
        Dropouts last 2 to 20 ms, evenly drawn, lost samples 0.2 to 20 ms, evenly in their logarithm.
    route : str
        Of `ROUTES`.
    seed : int
    """
    draw = np.random.default_rng(seed)
    rms = np.sqrt(np.maximum(
        uniform_filter1d(audio**2, 2 * round(0.01 * sample_rate) + 1, axis=1, mode="nearest"), 0.0
    ))  # fmt: skip
    damaged = audio.copy()
    spans, struck_in = [], []
    at = 0.15
    while (at := at + draw.uniform(*_APART_S)) * sample_rate < audio.shape[1] - 0.1 * sample_rate:
        start = int(at * sample_rate)
        own = np.random.default_rng(draw.integers(2**63))
        size = max(round(_length_s(kind, own) * sample_rate), 2)
        depths = _depths(kind, own, len(audio))
        span = slice(start, start + size)
        struck = depths > 0
        if not np.all(rms[struck, start + size // 2] > 10 ** (SILENCE_DB / 20)):
            continue
        fall = _fall(own, size)
        for channel in np.flatnonzero(struck):
            if kind == "dropout":
                damaged[channel, span] *= 1.0 - depths[channel] * fall
            else:
                damaged[channel, span] = damaged[channel, start - 1] if kind == "held" else 0.0
        spans.append((start, start + size))
        struck_in.append(struck)
    heard, rate = ROUTES[route](damaged, sample_rate)
    clean, _ = ROUTES[route](audio, sample_rate)
    bounds = np.array(spans, dtype=int).reshape(-1, 2) * rate // sample_rate
    return Transferred(
        heard, clean, rate, bounds[:, 0], bounds[:, 1] + 1, (kind,) * len(spans),
        np.array(struck_in, dtype=bool).reshape(-1, len(audio)),
    )  # fmt: skip


def _length_s(kind: str, draw: np.random.Generator) -> float:
    if kind == "dropout":
        return float(draw.uniform(*DROPOUT_S))
    return float(np.exp(draw.uniform(*np.log(LOST_S))))


def _depths(kind: str, draw: np.random.Generator, channels: int) -> np.ndarray:
    """Draw how much of the sound is gone from each channel at most; one channel has the most."""
    if kind == "dropout":
        depths = np.full(channels, draw.choice((1.0, draw.uniform(0.8, 1.0))))
        others = draw.choice((0.0, draw.uniform(0.2, 1.0)), size=channels, p=(0.25, 0.75))
        return np.where(np.arange(channels) == draw.integers(channels), depths, depths * others)
    both = draw.random() < 0.7
    return np.where(both | (np.arange(channels) == draw.integers(channels)), 1.0, 0.0)


def _fall(draw: np.random.Generator, size: int) -> np.ndarray:
    """Draw how a dropout goes on: raised cosines down and up, uneven, and some time at the bottom."""
    bottom = draw.choice((0.0, draw.uniform(0.1, 0.6)))
    down = draw.uniform(0.3, 0.7) * (1.0 - bottom)
    place = (np.arange(size) + 0.5) / size
    edges = np.minimum(place / down, (1.0 - place) / (1.0 - bottom - down))
    return (0.5 - 0.5 * np.cos(np.pi * np.clip(edges, 0.0, 1.0))) ** draw.uniform(0.6, 1.6)

"""Shapes of single clicks at the groove or before the converter, drawn at four times 44.1 kHz.

Each is a function of a random generator that returns the pulse from its onset on, shape (m,), its largest
value 1; the channel that it passes afterwards makes it two-sided. Durations and frequencies are those of the
recipes of published comparisons, of what a groove and a stylus can do, and of 32 clicks of a real record
(peak to a tenth within 0.25 ms before and 0.5 ms after, half of the energy below 1 to 3 kHz, 95 % below 3 to
13, most of them in both channels alike within 4 dB).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

from bench.material.reporting.channel import FINE, RATE

FINE_RATE = FINE * RATE
MS = FINE_RATE / 1000
DOWN = 1e-3  # where an envelope ends, 60 dB down; source: the recipe of published comparisons

Shape = Callable[[np.random.Generator], np.ndarray]


def _log_uniform(draw: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(draw.uniform(np.log(low), np.log(high))))


def _unit(wave: np.ndarray) -> np.ndarray:
    return wave / np.max(np.abs(wave))


def _decaying(tau_ms: float) -> np.ndarray:
    """Return an exponential down to where envelopes end."""
    return np.exp(-np.arange(round(-np.log(DOWN) * tau_ms * MS)) / (tau_ms * MS))


def _ring(hz: float, envelope: np.ndarray, phase: float) -> np.ndarray:
    return envelope * np.cos(2 * np.pi * hz * np.arange(len(envelope)) / FINE_RATE + phase)


def _rise(length_ms: float) -> np.ndarray:
    length = max(round(length_ms * MS), 1)
    return np.sin(np.pi / 2 * np.arange(length) / length) ** 2


def _together(waves: list[tuple[int, np.ndarray]]) -> np.ndarray:
    """Add waves, each at its place."""
    whole = np.zeros(max(at + len(wave) for at, wave in waves))
    for at, wave in waves:
        whole[at : at + len(wave)] += wave
    return _unit(whole)


def tick(draw: np.random.Generator) -> np.ndarray:
    """Return a sharp ring of 2 to 8 kHz, decaying in 0.05 to 0.3 ms."""
    envelope = _decaying(_log_uniform(draw, 0.05, 0.3))
    return _unit(_ring(_log_uniform(draw, 2000, 8000), envelope, draw.uniform(-1, 1)))


def soft(draw: np.random.Generator) -> np.ndarray:
    """Return a ring of 0.8 to 4 kHz that needs 0.1 to 0.3 ms to swell: a stylus climbs a grain of dust."""
    envelope = np.concatenate([_rise(draw.uniform(0.1, 0.3)), _decaying(_log_uniform(draw, 0.1, 0.4))])
    return _unit(_ring(_log_uniform(draw, 800, 4000), envelope, draw.uniform(-np.pi, np.pi)))


def wall(draw: np.random.Generator) -> np.ndarray:
    """Return the velocity of a stylus that a step in a wall throws aside, and that comes back slowly or not.

    At 0.2 to 0.5 m/s a tip of 7 to 18 um takes 15 to 90 us over an edge.
    """
    width = _log_uniform(draw, 0.015, 0.09) * MS
    time = np.arange(round(8 * width)) - 4 * width
    kick = np.exp(-0.5 * (time / (width / 2)) ** 2)
    return_path = _decaying(draw.uniform(1, 4))
    back = draw.uniform(0, 1) * np.sum(kick) / np.sum(return_path) * return_path
    return _together([(0, kick), (round(4 * width), -back)])


def noise(draw: np.random.Generator) -> np.ndarray:
    """Return noise that decays in 0.2 to 1 ms, falling by 12 dB an octave from 3 to 9 kHz on."""
    envelope = _decaying(_log_uniform(draw, 0.2, 1))
    return _unit(envelope * _dull(draw, len(envelope)))


def _dull(draw: np.random.Generator, length: int) -> np.ndarray:
    pole = np.exp(-2 * np.pi * _log_uniform(draw, 3000, 9000) / FINE_RATE)
    return lfilter([(1 - pole) ** 2], [1, -2 * pole, pole**2], draw.standard_normal(length))


def group(draw: np.random.Generator) -> np.ndarray:
    """Return three to eight small clicks within 3 to 12 ms: what a hair or a scrape leaves."""
    window = draw.uniform(3, 12) * MS
    kinds = (tick, soft, noise)
    places = np.sort(draw.uniform(0, window, draw.integers(3, 9))).astype(int)
    places -= places[0]
    heights = draw.uniform(0.3, 1, len(places)) * draw.choice((-1, 1), len(places))
    each = [kinds[draw.integers(len(kinds))](draw) for _ in places]
    return _together([(at, height * wave) for at, height, wave in zip(places, heights, each, strict=True)])


def two_mode(draw: np.random.Generator) -> np.ndarray:
    """Return a ring of the arm and cantilever, 0.5 to 1.5 kHz, and one of the tip, 3 to 9 kHz."""
    low = _ring(_log_uniform(draw, 500, 1500), _decaying(draw.uniform(0.3, 1)), draw.uniform(-1, 1))
    tip = _ring(_log_uniform(draw, 3000, 9000), _decaying(draw.uniform(0.05, 0.3)), draw.uniform(-1, 1))
    return _together([(0, low), (0, draw.uniform(0.4, 1) * draw.choice((-1, 1)) * tip)])


def cut(draw: np.random.Generator) -> np.ndarray:
    """Return a ring of 0.6 to 4 kHz that ends at once, after 0.7 to 5 time constants: the stylus lands."""
    tau = draw.uniform(0.2, 1)
    envelope = _decaying(tau)[: round(draw.uniform(0.7, 5) * tau * MS)]
    landing = round(0.02 * MS)
    envelope[-landing:] *= np.linspace(1, 0, landing)
    return _unit(_ring(_log_uniform(draw, 600, 4000), envelope, draw.uniform(-np.pi / 2, np.pi / 2)))


def pop(draw: np.random.Generator) -> np.ndarray:
    """Return a damped ring of 300 to 1500 Hz, decaying in 0.3 to 1.2 ms, with a short rise."""
    envelope = np.concatenate([_rise(draw.uniform(0.02, 0.1)), _decaying(_log_uniform(draw, 0.3, 1.2))])
    return _unit(_ring(_log_uniform(draw, 300, 1500), envelope, draw.uniform(-0.8, 0.8)))


def scratch(draw: np.random.Generator) -> np.ndarray:
    """Return noise of 2 to 6 ms that swells and fades; inside it a thump of 30 to 90 Hz starts."""
    length = round(draw.uniform(2, 6) * MS)
    swell = np.sin(np.pi * (np.arange(length) / length) ** draw.uniform(0.6, 1.6)) ** 2
    burst = _unit(swell * _dull(draw, length))
    tau = draw.uniform(20, 40) / np.log(10)  # to a tenth in 20 to 40 ms
    thump = _ring(draw.uniform(30, 90), _decaying(tau), -np.pi / 2)
    rise = _rise(1.0)
    thump[: len(rise)] *= rise
    at = round(draw.uniform(0.3, 0.8) * length)
    return _together([(0, burst), (at, draw.uniform(0.3, 0.8) * draw.choice((-1, 1)) * _unit(thump))])


def mouth(draw: np.random.Generator) -> np.ndarray:
    """Return one to three damped bursts of 1.5 to 5 kHz, each 0.3 to 1.5 ms long, within 5 ms."""
    bursts = []
    for at in np.concatenate([[0.0], draw.uniform(0.5, 4, draw.integers(0, 3))]):
        length = draw.uniform(0.3, 1.5)
        envelope = _decaying(length / 4)[: round(min(length, 5 - at) * MS)]
        rise = _rise(0.08)[: len(envelope)]
        envelope[: len(rise)] *= rise
        phase = draw.uniform(-np.pi, np.pi)
        wave = draw.uniform(0.4, 1) * _ring(_log_uniform(draw, 1500, 5000), envelope, phase)
        bursts.append((round(at * MS), wave))
    return _together(bursts)


def glitch(draw: np.random.Generator) -> np.ndarray:
    """Return one to eight samples that are off, at 44.1 kHz: an error of storage, no sound."""
    values = draw.uniform(-1, 1, draw.integers(1, 9))
    return _unit(values)


def speck(draw: np.random.Generator) -> np.ndarray:
    """Return what crackle is made of: a short ring, with an onset of up to 0.1 ms."""
    envelope = np.concatenate([_rise(draw.uniform(0.005, 0.1)), _decaying(_log_uniform(draw, 0.03, 0.15))])
    return _unit(_ring(_log_uniform(draw, 1500, 8000), envelope, draw.uniform(-np.pi, np.pi)))

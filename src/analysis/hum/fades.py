"""Fades of a hum, in which all of its lines share one gain, and what its lines are where it begins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Complex
from ...kernels.harmonics.fades import foreseen, medians, shared_gain
from ...kernels.harmonics.kalman import Walks
from .demodulator import UNHEARD

FAINT = 0.3
"""Share of the loudest, less of which tells nothing of the lines; tuned: as the others here."""

# tuned: bench.material.tuning.hum, faded, gated, begins and mains, three takes each of music and speech of
# 10 s, 2026-11-30
_WALKS = 1e-4, 1.6e-3  # of the gain, its variance in a frame: of long fades, and of short ones
_EVIDENCE = 60.0
_OVER_STEP = 1.2  # times the evidence of one step, which needs less to say it
_LOUDER = 2.0  # in power, than the hum was found: notes at all of its harmonics are
_LEAST_FADE = 1.5  # by which factor the gain changes
_MOST_STEP = 2.8  # derived: the largest that a step is looked for with, 9 dB
_LEAST_HEARD = 50  # frames, or nothing is said of a fade
_LEAST_FRAMES = 25  # of a line, or nothing is guessed of it
# How sure a first guess is: of its own power, of the line's as it was found, and of what its frames differ by
_SURE_OF_ITSELF, _SURE_OF_FOUND, _SURE_OF_FRAMES = 0.05, 1e-3, 0.125


def fade(
    y: Complex, noise: Array, lines: Walks, *, free: bool, channels: int, first_power: float
) -> Array | None:
    """Return the gain that all lines share in each frame, 1 where they are as known; None without a fade.

    A fade must be likelier than that nothing changes, and than one step, in all harmonics but the one that
    speaks for it most: a note may be loud at one of them.

    Parameters
    ----------
    y, noise
        Measured amplitudes along the hum's phase and their variances, shape (frames, lines); lines by
        harmonic, then by channel.
    lines
        What was known of the lines before; the slack is their power.
    free
        Whether the hum begins or has been fading here, so that its lines are what these frames say.
    channels
        Number of channels.
    first_power
        What a line's power may be at first, relative to how it was found.
    """
    heard = (noise < UNHEARD).any(axis=1)
    if np.count_nonzero(heard) < _LEAST_HEARD:
        return None
    y, noise = np.ascontiguousarray(y[heard]), np.ascontiguousarray(noise[heard])
    known = lines
    if free:
        known = lines._replace(mean=np.zeros_like(lines.mean), variance=first_power * lines.slack)

    def likely(walks: Walks, gains: Array) -> Array:
        return np.asarray(foreseen(y, noise, walks, gains).reshape(-1, channels).sum(axis=1))

    steady = likely(lines, np.ones(len(y)))
    found, most = None, _EVIDENCE
    for walk in _WALKS:
        gains = np.ones(len(y))
        shared_gain(y, noise, known, walk, free, gains)
        evidence, step = (_agreed(likely(known, gain) - steady) for gain in (gains, _as_step(gains)))
        low, high = np.quantile(gains, [0.05, 0.95])
        if _LEAST_FADE * low < high < _MOST_STEP * low:  # another looks for steps, and tells of them
            evidence = evidence if evidence > _OVER_STEP * step else 0.0
        louder = high**2 * np.sum(np.abs(lines.mean) ** 2) > _LOUDER * np.sum(lines.slack)
        if evidence > most and high > _LEAST_FADE * low and (free or not louder):
            found, most = gains, evidence
    return None if found is None else np.interp(np.arange(heard.size), np.flatnonzero(heard), found)


def first_guess(
    y: Complex, known: npt.NDArray[np.bool_], power: Array, first_power: float
) -> tuple[Complex, Array]:
    """Return amplitudes that lines begin with, and their variances: medians, which no note of a part moves.

    A filter that begins with a note takes the hum behind it for one.

    Parameters
    ----------
    y
        Measured amplitudes along the hum's phase, shape (frames, lines).
    known
        Which of them tell of the lines, same shape.
    power
        Of each line as it was found, shape (lines,).
    first_power
        See `fade`.
    """
    mean, error = np.zeros(power.size, np.complex128), first_power * power
    told = np.count_nonzero(known, axis=0) >= _LEAST_FRAMES
    middle, spread = medians(y, known & told)
    unsure = _SURE_OF_ITSELF * np.abs(middle) ** 2 + _SURE_OF_FOUND * power + _SURE_OF_FRAMES * spread
    return np.where(told, middle, mean), np.where(told, np.minimum(unsure, error), error)


def _agreed(evidence: Array) -> float:
    """Return what all harmonics say but the one that says most."""
    return float(evidence.sum() - evidence.max())


def _as_step(gains: Array) -> Array:
    """Return the one step that is nearest to gains."""
    level = np.log(gains)
    count = np.arange(1, level.size)
    before = np.cumsum(level)[:-1]
    means = before / count, (level.sum() - before) / (level.size - count)
    at = int(np.argmax(count * (level.size - count) * (means[0] - means[1]) ** 2)) + 1
    return np.asarray(
        np.exp(np.repeat([np.median(level[:at]), np.median(level[at:])], [at, level.size - at]))
    )

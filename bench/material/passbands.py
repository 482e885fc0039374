"""Takes through what passes a part of the spectrum: old media, lower sample rates, and words of 16 bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, ellip, resample_poly, sosfilt, sosfreqz

from bench.material.damage import crackle, noise
from bench.material.takes import SAMPLE_RATE as RATE
from bench.material.takes import Take

Audio = np.ndarray
Design = Callable[[], Audio]


def _brick(cutoff: float | tuple[float, float]) -> Audio:
    return ellip(10, 0.1, 90, cutoff, "low" if np.isscalar(cutoff) else "band", fs=RATE, output="sos")


def _butterworth(order: int, cutoff: float | tuple[float, float]) -> Audio:
    return butter(order, cutoff, "low" if np.isscalar(cutoff) else "band", fs=RATE, output="sos")


MEDIA: dict[str, tuple[Design, str, float]] = {
    "codec's brick wall, 16 kHz": (lambda: _brick(16000.0), "white", 90),
    "22.05 kHz source, 10.3 kHz": (lambda: _brick(10300.0), "white", 70),
    "AM radio, 4.5 kHz, steep": (lambda: _brick(4500.0), "white", 40),
    "telephone channel, 300-3400 Hz, steep": (lambda: _brick((300.0, 3400.0)), "white", 35),
    "telephone, Butterworth 48 dB/octave": (lambda: _butterworth(8, (300, 3400)), "white", 40),
    "acoustic horn, 200-4000 Hz, 24 dB/octave": (lambda: _butterworth(4, (200, 4000)), "white", 30),
    "acoustic horn, 200-4000 Hz, 12 dB/octave": (lambda: _butterworth(2, (200, 4000)), "white", 30),
    "tape, 10 kHz, 24 dB/octave, hiss": (lambda: _butterworth(4, 10000), "tape", 45),
    "tape, 10 kHz, 12 dB/octave": (lambda: _butterworth(2, 10000), "white", 60),
}
"""Filter, and kind and level of the noise under what comes through it, in dB under the program.

source: the media's usual limits; which slopes and levels, by hand, no record.
"""


def through(take: Take, medium: str) -> Audio:
    """Return a take through a medium's filter, with noise under it, at 16 bits."""
    design, kind, below_db = MEDIA[medium]
    return quantised(_under(sosfilt(design(), take.audio, axis=1), kind, below_db, 0))


def _under(audio: Audio, kind: str, below_db: float, seed: int) -> Audio:
    """Add noise under the RMS; `noise` puts some before and after, which is left out."""
    noisy = noise(audio, RATE, kind=kind, below_db=below_db, seed=seed)
    return noisy.audio[:, noisy.program]


def ends(design: Design, level_db: float) -> tuple[float, float]:
    """Return between which frequencies, in Hz, a filter stays above a level; from 0 for a low-pass."""
    frequency, response = sosfreqz(design(), 1 << 17, fs=RATE)
    passed = np.flatnonzero(np.abs(response) > np.abs(response).max() * 10 ** (level_db / 20))
    return float(frequency[passed[0]]), float(frequency[passed[-1]])


def old_copy(take: Take, seed: int) -> Audio:
    """Return a take as an old medium might have kept it and a later one copied it, drawn by `seed`.

    A low-pass at 3 to 16 kHz of 12 to 96 dB an octave or a brick wall, half the time a high-pass; tape hiss,
    white noise, or a shellac surface; a third of the time a lower sample rate on the way; 16 bits, with
    dither or without.
    """
    draw = np.random.default_rng((seed, 77))
    cutoff = float(3000 * (16 / 3) ** draw.random())
    order = int(draw.choice([0, 2, 4, 8, 16]))
    audio = sosfilt(_butterworth(order, cutoff) if order else _brick(cutoff), take.audio, axis=1)
    if draw.random() < 0.5:
        audio = sosfilt(butter(2, draw.uniform(50, 400), "high", fs=RATE, output="sos"), audio, axis=1)
    surface = draw.choice(["tape", "white", "shellac", "none"])
    below_db = float(draw.uniform(20, 60))
    if surface == "shellac":
        audio = crackle(audio, RATE, per_second=200, strength=2, seed=seed).audio
    if surface != "none":
        audio = _under(audio, "pink" if surface == "shellac" else str(surface), below_db, seed)
    if draw.random() < 1 / 3:
        up, down = [(160, 441), (1, 2), (320, 441)][draw.integers(3)]
        audio = resample_poly(resample_poly(audio, up, down, axis=1), down, up, axis=1)
    return quantised(0.9 * audio, seed=seed if draw.random() < 0.7 else None)


def quantised(audio: Audio, bits: int = 16, seed: int | None = 0) -> Audio:
    """Round to an integer grid, with triangular dither unless `seed` is None."""
    steps = 2.0 ** (bits - 1)
    draw = np.random.default_rng(seed)
    dither = 0.0 if seed is None else draw.random(audio.shape) - draw.random(audio.shape)
    return np.clip(np.round(audio * steps + dither), -steps, steps - 1) / steps

"""Noises that are right by construction, each with the density that a print of it should show.

Sources: J. C. Mallinson, Maximum signal-to-noise ratio of a tape recorder, 1969 (noise of erased tape);
playback equalisation after NAB 1965 and IEC 60094-1 (tape, cassette), IEC 60098 (RIAA), and turnovers and
roll-offs in use before 1955 (discs).
"""

from __future__ import annotations

import numpy as np

# source: equalisations of tape (NAB, IEC 94) and of discs, and their speeds
RATE = 44100
NONE = 1.0  # a time constant so long that it does not count
TAPE = ((3180e-6, 50e-6), (NONE, 35e-6), (NONE, 70e-6), (3180e-6, 90e-6), (3180e-6, 120e-6),
        (3180e-6, 70e-6))  # fmt: skip
SPEEDS_MM_S = (381.0, 190.5, 95.3, 47.6)
TURNOVERS_HZ = (200.0, 250.0, 300.0, 500.0)

Draw = np.random.Generator
Audio = np.ndarray


def density(frequency_hz: Audio, draw: Draw) -> Audio:
    """Draw the power spectral density of a noise, up to a factor."""
    f = np.maximum(frequency_hz, 5.0)
    kind = draw.integers(5)
    if kind == 0:
        shape = _tape(f, draw)
    elif kind == 1:  # shellac: white at the groove, through the playback curve
        turnover, roll_off = draw.choice(TURNOVERS_HZ), draw.uniform(0.0, 16.0)
        corner = 10e3 / np.sqrt(max(10 ** (roll_off / 10) - 1, 1e-3))
        shape = (1 + (turnover / f) ** 2) / (1 + (f / corner) ** 2)
    elif kind == 2:  # vinyl
        w = 2 * np.pi * f
        shape = (1 + (w * 318e-6) ** 2) / ((1 + (w * 3180e-6) ** 2) * (1 + (w * 75e-6) ** 2))
        shape = shape + draw.uniform(0, 0.02) * shape.max() * (50 / f) ** 2
    elif kind == 3:  # amplifiers: white, and 1/f below a corner
        shape = 1 + (draw.uniform(5, 500) / f) ** draw.uniform(0.8, 1.5)
    else:  # pink to white, or falling slowly
        shape = f ** -draw.uniform(0.0, 1.5)
        shape[f < 20] = 20**-1.0 * 1e-3
    if draw.random() < 0.25:  # band limits
        highest, order = 2 ** draw.uniform(np.log2(3000), np.log2(16000)), draw.integers(1, 5)
        shape = shape / (1 + (f / highest) ** (2 * order))
    return np.asarray(shape / shape.max() + 1e-7)


def _tape(f: Audio, draw: Draw) -> Audio:
    speed, thickness = draw.choice(SPEEDS_MM_S) / 1000, draw.uniform(4e-6, 14e-6)
    low_s, high_s = TAPE[draw.integers(len(TAPE))]
    wave_number = 2 * np.pi * f / speed
    at_head = wave_number * -np.expm1(-2 * wave_number * thickness)
    w = 2 * np.pi * f
    return at_head * (1 + (w * high_s) ** 2) / (1 + (w * low_s) ** 2)


def noise(channels: int, count: int, power: Audio, draw: Draw) -> Audio:
    """Return noise whose spectrum, over `count` samples, has the density `power`; mean square about 1.

    Mostly Gaussian; sometimes the grain of a worn surface (dense impulses), sometimes pulsing with the
    revolution, sometimes the same in both channels (a mono groove).
    """
    excitation = draw.standard_normal((channels, count))
    if draw.random() < 0.12:
        rate = 2 ** draw.uniform(np.log2(3000), np.log2(20000)) / RATE
        impulses = (draw.random((channels, count)) < rate) * draw.standard_normal((channels, count))
        excitation = 0.6 * excitation + 0.8 * impulses / np.sqrt(rate)
    if channels == 2 and draw.random() < 0.15:
        excitation[1] = excitation[0]
    if draw.random() < 0.15:
        turns = draw.uniform(0.55, 1.3) * np.arange(count) / RATE + draw.random()
        swing = draw.uniform(0.05, 0.35)
        excitation *= (1 + swing * np.sin(2 * np.pi * turns)) / np.sqrt(1 + swing**2 / 2)
    shaped = np.fft.irfft(np.fft.rfft(excitation, axis=1) * np.sqrt(power), count, axis=1)
    return np.asarray(shaped)


def print_of(power: Audio, frequency_hz: Audio, draw: Draw) -> Audio:
    """Return a density as a print shows it: estimated from seconds, and up to 3 dB off."""
    octaves = np.log2(np.maximum(frequency_hz, 30.0) / 1000)
    error_db = np.clip(1.3 * draw.standard_normal(), -3, 3) if draw.random() < 0.8 else draw.uniform(-3, 3)
    if draw.random() < 0.3:
        error_db = error_db + np.clip(0.4 * draw.standard_normal() * octaves, -2, 2)
    # smoothed over a twelfth of an octave, a print from seconds scatters most in the lowest bins
    knots = np.linspace(octaves.min(), octaves.max(), 12 * 9)
    bins = np.maximum(1000 * 2**knots / 12 / 20, 1.0)
    seconds = draw.uniform(0.3, 4.0)
    scatter = draw.standard_normal(knots.size) * 4.34 / np.sqrt(bins * seconds * 20)
    return power * 10 ** ((error_db + np.interp(octaves, knots, scatter)) / 10)

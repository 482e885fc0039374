"""What wears a medium, each drawn: noise, its swish, rumble, wow, flutter, clicks and crackle."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, lfilter, resample_poly, sosfilt

from bench.material.tuning.shapes import GROOVE, SHAPES, played_back
from bench.measuring.measures import active_level_db

Draw = np.random.Generator
Span = tuple[float, float]

CLICKS = ("tick", "pop", "soft", "riaa", "noise", "two_modes")


def under(audio: np.ndarray, rate: int, noise: np.ndarray, below_db: float) -> np.ndarray:
    level = active_level_db(audio, rate)[0]
    return noise * 10 ** ((level - below_db) / 20) / np.sqrt(np.mean(noise**2))


def coloured(shape: tuple[int, int], rate: int, draw: Draw, *, slope: float) -> np.ndarray:
    """Draw noise whose density rises by `slope` dB an octave above 100 Hz."""
    spectrum = np.fft.rfft(draw.standard_normal(shape), axis=1)
    hz = np.maximum(np.fft.rfftfreq(shape[1], 1 / rate), 100.0)
    return np.fft.irfft(spectrum * (hz / 1000) ** (slope / 6.02), shape[1], axis=1)


def swish(n: int, rate: int, rpm: float, draw: Draw, depth_db: Span) -> np.ndarray:
    """Draw a gain that follows the turn: one to three lobes, of some dB from the lowest to the highest."""
    turns = np.arange(n) / rate * rpm / 60 + draw.random()
    lobes = sum(draw.uniform(0.3, 1) / k * np.sin(2 * np.pi * (k * turns + draw.random())) for k in (1, 2, 3))
    return 10 ** (draw.uniform(*depth_db) * lobes / np.ptp(lobes) / 20)


def rumble(shape: tuple[int, int], rate: int, rpm: float, draw: Draw) -> np.ndarray:
    """Draw a bearing's noise that pulses with the turn, and the comb of an eccentric's harmonics."""
    noise = sosfilt(
        butter(2, (draw.uniform(4, 9), draw.uniform(22, 45)), "bandpass", fs=rate, output="sos"),
        draw.standard_normal((1, shape[1])),
    )
    turns = np.arange(shape[1]) / rate * rpm / 60 + draw.random()
    noise *= 1 + draw.uniform(0, 0.6) * np.sin(2 * np.pi * turns)
    comb = sum(
        draw.uniform(0, 1) / k**0.5 * np.sin(2 * np.pi * k * turns + draw.uniform(0, 6)) for k in range(1, 16)
    )
    noise += draw.choice((0.0, 0.3, 1.0)) * np.std(noise) * comb[np.newaxis] / np.std(comb)
    return np.repeat(noise, shape[0], axis=0) + 0.3 * np.std(noise) * draw.standard_normal((shape[0], 1))


def wowed(audio: np.ndarray, rate: int, rpm: float, draw: Draw, share: Span) -> np.ndarray:
    n = audio.shape[1]
    seconds = np.arange(n) / rate
    depth_s = draw.uniform(*share) * 60 / rpm / (2 * np.pi)
    moved = np.arange(n) + rate * depth_s * np.sin(2 * np.pi * (seconds * rpm / 60 + draw.random()))
    return np.stack([np.interp(moved, np.arange(n), channel) for channel in audio])


def flutter(audio: np.ndarray, rate: int, draw: Draw) -> np.ndarray:
    n = audio.shape[1]
    moved = np.arange(n) + rate * 2e-5 * walk(n, rate, 0.05, draw) + rate * 2e-4 * walk(n, rate, 0.5, draw)
    return np.stack([np.interp(moved, np.arange(n), channel) for channel in audio])


def walk(n: int, rate: int, seconds: float, draw: Draw) -> np.ndarray:
    step = max(round(seconds * rate / 50), 1)
    pole = np.exp(-1 / 50)
    steps = lfilter([1.0], [1.0, -2 * pole, pole**2], draw.standard_normal(n // step + 1000))[996:]
    course = np.interp(np.arange(n), step * np.arange(steps.size), steps)
    return (course - np.mean(course)) / max(np.std(course), 1e-9)


def _pulse(draw: Draw, rate: int) -> np.ndarray:
    kind = str(draw.choice(CLICKS))
    pulse = resample_poly(
        played_back(SHAPES[kind](draw, 4 * rate), 4 * rate, draw, groove=kind in GROOVE), 1, 4
    )
    return pulse / np.max(np.abs(pulse))


def clicked(
    audio: np.ndarray, rate: int, draw: Draw, *, rpm: float, per_minute: float, heights: Span
) -> np.ndarray:
    """Add clicks at Poisson times, and half the time a scratch that strikes once a turn."""
    seconds = audio.shape[1] / rate
    times = list(draw.uniform(0, seconds, draw.poisson(per_minute * seconds / 60)))
    if draw.random() < 0.5:
        first = draw.uniform(0, 60 / rpm)
        turns = np.arange(first, seconds, 60 / rpm)
        times += list(turns + draw.normal(0, 1e-3, turns.size))
    return struck(
        audio, rate, times, np.std(audio) * np.exp(draw.uniform(*np.log(heights), len(times))), draw
    )


def crackled(
    audio: np.ndarray, rate: int, per_second: float, draw: Draw, *, level: float = 0.0
) -> np.ndarray:
    seconds = audio.shape[1] / rate
    times = list(draw.uniform(0, seconds, draw.poisson(per_second * seconds)))
    heights = (level or np.std(audio)) * np.exp(draw.uniform(np.log(0.1), np.log(2.0), len(times)))
    return struck(audio, rate, times, heights, draw)


def struck(audio: np.ndarray, rate: int, times: list[float], heights: np.ndarray, draw: Draw) -> np.ndarray:
    result = audio.copy()
    shapes = [_pulse(draw, rate) for _ in range(24)]
    for at, height in zip(times, heights, strict=True):
        shape = shapes[int(draw.integers(24))]
        start = max(int(at * rate), 0)
        span = result[:, start : start + shape.size]
        weights = draw.uniform(0, 1, (len(audio), 1)) if draw.random() < 0.4 else 1.0
        span += draw.choice((-1, 1)) * height * weights * shape[: span.shape[1]]
    return result

"""Strokes that begin in one sample, made up over a recording, and clicks that clip in the converter.

A microphone close by, or a synthesiser, makes attacks as sudden as a click's. What tells them apart is what
follows: the body of the instrument goes on.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from bench.material.tuning.shapes import SHAPES
from scipy.signal import butter, lfilter, resample_poly

Array = npt.NDArray[np.float64]
Draw = np.random.Generator

# source: this generator's own ranges, about those of the instruments
CASTANET_HZ, CASTANET_DECAY_S = (900.0, 6000.0), (2e-3, 30e-3)
BODY_S = (5e-3, 30e-3)  # of the mode of a castanet that lasts longest
CLAP_HZ, CLAP_DECAY_S, ROOM_S = (400.0, 900.0, 3000.0, 9000.0), (2e-3, 8e-3), (20e-3, 80e-3)
STRING_HZ, HIGHEST_HZ = (80.0, 1200.0), 14e3
BLIP_HZ, BLIP_S = (60.0, 3000.0), (8e-3, 0.3)
HAT_HZ, HAT_S = (2e3, 9e3), (6e-3, 90e-3)
VOICE_HZ, FORMANT_HZ, FORMANT_WIDTH_HZ = (90.0, 350.0), (300.0, 3000.0), (60.0, 200.0)
BEFORE_S, LAST_S = 0.3, 0.7  # of a take, without strokes
STEADY_S, ANY_S = (0.12, 0.5), (0.08, 0.8)  # from one to the next
ALIKE, REGULAR = 0.7, 0.5  # parts of the strokes that are the same one again, and of the takes with a beat
OVER_DB = (6.0, 30.0)  # over the recording
LEAST_LEVEL = 1e-4
FINER = 4  # times the rate at which clicks are drawn
CLIPPING = ("pop", "tick", "two_modes", "noise")  # kinds that clip
LOUDEST_DB, OVER_FULL_DB = (-32.0, -8.0), (0.5, 10.0)  # of the quiet recording, and of a click, dBFS


def _drawn(draw: Draw, bounds: tuple[float, float]) -> float:
    """Draw one value of which all octaves are alike likely."""
    return float(np.exp(draw.uniform(*np.log(bounds))))


def castanet(draw: Draw, rate: int) -> Array:
    """Return two to six damped modes that are struck together."""
    t = np.arange(round(0.15 * rate)) / rate
    stroke = np.zeros(t.size)
    for mode in range(draw.integers(2, 7)):
        decay = _drawn(draw, CASTANET_DECAY_S if mode else BODY_S)
        turn = 2.0 * np.pi * _drawn(draw, CASTANET_HZ)
        stroke += (
            draw.uniform(0.3, 1.0) * np.exp(-t / decay) * np.cos(turn * t + draw.uniform(0.0, 2.0 * np.pi))
        )
    return stroke


def clap(draw: Draw, rate: int) -> Array:
    """Return one to three hands' noise, and what a room makes of it."""
    t = np.arange(round(0.25 * rate)) / rate
    course = 0.25 * np.exp(-t / draw.uniform(*ROOM_S))
    for hand in range(draw.integers(1, 4)):
        at = round(hand * draw.uniform(5e-3, 12e-3) * rate)
        course[at:] += draw.uniform(0.5, 1.0) * np.exp(-t[: t.size - at] / draw.uniform(*CLAP_DECAY_S))
    low, high = draw.uniform(*CLAP_HZ[:2]), min(draw.uniform(*CLAP_HZ[2:]), 0.45 * rate)
    filtered: Array = lfilter(*butter(2, [low, high], "band", fs=rate), course * draw.standard_normal(t.size))
    return filtered


def pluck(draw: Draw, rate: int) -> Array:
    """Return the partials of a string, the higher the shorter, and half of the time a hard pick's noise."""
    t = np.arange(round(0.6 * rate)) / rate
    hertz, tilt, damping = _drawn(draw, STRING_HZ), draw.uniform(0.4, 1.2), draw.uniform(1.0, 3.0)
    stroke = np.zeros(t.size)
    for k in range(1, int(min(HIGHEST_HZ, 0.45 * rate) / hertz) + 1):
        phase = 2.0 * np.pi * hertz * k * t + draw.uniform(0.0, 2.0 * np.pi)
        stroke += np.exp(-damping * (2.0 + 0.3 * k) * t) * np.cos(phase) / k**tilt
    if draw.random() < 0.5:
        pick = np.exp(-t / _drawn(draw, (0.2e-3, 4e-3))) * draw.standard_normal(t.size)
        stroke += draw.uniform(0.1, 1.0) * np.max(np.abs(stroke)) * pick / np.max(np.abs(pick))
    return stroke


def blip(draw: Draw, rate: int) -> Array:
    """Return a synthesiser's sine, square or saw wave that sets in at full level and fades."""
    t = np.arange(round(0.5 * rate)) / rate
    phase = _drawn(draw, BLIP_HZ) * t + draw.random()
    fall = draw.uniform(0.0, 3.0) if draw.random() < 0.5 else 0.0  # octaves, as electronic drums do
    phase = phase * 2.0 ** (fall * np.exp(-t / 0.02))
    wave = (np.sin(2.0 * np.pi * phase), np.sign(np.sin(2.0 * np.pi * phase)), 2.0 * (phase % 1.0) - 1.0)
    voiced = wave[int(draw.integers(3))] * np.exp(-t / _drawn(draw, BLIP_S))
    low_pass = butter(2, min(_drawn(draw, (1e3, 16e3)), 0.45 * rate), fs=rate)
    heard: Array = lfilter(*low_pass, voiced)
    return heard


def hat(draw: Draw, rate: int) -> Array:
    """Return a hi-hat or a shaker: high noise that sets in at once and fades."""
    t = np.arange(round(0.3 * rate)) / rate
    noise = draw.standard_normal(t.size) * np.exp(-t / _drawn(draw, HAT_S))
    heard: Array = lfilter(*butter(2, _drawn(draw, HAT_HZ), "high", fs=rate), noise)
    return heard


def glottal(draw: Draw, rate: int) -> Array:
    """Return a sung vowel that sets in with a hard glottal stroke."""
    size = round(0.4 * rate)
    pulses = np.zeros(size)
    period, at = rate / _drawn(draw, VOICE_HZ), 0.0
    while at < size:
        pulses[int(at)] = draw.uniform(0.9, 1.1) if at else draw.uniform(1.0, 4.0)
        at += period * draw.uniform(0.99, 1.01)
    voice = np.zeros(size)
    for hertz in np.sort([_drawn(draw, FORMANT_HZ) for _ in range(4)]):
        turn, radius = 2.0 * np.pi * hertz / rate, np.exp(-np.pi * draw.uniform(*FORMANT_WIDTH_HZ) / rate)
        voice += lfilter([1.0], [1.0, -2.0 * radius * np.cos(turn), radius**2], pulses) * np.sin(turn)
    return np.asarray(voice * np.minimum(1.0, 4.0 * (1.0 - np.arange(size) / size)))


STROKES: dict[str, Callable[[Draw, int], Array]] = {
    "castanet": castanet,
    "clap": clap,
    "pluck": pluck,
    "blip": blip,
    "hat": hat,
    "glottal": glottal,
}


def struck(audio: Array, rate: int, *, strokes: Callable[[Draw, int], Array], seed: int) -> Array:
    """Return a recording, shape (channels, n), with strokes of one kind added."""
    draw = np.random.default_rng(seed)
    out = audio.copy()
    gain = (np.sqrt(np.mean(audio**2)) + LEAST_LEVEL) * 10 ** (draw.uniform(*OVER_DB) / 20.0)
    step = draw.uniform(*STEADY_S) if draw.random() < REGULAR else 0.0
    first = strokes(draw, rate)
    at = BEFORE_S
    while at < audio.shape[1] / rate - LAST_S:
        stroke = first if draw.random() < ALIKE else strokes(draw, rate)
        stroke = gain * draw.uniform(0.5, 1.0) / np.max(np.abs(stroke)) * stroke
        here = out[:, round(at * rate) :][:, : stroke.size]
        here += draw.uniform(0.4, 1.0, (len(audio), 1)) * stroke[: here.shape[1]]
        at += step or draw.uniform(*ANY_S)
    return out / max(float(np.max(np.abs(out))), 1.0)


def clipping(audio: Array, rate: int, seed: int) -> tuple[Array, Array]:
    """Return a recording made quiet, with clicks in it that go over full scale and clip; and their spans.

    Shapes (channels, n) and (clicks, 2). All are in all channels.
    """
    draw = np.random.default_rng(seed)
    out = audio * (10 ** (draw.uniform(*LOUDEST_DB) / 20.0) / np.max(np.abs(audio)))
    spans = []
    at = BEFORE_S
    while at < audio.shape[1] / rate - LAST_S:
        drawn = SHAPES[CLIPPING[int(draw.integers(len(CLIPPING)))]](draw, FINER * rate)
        click = resample_poly(drawn, 1, FINER)
        click *= draw.choice((-1.0, 1.0)) * 10 ** (draw.uniform(*OVER_FULL_DB) / 20.0) / np.max(np.abs(click))
        start = round(at * rate)
        out[:, start : start + click.size] += click
        spans.append((start, start + click.size))
        at += draw.uniform(*STEADY_S)
    return np.clip(out, -1.0, 1.0), np.array(spans)

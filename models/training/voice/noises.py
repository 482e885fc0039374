"""Noises of old recordings of voices, by construction: at 16 kHz, mono, mean square about 1.

Tape, surfaces and amplifiers have the densities of `models.training.denoise.noises`.
"""

from __future__ import annotations

import numpy as np

from ..denoise.noises import density

RATE = 16000  # source: the speech that may be trained on has no more

Draw = np.random.Generator
Audio = np.ndarray


def noise(count: int, draw: Draw) -> Audio:
    """Draw what lies over a voice: one kind, often with hum left, sometimes another from some moment on."""
    made = _one(count, draw)
    chance = draw.random()
    if chance < 0.15:  # another tape, another room, a fan that was switched
        made = _stepped(made, _one(count, draw) * 10 ** (draw.uniform(-12, 12) / 20), draw)
    elif chance < 0.25:  # an automatic gain, a fade
        level_db = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, 6), draw.uniform(-6, 6, 6))
        made = made * 10 ** (level_db / 20)
    if draw.random() < 0.25:
        made = made + 10 ** (draw.uniform(-20, 0) / 20) * hum(count, draw)
    return _level(made)


def _one(count: int, draw: Draw) -> Audio:
    kinds = (_steady, _steady, _surface, _surface, _fan, _radio)
    return _level(kinds[draw.integers(len(kinds))](count, draw))


def _steady(count: int, draw: Draw) -> Audio:
    made = _shaped(draw.standard_normal(count), density(_hz(count), draw))
    if draw.random() < 0.2:
        made *= 1 + draw.uniform(0.1, 0.4) * np.sin(2 * np.pi * _turns(count, draw))
    return made


def _surface(count: int, draw: Draw) -> Audio:
    """Draw a disc: its hiss, the grain in it, and clicks that were left."""
    hz = np.maximum(_hz(count), 20.0)
    turnover, corner = draw.choice((200.0, 300.0, 500.0)), draw.uniform(2000, 9000)
    power = (1 + (turnover / hz) ** 2) / (1 + (hz / corner) ** 2)
    rate = 2 ** draw.uniform(np.log2(50), np.log2(8000)) / RATE
    grains = (draw.random(count) < rate) * draw.standard_normal(count) * np.exp(draw.uniform(0, 1) *
              draw.standard_normal(count))  # fmt: skip
    mix = draw.uniform(0, 0.8)
    excitation = np.sqrt(1 - mix**2) * draw.standard_normal(count) + mix * _level(grains)
    if draw.random() < 0.5:
        excitation *= 1 + draw.uniform(0.1, 0.5) * np.sin(2 * np.pi * _turns(count, draw))
    made = _level(_shaped(excitation, power))
    if draw.random() < 0.5:  # clicks that Declick left
        left = np.zeros(count)
        for at in draw.integers(0, count - 200, draw.integers(1, 30)):
            length = int(draw.integers(4, 120))
            ring = np.cos(2 * np.pi * draw.uniform(300, 6000) / RATE * np.arange(length))
            left[at : at + length] += draw.uniform(1, 5) * ring * np.exp(-4 * np.arange(length) / length)
        made = made + left * draw.choice((-1, 1))
    return made


def _fan(count: int, draw: Draw) -> Audio:
    hz = np.maximum(_hz(count), 20.0)
    power = (hz / 100) ** -draw.uniform(0.5, 2.0)
    power[hz < 60] *= 0.1
    made = _level(_shaped(draw.standard_normal(count), power))
    base, t = draw.uniform(20, 400), np.arange(count) / RATE
    for number in range(1, draw.integers(2, 12)):
        wander = 0.002 * np.cumsum(draw.standard_normal(count // 1600 + 2))
        phase = 2 * np.pi * base * number * t + np.interp(t * 10, np.arange(wander.size), wander)
        made += draw.uniform(0, 0.4) / number**0.5 * np.cos(phase + draw.uniform(0, 6.28))
    return made


def _radio(count: int, draw: Draw) -> Audio:
    """Draw medium wave: hiss in its band, crashes of static, a whistle."""
    hz = _hz(count)
    power = 1 / (1 + (hz / draw.uniform(2500, 5000)) ** 8)
    level_db = np.interp(np.arange(count) / RATE, np.arange(8), draw.uniform(-4, 4, 8))
    made = _level(_shaped(draw.standard_normal(count), power + 1e-6)) * 10 ** (level_db / 20)
    for at in draw.integers(0, count - RATE, draw.integers(0, 8)):
        length = int(draw.uniform(0.01, 0.4) * RATE)
        crash = draw.standard_normal(length) * np.exp(-5 * np.arange(length) / length)
        made[at : at + length] += draw.uniform(0.5, 3) * crash
    if draw.random() < 0.3:
        made += draw.uniform(0.1, 1) * np.cos(2 * np.pi * draw.uniform(400, 5000) * np.arange(count) / RATE)
    return made


def hum(count: int, draw: Draw) -> Audio:
    """Draw mains hum of up to 40 harmonics."""
    base = draw.choice((50.0, 60.0)) * (1 + draw.uniform(-0.005, 0.005))
    t, fall = np.arange(count) / RATE, draw.uniform(0.3, 1.2)
    lines = (
        number**-fall * draw.uniform(0.1, 1) * np.cos(2 * np.pi * base * number * t + draw.uniform(0, 6.28))
        for number in range(1, draw.integers(2, 40))
    )
    return _level(np.sum(list(lines), axis=0))


def _stepped(one: Audio, other: Audio, draw: Draw) -> Audio:
    count = one.size
    fade = max(int(draw.choice((0.002, 0.05, 0.5)) * RATE), 1)
    share = np.clip((np.arange(count) - draw.integers(count)) / fade, 0, 1)
    return np.sqrt(1 - share) * one + np.sqrt(share) * other


def _turns(count: int, draw: Draw) -> Audio:
    return draw.uniform(0.5, 2.7) * np.arange(count) / RATE + draw.random()


def _hz(count: int) -> Audio:
    return np.fft.rfftfreq(count, 1 / RATE)


def _shaped(excitation: Audio, power: Audio) -> Audio:
    return np.fft.irfft(np.fft.rfft(excitation) * np.sqrt(power), excitation.size)


def _level(audio: Audio) -> Audio:
    return audio / max(float(np.sqrt(np.mean(audio**2))), 1e-9)

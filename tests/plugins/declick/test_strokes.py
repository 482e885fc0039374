"""Strokes stay: what begins in one sample as a click does, but goes on, and comes again."""

import numpy as np
import pytest
from wavemend import Declick
from wavemend.plugins.declick.strokes import StrokeMemory

RATE = 44_100


def bed(seconds: float, rate: int) -> np.ndarray:
    """A soft chord in noise."""
    time = np.arange(round(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.0, 330.0))
    return 0.01 * chord + 1e-3 * np.random.default_rng(1).standard_normal(time.size)


def castanet(draw: np.random.Generator, rate: int) -> np.ndarray:
    time = np.arange(round(0.1 * rate)) / rate
    stroke = np.zeros(time.size)
    for phase in draw.uniform(0.0, 2 * np.pi, 3):
        turns = 2 * np.pi * draw.uniform(1200, 3500) * time + phase
        stroke += np.exp(-time / draw.uniform(8e-3, 20e-3)) * np.cos(turns)
    return stroke


def plucked(draw: np.random.Generator, rate: int) -> np.ndarray:
    time = np.arange(round(0.3 * rate)) / rate
    hertz = draw.uniform(150, 400)
    return sum(
        np.exp(-time * (6 + k)) * np.cos(2 * np.pi * hertz * k * time + draw.uniform(0, 2 * np.pi)) / k
        for k in range(1, 25)
    )


def blip(draw: np.random.Generator, rate: int) -> np.ndarray:
    time = np.arange(round(0.2 * rate)) / rate
    return np.exp(-time / 0.03) * np.sign(np.cos(2 * np.pi * draw.uniform(200, 900) * time))


STROKES = {"castanet": castanet, "plucked": plucked, "blip": blip}


def struck(kind: str, rate: int) -> np.ndarray:
    """Six seconds with a stroke about every 0.3 s."""
    draw = np.random.default_rng(7)
    audio = bed(6.0, rate)
    at = 0.3
    while at < 5.5:
        stroke = 0.2 * STROKES[kind](draw, rate)
        audio[round(at * rate) :][: stroke.size] += stroke
        at += draw.uniform(0.2, 0.4)
    return audio


@pytest.mark.parametrize(("kind", "rate"), [("castanet", RATE), ("blip", RATE), ("blip", 96_000)])
def test_strokes_that_begin_in_one_sample_stay(kind: str, rate: int) -> None:
    audio = struck(kind, rate)
    change = Declick().process(audio, rate) - audio
    assert np.mean(np.abs(change) > 2.0**-15) < 1e-3
    assert np.sum(change**2) < 1e-4 * np.sum(audio**2)


def test_clicks_among_strokes_go() -> None:
    audio = struck("plucked", RATE)
    time = np.arange(round(2e-3 * RATE)) / RATE
    click = 0.3 * np.exp(-time / 0.15e-3) * np.sin(2 * np.pi * 4000 * time)
    places = np.arange(round(0.45 * RATE), round(5.4 * RATE), round(0.61 * RATE))
    damaged = audio.copy()
    for place in places:
        damaged[place : place + time.size] += click
    repaired = Declick().process(damaged, RATE)
    gone_db = [
        10 * np.log10(np.sum(click**2) / np.sum((repaired - audio)[p : p + time.size] ** 2)) for p in places
    ]
    assert np.median(gone_db) > 10.0


def test_strokes_cost_odds_until_clicks_outnumber_them_or_they_are_forgotten() -> None:
    memory = StrokeMemory(8_820, 44_100.0, 2.0)
    memory.strokes(0)
    assert memory.doubt == 0.0
    memory.strokes(8)
    doubted = memory.doubt
    assert doubted > 3.0
    memory.clicks(8)
    memory.strokes(0)
    assert memory.doubt < 0.5
    alone = StrokeMemory(8_820, 44_100.0, 2.0)
    alone.strokes(8)
    for _ in range(100):
        alone.strokes(0)
    assert 0.0 <= alone.doubt < 0.2
    alone.strokes(1000)
    assert alone.doubt == 6.0


def test_strokes_count_for_as_long_at_every_rate() -> None:
    doubts = []
    for rate in (44_100, 96_000):
        memory = StrokeMemory(rate // 5, float(rate), 1.5)
        for count in (3, 5, 0, 0, 2):
            memory.strokes(count)
        doubts.append(memory.doubt)
    assert doubts[0] == pytest.approx(doubts[1])

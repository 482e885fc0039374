"""Clicks are told from strokes by what surrounds them, at every rate and loudness."""

import numpy as np
import pytest
from wavemend.audio.arrays import Array
from wavemend.kernels.impulses.click_figures import (
    FIGURES,
    HeardBands,
    Network,
    click_figures,
    click_odds,
)
from wavemend.kernels.impulses.click_weights import BIAS, CONSTANT, INNER, MEAN, OUTER, SCALE
from wavemend.kernels.impulses.evidence import SIGNS, Known

NETWORK = Network(*(np.array(part) for part in (MEAN, SCALE, INNER, BIAS, OUTER)), CONSTANT)
RATES = [44_100, 96_000, 192_000]
FACTORS = {44_100: 4, 96_000: 8, 192_000: 16}


def around(rate: int, after: float = 1.0, tail_s: float = 0.02, channels: int = 1) -> HeardBands:
    """Noise of one level with 0.5 ms of louder noise in its middle; `after` it, what follows is louder."""
    slow = np.random.default_rng(1).standard_normal(3529)  # 80 ms, as at 44.1 kHz
    slow[1764 : 1764 + 22] += 40.0 * np.exp(-np.arange(22) / 5.0)
    slow[1786:] *= 1.0 + (after - 1.0) * np.exp(-np.arange(3529 - 1786) / (44_100 * tail_s))
    x = np.interp(np.arange(0, 80e-3, 1 / rate), np.arange(3529) / 44_100, slow)
    factor = FACTORS[rate]
    low = x[: x.size // factor * factor].reshape(-1, factor).mean(axis=1)
    others = np.zeros((channels - 1, x.size)) + 1e-4 * np.random.default_rng(2).standard_normal(x.size)
    return HeardBands(1e-2 * x, 1e-3 * x, others, 1e-3 * low, factor)


def odds_of(heard: HeardBands, rate: int, score: float = 4.0) -> float:
    odds = np.empty(1)
    start = int(0.04 * rate)
    spans = np.array([[start, start + int(0.5e-3 * rate), score, score]])
    click_odds(heard, spans, Known(0, heard.x.size, float(rate)), NETWORK, odds)
    return float(odds[0])


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
def test_what_changes_what_follows_is_a_stroke(rate: int, channels: int) -> None:
    alike = odds_of(around(rate, channels=channels), rate)
    assert alike > 0.0
    assert odds_of(around(rate, after=8.0, channels=channels), rate) < alike - 2.0


@pytest.mark.parametrize("rate", RATES)
def test_loudness_and_rate_say_nothing(rate: int) -> None:
    heard = around(rate)
    louder = HeardBands(8.0 * heard.x, 8.0 * heard.e, 8.0 * heard.others, 8.0 * heard.low, heard.factor)
    assert abs(odds_of(heard, rate) - odds_of(louder, rate)) < 0.01
    assert abs(odds_of(heard, rate) - odds_of(around(44_100), 44_100)) < 2.5


def test_what_stands_out_further_is_likelier() -> None:
    heard = around(44_100)
    odds = [odds_of(heard, 44_100, score) for score in (0.5, 1.0, 4.0)]
    assert odds == sorted(odds)


def test_what_is_not_seen_from_both_sides_is_not_judged() -> None:
    heard = around(44_100)
    figures = np.empty(FIGURES)
    span = np.array([1764.0, 1786.0, 4.0, 4.0])
    for low, high in ((1764 - 600, heard.x.size), (0, 1786 + 600)):
        known = Known(low, high, 44_100.0)
        assert not click_figures(heard, span, known, figures)
        odds = np.empty(1)
        click_odds(heard, span[np.newaxis], known, NETWORK, odds)
        assert np.isnan(odds[0])


def test_another_channel_is_heard_as_a_witness() -> None:
    def witness(other: Array) -> float:
        heard = around(44_100)._replace(others=other)
        figures = np.empty(FIGURES)
        assert click_figures(heard, np.array([1764.0, 1786.0, 4.0, 4.0]), Known(0, 3500, 44_100.0), figures)
        return float(figures[SIGNS + 8])

    own = around(44_100).e
    assert witness(np.empty((0, own.size))) == 0.0
    assert witness(own[np.newaxis]) == pytest.approx(0.0, abs=0.1)
    quiet = 1e-3 * np.random.default_rng(3).standard_normal((1, own.size))
    assert witness(quiet) < -10.0
    assert witness(np.concatenate([quiet, own[np.newaxis]])) == pytest.approx(0.0, abs=0.1)


def later(heard: HeardBands, rate: int = 44_100) -> Array:
    figures = np.empty(FIGURES)
    start = int(0.04 * rate)
    span = np.array([start, start + int(0.5e-3 * rate), 4.0, 4.0])
    assert click_figures(heard, span, Known(0, heard.x.size, float(rate)), figures)
    return figures[SIGNS + 10 :]


@pytest.mark.parametrize("rate", RATES)
def test_what_has_decayed_is_told_from_what_goes_on(rate: int) -> None:
    alike = later(around(rate), rate)
    assert np.max(np.abs(alike[:3])) < 3.0
    decaying = later(around(rate, after=8.0, tail_s=2e-3), rate)
    lasting = later(around(rate, after=8.0, tail_s=0.1), rate)
    assert decaying[1] < 3.0 < 12.0 < lasting[1] and lasting[2] > 12.0


@pytest.mark.parametrize("rate", RATES)
def test_a_flat_top_is_nearly_all_crest(rate: int) -> None:
    heard = around(rate)
    time = np.arange(heard.x.size) / rate - 0.04
    pop = np.where(time >= 0.0, np.exp(-time / 1e-3) * np.sin(2.0 * np.pi * 700.0 * time), 0.0)
    ring = later(heard._replace(x=1e-4 * heard.x + pop), rate)[3]
    clipped = later(heard._replace(x=np.clip(1e-4 * heard.x + pop, -0.3, 0.3)), rate)[3]
    assert ring < 0.45 and clipped > 0.7

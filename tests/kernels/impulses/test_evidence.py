"""Groups are told from strokes by what follows them, at every rate and loudness."""

import numpy as np
import pytest
from wavemend.audio.arrays import Array
from wavemend.kernels.impulses.evidence import SIGNS, Known, click_signs, group_odds

RATES = [44_100, 96_000, 192_000]


def around(rate: int, after: float = 1.0, tail_s: float = 0.0) -> tuple[Array, Array]:
    """Noise of one level with 0.5 ms of louder noise in its middle; `after` it, what follows is louder."""
    slow = np.random.default_rng(1).standard_normal(3529)  # 80 ms, as at 44.1 kHz
    slow[1764 : 1764 + 22] += 40.0 * np.exp(-np.arange(22) / 5.0)
    fading = np.exp(-np.arange(3529 - 1786) / (44_100 * tail_s)) if tail_s else np.ones(3529 - 1786)
    slow[1786:] *= 1.0 + (after - 1.0) * fading
    x = np.interp(np.arange(0, 80e-3, 1 / rate), np.arange(3529) / 44_100, slow)
    return 1e-2 * x, 1e-3 * x


def odds_of(x: Array, e: Array, rate: int) -> float:
    odds = np.empty(1)
    start = int(0.04 * rate)
    spans = np.array([[start, start + int(0.5e-3 * rate), 4.0]])
    group_odds(x, e, spans, Known(0, x.size, float(rate)), odds)
    return float(odds[0])


@pytest.mark.parametrize("rate", RATES)
def test_what_changes_what_follows_is_a_stroke(rate: int) -> None:
    assert odds_of(*around(rate, after=8.0, tail_s=0.02), rate) < odds_of(*around(rate), rate) - 3.0


@pytest.mark.parametrize("rate", RATES)
def test_loudness_and_rate_say_nothing(rate: int) -> None:
    x, e = around(rate)
    assert abs(odds_of(x, e, rate) - odds_of(8.0 * x, 8.0 * e, rate)) < 0.01
    assert abs(odds_of(x, e, rate) - odds_of(*around(44_100), 44_100)) < 1.5


def test_what_is_not_seen_from_both_sides_is_not_judged() -> None:
    x, e = around(44_100)
    signs = np.empty(SIGNS)
    for low, high in ((1764 - 600, x.size), (0, 1786 + 600)):
        assert not click_signs(x, e, np.array([1764.0, 1786.0, 4.0]), Known(low, high, 44_100.0), signs)
        odds = np.empty(1)
        group_odds(x, e, np.array([[1764.0, 1786.0, 4.0]]), Known(low, high, 44_100.0), odds)
        assert np.isnan(odds[0])

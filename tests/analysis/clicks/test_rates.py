"""Clicks are told from music by how many reach each score; fainter ones follow from the plain ones."""

import numpy as np
import pytest
from wavemend.analysis.clicks.rates import ImpulseTally
from wavemend.kernels.impulses.counting import HEIGHT, RMS, SCORE, START, STOP

MINUTES = 1.0


def heard(scores, seed=0):
    """Return the rates of a minute with one impulse a score, spread over a hundred hops."""
    draw = np.random.default_rng(seed)
    rows = np.zeros((len(scores), 5))
    rows[:, START] = rows[:, STOP] = draw.uniform(0.0, 60.0, len(scores))
    rows[:, SCORE], rows[:, HEIGHT], rows[:, RMS] = scores, 0.5, 0.1
    tally = ImpulseTally(1, 4e-3)
    for hop in range(100):
        inside = (rows[:, START] // 0.6).astype(int) == hop
        tally.add([rows[inside]], np.zeros((1, 3)), 0.6 * hop, 0.6)
    return tally.rates(MINUTES)


def music(count, seed=1):
    """Draw scores that halve with each quarter of an octave."""
    return 0.315 * 2.0 ** (np.random.default_rng(seed).exponential(0.36, count))


@pytest.mark.parametrize("count", [0, 50, 300, 500])
def test_music_alone_is_nothing(count):
    assert heard(np.minimum(music(count), 3.0)) is None


@pytest.mark.parametrize("clicks", [30, 100, 300, 1000])
@pytest.mark.parametrize("of_music", [0, 100, 300])
def test_clicks_with_evenly_spread_scores_are_counted(clicks, of_music):
    spread = 0.4 * 2.0 ** np.random.default_rng(2).uniform(0.0, 6.0, clicks)
    rates = heard(np.r_[spread, np.minimum(music(of_music), 2.0)])
    assert rates.clicks_per_minute[0] == pytest.approx(clicks, rel=0.15)
    assert rates.confidence > 0.8


def test_plain_clicks_have_no_fainter_ones():
    rates = heard(np.r_[np.full(20, 9.0), np.minimum(music(300), 0.9)])
    assert rates.clicks_per_minute[0] == pytest.approx(20, rel=0.02)
    assert rates.strength_db == pytest.approx(20 * np.log10(5), abs=0.5)


def test_excursions_count_what_is_too_dense_to_pick():
    tally = ImpulseTally(1, 4e-3)
    for hop in range(100):
        tally.add([np.zeros((0, 5))], np.array([[350.0, 500.0, 600.0]]), 0.6 * hop, 0.6)
    rates = tally.rates(MINUTES)
    assert rates.clicks_per_minute + rates.crackle_per_minute == pytest.approx([60_000])

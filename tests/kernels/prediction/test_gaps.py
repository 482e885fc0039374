"""Gaps are rebuilt from what is around them, all of a group at once, or left as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from wavemend.kernels.prediction.gaps import (
    Outliers,
    believed_peak,
    bridge,
    bridge_outliers,
    gaps_together,
    interpolation,
    rebuild,
    whole_model,
)
from wavemend.kernels.prediction.models import autocorrelation_model, hann, prediction_error

TONE = np.sin(0.3 * np.arange(400)) + 0.5 * np.sin(1.1 * np.arange(400) + 1)
MODEL = np.convolve([1, -2 * np.cos(0.3), 1], [1, -2 * np.cos(1.1), 1])  # predicts both exactly


def test_gaps_that_know_of_each_other_are_one_group():
    gaps = np.array([[10, 12], [15, 20], [40, 41], [42, 60]])
    assert gaps_together(gaps, 0, 4, 8, 100) == 2
    assert gaps_together(gaps, 2, 4, 8, 100) == 4
    assert gaps_together(gaps, 2, 3, 8, 100) == 3
    assert gaps_together(gaps, 2, 4, 8, 15) == 3


@pytest.mark.parametrize(
    "gaps", [[[100, 110]], [[100, 101], [102, 103], [104, 110]], [[200, 203], [204, 260]]]
)
def test_what_the_model_knows_is_rebuilt(gaps):
    gaps = np.array(gaps)
    x = TONE.copy()
    for start, stop in gaps:
        x[start:stop] = 7.0
    assert rebuild(x, gaps, len(gaps), 400, MODEL, 4.0)
    assert np.allclose(x, TONE, atol=1e-6)


def test_gaps_that_only_count_as_unknown_stay():
    x = TONE.copy()
    x[100:110] = x[112:120] = 7.0
    assert rebuild(x, np.array([[100, 110], [112, 120]]), 1, 400, MODEL, 4.0)
    assert np.allclose(x[100:110], TONE[100:110], atol=1e-6) and (x[112:120] == 7.0).all()


def test_what_is_not_believed_changes_nothing():
    x = TONE.copy()
    x[100:110] = 7.0
    before = x.copy()
    assert not rebuild(x, np.array([[100, 110]]), 1, 400, MODEL, 0.1)
    assert np.array_equal(x, before)


def test_only_whole_samples_say_what_is_believed():
    x = np.array([0.1, -0.5, 9.0, 0.2])
    assert believed_peak(x, 0, 4, np.array([False, False, True, False])) == 2.0


DAMPED = np.poly([0.97 * np.exp(0.2j), 0.97 * np.exp(-0.2j), 0.9 * np.exp(1.0j), 0.9 * np.exp(-1.0j)]).real
OUTLIERS = Outliers(scales=6.0, sparse=1, longest=40, reach=4)


def noise(size=400, seed=0):
    return lfilter([1.0], DAMPED, np.random.default_rng(seed).standard_normal(size))


@given(st.sets(st.integers(20, 60), min_size=1, max_size=20), st.integers(0, 9))
def test_what_is_interpolated_leaves_the_least_excitation(places, seed):
    """No change of a sample that is active has anything in common with the excitation that is left."""
    active, x = np.array(sorted(places)), noise(100, seed)
    e, change = np.zeros(100), np.empty(len(places))
    prediction_error(x, 0, 100, DAMPED, e)
    assert interpolation(DAMPED, e, active, 99, 0.0, change)
    x[active] -= change
    prediction_error(x, 0, 100, DAMPED, e)
    echo = np.correlate(np.append(e, np.zeros(DAMPED.size - 1)), DAMPED, "valid")[active]
    assert np.abs(echo).max() < 1e-9


@pytest.mark.parametrize("span", [(100, 101), (150, 170), (380, 400)])
def test_bridges_are_gaps_rebuilt_and_the_excitation_follows(span):
    whole, x, e = noise(), noise(), np.zeros(400)
    for samples in (whole, x):
        samples[slice(*span)] += 30.0
    prediction_error(x, 0, 400, DAMPED, e)
    bridge(x, *span, 400, DAMPED, e)
    assert rebuild(whole, np.array([span]), 1, 400, DAMPED, np.inf)
    assert x == pytest.approx(whole, abs=5e-3)  # a bridge has a ridge
    wanted = np.zeros(400)
    prediction_error(x, 0, 400, DAMPED, wanted)
    assert np.array_equal(e, wanted)


@pytest.mark.parametrize("size", [1, 5, 30, 60])
def test_runs_of_outliers_are_bridged_up_to_the_longest(size):
    clean = noise(2_000)
    x = clean.copy()
    x[900 : 900 + size] += 500.0 * np.sign(np.random.default_rng(1).standard_normal(size))
    struck = x.copy()
    bridged = size <= 40
    assert bridge_outliers(x, DAMPED, OUTLIERS) == bridged
    around = slice(900 - 4, 900 + size + 4)
    assert np.array_equal(np.delete(x, around), np.delete(struck, around))
    assert np.allclose(x, clean if bridged else struck, atol=25.0)
    assert not bridge_outliers(clean, DAMPED, OUTLIERS)


def test_a_model_does_not_see_outliers():
    clean, taper = noise(2_000), hann(2_000)
    struck = clean.copy()
    struck[[700, 1_000, 1_300]] += 300.0
    a, seen, blind = np.empty((3, DAMPED.size))
    energy = autocorrelation_model(clean * taper, 1e-9, a)
    assert autocorrelation_model(struck * taper, 1e-9, seen) > 10 * energy
    assert energy < whole_model(struck.copy(), taper, 1e-9, OUTLIERS, blind) < 3 * energy
    assert np.abs(blind - a).max() < 0.25 * np.abs(seen - a).max()
    untouched = clean.copy()
    assert whole_model(untouched, taper, 1e-9, OUTLIERS, blind) == energy
    assert np.array_equal(untouched, clean) and np.array_equal(blind, a)

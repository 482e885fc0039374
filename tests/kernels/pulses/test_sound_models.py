"""A click is estimated under the likeliest model of the sound, and decided on under the first."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.pulses.clicks import SHAPES, likely_shapes, unknown_shapes
from wavemend.kernels.pulses.sound_models import (
    empty_sounds,
    fit_around,
    fit_others,
    likelihoods_around,
    use_model,
)

from tests.kernels.pulses.test_click_repair import left_of, repair
from tests.kernels.pulses.test_clicks import AT, MODEL, RATE, SIGMA, pop, sound, struck

OTHERS = [[8, 300], [128, 1_400]]
SPAN = [AT - 3, AT + 60]


def chord(seed: int, size: int = 3_000) -> np.ndarray:
    """Sixteen held partials, closer than a short model tells apart, and some noise."""
    draw = np.random.default_rng(seed)
    t = np.arange(size)
    hertz = np.exp(draw.uniform(np.log(120.0), np.log(5_000.0), 16))
    phases = 2.0 * np.pi * (hertz[:, np.newaxis] * t / RATE + draw.random((16, 1)))
    return 0.03 * np.sum(np.sin(phases), axis=0) + 4.0 * SIGMA * draw.standard_normal(size)


def test_under_a_chord_more_of_a_pop_goes_than_one_short_model_can_tell() -> None:
    left = np.empty((2, 4))
    for seed in range(4):
        clean = chord(seed)
        damaged = struck(clean, 1.2 / SIGMA * pop(700.0, 0.6e-3))
        for which, others in enumerate([[], OTHERS[1:]]):
            left[which, seed] = left_of(clean, damaged, repair(damaged, SPAN, others=others).x)
    assert np.median(left[1]) < 0.1 * np.median(left[0])
    assert np.all(left[1] < 1.5 * left[0])


@pytest.mark.parametrize("seed", range(4))
def test_where_a_short_model_is_all_there_is_to_know_nothing_is_lost(seed: int) -> None:
    clean = sound(seed=seed)
    damaged = struck(clean, 1_500.0 * pop(1_500.0))
    alone, competing = (repair(damaged, SPAN, others=others).x for others in ([], OTHERS))
    assert left_of(clean, damaged, competing) < max(2.0 * left_of(clean, damaged, alone), 1e-3)


@pytest.mark.parametrize("score", [2.0, 4.0])
def test_a_stroke_under_a_chord_stays_however_well_the_chord_is_known(score: float) -> None:
    """The longer a model, the less a stroke looks like the sound's own excitation."""
    for seed in range(4):
        x = chord(seed)
        drive = np.zeros(x.size)
        drive[AT] = 0.05
        x += lfilter([1.0], MODEL, drive)
        assert np.array_equal(
            repair(x, [AT - 3, AT + 12], score=score, others=OTHERS).x, x
        ) == np.array_equal(repair(x, [AT - 3, AT + 12], score=score).x, x)


def test_a_model_that_too_little_is_left_for_does_not_compete() -> None:
    x, damaged = sound(), np.zeros(3_000, np.bool_)
    damaged[::200] = True
    others = np.array(OTHERS)
    sounds = empty_sounds(16, others)
    for place, orders in ((AT, [8, 128]), (AT + 1, [8, 0])):
        use_model(sounds, place, np.ones(17), 1.0, 0.0)
        fit_others(x, (AT, AT + 10), np.array([0, x.size]), others, damaged, sounds)
        assert sounds.orders[1:].tolist() == orders
        damaged[::100] = True
    assert sounds.variances[1] > 0.0


def test_the_other_models_are_fitted_once_for_each_of_the_first() -> None:
    x, damaged = sound(), np.zeros(3_000, np.bool_)
    others, bounds = np.array(OTHERS), np.array([0, x.size])
    sounds = empty_sounds(16, others)
    seen = []
    for place, at in ((AT, AT), (AT, AT + 100), (AT + 300, AT + 300)):
        use_model(sounds, place, np.ones(17), 1.0, 0.0)
        fit_others(x, (at, at + 10), bounds, others, damaged, sounds)
        seen.append(sounds.models[1:].copy())
    assert np.array_equal(seen[0], seen[1]) and not np.array_equal(seen[1], seen[2])


def test_the_likeliest_sound_is_the_one_that_knows_what_follows_whatever_is_under_the_click() -> None:
    """A chord is known by the long model and noise is not, and a click of any height says nothing of it."""
    others = np.array(OTHERS[1:])
    for height in (0.0, 5.0):
        chosen = []
        for clean in (chord(1), sound()):
            x, damaged = clean.copy(), np.zeros(clean.size, np.bool_)
            damaged[AT : AT + 20] = True
            x[AT : AT + 20] += height
            sounds, models = empty_sounds(16, others), np.ones((2, 17))
            bounds = np.array([0, x.size])
            variance = fit_around(x, AT, AT + 20, bounds, 400, damaged, np.ones(2), models)[0]
            use_model(sounds, AT, models[0], variance, 0.0)
            fit_others(x, (AT, AT + 20), bounds, others, damaged, sounds)
            chosen.append(int(np.argmax(likelihoods_around(x, (AT, AT + 20, x.size), sounds))))
        assert chosen == [1, 0]


def test_under_another_sound_only_what_was_likely_is_tried_or_was_not_tried() -> None:
    shapes = unknown_shapes(10)
    shapes.evidences[:] = 1e6
    shapes.evidences[-3:] = 1e6 - 10.0, 1e6 - 100.0, -np.inf
    shapes.variances[-4:-1] = 1.0
    tried = likely_shapes(shapes).evidences > -np.inf
    assert tried.tolist() == [True] * (SHAPES - 2) + [False, True]

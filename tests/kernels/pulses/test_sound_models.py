"""A click is estimated under the likeliest model of the sound, and decided on under the first."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.pulses.sound_models import empty_sounds, fit_others

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
    fit_others(x, (AT, AT + 10), np.array([0, x.size]), others, damaged, 0.0, sounds)
    assert sounds.orders.tolist() == [0, 8, 128]
    damaged[::100] = True
    fit_others(x, (AT, AT + 10), np.array([0, x.size]), others, damaged, 0.0, sounds)
    assert sounds.orders.tolist() == [0, 8, 0]
    assert sounds.variances[1] > 0.0

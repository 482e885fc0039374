"""A push of a groove's wall goes with the tail that the playback curve draws out; others are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import bilinear, lfilter, resample_poly
from wavemend.kernels.prediction.models import covariance_model
from wavemend.kernels.pulses.groove_pulse import GrooveCurves, estimate_groove, groove_curves

FINER = 4
AT_S, LONG_S = 0.11, 0.2
BEFORE_S, AFTER_S = 0.2e-3, 1.0e-3  # of the push's beginning, that a click was found in


def music(rate: float, seed: int) -> np.ndarray:
    """Low and high notes in pink-like noise, of RMS about 0.1."""
    draw = np.random.default_rng(seed)
    t = np.arange(round(LONG_S * rate)) / rate
    notes = sum(np.sin(2 * np.pi * f * t + draw.uniform(0, 6)) for f in (82.0, 165.0, 330.0, 990.0))
    return 0.06 * notes + lfilter([2e-3], [1.0, -0.9], draw.standard_normal(t.size))


def wall(rate: float, rumble: bool) -> np.ndarray:
    """A push of 40 us through a cartridge and the RIAA curve, drawn finely; peaks at 1."""
    fine = FINER * rate
    push = np.zeros(round(0.05 * fine))
    width = round(40e-6 * fine)
    push[:width] = np.sin(np.linspace(0, np.pi, width)) ** 2
    push = lfilter(*bilinear([318e-6, 1.0], np.convolve([3180e-6, 1.0], [75e-6, 1.0]), fine), push)
    if rumble:
        push = lfilter(*bilinear([7.958e-3, 0.0], [7.958e-3, 1.0], fine), push)
    turn = 2 * np.pi * 15e3
    push = lfilter(*bilinear([turn**2], [1.0, turn, turn**2], fine), push)
    heard = resample_poly(push, 1, FINER)
    return heard / np.max(np.abs(heard))


def ring(rate: float) -> np.ndarray:
    t = np.arange(round(4e-3 * rate)) / rate
    return np.exp(-t / 0.2e-3) * np.cos(2 * np.pi * 4000.0 * t)


def taken(
    clean: np.ndarray, shape: np.ndarray, rate: float, found: float = -np.inf
) -> tuple[int, np.ndarray, int]:
    """Return how much was filled, the click, and where it begins."""
    at = round(AT_S * rate)
    x = clean.copy()
    x[at : at + shape.size] += shape
    start, stop = at - round(BEFORE_S * rate), at + round(AFTER_S * rate)
    a = np.zeros(round(32 / 44_100 * rate) + 1)
    damaged = np.zeros(x.size, np.bool_)
    damaged[start : stop + round(20e-3 * rate)] = True
    around = round(0.05 * rate)
    sigma = np.sqrt(covariance_model(x, start - around, stop + around, damaged, 1e-10, 0.0, a))
    click = np.zeros(x.size - start)
    click[: stop - start] = (x[start:stop] - clean[start:stop]) / sigma
    length = estimate_groove(x, (start, stop, x.size), a, sigma, groove_curves(rate), found, click)
    return length, sigma * click, start


@pytest.mark.parametrize("rate", [44_100, 96_000, 192_000])
@pytest.mark.parametrize("rumble", [False, True])
def test_a_push_goes_with_its_tail_and_no_further(rate: int, rumble: bool) -> None:
    clean = music(rate, 1)
    shape = wall(rate, rumble)
    length, click, start = taken(clean, shape, rate)
    assert length == groove_curves(rate).last
    truth = np.zeros(length)
    lead = round(AT_S * rate) - start
    truth[lead:] = shape[: length - lead]
    tail = slice(round(2e-3 * rate), round(20e-3 * rate))
    assert np.sum((click[tail] - truth[tail]) ** 2) < 0.05 * np.sum(truth[tail] ** 2)
    assert np.sum((click[:length] - truth) ** 2) < 0.05 * np.sum(truth**2)
    assert abs(click[length - 1]) < 1e-6


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_what_others_explain_as_well_is_left_to_them(rate: int) -> None:
    shape = ring(rate)
    length, before, _ = taken(music(rate, 2), shape, rate, found=1e9)
    assert length == 0
    assert np.max(np.abs(before)) == pytest.approx(np.max(np.abs(shape)), rel=1e-6)


def test_a_ring_is_a_worse_push_than_a_push_is() -> None:
    """The tail belongs to one of the two only; the evidence says to which."""
    rate = 44_100
    clean = music(rate, 3)
    tails = []
    for shape in (wall(rate, False), ring(rate)):
        _, click, _ = taken(clean, shape, rate)
        tails.append(np.sqrt(np.mean(click[round(3e-3 * rate) : round(8e-3 * rate)] ** 2)))
    assert tails[1] < 0.2 * tails[0]


def test_a_span_that_the_next_click_follows_at_once_is_none() -> None:
    rate = 44_100
    clean = music(rate, 4)
    start, stop = 5_000, 5_060
    click = np.ones(4_000)
    a = np.array([1.0, -0.9])
    for place in ((start, stop, stop + 10), (start, start + 2, 8_000), (start, start + 400, 8_000)):
        assert estimate_groove(clean, place, a, 0.1, groove_curves(rate), -np.inf, click) == 0
    assert np.all(click == 1.0)


def response(curves: GrooveCurves, which: int, t: np.ndarray) -> np.ndarray:
    return np.sum(curves.heights[which] * curves.poles[which] ** t[:, np.newaxis], axis=1)


@pytest.mark.parametrize("rate", [8_000, 48_000, 88_200, 192_000])
def test_decays_are_the_analogue_curves_at_every_rate(rate: int) -> None:
    """What is left after 2 and 5 ms of a push of the same area, as a part of it."""
    low, high = groove_curves(44_100), groove_curves(rate)
    for which in range(low.direct.size):
        areas = []
        for curves, own in ((low, 44_100), (high, rate)):
            first = response(curves, which, np.array([2e-3 * own, 5e-3 * own]))
            areas.append(first[1] / first[0])
        assert areas[0] == pytest.approx(areas[1], rel=1e-9)
    assert high.last / rate == pytest.approx(low.last / 44_100, rel=1e-3)

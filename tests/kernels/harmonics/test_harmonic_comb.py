"""Lines that stay are evidence, notes that come and go are none; a fundamental is measured from its lines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.kernels.harmonics.harmonic_comb import (
    AGREEMENT,
    VISIBLE_DB,
    comb_evidence,
    track_fundamental,
)

WINDOWS, BINS = 40, 400
FUNDAMENTAL, GUARD = 50.0, 6.0
HARMONICS = 5
REACH = np.full(HARMONICS, 2.0)
LEVEL, BACKGROUND = -40.0, -80.0
CURVE = 8.0  # dB that a line falls by in its first bin


def combed(
    fundamental: np.ndarray | float = FUNDAMENTAL,
    level: np.ndarray | float = LEVEL,
    harmonics: int = HARMONICS,
) -> np.ndarray:
    """Spectrogram whose lines are parabolas in dB; fundamental and level are one value or one a window."""
    at = np.broadcast_to(fundamental, WINDOWS)[:, np.newaxis]
    height = np.broadcast_to(level, WINDOWS)[:, np.newaxis]
    bins = np.arange(BINS)
    levels = np.full((WINDOWS, BINS), BACKGROUND)
    for h in range(1, harmonics + 1):
        levels = np.maximum(levels, height - CURVE * (bins - h * at) ** 2)
    return levels


def weighed(levels: np.ndarray, *fundamentals: float) -> tuple[np.ndarray, np.ndarray]:
    tracks = np.repeat(np.array(fundamentals or (FUNDAMENTAL,))[:, np.newaxis], levels.shape[0], axis=1)
    return comb_evidence(np.ascontiguousarray(levels), tracks, REACH, GUARD)


def test_each_window_with_a_steady_line_agrees() -> None:
    evidence, floor = weighed(combed())
    assert (evidence == AGREEMENT * WINDOWS).all()
    assert (floor == LEVEL).all()


def test_where_there_is_no_line_there_is_no_evidence() -> None:
    assert not weighed(np.full((WINDOWS, BINS), BACKGROUND))[0].any()
    assert not weighed(np.zeros((WINDOWS, BINS)))[0].any()
    draw = np.random.default_rng(0)
    noise = 10 * np.log10(draw.exponential(size=(WINDOWS, BINS)))
    assert weighed(noise)[0].max() < 0.25 * AGREEMENT * WINDOWS
    evidence, _ = weighed(combed(), 57.3)
    assert not evidence[0, :3].any()


def test_a_program_that_hides_a_line_now_and_then_takes_only_its_windows() -> None:
    levels = combed()
    levels[::2] = -20.0
    evidence, floor = weighed(levels)
    assert (evidence == AGREEMENT * WINDOWS / 2).all()
    assert (floor == LEVEL).all()


def test_a_note_that_comes_and_goes_contradicts_itself() -> None:
    sounding = np.arange(WINDOWS) % 10 < 6
    evidence, _ = weighed(combed(level=np.where(sounding, LEVEL, BACKGROUND)))
    assert (evidence <= 0.0).all()
    decaying = LEVEL - 3.0 * (np.arange(WINDOWS) % 10)
    assert weighed(combed(level=decaying))[0].max() < 0.25 * AGREEMENT * WINDOWS


def test_windows_that_contradict_a_line_weigh_against_it() -> None:
    """One where it is missing takes what two give; one where it is louder by itself, little."""
    missing = np.arange(WINDOWS) % 5 == 4
    evidence, floor = weighed(combed(level=np.where(missing, BACKGROUND, LEVEL)))
    assert (evidence == AGREEMENT * (32 - 2 * 8)).all() and (floor == LEVEL).all()
    evidence, floor = weighed(combed(level=np.where(missing, LEVEL + 10, LEVEL)))
    assert (evidence < AGREEMENT * 32).all() and (evidence > AGREEMENT * 30).all() and (floor == LEVEL).all()


@settings(max_examples=20)
@given(st.integers(-40, 40), st.integers(0, 99))
def test_evidence_does_not_depend_on_gain_or_on_the_order_of_windows(gain: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    levels = np.round(combed() + draw.normal(0.0, 1.5, (WINDOWS, BINS)), 1)
    levels[draw.uniform(size=WINDOWS) < 0.3] += 30.0
    levels = np.rint(4 * levels) / 4  # sums and differences are exact
    evidence, floor = weighed(levels)
    louder, moved = weighed(levels + gain)
    assert np.array_equal(louder, evidence)
    np.testing.assert_allclose(moved, floor + gain, atol=1e-9)
    shuffled, same = weighed(levels[draw.permutation(WINDOWS)])
    np.testing.assert_allclose(shuffled, evidence, atol=1e-9)
    np.testing.assert_allclose(same, floor, atol=1e-9)


def test_candidates_do_not_depend_on_each_other() -> None:
    levels = combed() + np.random.default_rng(0).normal(0.0, 1.0, (WINDOWS, BINS))
    together = weighed(levels, 47.0, FUNDAMENTAL, 61.5)
    for k, fundamental in enumerate((47.0, FUNDAMENTAL, 61.5)):
        alone = weighed(levels, fundamental)
        assert np.array_equal(together[0][k], alone[0][0])
        assert np.array_equal(together[1][k], alone[1][0])


def test_a_track_follows_a_machine_that_drifts() -> None:
    track = np.linspace(48.0, 56.0, WINDOWS)
    levels = combed(np.rint(track))
    evidence, floor = comb_evidence(levels, track[np.newaxis], REACH, GUARD)
    assert (evidence[0, :3] == AGREEMENT * WINDOWS).all()
    assert (floor[0, :3] == LEVEL).all()
    assert weighed(levels, 52.0)[0][0, 2] < 0.5 * AGREEMENT * WINDOWS


@pytest.mark.parametrize(("off", "found"), [(-3, False), (-2, True), (0, True), (2, True), (3, False)])
def test_a_line_is_looked_for_as_far_as_its_reach(off: int, found: bool) -> None:
    levels = np.full((WINDOWS, BINS), BACKGROUND)
    levels[:, int(FUNDAMENTAL) + off] = LEVEL
    assert weighed(levels)[0][0, 0] == (AGREEMENT * WINDOWS if found else 0.0)


def test_harmonics_past_the_last_bin_are_not_judged() -> None:
    levels = combed()[:, :165]
    evidence, floor = weighed(levels)
    assert (evidence[0] > 0).tolist() == [True, True, True, False, False]
    assert floor[0, 3:].tolist() == [-200.0, -200.0]
    assert not weighed(combed()[:, :20])[0].any()


@pytest.mark.parametrize("windows", [1, 2, 3])
def test_few_windows(windows: int) -> None:
    evidence, floor = weighed(combed()[:windows])
    assert (evidence == AGREEMENT * windows).all() and (floor == LEVEL).all()


@settings(max_examples=30)
@given(st.floats(48.9, 51.1))
def test_a_fundamental_between_bins_is_measured_exactly(fundamental: float) -> None:
    """Lines are parabolas in dB, and so is what interpolates them."""
    reach = np.arange(1.0, HARMONICS + 1) + 1
    floor = np.full(HARMONICS, LEVEL)
    track, weight = track_fundamental(combed(fundamental), FUNDAMENTAL, floor, reach, 12.0)
    np.testing.assert_allclose(track, fundamental, rtol=1e-9)
    assert (weight > 0).all()


@pytest.mark.parametrize("above", [10.0, 20.0, 40.0])
def test_trust_grows_with_the_number_and_with_the_height_over_the_surroundings(above: float) -> None:
    levels = combed(level=BACKGROUND + above)
    for h in range(HARMONICS):
        floor = np.full(HARMONICS, -200.0)
        floor[h] = BACKGROUND + above
        _, weight = track_fundamental(levels, FUNDAMENTAL, floor, REACH, GUARD)
        np.testing.assert_allclose(weight, (h + 1) ** 2 * min(10 ** (above / 10), 1000.0), rtol=1e-12)


def test_lines_that_disagree_are_weighed_by_their_trust() -> None:
    levels = np.maximum(
        combed(50.0, harmonics=1), LEVEL - CURVE * (np.arange(BINS) - 2 * 50.5) ** 2
    )  # the second at 50.5
    floor = np.array([LEVEL, LEVEL])
    track, _ = track_fundamental(levels, FUNDAMENTAL, floor, REACH[:2], GUARD)
    np.testing.assert_allclose(track, (1 * 50.0 + 4 * 50.5) / 5, rtol=1e-9)


def test_where_no_line_shows_the_candidate_stays_without_weight() -> None:
    levels, floor = combed(), np.full(HARMONICS, LEVEL)
    levels[7] = BACKGROUND
    track, weight = track_fundamental(levels, 50.2, floor, REACH, GUARD)
    assert track[7] == 50.2 and weight[7] == 0.0
    assert (np.delete(weight, 7) > 0).all()
    for off in (10.0, -10.0, -200.0):  # louder and softer than its floor, and lines that are not there
        known = floor + off if off > -200.0 else np.full(HARMONICS, off)
        track, weight = track_fundamental(levels, 50.2, known, REACH, GUARD)
        assert (track == 50.2).all() and not weight.any()
    assert not track_fundamental(levels, 50.2, np.empty(0), np.empty(0), GUARD)[1].any()


def test_a_line_too_low_over_its_surroundings_says_nothing() -> None:
    for above, shows in ((VISIBLE_DB - 0.5, False), (VISIBLE_DB + 0.5, True)):
        levels = combed(level=BACKGROUND + above)
        floor = np.full(HARMONICS, BACKGROUND + above)
        assert track_fundamental(levels, FUNDAMENTAL, floor, REACH, GUARD)[1].any() == shows


def test_the_edge_of_something_louder_is_no_line() -> None:
    levels = np.full((WINDOWS, BINS), BACKGROUND)
    levels[:, 52:56] = [LEVEL, LEVEL + 6, LEVEL + 12, LEVEL + 6]  # its peak lies past the reach
    floor = np.array([LEVEL])
    assert not track_fundamental(levels, FUNDAMENTAL, floor, REACH[:1], GUARD)[1].any()

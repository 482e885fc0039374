"""Repairs that stages told of: which are doubtful, and what those took."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.analysis.artifacts.artifacts import ArtifactFinder
from wavemend.analysis.artifacts.bands import band_edges
from wavemend.analysis.artifacts.repairs import Repairs, doubtful_loss, touched_frames, without
from wavemend.analysis.artifacts.windows import Windows

RATE = 16_000
AT = 4 * RATE + 1000  # in the middle of windows


def bed(channels=1):
    return 0.01 * np.random.default_rng(0).standard_normal((channels, 8 * RATE))


def burst(channels=1, at=AT, length=80):
    """Return what a stroke of 5 ms is, and a bed with it."""
    added = np.zeros((channels, 8 * RATE))
    added[:, at : at + length] = 0.05 * np.random.default_rng(1).standard_normal(length) * np.hanning(length)
    return bed(channels) + added, bed(channels)


def windows(before, after):
    grid = Windows(RATE, len(before))
    return [*grid.push(before, after), *grid.finish()], band_edges(RATE, grid.hop + 1)


def window_at(before, after, at=AT):
    found, edges = windows(before, after)
    return next(one for one in found if one.position <= at < one.position + before.shape[1] // 16), edges


def found(before, after, repairs):
    finder = ArtifactFinder(RATE, len(before), repairs)
    return finder.push(before, after) + finder.finish()


@given(st.lists(st.tuples(st.integers(0, 7 * RATE), st.integers(1, 3 * RATE), st.booleans()), max_size=20))
def test_the_order_in_which_repairs_are_told_does_not_count(told):
    window, _ = window_at(*burst())
    masks = []
    for order in (told, told[::-1], told + told):
        repairs = Repairs(RATE)
        for start, length, sure in order:
            (repairs.believe if sure else repairs.take)(0, start, start + length)
        masks.append(repairs.near(window, 0))
    assert all(np.array_equal(one[i], masks[0][i]) for one in masks for i in (0, 1))
    assert told or not any(one.any() for one in masks[0])


def test_a_repair_that_touches_a_sure_one_is_none_to_doubt():
    window, _ = window_at(*burst())
    repairs = Repairs(RATE)
    repairs.take(0, AT, AT + 80)
    doubtful, sure = repairs.near(window, 0)
    first = AT - (window.position - 2 * window.hop)
    assert doubtful[first : first + 80].all() and not sure.any()
    assert not repairs.near(window, 1)[0].any()
    repairs.believe(0, AT + 80 + RATE // 2000, AT + 200)  # half a millisecond beside it
    doubtful, sure = repairs.near(window, 0)
    assert sure[first + 88 : first + 200].all() and not doubtful.any()


def test_what_a_doubtful_repair_took_is_measured_and_what_a_sure_one_took_is_not():
    before, after = burst()
    window, edges = window_at(before, after)
    doubtful, sure = np.zeros((2, window.before.shape[1]), bool)
    assert doubtful_loss(window, 0, doubtful, sure, edges) == (-200.0, -200.0)
    first = AT - (window.position - 2 * window.hop)
    doubtful[first - 2 : first + 82] = True
    took_db, band_db = doubtful_loss(window, 0, doubtful, sure, edges)
    steps = [
        np.square(np.diff(one[0, window.position : window.position + RATE // 2]))
        for one in (before - after, before)
    ]
    assert took_db == pytest.approx(10 * np.log10(steps[0].sum() / steps[1].sum()), abs=0.5)
    assert band_db > took_db
    assert doubtful_loss(window, 0, doubtful, ~sure, edges)[1] == -200.0  # no frame without sure repairs


def test_frames_with_repairs_are_left_out_unless_hardly_one_would_be_left():
    window, _ = window_at(*burst())
    samples = np.zeros(window.before.shape[1], bool)
    samples[AT - (window.position - 2 * window.hop)] = True
    frames = touched_frames(window, samples)
    assert np.count_nonzero(frames) == 2
    none = np.zeros_like(frames)
    assert np.array_equal(without(none, frames), frames)
    assert np.array_equal(without(frames, ~none), frames)


@pytest.mark.parametrize("channels", [1, 2])
def test_the_same_stroke_is_an_artifact_where_it_is_doubted_and_none_where_it_is_sure(channels):
    before, after = burst(channels)
    sure, doubted = Repairs(RATE), Repairs(RATE)
    for channel in range(channels):
        for repairs in (sure, doubted):
            repairs.take(channel, AT, AT + 80)
        sure.believe(channel, AT, AT + 80)
    assert not found(before, after, sure)
    artifacts = found(before, after, doubted)
    assert {one.channel for one in artifacts if one.kind == "lost transient"} == set(range(channels))
    assert all(one.position <= AT < one.stop for one in artifacts)

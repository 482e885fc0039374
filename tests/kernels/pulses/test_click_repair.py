"""A click that was added is taken away; all beside it, and what the sound does itself, stays to the bit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from scipy.signal import firwin, lfilter
from wavemend.kernels.pulses.click_repair import (
    BURST,
    CLICK,
    FORCED,
    Damage,
    RepairSettings,
    repair_spans,
)
from wavemend.kernels.pulses.groove_pulse import groove_curves
from wavemend.kernels.pulses.thumps import thump_search
from wavemend.kernels.pulses.tilt import Tilt

from tests.kernels.pulses.test_clicks import (
    AROUND,
    AT,
    CLICKS,
    LEAST,
    MODEL,
    ORDER,
    PIVOT,
    RATE,
    SEARCH,
    SIGMA,
    SIZE,
    burst_in,
    pop,
    sound,
    span_of,
    struck,
)
from tests.kernels.pulses.test_groove_pulse import wall

CURVES = groove_curves(RATE)
THUMPS = thump_search(RATE, 12.0)
LEAST_ODDS = 16.0
SPREAD = 20
PLAIN = 20.0  # a score of what the sound itself cannot be


class Repaired(NamedTuple):
    x: np.ndarray
    done: list[list[int]]


def repair(
    x: np.ndarray, *spans: list[int], count: int | None = None, kind: int = CLICK, **given: object
) -> Repaired:
    """RepairSettings the first `count` spans, all of one kind, in a copy."""
    y = x.copy()
    count = len(spans) if count is None else count
    done = np.full((count, 2), -1, np.int64)
    bounds = np.array(given.get("bounds", [0, x.size]))
    damage = Damage(
        spans=np.array(spans, np.int64),
        kinds=np.full(count, kind, np.int64),
        scores=np.full(count, given.get("score", PLAIN)),
        until=np.full(count, given.get("until", bounds[1]), np.int64),
        since=np.full(count, given.get("since", bounds[0]), np.int64),
    )
    tilt = given.get("tilt", Tilt(0.0, PIVOT))
    others = np.array(given.get("others", []), np.int64).reshape(-1, 2)
    around = given.get("around", AROUND)
    how = RepairSettings(around, ORDER, others, SPREAD, SEARCH, THUMPS, CURVES, LEAST, LEAST_ODDS, tilt)
    repair_spans(y, damage, bounds, how, np.ones(2), done)
    return Repaired(y, done.tolist())


def left_of(clean: np.ndarray, damaged: np.ndarray, repaired: np.ndarray) -> float:
    """Energy of what is left of a click, as a part of it."""
    return float(np.sum((repaired - clean) ** 2) / np.sum((damaged - clean) ** 2))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CLICKS)
def test_a_click_goes_and_all_beside_it_stays_to_the_bit(name: str, seed: int) -> None:
    clean = sound(seed=seed)
    damaged = struck(clean, CLICKS[name][0])
    span = span_of(name)
    repaired, [[first, last]] = repair(damaged, span)
    assert first == span[0] and last >= span[1]
    assert left_of(clean, damaged, repaired) < 0.12
    assert np.array_equal(repaired[:first], damaged[:first])
    assert np.array_equal(repaired[last:], damaged[last:])


@pytest.mark.parametrize("kind", [CLICK, BURST])
@pytest.mark.parametrize("score", [2.0, PLAIN])
def test_where_nothing_was_added_nothing_is_changed(kind: int, score: float) -> None:
    for seed in range(5):
        x = sound(seed=seed)
        repaired, done = repair(x, [700, 708], [AT, AT + 60], [2_200, 2_203], kind=kind, score=score)
        assert np.array_equal(repaired, x)
        assert done == [[700, 700], [AT, AT], [2_200, 2_200]]


def test_what_the_sound_does_itself_stays_unless_it_stands_out_beyond_any_doubt() -> None:
    """A stroke drives the sound; only a score that its excitation cannot have overrules that."""
    drive = SIGMA * np.random.default_rng(0).standard_normal(SIZE)
    drive[AT] += 40.0 * SIGMA
    x = lfilter([1.0], MODEL, drive)
    assert np.array_equal(repair(x, [AT - 3, AT + 12], score=4.0).x, x)


def test_a_tilt_can_leave_what_does_not_stand_out_enough() -> None:
    x = struck(sound(), CLICKS["ring"][0])
    low = Tilt(1.0, 4 * PIVOT)  # over two octaves above it
    assert repair(x, span_of("ring"), score=2.0).done[0][1] > AT
    assert np.array_equal(repair(x, span_of("ring"), score=2.0, tilt=low).x, x)
    assert np.array_equal(repair(x, span_of("ring"), score=0.99).x, x)


@pytest.mark.parametrize("name", CLICKS)
def test_a_louder_recording_is_repaired_alike_to_the_bit(name: str) -> None:
    x = struck(sound(), CLICKS[name][0])
    repaired, done = repair(x, span_of(name))
    for scale in (0.25, -1.0):
        again = repair(scale * x, span_of(name))
        assert np.array_equal(again.x, scale * repaired) and again.done == done


@pytest.mark.parametrize("name", CLICKS)
def test_repairs_do_not_depend_on_where_the_samples_lie_in_a_buffer(name: str) -> None:
    """Nor on what lies outside the recording's bounds."""
    x = struck(sound(), CLICKS[name][0])
    repaired, done = repair(x, span_of(name))
    wide = np.full(SIZE + 900, np.nan)
    wide[500 : 500 + SIZE] = x
    moved = [500 + place for place in span_of(name)]
    again = repair(wide, moved, bounds=[500, 500 + SIZE])
    assert np.array_equal(again.x[500 : 500 + SIZE], repaired)
    assert np.isnan(again.x[:500]).all() and np.isnan(again.x[500 + SIZE :]).all()
    assert again.done == [[500 + place for place in done[0]]]


def test_clicks_far_apart_are_repaired_together_as_one_by_one() -> None:
    places = dict(zip(CLICKS, (1_000, 3_500, 6_000, 8_500), strict=True))
    x = sound(10_000)
    for name, at in places.items():
        x = struck(x, CLICKS[name][0], at)
    spans = [span_of(name, at) for name, at in places.items()]
    together = repair(x, *spans)
    one_by_one, done = x, []
    for span in spans:
        one_by_one, [row] = repair(one_by_one, span)
        done.append(row)
    assert np.array_equal(together.x, one_by_one)
    assert together.done == done


def test_neighbours_are_repaired_in_turn() -> None:
    clean = sound()
    damaged = struck(struck(clean, CLICKS["one sample"][0], AT), -CLICKS["one sample"][0], AT + 14)
    spans = [span_of("one sample", AT), span_of("one sample", AT + 14)]
    repaired, done = repair(damaged, *spans)
    assert done == spans
    assert left_of(clean, damaged, repaired) < 0.05


def test_known_damage_that_comes_later_stays_and_is_not_believed() -> None:
    clean = sound()
    damaged = struck(clean, CLICKS["one sample"][0])
    spans = [span_of("one sample"), [AT + 30, AT + 90]]
    one, other = damaged.copy(), damaged.copy()
    one[AT + 30 : AT + 90] += 1.0
    other[AT + 30 : AT + 90] -= 7.0
    (first, done), (second, _) = (repair(x, *spans, count=1) for x in (one, other))
    assert done == [spans[0]]
    assert np.array_equal(first[: AT + 30], second[: AT + 30])
    assert np.array_equal(first[AT + 30 :], one[AT + 30 :])
    assert np.array_equal(second[AT + 30 :], other[AT + 30 :])


@pytest.mark.parametrize("kind", [CLICK, BURST, FORCED])
@pytest.mark.parametrize("span", [[0, 8], [ORDER - 1, 30], [SIZE - 8, SIZE]])
def test_too_close_to_an_end_nothing_is_changed(kind: int, span: list[int]) -> None:
    x = sound()
    x[span[0] : span[1]] += 0.3
    repaired, done = repair(x, span, kind=kind)
    assert np.array_equal(repaired, x)
    assert done == [[span[0], span[0]]]


@pytest.mark.parametrize("kind", [CLICK, BURST, FORCED])
def test_silence_stays_and_an_impulse_in_it_may_only_go(kind: int) -> None:
    x, span = np.zeros(SIZE), [AT - 3, AT + 20]
    repaired, done = repair(x, span, kind=kind)
    assert np.array_equal(repaired, x) and done == [[span[0], span[0]]]
    x[AT] = 1.0
    repaired, _ = repair(x, span, kind=kind)
    assert np.isfinite(repaired).all() and np.abs(repaired).max() <= 1.0
    assert not np.delete(repaired, range(*span)).any()


@pytest.mark.parametrize("around", [3 * ORDER, 60])
def test_too_little_sound_to_fit_a_model_to(around: int) -> None:
    x = struck(sound(80), CLICKS["one sample"][0], 40)
    repaired, _ = repair(x, span_of("one sample", 40), around=around)
    assert np.isfinite(repaired).all()
    assert np.abs(repaired).max() <= np.abs(x).max()


def test_nothing_to_repair_is_nothing_done() -> None:
    x = sound()
    assert np.array_equal(repair(x, [AT, AT + 8], count=0).x, x)


def test_a_burst_goes() -> None:
    clean = sound()
    _, damaged = burst_in(clean)
    repaired, [[first, last]] = repair(damaged, [AT - 20, AT + 180], kind=BURST)
    assert first == AT - 20 and abs(last - (AT + 150)) <= 2
    assert left_of(clean, damaged, repaired) < 0.2
    assert np.array_equal(np.delete(repaired, range(first, last)), np.delete(damaged, range(first, last)))


def test_a_thump_after_a_burst_goes_with_it_but_not_into_what_must_not_change() -> None:
    at = THUMPS.past + 500
    clean = sound(at + THUMPS.longest + 500)
    damaged = burst_in(clean, at=at)[1]
    span = [at - 20, at + 180]
    t = np.arange(clean.size - at - 150)
    damaged[at + 150 :] += 0.1 * np.exp(-t / 500.0) * np.sin(2 * np.pi * 60.0 / RATE * t)
    repaired, [[_, last]] = repair(damaged, span, kind=BURST)
    assert last > at + 1_500
    rest = slice(span[1], None)
    assert left_of(clean[rest], damaged[rest], repaired[rest]) < 0.15
    vetoed, [[_, last]] = repair(damaged, span, kind=BURST, until=at + 1_000)
    assert last < span[1]
    assert np.array_equal(vetoed[last:], damaged[last:])


def test_a_ring_that_goes_on_into_what_must_not_change_stays_whole() -> None:
    damaged = struck(sound(), CLICKS["ring"][0])
    last = repair(damaged, span_of("ring")).done[0][1]
    assert last > span_of("ring")[1] + 100
    assert repair(damaged, span_of("ring"), until=last).done[0][1] == last
    repaired, done = repair(damaged, span_of("ring"), until=last - 1)
    assert np.array_equal(repaired, damaged)
    assert done == [[AT - 3, AT - 3]]


@pytest.mark.parametrize("seed", range(3))
def test_tops_that_a_rail_cut_off_do_not_stay_behind(seed: int) -> None:
    clean = sound(seed=seed)
    whole = struck(clean, 2.0 / SIGMA * pop(1_500.0))
    damaged = np.clip(whole, -0.8, 0.8)
    repaired, [[first, last]] = repair(damaged, [AT - 3, AT + 60])
    assert last - first > 200
    assert np.sum((repaired - clean) ** 2) < 0.02 * np.sum((whole - damaged) ** 2)


def test_forced_spans_are_rebuilt_whatever_they_hold() -> None:
    """Tones that the model predicts come back; two that lie close by, together."""
    t = np.arange(SIZE)
    clean = 0.1 * np.sin(0.07 * t) + 0.05 * np.sin(0.31 * t + 1) + 1e-3 * sound()
    spans = [[AT, AT + 12], [AT + 15, AT + 40], [2_300, 2_301]]
    for filling in (0.0, 0.9, -0.2):
        damaged = clean.copy()
        for start, stop in spans:
            damaged[start:stop] = filling
        repaired, done = repair(damaged, *spans, kind=FORCED, score=np.inf)
        assert done == spans
        assert np.abs(repaired - clean).max() < 1e-4
        inside = np.concatenate([np.arange(*span) for span in spans])
        assert np.array_equal(np.delete(repaired, inside), np.delete(damaged, inside))


def test_the_same_repair_twice_has_the_same_bits() -> None:
    x = struck(sound(), CLICKS["noise that decays"][0])
    assert np.array_equal(
        repair(x, span_of("noise that decays")).x, repair(x, span_of("noise that decays")).x
    )


def limited(x: np.ndarray, edge: float) -> np.ndarray:
    return np.convolve(x, firwin(255, edge, window=("kaiser", 9.0)), "same")


@pytest.mark.parametrize("edge", [0.35, 0.7])
@pytest.mark.parametrize("name", ["ring", "noise that decays"])
def test_clicks_go_as_well_within_a_limited_band(name: str, edge: float) -> None:
    """What came with the sound through the same filter has nothing above its edge to be known by."""
    clean = sound()
    damaged = limited(struck(clean, CLICKS[name][0]), edge)
    clean = limited(clean, edge)
    repaired, [[first, last]] = repair(damaged, span_of(name))
    assert last > first
    assert left_of(clean, damaged, repaired) < 0.45
    assert np.array_equal(repaired[:first], damaged[:first])
    assert np.array_equal(repaired[last:], damaged[last:])


def test_what_a_limited_band_spreads_stops_at_what_must_not_change() -> None:
    damaged = limited(struck(sound(), CLICKS["ring"][0]), 0.5)
    start = span_of("ring")[0]
    assert repair(damaged, span_of("ring")).done[0][0] == start - SPREAD
    assert repair(damaged, span_of("ring"), since=start - 4).done[0][0] == start - 4


def test_samples_that_are_off_stand_in_the_void_above_a_limited_band() -> None:
    """Only the void tells exactly what they were: filling it, for other clicks' sake, must not cost that."""
    clean = limited(sound(), 0.5)
    damaged = struck(clean, CLICKS["one sample"][0])
    repaired, _ = repair(damaged, span_of("one sample"))
    assert left_of(clean, damaged, repaired) < 1e-4


def test_a_walls_push_goes_with_its_tail_and_stays_where_that_may_not_change() -> None:
    clean = sound(6_000)
    damaged = struck(clean, 4_000.0 * wall(RATE, False))
    span = [AT - 5, AT + 50]
    whole, [[first, last]] = repair(damaged, span)
    assert first >= AT - 25 and AT + CURVES.seen < last <= AT + CURVES.last
    assert left_of(clean, damaged, whole) < 0.05
    assert np.array_equal(whole[last:], damaged[last:])
    vetoed, [[_, last]] = repair(damaged, span, until=AT + 600)
    assert span[1] <= last <= AT + 600
    assert np.array_equal(vetoed[AT + 600 :], damaged[AT + 600 :])

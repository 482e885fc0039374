"""A click that was added is estimated, weighed and taken away; all beside it, and the sound's own, stays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from wavemend.kernels.pulses.clicks import (
    BURST,
    CLICK,
    FORCED,
    Tilt,
    confirm_bursts,
    estimate_burst,
    estimate_click,
    is_absurd,
    repair_spans,
    tilt_gain,
)
from wavemend.kernels.pulses.rings import RingSearch, ring_poles
from wavemend.kernels.pulses.thumps import thump_search

RATE = 44_100
PIVOT = 0.3
POLES = np.array([0.985 * np.exp(0.1j), 0.97 * np.exp(0.4j), 0.9 * np.exp(1.1j)])
MODEL = np.poly(np.concatenate([POLES, POLES.conj()])).real
SIGMA = 2.0**-12  # standard deviation of the sound's excitation; a power of two scales to the bit
SLOWEST = float(np.exp(-np.log(1000.0) / 530))
SEARCH = RingSearch(6, ring_poles(RATE, SLOWEST), SLOWEST)
THUMPS = thump_search(RATE, 12.0)
ORDER, AROUND = 16, 600
SIZE, AT = 3_000, 1_500
LEAST, LEAST_ODDS = 12.0, 16.0
PLAIN = 20.0  # a score of what the sound itself cannot be


def sound(size: int = SIZE, seed: int = 0) -> np.ndarray:
    """Resonant noise."""
    return lfilter([1.0], MODEL, SIGMA * np.random.default_rng(seed).standard_normal(size + 1_000))[1_000:]


def pop(hertz: float = 800.0, decay_s: float = 1.0e-3, size: int = 400) -> np.ndarray:
    t = np.arange(size) / RATE
    return np.exp(-t / decay_s) * np.cos(2 * np.pi * hertz * t + 0.4)


CLICKS = {  # in units of the excitation's standard deviation, and the span in which each is found
    "one sample": (np.array([80.0]), 5),
    "samples that are off": (np.array([60.0, -45.0, 90.0, 20.0, -70.0, 55.0]), 10),
    "ring": (1_500.0 * pop(1_500.0), 40),
    "noise that decays": (
        300.0 * np.exp(-np.arange(60) / 12.0) * np.random.default_rng(5).standard_normal(60),
        60,
    ),
}


def struck(x: np.ndarray, click: np.ndarray, at: int = AT) -> np.ndarray:
    y = x.copy()
    y[at : at + click.size] += SIGMA * click
    return y


def span_of(name: str, at: int = AT) -> list[int]:
    return [at - 3, at + CLICKS[name][1] + 3]


class Repaired(NamedTuple):
    x: np.ndarray
    done: list[list[int]]


def repair(
    x: np.ndarray, *spans: list[int], count: int | None = None, kind: int = CLICK, **given: object
) -> Repaired:
    """Repair the first `count` spans, all of one kind, in a copy."""
    y = x.copy()
    count = len(spans) if count is None else count
    done = np.full((count, 2), -1, np.int64)
    bounds = np.array(given.get("bounds", [0, x.size]))
    repair_spans(
        y,
        np.array(spans, np.int64),
        count,
        bounds,
        given.get("around", AROUND),
        ORDER,
        SEARCH,
        THUMPS,
        LEAST,
        LEAST_ODDS,
        np.full(count, kind, np.int64),
        np.full(count, given.get("score", PLAIN)),
        given.get("tilt", Tilt(0.0, PIVOT)),
        np.full(count, given.get("until", bounds[1]), np.int64),
        done,
    )
    return Repaired(y, done.tolist())


def left_of(clean: np.ndarray, damaged: np.ndarray, repaired: np.ndarray) -> float:
    """Energy of what is left of a click, as a part of it."""
    return float(np.sum((repaired - clean) ** 2) / np.sum((damaged - clean) ** 2))


def ring(frequency: float) -> np.ndarray:
    t = np.arange(2_000)
    return np.exp(-t / 300.0) * np.sin(frequency * t)


@pytest.mark.parametrize(("octaves", "gain"), [(-3, 0.5), (-1, 2**-0.5), (0, 1.0), (1, 2**0.5), (3, 2.0)])
def test_an_octave_is_worth_what_the_tilt_says_up_to_two(octaves: int, gain: float) -> None:
    assert tilt_gain(ring(PIVOT * 2.0**octaves), Tilt(0.5, PIVOT)) == pytest.approx(gain, rel=0.05)
    assert tilt_gain(ring(PIVOT * 2.0**octaves), Tilt(-0.5, PIVOT)) == pytest.approx(1 / gain, rel=0.05)


def test_without_a_tilt_every_click_is_worth_the_same() -> None:
    assert tilt_gain(ring(0.01), Tilt(0.0, PIVOT)) == tilt_gain(ring(1.0), Tilt(0.0, PIVOT)) == 1.0


@settings(max_examples=30)
@given(
    st.lists(st.integers(-100, 100), max_size=20).map(lambda v: np.array(v, np.float64)), st.integers(1, 9)
)
def test_what_a_tilt_gives_depends_on_the_shape_alone(click: np.ndarray, zeros: int) -> None:
    tilt = Tilt(0.7, PIVOT)
    gain = tilt_gain(click, tilt)
    assert 2**-1.4 - 1e-9 <= gain <= 2**1.4 + 1e-9
    for same in (-click, 2.0**-20 * click, click[::-1].copy(), np.pad(click, zeros)):
        assert tilt_gain(same, tilt) == pytest.approx(gain, rel=1e-9)


def test_the_frequency_of_a_click_is_that_of_its_spectrum() -> None:
    click = np.random.default_rng(0).standard_normal(50)
    power = np.abs(np.fft.fft(click, 4_096)) ** 2
    omega = 2 * np.pi * np.arange(4_096) / 4_096
    sine = np.sqrt(np.sum(power * np.sin(omega / 2) ** 2) / np.sum(power))
    assert tilt_gain(click, Tilt(0.3, 1.0)) == pytest.approx((2 * np.arcsin(sine)) ** 0.3, rel=1e-9)


@settings(max_examples=30)
@given(st.floats(-1.0, 3.0), st.integers(0, 30), st.integers(0, 99))
def test_absurd_is_what_leaves_clearly_more_sound(part: float, length: int, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(40)
    click = np.full(40, 1e6)
    click[:length] = part * x[5 : 5 + length] / SIGMA
    left = (1.0 - part) ** 2
    if length and abs(left - 1.5) > 1e-6:
        assert is_absurd(x, 5, length, SIGMA, click) == (left > 1.5)
    assert not is_absurd(x, 5, 0, SIGMA, click)


def test_a_click_in_silence_is_absurd() -> None:
    assert is_absurd(np.zeros(10), 2, 3, SIGMA, np.array([0.0, 1.0, 0.0]))
    assert not is_absurd(np.zeros(10), 2, 3, SIGMA, np.zeros(3))


def estimated(x: np.ndarray, span: list[int], end: int = SIZE, room: int = 600) -> tuple[np.ndarray, float]:
    """The click that is under a span, and the evidence for it."""
    click = np.full(room, np.nan)
    length, evidence = estimate_click(x, *span, end, MODEL, SIGMA, SEARCH, click)
    return click[:length], evidence


@pytest.mark.parametrize("name", CLICKS)
def test_a_click_is_estimated_from_its_spans_first_sample_on(name: str) -> None:
    added = CLICKS[name][0]
    x = struck(sound(), added)
    before = x.copy()
    click, evidence = estimated(x, span_of(name))
    whole = np.zeros(click.size + added.size)
    whole[3 : 3 + added.size] = added
    assert evidence > 100.0
    assert np.sum((whole - np.pad(click, (0, added.size))) ** 2) < 0.1 * np.sum(added**2)
    assert np.array_equal(x, before)


def test_a_ring_goes_on_past_its_span_as_far_as_there_is_room() -> None:
    x = struck(sound(), CLICKS["ring"][0])
    span = span_of("ring")
    long = estimated(x, span)[0]
    assert 200 < long.size <= 600
    short = estimated(x, span, room=120)[0]
    assert short.size == 120
    assert np.array_equal(short, long[:120])
    beside = estimated(x, span, end=span[1] + 30)[0]  # it is known from less, and goes on all the same
    assert beside.size > span[1] - span[0] + 30


def test_without_a_click_there_is_no_evidence() -> None:
    for seed in range(8):
        assert estimated(sound(seed=seed), [AT, AT + 20])[1] < LEAST


@pytest.mark.parametrize("name", CLICKS)
def test_an_estimate_knows_nothing_of_samples_that_do_not_count(name: str) -> None:
    x = struck(sound(), CLICKS[name][0])
    start, stop = span_of(name)
    end = stop + 2 * MODEL.size
    narrow = np.full(SIZE, np.nan)
    narrow[start - MODEL.size + 1 : end] = x[start - MODEL.size + 1 : end]
    click, evidence = estimated(x, [start, stop], end)
    again, same = estimated(np.where(np.arange(SIZE) < end, x, 1e6), [start, stop], end)
    assert np.array_equal(click, again) and evidence == same
    if name != "ring":  # whose own tail says whether it is absurd
        assert np.array_equal(click, estimated(narrow, [start, stop], end)[0])


@pytest.mark.parametrize("name", CLICKS)
def test_an_estimate_in_units_of_the_excitation_is_the_same_at_any_level(name: str) -> None:
    x = struck(sound(), CLICKS[name][0])
    click, evidence = estimated(x, span_of(name))
    other = np.empty(600)
    length, same = estimate_click(-4.0 * x, *span_of(name), SIZE, MODEL, 4.0 * SIGMA, SEARCH, other)
    assert np.array_equal(other[:length], -click) and same == evidence


def burst_in(
    x: np.ndarray, size: int = 150, height: float = 100.0, at: int = AT
) -> tuple[np.ndarray, np.ndarray]:
    """A burst of white noise, and `x` with it."""
    burst = height * np.random.default_rng(7).standard_normal(size)
    return burst, struck(x, burst, at)


def test_a_burst_is_estimated_and_its_end_found() -> None:
    burst, x = burst_in(sound())
    click = np.full(250, np.nan)
    length, evidence = estimate_burst(x, AT - 20, AT + 200, SIZE, MODEL, SIGMA, click)
    assert evidence > 100.0 and abs(length - 170) <= 2
    assert np.sum((click[20:length] - burst[: length - 20]) ** 2) < 0.2 * np.sum(burst**2)
    assert np.isnan(click[220:]).all()
    again = np.empty(250)
    assert estimate_burst(-2.0 * x, AT - 20, AT + 200, SIZE, MODEL, 2.0 * SIGMA, again) == (length, evidence)
    assert np.array_equal(again[:length], -click[:length])


def test_a_sound_that_is_louder_itself_is_no_burst() -> None:
    drive = SIGMA * np.random.default_rng(0).standard_normal(SIZE)
    drive[AT : AT + 150] *= 30.0
    for x in (sound(), lfilter([1.0], MODEL, drive)):
        assert estimate_burst(x, AT - 20, AT + 200, SIZE, MODEL, SIGMA, np.empty(250)) == (0, -np.inf)


def confirmed(x: np.ndarray, bursts: list[list[float]], clicks: list[list[int]]) -> list[list[float]]:
    rows, before = np.array(bursts), x.copy()
    spans = np.array(clicks, np.int64).reshape(-1, 2)
    kept = confirm_bursts(x, rows, spans, np.array([0, x.size]), AROUND, ORDER, SEARCH)
    assert np.array_equal(x, before)
    return rows[:kept].tolist()


def test_bursts_of_noise_are_confirmed_and_what_a_click_explains_is_not() -> None:
    noisy = [AT - 15.0, AT + 165.0, 4.0]
    _, x = burst_in(sound())
    assert confirmed(x, [noisy], []) == [noisy]
    assert confirmed(x, [noisy], [[AT + 10, AT + 18]]) == [noisy]
    ringing = struck(sound(), 400.0 * pop(2_500.0, 0.7e-3))
    assert confirmed(ringing, [[AT - 10.0, AT + 120.0, 4.0]], [[AT - 3, AT + 60]]) == []
    assert confirmed(sound(), [noisy], []) == []


def test_the_bursts_that_are_kept_stay_in_their_order() -> None:
    x = sound(6_000)
    for at in (1_500, 3_000, 4_500):
        x = burst_in(x, at=at)[1]
    rows = [[at - 15.0, at + 165.0, at / 1e3] for at in (1_500, 3_000, 4_500)]
    nothing = [[2_300.0, 2_480.0, 9.0], [3_800.0, 3_980.0, 9.0]]
    assert confirmed(x, [rows[0], nothing[0], rows[1], nothing[1], rows[2]], []) == rows


@pytest.mark.parametrize("place", [[ORDER - 1.0, 200.0, 4.0], [SIZE - 190.0, SIZE + 0.0, 4.0]])
def test_bursts_at_the_ends_cannot_be_judged(place: list[float]) -> None:
    assert confirmed(burst_in(sound(), at=int(place[0]))[1], [place], []) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CLICKS)
def test_a_click_goes_and_all_beside_it_stays_to_the_bit(name: str, seed: int) -> None:
    clean = sound(seed=seed)
    damaged = struck(clean, CLICKS[name][0])
    span = span_of(name)
    repaired, [[first, last]] = repair(damaged, span)
    assert first == span[0] and last >= span[1]
    assert left_of(clean, damaged, repaired) < 0.1
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

"""A click or a burst that was added is estimated; the evidence tells it from what the sound does itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from wavemend.kernels.pulses.clicks import estimate_burst, estimate_click
from wavemend.kernels.pulses.confirmed_bursts import confirm_bursts
from wavemend.kernels.pulses.rings import RingSearch, ring_poles
from wavemend.kernels.pulses.tilt import Tilt, tilt_gain

RATE = 44_100
PIVOT = 0.3
POLES = np.array([0.985 * np.exp(0.1j), 0.97 * np.exp(0.4j), 0.9 * np.exp(1.1j)])
MODEL = np.poly(np.concatenate([POLES, POLES.conj()])).real
SIGMA = 2.0**-12  # standard deviation of the sound's excitation; a power of two scales to the bit
SLOWEST = float(np.exp(-np.log(1000.0) / 530))
SEARCH = RingSearch(6, ring_poles(RATE, SLOWEST), SLOWEST)
ORDER, AROUND = 16, 600
SIZE, AT = 3_000, 1_500
LEAST = 12.0  # evidence that a repair asks for


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


def estimated(x: np.ndarray, span: list[int], end: int = SIZE, room: int = 600) -> tuple[np.ndarray, float]:
    """The click that is under a span, and the evidence for it."""
    click = np.full(room, np.nan)
    length, evidence, _ = estimate_click(x, *span, end, MODEL, SIGMA, SEARCH, click)
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
    length, same, _ = estimate_click(-4.0 * x, *span_of(name), SIZE, MODEL, 4.0 * SIGMA, SEARCH, other)
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
    ringing = struck(sound(), 100.0 * pop(2_500.0, 0.7e-3))
    span = [AT - 10.0, AT + 130.0, 4.0]
    for elsewhere in ([], [[AT - 300, AT - 240]], [[0, 8]], [[SIZE - 8, SIZE]]):
        assert confirmed(ringing, [span], elsewhere) == [span]
    assert confirmed(ringing, [span], [[AT - 3, AT + 60]]) == []
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

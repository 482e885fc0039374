"""Crackle goes, the music under it stays; a sound's own impulses are no crackle; all else to the bit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import firwin, lfilter, resample_poly
from wavemend.contract.marks import Mark, Marks
from wavemend.contract.stage import Event
from wavemend.errors import ParameterError
from wavemend.kernels.pulses.crackle import find_crackle
from wavemend.plugins import decrackle
from wavemend.plugins.decrackle import Decrackle

from tests.plugins.declick.test_stage import EXCITATION, MODEL, RATE, gone_db, sound, tick


def crackle(
    samples: int = 40_000, per_second: float = 200.0, peak: float = 0.1, seed: int = 1, channels: int = 1
) -> np.ndarray:
    """Impulses of one to three samples and short ticks, peaking at a fifth of `peak` to `peak`."""
    draw = np.random.default_rng(seed)
    added = np.zeros((channels, samples + 200))
    for channel in added:
        for at in draw.integers(0, samples, round(per_second * samples / RATE)):
            pulse = draw.uniform(-1, 1, draw.integers(1, 4))
            if draw.random() < 0.5:
                pulse = tick(frequency=draw.uniform(2e3, 8e3), decay_ms=draw.uniform(0.03, 0.15))
            scale = peak * 5.0 ** -draw.random() * draw.choice([-1, 1])
            channel[at : at + pulse.size] += scale * pulse / np.abs(pulse).max()
    return added[:, :samples]


def repair(x: np.ndarray, marks: Marks = Marks(), **values: object) -> tuple[np.ndarray, list[Event]]:  # noqa: B008
    events: list[Event] = []
    stream = Decrackle(**values).stream(RATE, x.shape[0], marks=marks)
    return np.concatenate([stream.step(x, events.append), stream.flush(events.append)], axis=1), events


@pytest.mark.parametrize(("per_second", "at_least_db"), [(50, 12.0), (200, 10.0), (1000, 6.0)])
@pytest.mark.parametrize("peak", [0.1, 0.8])
def test_crackle_goes(per_second: float, at_least_db: float, peak: float) -> None:
    clean = sound()
    damaged = clean + crackle(per_second=per_second, peak=peak)
    repaired, events = repair(damaged)
    assert gone_db(clean, damaged, repaired) > at_least_db
    assert {event.kind for event in events} == {"crackle"}
    assert len(events) > 0.5 * per_second * clean.shape[1] / RATE


def soft_crackle(samples: int, per_second: float = 100.0, peak: float = 1.0, seed: int = 1) -> np.ndarray:
    """Noise up to 7 kHz that swells and fades within 0.4 ms, of a fifth of `peak` to `peak`."""
    draw = np.random.default_rng(seed)
    added = np.zeros((1, samples + 200))
    t = np.arange(-60, 61) / RATE
    for at in draw.integers(0, samples, round(per_second * samples / RATE)):
        pulse = np.exp(-0.5 * (t / draw.uniform(0.05e-3, 0.12e-3)) ** 2)
        pulse *= np.convolve(draw.standard_normal(t.size), firwin(41, 7e3, fs=RATE), "same")
        added[0, at : at + t.size] += peak * 5.0 ** -draw.random() * pulse / np.abs(pulse).max()
    return added[:, :samples]


def test_crackle_without_a_sharp_beginning_goes_once_it_is_known() -> None:
    clean = np.tile(sound(), 4)
    damaged = clean + soft_crackle(clean.shape[1], peak=3.0)
    repaired, _ = repair(damaged)
    later = slice(2 * RATE, None)  # by then enough was heard of it
    assert gone_db(clean[:, later], damaged[:, later], repaired[:, later]) > 6.0


@pytest.mark.parametrize("rate", [8_000, 384_000])
def test_where_a_bell_is_a_sample_or_is_cut_off_crackle_is_never_soft(rate, monkeypatch) -> None:
    """At 8 kHz bells said as much as samples, so that loud sharp crackle was taken as soft, and lost less."""
    soft = []

    def spy(*args):
        found = find_crackle(*args)
        soft.append(found[2])
        return found

    monkeypatch.setattr(decrackle, "find_crackle", spy)
    Decrackle().process(sound() + crackle(per_second=200.0, peak=2.0), rate)
    assert soft and not any(soft)


def low_passed(x: np.ndarray) -> np.ndarray:
    taps = firwin(511, 14_000.0, window=("kaiser", 12.0), fs=RATE)
    return lfilter(taps, 1.0, np.pad(x, ((0, 0), (0, 255))))[:, 255:]


def at_twice_the_rate(x: np.ndarray) -> np.ndarray:
    return resample_poly(x, 2, 1, axis=1, window=("kaiser", 12.0))


@pytest.mark.parametrize("route", [low_passed, at_twice_the_rate])
def test_crackle_goes_that_passed_a_band_limit_with_the_sound(route) -> None:
    clean = sound()
    damaged = clean + crackle(per_second=200.0, peak=0.4)
    rate = RATE * route(clean).shape[1] // clean.shape[1]
    assert gone_db(route(clean), route(damaged), Decrackle().process(route(damaged), rate)) > 7.0
    assert np.array_equal(Decrackle().process(route(clean), rate), route(clean))


def test_strokes_among_crackle_stay() -> None:
    """As a drum loop has them: noise with an edge, far longer than an impulse."""
    clean = sound(3 * RATE)
    draw = np.random.default_rng(3)
    for at in range(20_000, 120_000, 11_025):
        stroke = 0.3 * np.exp(-np.arange(4_000) / 600) * draw.standard_normal(4_000)
        clean[0, at : at + 4_000] += stroke
    damaged = clean + crackle(3 * RATE, per_second=200.0, peak=0.05)
    assert gone_db(clean, damaged, repair(damaged)[0]) > 0.0


@pytest.mark.parametrize("seed", range(3))
def test_clean_sound_comes_back_to_the_bit(seed: int) -> None:
    clean = sound(seed=seed, channels=2)
    repaired, events = repair(clean)
    assert not events
    assert np.array_equal(repaired, clean)


@pytest.mark.parametrize("every", [100, 400, 3_000])
def test_a_sounds_own_impulses_are_no_crackle(every: int) -> None:
    """Strings plucked, a voice, a reed: impulses that *drive* the resonances, however sharp they are."""
    draw = np.random.default_rng(0)
    excitation = EXCITATION * draw.standard_normal(40_000)
    places = np.cumsum(draw.integers(every // 2, every * 3 // 2, 40_000 // every - 5))
    excitation[places] += EXCITATION * draw.uniform(5, 80, places.size) * draw.choice([-1, 1], places.size)
    driven = lfilter([1.0], MODEL, excitation)[np.newaxis]
    repaired, events = repair(driven)
    assert not events
    assert np.array_equal(repaired, driven)


def test_the_same_impulses_added_are_crackle() -> None:
    """The counterpart of the test above: as tall in the excitation, but beside the resonances."""
    clean = sound()
    places = np.arange(1_000, 39_000, 400)
    damaged = clean.copy()
    damaged[0, places] += 40 * EXCITATION
    repaired, events = repair(damaged)
    assert len(events) == places.size
    assert gone_db(clean, damaged, repaired) > 20.0


def test_outside_the_events_every_sample_is_as_it_was() -> None:
    damaged = sound(channels=2) + crackle(channels=2)
    repaired, events = repair(damaged)
    inside = np.zeros(damaged.shape, bool)
    for event in events:
        inside[event.channel, event.position : event.position + event.length] = True
    assert inside.any()
    assert np.array_equal(repaired[~inside], damaged[~inside])


def test_events_come_in_order_and_lie_in_the_recording() -> None:
    events = repair(sound(channels=2) + crackle(channels=2))[1]
    positions = [event.position for event in events]
    assert all(b >= a - 1024 for a, b in pairwise(positions))
    assert all(e.position >= 0 and e.position + e.length <= 40_000 and e.confidence >= 0.5 for e in events)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 9_000), max_size=8))
def test_any_partition_gives_the_same_bits(blocks: list[int]) -> None:
    damaged = sound(20_000, channels=2) + crackle(20_000, channels=2)
    stream, at, parts = Decrackle().stream(RATE, 2), 0, []
    for size in [*blocks, damaged.shape[1]]:
        parts.append(stream.step(damaged[:, at : at + size]))
        at += size
    parts.append(stream.flush())
    assert np.array_equal(np.concatenate(parts, axis=1), repair(damaged)[0])


def test_any_partition_gives_the_same_bits_of_soft_crackle() -> None:
    damaged = np.tile(sound(), 2)
    damaged += soft_crackle(damaged.shape[1], peak=3.0)
    whole, _ = repair(damaged)
    stream = Decrackle().stream(RATE, 1)
    parts = [stream.step(damaged[:, k : k + 12_345]) for k in range(0, damaged.shape[1], 12_345)]
    assert np.array_equal(np.concatenate([*parts, stream.flush()], axis=1), whole)


@pytest.mark.parametrize("edge", range(4_088, 4_104, 4))
def test_where_blocks_meet_makes_no_difference(edge: int) -> None:
    clean = sound(20_000)
    damaged = clean.copy()
    ring = 0.4 * tick(decay_ms=0.1)
    for at in range(edge - 3 * 1_024, edge + 13 * 1_024, 1_024):
        damaged[0, at : at + ring.size] += ring
    repaired, events = repair(damaged)
    assert len(events) >= 16
    assert gone_db(clean, damaged, repaired) > 10.0  # a ring of 4 kHz lies at the resonances' edge


@pytest.mark.parametrize("samples", [1, 500, 2_047, 4_096, 66_560, 66_561, 71_680])
def test_recordings_of_every_length(samples: int) -> None:
    """Shorter than a model, a stretch and the look-ahead, and as long as the buffer and about."""
    damaged = sound(samples) + crackle(samples, per_second=1_000.0)
    repaired, events = repair(damaged)
    assert repaired.shape == damaged.shape
    assert all(event.position >= 0 and event.position + event.length <= samples for event in events)
    assert bool(events) == (samples > 40_000)


def test_little_crackle_is_left_to_declick() -> None:
    """A few impulses are Declick's: a drum has them too, and only what goes on for seconds is crackle."""
    few, many = (sound(3 * RATE) + crackle(3 * RATE, per_second=rate, peak=0.8) for rate in (5.0, 50.0))
    assert np.array_equal(repair(few)[0], few)
    assert repair(few, strength=10.0)[1] == []
    assert repair(many)[1]


def test_a_burst_of_impulses_is_no_crackle() -> None:
    """A stroke: many at once, then nothing for a second."""
    damaged = sound(3 * RATE)
    for at in (20_000, 64_000, 108_000):
        damaged[0, at : at + 2_000] += crackle(2_000, per_second=2_000.0)[0]
    repaired, events = repair(damaged)
    assert not events
    assert np.array_equal(repaired, damaged)


def test_a_stroke_among_crackle_stays() -> None:
    """Far taller than the crackle around, and no addition by its odds."""
    clean = sound(2 * RATE)
    faint = crackle(2 * RATE, per_second=60.0, peak=0.02)
    stroke = lfilter([1.0], MODEL, np.eye(1, 2 * RATE, 40_000)[0] * 400 * EXCITATION)
    events = repair(clean + faint + stroke)[1]
    assert len(events) > 60
    assert not any(abs(event.position - 40_000) < 4 for event in events)


def test_linear() -> None:
    """Halves are exact in floating point, so nothing but the scale may change."""
    damaged = sound() + crackle()
    assert np.array_equal(repair(0.5 * damaged)[0], 0.5 * repair(damaged)[0])
    assert np.array_equal(repair(-damaged)[0], -repair(damaged)[0])


def test_channels_are_never_mixed() -> None:
    clean = sound(channels=2)
    damaged = clean.copy()
    damaged[1] += crackle()[0]
    repaired, events = repair(damaged)
    assert {event.channel for event in events} == {1}
    assert np.array_equal(repaired[0], clean[0])


def test_strength_takes_fainter_crackle() -> None:
    damaged = sound() + crackle(per_second=50, peak=0.006)
    counts = [len(repair(damaged, strength=value)[1]) for value in (0.0, 5.0, 10.0)]
    assert counts[0] < counts[1] < counts[2]


def test_skew_chooses_between_faint_and_loud() -> None:
    clean = sound()
    damaged = clean.copy()
    faint, loud = np.arange(2_000, 38_000, 1_000), np.arange(2_500, 38_000, 1_000)
    damaged[0, faint] += 8 * EXCITATION
    damaged[0, loud] += 0.1
    both = {}
    for skew in (-0.5, 0.0, 1.0):
        taken = np.zeros(40_000, bool)
        for event in repair(damaged, amplitude_skew=skew)[1]:
            taken[event.position : event.position + event.length] = True
        both[skew] = taken[faint].sum(), taken[loud].sum()
    assert both[1.0][0] < both[0.0][0] <= both[-0.5][0]
    assert both[1.0][1] == both[0.0][1] == loud.size


def test_what_is_vetoed_stays() -> None:
    damaged = sound() + crackle(per_second=50, peak=0.8)
    first = repair(damaged)[1][0]
    marks = Marks(vetoed=(Mark(first.position, first.length, 0),))
    repaired, events = repair(damaged, marks)
    span = slice(first.position, first.position + first.length)
    assert np.array_equal(repaired[:, span], damaged[:, span])
    assert events


def test_vetoes_are_put_in_order_once_however_long_the_recording(monkeypatch) -> None:
    asked = []
    ordered = Marks.vetoed_in
    monkeypatch.setattr(
        Marks, "vetoed_in", lambda self, channel: asked.append(channel) or ordered(self, channel)
    )
    repair(sound() + crackle(per_second=50, peak=0.8), Marks(vetoed=tuple(Mark(9 * n, 4) for n in range(99))))
    assert sorted(asked) == list(range(len(sound())))


def test_an_event_cannot_be_forced() -> None:
    with pytest.raises(ParameterError, match="force an event on Declick"):
        Decrackle().stream(RATE, 1, marks=Marks(forced=(Mark(100, 10),)))


def test_output_that_was_removed_is_the_crackle() -> None:
    damaged = sound() + crackle()
    repaired = Decrackle().process(damaged[0], RATE)
    assert np.array_equal(Decrackle(output="removed").process(damaged[0], RATE), damaged[0] - repaired)

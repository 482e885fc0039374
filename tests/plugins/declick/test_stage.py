"""Clicks go, the music under them stays; attacks, pulses and silence are no clicks; all else to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from wavemend.contract.stage import Event
from wavemend.plugins.declick.stage import Declick

RATE = 44_100
POLES = np.array([0.985 * np.exp(0.1j), 0.97 * np.exp(0.4j), 0.9 * np.exp(1.1j)])
MODEL = np.poly(np.concatenate([POLES, POLES.conj()])).real
GAIN = float(1 / np.sqrt(np.sum(lfilter([1.0], MODEL, np.eye(1, 5000)[0]) ** 2)))
EXCITATION = 0.1 * GAIN  # standard deviation of what drives `sound`
SCALE = EXCITATION / np.abs(MODEL).max()  # a single sample off by this much stands out by one scale
AT = (9_000, 14_000, 21_111, 30_000)
MANY = tuple(range(2_000, 38_000, 2_000))


def sound(samples: int = 40_000, seed: int = 0, channels: int = 1) -> np.ndarray:
    """Resonant noise with an RMS of 0.1: under it lies what a click finder takes for granted."""
    excitation = np.random.default_rng(seed).standard_normal((channels, samples + 2000))
    return EXCITATION * lfilter([1.0], MODEL, excitation)[:, 2000:]


def tick(rate: float = RATE, frequency: float = 4_000.0, decay_ms: float = 0.15) -> np.ndarray:
    t = np.arange(round(8e-3 * decay_ms * rate)) / rate
    return np.exp(-t / (1e-3 * decay_ms)) * np.cos(2 * np.pi * frequency * t)


def struck(x: np.ndarray, click: np.ndarray, places: tuple[int, ...] = AT) -> np.ndarray:
    y = x.copy()
    for k, at in enumerate(places):
        y[..., at : at + click.size] += (-1) ** k * click
    return y


def repair(x: np.ndarray, rate: float = RATE, **values: float) -> tuple[np.ndarray, list[Event]]:
    events: list[Event] = []
    stream = Declick(**values).stream(rate, x.shape[0])
    return np.concatenate([stream.step(x, events.append), stream.flush(events.append)], axis=1), events


def gone_db(clean: np.ndarray, damaged: np.ndarray, repaired: np.ndarray) -> float:
    return float(10 * np.log10(np.sum((damaged - clean) ** 2) / np.sum((repaired - clean) ** 2)))


CLICKS = {
    "tick": 0.5 * tick(),
    "slow, low ring": 0.5 * tick(frequency=900.0, decay_ms=0.7),
    "one sample": np.array([0.4]),
    "samples that are off": np.array([0.3, -0.2, 0.5, 0.1, -0.4, 0.3]),
    "jump that decays": 0.4 * np.exp(-np.arange(15) / 2.0),
}


@pytest.mark.parametrize("name", CLICKS)
def test_clicks_are_found_where_they_are_and_taken_away(name: str) -> None:
    clean = sound()
    damaged = struck(clean, CLICKS[name])
    repaired, events = repair(damaged)
    # The low ring lies in the sound's own resonances: an octave of frequency is worth 10 dB there.
    assert gone_db(clean, damaged, repaired) > (10.0 if "low" in name else 18.0)
    assert [event.kind for event in events] == ["click"] * len(AT)
    for event, at in zip(events, AT, strict=True):
        assert abs(event.position - at) <= 6
        assert event.channel == 0
        assert 0.5 < event.confidence <= 1.0


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000, 192_000])
def test_at_any_rate(rate: int) -> None:
    clean = sound()
    damaged = struck(clean, 0.5 * tick(rate, frequency=0.09 * rate, decay_ms=6.6e3 / rate))
    assert gone_db(clean, damaged, repair(damaged, rate)[0]) > 18.0


def test_outside_the_events_every_sample_is_as_it_was() -> None:
    damaged = struck(sound(channels=2), CLICKS["tick"])
    repaired, events = repair(damaged)
    inside = np.zeros(damaged.shape, bool)
    for event in events:
        inside[event.channel, event.position : event.position + event.length] = True
    assert inside.any()
    assert np.array_equal(repaired[~inside], damaged[~inside])
    assert inside.mean() < 0.03


def test_clean_sound_comes_back_to_the_bit() -> None:
    for seed in range(5):
        clean = sound(seed=seed, channels=2)
        repaired, events = repair(clean)
        assert not events
        assert np.array_equal(repaired, clean)


def test_no_step_at_the_seams() -> None:
    """Where a repair begins and ends, what was taken has faded into the rounding of the excitation."""
    clean = sound()
    damaged = struck(clean, CLICKS["slow, low ring"])
    repaired, events = repair(damaged)
    removed = (damaged - repaired)[0]
    for event in events:
        assert abs(removed[event.position + event.length - 1]) < 0.01 * np.abs(removed).max()


def test_linear() -> None:
    """Halves are exact in floating point, so nothing but the scale may change."""
    damaged = struck(sound(channels=2), CLICKS["tick"])
    assert np.array_equal(repair(0.5 * damaged)[0], 0.5 * repair(damaged)[0])
    assert np.array_equal(repair(-damaged)[0], -repair(damaged)[0])


@settings(max_examples=15)
@given(st.lists(st.integers(0, 9_000), max_size=8))
def test_any_partition_gives_the_same_bits(blocks: list[int]) -> None:
    damaged = struck(sound(channels=2), CLICKS["tick"], (1_000, 8_190, 16_380, 24_500))
    stream, at, parts = Declick().stream(RATE, 2), 0, []
    for size in [*blocks, damaged.shape[1]]:
        parts.append(stream.step(damaged[:, at : at + size]))
        at += size
    parts.append(stream.flush())
    assert np.array_equal(np.concatenate(parts, axis=1), repair(damaged)[0])


@pytest.mark.parametrize("edge", range(8_180, 8_204, 4))
def test_where_frames_meet_makes_no_difference(edge: int) -> None:
    """A click at the edge of a hop or of a model's block goes like any other."""
    clean = sound()
    damaged = struck(clean, CLICKS["tick"], (edge, edge + 8_192, edge + 8_192 + 1_024))
    repaired, events = repair(damaged)
    assert len(events) == 3
    assert gone_db(clean, damaged, repaired) > 18.0


def test_one_click_in_both_channels_asks_less_of_each() -> None:
    faint = sound(channels=2)
    faint[1:] = struck(faint[1:], 6e-4 * tick(), MANY)
    plain = faint.copy()
    plain[0, MANY] += 100 * SCALE
    assert len(repair(faint)[1]) < sum(event.channel for event in repair(plain)[1])


def test_channels_are_never_mixed() -> None:
    clean = sound(channels=3)
    damaged = clean.copy()
    damaged[1] = struck(clean[1], CLICKS["tick"])
    repaired, events = repair(damaged)
    assert {event.channel for event in events} == {1}
    assert np.array_equal(repaired[[0, 2]], clean[[0, 2]])


def test_an_attack_is_no_click() -> None:
    """A drum out of near silence: its first sample stands out of the past, but not of what follows."""
    stroke = np.where(np.arange(40_000) < 20_000, 1e-3, np.exp(-np.arange(-20_000, 20_000) / 4_000.0))
    attack = EXCITATION * lfilter(
        [1.0], MODEL, stroke * np.random.default_rng(0).standard_normal((1, 40_000))
    )
    repaired, events = repair(attack)
    assert not events
    assert np.array_equal(repaired, attack)


@pytest.mark.parametrize("frequency", [110, 160, 220, 440, 880])
@pytest.mark.parametrize("breath", [1e-1, 1e-2, 1e-3])
def test_pulses_in_a_train_are_no_clicks(frequency: int, breath: float) -> None:
    """A voice: an impulse at every closure of the glottis, some breath, through the vocal tract."""
    pulses = np.zeros(40_000)
    pulses[5_000 :: RATE // frequency] = 1.0
    pulses += breath * np.random.default_rng(0).standard_normal(40_000)
    voice = lfilter([1.0], MODEL, pulses)[np.newaxis]
    assert not repair(0.2 * voice / np.abs(voice).max())[1]


@pytest.mark.parametrize("where", ["start", "end"])
def test_the_recordings_ends_are_no_clicks(where: str) -> None:
    """Loud from the first sample to the last: what lies beyond is not silence, it is nothing."""
    x = 0.9 * np.cos(0.05 * np.arange(30_001))[np.newaxis] + 1e-3 * sound(30_001)
    assert not repair(x if where == "end" else x[:, ::-1].copy())[1]


@pytest.mark.parametrize("name", ["silence", "constant", "square", "clipped", "one step of 16 bits"])
def test_what_no_model_fits_is_left_alone(name: str) -> None:
    t = np.arange(30_000)
    x = {
        "silence": np.zeros(t.size),
        "constant": np.full(t.size, 0.7),
        "square": 0.5 * np.sign(np.sin(0.02 * t + 0.1)),
        "clipped": np.clip(2 * np.sin(0.02 * t), -1, 1),
        "one step of 16 bits": np.where(t % 977 == 500, 2.0**-15, 0.0),
    }[name][np.newaxis]
    repaired, events = repair(x)
    assert not events
    assert np.array_equal(repaired, x)


def test_a_click_in_digital_silence() -> None:
    """There is no model of silence, so nothing is known of what is under a click: it stays, or goes whole."""
    silence = np.zeros((1, 40_000))
    damaged = struck(silence, CLICKS["tick"])
    repaired, _ = repair(damaged)
    assert np.sum(repaired**2) <= np.sum(damaged**2)


def test_longer_than_max_length_is_left_alone() -> None:
    damaged = struck(sound(), 0.5 * np.random.default_rng(1).standard_normal(round(2e-3 * RATE)))
    assert np.array_equal(repair(damaged, max_length_ms=1.0)[0], damaged)
    assert len(repair(damaged)[1]) == len(AT)


def test_sensitivity_finds_fainter_clicks() -> None:
    damaged = struck(sound(), np.array([22 * SCALE]), MANY)
    found = [len(repair(damaged, sensitivity=value)[1]) for value in (0.0, 5.0, 10.0)]
    assert found[0] == 0
    assert found[1] == len(MANY)
    assert len(repair(struck(sound(), np.array([9 * SCALE]), MANY), sensitivity=10.0)[1]) > 9


def test_groups_of_which_no_part_stands_out_are_none() -> None:
    """As where a tone begins out of hiss, in both channels, and much is asked for."""
    at = np.arange(2 * RATE) / RATE
    x = 0.1 * np.sin(2 * np.pi * 440 * at) * (np.sin(2 * np.pi * 0.8 * at) > 0)
    x = x + 0.003 * np.random.default_rng(1).normal(size=(2, at.size))
    x[:, 5000::7001] += 0.4
    assert np.isfinite(Declick(sensitivity=10).process(x, RATE)).all()


def test_output_that_was_removed_is_the_clicks() -> None:
    damaged = struck(sound(), CLICKS["tick"])
    repaired = Declick().process(damaged[0], RATE)
    removed = Declick(output="removed").process(damaged[0], RATE)
    assert np.array_equal(removed, damaged[0] - repaired)


def scratched(noise_ms: float = 4.0, frequency: float = 60.0, tenth_ms: float = 30.0) -> np.ndarray:
    """Milliseconds of noise, then a thump that falls to a tenth."""
    noise = 0.1 * np.random.default_rng(5).standard_normal(round(1e-3 * noise_ms * RATE))
    t = np.arange(round(4e-3 * tenth_ms * RATE)) / RATE
    return np.concatenate([noise, 0.2 * 10 ** (-1e3 * t / tenth_ms) * np.sin(2 * np.pi * frequency * t)])


@pytest.mark.parametrize("noise_ms", [2.0, 4.0, 6.0])
def test_a_scratch_goes_with_the_thump_after_it(noise_ms: float) -> None:
    clean = sound(80_000)
    places = (25_000, 45_000)
    damaged = struck(clean, scratched(noise_ms), places)
    repaired, events = repair(damaged)
    assert gone_db(clean, damaged, repaired) > 10.0
    assert [round(event.position / 1e3) for event in events] == [25, 45]
    inside = np.zeros(clean.shape[1], bool)
    for event in events:
        assert event.length > 1e-3 * noise_ms * RATE + 2_000
        inside[event.position : event.position + event.length] = True
    assert np.array_equal(repaired[:, ~inside], damaged[:, ~inside])


def test_scratches_come_out_the_same_in_any_blocks() -> None:
    damaged = struck(sound(60_000, channels=2), scratched(), (24_400, 40_100))
    whole, events = repair(damaged)
    assert len(events) == 4
    for size in (441, 8_191, 24_576):
        stream = Declick().stream(RATE, 2)
        parts = [stream.step(damaged[:, at : at + size]) for at in range(0, damaged.shape[1], size)]
        assert np.array_equal(np.concatenate([*parts, stream.flush()], axis=1), whole)


def test_a_stroke_as_short_as_a_scratch_is_none() -> None:
    """It drives the sound, with its resonances, where a scratch adds to it."""
    drive = np.random.default_rng(0).standard_normal((1, 62_000))
    for at in (25_000, 40_000):
        drive[:, at : at + 150] *= 40.0
    stroke = EXCITATION * lfilter([1.0], MODEL, drive)[:, 2_000:]
    repaired, events = repair(stroke)
    assert not events
    assert np.array_equal(repaired, stroke)


def test_skew_looks_harder_for_bright_clicks_or_less_hard() -> None:
    """What it asks of low ones goes by their frequency: see tests/kernels/pulses/test_click_repair.py."""
    damaged = struck(sound(), 7e-4 * tick(frequency=8_000.0), MANY)
    less, plain, harder = (len(repair(damaged, frequency_skew=skew)[1]) for skew in (-1.0, 0.0, 1.0))
    assert less < plain < harder


def test_widening_is_added_to_both_sides() -> None:
    damaged = struck(sound(), np.array([0.3, -0.2, 0.5, 0.1, -0.4, 0.3]))
    plain, wide = repair(damaged)[1], repair(damaged, widening_ms=1.0)[1]
    assert len(plain) == len(wide) == len(AT)
    for one, other in zip(plain, wide, strict=True):
        assert one.position - other.position == 44
        assert other.position + other.length >= one.position + one.length
    assert gone_db(sound(), damaged, repair(damaged, widening_ms=1.0)[0]) > 18.0


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_pops_that_clipped_are_taken_nearly_as_well_as_those_that_did_not(rate):
    draw = np.random.default_rng(6)
    time = np.arange(3 * rate) / rate
    music = 1e-4 * draw.standard_normal(time.size)
    for note in range(12):
        i = np.arange(int(0.24 * rate))
        pitch = 233 * 2 ** (draw.integers(0, 12) / 12)
        envelope = np.minimum(1, i / (0.02 * rate)) * np.exp(-i / (0.4 * rate))
        partials = sum(np.sin(2 * np.pi * pitch * h * i / rate + h) / h**0.8 for h in range(1, 20))
        music[note * rate // 4 :][: i.size] += 0.05 * envelope * partials
    popped, time = music.copy(), np.arange(int(0.006 * rate)) / rate
    places = np.arange(rate // 2, 5 * rate // 2, rate // 4)
    for place in places:
        ring = np.exp(-time / 0.0012) * np.cos(2 * np.pi * 800 * time + draw.uniform(-0.5, 0.5))
        popped[place : place + time.size] += 1.5 * draw.choice((-1, 1)) * ring
    clipped = np.round(np.clip(popped, -1, 32767 / 32768) * 32768) / 32768
    repaired = Declick().process(clipped, rate)
    gone_db = [
        10 * np.log10(np.sum((clipped - music)[p:][:n] ** 2) / np.sum((repaired - music)[p:][:n] ** 2))
        for p, n in ((place, time.size) for place in places)
    ]
    assert np.median(gone_db) > 14.0 and min(gone_db) > 6.0


def group(rate: float = RATE) -> np.ndarray:
    """Seven small ticks within 9 ms, none of which stands out of the others."""
    draw = np.random.default_rng(3)
    whole = np.zeros(round(11e-3 * rate))
    for k in range(7):
        one = (0.5, 0.3)[k % 2] * tick(rate, draw.uniform(3e3, 7e3), draw.uniform(0.04, 0.1))
        at = round((1.2e-3 * k + 0.4e-3 * draw.random()) * rate)
        whole[at : at + one.size] += one[: whole.size - at] * draw.choice((-1.0, 1.0))
    return whole


def scratch(rate: float = RATE) -> np.ndarray:
    """4 ms of noise that swells and fades, in which a thump of 60 Hz begins."""
    t = np.arange(round(60e-3 * rate)) / rate
    burst = np.interp(t, [0.0, 2e-3, 4e-3], [0.0, 0.5, 0.0]) * np.random.default_rng(5).uniform(-1, 1, t.size)
    since = np.maximum(t - 2e-3, 0.0)
    return burst + 0.2 * np.exp(-since / 12e-3) * np.sin(2 * np.pi * 60.0 * since)


def test_groups_of_small_clicks_go() -> None:
    clean = sound()
    damaged = struck(clean, group())
    repaired, events = repair(damaged)
    assert gone_db(clean, damaged, repaired) > 8.0
    for at in AT:
        assert sum(at - 200 <= event.position < at + 500 for event in events) >= 2


def test_a_scratch_that_swells_goes_with_its_thump() -> None:
    clean = sound()
    damaged = struck(clean, scratch())
    assert gone_db(clean, damaged, repair(damaged)[0]) > 8.0


def test_strokes_of_a_drum_are_no_groups() -> None:
    t = np.arange(6_000) / RATE
    for tail_s in (15e-3, 60e-3):
        stroke = 0.8 * np.exp(-t / tail_s) * np.random.default_rng(1).uniform(-1, 1, t.size)
        clean = struck(sound(), stroke)
        repaired, events = repair(clean)
        assert not events
        assert np.array_equal(repaired, clean)


@settings(max_examples=8)
@given(st.lists(st.integers(0, 9_000), max_size=6))
def test_groups_across_any_partition_give_the_same_bits(blocks: list[int]) -> None:
    damaged = struck(struck(sound(), group()), scratch(), (4_000, 18_000))
    whole, events = repair(damaged)
    told: list[Event] = []
    stream = Declick().stream(RATE, 1)
    parts, at = [], 0
    for size in blocks:
        parts.append(stream.step(damaged[:, at : at + size], told.append))
        at = min(at + size, damaged.shape[1])
    parts += [stream.step(damaged[:, at:], told.append), stream.flush(told.append)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    assert told == events


@pytest.mark.parametrize("milliseconds", [1.0, 15.0])
def test_where_samples_were_lost_the_edges_are_no_clicks(milliseconds: float) -> None:
    clean = sound()
    lost = clean.copy()
    for start in AT:
        lost[:, start : start + round(milliseconds * 1e-3 * RATE)] = 0.0
    out, _ = repair(lost)
    assert gone_db(clean, lost, out) >= 0.0
    struck_too = struck(lost, tick(), tuple(start - 3_000 for start in AT))
    _, events = repair(struck_too)
    assert len(events) >= len(AT)

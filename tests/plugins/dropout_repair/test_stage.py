"""What is missing for a moment comes back; what is around it, pauses, strokes and crests stay."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import firwin, lfilter, oaconvolve, resample_poly
from wavemend import DropoutRepair
from wavemend.contract.marks import NO_MARKS, Mark, Marks
from wavemend.contract.stage import Event
from wavemend.errors import ParameterError

RATE = 44_100
STARTS = (0.5, 0.9, 1.3)
UNLIKE = (1.0, 1.4, 1.0)  # times as long; like holes that are evenly apart keep time


def music(rate: int = RATE, channels: int = 2, seed: int = 3) -> np.ndarray:
    """Notes and breath that go on, at about -20 dBFS."""
    draw = np.random.default_rng(seed)
    time = np.arange(int(1.9 * rate)) / rate
    notes = sum(
        np.sin(2 * np.pi * 196 * 2 ** (semitone / 12) * k * time + k * semitone) / k**1.5
        for semitone in (0, 4, 7)
        for k in range(1, 30)
        if 196 * 2 ** (semitone / 12) * k < 0.4 * rate
    )
    breath = [lfilter([1.0], [1.0, -0.6], draw.standard_normal(time.size)) for _ in range(channels)]
    return np.asarray(0.06 * notes + 0.01 * np.stack(breath))


def fallen(audio: np.ndarray, rate: int, seconds: float, depths: tuple[float, ...]) -> np.ndarray:
    """The level falls and comes back as a raised cosine, three times."""
    out = audio.copy()
    size = int(seconds * rate)
    fall = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size) + 0.5) / size)
    for start in STARTS:
        for channel, depth in enumerate(depths):
            out[channel, int(start * rate) : int(start * rate) + size] *= 1 - depth * fall
    return out


def lost(audio: np.ndarray, rate: int, seconds: float, *, held: bool, later: float = 0.0) -> np.ndarray:
    """Samples are zeros, or repeat the last one, three times."""
    out = audio.copy()
    for start, longer in zip(np.add(STARTS, later), UNLIKE, strict=True):
        first = int(start * rate)
        out[:, first : first + int(seconds * longer * rate)] = audio[:, first - 1 : first] if held else 0.0
    return out


def run(
    audio: np.ndarray, rate: int = RATE, marks: Marks = NO_MARKS, **values: object
) -> tuple[np.ndarray, list[Event]]:
    events: list[Event] = []
    stream = DropoutRepair(**values).stream(rate, audio.shape[0], marks=marks)
    return np.concatenate([stream.step(audio, events.append), stream.flush(events.append)], axis=1), events


def gone_db(clean: np.ndarray, before: np.ndarray, after: np.ndarray) -> float:
    return float(10 * np.log10(np.sum((before - clean) ** 2) / np.sum((after - clean) ** 2)))


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_a_dropout_is_undone_in_both_channels_as_far_as_each_fell(rate: int) -> None:
    clean = music(rate)
    damaged = fallen(clean, rate, 8e-3, (0.95, 0.5))
    out, events = run(damaged, rate)
    assert {event.kind for event in events} == {"dropout"}
    assert len(events) == 2 * len(STARTS)
    for channel in range(2):
        assert gone_db(clean[channel], damaged[channel], out[channel]) > (5, 4)[channel]


def test_a_channel_that_did_not_fall_comes_back_as_it_was() -> None:
    clean = music()
    out, events = run(fallen(clean, RATE, 8e-3, (0.95, 0.0)))
    assert [event.channel for event in events] == [0] * len(STARTS)
    assert np.array_equal(out[1], clean[1])


@pytest.mark.parametrize("noise", [0.0, 2.0**-15, 2.0**-12])
def test_noise_that_came_after_the_tape_does_not_hide_a_dropout(noise: float) -> None:
    clean = music()
    hiss = noise * np.random.default_rng(1).standard_normal(clean.shape)
    damaged = fallen(clean, RATE, 10e-3, (0.9, 0.6)) + hiss
    out, events = run(damaged)
    assert len(events) >= len(STARTS)
    assert gone_db(clean + hiss, damaged, out) > 8


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("seconds", [0.3e-3, 2e-3, 10e-3])
def test_lost_samples_are_interpolated(seconds: float, held: bool) -> None:
    clean = music()
    damaged = lost(clean, RATE, seconds, held=held)
    out, events = run(damaged)
    assert {event.kind for event in events} == {"lost samples"}
    # a value held near a crest may as well be a clipped wave, and stays
    assert len(events) >= (3 if held else 2 * len(STARTS))
    spans = [(e.channel, slice(e.position, e.position + e.length)) for e in events]
    gains = [gone_db(clean[span], damaged[span], out[span]) for span in spans]
    assert np.median(gains) > (5 if seconds > 5e-3 else 8)
    assert min(gains) > 0


def test_samples_outside_the_events_come_back_to_the_bit() -> None:
    damaged = lost(fallen(music(), RATE, 8e-3, (0.95, 0.5)), RATE, 1e-3, held=False, later=0.1)
    damaged[:, 1000:1010] += 0.3
    out, events = run(damaged)
    touched = np.zeros(damaged.shape, bool)
    for event in events:
        touched[event.channel, event.position : event.position + event.length] = True
    assert np.array_equal(out[~touched], damaged[~touched])
    assert (out != damaged).any()


@pytest.mark.parametrize("kind", ["clean", "pause", "strokes", "tremolo", "clipped", "coarse", "silence"])
def test_what_is_no_gap_stays_to_the_bit(kind: str) -> None:
    clean = music()
    time = np.arange(clean.shape[1]) / RATE
    draw = np.random.default_rng(5)
    audio = {
        "clean": clean,
        # a note ends, and 18 ms later another begins
        "pause": clean * np.where(time < 0.9, np.exp(-np.maximum(time - 0.85, 0) / 8e-3), time > 0.918),
        "strokes": np.exp(-(time % 0.02) / 4e-3) * 0.2 * draw.standard_normal(clean.shape),
        "tremolo": clean * (0.55 + 0.45 * np.cos(2 * np.pi * 40 * time)),
        "clipped": np.clip(4 * clean, -0.3, 0.3),
        "coarse": np.round(clean * 40) / 40,
        "silence": np.where(time < 1.0, 0.0, clean),
    }[kind]
    out, events = run(audio)
    assert not events
    assert np.array_equal(out, audio)


def chords(seconds: float = 2.4) -> np.ndarray:
    """Saws that go on, dark, and a little noise."""
    draw = np.random.default_rng(1)
    time = np.arange(int(seconds * RATE)) / RATE
    waves = sum((hz * time + draw.random()) % 1 - 0.5 for hz in (110.0, 110.8, 138.6, 164.8, 165.9))
    dark = lfilter([0.3], [1.0, -0.7], waves)
    return np.asarray(0.1 * np.stack([dark, dark]) + 0.002 * draw.standard_normal((2, time.size)))


def strokes(seconds: float, draw: np.random.Generator) -> np.ndarray:
    """A kick, a snare or a hat."""
    time = np.arange(int(seconds * RATE)) / RATE
    noise = draw.standard_normal(time.size)
    return np.asarray(
        (
            0.6 * np.sin(2 * np.pi * (50 * time + 3 - 3 * np.exp(-40 * time))) * np.exp(-15 * time),
            0.3 * noise * np.exp(-25 * time),
            0.2 * np.diff(noise, prepend=0.0) * np.exp(-20 * time),
        )[draw.integers(3)]
    )


def played(kind: str) -> np.ndarray:
    """Electronic music whose holes are its own."""
    draw = np.random.default_rng(2)
    audio = chords()
    time = np.arange(audio.shape[1]) / RATE
    step = int(0.115 * RATE)
    place = np.arange(audio.shape[1]) % step
    if kind == "gate":
        return audio * (place < step - int(0.012 * RATE))
    if kind == "half-open gate":
        return audio * np.where(place < step - int(0.015 * RATE), 1.0, 0.08)
    if kind == "slow gate":
        return audio * ((time % 0.45) < 0.442)
    if kind == "pumping":
        fall = np.clip((time % 0.4) / 0.018, 0.0, 1.0)
        return audio * (1.0 - 0.95 * (0.5 - 0.5 * np.cos(2 * np.pi * fall)))
    if kind == "stutter":
        piece, hole = audio[:, : int(0.05 * RATE)], np.zeros((2, int(0.01 * RATE)))
        return np.tile(np.concatenate([piece, hole], axis=1), 20)
    if kind == "game":
        tones = 220 * 2 ** (draw.choice([0, 3, 5, 7, 10], size=40) / 12)
        square = np.where(tones[(time / 0.1).astype(int)] * time % 1 < 0.25, 0.2, -0.2)
        return np.stack([square * (time % 0.1 < 0.092)] * 2)
    silence = np.zeros(int(0.014 * RATE))
    lengths = np.full(20, 0.107) if kind == "drum machine" else draw.uniform(0.08, 0.25, 12)
    line = np.concatenate([each for s in lengths for each in (strokes(s, draw), silence)])
    return np.stack([line, line]) + (1e-4 if kind == "strokes" else 0.0) * draw.standard_normal(line.size)


@pytest.mark.parametrize("route", ["as it is", "low-passed"])
@pytest.mark.parametrize(
    "kind",
    ["gate", "half-open gate", "slow gate", "pumping", "stutter", "game", "drum machine", "strokes"],
)
def test_holes_that_were_played_stay_to_the_bit(kind: str, route: str) -> None:
    audio = played(kind)
    audio = low_passed(audio) if route == "low-passed" else audio
    out, events = run(audio)
    assert not events
    assert np.array_equal(out, audio)


def test_samples_lost_from_music_with_holes_of_its_own_are_found() -> None:
    audio = played("gate")
    places = np.add((0.245, 0.71, 1.31), 0.03)
    damaged = audio.copy()
    for start in places:
        damaged[:, int(start * RATE) : int((start + 0.004) * RATE)] = 0.0
    out, events = run(damaged)
    assert len(events) == 6
    assert gone_db(audio, damaged, out) > 5


def test_a_veto_keeps_a_gap_and_a_forced_event_fills_one() -> None:
    clean = music()
    damaged = lost(fallen(clean, RATE, 8e-3, (0.95, 0.5)), RATE, 1e-3, held=False, later=0.1)
    _, events = run(damaged)
    for event in events[:3]:
        mark = Mark(event.position + event.length // 2, 1, event.channel)
        out, left = run(damaged, marks=Marks(vetoed=(mark,)))
        span = slice(event.position, event.position + event.length)
        assert np.array_equal(out[event.channel, span], damaged[event.channel, span])
        assert event not in left
    forced = Mark(int(0.7 * RATE), 200, 1)
    broken = clean.copy()
    broken[1, forced.position : forced.position + 200] += 0.5
    out, events = run(broken, marks=Marks(forced=(forced,)))
    assert [(e.kind, e.position, e.length, e.channel) for e in events] == [
        ("dropout", forced.position, 200, 1)
    ]
    assert gone_db(clean, broken, out) > 15


def test_a_forced_event_that_is_too_long_is_refused() -> None:
    with pytest.raises(ParameterError, match="max_length_ms=25"):
        DropoutRepair().stream(RATE, 1, marks=Marks(forced=(Mark(0, 2000, 0),)))


def test_one_where_nothing_is_around_is_told_and_stays() -> None:
    audio = music()[:, :3000]
    out, events = run(audio, marks=Marks(forced=(Mark(10, 100, 0),)))
    assert [event.kind for event in events] == ["unrepairable gap"]
    assert np.array_equal(out, audio)


def test_longer_gaps_than_the_longest_stay() -> None:
    damaged = lost(music(), RATE, 10e-3, held=False)
    out, events = run(damaged, max_length_ms=5.0)
    assert not events
    assert np.array_equal(out, damaged)


def hum(channels: int = 2) -> np.ndarray:
    """Tones of no common period in a little noise, at about -20 dBFS."""
    draw = np.random.default_rng(8)
    time = np.arange(int(1.9 * RATE)) / RATE
    hz, phases = draw.uniform(200.0, 6000.0, 16), draw.uniform(0.0, 2 * np.pi, 16)
    tones = (
        np.sin(2 * np.pi * hz[:, np.newaxis] * time + phases[:, np.newaxis])
        / np.sqrt(hz / 200.0)[:, np.newaxis]
    )
    return np.asarray(0.05 * tones.sum(axis=0) + 0.003 * draw.standard_normal((channels, time.size)))


def low_passed(audio: np.ndarray, rate: int = RATE) -> np.ndarray:
    """A steep low-pass, whose edges ring for milliseconds."""
    taps = firwin(1023, 16_000, fs=rate)
    return oaconvolve(audio, taps[np.newaxis, :], mode="same", axes=1)


@pytest.mark.parametrize("seconds", [0.002, 0.004, 0.01])
def test_samples_that_were_lost_before_a_low_pass_come_back(seconds: float) -> None:
    clean = low_passed(hum())
    damaged = low_passed(lost(hum(), RATE, seconds, held=False))
    repaired, events = run(damaged)
    assert gone_db(clean, damaged, repaired) > 3
    assert len(events) == 6
    assert {event.kind for event in events} == {"lost samples"}


def test_samples_that_were_lost_before_a_resampler_come_back() -> None:
    clean, damaged = (
        resample_poly(low_passed(audio), 2, 1, axis=1, window=("kaiser", 12.0))
        for audio in (hum(), lost(hum(), RATE, 0.004, held=False))
    )
    repaired, events = run(damaged, 2 * RATE)
    assert gone_db(clean, damaged, repaired) > 4
    assert len(events) == 6


def test_one_channel_alone_may_have_lost_samples_before_a_low_pass() -> None:
    damaged = hum()
    damaged[0] = lost(damaged, RATE, 0.004, held=False)[0]
    damaged = low_passed(damaged)
    repaired, events = run(damaged)
    assert {event.channel for event in events} == {0}
    assert np.array_equal(repaired[1], damaged[1])


def test_a_sound_that_rings_out_before_the_next_one_is_none_that_was_lost() -> None:
    draw = np.random.default_rng(5)
    audio = np.zeros((1, 2 * RATE))
    decay = np.exp(-np.arange(int(0.06 * RATE)) / (0.004 * RATE))
    for start in range(0, audio.shape[1] - decay.size, int(0.05 * RATE)):  # -100 dB when the next one begins
        audio[0, start : start + decay.size] += 0.3 * decay * draw.standard_normal(decay.size)
    damaged = low_passed(audio + 1e-5 * draw.standard_normal(audio.shape))
    repaired, events = run(damaged)
    assert not events
    assert np.array_equal(repaired, damaged)


def test_a_veto_holds_for_samples_that_were_lost_before_a_low_pass() -> None:
    damaged = low_passed(lost(hum(), RATE, 0.004, held=False))
    start = int(STARTS[1] * RATE)
    marks = Marks(vetoed=(Mark(start, 176, None),))
    repaired, events = run(damaged, marks=marks)
    assert len(events) == 4
    assert np.array_equal(repaired[:, start : start + 176], damaged[:, start : start + 176])

"""Holes are filled with what the recording sounds like beside them; everything else stays to the bit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend import Chain, Denoise, RoomTone
from wavemend.contract.marks import NO_MARKS, Mark, Marks
from wavemend.contract.stage import Event
from wavemend.errors import FindingsError

RATE = 22_050
SECONDS = 12


def room(channels: int = 2, seconds: float = SECONDS, rate: int = RATE, seed: int = 1) -> np.ndarray:
    """A dull room at about -56 dBFS, half of it shared by all channels."""
    draw = np.random.default_rng(seed)
    white = draw.standard_normal((channels + 1, round(seconds * rate)))
    mixed = np.sqrt(0.5) * (white[1:] + white[:1])
    return np.asarray(lfilter([1.0, 0.3], [1.0, -0.85], mixed, axis=1) * 10 ** (-62 / 20))


def speech(channels: int = 2, seconds: float = SECONDS, rate: int = RATE) -> np.ndarray:
    """Two words in three seconds; pauses around 2 s, 3.5 s, 5 s and so on."""
    time = np.arange(round(seconds * rate)) / rate
    voice = sum(np.sin(2 * np.pi * 140 * k * time + k) / k for k in range(1, 20))
    words = np.clip(4 * np.sin(2 * np.pi * (time + 0.6) / 1.5), 0.0, 1.0) * (time % 3 < 2.4)
    return np.tile(0.05 * words * voice, (channels, 1))


def muted(audio: np.ndarray, holes: list[tuple[float, float]], rate: int = RATE) -> np.ndarray:
    out = audio.copy()
    for start, stop in holes:
        out[:, round(start * rate) : round(stop * rate)] = 0.0
    return out


HOLES = [(2.45, 2.85), (5.5, 5.8), (8.5, 8.56)]


def run(
    audio: np.ndarray, rate: int = RATE, marks: Marks = NO_MARKS, block: int = 4096, **values: object
) -> tuple[np.ndarray, list[Event]]:
    stage = RoomTone(**values)
    stage.findings = stage.analyse(audio, rate)
    events: list[Event] = []
    stream = stage.stream(rate, audio.shape[0], marks=marks)
    parts = [stream.step(audio[:, at : at + block], events.append) for at in range(0, audio.shape[1], block)]
    return np.concatenate([*parts, stream.flush(events.append)], axis=1), events


def level_db(audio: np.ndarray) -> float:
    return 10 * float(np.log10(np.mean(audio**2)))


def thirds_db(audio: np.ndarray, rate: int) -> np.ndarray:
    """Level of each third octave from 100 Hz on, mean over channels."""
    length = 4096
    frames = np.lib.stride_tricks.sliding_window_view(audio, length, axis=1)[:, :: length // 4]
    power = np.mean(np.abs(np.fft.rfft(frames * np.hanning(length), axis=2)) ** 2, axis=(0, 1))
    hz = np.fft.rfftfreq(length, 1 / rate)
    edges = 100 * 2 ** (np.arange(40) / 3)
    edges = edges[edges < 0.45 * rate]
    means = [power[(low <= hz) & (hz < high)].mean() for low, high in pairwise(edges)]
    return 10 * np.log10(means)


def outside(events: list[Event], samples: int, channel: int) -> np.ndarray:
    free = np.ones(samples, bool)
    for event in events:
        if event.channel == channel:
            free[event.position : event.position + event.length] = False
    return free


def test_holes_hold_the_rooms_level_and_nothing_else_changes() -> None:
    audio = muted(room() + speech(), HOLES)
    out, events = run(audio)
    assert len(events) == 2 * len(HOLES)
    for channel in range(2):
        free = outside(events, audio.shape[1], channel)
        assert np.array_equal(out[channel, free], audio[channel, free])
        assert np.count_nonzero(~free) < 1.1 * sum(RATE * (stop - start + 0.02) for start, stop in HOLES)
    for start, stop in HOLES[:2]:
        hole = slice(round(start * RATE), round(stop * RATE))
        assert abs(level_db(out[:, hole]) - level_db(room())) < 0.7


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_spectrum_and_image_are_the_backgrounds(rate: int) -> None:
    background = room(rate=rate, seconds=16)
    audio = muted(background, [(6.0, 12.0)], rate)
    out, _ = run(audio, rate)
    hole = slice(round(6.1 * rate), round(11.9 * rate))
    assert np.abs(thirds_db(out[:, hole], rate) - thirds_db(background, rate)).max() < 1.0
    assert abs(np.corrcoef(out[:, hole])[0, 1] - np.corrcoef(background)[0, 1]) < 0.06


def test_levels_agree_at_the_joins_where_the_background_drifts() -> None:
    """Half a dB at each join, though the room is 3 dB louder at the end than at the beginning."""
    drift = 10 ** (np.linspace(-1.5, 1.5, SECONDS * RATE) / 20)
    steps = []
    for seed in range(8):
        holes = [(1.0, 1.6), (4.0, 5.2), (9.5, 10.5)]
        out, _ = run(muted(room(seed=seed) * drift, holes))
        for at in (round(RATE * second) for hole in holes for second in hole):
            near = round(0.12 * RATE)
            steps.append(level_db(out[:, at : at + near]) - level_db(out[:, at - near : at]))
    assert abs(np.mean(steps)) < 0.25
    assert np.sqrt(np.mean(np.square(steps))) < 0.6, "as far as noise itself differs from moment to moment"


def test_nothing_comes_back() -> None:
    """No lag at which six seconds of filling are like themselves: less than chance makes of them."""
    audio = muted(room(1, seconds=16), [(6.0, 12.0)])
    out, _ = run(audio)
    x = np.diff(out[0, round(6.1 * RATE) : round(11.9 * RATE)])
    spectrum = np.abs(np.fft.rfft(x, 2 * x.size)) ** 2
    likeness = np.fft.irfft(spectrum)[: x.size // 2]
    assert np.abs(likeness[round(0.1 * RATE) :]).max() / likeness[0] < 0.03


def test_blocks_of_any_size_give_the_same_bits() -> None:
    audio = muted(room() + speech(), HOLES)
    expected, events = run(audio, block=audio.shape[1], gates=True)
    for block in (997, 8192):
        out, told = run(audio, block=block, gates=True)
        assert out.tobytes() == expected.tobytes()
        assert told == events


def test_another_seed_is_other_noise() -> None:
    audio = muted(room() + speech(), HOLES)
    one, other = run(audio)[0], run(audio, seed=7)[0]
    hole = slice(round(2.5 * RATE), round(2.8 * RATE))
    assert abs(np.corrcoef(one[0, hole], other[0, hole])[0, 1]) < 0.1
    assert np.array_equal(one, run(audio, seed=0)[0])


def test_level_is_over_the_rooms_own() -> None:
    audio = muted(room() + speech(), HOLES)
    hole = slice(round(2.5 * RATE), round(2.8 * RATE))
    lower = run(audio, level_db=-6.0)[0][:, hole]
    np.testing.assert_allclose(lower, 10 ** (-6 / 20) * run(audio)[0][:, hole], rtol=1e-9)


def test_silence_before_and_behind_stays_unless_asked() -> None:
    audio = muted(room() + speech(), [(0.0, 0.5), HOLES[0], (11.2, SECONDS)])
    out, events = run(audio)
    assert len(events) == 2
    assert not out[:, : RATE // 2].any()
    assert not out[:, round(11.2 * RATE) :].any()
    filled, events = run(audio, ends=True)
    assert len(events) == 6
    assert abs(level_db(filled[:, : round(0.45 * RATE)]) - level_db(room())) < 1.0
    assert abs(level_db(filled[:, round(11.3 * RATE) :]) - level_db(room())) < 1.0


def test_a_hole_in_one_channel_leaves_the_other() -> None:
    audio = room() + speech()
    hole = slice(round(2.45 * RATE), round(2.85 * RATE))
    audio[1, hole] = 0.0
    out, events = run(audio)
    assert [event.channel for event in events] == [1]
    assert np.array_equal(out[0], audio[0])
    assert abs(level_db(out[1, hole]) - level_db(room())) < 1.0


def gated(audio: np.ndarray, closed_db: float = -40.0) -> np.ndarray:
    """What a gate makes of it: it closes in 60 ms, and opens in 20."""
    time = np.arange(audio.shape[1]) / RATE
    gain_db = np.zeros(time.size)
    for start, stop in HOLES[:2]:
        closing, opening = (time - start) / 0.06, (stop - time) / 0.02
        gain_db += closed_db * np.clip(np.minimum(closing, opening), 0.0, 1.0)
    return audio * 10 ** (gain_db / 20)


def test_gates_are_filled_where_asked() -> None:
    audio = gated(room() + speech())
    assert np.array_equal(run(audio)[0], audio)
    out, events = run(audio, gates=True)
    assert len(events) == 4
    for channel in range(2):
        free = outside(events, audio.shape[1], channel)
        assert np.array_equal(out[channel, free], audio[channel, free])
    for start, stop in HOLES[:2]:
        parts = [
            out[:, round(at * RATE) : round((at + 0.1) * RATE)] for at in np.arange(start, stop - 0.1, 0.05)
        ]
        assert np.abs([level_db(part) - level_db(room()) for part in parts]).max() < 2.0


def test_steady_noise_has_no_holes() -> None:
    audio = room() + speech()
    out, events = run(audio, gates=True, threshold_db=6.0, min_length_ms=5.0)
    assert not events
    assert np.array_equal(out, audio)


def test_a_fade_out_is_no_hole() -> None:
    audio = room() + speech()
    fade = round(2.0 * RATE)
    audio[:, -fade:] *= np.linspace(1.0, 0.0, fade)
    _, events = run(audio, gates=True)
    assert not [event for event in events if event.position > audio.shape[1] - fade]


def test_vetoed_holes_stay_and_forced_ones_are_filled() -> None:
    audio = muted(room() + speech(), HOLES)
    _, events = run(audio)
    first = next(event for event in events if event.channel == 0)
    vetoed = Marks(vetoed=(Mark(first.position, first.length, 0),))
    out, told = run(audio, marks=vetoed)
    assert np.array_equal(out[0, : 4 * RATE], audio[0, : 4 * RATE])
    assert len(told) == len(events) - 1
    cough = slice(round(3.0 * RATE), round(3.3 * RATE))
    forced = Marks(forced=(Mark(cough.start, cough.stop - cough.start),))
    out, told = run(audio, marks=forced)
    assert len(told) == len(events) + 2
    assert abs(level_db(out[:, cough]) - level_db(room())) < 1.0


def test_without_a_background_nothing_changes_and_it_is_said() -> None:
    time = np.arange(3 * RATE) / RATE
    audio = muted(np.sin(2 * np.pi * 440 * time)[np.newaxis], [(1.0, 1.2)])
    stage = RoomTone()
    found = stage.analyse(audio, RATE)
    assert not found.found
    assert "no background" in found.describe()
    assert np.array_equal(stage.process(audio, RATE), audio)


def test_a_background_of_other_channels_is_refused() -> None:
    stage = RoomTone()
    stage.learn(room(2), RATE)
    with pytest.raises(FindingsError, match="2 channels cannot fill 1"):
        stage.process(room(1), RATE)


def test_learned_from_noise_alone_it_fills_another_recording() -> None:
    stage = RoomTone()
    assert stage.learn(room(1, seconds=1.0), RATE).found
    audio = muted(room(1) + speech(1), HOLES)
    hole = slice(round(2.5 * RATE), round(2.8 * RATE))
    assert abs(level_db(stage.process(audio, RATE)[:, hole]) - level_db(room(1))) < 1.0


def test_what_is_learned_does_not_say_where_another_recording_ends() -> None:
    """The take that was learned from is silent from 1 to 4 s; a hole there is one of this recording."""
    stage = RoomTone()
    assert stage.learn(muted(room(1, seconds=4.0), [(0.0, 0.2), (1.0, 4.0)]), RATE).found
    audio = muted(room(1) + speech(1), HOLES)
    hole = slice(round(2.5 * RATE), round(2.8 * RATE))
    assert abs(level_db(stage.process(audio, RATE)[:, hole]) - level_db(room(1))) < 1.0


def test_behind_denoise_the_quiet_tone_is_filled_in() -> None:
    audio = muted(room() + speech(), [(2.4, 2.9)])
    chain = Chain([Denoise(reduction_db=12.0), RoomTone()])
    assert not chain.warnings()
    out = chain.process(audio, RATE)
    hole = slice(round(2.5 * RATE), round(2.8 * RATE))
    beside = slice(round(2.0 * RATE), round(2.3 * RATE))
    assert (
        abs(
            level_db(out[:, hole])
            - level_db(Chain([Denoise(reduction_db=12.0)]).process(audio, RATE)[:, beside])
        )
        < 2.0
    )
    (warning,) = Chain([RoomTone(), Denoise()]).warnings()
    assert (
        "Denoise should come before RoomTone: what is filled in should be the noise that is left" in warning
    )


@pytest.mark.parametrize("channels", [1, 5, 64])
def test_any_number_of_channels(channels: int) -> None:
    audio = muted(room(channels, seconds=3.0), [(1.5, 1.7)])
    out, events = run(audio)
    assert len(events) == channels
    hole = slice(round(1.5 * RATE), round(1.7 * RATE))
    assert abs(level_db(out[:, hole]) - level_db(audio[:, :RATE])) < 1.0

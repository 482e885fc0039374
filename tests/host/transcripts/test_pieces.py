"""A recording as a recogniser hears it: at its rate, cut in pauses, a piece at a time."""

import numpy as np
import pytest
from wavemend.host.transcripts.pieces import block_frames, pieces

RATE = 8000


def blocks(audio, size):
    return (audio[:, at : at + size] for at in range(0, audio.shape[1], size))


def tone(seconds, rate, hertz=440.0, channels=1):
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.tile(wave, (channels, 1))


def joined(audio, rate, longest_s=4.0, size=None):
    found = [*pieces(blocks(audio, size or block_frames(rate, RATE)), rate, RATE, longest_s)]
    starts = np.cumsum([0, *(len(sound) for _, sound in found)])[:-1] / RATE
    assert [start for start, _ in found] == pytest.approx(starts)
    assert all(len(sound) <= longest_s * RATE for _, sound in found)
    return np.concatenate([sound for _, sound in found])


@pytest.mark.parametrize("rate", [8000, 44_100, 96_000, 11_025, 11_027, 600])
def test_a_tone_stays_where_and_as_loud_as_it_is(rate):
    hertz = min(440.0, rate / 6)
    heard = joined(tone(2.6, rate, hertz, channels=2), rate)
    assert heard.dtype == np.float32 and 0 <= len(heard) - 2.6 * RATE <= 1
    expected = tone(2.6, RATE, hertz)[0, : len(heard)]
    heard = heard[: len(expected)]
    inside = slice(RATE // 10, -RATE // 10)
    assert np.max(np.abs(heard - expected)[inside]) < 0.01


def test_what_is_too_high_to_be_heard_does_not_fold_back():
    assert np.sqrt(np.mean(joined(tone(1, 44_100, 7000.0), 44_100)[800:-800] ** 2)) < 1e-3


def test_where_blocks_end_changes_nothing():
    draw = np.random.default_rng(0)
    audio = 0.1 * draw.standard_normal((1, 44_100 + 17))
    whole = joined(audio, 44_100, size=audio.shape[1])
    for size in (441, 4410, 100_000):
        assert np.array_equal(joined(audio, 44_100, size=size), whole)


def test_a_piece_ends_in_a_pause():
    draw = np.random.default_rng(0)
    speech = 0.1 * draw.standard_normal((1, 9 * RATE))
    pauses = [(2.7, 3.1), (5.9, 6.4)]
    for begin, end in pauses:
        speech[:, int(begin * RATE) : int(end * RATE)] *= 0.01
    found = [*pieces(blocks(speech, RATE), RATE, RATE, 4.0)]
    cuts = [start for start, _ in found][1:]
    assert all(begin < cut < end for cut, (begin, end) in zip(cuts, pauses, strict=True))


def test_a_long_recording_is_not_held_in_memory():
    read = 0

    def endless():
        nonlocal read
        while True:
            read += 1
            yield tone(1, RATE)

    found = pieces(endless(), RATE, RATE, 4.0)
    for number in range(1, 20):
        start, _ = next(found)
        assert read <= start + 4.0 + 2, number


@pytest.mark.parametrize("audio", [np.zeros((2, 0)), np.zeros((1, 100)), np.zeros((1, 44_100 * 9))])
def test_nothing_is_made_of_silence(audio):
    assert [*pieces(blocks(audio, 44_100), 44_100, RATE, 4.0)] == []


def test_the_shortest_sound_is_heard():
    ((start, sound),) = pieces(blocks(np.ones((1, 3)), 44_100), 44_100, RATE, 4.0)
    assert start == 0 and len(sound) == 1

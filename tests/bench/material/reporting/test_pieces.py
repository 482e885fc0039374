"""Pieces are what their truth says: their band, their turns, their rumble."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE
from bench.material.reporting.pieces import MEDIA, piece, sung
from bench.material.takes import Take


def take(seconds: float = 4.0) -> Take:
    draw = np.random.default_rng(0)
    audio = np.cumsum(draw.standard_normal((2, round(seconds * RATE))), axis=1)
    audio = np.diff(audio, prepend=0, axis=1) * (1 + 0.5 * np.sin(np.arange(audio.shape[1]) / 3000))
    return Take("noise", 0.1 * audio / np.abs(audio).max(), RATE)


@pytest.mark.parametrize("medium", MEDIA)
def test_a_piece_is_the_same_every_time_and_ends_where_it_says(medium: str) -> None:
    made = piece(take(), medium, 0)
    assert made.audio.tobytes() == piece(take(), medium, 0).audio.tobytes()
    assert made.audio.shape[0] in (1, 2) and np.abs(made.audio).max() < 1
    if 0 < made.truth.top_hz < np.inf:
        power = np.abs(np.fft.rfft(made.audio[0])) ** 2
        hz = np.fft.rfftfreq(made.audio.shape[1], 1 / RATE)
        inside, outside = (
            np.mean(power[(hz > low * made.truth.top_hz) & (hz < high * made.truth.top_hz)])
            for low, high in ((0.85, 0.95), (1.06, 1.2))
        )
        assert 10 * np.log10(inside / outside) > 20


def test_sung_partials_leave_gaps_and_stop() -> None:
    voices = sung((1, 4 * RATE), 0)[0]
    power = np.abs(np.fft.rfft(voices * np.hanning(len(voices)))) ** 2
    hz = np.fft.rfftfreq(len(voices), 1 / RATE)
    low, high = (np.sum(power[(hz > a) & (hz < b)]) for a, b in ((100, 3400), (3600, 20_000)))
    assert 10 * np.log10(low / high) > 25


def test_an_unknown_medium_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of 78"):
        piece(take(), "wire", 0)

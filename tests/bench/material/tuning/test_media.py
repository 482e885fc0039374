"""Made-up media are the same each time, and what is known of them is so."""

import numpy as np
import pytest

from bench.material.tuning import media

RATE = 44_100


def take(seconds=2.0):
    draw = np.random.default_rng(3)
    return 0.1 * draw.standard_normal((2, round(seconds * RATE)))


@pytest.fixture(autouse=True)
def as_it_is(monkeypatch):
    """Leave the routes out, which are programs of their own."""
    monkeypatch.setattr(media, "ROUTE_NAMES", ("as it is",))
    monkeypatch.setattr(media, "ROUTES", dict.fromkeys(media.ROUTES, media.ROUTES["as it is"]))


@pytest.mark.parametrize("medium", media.MEDIA)
def test_a_piece_is_the_same_each_time_and_its_peak_is_in_range(medium):
    first, second = (media.piece(take(), RATE, medium, 5) for _ in range(2))
    assert (first.audio == second.audio).all() and first.known == second.known
    assert np.abs(first.audio).max() == pytest.approx(0.7)
    assert media.FAMILIES.keys() == media.MEDIA.keys()


def test_held_out_ranges_are_others():
    speeds = [[media.piece(take(), RATE, "cylinder", seed, held_out=held).known.rpm for seed in range(4)]
              for held in (False, True)]  # fmt: skip
    assert all(155 <= rpm <= 165 for rpm in speeds[0])
    assert speeds[0] != speeds[1] and all(140 <= rpm <= 185 for rpm in speeds[1])


def test_a_broadcast_ends_where_it_says():
    made = media.piece(take(), RATE, "AM radio", 1)
    spectrum = np.abs(np.fft.rfft(made.audio[0])) ** 2
    hz = np.fft.rfftfreq(made.audio.shape[1], 1 / RATE)
    inside = (hz > 0.6 * made.known.top_hz) & (hz < 0.9 * made.known.top_hz)
    outside = (hz > 1.3 * made.known.top_hz) & (hz < 2 * made.known.top_hz)
    assert spectrum[inside].mean() > 1e4 * spectrum[outside].mean()


def test_a_singer_leaves_gaps():
    voice = media.sung(4.0, RATE, 0)[0]
    spectrum = np.abs(np.fft.rfft(voice))
    hz = np.fft.rfftfreq(voice.size, 1 / RATE)
    assert spectrum[hz < 180].max() < 0.05 * spectrum.max()

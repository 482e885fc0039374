"""One look over a recording: levels that are true, whatever the length, and a picture of them."""

import io

import numpy as np
import pytest
from wavemend.errors import Cancelled
from wavemend.host.pictures.looks import look_at
from wavemend.host.pictures.palette_png import COLOURS, level_png, palette

RATE = 44_100


class Array:
    """A recording in memory that counts what is read of it."""

    sample_rate = RATE

    def __init__(self, audio):
        self.audio, self.channels, self.frames, self.seen = audio, audio.shape[0], audio.shape[1], 0

    def read(self, start, count):
        self.seen += count
        return self.audio[:, start : start + count]


def test_a_tone_has_its_level_and_its_place():
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(5 * RATE) / RATE)
    look = look_at(Array(np.stack([tone, tone])))
    band = int(np.argmax(look.mean_db))
    assert look.centre_hz[band] == 1000 and look.mean_db[band] == pytest.approx(-23.0, abs=0.2)
    rows = look.levels_db.mean(axis=1)
    low, high = look.edges_hz[np.argmax(rows)], look.edges_hz[np.argmax(rows) + 1]
    assert low * 0.97 < 1000 < high * 1.03
    assert look.share == 1 and look.seconds == 5


def test_the_floor_is_that_of_the_pauses():
    rng = np.random.default_rng(0)
    audio = 0.001 * rng.standard_normal((1, 20 * RATE))
    audio[:, : 15 * RATE] += 0.1 * rng.standard_normal((1, 15 * RATE))
    audio[:, -RATE:] = 0  # digital silence is no floor
    look = look_at(Array(audio))
    total = 10 * np.log10(np.sum(10 ** (look.quiet_db[5:] / 10)))
    assert total == pytest.approx(-61.5, abs=1.5)


def test_a_long_recording_is_read_in_part():
    source = Array(np.zeros((1, 40 * 60 * RATE), np.float32))
    look = look_at(source)
    assert source.seen < 0.35 * source.frames and look.share < 0.35
    assert look.levels_db.shape[1] <= 900 and (look.mean_db == -200).all()


@pytest.mark.parametrize("length", [0, 1, 100, 5000])
def test_short_recordings_have_a_look(length):
    look = look_at(Array(np.full((2, length), 0.5)))
    assert np.isfinite(look.levels_db).all() and look.edges_s.size == look.levels_db.shape[1] + 1


def test_a_look_can_be_cancelled():
    class Stop:
        def is_set(self):
            return True

    with pytest.raises(Cancelled):
        look_at(Array(np.zeros((1, 100))), cancel=Stop())


def test_a_picture_is_a_png_of_its_levels_with_the_first_row_below():
    image = pytest.importorskip("PIL.Image")
    levels = np.array([[-100.0, -50.0, 0.0], [-200.0, 10.0, -0.001]])
    shown = np.asarray(image.open(io.BytesIO(level_png(levels, -100, 0))))
    assert shown.tolist() == [[0, COLOURS - 1, COLOURS - 1], [0, COLOURS // 2, COLOURS - 1]]
    lightness = [0.3 * red + 0.59 * green + 0.11 * blue for red, green, blue in palette()]
    assert lightness == sorted(lightness)

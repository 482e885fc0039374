"""Transfers to tune on: the truth lies where it is said to, and has passed the channel with the music."""

import shutil

import numpy as np
import pytest
from bench.material.tuning.routes import ROUTES
from bench.material.tuning.shapes import SHAPES
from bench.material.tuning.transfer import transferred

RATE = 44_100
needs_programs = pytest.mark.skipif(
    not (shutil.which("sox") and shutil.which("ffmpeg")), reason="SoX and ffmpeg are not installed"
)


def music(seconds=3.0, channels=2):
    t = np.arange(int(seconds * RATE)) / RATE
    draw = np.random.default_rng(0)
    return 0.1 * np.sin(2 * np.pi * 440 * t) + 1e-3 * draw.standard_normal((channels, t.size))


@pytest.mark.parametrize("kind", sorted(set(SHAPES) - {"mouth"}))
def test_clicks_lie_in_their_spans_and_channels_and_are_the_same_every_time(kind):
    one = transferred(music(), RATE, kinds=(kind,), strength=5, route="as it is", seed=3)
    again = transferred(music(), RATE, kinds=(kind,), strength=5, route="as it is", seed=3)
    np.testing.assert_array_equal(one.audio, again.audio)
    assert len(one.starts) >= 6
    added = one.audio - one.clean
    for start, stop, struck in zip(one.starts, one.stops, one.struck, strict=True):
        around = slice(start - 200, stop + 200)
        energy = np.sum(added[:, around] ** 2, axis=1)
        assert (energy[struck] > 0).all()
        assert (energy[~struck] == 0).all()
        highest = np.argmax(np.abs(added[np.flatnonzero(struck)[0], around]))
        assert 200 <= highest <= 200 + stop - start or kind == "swell"


def test_mouth_clicks_lie_in_pauses_and_are_short_and_of_their_band():
    syllables = np.repeat(np.tile([1.0, 0.01], 12), RATE // 8)
    speech = music(channels=1)[:, : syllables.size] * syllables
    one = transferred(speech, RATE, kinds=("mouth",), strength=5, route="as it is", seed=3)
    assert len(one.starts) >= 2
    for start, stop in zip(one.starts, one.stops, strict=True):
        assert syllables[start] == 0.01 and stop - start < 7e-3 * RATE
        power = np.abs(np.fft.rfft((one.audio - one.clean)[0, start:stop], 8192)) ** 2
        hertz = np.fft.rfftfreq(8192, 1 / RATE)
        assert power[(hertz > 1000) & (hertz < 7000)].sum() > 0.7 * power.sum()


def test_a_clipped_click_has_a_flat_top():
    one = transferred(music(), RATE, kinds=("clipped",), strength=20, route="as it is", seed=0)
    for start, stop, struck in zip(one.starts, one.stops, one.struck, strict=True):
        heard = np.abs(one.audio[np.flatnonzero(struck)[0], start:stop])
        assert np.count_nonzero(heard == heard.max()) > 2


@pytest.mark.whole
@needs_programs
@pytest.mark.parametrize("route", ROUTES)
def test_clicks_lie_on_the_music_after_every_route(route):
    one = transferred(music(), RATE, kinds=("pop",), strength=30, route=route, seed=1)
    assert one.audio.shape == one.clean.shape == (2, 3 * one.sample_rate)
    added = np.abs(one.audio - one.clean)
    for start, stop, struck in zip(one.starts, one.stops, one.struck, strict=True):
        channel = np.flatnonzero(struck)[0]
        around = added[channel, start - one.sample_rate // 50 : stop + one.sample_rate // 50]
        inside = added[channel, start - one.sample_rate // 1000 : stop + one.sample_rate // 1000]
        assert np.sum(inside**2) > 0.9 * np.sum(around**2)


@pytest.mark.whole
@needs_programs
def test_a_low_pass_limits_clicks_and_music_alike():
    one = transferred(music(), RATE, kinds=("spike",), strength=5, route="low-pass 12 kHz", seed=1)
    for audio in (one.clean, one.audio - one.clean):
        power = np.abs(np.fft.rfft(audio[0] * np.hanning(audio.shape[1]))) ** 2
        above = int(13_500 * audio.shape[1] / RATE)
        assert power[above:].mean() < 1e-6 * power[above // 2 : 12_000 * above // 13_500].mean()

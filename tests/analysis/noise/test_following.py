"""A print is followed down a fade; bands that fall each by its own are no noise."""

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend import Denoise
from wavemend.analysis.noise.cells import Cells
from wavemend.analysis.noise.courses import NoiseCourse
from wavemend.analysis.noise.floor import decibels
from wavemend.analysis.noise.following import follow
from wavemend.analysis.noise.noise_print import NoiseBlocks
from wavemend.analysis.noise.turns import Turning, TurnListener

RATE = 16_000
SECONDS = 24


def noise(seed=0):
    return 3e-3 * np.random.default_rng(seed).standard_normal((1, SECONDS * RATE))


def notes():
    """Notes of eight partials with a pause in each four seconds."""
    time = np.arange(SECONDS * RATE) / RATE
    pitch = 220 * 2 ** ((np.floor(2 * time) * 5 % 12) / 12)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    sound = sum(np.sin(h * phase) / h for h in range(1, 9)) * np.exp(-2 * (2 * time % 1))
    return 0.1 * sound[np.newaxis] * (time % 4 > 0.8)


def fade_out(seconds):
    return np.minimum(np.arange(SECONDS * RATE)[::-1] / (seconds * RATE), 1.0) ** 2


def riding():
    """A gain that is 10 dB down where there are notes, and takes half a second to come up."""
    wanted = np.where(np.arange(SECONDS * RATE) / RATE % 4 > 0.8, -10.0, 0.0)
    size = RATE // 2
    return 10 ** (
        np.convolve(np.pad(wanted, size, mode="edge"), np.ones(size) / size, "same")[size:-size] / 20
    )


def sdr_db(clean, audio):
    return 10 * np.log10(np.sum(clean**2) / np.sum((audio - clean) ** 2))


def gain_db(clean, noisy, where):
    out = Denoise().process(noisy, RATE)
    return sdr_db(clean[:, where], out[:, where]) - sdr_db(clean[:, where], noisy[:, where])


@pytest.mark.parametrize("seconds", [5, 10])
@pytest.mark.parametrize("end", [slice(None), slice(None, None, -1)], ids=["out", "in"])
def test_a_fade_costs_nothing_elsewhere(seconds, end):
    clean, added, gain = notes(), noise(), fade_out(seconds)[end]
    whole = gain > 0.999
    steady = gain_db(clean, clean + added, whole)
    assert gain_db(gain * clean, gain * (clean + added), whole) > steady - 0.5
    assert steady > 5


def test_a_fade_that_ends_in_its_own_noise_costs_nothing_elsewhere():
    """What is left at its end, at one level, is the noise turned down, not all of it."""
    clean, added = notes(), noise()
    clean[:, 22 * RATE :] = 0.0
    gain = np.clip((np.arange(SECONDS * RATE)[::-1] / RATE - 1.5) / 5, 0.1, 1.0) ** 2
    whole = gain > 0.999
    steady = gain_db(clean, clean + added, whole)
    assert steady > 5
    assert gain_db(gain * clean, gain * (clean + added), whole) > steady - 0.5


def test_a_fade_that_a_program_covers_is_followed():
    """Between what shows on either side nothing speaks against noise that is turned down."""
    clean, added, gain = notes(), noise(), fade_out(7)
    seconds = np.arange(SECONDS * RATE) / RATE
    wash = lfilter([1.0], [1.0, -0.9], 4 * noise(seed=1))
    clean += wash * ((seconds > 17) & (seconds < 23.2))
    found = Denoise().analyse(gain * (clean + added), RATE)
    assert found.found
    assert found.course.moves


def test_a_low_note_in_most_pauses_of_a_fade_is_not_in_the_print():
    """What bins fall to is told without the fade, or half of it would count."""
    clean, added, gain = notes(), noise(), fade_out(8)[::-1]
    seconds = np.arange(SECONDS * RATE) / RATE
    clean += 0.002 * np.sin(2 * np.pi * 110 * seconds) * (seconds % 4 < 2.9)
    found = Denoise().analyse(gain * (clean + added), RATE)
    hz, density = found.frequency_hz, found.density_dbfs_hz[0, 0]
    note = density[(hz > 60) & (hz < 160)].max()
    assert found.found
    assert note < np.median(density[(hz > 500) & (hz < 4000)]) + 9.5


def test_a_gain_that_rides_is_followed_where_its_noise_shows():
    clean, added = notes(), noise()
    seconds = np.arange(SECONDS * RATE) / RATE
    gain = 10 ** (-0.3 * (1 - np.cos(2 * np.pi * seconds / 12)))  # 12 dB down and up again, twice
    found = Denoise().analyse(gain * (clean + added), RATE)
    assert found.found
    assert found.course.moves
    middle = np.arange(0.5, SECONDS)
    moved = 10 * np.log10(found.course.held(found.course.bin_gains(np.array([1000.0])), middle)[:, 0])
    expected = 20 * np.log10(gain[(middle * RATE).astype(int)])
    np.testing.assert_allclose(moved - moved.max(), expected, atol=3.5)
    assert gain_db(gain * clean, gain * (clean + added), slice(None)) > 5


def test_the_print_is_scaled_along_a_fade():
    clean, added, gain = notes(), noise(), fade_out(10)
    found = Denoise().analyse(gain * (clean + added), RATE)
    assert found.found
    assert found.course.moves
    middle = np.arange(15.5, 22.5)
    moved = found.course.held(found.course.bin_gains(np.array([1000.0])), middle)[:, 0]
    expected = 40 * np.log10((SECONDS - middle) / 10)
    np.testing.assert_allclose(10 * np.log10(moved), expected, atol=3.5)
    inside = slice(15 * RATE, 20 * RATE)
    assert gain_db(gain * clean, gain * (clean + added), inside) > 4


def test_noise_under_a_gain_that_rides_is_lowered():
    """By the floor that shows under the notes: these pauses are too short for the gain to be followed."""
    clean, added, gain = notes(), noise(), riding()
    assert gain_db(gain * clean, gain * (clean + added), slice(None)) > 2.5


def test_noise_whose_gain_is_followed_is_no_discs(monkeypatch):
    """A gain that falls with every beat comes back like a turn: what the pauses show goes before."""
    density = np.full((1, NoiseBlocks(RATE, 1).hop + 1), 1e-9)
    rows_db, ends_s = np.array([[0.0], [6.0]]), np.array([0.0, 24.0])
    turning = Turning(density, density, NoiseCourse(np.array([1e3]), rows_db, ends_s, 2.5 * ends_s), 0.5)
    monkeypatch.setattr(TurnListener, "conclude", lambda self: turning)
    assert Denoise().analyse(notes() + noise(), RATE).course.turn_s
    followed = Denoise().analyse(fade_out(8) * (notes() + noise()), RATE).course
    assert followed.moves
    assert not followed.turn_s


def test_steady_noise_has_no_course():
    assert not Denoise().analyse(notes() + noise(), RATE).course.moves


def cells_of(audio):
    blocks = NoiseBlocks(RATE, len(audio))
    cells = Cells(len(audio), blocks.bands, blocks.hop + 1)
    for at in range(0, audio.shape[1] - blocks.length + 1, blocks.length):
        block, _ = blocks.hear(audio[:, at : at + blocks.length])
        cells.hear(block)
    return cells, blocks.bands


def test_bands_that_fall_each_by_its_own_are_no_noise_turned_down():
    spectrum = np.fft.rfft(noise()[:, : 12 * RATE])
    other = spectrum * 10 ** (-2 * np.linspace(0, 1, spectrum.shape[1]) ** 0.5)
    audio = np.concatenate([noise()[:, : 12 * RATE], np.fft.irfft(other)], axis=1)
    cells, bands = cells_of(audio)
    level = decibels(bands.mean(np.full(NoiseBlocks(RATE, 1).hop + 1, 2 * 9e-6 / RATE)))
    followed = follow(cells, 0, level, bands)
    assert followed is not None
    assert not followed.believed


def test_cells_do_not_grow_with_the_recording():
    cells, bands = cells_of(np.tile(noise(), (1, 15)))
    assert cells.least(0, 0.5).shape == (NoiseBlocks(RATE, 1).hop + 1,)
    assert len(cells.levels()[0]) == pytest.approx(360 / (0.1 * cells.blocks), rel=0.05)
    assert cells.low_level(0, 0.1).shape == bands.widths.shape

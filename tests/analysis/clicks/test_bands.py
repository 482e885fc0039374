"""Each band's impulses are found where they are; the low band has pops that hiss hides."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt
from wavemend.analysis.clicks.bands import Band, LowBand
from wavemend.kernels.impulses.counting import SCORE, START, STOP

RATE = 44100
POP = np.exp(-np.arange(150) / 26.0) * np.sin(2 * np.pi * 700 / RATE * np.arange(150))


def picked(band, audio, factor=1):
    """Return the impulses of a recording but its end, at its samples."""
    hop = band.hop * factor
    origin, found = -band.size * factor, []
    audio = np.pad(audio, ((0, 0), (0, 2 * hop - audio.shape[1] % hop)))
    for start in range(0, audio.shape[1], hop):
        origin += hop
        bounds = np.array([max(-origin, 0), band.size * factor])
        if factor > 1:
            bounds = band.own_bounds(bounds, origin)
        band.hear(audio[:, start : start + hop], bounds)
        for one in band.pick(bounds):
            one[:, [START, STOP]] += origin
            found.append(one)
    found = np.concatenate(found)
    return found[found[:, START] < 160_000]


def hiss_and_pops(times, height):
    draw = np.random.default_rng(0)
    hiss = sosfilt(butter(8, 5000, "highpass", fs=RATE, output="sos"), draw.standard_normal(4 * RATE))
    audio = 0.1 * hiss + 1e-3 * draw.standard_normal(hiss.size)
    for start in times:
        audio[start : start + POP.size] += height * POP
    return audio[None]


def test_pops_under_hiss_are_in_the_low_band():
    times = np.arange(20_000, 150_000, 13_001)
    audio = hiss_and_pops(times, 0.15)
    low = picked(LowBand(RATE, 4, 1, 16, 0.15), audio, 4)
    plain = low[low[:, SCORE] >= 1.0]
    assert plain[:, START] == pytest.approx(times, abs=30)
    full = picked(Band(RATE, 1, 64, 0.15), audio)
    assert np.count_nonzero(full[:, SCORE] >= 1.0) < 0.5 * times.size


@pytest.mark.parametrize("cell", [64, 70])
def test_the_whole_band_finds_single_samples_in_place(cell):
    audio = 0.01 * np.random.default_rng(1).standard_normal((1, 4 * RATE))
    times = np.arange(5_000, 150_000, 7_001)
    audio[0, times] += 1.0
    found = picked(Band(RATE, 1, cell, 0.15), audio)
    assert found[found[:, SCORE] >= 1.0, START].tolist() == times.tolist()

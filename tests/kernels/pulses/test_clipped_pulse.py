"""Tops that a converter cut off are put back where a ring says how high they were."""

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.pulses.clipped_pulse import MOST_FLAT, flat_samples, restore_tops
from wavemend.kernels.pulses.rings import RingSearch, ring_poles

RATE = 44_100
MODEL = np.r_[1.0, -1.6, 0.8, np.zeros(30)]
SIGMA = 1e-3
SLOWEST = float(np.exp(-np.log(1000.0) / 530))
SEARCH = RingSearch(6, ring_poles(RATE, SLOWEST), SLOWEST)
AT = 600


def sound():
    return lfilter([1.0], MODEL, SIGMA * np.random.default_rng(3).standard_normal(1500))


def pop(height, hertz=800.0, decay_s=1.2e-3, phase=0.3):
    time = np.arange(400) / RATE
    return height * np.exp(-time / decay_s) * np.cos(2 * np.pi * hertz * time + phase)


def with_pop(height, **kind):
    audio = sound()
    audio[AT : AT + 400] += pop(height, **kind)
    return audio


def flats(x, start=AT - 3, stop=AT + 300):
    flat = np.empty(MOST_FLAT, np.int64)
    return flat[: flat_samples(x, start, stop, flat)]


@pytest.mark.parametrize(("height", "hertz", "rail"), [(1.5, 800, 1.0), (3.0, 400, 0.9), (-1.5, 800, 0.5)])
def test_what_was_cut_off_is_put_back(height, hertz, rail):
    whole = with_pop(height, hertz=hertz)
    clipped = np.clip(whole, -rail, rail)
    flat = flats(clipped)
    assert np.array_equal(AT - 3 + flat, np.flatnonzero(np.abs(whole) >= rail))
    restored = clipped.copy()
    assert restore_tops(restored, AT - 3, AT + 300, flat, MODEL, SIGMA, SEARCH)
    assert np.array_equal(np.delete(restored, AT - 3 + flat), np.delete(clipped, AT - 3 + flat))
    assert np.sum((restored - whole) ** 2) < 0.02 * np.sum((clipped - whole) ** 2)
    assert (np.abs(restored) >= np.abs(clipped)).all()


def test_rounded_and_dithered_rails_are_flat():
    dither = np.random.default_rng(1).integers(-1, 2, 1500) / 2**15
    clipped = np.clip(with_pop(1.5), -0.8, 0.8)
    dithered = np.round(clipped * 2**15) / 2**15 + np.where(np.abs(clipped) == 0.8, dither / 2, 0.0)
    assert flats(dithered).size == np.count_nonzero(np.abs(clipped) == 0.8)


def test_what_is_not_flat_is_not_clipped():
    assert flats(with_pop(0.9)).size == 0
    assert flats(sound()).size == 0
    assert flats(np.zeros(1500)).size == 0
    assert flats(np.clip(with_pop(0.9), -0.05, 0.05)).size == 0  # no converter's rail

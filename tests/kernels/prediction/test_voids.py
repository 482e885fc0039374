"""A void is found where the band ends, at any order; a full band, a slope and a low note have none."""

import numpy as np
import pytest
from scipy.signal import firwin, lfilter
from wavemend.audio.arrays import Array
from wavemend.kernels.prediction.models import autocorrelation_model, covariance_model, hann
from wavemend.kernels.prediction.voids import filling_noise, find_void


def noise(size: int = 8192) -> Array:
    return np.random.default_rng(0).standard_normal(size)


def cut_at(part: float, x: Array, order: int = 801) -> Array:
    return np.asarray(lfilter(firwin(order, part, window=("kaiser", 12.0)), [1.0], x))[order:]


def model(x: Array, order: int) -> tuple[Array, float]:
    a = np.empty(order + 1)
    energy = autocorrelation_model(x * hann(x.size), 1e-9, a)
    return a, energy / (0.375 * x.size)


@pytest.mark.parametrize("order", [16, 32, 64])
@pytest.mark.parametrize("part", [0.45, 0.6, 0.73, 0.85])
def test_the_void_begins_where_the_band_ends(order: int, part: float) -> None:
    a, _ = model(cut_at(part, noise()), order)
    edge, _ = find_void(a)
    assert abs(edge - part) < 3.0 / order + 0.02


@pytest.mark.parametrize("order", [16, 32, 64])
def test_a_full_band_and_a_slope_have_none(order: int) -> None:
    for x in (noise(), lfilter([1.0], [1.0, -0.97], noise()), lfilter([1.0], [1.0, -1.8, 0.9], noise())):
        a, variance = model(np.asarray(x), order)
        assert find_void(a)[0] == 1.0
        assert filling_noise(a, variance, 6.0) == 0.0


def test_the_noise_lies_under_the_top_of_the_band() -> None:
    x = cut_at(0.5, noise())
    a, variance = model(x, 32)
    for under in (0.0, 6.0, 20.0):
        assert abs(10 * np.log10(filling_noise(a, variance, under)) + under) < 12.0


def test_a_filled_model_predicts_no_better_than_its_noise() -> None:
    x = cut_at(0.5, noise())
    a, whole = np.empty(33), np.zeros(x.size, np.bool_)
    assert covariance_model(x, 0, x.size, whole, 1e-10, 0.0, a) < 1e-4
    assert covariance_model(x, 0, x.size, whole, 1e-10, 0.1, a) > 0.1
    assert 10 * np.log10(np.ptp(np.abs(np.fft.rfft(a, 256)) ** 2)) < 15.0

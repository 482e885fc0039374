"""Models are recovered from signals that they made; band solvers and spans agree with dense algebra."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter
from wavemend.kernels.prediction import bands
from wavemend.kernels.prediction import models as ar

POLES = np.array([0.98 * np.exp(0.2j), 0.95 * np.exp(1.0j), 0.9 * np.exp(2.2j)])
MODEL = np.poly(np.concatenate([POLES, POLES.conj()])).real
ORDER = MODEL.size - 1


def autoregressive(samples: int, seed: int = 0) -> np.ndarray:
    excitation = np.random.default_rng(seed).standard_normal(samples + 1000)
    return lfilter([1.0], MODEL, excitation)[1000:]


def dense(band: np.ndarray) -> np.ndarray:
    """Symmetric matrix of a lower band by columns."""
    size, width = band.shape
    matrix = np.zeros((size, size))
    for d in range(min(width, size)):
        matrix += np.diag(band[: size - d, d], -d)
        if d:
            matrix += np.diag(band[: size - d, d], d)
    return matrix


def random_band(size: int, width: int, seed: int) -> np.ndarray:
    band = np.random.default_rng(seed).uniform(-1, 1, (size, width))
    band[:, 0] = 2.0 * width
    return band


sizes = st.tuples(st.integers(1, 40), st.integers(1, 40)).map(lambda pair: (pair[0], min(pair)))


def test_levinson_recovers_the_model() -> None:
    x = autoregressive(50_000)
    a = np.empty(ORDER + 1)
    error = ar.levinson(ar.autocorrelation(x, ORDER), a)
    assert a == pytest.approx(MODEL, abs=0.03)
    assert error / x.size == pytest.approx(1.0, rel=0.03)


def test_autocorrelation_is_that_of_numpy() -> None:
    x = autoregressive(300)
    assert ar.autocorrelation(x, 20) == pytest.approx(np.correlate(x, x, "full")[299:320])


@given(st.integers(0, 40), st.integers(0, 24), st.integers(0, 9))
def test_lagged_products_are_summed_in_order_of_time_to_the_bit(size: int, order: int, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(size)
    r = np.zeros(order + 1)
    for t in range(size):
        for lag in range(min(order + 1, size - t)):
            r[lag] += x[t] * x[t + lag]
    assert np.array_equal(ar.autocorrelation(x, order), r)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 24), st.integers(0, 9))
def test_the_filter_sums_in_order_of_its_taps_to_the_bit(start: int, size: int, taps: int, seed: int) -> None:
    """However many it takes in a pass; before the first sample is silence."""
    draw = np.random.default_rng(seed)
    x, a = draw.standard_normal(start + size), draw.standard_normal(taps)
    for first in (0, 1):
        out = draw.standard_normal(size)
        wanted = out.copy()
        for t in range(size):
            for k in range(first, min(taps, start + t + 1)):
                wanted[t] += a[k] * x[start + t - k]
        ar.add_filtered(x, start, a, first, out)
        assert np.array_equal(out, wanted)


def test_an_excitation_of_its_own_is_the_one_in_place() -> None:
    x, e = autoregressive(500), np.zeros(500)
    ar.prediction_error(x, 100, 400, MODEL, e)
    assert np.array_equal(ar.excitation_of(x, 100, 400, MODEL), e[100:400])


def test_a_tapered_stretch_has_its_model() -> None:
    x = autoregressive(50_000)
    a, raised = np.empty(ORDER + 1), np.empty(ORDER + 1)
    taper = ar.hann(x.size)
    energy = ar.autocorrelation_model(x * taper, 0.0, a)
    assert a == pytest.approx(MODEL, abs=0.05)
    assert energy == pytest.approx(np.sum(taper**2), rel=0.03)
    assert ar.autocorrelation_model(x * taper, 1e-2, raised) > energy
    assert np.abs(np.roots(raised)).max() < np.abs(np.roots(a)).max()


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_a_hann_window_is_symmetric_and_half_on_average(size: int) -> None:
    window = ar.hann(size)
    assert window == pytest.approx(window[::-1])
    assert size == 1 or window.mean() == pytest.approx(0.5)


def test_covariance_recovers_the_model() -> None:
    x = autoregressive(20_000)
    a = np.empty(ORDER + 1)
    variance = ar.covariance_model(x, 0, x.size, np.zeros(x.size, bool), 0.0, 0.0, a)
    assert a == pytest.approx(MODEL, abs=0.02)
    assert variance == pytest.approx(1.0, rel=0.03)


def test_covariance_of_a_sine_is_exact_from_a_short_stretch() -> None:
    """No window, no bias: two coefficients predict a sine for ever (Marple 1980)."""
    a = np.empty(3)
    ar.covariance_model(np.sin(0.3 * np.arange(40)), 0, 40, np.zeros(40, bool), 0.0, 0.0, a)
    assert a == pytest.approx([1.0, -2 * np.cos(0.3), 1.0], abs=1e-6)


def test_covariance_does_not_see_what_is_damaged() -> None:
    x = autoregressive(3_000)
    damaged = np.zeros(x.size, bool)
    damaged[1000:1030] = damaged[1500:1501] = True
    clean, struck = np.empty(ORDER + 1), np.empty(ORDER + 1)
    ar.covariance_model(x, 0, x.size, damaged, 1e-10, 0.0, clean)
    ar.covariance_model(np.where(damaged, 1e3, x), 0, x.size, damaged, 1e-10, 0.0, struck)
    assert np.array_equal(clean, struck)


def test_nothing_to_fit() -> None:
    a = np.empty(ORDER + 1)
    whole = np.zeros(1000, bool)
    assert ar.covariance_model(np.zeros(1000), 0, 1000, whole, 1e-10, 0.0, a) < 0, "silence"
    assert ar.covariance_model(autoregressive(1000), 0, ORDER * 2, whole, 1e-10, 0.0, a) < 0, "too short"
    assert ar.covariance_model(autoregressive(1000), 0, 1000, ~whole, 1e-10, 0.0, a) < 0, "all damaged"
    assert ar.levinson(np.zeros(ORDER + 1), a) == 0.0
    assert a.tolist() == [1.0] + [0.0] * ORDER


@pytest.mark.parametrize(("start", "stop"), [(0, 500), (3, 7), (100, 400), (5, 5)])
def test_prediction_error_is_the_filter(start: int, stop: int) -> None:
    x = autoregressive(500)
    e = np.full(500, 7.0)
    ar.prediction_error(x, start, stop, MODEL, e)
    assert e[start:stop] == pytest.approx(lfilter(MODEL, [1.0], x)[start:stop])
    assert (np.delete(e, np.arange(start, stop)) == 7.0).all()


@given(sizes, st.integers(0, 9))
def test_band_solvers_are_those_of_numpy(shape: tuple[int, int], seed: int) -> None:
    band = random_band(*shape, seed)
    matrix = dense(band)
    b = np.random.default_rng(seed + 1).standard_normal(shape[0])
    solution, diagonal = b.copy(), np.empty(shape[0])
    assert bands.band_cholesky(band)
    bands.band_solve(band, solution)
    bands.band_inverse_diagonal(band, diagonal)
    assert solution == pytest.approx(np.linalg.solve(matrix, b))
    assert diagonal == pytest.approx(np.diag(np.linalg.inv(matrix)))


def test_cholesky_refuses_what_is_not_positive_definite() -> None:
    assert not bands.band_cholesky(np.array([[1.0, 2.0], [1.0, 0.0]]))
    assert not bands.band_cholesky(np.array([[np.nan]]))


@pytest.mark.parametrize("last", [59, 33, 31], ids=["inside", "recording ends soon", "ends at once"])
def test_spans_are_least_squares_on_the_excitation(last: int) -> None:
    """Precision and gradient are A'A and A'e of the matrix that filters, over the rows there are."""
    active = np.array([20, 21, 22, 27, 30, 31])
    A = np.zeros((last + 1, active.size))
    for column, position in enumerate(active):
        rows = min(ORDER, last - position) + 1
        A[position : position + rows, column] = MODEL[:rows]
    e = np.random.default_rng(0).standard_normal(last + 1)
    band, g = np.empty((active.size, active.size)), np.empty(active.size)
    ar.span_precision(MODEL, active, last, band)
    ar.span_gradient(MODEL, e, active, last, g)
    assert dense(band) == pytest.approx(A.T @ A)
    assert g == pytest.approx(A.T @ e)
    both = ar.span_equations(MODEL, e, active, last)
    assert dense(both[0]) == pytest.approx(A.T @ A)
    assert np.array_equal(both[1], g)


def test_interpolation_of_an_autoregressive_signal() -> None:
    """Missing samples come back as well as the model allows: their errors have the posterior variance."""
    errors = []
    for seed in range(40):
        x = autoregressive(400, seed)
        gap = np.arange(200, 208)
        broken = x.copy()
        broken[gap] = 0.0
        e = np.zeros(400)
        ar.prediction_error(broken, 0, 400, MODEL, e)
        band, change = np.empty((8, ORDER + 1)), np.empty(8)
        ar.span_precision(MODEL, gap, 399, band)
        ar.span_gradient(MODEL, e, gap, 399, change)
        assert bands.band_cholesky(band)
        bands.band_solve(band, change)
        spread = np.empty(8)
        bands.band_inverse_diagonal(band, spread)
        errors.append(((x[gap] + change) ** 2 / spread).mean())
    assert np.mean(errors) == pytest.approx(1.0, abs=0.25)


def test_kernels_do_not_depend_on_where_samples_lie() -> None:
    """Vector instructions must not change the bits with the alignment of the memory."""
    x = autoregressive(1003)
    shifted = np.empty(1010)
    for offset in range(1, 5):
        view = shifted[offset : offset + x.size]
        view[:] = x
        assert np.array_equal(ar.autocorrelation(x, 20), ar.autocorrelation(view, 20))
        e, f = np.zeros(x.size), np.zeros(x.size)
        ar.prediction_error(x, 0, x.size, MODEL, e)
        ar.prediction_error(view, 0, x.size, MODEL, f)
        assert np.array_equal(e, f)

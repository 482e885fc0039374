"""What is predicted is what the equations say, and a room's tail that follows a rule is taken whole."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.kernels.spectra.late_prediction import Prediction, late, late_by, learned

LEAST_POWER, LOADING = 0.05, 1e-6


def sound(channels: int, frames: int, bins: int, seed: int = 0) -> np.ndarray:
    """Return spectra whose level moves as a voice's does."""
    draw = np.random.default_rng(seed)
    white = draw.standard_normal((2, channels, frames, bins))
    moving = np.exp(np.cumsum(0.5 * draw.standard_normal((frames, 1)), axis=0) * 0.9)
    return (white[0] + 1j * white[1]) * (moving / moving.max() + 0.05)


def by_the_book(spectra: np.ndarray, prediction: Prediction) -> np.ndarray:
    """Weighted prediction error in NumPy, a bin at a time."""
    channels, length, bins = spectra.shape
    frames = length - prediction.reach
    out = np.zeros((channels, frames, bins), complex)
    for i in range(bins):
        heard = spectra[:, :, i]
        rows = [
            heard[channel, prediction.reach - prediction.delay - tap :][:frames]
            for channel in range(channels)
            for tap in range(prediction.taps)
        ]
        x, y = np.array(rows), heard[:, prediction.reach :]
        for _ in range(prediction.iterations):
            power = np.mean(np.abs(y - out[:, :, i]) ** 2, axis=0)
            weight = 1 / np.maximum(power, LEAST_POWER * power.mean())
            normal = (x * weight) @ x.conj().T
            normal += LOADING * np.trace(normal).real / len(x) * np.eye(len(x))
            out[:, :, i] = np.linalg.solve(normal, (x * weight) @ y.conj().T).conj().T @ x
    return out


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_it_is_what_the_equations_say(channels: int) -> None:
    spectra, prediction = sound(channels, 150, 3), Prediction(5, 2, 2)
    assert np.allclose(late(spectra, prediction), by_the_book(spectra, prediction), atol=1e-9)


def test_a_tail_that_follows_a_rule_is_taken() -> None:
    dry, prediction = sound(1, 600, 4), Prediction(6, 3, 3)
    wet = dry.copy()
    for frame in range(4, 600):
        wet[:, frame] += 0.5 * wet[:, frame - 4]
    left = wet[:, prediction.reach :] - late(wet, prediction)
    wanted = dry[:, prediction.reach :]
    assert np.mean(np.abs(left - wanted) ** 2) < 0.1 * np.mean(
        np.abs(wet[:, prediction.reach :] - wanted) ** 2
    )


def test_filters_of_one_stretch_serve_another() -> None:
    prediction = Prediction(6, 3, 3)
    dry = sound(1, 900, 4)
    wet = dry.copy()
    for frame in range(4, 900):
        wet[:, frame] += 0.5 * wet[:, frame - 4]
    filters = learned(wet[:, :450], prediction)
    left = wet[:, 450 + prediction.reach :] - late_by(wet[:, 450:], filters, prediction)
    rest = wet[:, 450 + prediction.reach :] - dry[:, 450 + prediction.reach :]
    error = left - dry[:, 450 + prediction.reach :]
    assert np.mean(np.abs(error) ** 2) < 0.15 * np.mean(np.abs(rest) ** 2)


def test_bins_do_not_know_each_other() -> None:
    spectra, prediction = sound(1, 120, 70), Prediction(4, 2, 2)
    alone = late(np.ascontiguousarray(spectra[:, :, 66:]), prediction)
    assert np.array_equal(late(spectra, prediction)[:, :, 66:], alone)


def test_silence_and_two_channels_alike_have_a_solution() -> None:
    prediction = Prediction(4, 2, 2)
    assert not late(np.zeros((2, 60, 3), complex), prediction).any()
    same = np.repeat(sound(1, 200, 3), 2, axis=0)
    both = late(same, prediction)
    assert np.isfinite(both).all() and np.allclose(both[0], both[1], atol=1e-6)


def test_the_level_does_not_matter() -> None:
    spectra, prediction = sound(1, 120, 3), Prediction(4, 2, 2)
    assert np.allclose(late(2.0**-20 * spectra, prediction), 2.0**-20 * late(spectra, prediction), rtol=1e-6)

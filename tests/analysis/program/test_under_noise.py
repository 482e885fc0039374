"""Steady noise is left out of account where speech and music are told apart."""

from __future__ import annotations

import numpy as np
from wavemend.analysis.program.program import KINDS
from wavemend.analysis.program.under_noise import ProgramUnderNoiseAnalyser, chances_under_noise
from wavemend.analysis.program.under_noise_weights import MEAN, SCALE

RATE = 16_000


def analysed(audio: np.ndarray, size: int = 100_000) -> object:
    analyser = ProgramUnderNoiseAnalyser(RATE, len(audio))
    for at in range(0, audio.shape[1], size):
        analyser.push(audio[:, at : at + size])
    return analyser.result().to_json()


def test_blocks_do_not_matter() -> None:
    draw = np.random.default_rng(0)
    audio = 0.01 * draw.standard_normal((2, 10 * RATE))
    audio[:, 4 * RATE : 5 * RATE] *= 10
    assert analysed(audio) == analysed(audio, 7001)


def test_silence_and_nothing_hold_neither() -> None:
    for seconds in (0, 1, 6):
        analyser = ProgramUnderNoiseAnalyser(RATE, 1)
        analyser.push(np.zeros((1, seconds * RATE)))
        assert not analyser.result().found


def test_the_judge_tells_chances_of_all_kinds() -> None:
    draw = np.random.default_rng(1)
    for _ in range(5):
        chances = chances_under_noise(MEAN + 10 * SCALE * draw.standard_normal(MEAN.size))
        assert chances.shape == (len(KINDS),)
        assert abs(chances.sum() - 1) < 1e-12
        assert (chances >= 0).all()


def test_a_judge_of_ones_own_is_asked() -> None:
    analyser = ProgramUnderNoiseAnalyser(RATE, 1, lambda described: np.eye(len(KINDS))[2])
    analyser.push(0.01 * np.random.default_rng(0).standard_normal((1, 6 * RATE)))
    assert analyser.result().share("music") == 1.0

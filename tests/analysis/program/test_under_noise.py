"""Steady noise is left out of account where speech and music are told apart."""

from __future__ import annotations

import numpy as np
from wavemend.analysis.program.under_noise import ProgramUnderNoiseAnalyser

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

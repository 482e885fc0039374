"""Parameters moved while a stream runs: what was taken away comes back without a click."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import wavemend
from wavemend.contract.stage import Stage

RATE = 8000
SECONDS, MOVED = 20, 12


def moved(stage: Stage, audio: Any, name: str, value: float) -> Any:
    """Run a stream of `stage` and move a parameter in its midst."""
    stream = stage.stream(RATE, 1, stage.analyse(audio, RATE))
    parts = [stream.step(audio[:, : MOVED * RATE])]
    other = stage.copy()
    setattr(other, name, value)
    assert stream.follow(other)
    parts += [stream.step(audio[:, MOVED * RATE :]), stream.flush()]
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize(
    ("stage", "name", "value"),
    [(wavemend.DcOffset(), "threshold_db", -20.0), (wavemend.Dehum(), "reduction_db", 0.0)],
)
def test_what_was_taken_away_comes_back_without_a_click(stage: Stage, name: str, value: float) -> None:
    time = np.arange(RATE * SECONDS) / RATE
    noise = 0.0005 * np.random.default_rng(0).normal(size=(1, time.size))
    audio = 0.05 * np.cos(2 * np.pi * 50 * time) + 0.02 + noise
    out = moved(stage, audio, name, value)
    assert np.abs(out - audio)[:, :RATE].max() > 0.015  # something is taken away
    np.testing.assert_allclose(out[:, -RATE:], audio[:, -RATE:], rtol=0, atol=1e-12)
    # A click is a bend that neither the recording nor its repair has.
    assert np.abs(np.diff(out, 2)).max() <= 1.01 * np.abs(np.diff(audio, 2)).max()

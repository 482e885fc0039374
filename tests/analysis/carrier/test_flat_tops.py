"""Ceilings are found to the step, where clipping is, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from wavemend.analysis.carrier.flat_tops import FlatTops, FlatTopsAnalyser
from wavemend.contract.findings import Analyser
from wavemend.errors import FindingsError

RATE = 44_100


def sound(seconds: float = 2.0) -> np.ndarray:
    """A chord whose level swells, shape (1, n)."""
    time = np.arange(int(seconds * RATE)) / RATE
    chord = sum(np.sin(2 * np.pi * f * time + f) for f in (220.0, 277.2, 329.6, 440.0, 1318.5))
    return np.asarray(0.2 * chord * (0.6 + 0.4 * np.sin(2 * np.pi * 0.8 * time)))[None]


def found(audio: np.ndarray, block: int = 7001) -> FlatTops:
    analyser: Analyser[FlatTops] = FlatTopsAnalyser(RATE, audio.shape[0])
    for start in range(0, audio.shape[1], block):
        analyser.push(audio[:, start : start + block])
    return analyser.result()


@pytest.mark.parametrize("ceiling", [0.1234, 0.5, 0.61803])
def test_the_ceiling_is_exact(ceiling: float) -> None:
    both = np.concatenate([np.clip(sound(), -0.8 * ceiling, ceiling), sound()])
    tops = found(both)
    assert tops.upper.tolist() == [ceiling, 0.0]
    assert tops.lower.tolist() == pytest.approx([0.8 * ceiling, 0.0])
    assert tops.found
    assert tops.events[0] > 10
    assert "dBFS" in tops.describe()


def test_blocks_do_not_matter() -> None:
    clipped = np.clip(sound(), -0.4, 0.4)
    assert found(clipped) == found(clipped, 333) == found(clipped, 10**6)


def test_what_is_not_clipped_has_no_ceiling() -> None:
    time = np.arange(RATE) / RATE
    square = 0.5 * np.sign(np.sin(2 * np.pi * 110 * time))[None]
    for audio in (sound(), square, np.zeros((2, RATE)), np.round(sound() * 127) / 127):
        tops = found(audio)
        assert not tops.found
        assert tops.describe() == "no flat tops"


def test_findings_survive_json() -> None:
    tops = found(np.clip(sound(), -0.3, 0.3))
    assert FlatTops.from_json(tops.to_json()) == tops


def test_findings_from_before_there_were_trials_are_believed() -> None:
    tops = found(np.clip(sound(), -0.3, 0.3))
    older = {name: value for name, value in tops.to_json().items() if name not in ("believed", "tried")}
    assert FlatTops.from_json(older) == tops
    for wrong in ({}, {**older, "upper": 3}):
        with pytest.raises(FindingsError):
            FlatTops.from_json(wrong)


def test_what_is_not_believed_is_said() -> None:
    tops = found(np.concatenate([np.clip(sound(), -0.3, 0.3)] * 2))
    assert "rounded" not in tops.describe()
    assert "0.25 (right) of what is rebuilt" in replace(tops, believed=np.array([1.0, 0.25])).describe()

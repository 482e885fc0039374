"""The judge's say in what Declick takes for a click."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend import Declick
from wavemend.analysis.clicks.judge import ImpulseJudge, judge_latency
from wavemend.plugins.declick.judged import JudgedClicks

RATE = 44_100


def recording(samples: int = 40_000) -> np.ndarray:
    """Return music of a sort with two plain clicks and a faint one, shape (1, samples)."""
    draw = np.random.default_rng(3)
    audio = 0.02 * np.convolve(draw.standard_normal(samples), [1.0, 1.5, 1.0, 0.4], "same")[np.newaxis]
    audio[0, 15_000:15_002] += [0.5, -0.3]
    audio[0, 25_000:25_002] += [-0.5, 0.4]
    return audio


def asked(audio: np.ndarray, found: list[list[float]], block: int) -> list[bool]:
    judged = JudgedClicks(RATE, 1, "")
    for start in range(0, audio.shape[1], block):
        judged.hear(audio[:, start : start + block])
    judged.finish(audio.shape[1])
    judged.hear(np.zeros((1, block)))
    judged.hear(np.zeros((1, block)))
    return judged.believed(0, np.array(found), 0).tolist()


@pytest.mark.parametrize("block", [1000, 7000])
def test_doubted_clicks_are_believed_where_the_judge_heard_them(block: int) -> None:
    found = [[15_000, 15_004, 0.6, 0.0], [20_000, 20_004, 0.6, 0.0], [25_000, 25_004, 3.0, 0.0]]
    assert asked(recording(), found, block) == [True, False, True]


def test_what_was_no_candidate_keeps_its_own_score() -> None:
    silent = np.zeros((1, 40_000))
    assert asked(silent, [[15_000, 15_004, 1.2, 0.0], [20_000, 20_004, 0.9, 0.0]], 4000) == [True, False]


@pytest.mark.parametrize("rate", [8_000.0, 44_100.0, 96_000.0])
def test_the_latency_is_the_judges(rate: float) -> None:
    assert judge_latency(rate) == ImpulseJudge(rate, 1).latency
    rules, learned = Declick(), Declick(algorithm="learned")
    assert learned.latency(rate) == rules.latency(rate) + judge_latency(rate)


@pytest.mark.parametrize("samples", [1, 5_000, 40_000])
def test_any_partition_gives_the_same_bits(samples: int) -> None:
    audio = recording()[:, :samples]
    stage = Declick(algorithm="learned")
    whole = stage.process(audio, RATE)
    for size in (777, 9_001):
        stream = stage.stream(RATE, 1)
        parts = [stream.step(audio[:, start : start + size]) for start in range(0, samples, size)]
        assert np.array_equal(np.concatenate([*parts, stream.flush()], axis=1), whole)
    assert (samples < 40_000) == np.array_equal(whole, audio)

"""The judge of candidates: the same bits for any partition, every planted click a candidate, any rate."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from wavemend.analysis.clicks.judge import (
    HIGHEST_RATE,
    LOWEST_RATE,
    Candidate,
    ImpulseJudge,
    coded_offsets,
    offsets_of,
    rate_ratio,
)

from tests.analysis.clicks.test_detector import Audio, tones, with_clicks


def judged(audio: Audio, rate: float, cuts: list[int] | None = None) -> list[Candidate]:
    judge = ImpulseJudge(rate, len(audio))
    found = [one for part in np.split(audio, cuts or [], axis=1) for one in judge.push(part)]
    return found + judge.finish()


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_any_partition_gives_the_same_bits(rate: int) -> None:
    audio, _ = with_clicks(tones(rate, channels=2), rate, channel=1)
    cuts = np.sort(np.random.default_rng(rate).integers(0, audio.shape[1], 12)).tolist()
    assert judged(audio, rate) == judged(audio, rate, cuts)


def test_every_click_is_a_candidate_with_a_higher_probability_than_all_that_is_none() -> None:
    audio, places = with_clicks(tones(44_100), 44_100)
    found = judged(audio, 44_100)
    near = [one for one in found if min(abs(one.place - place) for place in places) < 44]
    others = [one.probability for one in found if one not in near]
    best = [max(one.probability for one in near if abs(one.place - place) < 44) for place in places]
    assert min(best) > max(others, default=0.0)


def test_candidates_come_in_order_and_lie_in_their_spans_reach() -> None:
    audio, _ = with_clicks(tones(44_100, channels=2), 44_100)
    found = judged(audio, 44_100)
    assert [one.place for one in found] == sorted(one.place for one in found)
    for one in found:
        assert 0 <= one.start < one.stop
        assert one.place - one.start <= 441
        assert one.stop - one.place <= 441


def test_what_is_judged_is_told() -> None:
    audio, _ = with_clicks(tones(44_100, 3.0), 44_100)
    judge = ImpulseJudge(44_100, 1)
    for start in range(0, audio.shape[1], 1000):
        before = judge.judged
        for one in judge.push(audio[:, start : start + 1000]):
            assert before <= one.place < judge.judged
        assert start + 1000 - judge.judged <= judge.latency + 1000


def test_offsets_come_back_as_they_were_coded() -> None:
    offsets = np.array([-30.0, 0.0, 1.0, 400.0])
    assert offsets_of(coded_offsets(offsets)) == pytest.approx(offsets)


@pytest.mark.parametrize("rate", [4000.0, 8000, 11_025, 37_800, 44_056.5, 50_001, 88_200, 192_000, 384_000])
def test_rates_are_brought_to_where_the_network_was_trained(rate: float) -> None:
    ratio = rate_ratio(rate)
    assert LOWEST_RATE <= rate * float(ratio) <= HIGHEST_RATE
    assert ratio.numerator <= 12


def test_a_rate_that_needs_no_change_is_left_alone() -> None:
    assert rate_ratio(44_100) == rate_ratio(48_000) == Fraction(1)

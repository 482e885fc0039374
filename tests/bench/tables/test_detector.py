"""Events are matched as the table says: by overlap and centre, audible ones asked for, the rest forgiven."""

from __future__ import annotations

import numpy as np
import pytest
from bench.material.damage import CLICKS, Clicked, clicks
from bench.tables.detector import Spans, Tally, matches, score, truth, united

RATE = 44_100


def damaged(kind: str = "tick", strength: float = 5.0) -> Clicked:
    sound = 0.05 * np.random.default_rng(1).standard_normal((2, 4 * RATE))
    return clicks(sound, RATE, kind=kind, strength=strength, seed=2)


def tally(take: Clicked, found: Spans) -> Tally:
    counted = Tally()
    score(take, found, RATE, counted)
    return counted


@pytest.mark.parametrize("kind", CLICKS)
def test_the_truth_scores_one(kind: str) -> None:
    take = damaged(kind)
    events = truth(take, RATE)
    for columns in ([0, 1], [0, 2]):  # bodies and wholes both count
        counted = tally(take, [spans[:, columns] for spans, _ in events])
        assert counted.asked == counted.found > 0
        assert counted.f1 == 1.0


def test_nothing_found_is_no_recall_and_nothing_false() -> None:
    counted = tally(damaged(), [np.zeros((0, 2), int)] * 2)
    assert (counted.precision, counted.recall, counted.f1) == (1.0, 0.0, 0.0)


def test_what_lies_elsewhere_is_false() -> None:
    take = damaged()
    counted = tally(take, [spans[:, :2] + round(0.1 * RATE) for spans, _ in truth(take, RATE)])
    assert (counted.precision, counted.recall) == (0.0, 0.0)


def test_inaudible_events_are_neither_asked_for_nor_false() -> None:
    take = damaged(strength=0.5)
    counted = tally(take, [spans[:, :2] for spans, _ in truth(take, RATE)])
    assert counted.asked == 0
    assert counted.precision == 1.0


def test_a_long_span_over_an_event_is_another_one() -> None:
    event = np.array([[1000, 1010, 1020]])
    assert matches(event, np.array([[990, 1030]]), 88).all()
    assert not matches(event, np.array([[990, 1400]]), 88).any()
    assert not matches(event, np.array([[1012, 1030]]), 88).any()


def test_a_union_joins_what_overlaps() -> None:
    one, other = [np.array([[10, 20], [50, 60]])], [np.array([[15, 25], [70, 80]])]
    assert united(one, other)[0].tolist() == [[10, 25], [50, 60], [70, 80]]

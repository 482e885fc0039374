"""Spans that were widened into each other leave whole samples between them, as far as there are any."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.kernels.pulses.click_repair import CLICK
from wavemend.plugins.declick.times import Times

TIMES = Times.at(44_100, 6.0, 0.0)


@pytest.mark.parametrize("gap", [12, 20, 36, 60])
def test_what_was_widened_into_the_next_span_ends_before_it_and_not_before_it_was_seen_to(gap: int) -> None:
    seen = np.array([[100, 200], [200 + gap, 300 + gap]])
    spans = TIMES.widened(np.column_stack([seen, np.ones(2), np.full(2, CLICK)]).astype(float))
    wide = spans.copy()
    TIMES.keep_apart(spans, seen[:, 1])
    assert 200 <= spans[0, 1] < spans[1, 0]
    assert np.array_equal(spans[1], wide[1]) and spans[0, 0] == wide[0, 0]
    if wide[0, 1] < wide[1, 0]:
        assert np.array_equal(spans, wide)


def test_spans_that_were_seen_to_touch_still_do() -> None:
    spans = np.array([[100, 200], [200, 300], [290, 400]])
    TIMES.keep_apart(spans, np.array([200, 300, 400]))
    assert spans.tolist() == [[100, 200], [200, 290], [290, 400]]

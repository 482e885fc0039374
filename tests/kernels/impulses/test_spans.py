"""Spans are followed from peaks, and joined where they touch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from wavemend.kernels.impulses.cells import Extent
from wavemend.kernels.impulses.spans import Scored, add_span, click_span, find_spans

spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9), st.floats(1.0, 9.0)), max_size=12)


@given(spans, st.integers(1, 12))
def test_spans_that_touch_are_one_and_no_more_than_there_is_room_for(drawn, room):
    rows = np.full((room, 5), 7.0)
    count, wanted = 0, []
    for start, length, score in sorted(drawn):
        count = add_span(rows, count, start, start + length, score)
        if wanted and start <= wanted[-1][1]:
            wanted[-1] = [wanted[-1][0], max(wanted[-1][1], start + length), max(wanted[-1][2], score)]
        elif len(wanted) < room:
            wanted.append([start, start + length, score])
    assert rows[:count, :3].tolist() == wanted
    assert not rows[:count, 3:].any() and (rows[count:] == 7.0).all()


def test_a_click_is_followed_over_pauses_to_both_sides():
    e = np.zeros(40)
    e[[4, 10, 12, 20, 23, 27]] = [9, -5, 3, 8, -4, 6]
    assert click_span(e, 20, 2.0, 4, 0, 40) == (20, 28)
    assert click_span(e, 20, 3.5, 4, 0, 40) == (20, 28)
    assert click_span(e, 20, 5.0, 4, 0, 40) == (20, 21)
    assert click_span(e, 20, 2.0, 8, 0, 40) == (4, 28)
    assert click_span(e, 20, 2.0, 8, 11, 24) == (12, 24)


def test_what_another_channel_shows_at_once_is_believed_with_half():
    score = np.array([[0.0, 0.6, 0.0, 0.6, 0.0], [0.0, 2.0, 0.0, 0.0, 0.0]])
    place = np.array([[2, 12, 22, 32, 42], [2, 14, 22, 32, 42]])
    e, scale = np.zeros(50), np.ones((2, 5))
    e[[12, 32]] = 5.0
    found = np.empty((5, 3))
    for near, wanted in ((1, []), (2, [[12.0, 13.0, 1.2]])):
        count = find_spans(e, 0, Scored(score, scale, place), Extent(0, 5, 0, 50), 3, near, 1.0, found)
        assert found[:count].tolist() == wanted

"""Marks: which spans a person's vetoes and forced events come to."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from wavemend.contract.marks import Mark, Marks, touched

spans = st.lists(
    st.builds(
        Mark,
        position=st.integers(0, 200),
        length=st.integers(1, 30),
        channel=st.sampled_from([None, 0, 1]),
    ),
    max_size=12,
)


def covered(rows: np.ndarray, size: int = 260) -> np.ndarray:
    mask = np.zeros(size, bool)
    for start, stop in rows.tolist():
        mask[start:stop] = True
    return mask


@given(spans)
def test_the_spans_of_a_channel_cover_its_marks_and_are_sorted_and_apart(marks: list[Mark]) -> None:
    rows = Marks(vetoed=tuple(marks)).vetoed_in(1)
    mine = [m for m in marks if m.channel != 0]
    expected = covered(np.array([(m.position, m.position + m.length) for m in mine]).reshape(-1, 2))
    assert (covered(rows) == expected).all()
    assert (rows[1:, 0] >= rows[:-1, 1]).all()


@given(spans, spans)
def test_a_row_is_touched_where_it_shares_a_sample(rows: list[Mark], marks: list[Mark]) -> None:
    vetoed = Marks(vetoed=tuple(marks)).vetoed_in(0)
    asked = np.array([(m.position, m.position + m.length, 0.5) for m in rows]).reshape(-1, 3)
    mask = covered(vetoed)
    assert touched(asked, vetoed).tolist() == [mask[int(a) : int(b)].any() for a, b, _ in asked]


@given(spans, spans)
def test_a_veto_comes_before_a_forced_event(forced: list[Mark], vetoed: list[Mark]) -> None:
    marks = Marks(tuple(vetoed), tuple(forced))
    assert not (covered(marks.forced_in(0)) & covered(marks.vetoed_in(0))).any()

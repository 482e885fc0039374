"""An engineer's last word: vetoed clicks stay to the bit, forced ones are repaired, in any blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import bilinear, butter, firwin, lfilter, sosfilt
from wavemend.contract.stage import Event, Mark, Marks
from wavemend.errors import ParameterError
from wavemend.plugins.declick.stage import Declick
from wavemend.plugins.denoise import Denoise

from tests.plugins.declick.test_stage import AT, CLICKS, RATE, gone_db, sound, struck

HIDDEN = 0.06 * np.hanning(22)[1:-1]  # too smooth to be found


def marked(x: np.ndarray, marks: Marks, block: int | None = None) -> tuple[np.ndarray, list[Event]]:
    events: list[Event] = []
    stream = Declick().stream(RATE, x.shape[0], marks=marks)
    size = block or x.shape[1]
    parts = [stream.step(x[:, at : at + size], events.append) for at in range(0, x.shape[1], size)]
    return np.concatenate([*parts, stream.flush(events.append)], axis=1), events


def test_a_vetoed_click_stays_to_the_bit_and_the_others_go() -> None:
    clean = sound(channels=2)
    damaged = struck(clean, CLICKS["tick"])
    _, events = marked(damaged, Marks())
    first = min(event.position for event in events if event.channel == 0)
    chosen = next(e for e in events if e.position == first and e.channel == 0)
    veto = Mark(chosen.position, chosen.length, chosen.channel)
    repaired, left = marked(damaged, Marks(vetoed=(veto,)))
    assert (repaired[0, :12_000] == damaged[0, :12_000]).all()
    assert gone_db(clean[1:], damaged[1:], repaired[1:]) > 18
    assert left == [event for event in events if event != chosen]


def test_a_veto_holds_where_only_the_ring_of_a_click_would_reach() -> None:
    damaged = struck(sound(), CLICKS["slow, low ring"], (AT[0], AT[2]))
    ring, other = marked(damaged, Marks())[1]
    last = ring.position + ring.length
    repaired, left = marked(damaged, Marks(vetoed=(Mark(last - 5, 1),)))
    assert left == [other]
    assert (repaired[:, : AT[0] + 2_000] == damaged[:, : AT[0] + 2_000]).all()
    assert marked(damaged, Marks(vetoed=(Mark(last, 1),)))[1] == [ring, other]


def test_a_forced_event_is_repaired_where_nothing_was_found() -> None:
    clean = sound()
    damaged = struck(clean, HIDDEN, (20_000,))
    assert marked(damaged, Marks())[1] == []
    repaired, events = marked(damaged, Marks(forced=(Mark(20_000, HIDDEN.size, None),)))
    assert [(e.position, e.channel, e.confidence) for e in events] == [(20_000, 0, 1.0)]
    outside = np.r_[0:20_000, 20_000 + events[0].length : clean.shape[1]]
    assert (repaired[:, outside] == damaged[:, outside]).all()
    assert gone_db(clean, damaged, repaired) > 6


@pytest.mark.parametrize(("distance", "length"), [(2, 1), (3, 1), (3, 2), (5, 3), (40, 30)])
@pytest.mark.parametrize("edge", [0.05, 0.2, 0.7])
def test_forced_events_close_together_are_rebuilt_together(distance: int, length: int, edge: float) -> None:
    noise = np.random.default_rng(4).standard_normal((1, 30_000))
    clean = 0.1 * sosfilt(butter(8, edge, output="sos"), noise)
    forced = tuple(Mark(10_000 + distance * at, length) for at in range(2000 // distance))
    repaired, events = marked(clean, Marks(forced=forced))
    assert len(events) == len(forced) and {event.kind for event in events} == {"click"}
    assert np.abs(repaired).max() <= 1.5 * np.abs(clean).max()
    inside = np.zeros(clean.shape[1], bool)
    for mark in forced:
        inside[mark.position : mark.position + mark.length] = True
    assert (repaired[:, ~inside] == clean[:, ~inside]).all()
    error = np.sum((repaired - clean)[:, inside] ** 2) / np.sum(clean[:, inside] ** 2)
    assert error < (1e-4 if edge < 0.3 and length < 30 else 1.0)


def test_what_cannot_be_rebuilt_stays_and_is_told() -> None:
    clean = sound()
    repaired, events = marked(clean, Marks(forced=(Mark(3, 20),)))  # too little stands before it
    assert (repaired == clean).all()
    assert [(e.kind, e.position, e.length) for e in events] == [("unrepairable gap", 3, 20)]


def test_what_was_rebuilt_is_not_taken_from_again_where_a_click_of_a_limited_band_follows() -> None:
    """A limited band spreads a click to both sides, but not over the event that ends just before it."""
    click = np.zeros((1, 40_000))
    click[0, 20_000] = 0.8
    sound_too = 0.02 * np.random.default_rng(3).standard_normal(click.shape)
    damaged = lfilter(firwin(255, 0.5), 1.0, sound_too + click)
    assert len(marked(damaged, Marks())[1]) == 1
    for end in (20_109, 20_113):
        _, [rebuilt, taken] = marked(damaged, Marks(forced=(Mark(end - 12, 12),)))
        assert rebuilt.position == end - 12
        assert taken.position >= end


def pushed() -> np.ndarray:
    """Pushes of a groove's wall with the tails that the RIAA curve draws out, one at the very end."""
    push = np.zeros(2_500)
    push[:3] = 0.5, 1.0, 0.5
    tail = lfilter(*bilinear([318e-6, 1.0], np.convolve([3180e-6, 1.0], [75e-6, 1.0]), RATE), push)
    x = np.zeros((1, 42_500))
    for at in (0, 8_000, 17_000, 25_000, 39_900):
        x[0, at : at + tail.size] += 0.8 * tail / np.abs(tail).max()
    return sound() + x[:, :40_000]


@settings(max_examples=12, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 9_000), max_size=8),
    vetoed=st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 400)), max_size=2),
    forced=st.lists(st.tuples(st.integers(-300, 3_000), st.integers(1, 200)), max_size=2),
)
def test_a_tail_keeps_off_what_must_not_change_and_is_told_in_any_partition(
    cuts: list[int], vetoed: list[tuple[int, int]], forced: list[tuple[int, int]]
) -> None:
    damaged = pushed()
    marks = Marks(
        vetoed=tuple(Mark(8_000 + place, length) for place, length in vetoed),
        forced=tuple(Mark(17_000 + place, length) for place, length in forced),
    )
    if any(stop - start > 264 for start, stop in marks.forced_in(0).tolist()):
        return
    whole, events = marked(damaged, marks)
    told: list[Event] = []
    stream, at, parts = Declick().stream(RATE, 1, marks=marks), 0, []
    for size in [*cuts, damaged.shape[1]]:
        parts.append(stream.step(damaged[:, at : at + size], told.append))
        at += size
    parts.append(stream.flush(told.append))
    assert np.array_equal(np.concatenate(parts, axis=1), whole) and told == events
    inside = np.zeros(damaged.shape[1], bool)
    for event in events:
        inside[event.position : event.position + event.length] = True
    assert np.array_equal(whole[:, ~inside], damaged[:, ~inside])
    for mark in marks.vetoed:
        here = slice(mark.position, mark.position + mark.length)
        assert np.array_equal(whole[:, here], damaged[:, here])
    if not vetoed and not forced:
        assert max(event.length for event in events) > 1_500


@settings(max_examples=15, deadline=None)
@given(
    block=st.integers(200, 20_000),
    forced=st.lists(st.tuples(st.integers(100, 39_000), st.integers(1, 250)), max_size=4),
    vetoed=st.lists(st.tuples(st.integers(0, 39_000), st.integers(1, 3_000)), max_size=3),
)
def test_marks_mean_the_same_in_any_blocks(
    block: int, forced: list[tuple[int, int]], vetoed: list[tuple[int, int]]
) -> None:
    damaged = struck(sound(), CLICKS["tick"])
    marks = Marks(
        vetoed=tuple(Mark(*place) for place in vetoed), forced=tuple(Mark(*place) for place in forced)
    )
    if any(stop - start > 264 for start, stop in marks.forced_in(0).tolist()):
        return
    whole, events = marked(damaged, marks)
    again, told = marked(damaged, marks, block)
    assert (whole == again).all()
    assert events == told
    assert all(events[k].position <= events[k + 1].position for k in range(len(events) - 1))


def test_an_event_too_long_for_the_settings_is_refused_with_the_remedy() -> None:
    marks = Marks(forced=(Mark(AT[0], 2_000, None),))
    with pytest.raises(ParameterError, match=r"45.4 ms.*max_length_ms=6"):
        Declick().stream(RATE, 1, marks=marks)


def test_a_stage_without_events_refuses_marks() -> None:
    with pytest.raises(ParameterError, match=r"Denoise takes no vetoed .*for wavemend\.denoise out"):
        Denoise().stream(RATE, 1, marks=Marks(vetoed=(Mark(0, 1),)))

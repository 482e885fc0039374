"""What the page plays is what a render has there; what it plays at once is near it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from wavemend import Chain, Declick, Dehum, Denoise
from wavemend.errors import Cancelled
from wavemend.host.chain.slot import Slot
from wavemend.host.preview.excerpt import Excerpt, Seat, flattened
from wavemend.host.preview.listening import Knowledge, heeded
from wavemend.host.preview.recordings import Recording

from .worn import RATE, worn, write_worn


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    with Recording(write_worn(tmp_path / "side.wav", worn(8.0))) as recording:
        yield recording


def excerpt_of(recording: Recording, chain: Chain, start: int, before: Excerpt | None = None) -> Excerpt:
    seats = flattened([Seat(number, slot) for number, slot in enumerate(chain.slots)])
    knowledge = Knowledge(recording)
    knowledge.learn(seats, {}, [], lambda share, doing: None, threading.Event())
    keys = knowledge.keys(seats, {}, [])
    found = [knowledge.of(seat, key) for seat, key in zip(seats, keys, strict=True)]
    excerpt = Excerpt(recording, seats, start, findings=lambda index: found[index], marks={}, before=before)
    excerpt.prepare()
    return excerpt


def test_a_piece_is_what_a_render_of_the_whole_has_there_to_the_bit(recording: Recording) -> None:
    chain = Chain([Declick(), Dehum(), Denoise()])
    whole = chain(recording.read(0, recording.frames), RATE)
    start, stop = 3 * RATE, 5 * RATE
    piece = excerpt_of(recording, chain, start).piece(start, stop)
    np.testing.assert_array_equal(piece.restored, whole[:, start:stop])
    original = recording.read(start, stop)
    np.testing.assert_allclose(piece.restored + piece.removed, original, atol=1e-12)


def test_a_piece_far_from_the_start_is_what_a_render_has_there(tmp_path: Path) -> None:
    source = write_worn(tmp_path / "side.wav", worn(75.0, rate=8000, clicks_a_second=0.2), 8000)
    chain = Chain([Denoise()])
    start, stop = 60 * 8000, 62 * 8000
    with Recording(source) as recording:
        whole = chain(recording.read(0, recording.frames), 8000)
        piece = excerpt_of(recording, chain, start).piece(start, stop)
    assert np.abs(piece.restored - whole[:, start:stop]).max() < 10 ** (-100 / 20)


def test_what_is_heard_at_once_of_a_changed_setting_is_near_what_comes_of_it(recording: Recording) -> None:
    before = Chain([Declick(), Dehum(), Denoise(reduction_db=6.0)])
    start, stop = 3 * RATE, 5 * RATE
    excerpt = excerpt_of(recording, before, start)
    excerpt.piece(start, stop)
    changed = Chain([*before[:2], Denoise(reduction_db=20.0)])
    exact = excerpt_of(recording, changed, start).piece(start, stop)
    change = excerpt.change(2, changed.slots[2], start + RATE)
    assert change is not None
    firsts = range(start + RATE, stop, RATE // 4)
    pieces = [change.piece(first, min(first + RATE // 4, stop)) for first in firsts]
    quick = np.concatenate([piece.restored for piece in pieces if piece and piece.quick], axis=1)
    error = np.abs(quick - exact.restored[:, RATE:]).max()
    difference = np.abs(excerpt.piece(start + RATE, stop).restored - exact.restored[:, RATE:]).max()
    assert error < 0.1 * difference


def test_a_change_that_begins_anew_is_not_said_at_once(recording: Recording) -> None:
    chain = Chain([Declick(), Denoise()])
    excerpt = excerpt_of(recording, chain, 2 * RATE)
    excerpt.piece(2 * RATE, 3 * RATE)
    assert excerpt.change(0, Slot(Declick(max_length_ms=2.0)), 2 * RATE) is None


def test_what_comes_before_a_changed_stage_is_not_run_again(recording: Recording) -> None:
    declick, dehum = Slot(Declick()), Slot(Dehum())
    first = excerpt_of(recording, Chain([declick, dehum, Denoise()]), 2 * RATE)
    first.piece(2 * RATE, 3 * RATE)
    second = excerpt_of(recording, Chain([declick, dehum, Denoise(smoothing=0.9)]), 2 * RATE, before=first)
    assert second._runs[0] is first._runs[0]
    assert second._runs[2] is not first._runs[2]


def test_the_end_of_the_recording_is_given_whole(recording: Recording) -> None:
    chain = Chain([Declick(), Denoise()])
    whole = chain(recording.read(0, recording.frames), RATE)
    start = recording.frames - RATE
    piece = excerpt_of(recording, chain, start).piece(start, recording.frames + 99)
    np.testing.assert_array_equal(piece.restored, whole[:, start:])


def test_a_change_ends_what_is_rendered_for_the_one_before(recording: Recording) -> None:
    excerpt = excerpt_of(recording, Chain([Declick()]), 0)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        excerpt.piece(0, RATE, cancel)
    assert excerpt.piece(0, RATE).restored.shape == (1, RATE)


def test_what_a_stage_learns_depends_on_the_settings_that_its_analyser_asks_for_alone() -> None:
    assert heeded(Denoise(), RATE, 1) == {}
    assert heeded(Dehum(base_frequency_hz=60.0), RATE, 1) == {"base_frequency_hz": 60.0}

"""Queues and grids: nothing is lost, doubled or shared, whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.audio.checks import next_block, refuse_non_finite
from wavemend.audio.framing import Fifo, FrameGrid
from wavemend.errors import AudioShapeError, AudioValueError


def ramp(samples: int, channels: int = 2, start: int = 0) -> np.ndarray:
    return np.arange(start, start + samples) + 1000.0 * np.arange(channels)[:, np.newaxis]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=30))
def test_a_fifo_gives_what_it_got_in_order(turns: list[tuple[int, int]]) -> None:
    fifo = Fifo(2)
    fed = given_back = 0
    for push, wanted in turns:
        fifo.push(ramp(push, start=fed))
        fed += push
        pop = min(wanted, len(fifo))
        out = fifo.pop(pop)
        assert np.array_equal(out, ramp(pop, start=given_back))
        given_back += pop
        assert len(fifo) == fed - given_back


def test_a_fifo_does_not_invent_samples() -> None:
    fifo = Fifo(1)
    fifo.push(ramp(3, 1))
    with pytest.raises(ValueError, match="4 samples asked for, 3 held"):
        fifo.pop(4)
    assert len(fifo) == 3
    assert fifo.pop(0).shape == (1, 0)


@given(st.integers(1, 40), st.lists(st.integers(0, 50), max_size=20), st.booleans())
def test_frames_start_at_multiples_of_the_hop(hop: int, sizes: list[int], fortran: bool) -> None:
    grid = FrameGrid(2, hop)
    frames, fed = [], 0
    for size in sizes:
        block = ramp(size, start=fed)
        frames += list(grid.push(np.asfortranarray(block) if fortran else block))
        fed += size
    assert len(frames) == fed // hop
    for number, frame in enumerate(frames):
        assert np.array_equal(frame, ramp(hop, start=number * hop))
        assert frame.flags.c_contiguous
    rest = grid.rest()
    assert np.array_equal(rest, ramp(fed % hop, start=fed - fed % hop))
    assert rest.flags.c_contiguous
    assert grid.rest().shape == (2, 0)


def test_blocks_are_copied_to_double_precision_in_one_memory_order() -> None:
    for given_as in (ramp(5).astype(np.float32), np.asfortranarray(ramp(5)), ramp(10)[:, ::2]):
        block = next_block(given_as, 2, 0)
        assert block.dtype == np.float64
        assert block.flags.c_contiguous
        assert np.array_equal(block, given_as)
        assert not np.shares_memory(block, given_as)


@pytest.mark.parametrize("shape", [(3, 5), (5,), (2, 5, 1), ()])
def test_blocks_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioShapeError, match=r"came into a recording of 2 channels; it must be \(2, n\)"):
        next_block(np.zeros(shape), 2, 0)


def test_not_finite_is_named_by_absolute_place() -> None:
    audio = ramp(10)
    audio[1, 4] = -np.inf
    with pytest.raises(
        AudioValueError, match="audio holds -inf at sample 104 of channel 2; .* must be finite"
    ):
        next_block(audio, 2, 100)
    with pytest.raises(AudioValueError, match=r"side\.wav holds -inf at sample 4 of channel 2"):
        refuse_non_finite(audio, source="side.wav")
    refuse_non_finite(np.empty((2, 0)))

"""A whole recording through a stage: as in one piece, and not several times as large on the way."""

import tracemalloc

import numpy as np
import pytest
from wavemend import DcOffset, Declick


@pytest.mark.parametrize("channels", [1, 2])
def test_a_long_array_comes_out_as_from_a_stream_in_one_piece(channels: int) -> None:
    audio = 0.1 * np.random.default_rng(0).standard_normal((channels, 150_000)) + 0.01
    audio[:, 70_000:70_003] += 0.8
    before = audio.copy()
    stage = Declick()
    stream = stage.stream(44_100, channels)
    whole = np.concatenate([stream.step(audio), stream.flush()], axis=1)
    np.testing.assert_array_equal(stage.process(audio, 44_100), whole)
    np.testing.assert_array_equal(audio, before)


def test_a_long_array_takes_little_more_memory_than_itself() -> None:
    audio = np.random.default_rng(0).standard_normal((2, 2_000_000)).astype(np.float32)
    stage = DcOffset()
    stage.process(audio[:, :100_000], 44_100)
    tracemalloc.start()
    try:
        stage.process(audio, 44_100)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * 8 * audio.size

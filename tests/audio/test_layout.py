"""Arrays as people pass them: every rule of the layout, each refusal with its words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.audio.checks import check_channels, check_rate
from wavemend.audio.layout import Layout, to_planar
from wavemend.errors import AudioShapeError, AudioTypeError, AudioValueError

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)


@pytest.mark.parametrize(
    ("shape", "kind", "planar"),
    [
        ((7,), "mono", (1, 7)),
        ((0,), "mono", (1, 0)),
        ((1, 7), "planar", (1, 7)),
        ((7, 1), "interleaved", (1, 7)),
        ((2, 7), "planar", (2, 7)),
        ((7, 2), "interleaved", (2, 7)),
        ((64, 65), "planar", (64, 65)),
        ((1, 1), "planar", (1, 1)),
        ((2, 0), "planar", (2, 0)),
        ((0, 2), "interleaved", (2, 0)),
    ],
)
@pytest.mark.parametrize("dtype", [F32, F64])
def test_the_shorter_side_is_the_channels(shape: Any, kind: str, planar: Any, dtype: Any) -> None:
    array = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    audio, layout = to_planar(array)
    assert audio.shape == planar
    assert audio.dtype == F64
    assert audio.flags.c_contiguous
    assert layout == Layout(kind, dtype, planar[0])
    back = layout.restore(audio)
    assert np.array_equal(back, array)
    assert back.dtype == dtype
    assert not np.shares_memory(back, array)


@pytest.mark.parametrize(
    ("kind", "channels", "shape", "expected"),
    [
        ("planar", 2, (2, 2), "planar"),
        ("interleaved", 2, (2, 2), "interleaved"),
        ("planar", 2, (2, 1), "planar"),  # one sample of a stereo stream, not two of a mono one
        ("interleaved", 2, (1, 2), "interleaved"),
        ("planar", 8, (8, 3), "planar"),
        ("interleaved", 8, (3, 8), "interleaved"),
        ("planar", 2, (3, 3), "planar"),  # as pedalboard: the last layout settles any square
        ("interleaved", 2, (2, 100), "planar"),  # plainly another layout than before
        ("planar", 2, (100, 2), "interleaved"),
        ("interleaved", 2, (2, 0), "planar"),
        ("planar", 2, (0, 2), "interleaved"),
    ],
)
def test_earlier_blocks_settle_what_is_open(kind: Any, channels: int, shape: Any, expected: str) -> None:
    assert to_planar(np.zeros(shape), Layout(kind, F64, channels))[1].kind == expected


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros((2, 2)), AudioShapeError, r"\(2, 2\) is ambiguous: channels could be either side"),
        (np.zeros((0, 0)), AudioShapeError, r"\(0, 0\) has no channels"),
        (np.zeros(()), AudioShapeError, "audio has 0 dimensions; it must have 1 or 2"),
        (np.zeros((2, 3, 4)), AudioShapeError, "audio has 3 dimensions"),
        (np.zeros((65, 100)), AudioShapeError, "has 65 channels; at most 64"),
        (np.zeros((0, 100)), AudioShapeError, "has 100 channels; at most 64"),
        (np.zeros((2, 9), np.int16), AudioTypeError, "audio is an array of int16; it must be a NumPy array"),
        (np.zeros((2, 9), np.float16), AudioTypeError, "array of float16"),
        (np.zeros((2, 9), np.longdouble), AudioTypeError, "array of"),
        ([[0.0] * 9] * 2, AudioTypeError, "audio is a list"),
        (None, AudioTypeError, "audio is a NoneType"),
        (np.array([0.0, np.nan]), AudioValueError, "audio holds nan at sample 1 of channel 1"),
        (np.array([[0.0] * 3, [0.0, -np.inf, 0.0]]), AudioValueError, "-inf at sample 1 of channel 2"),
        (np.array([[0.0, np.inf]] * 3), AudioValueError, "inf at sample 0 of channel 2"),
    ],
)
def test_refusals(array: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        to_planar(array)


def test_an_earlier_mono_array_settles_nothing() -> None:
    with pytest.raises(AudioShapeError, match="ambiguous"):
        to_planar(np.zeros((2, 2)), Layout("mono", F64, 1))


@given(st.integers(1, 8), st.integers(0, 40), st.booleans(), st.sampled_from(["<f4", "<f8", ">f4", ">f8"]))
def test_there_and_back(channels: int, samples: int, interleaved: bool, dtype: str) -> None:
    array = np.random.default_rng(0).standard_normal((channels, samples)).astype(dtype)
    kind: Any = "interleaved" if interleaved else "planar"
    array = array.T if interleaved else array
    if 0 < samples <= channels and not samples == channels == 1:
        audio, layout = to_planar(array, Layout(kind, F64, channels))
    else:
        audio, layout = to_planar(array)
    assert audio.shape == (channels, samples)
    back = layout.restore(audio)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


@pytest.mark.parametrize("rate", [4_000, 44_100.0, np.int32(48_000), np.float32(96_000), 768_000])
def test_rates(rate: Any) -> None:
    assert check_rate(rate) == float(rate)
    assert type(check_rate(rate)) is float


@pytest.mark.parametrize("rate", [0, 3_999, -1, 1e6, float("nan"), float("inf")])
def test_impossible_rates(rate: float) -> None:
    with pytest.raises(AudioValueError, match="must be 4000 to 768000 Hz"):
        check_rate(rate)


@pytest.mark.parametrize("rate", ["44100", None, True, 44_100j])
def test_rates_that_are_no_numbers(rate: Any) -> None:
    with pytest.raises(AudioTypeError, match="must be a number in Hz"):
        check_rate(rate)


def test_channels() -> None:
    assert check_channels(np.int8(64)) == 64
    for number in (0, 65, -2):
        with pytest.raises(AudioValueError, match="must be 1 to 64"):
            check_channels(number)
    for other in (2.0, "2", True, None):
        with pytest.raises(AudioTypeError, match="must be a whole number"):
            check_channels(other)

"""Where something is: on the clock, and the first sample that is no number."""

import numpy as np
import pytest
from wavemend.audio.checks import first_not_finite
from wavemend.audio.clock import clock


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        (0, "0:00.000"),
        (44541, "0:01.010"),
        (60 * 44100 - 1, "1:00.000"),
        (61 * 44100, "1:01.000"),
        (3600 * 44100 - 1, "1:00:00.000"),
        (3723 * 44100 + 22050, "1:02:03.500"),
        (100 * 3600 * 44100, "100:00:00.000"),
    ],
)
def test_clock(frame: int, shown: str) -> None:
    assert clock(frame, 44100) == shown


def test_first_in_time_not_in_channel_order() -> None:
    audio = np.zeros((2, 100))
    assert first_not_finite(audio, 0, 44100) is None
    assert first_not_finite(audio[:, :0], 0, 44100) is None
    audio[0, 50] = np.nan
    audio[1, 41] = -np.inf
    assert first_not_finite(audio, 44500, 44100) == "-inf at sample 44541 of channel 2 (0:01.010)"
    assert first_not_finite(audio, 44500) == "-inf at sample 44541 of channel 2"

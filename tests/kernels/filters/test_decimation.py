"""Decimation is filtering and keeping every so many samples."""

import numpy as np
import pytest
from scipy.signal import oaconvolve
from wavemend.kernels.filters.decimation import decimate, decimation_filter


@pytest.mark.parametrize(
    ("factor", "pass_hz"), [(1, 4000.0), (2, 8000.0), (4, 4000.0), (16, 900.0), (64, 200.0)]
)
def test_what_is_kept_is_what_the_filter_gives(factor, pass_hz):
    taps = decimation_filter(44100, factor, pass_hz)
    for count in (1, 5, 1024, 1500):
        audio = np.random.default_rng(count).standard_normal((2, (count - 1) * factor + taps.size))
        wanted = oaconvolve(audio, taps[None], mode="valid", axes=1)[:, ::factor]
        assert decimate(audio, taps, factor) == pytest.approx(wanted, abs=1e-12)

"""A sound that dies away as a room's does tells its rate."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.analysis.program.falls import Falls, decay_s

HOP_S = 0.008
HZ = np.arange(300.0, 3400.0, 31.25)


@pytest.mark.parametrize("rate", [60.0, 120.0])
def test_the_rate_of_falls(rate: float) -> None:
    since = np.arange(1000) % 40 * HOP_S
    level = -rate * since
    power = np.repeat(10 ** (level[:, np.newaxis] / 10), HZ.size, axis=1)
    assert Falls(HZ, HOP_S).rate(power) == pytest.approx(rate, rel=0.1)


def test_silence_and_too_little_tell_nothing() -> None:
    falls = Falls(HZ, HOP_S)
    assert falls.rate(np.zeros((500, HZ.size))) == 0.0
    assert falls.rate(np.ones((5, HZ.size))) == 0.0


def test_a_slower_fall_is_a_longer_decay_within_its_bounds() -> None:
    slow, fast = decay_s(60.0), decay_s(120.0)
    assert slow[0] > fast[0]
    assert slow[1] < slow[0] < slow[2]
    assert decay_s(1e-3)[0] == 3.0

"""What every stage promises, on recordings that are clipped: the suite's own leave nothing to rebuild."""

from __future__ import annotations

import numpy as np
from wavemend.audio.arrays import Audio
from wavemend.plugins.declip import Declip
from wavemend.testing import StageContract


class TestClipped(StageContract):
    stage_class = Declip

    def take(self, samples: int = 9_000, seed: int = 1, latencies: int = 1) -> Audio:
        clipped = super().take(samples, seed, latencies).copy()
        clipped[0] = np.minimum(clipped[0], 0.1)
        return clipped


def test_the_recordings_are_clipped() -> None:
    audio = TestClipped().take()
    assert np.count_nonzero(Declip()(audio, 8_000.0) != audio) > 100

"""What every stage promises, on recordings of a voice in a room: the suite's own are none."""

from __future__ import annotations

import numpy as np
from wavemend.audio.arrays import Audio
from wavemend.plugins.dereverb import Dereverb
from wavemend.testing import StageContract

from .spoken import in_a_room, voice


class TestRoom(StageContract):
    stage_class = Dereverb

    def take(self, samples: int = 9_000, seed: int = 1, latencies: int = 1) -> Audio:
        shape = super().take(samples, seed, latencies).shape
        dry = voice(shape[1] / 8_000, 8_000, seed)
        return in_a_room(dry, 8_000, channels=shape[0], seed=seed)[:, : shape[1]]


def test_the_recordings_are_voices_in_rooms() -> None:
    audio = TestRoom().take()
    assert np.count_nonzero(Dereverb()(audio, 8_000.0) != audio) > audio.size // 2

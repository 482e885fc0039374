"""What every stage promises, on recordings that the stage takes for voices: the suite's own are none."""

from __future__ import annotations

import numpy as np
from wavemend.audio.arrays import Audio
from wavemend.plugins.voice_denoise import VoiceDenoise
from wavemend.testing import StageContract

from .test_stage import noise, voice


class TestVoice(StageContract):
    stage_class = VoiceDenoise

    def take(self, samples: int = 9_000, seed: int = 1, latencies: int = 1) -> Audio:
        shape = super().take(samples, seed, latencies).shape
        clean = voice(shape[1] / 8_000, 8_000, shape[0])[:, : shape[1]]
        return np.asarray(clean + noise(clean, seed=seed))


def test_the_recordings_are_voices() -> None:
    audio = TestVoice().take()
    assert np.count_nonzero(VoiceDenoise()(audio, 8_000.0) != audio) > audio.size // 2

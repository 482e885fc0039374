"""Training the gains of VoiceDenoise's live engine: ``python -m models.training voice_live``.

Material, mixtures and loss are those of `models.training.voice`; what is shown is of the past alone.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import nn
from wavemend.analysis.noise.voice_live import MODEL, Shown

from ..frame.task import Batch, Draw
from ..voice.examples import example
from ..voice.material import STRETCHES
from ..voice.task import BATCH, VoiceTask
from .network import LiveGains, export, load

# tuned: by hand, 2026-11-30; models/voice_live-1.md has the outcome
HEARD_BEFORE = 0.6  # share of stretches that were heard before: floors are known from their first frame on


class VoiceLiveTask(VoiceTask):
    """Gains for speech, of the past alone."""

    name = MODEL
    command = "voice_live"
    steps = 4000
    peak_rate = 1.5e-3
    measured_every = 200

    def network(self) -> nn.Module:
        """See `Task.network`."""
        return LiveGains()

    def load(self, network: nn.Module, path: Path) -> None:
        """See `Task.load`."""
        assert isinstance(network, LiveGains)  # noqa: S101 -- it is what `network` gave
        load(network, path)

    def _drawn(self, draw: Draw, held: str) -> Batch:
        shown, spectra = [], {name: self._spectra[held + name] for name in STRETCHES}
        for _ in range(BATCH):
            _, clean, noisy = example(spectra, draw)
            power = noisy.real.astype(np.float64) ** 2 + noisy.imag.astype(np.float64) ** 2
            features = Shown()
            if draw.random() < HEARD_BEFORE:
                features.hear(power)
            shown.append((features.hear(power)[0], clean, noisy))
        names = ("features", "clean", "noisy")
        return {name: np.stack(each) for name, each in zip(names, zip(*shown, strict=True), strict=True)}

    def export(self, network: nn.Module, target: Path) -> None:
        """See `Task.export`."""
        assert isinstance(network, LiveGains)  # noqa: S101 -- it is what `network` gave
        export(network, target)

"""Training the gains of VoiceDenoise: ``python -m models.training voice``.

Needs ``pip install wavemend[models]``, and
``python -m bench.material.fetch_audio festvox-ru asterisk-core-sounds-it-g722 asterisk-core-sounds-ru-g722``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from wavemend.analysis.noise.voice_gains import MODELS, spreading

from ..frame.task import Batch, Draw, Task
from .examples import example
from .material import STRETCHES, prepared
from .network import VoiceGains, export, load

# tuned: by hand, 2026-11-30; models/voice-2.md has the outcome
BATCH = 8
POWER = 0.3  # of magnitudes, compressed as ears do
HELD_SEED = 7
HELD_BATCHES = 6


class VoiceTask(Task):
    """Gains for speech."""

    name = MODELS[-1]
    command = "voice"
    seed = 20261130
    steps = 7200
    peak_rate = 8e-4
    measured_every = 100

    def prepare(self, work: Path, seed: int) -> None:
        """See `Task.prepare`."""
        self._spectra = prepared(work, seed)
        self._spreading = torch.from_numpy(spreading().astype(np.float32))

    def network(self) -> nn.Module:
        """See `Task.network`."""
        return VoiceGains()

    def load(self, network: nn.Module, path: Path) -> None:
        """See `Task.load`."""
        assert isinstance(network, VoiceGains)  # noqa: S101 -- it is what `network` gave
        load(network, path)

    def batch(self, draw: Draw) -> Batch:
        """See `Task.batch`."""
        return self._drawn(draw, "")

    def _drawn(self, draw: Draw, held: str) -> Batch:
        drawn = [
            example({name: self._spectra[held + name] for name in STRETCHES}, draw) for _ in range(BATCH)
        ]
        features, clean, noisy = (np.stack(each) for each in zip(*drawn, strict=True))
        return {"features": features, "clean": clean, "noisy": noisy}

    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Errors in decibels, and of compressed spectra, with their phase and without."""
        gains = network(batch["features"]).float()
        with torch.autocast("cpu", enabled=False):
            clean, noisy = batch["clean"], batch["noisy"]
            found = noisy * (gains @ self._spreading)
            error = (found - clean).abs().square().sum(dim=(1, 2))
            before = (noisy - clean).abs().square().sum(dim=(1, 2))
            power = clean.abs().square().sum(dim=(1, 2))
            voiced = power > 1.0
            decibels = 10 * torch.log10(error / power.clamp(min=1.0) + 3e-6)
            gained = 10 * torch.log10((before + 1e-3) / (error + 1e-3))
            heard, wanted = (each.abs().clamp(min=1e-3) for each in (found, clean))
            small, true = heard**POWER, wanted**POWER
            magnitude = (small - true).square()
            # too little of a voice is worse than a little noise
            missing = torch.relu(true - small).square()
            phased = (found / heard * small - clean / wanted * true).abs().square()
            compressed = (magnitude + 0.5 * missing + 0.3 * phased).mean()
            loss = (decibels * voiced).mean() * 0.02 + 3 * compressed
        figures = {"gain_db": float((gained * voiced).sum().detach() / voiced.sum().clamp(min=1)),
                   "compressed": float(compressed.detach())}  # fmt: skip
        return loss, figures

    def measure(self, network: nn.Module) -> dict[str, float]:
        """See `Task.measure`."""
        draw, sums = np.random.default_rng(HELD_SEED), {}
        for _ in range(HELD_BATCHES):
            shown = {name: torch.from_numpy(value) for name, value in self._drawn(draw, "held-").items()}
            loss, figures = self.loss(network, shown)
            for name, value in {"loss": float(loss), **figures}.items():
                sums[name] = sums.get(name, 0.0) + value / HELD_BATCHES
        return {name: round(value, 4) for name, value in sums.items()}

    def export(self, network: nn.Module, target: Path) -> None:
        """See `Task.export`."""
        assert isinstance(network, VoiceGains)  # noqa: S101 -- it is what `network` gave
        export(network, target)

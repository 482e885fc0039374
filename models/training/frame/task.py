"""What a model has to say about itself to be trained by `models.training.frame.loop`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

Batch = dict[str, Any]
Draw = np.random.Generator


class Task(ABC):
    """One model: its material, its network, its loss, its figures and its file.

    Attributes
    ----------
    name
        Of the model, as the manifest and its ONNX file have it.
    command
        What trains it, after ``python -m models.training``.
    seed, steps, peak_rate
        Of the packaged one: drawn from, how many steps, and the highest learning rate.
    measured_every
        Steps between figures on held-out material, and between checkpoints.
    reduced
        Whether bfloat16 is used where PyTorch deems it safe: twice as fast and more on recent processors.
    """

    name: ClassVar[str]
    command: ClassVar[str]
    seed: ClassVar[int]
    steps: ClassVar[int]
    peak_rate: ClassVar[float] = 2e-3
    measured_every: ClassVar[int] = 200
    reduced: ClassVar[bool] = True

    @abstractmethod
    def prepare(self, work: Path, seed: int) -> None:
        """Render and draw what batches are made from, into the folder; what is there already is kept."""

    @abstractmethod
    def network(self) -> nn.Module:
        """Return the network, with weights drawn from torch's own generator."""

    @abstractmethod
    def batch(self, draw: Draw) -> Batch:
        """Return what one step is shown: NumPy arrays by name. Called in another process than the rest."""

    @abstractmethod
    def loss(self, network: nn.Module, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of a batch, and figures for the log."""

    @abstractmethod
    def measure(self, network: nn.Module) -> dict[str, float]:
        """Return figures on held-out material; the same material each time."""

    @abstractmethod
    def export(self, network: nn.Module, target: Path) -> None:
        """Write the ONNX file."""

    def load(self, network: nn.Module, path: Path) -> None:
        """Give a network the weights of an ONNX file that `export` wrote: what ``--start`` names."""
        raise NotImplementedError(f"{self.name} cannot start from {path}")

    def settings(self, network: nn.Module) -> dict[str, float]:
        """Return plain numbers that go with the weights, into the manifest."""
        return {}

"""The network: strided by eight samples, dilated convolutions, one probability a sample."""

from __future__ import annotations

import torch
from torch import nn

STRIDE = 8
ROWS = 3  # waveform, forward and backward prediction error
WIDTH = 24
DILATIONS = (1, 2, 4, 8, 16, 32, 60, 1)
PRIOR_LOGIT = -3.0
CONTEXT = STRIDE * (sum(DILATIONS) + 2)  # samples that a probability hears on either side


class Layer(nn.Module):
    """A convolution over three frames, normalised over the batch, rectified."""

    def __init__(self, inputs: int, outputs: int, dilation: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(inputs, outputs, 3, dilation=dilation, padding=dilation, bias=False)
        self.normalisation = nn.BatchNorm1d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, inputs, frames) to (batch, outputs, frames)."""
        return torch.relu(self.normalisation(self.convolution(x)))


class ImpulseNetwork(nn.Module):
    """Maps features, shape (batch, 3, n), to logits, shape (batch, n); n is a multiple of `STRIDE`."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Layer(ROWS * STRIDE, WIDTH)
        self.layers = nn.ModuleList(Layer(WIDTH, WIDTH, dilation) for dilation in DILATIONS)
        # The frames themselves come in again at the end: they say which of the eight samples it is.
        self.merge = Layer(WIDTH + ROWS * STRIDE, WIDTH)
        self.last = nn.Conv1d(WIDTH, STRIDE, 1)
        # Impulses are rare: from even odds the network learns to veto, and its certainty ends at a half.
        nn.init.constant_(self.last.bias, PRIOR_LOGIT)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """See the class."""
        batch, rows, samples = features.shape
        frames = features.reshape(batch, rows, samples // STRIDE, STRIDE).transpose(2, 3)
        frames = frames.reshape(batch, rows * STRIDE, samples // STRIDE)
        x = self.first(frames)
        for layer in self.layers:
            x = x + layer(x)
        logits = self.last(self.merge(torch.cat([x, frames], dim=1)))
        return logits.transpose(1, 2).reshape(batch, samples)


def multiply_adds_a_sample() -> float:
    """Return what a sample costs."""
    inputs = ROWS * STRIDE
    frame = 3 * inputs * WIDTH + 3 * WIDTH**2 * len(DILATIONS) + 3 * (WIDTH + inputs) * WIDTH + WIDTH * STRIDE
    return frame / STRIDE

"""The judge: three small convolutional towers, of what is near, what rings and what is far, and a head."""

from __future__ import annotations

from math import prod

import torch
from torch import nn
from wavemend.kernels.impulses.candidates import FAR, FAR_ROWS, NEAR, NEAR_ROWS, RING, RING_ROWS

# Rows, columns, and of each layer: outputs, columns of its kernel, stride.
TOWERS = (
    (NEAR_ROWS, 2 * NEAR, ((24, 8, 4), (32, 3, 2), (32, 3, 2), (32, 3, 2))),
    (RING_ROWS, 2 * RING, ((16, 4, 2), (24, 3, 2), (24, 3, 2))),
    (FAR_ROWS, 2 * FAR, ((24, 4, 4), (24, 3, 2), (24, 3, 2), (24, 3, 2))),
)
HIDDEN = 64  # tuned: on the validation recordings, by hand, 2026-11-21
OUTPUTS = 3  # derived: a logit, and the coded offsets back to the event's start and on to its end


class Layer(nn.Module):
    """A convolution, normalised over the batch, rectified."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.stride, self.padding = stride, 1 if kernel == 3 else (kernel - stride) // 2
        self.convolution = nn.Conv1d(inputs, outputs, kernel, stride=stride, padding=self.padding, bias=False)
        self.normalisation = nn.BatchNorm1d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (batch, inputs, columns) to (batch, outputs, columns / stride)."""
        return torch.relu(self.normalisation(self.convolution(x)))


def _shapes(rows: int, columns: int, layers: tuple[tuple[int, int, int], ...]) -> list[tuple[int, int]]:
    """Return what goes into each layer of a tower, and what comes out of the last: rows and columns."""
    shapes = [(rows, columns)]
    for outputs, _, stride in layers:
        shapes.append((outputs, shapes[-1][1] // stride))
    return shapes


FEATURES = sum(prod(_shapes(*tower)[-1]) for tower in TOWERS)


class Judge(nn.Module):
    """Maps looks, see `wavemend.kernels.impulses.candidates.look`, to (batch, OUTPUTS)."""

    def __init__(self) -> None:
        super().__init__()
        self.towers = nn.ModuleList(
            nn.Sequential(*(
                Layer(rows, *layer) for (rows, _), layer in zip(_shapes(*tower), tower[2], strict=False)
            ))
            for tower in TOWERS
        )  # fmt: skip
        self.hidden = nn.Linear(FEATURES, HIDDEN)
        self.drop = nn.Dropout(0.2)
        self.last = nn.Linear(HIDDEN, OUTPUTS)

    def forward(self, near: torch.Tensor, ring: torch.Tensor, far: torch.Tensor) -> torch.Tensor:
        """See the class."""
        looks = zip(self.towers, (near, ring, far), strict=True)
        heard = torch.cat([tower(look).flatten(1) for tower, look in looks], dim=1)
        return self.last(self.drop(torch.relu(self.hidden(heard))))


def multiply_adds() -> int:
    """Return what a candidate costs."""
    total = FEATURES * HIDDEN + HIDDEN * OUTPUTS
    for tower in TOWERS:
        shapes = _shapes(*tower)
        for (rows, _), (outputs, kernel, _), (_, columns) in zip(shapes, tower[2], shapes[1:], strict=False):
            total += rows * outputs * kernel * columns
    return total

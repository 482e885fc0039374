"""The network: a perceptron for each bin, on averages around it of the recording over its noise print.

Features, shape (FEATURES, cells), are those of `wavemend.analysis.noise.gains`: a cell is one bin of one
frame. So many cells of so many different stretches can be shown in a step that minutes are enough.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from wavemend.analysis.noise.gains import FEATURES


class Gains(nn.Module):
    """Predict gains, 0 to 1, shape (cells,), from features, shape (FEATURES, cells)."""

    def __init__(self, hidden: int = 40) -> None:
        super().__init__()
        self.first = nn.Linear(FEATURES, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return the gains of cells."""
        hidden = torch.relu(self.first.weight @ features + self.first.bias[:, None])
        hidden = torch.relu(self.second.weight @ hidden + self.second.bias[:, None])
        return torch.sigmoid(self.last.weight @ hidden + self.last.bias[:, None])[0]

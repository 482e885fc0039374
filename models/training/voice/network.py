"""The network: convolutions over bands, each halving them, a GRU both ways over time, and the way back.

What is shown and answered: `wavemend.analysis.noise.voice_gains`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from wavemend.analysis.noise.voice_gains import BANDS, CHANNELS

from ..frame.graph import Graph

# tuned: by time on one core, 2026-11-30; models/voice-1.md has the outcome
WIDTHS = (16, 24, 32)
HIDDEN = 128
STATE = 104


class VoiceGains(nn.Module):
    """Gains of bands, 0 to 1, of each frame of stretches.

    Features have the shape (stretches, CHANNELS, frames, BANDS), gains (stretches, frames, BANDS).
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third = WIDTHS
        self.down = nn.ModuleList(
            [
                nn.Conv2d(CHANNELS, first, (3, 5), (1, 2), (1, 2)),
                nn.Conv2d(first, second, (3, 3), (1, 2), (1, 1)),
                nn.Conv2d(second, third, (3, 3), (1, 2), (1, 1)),
            ]
        )
        flat = third * (BANDS // 8)
        self.inwards = nn.Linear(flat, HIDDEN)
        self.memory = nn.GRU(HIDDEN, STATE, batch_first=True, bidirectional=True)
        self.outwards = nn.Linear(2 * STATE, flat)
        self.up = way_up()
        self.last = nn.Conv2d(8 + CHANNELS, 1, (3, 3), 1, (1, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Return the gains of bands."""
        heard, held = features, []
        for layer in self.down:
            heard = torch.relu(layer(heard))
            held.append(heard)
        count, width, frames, bands = heard.shape
        flat = heard.permute(0, 2, 1, 3).reshape(count, frames, width * bands)
        flat = self.outwards(self.memory(torch.relu(self.inwards(flat)))[0])
        heard = torch.relu(flat.reshape(count, frames, width, bands).permute(0, 2, 1, 3) + held[2])
        heard = torch.relu(self.up[0](heard) + held[1])
        heard = torch.relu(self.up[1](heard) + held[0])
        heard = torch.relu(self.up[2](heard))
        return torch.sigmoid(self.last(torch.cat([heard, features], dim=1))[:, 0])


def way_up() -> nn.ModuleList:
    """Return the layers back to all bands, each doubling them."""
    first, second, third = WIDTHS
    return nn.ModuleList(
        [
            nn.ConvTranspose2d(third, second, (1, 4), (1, 2), (0, 1)),
            nn.ConvTranspose2d(second, first, (1, 4), (1, 2), (0, 1)),
            nn.ConvTranspose2d(first, 8, (1, 4), (1, 2), (0, 1)),
        ]
    )


def add_way_up(graph: Graph, heard: str, held: Sequence[str], up: nn.ModuleList) -> str:
    """Add those layers, beside what was held on the way down; return the name of what they give."""
    for at, layer in enumerate(up):
        weights = [graph.constant(each.detach().float().numpy()) for each in (layer.weight, layer.bias)]
        heard = graph.add("ConvTranspose", heard, *weights, strides=[1, 2], pads=[0, 1, 0, 1])
        if at < len(up) - 1:
            heard = graph.add("Add", heard, held[1 - at])
        heard = graph.add("Relu", heard)
    return heard


def export(network: VoiceGains, target: Path) -> None:
    """Write the network as ONNX, for one stretch of any number of frames."""
    graph = Graph()
    heard, held = "features", []
    for layer in network.down:
        heard = graph.add("Relu", graph.convolution(heard, layer))
        held.append(heard)
    third, bands = WIDTHS[2], BANDS // 8
    flat = graph.add("Transpose", heard, perm=[0, 2, 1, 3])
    flat = graph.add("Reshape", flat, graph.constant(_whole([0, 0, third * bands])))
    flat = graph.add("Relu", graph.linear(flat, network.inwards))
    along = graph.add("Transpose", flat, perm=[1, 0, 2])
    weights = (_stacked(network.memory, f"{kind}_l0") for kind in ("weight_ih", "weight_hh"))
    biases = torch.cat([_stacked(network.memory, f"bias_{kind}_l0") for kind in ("ih", "hh")], dim=1)
    names = [graph.constant(each.numpy()) for each in (*weights, biases)]
    both = graph.add(
        "GRU", along, *names, direction="bidirectional", hidden_size=STATE, linear_before_reset=1
    )
    both = graph.add("Transpose", both, perm=[2, 0, 1, 3])
    both = graph.add("Reshape", both, graph.constant(_whole([0, 0, 2 * STATE])))
    flat = graph.linear(both, network.outwards)
    flat = graph.add("Reshape", flat, graph.constant(_whole([0, 0, third, bands])))
    heard = graph.add("Transpose", flat, perm=[0, 2, 1, 3])
    heard = graph.add("Relu", graph.add("Add", heard, held[2]))
    heard = add_way_up(graph, heard, held, network.up)
    joined = graph.add("Concat", heard, "features", axis=1)
    graph.add("Sigmoid", graph.convolution(joined, network.last), output="gains")
    graph.write(
        target,
        {"features": [1, CHANNELS, "frames", BANDS]},
        {"gains": [1, 1, "frames", BANDS]},
    )


def load(network: VoiceGains, path: Path) -> None:
    """Give a network the weights of a file that `export` wrote."""
    constants = (numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer)
    weights = iter([torch.from_numpy(each.copy()) for each in constants if each.dtype == np.float32])
    with torch.no_grad():
        for layer in network.down:
            _copied(weights, layer.weight, layer.bias)
        _copied(weights, network.inwards.weight.T, network.inwards.bias)
        for kind in ("weight_ih", "weight_hh"):
            _unstacked(next(weights), network.memory, f"{kind}_l0")
        biases = next(weights).chunk(2, dim=1)
        for kind, each in zip(("bias_ih", "bias_hh"), biases, strict=True):
            _unstacked(each, network.memory, f"{kind}_l0")
        _copied(weights, network.outwards.weight.T, network.outwards.bias)
        for layer in (*network.up, network.last):
            _copied(weights, layer.weight, layer.bias)


def _copied(weights: Iterator[Tensor], *targets: Tensor) -> None:
    for target in targets:
        target.copy_(next(weights))


def _unstacked(both: Tensor, memory: nn.GRU, name: str) -> None:
    """Give both directions their gates, in PyTorch's order: reset, update, new."""
    for end, each in zip(("", "_reverse"), both, strict=True):
        update, reset, new = each.chunk(3)
        getattr(memory, name + end).copy_(torch.cat([reset, update, new]))


def _stacked(memory: nn.GRU, name: str) -> Tensor:
    """Return a weight of both directions, its gates in ONNX's order: update, reset, new."""
    each = []
    for end in ("", "_reverse"):
        reset, update, new = getattr(memory, name + end).detach().float().chunk(3)
        each.append(torch.cat([update, reset, new]))
    return torch.stack(each)


def _whole(shape: list[int]) -> object:
    return torch.tensor(shape, dtype=torch.int64).numpy()

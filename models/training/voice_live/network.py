"""The network: as VoiceDenoise's other one, but nothing looks ahead.

Convolutions over bands and three frames that are past, each halving the bands, a GRU over time, and the way
back. What is shown and answered: `wavemend.analysis.noise.voice_live`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.functional import pad
from wavemend.analysis.noise.voice_gains import BANDS
from wavemend.analysis.noise.voice_live import CHANNELS

from ..frame.graph import Graph
from ..voice.network import HIDDEN, WIDTHS, add_way_up, way_up

# tuned: by time on one core, 2026-11-30; models/voice_live-1.md has the outcome
STATE = 160
SHOWN = 7  # frames, the newest and those before it that three layers of three frames hear


class LiveGains(nn.Module):
    """Gains of bands, 0 to 1, of each frame of stretches, from it and what was before.

    Features have the shape (stretches, CHANNELS, frames, BANDS), gains (stretches, frames, BANDS).
    """

    def __init__(self) -> None:
        super().__init__()
        first, second, third = WIDTHS
        self.down = nn.ModuleList(
            [
                nn.Conv2d(CHANNELS, first, (3, 5), (1, 2), (0, 2)),
                nn.Conv2d(first, second, (3, 3), (1, 2), (0, 1)),
                nn.Conv2d(second, third, (3, 3), (1, 2), (0, 1)),
            ]
        )
        flat = third * (BANDS // 8)
        self.inwards = nn.Linear(flat, HIDDEN)
        self.memory = nn.GRU(HIDDEN, STATE, batch_first=True)
        self.outwards = nn.Linear(STATE, flat)
        self.up = way_up()
        self.last = nn.Conv2d(8 + CHANNELS, 1, (1, 3), 1, (0, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Return the gains of bands."""
        frames = features.shape[2]
        # before the first frame there was nothing, and nothing else is padded: so it is for the stage
        heard, held = pad(features, (0, 0, SHOWN - 1, 0)), []
        for layer in self.down:
            heard = torch.relu(layer(heard))
            held.append(heard[:, :, -frames:])
        count, width, frames, bands = heard.shape
        flat = heard.permute(0, 2, 1, 3).reshape(count, frames, width * bands)
        flat = self.outwards(self.memory(torch.relu(self.inwards(flat)))[0])
        heard = torch.relu(flat.reshape(count, frames, width, bands).permute(0, 2, 1, 3) + held[2])
        heard = torch.relu(self.up[0](heard) + held[1])
        heard = torch.relu(self.up[1](heard) + held[0])
        heard = torch.relu(self.up[2](heard))
        return torch.sigmoid(self.last(torch.cat([heard, features], dim=1))[:, 0])


def export(network: LiveGains, target: Path) -> None:
    """Write the network as ONNX: `SHOWN` frames and a state in, gains of the newest and its state out."""
    graph = Graph()
    newest = [graph.constant(np.array([number], np.int64)) for number in (-1, 2**31 - 1, 2)]
    heard, held = "features", []
    for layer in network.down:
        heard = graph.add("Relu", graph.convolution(heard, layer))
        held.append(graph.add("Slice", heard, *newest))
    third, bands = WIDTHS[2], BANDS // 8
    flat = graph.add("Reshape", heard, graph.constant(np.array([1, 1, third * bands], np.int64)))
    flat = graph.add("Relu", graph.linear(flat, network.inwards))
    weights = (graph.constant(each) for each in _gates(network.memory))
    flat = graph.add("GRU", flat, *weights, "", "state", hidden_size=STATE, linear_before_reset=1)
    shape = graph.constant(np.array([1, 1, STATE], np.int64))
    flat = graph.linear(graph.add("Reshape", flat, shape, output="new_state"), network.outwards)
    flat = graph.add("Reshape", flat, graph.constant(np.array([1, third, 1, bands], np.int64)))
    heard = graph.add("Relu", graph.add("Add", flat, held[2]))
    heard = add_way_up(graph, heard, held, network.up)
    joined = graph.add("Concat", heard, graph.add("Slice", "features", *newest), axis=1)
    graph.add("Sigmoid", graph.convolution(joined, network.last), output="gains")
    graph.write(
        target,
        {"features": [1, CHANNELS, SHOWN, BANDS], "state": [1, 1, STATE]},
        {"gains": [1, 1, 1, BANDS], "new_state": [1, 1, STATE]},
    )


def load(network: LiveGains, path: Path) -> None:
    """Give a network what fits of a file that `models.training.voice` wrote, the one that looks ahead.

    What its convolutions heard a frame ahead, these hear at once; of its GRU the way forwards is taken.
    """
    constants = (numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer)
    weights = iter([torch.from_numpy(each.copy()) for each in constants if each.dtype == np.float32])
    with torch.no_grad():
        for layer in network.down:
            _folded(layer.weight, next(weights))
            layer.bias.copy_(next(weights))
        network.inwards.weight.copy_(next(weights).T)
        network.inwards.bias.copy_(next(weights))
        _forwards(network, weights)
        for layer in network.up:
            layer.weight.copy_(next(weights))
            layer.bias.copy_(next(weights))
        last = next(weights)
        network.last.weight.zero_()
        channels = last.shape[1]
        network.last.weight[:, :channels] = last.sum(dim=2, keepdim=True)
        network.last.bias.copy_(next(weights))


def _folded(weight: Tensor, ahead: Tensor) -> None:
    """Give a convolution one that hears a frame on either side: what it hears ahead goes with the newest."""
    weight.zero_()
    channels = ahead.shape[1]
    weight[:, :channels, 2] = ahead[:, :, 1] + ahead[:, :, 2]
    weight[:, :channels, 1] = ahead[:, :, 0]


def _forwards(network: LiveGains, weights: Iterator[Tensor]) -> None:
    """Give the first part of the state what a GRU both ways does forwards."""
    memory = network.memory
    heard, held, biases = next(weights)[0], next(weights)[0], next(weights)[0]
    size = held.shape[1]
    for name, values in (
        ("bias_ih", biases[: 3 * size]),
        ("bias_hh", biases[3 * size :]),
        ("weight_ih", heard),
    ):
        for to, gate in zip(getattr(memory, f"{name}_l0").chunk(3), _in_order(values), strict=True):
            to[:size] = gate
    for to, gate in zip(memory.weight_hh_l0.chunk(3), _in_order(held), strict=True):
        to[:size] = 0.0
        to[:size, :size] = gate
    outwards = next(weights)
    network.outwards.weight[:, :size] = outwards[:size].T
    network.outwards.bias.copy_(next(weights))


def _in_order(gates: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return gates in PyTorch's order, reset, update and new, from ONNX's: update, reset, new."""
    update, reset, new = gates.chunk(3)
    return reset, update, new


def _gates(memory: nn.GRU) -> Iterator[np.ndarray]:
    """Yield the weights as ONNX has them: of the input, of the state, and both biases."""
    each = [_in_order(getattr(memory, f"{kind}_l0").detach().float())
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]  # fmt: skip
    yield torch.cat(each[0])[None].numpy()
    yield torch.cat(each[1])[None].numpy()
    yield torch.cat([*each[2], *each[3]])[None].numpy()

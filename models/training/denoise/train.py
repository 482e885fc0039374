"""Train the gains of Denoise's high quality: ``python -m models.training.denoise.train`` from the root.

Renders its material, draws examples, trains on one thread, and writes ``models/denoise-1.onnx`` with its
entry in ``models/manifest.json``. Seeded. Needs ``pip install wavemend[models]``, mma, fluidsynth and
fluid-soundfont-gm, and ``python -m bench.material.fetch_audio festvox-ru sonic-pi-samples dance-band``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import fields
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from onnx import TensorProto, checker, helper, numpy_helper
from torch import Tensor
from wavemend.analysis.noise.gains import FEATURES, MODEL

from .examples import CELLS, OCTAVES, Example, example
from .material import Material, render
from .network import Gains

# tuned: on the validation examples, by hand, 2026-11-21; models/denoise-1.md has the outcome
SEED = 20261121
EXAMPLES = 640
STEPS = 2500
BATCH = 24
SHOWN = 1024  # cells of an example in a step
LEARNING_RATE = 4e-3
OPSET = 17  # source: ONNX 1.12's operators, and the file format that goes with them
IR_VERSION = 8  # source: as above
MODELS = Path(__file__).parents[2]
CHECKPOINT = MODELS.parent / "bench" / "cache" / "denoise-training" / "checkpoint.pt"
PROGRAM = "python -m models.training.denoise.train"


def loss_of(gains: Tensor, truth: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return the loss, and the mean SDR gain in dB for the log. All shapes are (examples, cells).

    Three terms: the error over the noise, in decibels, over all and in the mean of the octave bands; what
    any octave loses; and compressed magnitudes over the noise, so that what is faint counts too.
    """
    clean, both, noisy, weight = (truth[name] for name in ("clean", "both", "noisy", "weight"))
    error = (clean - 2 * gains * both + gains**2 * noisy).clamp(min=0) * weight
    before = (clean - 2 * both + noisy).clamp(min=0) * weight
    bands = torch.nn.functional.one_hot(truth["octave"], OCTAVES).to(error.dtype)
    after_each, before_each = (torch.einsum("bc,bco->bo", each, bands) for each in (error, before))
    present = before_each > 0
    decibels = 10 * torch.log10(after_each / (before_each + 1e-9) + 0.01)
    octaves = (decibels * present).sum(dim=1) / present.sum(dim=1)
    harmed = (torch.relu(decibels) * present).sum(dim=1) / present.sum(dim=1)
    whole = 10 * torch.log10(error.sum(dim=1) / before.sum(dim=1) + 0.01)
    heard = (clean + 1e-4) ** 0.15 - (gains**2 * noisy + 1e-4) ** 0.15
    magnitude = heard.square().mean(dim=1)
    return (0.1 * whole + 0.1 * octaves + 0.3 * harmed + 4.0 * magnitude).mean(), -whole.mean()


def floors(count: int, draw: np.random.Generator) -> Tensor:
    """Draw the floors of the gains: those that engineers choose."""
    floor_db = np.where(draw.random(count) < 0.5, 12.0, draw.uniform(8.0, 30.0, count))
    return torch.from_numpy(10 ** (-floor_db / 20)).float()[:, None]


def drawn(material: Material, draw: np.random.Generator) -> dict[str, Tensor]:
    """Draw all examples: arrays of shape (examples, ..., cells)."""
    started, found = time.monotonic(), []
    while len(found) < EXAMPLES:
        found.append(example(material, draw))
        if len(found) % 100 == 0:
            print(f"{len(found)} examples, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    names = [field.name for field in fields(Example)]
    return {name: torch.from_numpy(np.stack([getattr(one, name) for one in found])) for name in names}


def train(examples: dict[str, Tensor], draw: np.random.Generator, seed: int) -> Gains:
    """Train from the seed on."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    network = Gains()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=STEPS, pct_start=0.1, final_div_factor=300
    )
    gained, lost, started = 0.0, 0.0, time.monotonic()
    for step in range(STEPS):
        which = torch.from_numpy(draw.integers(EXAMPLES, size=BATCH))
        first = int(draw.integers(CELLS - SHOWN + 1))  # cells are in no order: a run of them is a draw
        shown = {name: each[which, ..., first : first + SHOWN] for name, each in examples.items()}
        features = shown.pop("features").transpose(0, 1).reshape(FEATURES, -1)
        gains = network(features).reshape(BATCH, SHOWN)
        loss, gain = loss_of(torch.maximum(gains, floors(BATCH, draw)), shown)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        gained, lost = gained + gain.item(), lost + loss.item()
        if step % 250 == 249:
            print(f"{step + 1}: loss {lost / 250:.3f}, gain {gained / 250:.2f} dB, "
                  f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)  # fmt: skip
            gained, lost = 0.0, 0.0
            torch.save(network.state_dict(), CHECKPOINT)
    return network


def export(network: Gains, target: Path) -> None:
    """Write the network as ONNX, for any number of cells."""
    nodes, weights, heard = [], [], "features"
    layers = [*network.children()]
    for at, layer in enumerate(layers):
        values = {"weight": layer.weight.detach().numpy(), "bias": layer.bias.detach().numpy()[:, np.newaxis]}
        weights += [numpy_helper.from_array(value, f"{name}{at}") for name, value in values.items()]
        answer = "Relu" if layer is not layers[-1] else "Sigmoid"
        nodes += [
            helper.make_node("MatMul", [f"weight{at}", heard], [f"sum{at}"]),
            helper.make_node("Add", [f"sum{at}", f"bias{at}"], [f"with_bias{at}"]),
            helper.make_node(answer, [f"with_bias{at}"], [f"heard{at}"]),
        ]
        heard = f"heard{at}"
    nodes.append(helper.make_node("Identity", [heard], ["gains"]))
    graph = helper.make_graph(
        nodes,
        MODEL,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [FEATURES, "cells"])],
        [helper.make_tensor_value_info("gains", TensorProto.FLOAT, [1, "cells"])],
        weights,
    )
    stored = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    checker.check_model(stored, full_check=True)
    target.write_bytes(stored.SerializeToString())


def register(target: Path, parameters: int, seed: int) -> None:
    """Enter the file's hash and origin into the manifest."""
    manifest = target.parent / "manifest.json"
    stored = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {"models": {}}
    stored["models"][MODEL] = {
        "file": target.name,
        "sha256": sha256(target.read_bytes()).hexdigest(),
        "opset": OPSET,
        "command": f"{PROGRAM} --seed {seed}",
        "seed": seed,
        "parameters": parameters,
        "settings": {},
    }
    manifest.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """Render, draw, train, export."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help=f"the packaged one's is {SEED}")
    parser.add_argument("--target", type=Path, default=MODELS, help="folder of the model and its manifest")
    given = parser.parse_args()
    render()
    draw = np.random.default_rng(given.seed)
    network = train(drawn(Material(), draw), draw, given.seed)
    target = given.target / f"{MODEL}.onnx"
    export(network, target)
    register(target, sum(math.prod(each.shape) for each in network.parameters()), given.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Train the network: seeded, one thread, going on from its last checkpoint."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from .material import RENDERS, recordings
from .network import ImpulseNetwork
from .stretches import Stretch, Stretches

CHECKPOINT = RENDERS / "checkpoint.pt"
PEAK_RATE = 6e-3
WARM_UP = 100
DECAY = 0.995  # of the moving average of the weights, which is what is kept
EVERY = 100
VALIDATION_STRETCHES = 48


@dataclass(frozen=True)
class Plan:
    """How long, on how much, and from which seed."""

    steps: int = 2000
    batch: int = 8
    fresh: int = 2  # stretches drawn anew for each step; the others were drawn for earlier ones
    pool: int = 400
    seed: int = 20261121


class Pool:
    """The latest stretches: each is learned from a few times before it is forgotten."""

    def __init__(self, source: Stretches, plan: Plan, draw: np.random.Generator) -> None:
        self._source, self._plan, self._draw = source, plan, draw
        self._stretches: list[Stretch] = []
        self._next = 0

    def batch(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return features, labels and weights."""
        fresh = self._plan.fresh if len(self._stretches) >= self._plan.batch else self._plan.batch
        for _ in range(fresh):
            stretch = self._source.draw(self._draw)
            if len(self._stretches) < self._plan.pool:
                self._stretches.append(stretch)
            else:
                self._stretches[self._next] = stretch
                self._next = (self._next + 1) % self._plan.pool
        chosen = self._draw.choice(len(self._stretches), self._plan.batch, replace=False)
        return tensors([self._stretches[k] for k in chosen])


def tensors(stretches: list[Stretch]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Stack stretches."""
    columns = zip(*((s.features, s.labels, s.weights) for s in stretches), strict=True)
    features, labels, weights = (torch.from_numpy(np.stack(column)) for column in columns)
    return features, labels, weights


def weighted_loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the weighted mean of the cross entropy."""
    loss = binary_cross_entropy_with_logits(logits, labels, weights, reduction="sum")
    return loss / weights.sum()


def train(plan: Plan) -> ImpulseNetwork:
    """Train from the start, or from the last checkpoint of the same plan, and return the averaged network."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    everything = recordings()
    source = Stretches([recording for recording in everything if not recording.validates])
    held_out = Stretches([recording for recording in everything if recording.validates])
    draw = np.random.default_rng(plan.seed + 1)
    validation = tensors([held_out.draw(draw) for _ in range(VALIDATION_STRETCHES)])
    network, averaged = ImpulseNetwork(), ImpulseNetwork()
    averaged.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, PEAK_RATE, plan.steps, pct_start=WARM_UP / plan.steps
    )
    first = _resume(plan, network, averaged, optimiser, schedule)
    pool = Pool(source, plan, np.random.default_rng([plan.seed, first]))
    started, running = time.monotonic(), 0.0
    for step in range(first, plan.steps):
        features, labels, weights = pool.batch()
        network.train()
        loss = weighted_loss(network(features), labels, weights)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        _average(averaged, network, min(DECAY, (1 + step) / (10 + step)))
        running += (loss.item() - running) / min(step - first + 1, 100)
        if (step + 1) % EVERY == 0 or step + 1 == plan.steps:
            _save(plan, step + 1, network, averaged, optimiser, schedule)
            averaged.eval()
            with torch.no_grad():
                held = float(weighted_loss(averaged(validation[0]), *validation[1:]))
            spent = time.monotonic() - started
            line = {"step": step + 1, "loss": running, "validation": held, "seconds": round(spent)}
            print(json.dumps(line), file=sys.stderr, flush=True)
    return averaged


def _average(averaged: ImpulseNetwork, network: ImpulseNetwork, decay: float) -> None:
    with torch.no_grad():
        for kept, now in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(now, 1.0 - decay)
            else:
                kept.copy_(now)


def _save(plan: Plan, step: int, *parts: object) -> None:
    states = [part.state_dict() for part in parts]  # type: ignore[attr-defined]
    unfinished = CHECKPOINT.with_suffix(".part")
    torch.save({"plan": vars(plan), "step": step, "states": states}, unfinished)
    unfinished.rename(CHECKPOINT)


def _resume(plan: Plan, *parts: object) -> int:
    if not CHECKPOINT.exists():
        return 0
    stored = torch.load(CHECKPOINT, weights_only=True)
    if stored["plan"] != vars(plan):
        return 0
    for part, state in zip(parts, stored["states"], strict=True):
        part.load_state_dict(state)  # type: ignore[attr-defined]
    return int(stored["step"])


def checkpoint_of(path: Path) -> ImpulseNetwork:
    """Return the averaged network of a checkpoint."""
    network = ImpulseNetwork()
    network.load_state_dict(torch.load(path, weights_only=True)["states"][1])
    return network

"""Train the judge: seeded, one thread, in rounds that each add what it still errs in."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from .damage import Draw
from .examples import QUANTUM, WHOLE, Examples, drawn
from .material import recordings
from .network import Judge
from .stretches import Stretches

# tuned: on the validation recordings, by hand, 2026-11-21; models/impulses-2.md has the outcome
PEAK_RATE = 4e-3
DECAY = 0.998  # of the moving average of the weights, which is what is kept
OFFSET_WEIGHT = 0.3
NONE_WEIGHT = 1.5  # of an example that is no click: a false alarm costs more than a miss
HARD = 0.1  # probability of the other class from which an example of a later round is kept for sure,
EASY_SHARE = 0.3  # and how many of the others are
AT_ONCE = 1024
VALIDATION_STRETCHES = 120
EVERY = 500


@dataclass(frozen=True)
class Plan:
    """How long, on how much, and from which seed."""

    rounds: int = 3
    stretches: int = 650  # drawn anew for each round
    steps: int = 2000  # a round
    batch: int = 256
    seed: int = 20261121


def train(plan: Plan) -> Judge:
    """Train from the start and return the averaged network."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    everything = recordings()
    source = Stretches([recording for recording in everything if not recording.validates], WHOLE)
    held_out = Stretches([recording for recording in everything if recording.validates], WHOLE)
    draw = np.random.default_rng([plan.seed, 1])
    validation = Examples.joined([drawn(held_out, draw) for _ in range(VALIDATION_STRETCHES)])
    network, averaged = Judge(), Judge()
    averaged.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, PEAK_RATE, plan.rounds * plan.steps, pct_start=0.1
    )
    pool: list[Examples] = []
    started = time.monotonic()
    for at in range(plan.rounds):
        pool.append(_round(source, plan, draw, averaged if at else None))
        examples = Examples.joined(pool)
        pool = [examples]
        running = 0.0
        for step in range(plan.steps):
            some = examples[draw.integers(len(examples), size=plan.batch)]
            network.train()
            value = loss(network, some)
            optimiser.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            done = at * plan.steps + step
            _average(averaged, network, min(DECAY, (1 + done) / (10 + done)))
            running += (value.item() - running) / min(step + 1, 200)
            if (step + 1) % EVERY == 0:
                line = {"round": at, "step": step + 1, "examples": len(examples), "loss": round(running, 4)}
                line |= measured(averaged, validation) | {"seconds": round(time.monotonic() - started)}
                print(json.dumps(line), file=sys.stderr, flush=True)
    return averaged.eval()


def _round(source: Stretches, plan: Plan, draw: Draw, judge: Judge | None) -> Examples:
    """Draw examples; with a judge, all that it errs in and some of the others."""
    parts = []
    for _ in range(plan.stretches):
        some = drawn(source, draw)
        if judge is not None:
            wrong = np.abs(some.label - probabilities(judge, some))
            some = some[(wrong > HARD) | (draw.random(len(some)) < EASY_SHARE)]
        parts.append(some)
    return Examples.joined(parts)


def tensors(examples: Examples) -> tuple[torch.Tensor, ...]:
    """Return looks as the network takes them."""
    looks = (examples.near, examples.ring, examples.far)
    return tuple(torch.from_numpy(look).float() / QUANTUM for look in looks)


def loss(network: Judge, examples: Examples) -> torch.Tensor:
    """Return the cross entropy, and with it how far the offsets of clicks are off."""
    label, offsets = torch.from_numpy(examples.label), torch.from_numpy(examples.offsets)
    told = network(*tensors(examples))
    weights = label + NONE_WEIGHT * (1.0 - label)
    judged = binary_cross_entropy_with_logits(told[:, 0], label, weights)
    clicks = label > 0
    return judged + OFFSET_WEIGHT * smooth_l1_loss(told[clicks, 1:], offsets[clicks], beta=0.3)


def probabilities(network: Judge, examples: Examples) -> np.ndarray:
    """Return how probably each is a click."""
    network.eval()
    with torch.no_grad():
        parts = [
            torch.sigmoid(network(*tensors(examples[k : k + AT_ONCE]))[:, 0]).numpy()
            for k in range(0, len(examples), AT_ONCE)
        ]
    return np.concatenate(parts) if parts else np.empty(0)


def measured(network: Judge, examples: Examples) -> dict[str, float]:
    """Return the loss, and what share of the clicks is found where one in a thousand of the others is."""
    probability = probabilities(network, examples)
    with torch.no_grad():
        value = float(np.mean([
            float(loss(network, examples[k : k + AT_ONCE])) for k in range(0, len(examples), AT_ONCE)
        ]))  # fmt: skip
    clicks = examples.label > 0
    limit = np.quantile(probability[~clicks], 0.999)
    return {
        "validation": round(value, 4),
        "found": round(float(np.mean(probability[clicks] > limit)), 4),
        "limit": round(float(limit), 4),
    }


def _average(averaged: Judge, network: Judge, decay: float) -> None:
    with torch.no_grad():
        for kept, now in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(now, 1.0 - decay)
            else:
                kept.copy_(now)

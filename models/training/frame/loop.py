"""The loop that trains any `Task`: seeded, with checkpoints, a log, averaged weights, ONNX and manifest.

A step's batch is drawn from the seed and the step's number, so a run that was killed and goes on from its
checkpoint sees what it would have seen. The batches are drawn in a process of their own.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import math
import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from .log import Log
from .manifest import enter
from .task import Batch, Task

# tuned: by hand, 2026-11-30, on the held-out material of Denoise's network
_KEPT = 0.998  # of the moving average of the weights, which is what is kept
_RISING = 0.04  # share of the steps in which the rate rises
_LEAST_RATE = 0.01  # of the peak rate, at the end
_WEIGHT_DECAY = 1e-3
_LONGEST_STEP = 1.0  # of the gradient
_AHEAD = 4  # batches that are drawn ahead

_task: Task  # of the process that draws batches


def run(task: Task, given: argparse.Namespace) -> None:
    """Prepare, train or go on training, export and enter into the manifest."""
    seed = task.seed if given.seed is None else given.seed
    steps = given.steps or task.steps
    work = given.work / given.name
    work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    torch.set_num_threads(int(os.environ.get("TRAINING_THREADS", "1")))
    if given.afresh:
        for stale in (work / "checkpoint.pt", work / "log.jsonl"):
            stale.unlink(missing_ok=True)
    task.prepare(work, seed)
    network = task.network()
    if given.start:
        task.load(network, given.start)
    training = _Training(task, network, steps, work)
    if not given.export_only:
        training.go_on(seed)
    averaged = training.averaged.eval()
    target = given.target / f"{task.name}.onnx"
    with torch.no_grad():
        figures = task.measure(averaged)
        task.export(averaged, target)
    weights = sum(math.prod(each.shape) for each in averaged.parameters())
    done = {"seed": seed, "steps": training.step, "parameters": weights, "validation": figures}
    command = f"python -m models.training {task.command} --seed {seed} --steps {steps}"
    if given.start:
        command += f" --start {given.start.name}"
    enter(target, task.name, command, done, task.settings(averaged))
    print(f"{target}: {weights} weights, {figures}", file=sys.stderr)


class _Training:
    """A network, its average, its optimiser and where it is."""

    def __init__(self, task: Task, network: nn.Module, steps: int, work: Path) -> None:
        self._task, self._steps, self._work = task, steps, work
        self.network, self.averaged = network, copy.deepcopy(network)
        self._optimiser = torch.optim.AdamW(network.parameters(), task.peak_rate, weight_decay=_WEIGHT_DECAY)
        self._log = Log(work)
        self.step, self._seconds = 0, 0.0
        checkpoint = work / "checkpoint.pt"
        if checkpoint.exists():
            held = torch.load(checkpoint, weights_only=True)
            self.network.load_state_dict(held["network"])
            self.averaged.load_state_dict(held["averaged"])
            self._optimiser.load_state_dict(held["optimiser"])
            self.step, self._seconds = held["step"], held["seconds"]
            self._log.back_to(self.step)

    def go_on(self, seed: int) -> None:
        """Train from where it is to the end."""
        started = time.monotonic() - self._seconds
        running: dict[str, float] = {}
        with _drawn(self._task, self._work, seed, range(self.step, self._steps)) as batches:
            for batch in batches:
                figures = self._step(batch)
                for name, value in figures.items():
                    running[name] = running.get(name, value) * 0.98 + 0.02 * value
                if self.step % self._task.measured_every == 0 or self.step == self._steps:
                    self._seconds = time.monotonic() - started
                    with torch.no_grad():
                        held_out = self._task.measure(self.averaged.eval())
                    self._log.add(self.step, self._seconds, running, held_out)
                    self._keep()

    def _step(self, batch: Batch) -> dict[str, float]:
        for group in self._optimiser.param_groups:
            group["lr"] = self._task.peak_rate * rate(self.step / self._steps)
        self.network.train()
        shown = {name: torch.from_numpy(value) for name, value in batch.items()}
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._task.reduced):
            loss, figures = self._task.loss(self.network, shown)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_STEP)
        self._optimiser.step()
        self.step += 1
        kept = min(_KEPT, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(now, 1.0 - kept)
        return {"loss": loss.item(), **figures}

    def _keep(self) -> None:
        part = self._work / "checkpoint.part"
        held = {
            "network": self.network.state_dict(), "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(), "step": self.step, "seconds": self._seconds,
        }  # fmt: skip
        torch.save(held, part)
        part.replace(self._work / "checkpoint.pt")


def rate(done: float) -> float:
    """Return the learning rate over its peak: it rises along a line, and falls along half a cosine."""
    if done < _RISING:
        return max(done / _RISING, _LEAST_RATE)
    falling = 0.5 + 0.5 * math.cos(math.pi * (done - _RISING) / (1 - _RISING))
    return _LEAST_RATE + (1 - _LEAST_RATE) * falling


def _open(task: Task, work: Path, seed: int) -> None:
    global _task  # noqa: PLW0603 -- one process, one task
    torch.set_num_threads(1)
    task.prepare(work, seed)
    _task = task


def _draw(seed: int, step: int) -> Batch:
    return _task.batch(np.random.default_rng([seed, step]))


@contextlib.contextmanager
def _drawn(task: Task, work: Path, seed: int, steps: range) -> Iterator[Iterator[Batch]]:
    """Draw the batches of steps ahead, in their order."""
    context: Any = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, _open, (type(task)(), work, seed)) as pool:

        def batches() -> Iterator[Batch]:
            coming: deque[Future[Batch]] = deque()
            for step in steps:
                coming.append(pool.submit(_draw, seed, step))
                if len(coming) > _AHEAD:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()

        yield batches()

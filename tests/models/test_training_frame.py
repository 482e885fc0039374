"""The frame that trains models: rates, a log with curves, and a run that goes on where it was killed."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from models.training.frame import loop  # noqa: E402
from models.training.frame.graph import Graph  # noqa: E402
from models.training.frame.log import curves  # noqa: E402
from models.training.frame.task import Task  # noqa: E402


class LineTask(Task):
    """Learns ``3 x + 1``."""

    name = "line-1"
    command = "line"
    seed = 5
    steps = 60
    peak_rate = 0.05
    measured_every = 20
    reduced = False

    def prepare(self, work: Path, seed: int) -> None:
        work.mkdir(exist_ok=True)

    def network(self):
        return torch.nn.Conv1d(1, 1, 1)

    def batch(self, draw):
        return {"x": draw.standard_normal((8, 1, 1)).astype(np.float32)}

    def loss(self, network, batch):
        value = (network(batch["x"]) - 3 * batch["x"] - 1).square().mean()
        return value, {}

    def measure(self, network):
        return {"weight": float(network.weight)}

    def export(self, network, target: Path) -> None:
        graph = Graph()
        graph.add("Identity", graph.convolution("x", network), output="y")
        graph.write(target, {"x": ["many", 1, 1]}, {"y": ["many", 1, 1]})


class _Drawn:
    """Batches without a process of their own."""

    def __init__(self, task, work, seed, steps):
        self._all = (task.batch(np.random.default_rng([seed, step])) for step in steps)

    def __enter__(self):
        return self._all

    def __exit__(self, *_):
        self._all.close()


def run(folder: Path, steps: int, monkeypatch: pytest.MonkeyPatch, *, stop_at: int | None = None):
    monkeypatch.setattr(loop, "_drawn", _Drawn)
    folder.mkdir(exist_ok=True)
    given = argparse.Namespace(
        name="line",
        seed=None,
        steps=steps,
        target=folder,
        work=folder,
        afresh=False,
        export_only=False,
        start=None,
    )
    task = LineTask()
    if stop_at is not None:
        real = task.batch

        def batch(draw, count=[0]):  # noqa: B006
            count[0] += 1
            if count[0] > stop_at:
                raise KeyboardInterrupt
            return real(draw)

        task.batch = batch
    loop.run(task, given)
    return json.loads((folder / "manifest.json").read_text())["models"]["line-1"]


def test_a_run_that_was_killed_ends_as_one_that_was_not(tmp_path, monkeypatch):
    whole = run(tmp_path / "whole", 60, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", 60, monkeypatch, stop_at=45)
    killed = run(tmp_path / "killed", 60, monkeypatch)
    assert killed["sha256"] == whole["sha256"]
    lines = (tmp_path / "killed" / "line" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [20, 40, 60]
    assert (tmp_path / "killed" / "line" / "curves.svg").read_text().startswith("<svg")


def test_the_manifest_says_what_made_the_file(tmp_path, monkeypatch):
    entry = run(tmp_path / "one", 20, monkeypatch)
    assert entry["command"] == "python -m models.training line --seed 5 --steps 20"
    assert entry["parameters"] == 2 and entry["file"] == "line-1.onnx" and "torch" in entry["versions"]


def test_the_rate_rises_and_falls():
    rates = [loop.rate(done) for done in np.linspace(0, 1, 101)]
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[0] < 0.05 and rates[-1] < 0.02
    assert np.argmax(rates) == 4


def test_curves_are_drawn_of_every_figure():
    lines = [{"step": at, "seconds": at, "loss": 1 / at, "held out: gained": float(at)} for at in (1, 2, 3)]
    drawn = curves(lines)
    assert drawn.count("<polyline") == 2 and "held out: gained" in drawn

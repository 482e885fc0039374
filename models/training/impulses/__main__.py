"""``python -m models.training.impulses``: material, training, thresholds, export; from the repository's root.

Needs ``pip install wavemend[train]``, and Debian's mma, fluidsynth, fluid-soundfont-gm and ffmpeg for the
material. An interrupted run goes on from its last checkpoint, which lies beside the material.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from wavemend.analysis.inference import MANIFEST, read_model

from .export import OPSET, export
from .material import recordings
from .network import ImpulseNetwork, multiply_adds_a_sample
from .stretches import Stretches
from .thresholds import GAP_MS, choose
from .train import CHECKPOINT, Plan, checkpoint_of, train

MODELS = Path(__file__).parents[2]
NAME = "impulses-1"
LIBRARIES = ("numpy", "onnx", "onnxruntime", "scipy", "torch")


def main() -> int:
    """Train, choose the thresholds, and write the model and its entry in the manifest."""
    parser = argparse.ArgumentParser(prog="python -m models.training.impulses", description=__doc__)
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--target", type=Path, default=MODELS, help="folder of the model and its manifest")
    parser.add_argument("--only-export", action="store_true", help="what the last checkpoint holds")
    given = parser.parse_args()
    plan = Plan(steps=given.steps, seed=given.seed)
    network = checkpoint_of(CHECKPOINT) if given.only_export else train(plan)
    write(network, plan, given.target)
    return 0


def write(network: ImpulseNetwork, plan: Plan, folder: Path) -> None:
    """Export the network and enter it, with the thresholds that suit it, into the folder's manifest."""
    export(network.eval(), folder / f"{NAME}.onnx")
    settings = {"high": 0.5, "low": 0.3, "gap_ms": GAP_MS}
    _enter(folder, plan, settings, {})
    held_out = Stretches([recording for recording in recordings() if recording.validates])
    choice = choose(read_model(folder / MANIFEST, NAME), held_out, plan.seed)
    print(choice, file=sys.stderr)
    reached = {**asdict(choice), "f1": choice.f1}
    validation = {key: round(value, 4) for key, value in reached.items() if key not in ("high", "low")}
    _enter(folder, plan, settings | {"high": choice.high, "low": choice.low}, validation)


def _enter(folder: Path, plan: Plan, settings: dict[str, float], validation: dict[str, float]) -> None:
    manifest = folder / MANIFEST
    everything = json.loads(manifest.read_text("utf-8")) if manifest.exists() else {"models": {}}
    everything["models"][NAME] = {
        "file": f"{NAME}.onnx",
        "sha256": sha256((folder / f"{NAME}.onnx").read_bytes()).hexdigest(),
        "opset": OPSET,
        "command": f"python -m models.training.impulses --steps {plan.steps} --seed {plan.seed}",
        "seed": plan.seed,
        "parameters": sum(values.numel() for values in ImpulseNetwork().parameters()),
        "multiply_adds_a_sample": multiply_adds_a_sample(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "validation": validation,
        "settings": settings,
    }
    manifest.write_text(json.dumps(everything, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

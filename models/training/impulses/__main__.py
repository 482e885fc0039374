"""``python -m models.training.impulses``: material, training, threshold, export; from the repository's root.

Needs ``pip install wavemend[models]``, and Debian's mma, fluidsynth, fluid-soundfont-gm and ffmpeg for the
material.
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

from wavemend.analysis.clicks.judge import MODEL
from wavemend.inference.packaged import MANIFEST, read_model

from .export import OPSET, export
from .material import recordings
from .network import Judge, multiply_adds
from .thresholds import choose
from .train import Plan, train

MODELS = Path(__file__).parents[2]
GAP_MS = 0.25  # source: docs/detector.md; spans so far apart are one
LIBRARIES = ("numpy", "onnx", "onnxruntime", "scipy", "torch")


def main() -> int:
    """Train, choose the threshold, and write the model and its entry in the manifest."""
    parser = argparse.ArgumentParser(prog="python -m models.training.impulses", description=__doc__)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--target", type=Path, default=MODELS, help="folder of the model and its manifest")
    given = parser.parse_args()
    plan = Plan(rounds=given.rounds, seed=given.seed)
    write(train(plan), plan, given.target)
    return 0


def write(judge: Judge, plan: Plan, folder: Path) -> None:
    """Export the judge and enter it, with the threshold that suits it, into the folder's manifest."""
    export(judge, folder / f"{MODEL}.onnx")
    _enter(folder, plan, {"threshold": 0.5, "gap_ms": GAP_MS}, {})
    held_out = [recording for recording in recordings() if recording.validates]
    choice = choose(read_model(folder / MANIFEST, MODEL), held_out)
    validation = {name: round(value, 3) for name, value in asdict(choice).items() if name != "threshold"}
    _enter(folder, plan, {"threshold": choice.threshold, "gap_ms": GAP_MS}, validation)


def _enter(folder: Path, plan: Plan, settings: dict[str, float], validation: dict[str, float]) -> None:
    manifest = folder / MANIFEST
    everything = json.loads(manifest.read_text("utf-8")) if manifest.exists() else {"models": {}}
    everything["models"][MODEL] = {
        "file": f"{MODEL}.onnx",
        "sha256": sha256((folder / f"{MODEL}.onnx").read_bytes()).hexdigest(),
        "opset": OPSET,
        "command": f"python -m models.training.impulses --rounds {plan.rounds} --seed {plan.seed}",
        "seed": plan.seed,
        "parameters": sum(values.numel() for values in Judge().parameters()),
        "multiply_adds_a_candidate": multiply_adds(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        "validation": validation,
        "settings": settings,
    }
    manifest.write_text(json.dumps(everything, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

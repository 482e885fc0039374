"""``python -m models.training NAME``: train one of the packaged models; from the repository's root.

Seeded; a run that was killed goes on from its last checkpoint when it is started again. What each model is
made of, and how another one is added: ``models/training/README.md``.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
BUILD = ROOT / "build" / "training"
# Tasks of the frame: module and class. A module is imported when its name is asked for: some need no torch.
TASKS: dict[str, tuple[str, str]] = {
    "voice": ("models.training.voice.task", "VoiceTask"),
    "voice_live": ("models.training.voice_live.task", "VoiceLiveTask"),
}
# Fitted in minutes, without checkpoints: modules with a main of their own
SMALL = {
    "denoise": "models.training.denoise.train",
    "impulses": "models.training.impulses.__main__",
    "clicks": "models.training.clicks.train",
    "program": "models.training.program.train",
    "places": "models.training.places.train",
    "medium": "models.training.medium.train",
}


def main() -> int:
    """Train what is asked for."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in SMALL:
        sys.argv = [f"python -m models.training {name}", *sys.argv[2:]]
        return int(importlib.import_module(SMALL[name]).main() or 0)
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    parser.add_argument("name", metavar="NAME", choices=sorted([*TASKS, *SMALL]), help="%(choices)s")
    parser.add_argument("--seed", type=int, default=None, help="by default the packaged one's")
    parser.add_argument("--steps", type=int, default=None, help="by default those of the packaged one")
    parser.add_argument("--target", type=Path, default=MODELS, help="folder of the model and its manifest")
    parser.add_argument("--work", type=Path, default=BUILD, help="folder of checkpoints, log and curves")
    parser.add_argument("--start", type=Path, default=None, help="ONNX file whose weights it starts from")
    parser.add_argument("--afresh", action="store_true", help="forget an unfinished run")
    parser.add_argument("--export-only", action="store_true", help="export the last checkpoint as it is")
    given = parser.parse_args()
    module, kind = TASKS[given.name]
    task = getattr(importlib.import_module(module), kind)()
    run = importlib.import_module("models.training.frame.loop").run
    run(task, given)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Entering a model into the manifest: its file's hash, what made it, libraries, and its figures."""

from __future__ import annotations

import json
import platform
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .graph import OPSET

LIBRARIES = ("numpy", "onnx", "onnxruntime", "scipy", "torch")


def enter(file: Path, name: str, command: str, done: dict[str, Any], settings: dict[str, float]) -> None:
    """Enter or replace a model beside its file.

    Parameters
    ----------
    file
        The ONNX file.
    name
        Of the model.
    command
        That made it.
    done
        Seed, steps, parameters and figures.
    settings
        Plain numbers for the code that runs it.
    """
    manifest = file.parent / "manifest.json"
    stored = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {"models": {}}
    stored["models"][name] = {
        "file": file.name,
        "sha256": sha256(file.read_bytes()).hexdigest(),
        "opset": OPSET,
        "command": command,
        **done,
        "versions": {"python": platform.python_version(), **{each: version(each) for each in LIBRARIES}},
        "settings": settings,
    }
    manifest.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")

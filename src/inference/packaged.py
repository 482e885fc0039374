"""Trained models: found by name in the manifest, checked by hash, run on one thread. Knows onnxruntime alone.

``models/manifest.json`` (packaged as ``wavemend.models``) names each model's file, its SHA-256, opset,
training command, seed and versions, and what the code that runs it needs to know (``settings``). A file whose
hash is another is refused: presets name models, and the same preset has to give the same sound.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ModelError

MANIFEST = "manifest.json"

Tensor = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """A model that is loaded and checked.

    Attributes
    ----------
    name, sha256
        As the manifest has them.
    settings
        What goes with the weights: thresholds, sample rates; plain numbers by name.
    """

    name: str
    sha256: str
    settings: dict[str, float]
    _session: Any

    @property
    def metadata(self) -> dict[str, str]:
        """Words that were stored with the weights, by name."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs, in order."""
        return [one.name for one in self._session.get_inputs()]

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs, in order."""
        return [one.name for one in self._session.get_outputs()]

    @property
    def shapes(self) -> dict[str, list[int | str | None]]:
        """Shapes of the inputs and outputs by name; words and None for sizes that are open."""
        return {one.name: one.shape for one in (*self._session.get_inputs(), *self._session.get_outputs())}

    def run(self, inputs: dict[str, Tensor]) -> list[Tensor]:
        """Return every output for named inputs, float32; the same inputs always give the same bits.

        Raises
        ------
        ModelError
            An input's name, shape or type is not the model's.
        """
        try:
            return list(self._session.run(None, inputs))
        except Exception as error:  # onnxruntime has a dozen kinds, none of them public
            raise ModelError(f"model {self.name} could not be run: {error}") from error


@cache
def model(name: str) -> Model:
    """Return a packaged model; loaded once.

    Raises
    ------
    ModelError
        The manifest has no such model, its file is missing, is not the one that the manifest names, or
        cannot be read.
    """
    return read_model(_packaged(), name)


def packaged_bytes(name: str) -> bytes:
    """Return the ONNX file of a packaged model, checked as `model` does; raises `ModelError`."""
    return _checked_bytes(_packaged(), name)


def read_model(manifest: Path, name: str) -> Model:
    """Load the model `name` of a manifest; see `model`."""
    return load_model(_checked_bytes(manifest, name), name, _entry(manifest, name)["settings"])


def _packaged() -> Path:
    return Path(str(files("wavemend.models"))) / MANIFEST


def _checked_bytes(manifest: Path, name: str) -> bytes:
    entry = _entry(manifest, name)
    path = manifest.parent / entry["file"]
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"model {name}: {path} cannot be read ({error.strerror}); reinstall wavemend"
        ) from error
    digest = sha256(stored).hexdigest()
    if digest != entry["sha256"]:
        raise ModelError(
            f"model {name}: {path} has SHA-256 {digest[:12]}..., the manifest says "
            f"{entry['sha256'][:12]}...: the file is damaged or another one; reinstall wavemend"
        )
    return bytes(stored)


def load_model(stored: bytes, name: str, settings: dict[str, float] | None = None) -> Model:
    """Return the model in an ONNX file's bytes; raises `ModelError` where onnxruntime cannot load it."""
    return Model(name, sha256(stored).hexdigest(), settings or {}, _session(stored, name))


def _entry(manifest: Path, name: str) -> dict[str, Any]:
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["models"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{manifest} cannot be read as a list of models: {error}") from error
    if name not in entries:
        raise ModelError(f"no model is called {name!r}; there are: {', '.join(sorted(entries)) or 'none'}")
    entry = entries[name]
    if missing := {"file", "sha256", "settings"} - set(entry):
        raise ModelError(f"{manifest}: model {name} lacks {', '.join(sorted(missing))}")
    if Path(entry["file"]).name != entry["file"]:
        raise ModelError(f"{manifest}: model {name} must name a file beside it, not {entry['file']!r}")
    return dict(entry)


def _session(stored: bytes, name: str) -> Any:
    # Official builds from 1.29 on send what they run, with an identifier that they keep in the home folder,
    # unless this is set before they are loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # noqa: PLC0415 -- half a second, and most chains run no model

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(stored, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"model {name} cannot be loaded by onnxruntime: {error}") from error

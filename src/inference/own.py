"""Models of one's own: trained further on an archive's own discs, and named in presets by their SHA-256.

They lie in one folder of the user's, each under its hash, so that the same preset either gives the same sound
or says what it lacks. Such a file tells in its ONNX metadata, under ``wavemend``, which packaged model it
stands in for, and its settings, as JSON: ``{"like": "impulses-2", "settings": {"threshold": 0.5}}``.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import platformdirs

from ..errors import ModelError
from .packaged import Model, load_model, model

METADATA = "wavemend"
_MOST_BYTES = 64 * 2**20  # guard: of a stranger's model; ours have under one MiB


def models_folder() -> Path:
    """Where a user's own models lie."""
    return platformdirs.user_data_path("wavemend", appauthor=False) / "models"


def own_models() -> list[Path]:
    """Files of the models that are there, in the order of their names."""
    return sorted(models_folder().glob("*.onnx"))


@cache
def own_model(fingerprint: str, like: str) -> Model:
    """Return the model of one's own with this SHA-256, which stands in for the packaged one called `like`.

    Raises
    ------
    ModelError
        It is not there, is another file than its name says, or does not stand in for `like`.
    """
    path = models_folder() / f"{fingerprint}.onnx"
    if not path.is_file():
        raise ModelError(
            f"model {fingerprint[:12]}... is not on this machine; ask for the file, and add it: "
            "wavemend models add FILE"
        )
    stored = _read(path)
    if sha256(stored).hexdigest() != fingerprint:
        raise ModelError(f"{path}: holds another model than its name says; delete it, and add it again")
    return checked_model(stored, path, like)


def add_model(source: str | os.PathLike[str]) -> str:
    """Check a model file, copy it to the others, and return its SHA-256.

    Raises
    ------
    ModelError
        It is no model of one's own, or the folder cannot be written.
    """
    path = Path(source)
    stored = _read(path)
    checked_model(stored, path)
    fingerprint = sha256(stored).hexdigest()
    target = models_folder() / f"{fingerprint}.onnx"
    part = target.with_suffix(f".{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(stored)
        part.replace(target)
    except OSError as error:
        raise ModelError(f"{target}: cannot be written: {error.strerror}") from error
    return fingerprint


def checked_model(stored: bytes, path: Path, like: str | None = None) -> Model:
    """Return the model of one's own in `stored`, refused unless it fits the packaged one it stands in for."""
    loaded = load_model(stored, path.name)
    try:
        said = json.loads(loaded.metadata[METADATA])
        stands_for, settings = said["like"], said["settings"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ModelError(f"{path}: is no model that `wavemend train` made") from None
    if like is not None and stands_for != like:
        raise ModelError(f"{path}: stands in for {stands_for!r:.40}; here it must be {like}")
    if not isinstance(stands_for, str):
        raise ModelError(f"{path}: does not say which model it stands in for")
    packaged = model(stands_for)
    if not _are_numbers(settings) or set(settings) != set(packaged.settings):
        raise ModelError(f"{path}: its settings must be numbers called {', '.join(packaged.settings)}")
    if loaded.shapes != packaged.shapes:
        raise ModelError(f"{path}: has other inputs or outputs than {stands_for}")
    return replace(loaded, settings=dict(settings))


def _are_numbers(settings: Any) -> bool:
    return isinstance(settings, dict) and all(
        type(value) in (int, float) and math.isfinite(value) for value in settings.values()
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            stored = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(stored) > _MOST_BYTES:
        raise ModelError(f"{path}: is larger than {_MOST_BYTES >> 20} MiB; that is no model of ours")
    return stored

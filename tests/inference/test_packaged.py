"""Models: found by name, refused unless the manifest names them, the same bits every time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wavemend.analysis.clicks.detector import MODEL
from wavemend.errors import ModelError, WavemendError
from wavemend.inference.packaged import MANIFEST, model, read_model

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(MODELS / MANIFEST, tmp_path)
    shutil.copy(MODELS / f"{MODEL}.onnx", tmp_path)
    return tmp_path


def entries() -> dict[str, Any]:
    return json.loads((MODELS / MANIFEST).read_text(encoding="utf-8"))["models"]


@pytest.mark.parametrize("name", sorted(entries()))
def test_every_model_of_the_manifest_is_there_with_its_card(name: str) -> None:
    entry = entries()[name]
    stored = (MODELS / entry["file"]).read_bytes()
    assert sha256(stored).hexdigest() == entry["sha256"]
    assert (MODELS / f"{name}.md").is_file()
    assert {"opset", "command", "seed"} <= set(entry)
    assert model(name).sha256 == entry["sha256"]


def test_the_same_input_gives_the_same_bits() -> None:
    draw = np.random.default_rng(1)
    shapes = {"near": (9, 5, 256), "ring": (9, 5, 64), "far": (9, 8, 256)}
    looks = {name: draw.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    one, again = (read_model(MODELS / MANIFEST, MODEL).run(looks) for _ in range(2))
    assert [output.shape for output in one] == [(9,), (9, 2), (9, 64)]
    assert all(np.array_equal(*pair) for pair in zip(one, again, strict=True))
    assert ((one[0] >= 0) & (one[0] <= 1)).all()


def test_a_damaged_file_is_refused(folder: Path) -> None:
    path = folder / f"{MODEL}.onnx"
    stored = bytearray(path.read_bytes())
    stored[len(stored) // 2] ^= 1
    path.write_bytes(stored)
    with pytest.raises(ModelError, match="damaged or another one"):
        read_model(folder / MANIFEST, MODEL)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / f"{MODEL}.onnx").unlink()
    with pytest.raises(ModelError, match=rf"{MODEL}.*cannot be read"):
        read_model(folder / MANIFEST, MODEL)


def test_a_file_that_is_no_model_is_refused(folder: Path) -> None:
    (folder / f"{MODEL}.onnx").write_bytes(b"no model")
    _change(folder, sha256=sha256(b"no model").hexdigest())
    with pytest.raises(ModelError, match="cannot be loaded"):
        read_model(folder / MANIFEST, MODEL)


def test_a_manifest_cannot_name_a_file_elsewhere(folder: Path) -> None:
    _change(folder, file="../model.onnx")
    with pytest.raises(ModelError, match="beside it"):
        read_model(folder / MANIFEST, MODEL)


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(ModelError, match=rf"'nothing'.*{MODEL}"):
        model("nothing")


def test_a_manifest_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("[]", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be read as a list of models"):
        read_model(tmp_path / MANIFEST, MODEL)


def test_wrong_inputs_are_one_clear_error() -> None:
    with pytest.raises(WavemendError, match=MODEL):
        model(MODEL).run({"waveform": np.zeros((1, 3, 64), np.float32)})


def _change(folder: Path, **entry: str) -> None:
    manifest = folder / MANIFEST
    everything = json.loads(manifest.read_text(encoding="utf-8"))
    everything["models"][MODEL].update(entry)
    manifest.write_text(json.dumps(everything), encoding="utf-8")


@pytest.mark.whole
def test_running_a_model_tells_nobody(tmp_path) -> None:
    """The runtime would keep an identifier of the machine, and send it with what it runs."""
    places = {f"XDG_{name}_HOME": str(tmp_path) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    code = "from wavemend.inference.packaged import model; model('impulses-2')"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run(
        [sys.executable, "-c", code], env=environment | places | {"HOME": str(tmp_path)}, check=True
    )
    assert not list(tmp_path.rglob("*"))

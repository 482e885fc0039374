"""Models of one's own: found by hash alone, and refused unless they fit what they stand in for."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from wavemend.errors import ModelError
from wavemend.inference import own as own_models
from wavemend.inference.packaged import model

onnx = pytest.importorskip("onnx")

LIKE = "denoise-1"
PACKAGED = Path(__file__).parents[2] / "models" / f"{LIKE}.onnx"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(own_models, "models_folder", lambda: tmp_path / "models")
    return tmp_path / "models"


def made(path: Path, said: Any = None) -> Path:
    """Write the packaged model with another metadata entry."""
    graph = onnx.load(PACKAGED)
    if said is None:
        said = {"like": LIKE, "settings": dict(model(LIKE).settings)}
    onnx.helper.set_model_props(
        graph, {own_models.METADATA: said if isinstance(said, str) else json.dumps(said)}
    )
    onnx.save(graph, path)
    return path


def test_a_model_that_was_added_is_found_by_its_hash(tmp_path: Path, folder: Path) -> None:
    source = made(tmp_path / "mine.onnx")
    fingerprint = own_models.add_model(source)
    assert fingerprint == sha256(source.read_bytes()).hexdigest()
    assert own_models.own_models() == [folder / f"{fingerprint}.onnx"]
    assert own_models.add_model(source) == fingerprint
    found = own_models.own_model(fingerprint, LIKE)
    assert found.sha256 == fingerprint and found.settings == model(LIKE).settings


def test_one_that_is_not_there_says_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"000000000000\.\.\. is not on this machine.*wavemend models add"):
        own_models.own_model("0" * 64, LIKE)


def test_a_file_that_changed_is_refused(tmp_path: Path, folder: Path) -> None:
    fingerprint = own_models.add_model(made(tmp_path / "mine.onnx"))
    made(folder / f"{fingerprint}.onnx", said={"like": LIKE, "settings": {}, "more": 1})
    own_models.own_model.cache_clear()
    with pytest.raises(ModelError, match="holds another model than its name says"):
        own_models.own_model(fingerprint, LIKE)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("no JSON", "is no model that `wavemend train` made"),
        ("[" * 100_000, "is no model that `wavemend train` made"),
        ([1, 2], "is no model that `wavemend train` made"),
        ({"like": LIKE}, "is no model that `wavemend train` made"),
        ({"like": 7, "settings": {}}, "does not say which model"),
        ({"like": "nothing", "settings": {}}, "no model is called 'nothing'"),
        ({"like": LIKE, "settings": [1]}, "its settings must be numbers"),
        ({"like": LIKE, "settings": {"more": 1.0}}, "its settings must be numbers"),
        ({"like": LIKE, "settings": {"a": True}}, "its settings must be numbers"),
    ],
)
def test_strangers_files_are_refused(tmp_path: Path, folder: Path, said: Any, why: str) -> None:
    with pytest.raises(ModelError, match=re.escape(why)):
        own_models.add_model(made(tmp_path / "bad.onnx", said=said))
    assert not folder.exists()


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match="cannot be loaded"):
        own_models.add_model(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match="cannot be read"):
        own_models.add_model(tmp_path / "missing.onnx")


def test_a_model_with_other_inputs_is_refused(tmp_path: Path) -> None:
    other = next(p for p in sorted(PACKAGED.parent.glob("*.onnx")) if p != PACKAGED)
    graph = onnx.load(other)
    said = json.dumps({"like": LIKE, "settings": dict(model(LIKE).settings)})
    onnx.helper.set_model_props(graph, {own_models.METADATA: said})
    onnx.save(graph, tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match=f"other inputs or outputs than {LIKE}"):
        own_models.add_model(tmp_path / "bad.onnx")


def test_a_model_for_something_else_is_refused(tmp_path: Path) -> None:
    fingerprint = own_models.add_model(made(tmp_path / "mine.onnx"))
    with pytest.raises(ModelError, match=f"stands in for '{LIKE}'; here it must be impulses"):
        own_models.own_model(fingerprint, "impulses")

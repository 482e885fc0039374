"""A stage whose sound may still change says so wherever it is listed, saved and run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest
from wavemend import Chain, Preset, load_preset, save_preset, stage_class
from wavemend.contract import registry
from wavemend.contract.offers import offers
from wavemend.errors import PresetError
from wavemend.host.cli import catalogues, presets
from wavemend.host.presets.schema import preset_schema

STAGE = """
from wavemend.plugins.dc_offset import DcOffset
class Hush(DcOffset):
    "Hush what should not sound."
    id = "studio.hush"
    name = "Hush"
    draft = {draft}
"""
Install = Callable[[bool], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a package with one stage, a draft or not."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))  # no VST3s of this machine
    info = tmp_path / "studio-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: studio\nVersion: 1.0\n")

    def offer(draft: bool) -> None:
        module = f"studio_{'draft' if draft else 'finished'}"
        (tmp_path / f"{module}.py").write_text(STAGE.format(draft=draft))
        (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\nstudio.hush = {module}:Hush\n")
        offers.cache_clear()

    yield offer
    offers.cache_clear()
    for name in [name for name in sys.modules if name.startswith("studio_")]:
        del sys.modules[name]


def saved(path: Path) -> Path:
    save_preset(Preset("Hush", "", Chain([stage_class("studio.hush")()])), path)
    return path


def test_lists_of_plugins_say_what_is_a_draft(install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(True)
    catalogues.plugins_list()
    assert "(draft) Hush what should not sound." in capsys.readouterr().out
    catalogues.plugins_list(as_json=True)
    listed = {one["id"]: one.get("draft") for one in json.loads(capsys.readouterr().out)}
    assert [key for key, draft in listed.items() if draft] == ["studio.hush"]
    catalogues.plugins_show("hush")
    assert "A draft: its sound may change" in capsys.readouterr().out
    catalogues.plugins_show("hush", as_json=True)
    assert json.loads(capsys.readouterr().out)["draft"] is True
    catalogues.plugins_show("declick")
    assert "draft" not in capsys.readouterr().out


def test_a_preset_that_holds_a_draft_says_so(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(True)
    path = saved(tmp_path / "hush.json")
    text = json.loads(path.read_text())
    assert text["chain"][0]["draft"] is True
    jsonschema.validate(text, preset_schema())
    (warning,) = load_preset(path).chain.warnings()
    assert warning == "Hush is a draft: its sound may change with any version of its package"
    presets.presets_show(str(path))
    assert "version 1, draft" in capsys.readouterr().out
    text["chain"][0]["draft"] = False
    path.write_text(json.dumps(text))
    with pytest.raises(PresetError, match="draft is False; it is true, or left out"):
        load_preset(path)


def test_what_a_draft_made_is_not_taken_for_the_finished_stage(install: Install, tmp_path: Path) -> None:
    install(True)
    path = saved(tmp_path / "hush.json")
    install(False)
    with pytest.raises(PresetError, match=r"slot 1 .*made with a draft of the stage, which is finished now"):
        load_preset(path)
    path.write_text(path.read_text().replace('"draft": true,', ""))
    assert not load_preset(path).chain.warnings()
    assert "draft" not in saved(tmp_path / "again.json").read_text()

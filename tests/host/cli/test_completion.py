"""What a shell is offered to complete a command line with."""

import os
import subprocess
import sys

import pytest
from wavemend.host.cli.completion import complete_plugin, complete_preset, complete_setting


def offered(preset, incomplete):
    class Context:
        params = {"preset": preset}  # noqa: RUF012

    return complete_setting(Context(), incomplete)


def test_presets_and_preset_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vinyl-mine.json").write_text("{}")
    assert complete_preset("vi") == ["vinyl", "vinyl-heavy", "vinyl-light", "vinyl-mine.json"]
    assert complete_preset("nothing-begins/so") == []


def test_plugins_by_short_name_id_and_stock_effect():
    assert complete_plugin("den") == ["denoise"]
    assert complete_plugin("wavemend.deh") == ["wavemend.dehum"]
    assert complete_plugin("highs") == ["HighShelfFilter"]


def test_values_of_the_presets_slots():
    assert offered("vinyl", "denoise.re") == ["denoise.reduction_db="]
    assert "declick.bypass=" in offered("vinyl", "dec") and "decrackle.strength=" in offered("vinyl", "dec")
    assert offered("no such preset", "") == [] and offered(None, "") == []


@pytest.mark.parametrize("text", ["[]", "{", '{"format": 1}', "\x00"])
def test_a_file_that_is_no_preset_offers_nothing(tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    assert offered(str(tmp_path / "bad.json"), "") == []


@pytest.mark.whole
def test_the_shell_gets_them():
    asked = {"_WAVEMEND_COMPLETE": "complete_bash", "COMP_WORDS": "wavemend render sh", "COMP_CWORD": "2"}
    result = subprocess.run(
        [sys.executable, "-c", "from wavemend.host.cli.main import app; app(prog_name='wavemend')"],
        env=os.environ | asked, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert result.stdout.split() == ["shellac", "shellac-acoustic", "shellac-electric"], result.stderr

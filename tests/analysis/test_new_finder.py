"""The finder of the documentation, from a package of its own: one file, one registration, and all know it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner
from wavemend import analyse, load_document
from wavemend.analysis.finders import FINDERS, GROUP, finder, finders
from wavemend.analysis.survey import Survey
from wavemend.contract.offers import offers
from wavemend.errors import FindingsError, PluginError
from wavemend.host.cli.main import app

from tests.analysis.sounds import RATE, heard, music
from tests.host.recordings import write

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"
SECTION = PAGE.read_text().partition("## A finder")[2].partition("\n## ")[0]
(CODE,) = re.findall(r"^```python\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
(ENTRY_POINT,) = re.findall(r"^```toml\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
NAME = "studio.crest"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a package of one module, by default that of the documentation."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)

    def package(code: str = CODE, name: str = NAME) -> None:
        (folder / "studio_finders.py").write_text(code)
        info = folder / "studio-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: studio\nVersion: 1.0\n")
        assert ENTRY_POINT.startswith(f'[project.entry-points."{GROUP}"]')
        target = re.findall(r'"(.*)"$', ENTRY_POINT.strip())[0].rpartition('"')[2]
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {target}\n")
        offers.cache_clear()

    yield package
    offers.cache_clear()
    sys.modules.pop("studio_finders", None)


def test_it_is_a_finder_as_ours_are(install: Install) -> None:
    install()
    assert list(finders()) == [*FINDERS, NAME]
    kind, audio = finder(NAME), music(2, channels=2)
    found = heard(kind(RATE, 2), audio)
    assert found == heard(kind(RATE, 2), audio, [1, 700, 33])
    assert type(found) is kind.findings_type()
    assert kind.findings_type().from_json(json.loads(json.dumps(found.to_json()))) == found
    with pytest.raises(FindingsError, match="crest_db must be 0 to 200, not -1"):
        kind.findings_type().from_json({"crest_db": [-1.0]})
    for silence in (np.zeros((2, 0)), np.zeros((2, 3000))):
        assert not heard(kind(RATE, 2), silence).found


def test_a_survey_runs_it_and_pages_json_and_documents_hold_it(install: Install, tmp_path: Path) -> None:
    install()
    square = np.sign(np.sin(np.arange(3 * RATE) / 40.0))[np.newaxis] / 2
    side = tmp_path / "side.wav"
    write(side, square)
    found = analyse(side).findings[NAME]
    assert found.found and found.describe() == "peaks 0 dB over the level"
    page = CliRunner().invoke(app, ["analyse", str(side), "--write"])
    assert re.search(r"\* studio\.crest +peaks 0 dB over the level", page.stdout)
    shown = json.loads(CliRunner().invoke(app, ["analyse", str(side), "--json"]).stdout)
    assert shown[0]["findings"][NAME] == {"found": True, "summary": found.describe(), **found.to_json()}
    document = load_document(tmp_path / "side.wav.wavemend.json")
    assert document.findings[NAME] == found and not document.unread


def test_documents_name_it_where_the_package_is_gone(install: Install, tmp_path: Path) -> None:
    install()
    write(tmp_path / "side.wav", music(1))
    CliRunner().invoke(app, ["analyse", str(tmp_path / "side.wav"), "--write", "--quiet"])
    offers.cache_clear()
    (tmp_path / "site" / "studio-1.0.dist-info" / "entry_points.txt").unlink()
    document = load_document(tmp_path / "side.wav.wavemend.json")
    assert document.unread == (NAME,) and set(document.findings) == set(FINDERS)


@pytest.mark.parametrize(
    ("code", "name", "message"),
    [
        ("raise RuntimeError('no licence')", NAME, "the finder 'studio.crest' .* does not load: no licence"),
        ("class CrestAnalyser: pass", NAME, "is offered as the finder 'studio.crest', but is no Analyser"),
        (CODE.replace("_conclude", "_end"), NAME, "but is no Analyser of any Findings"),
        (CODE.replace("Analyser[Crest]", "Analyser"), NAME, "but is no Analyser of any Findings"),
        (CODE.replace("Analyser[Crest]", "Analyser[int]"), NAME, "but is no Analyser of any Findings"),
        (CODE, "crest", "it must have a name such as 'studio.wow'"),
    ],
)
def test_what_is_none_is_named_before_anything_is_heard(
    install: Install, code: str, name: str, message: str
) -> None:
    install(code, name)
    with pytest.raises(PluginError, match=message):
        Survey(RATE, 2)


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(PluginError, match="no finder 'studio.wow' is installed; install the package"):
        finder("studio.wow")


def test_whom_another_stands_for_is_not_run_twice() -> None:
    survey = Survey(RATE, 1)
    survey.push(music(2))
    stood_for = {kind for own in FINDERS.values() for kind in own.stands_for}
    assert stood_for == {FINDERS["noise"]}
    assert survey.result()["noise"] == heard(FINDERS["noise"](RATE, 1), music(2))

"""Kinds that packages add: those of docs/extending.md, installed beside wavemend, which stays as it is."""

from __future__ import annotations

import copy
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import jsonschema
import numpy as np
import pedalboard
import pytest
import soundfile
from wavemend import (
    Chain,
    ParameterError,
    PluginError,
    Preset,
    PresetError,
    Rumble,
    Slot,
    load_preset,
    render,
    save_preset,
    stage_class,
)
from wavemend.authoring import MemberKind, register
from wavemend.contract.offers import offers
from wavemend.host.chain.members import registry
from wavemend.host.chain.strength import eased
from wavemend.host.presets.overrides import chain_with
from wavemend.host.presets.preset import described_preset, parse_preset, preset_to_json
from wavemend.host.presets.schema import preset_schema
from wavemend.host.presets.slots import absences
from wavemend.testing.settings import SettingsContract

PAGE = Path(__file__).parent.parent / "docs" / "extending.md"
BAND, WIDTH = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)[:2]
RATE = 8000


class Package:
    """A package in a folder of its own, found as pip leaves one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.add("studio_bands", BAND, "wavemend.plugins", "studio.telephone = studio_bands:Telephone")
        self.add("studio_width", WIDTH, registry.GROUP, "studio.width = studio_width:WidthKind")

    def add(self, module: str, source: str, group: str, offer: str) -> None:
        """Install one module with one offer."""
        (self.folder / f"{module}.py").write_text(source)
        info = self.folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\n{offer}\n")
        offers.cache_clear()

    def remove(self, module: str) -> None:
        """Uninstall it."""
        (self.folder / f"{module}-1.0.dist-info" / "entry_points.txt").unlink()
        offers.cache_clear()


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    """Install the page's package; nothing of it is left behind."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    with patch.dict(registry._kinds), patch.dict(registry._by_type):
        yield Package(folder)
    offers.cache_clear()
    for name in [name for name in sys.modules if name.startswith("studio_")]:
        del sys.modules[name]


def width(percent: float) -> Any:
    import studio_width  # type: ignore[import-not-found]

    return studio_width.Width(percent)


def preset_of(*members: Any) -> Preset:
    return Preset("Studio", "", Chain(members))


def through_text(preset: Preset) -> Preset:
    return parse_preset(json.dumps(preset_to_json(preset)).encode(), "theirs.json")


def recording() -> Any:
    return 0.1 * np.random.default_rng(0).standard_normal((2, 6000))


# -- a kind of member ------------------------------------------------------------------------------


def test_a_member_runs_in_a_chain_whole_and_in_blocks(studio: Package) -> None:
    audio = recording()
    middle = audio.mean(axis=0)
    assert np.allclose(Chain([width(0)])(audio, RATE), middle)
    chain = Chain([Rumble(), Chain([Slot(width(50), mix=0.5)]), pedalboard.Gain(1)])
    whole = chain(audio, RATE)
    parts = [chain.process(part, RATE, reset=False) for part in np.split(audio, [65, 66, 4000], axis=1)]
    assert np.array_equal(np.concatenate([*parts, chain.flush()], axis=1), whole)
    chain[1].slots[0].bypass = True
    assert np.array_equal(chain(audio, RATE), Chain([Rumble(), pedalboard.Gain(1)])(audio, RATE))


def test_a_running_chain_follows_the_members_settings(studio: Package) -> None:
    chain, audio = Chain([width(100)]), recording()
    assert np.allclose(chain.process(audio, RATE, reset=False), audio)
    chain[0].percent = 0.0
    assert np.allclose(chain.process(audio, RATE, reset=False), audio.mean(axis=0))


def test_chains_with_it_are_copied_and_pickled(studio: Package) -> None:
    chain = Chain([Slot(width(30), mix=0.5), pedalboard.Gain(2)])
    for twin in (copy.deepcopy(chain), pickle.loads(pickle.dumps(chain))):
        assert twin[0] is not chain[0] and twin[0].percent == 30 and twin.slots[0].mix == 0.5


def test_its_place_in_the_order_counts(studio: Package) -> None:
    assert Chain([Rumble(), width(50)]).warnings() == []
    (warning,) = Chain([width(50), Rumble()]).warnings()
    assert warning.startswith("Rumble should come before studio.width")


def test_presets_hold_it(studio: Package, tmp_path: Path) -> None:
    preset = preset_of(Slot(width(150), mix=0.25), Chain([width(0)]))
    save_preset(preset, tmp_path / "mine.json")
    loaded = load_preset(tmp_path / "mine.json")
    assert loaded.chain[0].percent == 150 and loaded.chain.slots[0].mix == 0.25
    written = preset_to_json(loaded)
    assert written == preset_to_json(preset)
    validator = jsonschema.Draft202012Validator(preset_schema())
    validator.validate(written)
    written["chain"][0]["parameters"]["percent"] = 300
    assert list(validator.iter_errors(written))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": {"percent": 300}}, "percent=300 is not allowed; it must be 0 to 200 %"),
        ({"parameters": {"percent": "wide"}}, "percent='wide' is not allowed"),
        ({"parameters": {}}, "percent is missing; a preset writes out every value"),
        ({"parameters": {"percent": 1, "self": 2}}, "no parameter 'self'; known are percent"),
        ({"parameters": None}, "'parameters' must be there"),
        ({"path": "/etc/passwd"}, "unknown field 'path'"),
        ({"findings": {}}, "unknown field 'findings'"),
        ({"mix": 2}, "mix=2 is not allowed"),
    ],
)
def test_hostile_slots_are_one_clear_line(studio: Package, changes: dict[str, Any], message: str) -> None:
    data = preset_to_json(preset_of(width(50)))
    data["chain"][0] |= changes
    with pytest.raises(PresetError, match=message) as caught:
        parse_preset(json.dumps(data).encode(), "theirs.json")
    assert str(caught.value).startswith("theirs.json: slot 1") and "\n" not in str(caught.value)


def test_a_kind_that_is_not_installed_is_one_clear_line_and_the_rest_is_shown(studio: Package) -> None:
    data = preset_to_json(preset_of(Rumble(), width(50)))
    studio.remove("studio_width")
    with patch.dict(registry._kinds), patch.dict(registry._by_type):
        del registry._kinds["studio.width"]
        with pytest.raises(PresetError, match=r"slot 2 \(studio.width\): .*'studio.width' is installed"):
            parse_preset(json.dumps(data).encode(), "theirs.json")
        path = studio.folder / "theirs.json"
        path.write_text(json.dumps(data))
        shown = described_preset(path)
        assert list(absences(shown.chain)) == [("2", "studio.width is not installed here")]
        assert preset_to_json(shown) == data, "nothing is lost when it is saved again"


@pytest.mark.parametrize(
    "plugin", ["studio", "studio.widths", "stage", "chain", "board", "vst3", "." * 10_000]
)
def test_no_other_name_reaches_a_kind(studio: Package, plugin: str) -> None:
    data = preset_to_json(preset_of(width(50)))
    data["chain"][0]["plugin"] = plugin
    with pytest.raises(PresetError, match="slot 1"):
        parse_preset(json.dumps(data).encode(), "theirs.json")


def test_a_value_is_changed_on_the_command_line(studio: Package, tmp_path: Path) -> None:
    path = str(tmp_path / "mine.json")
    save_preset(preset_of(Rumble(), width(150)), path)
    for slot in ("width", "studio.width", "2"):
        assert chain_with(path, [f"{slot}.percent=20"])[1].percent == 20
    for setting, message in (
        ("percent=300", "0 to 200"),
        ("percent=a", "0 to 200"),
        ("size=3", "it has perc"),
    ):
        with pytest.raises(ParameterError, match=message):
            chain_with(path, [f"width.{setting}"])


def test_it_is_listed_with_what_it_is(studio: Package) -> None:
    from typer.testing import CliRunner
    from wavemend.host.cli.catalogues import plugins_app

    listed = json.loads(CliRunner().invoke(plugins_app, ["list", "--json"]).stdout)
    summaries = {row["id"]: row["summary"] for row in listed if "summary" in row}
    assert summaries["studio.width"] == "Stereo width, in percent."
    assert summaries["studio.telephone"] == "Let a band through, as a line does."


def test_strength_eases_it(studio: Package) -> None:
    chain = Chain([width(0), Chain([width(200)])])
    half = eased(chain, 50)
    assert (half[0].percent, half[1][0].percent) == (50, 150)
    assert (chain[0].percent, chain[1][0].percent) == (0, 200)


@pytest.mark.whole
def test_a_render_runs_and_reports_it_and_so_do_the_workers_of_a_batch(
    studio: Package, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        soundfile.write(tmp_path / f"{name}.wav", recording().T, RATE, subtype="PCM_16")
    save_preset(preset_of(width(0)), tmp_path / "mono.json")
    done = render(tmp_path / "mono.json", tmp_path / "a.wav", tmp_path / "out.wav")
    report = json.loads(done.report.read_text())
    assert report["chain"] == [{"plugin": "studio.width", "parameters": {"percent": 0.0}}]
    restored, _ = soundfile.read(tmp_path / "out.wav")
    assert np.array_equal(restored[:, 0], restored[:, 1])
    command = [
        sys.executable,
        "-m",
        "wavemend",
        "render",
        "mono.json",
        "a.wav",
        "b.wav",
        "-o",
        "all",
        "-j",
        "2",
    ]
    path = os.pathsep.join([str(studio.folder), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "all" / "a.wav").read_bytes() == (tmp_path / "out.wav").read_bytes()


# -- what is no kind -------------------------------------------------------------------------------

FOREIGN = """
from wavemend.authoring import MemberKind
class Foreign: ...
class ForeignKind(MemberKind[Foreign]):
    id = "studio.foreign"
    types = (Foreign,)
    def name(self, member): return self.id
"""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", r"the kind of member 'studio.foreign' \(studio_foreign:ForeignKind\) does not load"),
        (FOREIGN.replace('"studio.foreign"', '"studio.other"'), "no finished kind of member of that id"),
        (FOREIGN.replace("MemberKind[Foreign]", ""), "no finished kind of member"),
        (FOREIGN.replace("def name", "def call"), "no finished kind of member"),
        (FOREIGN + "from wavemend import Stage\nForeignKind.types = (Stage,)", "of the kind 'stage'"),
    ],
)
def test_a_broken_kind_is_refused_alone(studio: Package, source: str, message: str) -> None:
    studio.add("studio_foreign", source, registry.GROUP, "studio.foreign = studio_foreign:ForeignKind")
    data = {"plugin": "studio.foreign", "parameters": {}}
    preset = {"format": "wavemend-preset", "format_version": 1, "name": "", "chain": [data]}
    with pytest.raises(PresetError, match=message):
        parse_preset(json.dumps(preset).encode(), "theirs.json")
    assert Chain([Rumble(), width(0)])(recording(), RATE).shape == (2, 6000)
    with pytest.raises(PluginError, match=f"cannot sit in a chain.*{message}"):
        Chain([object()])


def test_a_kind_without_a_preset_says_so(studio: Package) -> None:
    studio.add("studio_foreign", FOREIGN, registry.GROUP, "studio.foreign = studio_foreign:ForeignKind")
    import studio_foreign  # type: ignore[import-not-found]

    with pytest.raises(PresetError, match=r"studio.foreign cannot be stored in a preset"):
        preset_to_json(preset_of(studio_foreign.Foreign()))


def test_a_notebook_registers_a_kind_by_hand() -> None:
    class Silence:
        pass

    class SilenceKind(MemberKind[Silence]):
        id = "notebook.silence"
        types = (Silence,)

        def name(self, member: Silence) -> str:
            return self.id

    with patch.dict(registry._kinds), patch.dict(registry._by_type):
        with pytest.raises(PluginError, match="cannot sit in a chain"):
            Chain([Silence()])
        register(SilenceKind())
        assert len(Chain([Silence()])) == 1

        class OtherKind(MemberKind[Silence]):
            id = "notebook.other"
            types = (Silence,)
            name = SilenceKind.name

        with pytest.raises(PluginError, match="'notebook.other' would take members .* 'notebook.silence'"):
            register(OtherKind())


# -- a kind of parameter ---------------------------------------------------------------------------


class TestABand(SettingsContract):
    """The page's parameter, on the page's stage, passes the contract of settings."""

    @pytest.fixture(autouse=True)
    def load(self, studio: Package) -> None:
        self.stage_class = stage_class("studio.telephone")


def test_a_band_goes_every_way(studio: Package, tmp_path: Path) -> None:
    telephone = stage_class("studio.telephone")
    chain = Chain([telephone(band_hz=[400, 3000])])
    audio = recording()
    whole = chain(audio, RATE)
    parts = [chain.process(part, RATE, reset=False) for part in np.split(audio, [65, 66, 4000], axis=1)]
    assert np.array_equal(np.concatenate([*parts, chain.flush()], axis=1), whole)
    path = tmp_path / "line.json"
    save_preset(Preset("Line", "", chain), path)
    assert load_preset(path).chain == chain
    jsonschema.Draft202012Validator(preset_schema()).validate(json.loads(path.read_text()))
    assert chain_with(str(path), ["telephone.band_hz=500 to 2000 Hz"])[0].band_hz == (500, 2000)
    with pytest.raises(ParameterError, match="two numbers from 1 to 1e6 Hz, the lower one first"):
        chain_with(str(path), ["telephone.band_hz=2000 to 500"])
    assert eased(chain, 50)[0].band_hz == (400, 3000)
    soundfile.write(tmp_path / "a.wav", audio.T, RATE, subtype="PCM_16")
    report = json.loads(render(path, tmp_path / "a.wav", tmp_path / "out.wav").report.read_text())
    assert report["chain"][0]["parameters"] == {"band_hz": [400, 3000]}
    assert telephone().parameters["band_hz"].string_value == "300 to 3400 Hz"
    assert "band_hz : tuple[float, float]" in (telephone.__doc__ or "")

"""Stages by entry point, third parties' too: simulated by a distribution's metadata on sys.path."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wavemend.contract import registry
from wavemend.contract.offers import offers
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.errors import PluginError
from wavemend.plugins.dc_offset import DcOffset

Install = Callable[..., None]

HISS = """
from wavemend.plugins.rumble import Rumble
class Hiss(Rumble):
    id = "studio.hiss"
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that installs a package offering one stage."""
    monkeypatch.syspath_prepend(tmp_path)

    def offer(identifier: str, target: str, source: str | None = None, package: str = "studio") -> None:
        if source is not None:
            (tmp_path / f"{target.partition(':')[0]}.py").write_text(source)
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{identifier} = {target}\n")
        offers.cache_clear()

    yield offer
    offers.cache_clear()
    for name in [name for name in sys.modules if name.startswith("studio_")]:
        del sys.modules[name]


def test_ours() -> None:
    assert stage_class("wavemend.dc_offset") is DcOffset
    assert stage_ids() == sorted(stage_ids())


def test_a_third_partys_stage(install: Install) -> None:
    install("studio.hiss", "studio_good:Hiss", HISS)
    assert "studio.hiss" in stage_ids()
    assert "wavemend.dc_offset" in stage_ids()
    assert "studio_good" not in sys.modules, "listing loads nothing"
    hiss = stage_class("studio.hiss")
    assert hiss.id == "studio.hiss"
    assert hiss(cutoff_hz=30).values()["cutoff_hz"] == 30


@pytest.mark.parametrize(
    ("target", "source", "message"),
    [
        ("studio_none:Hiss", "", r"the stage 'studio.hiss' \(studio_none:Hiss\) does not load: .*Hiss"),
        ("studio_raises:Hiss", "1 / 0", "does not load: division by zero"),
        ("studio_syntax:Hiss", "def", "does not load: invalid syntax"),
        ("studio_needs:Hiss", "import no_such_module", "does not load: No module named 'no_such_module'"),
        ("studio_function:hiss", "def hiss(): pass", "is offered as 'studio.hiss', but is no stage"),
        ("studio_other:Hiss", "class Hiss: id = 'studio.hiss'", "but is no stage"),
        ("studio_id:Hiss", HISS.replace("studio.hiss", "studio.hum"), "but is no finished stage of that id"),
        ("studio_noid:S", "from wavemend.contract.stage import Stage as S", "no finished stage of that id"),
        (
            "studio_abstract:Hiss",
            "from wavemend.contract.stage import Stage\nclass Hiss(Stage):\n    id = 'studio.hiss'",
            "no finished stage of that id",
        ),
    ],
    ids=lambda value: value.partition(":")[0] if value.startswith("studio_") else "",
)
def test_broken_stages_are_refused_alone(install: Install, target: str, source: str, message: str) -> None:
    install("studio.hiss", target, source)
    with pytest.raises(PluginError, match=message):
        stage_class("studio.hiss")
    assert "studio.hiss" in stage_ids()
    assert stage_class("wavemend.dc_offset") is DcOffset


def test_a_missing_module_is_refused(install: Install) -> None:
    install("studio.hiss", "studio_missing:Hiss")
    with pytest.raises(PluginError, match="does not load: No module named 'studio_missing'"):
        stage_class("studio.hiss")


def test_two_packages_offer_the_same_stage(install: Install) -> None:
    install("studio.hiss", "studio_one:Hiss", HISS, package="one")
    install("studio.hiss", "studio_two:Hiss", HISS, package="two")
    with pytest.raises(
        PluginError, match="two packages offer .*: studio_one:Hiss and studio_two:Hiss; uninstall"
    ):
        stage_class("studio.hiss")
    assert stage_class("wavemend.dc_offset") is DcOffset


def test_nobody_may_replace_ours(install: Install) -> None:
    install("wavemend.dc_offset", "studio_ours:Hiss", HISS.replace("studio.hiss", "wavemend.dc_offset"))
    with pytest.raises(PluginError, match="two packages offer the stage 'wavemend.dc_offset'"):
        stage_class("wavemend.dc_offset")


def test_the_same_offer_twice_is_one(install: Install) -> None:
    install("wavemend.dc_offset", "wavemend.plugins.dc_offset:DcOffset", package="again")
    assert stage_class("wavemend.dc_offset") is DcOffset


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("wavemend.dcofset", "no stage 'wavemend.dcofset' is installed; did you mean wavemend.dc_offset"),
        ("zzz", "no stage 'zzz' is installed; see `wavemend plugins list`"),
        ("", "no stage '' is installed"),
    ],
)
def test_unknown_ids(identifier: str, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        stage_class(identifier)


def test_a_stage_is_called_as_people_call_it(install: Install) -> None:
    for name in ("denoise", "Denoise", "wavemend.denoise", "WAVEMEND.Denoise"):
        assert registry.stage_id(name) == "wavemend.denoise"
    assert stage_class("DcOffset") is stage_class("dc-offset") is DcOffset
    install("studio.denoise", "studio_denoise:Other", HISS)
    assert registry.stage_id("Other") == registry.stage_id("studio.denoise") == "studio.denoise"
    with pytest.raises(PluginError, match=r"several stages .* studio\.denoise or wavemend\.denoise"):
        stage_class("denoise")
    with pytest.raises(PluginError, match=r"did you mean wavemend\.declick"):
        stage_class("declik")

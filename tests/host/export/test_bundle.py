"""Bundles on the disk: whole or absent, nothing of others written over, and code that is compiled once."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from pathlib import Path

import pytest
import wavemend
from wavemend.contract.registry import stage_ids
from wavemend.errors import AudioFileError, PluginError, TargetExistsError
from wavemend.host.chain.chain import Chain
from wavemend.host.export import bundle, shell_code
from wavemend.host.export.bundle import everything, export_vst3
from wavemend.host.presets.library import preset_names
from wavemend.host.presets.preset import Preset
from wavemend.host.vst3.bundle.bundles import binary_of, why_unusable

from tests.host.commands import refused
from tests.host.commands import wavemend as command

pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(sys.platform != "linux", reason="its compiler is a script of sh"),
]

COMPILER = """#!/bin/sh
if [ "$1" = --version ]; then echo "fake 1.0"; exit; fi
if [ "$1" = -dumpmachine ]; then echo x86_64-w64-mingw32; exit; fi
echo called >> "{folder}/calls"
while [ "$1" != -o ]; do shift; done
printf '\\177ELF made' > "$2"
{then}
"""


@pytest.fixture
def compiler(tmp_path, monkeypatch):
    """Have a compiler of ours write the code, into a cache of ours; return a function that makes another."""

    def make(then: str = "") -> None:
        path = tmp_path / "compiler"
        path.write_text(COMPILER.format(folder=tmp_path, then=then))
        path.chmod(0o755)

    make()
    monkeypatch.setenv("CXX", str(tmp_path / "compiler"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return make


def calls(tmp_path: Path) -> int:
    file = tmp_path / "calls"
    return len(file.read_text().splitlines()) if file.exists() else 0


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_bundle_lies_as_hosts_look_for_it(compiler, tmp_path):
    exported = export_vst3("declick", tmp_path / "out")
    assert exported.path == tmp_path / "out" / "wavemend Declick.vst3"
    assert (exported.name, len(exported.class_id)) == ("Declick", 32)
    binary = binary_of(exported.path)
    assert binary.parent.name.endswith("-linux") and os.access(binary, os.X_OK)
    assert why_unusable(exported.path) is None
    resources = exported.path / "Contents" / "Resources"
    assert {"manifest.tsv", "moduleinfo.json", "preset.json", "Presets"} <= left_in(resources)
    assert left_in(tmp_path / "out") == {exported.path.name}


def test_it_runs_the_python_that_exported_it(compiler, tmp_path):
    manifest = export_vst3("rumble", tmp_path).path / "Contents" / "Resources" / "manifest.tsv"
    run = [line.split("\t")[1] for line in manifest.read_text().splitlines() if line.startswith("run\t")]
    assert run == [sys.executable, "-P", "-m", "wavemend.host.export.engine"]


def test_by_default_it_goes_where_hosts_look(compiler, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "standard_folders", lambda: [tmp_path / "home" / ".vst3"])
    assert export_vst3("rumble").path.parent == tmp_path / "home" / ".vst3"


def test_what_is_exported_may_be_an_object(compiler, tmp_path):
    own = export_vst3(wavemend.Rumble(cutoff_hz=40), tmp_path).path
    held = json.loads((own / "Contents" / "Resources" / "preset.json").read_text())
    assert held["chain"][0]["parameters"]["cutoff_hz"] == 40
    chain = export_vst3(Preset("Mine/and: yours", "", Chain([wavemend.Rumble()])), tmp_path)
    assert chain.path.name == "wavemend Mine-and- yours.vst3" and chain.name == "Mine/and: yours"


def test_nothing_is_written_over_unless_it_is_ours_and_asked_for(compiler, tmp_path):
    first = export_vst3("rumble", tmp_path).path
    with pytest.raises(TargetExistsError, match="--overwrite"):
        export_vst3("rumble", tmp_path)
    (first / "mark").touch()
    assert export_vst3("rumble", tmp_path, overwrite=True).path == first and not (first / "mark").exists()
    shutil.rmtree(first)
    first.mkdir()
    (first / "theirs").touch()
    with pytest.raises(TargetExistsError, match="did not write it"):
        export_vst3("rumble", tmp_path, overwrite=True)
    assert left_in(first) == {"theirs"}


def test_where_it_cannot_be_written_nothing_is_left(compiler, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "copyfile", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(AudioFileError, match="No space left"):
        export_vst3("rumble", tmp_path / "out")
    assert left_in(tmp_path / "out") == set()


def test_an_old_bundle_stays_where_the_new_one_cannot_take_its_place(compiler, tmp_path, monkeypatch):
    first = export_vst3("rumble", tmp_path / "out").path
    rename = Path.rename

    def failing(path, target):
        if Path(target) == first and path.name == first.name:
            raise OSError(5, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(AudioFileError, match="Input/output error"):
        export_vst3("rumble", tmp_path / "out", overwrite=True)
    assert left_in(tmp_path / "out") == {first.name} and why_unusable(first) is None


# -- the code --------------------------------------------------------------------------------------------


def test_code_is_compiled_once_and_it_is_said(compiler, tmp_path):
    told: list[str] = []
    export_vst3("rumble", tmp_path / "a", tell=told.append)
    export_vst3("declick", tmp_path / "a", tell=told.append)
    assert calls(tmp_path) == 1
    (line,) = told
    assert "once" in line and str(tmp_path / "cache") in line
    assert len(left_in(tmp_path / "cache" / "wavemend" / "effects")) == 1


def test_another_compiler_makes_other_code(compiler, tmp_path, monkeypatch):
    shell_code.shell_code()
    other = tmp_path / "other"
    other.write_text((tmp_path / "compiler").read_text().replace("fake 1.0", "fake 2.0"))
    other.chmod(0o755)
    monkeypatch.setenv("CXX", str(other))
    assert shell_code.shell_code().compiled and calls(tmp_path) == 2


def test_code_that_does_not_compile_is_one_line_and_leaves_nothing(compiler, tmp_path):
    compiler(then='echo "x.cpp:1: error: no such thing" >&2; exit 1')
    with pytest.raises(PluginError, match="could not compile.*no such thing"):
        shell_code.shell_code()
    assert left_in(tmp_path / "cache" / "wavemend" / "effects") == set()


def test_prebuilt_code_needs_no_compiler(tmp_path, monkeypatch):
    monkeypatch.setattr(shell_code, "SOURCES", tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(PluginError, match=r"apt install g\+\+"):
        shell_code.shell_code()
    prebuilt = tmp_path / "prebuilt" / f"{os.uname().machine}-linux.so"
    prebuilt.parent.mkdir()
    prebuilt.touch()
    assert shell_code.shell_code() == shell_code.ShellCode(prebuilt, compiled=False)


@pytest.mark.parametrize("named", ["no-such-compiler", "/bin/false"])
def test_a_compiler_that_is_none_is_one_line(named, monkeypatch):
    monkeypatch.setenv("CXX", named)
    with pytest.raises(PluginError, match=named):
        shell_code.shell_code()


def test_other_systems_are_told_at_once(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(PluginError, match="for Linux and Windows so far; this system is darwin"):
        shell_code.shell_code()


@pytest.fixture
def windows(monkeypatch):
    """Have this be Windows, as far as it is asked which system it is."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(platform, "machine", lambda: "AMD64")


def test_on_windows_a_bundle_lies_as_hosts_look_for_it(compiler, windows, tmp_path):
    exported = export_vst3("rumble", tmp_path / "out")
    inside = exported.path / "Contents" / "x86_64-win"
    assert binary_of(exported.path) == inside / exported.path.name
    assert left_in(inside) == {exported.path.name} and calls(tmp_path) == 1


@pytest.mark.parametrize(
    ("target", "machine", "said"),
    [
        ("x86_64-pc-cygwin", "AMD64", "x86_64-pc-cygwin.*winget install"),
        ("x86_64-w64-mingw32", "ARM64", "this Python is for ARM64"),
    ],
    ids=["another target", "another machine"],
)
def test_on_windows_what_cannot_work_is_said(compiler, windows, tmp_path, monkeypatch, target, machine, said):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    fake = tmp_path / "compiler"
    fake.write_text(fake.read_text().replace("x86_64-w64-mingw32", target))
    with pytest.raises(PluginError, match=said):
        shell_code.shell_code()


def test_on_windows_without_a_compiler_it_says_which_to_install(windows, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(PluginError, match="no C.. compiler is here.*winget install .*pacman -S"):
        shell_code.shell_code()


# -- the command -----------------------------------------------------------------------------------------


def test_the_command_says_what_it_wrote(compiler, tmp_path):
    result = command("export-vst3", "rumble", "prepare", "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[1].split("  ")[0] == "Rumble" and "Prepare only" in result.stdout
    assert "compiling the effects' shell" in result.stderr
    refused(command("export-vst3", "rumble", "-o", tmp_path / "out"), "--overwrite")
    again = command("export-vst3", "rumble", "-o", tmp_path / "out", "--overwrite", "--json")
    assert json.loads(again.stdout)[0]["path"] == str(tmp_path / "out" / "wavemend Rumble.vst3")


def test_the_command_exports_everything(compiler, tmp_path):
    assert everything() == [*stage_ids(), *preset_names()]
    result = command("export-vst3", "--all", "-o", tmp_path / "out", "--json")
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)) == len(left_in(tmp_path / "out")) == len(everything())


def test_one_that_fails_does_not_keep_the_others(compiler, tmp_path):
    result = command("export-vst3", "rumble", "no-such", "-o", tmp_path / "out")
    assert result.returncode == 1 and "no stage 'no-such' is installed" in result.stderr
    assert left_in(tmp_path / "out") == {"wavemend Rumble.vst3"}


def test_the_command_wants_names_or_all(tmp_path):
    refused(command("export-vst3"), "say --all")
    refused(command("export-vst3", "rumble", "--all"), "say --all")
    refused(command("export-vst3", "no-such", "-o", tmp_path), "no stage 'no-such'")

"""``wavemend plugins scan | list | show`` and a render with a VST3, as people type them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavemend import Chain, Preset, Rumble, save_preset
from wavemend.host.cli import main as cli
from wavemend.host.vst3.installed.catalogue import catalogue_path
from wavemend.host.vst3.plugin import VST3

from tests.host.vst3.process.test_worker import gone_within

from ..faulty_plugins import make_bundle

RATE = 8000


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def wavemend(*words):
    command = [sys.executable, "-m", "wavemend", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def folder_of(tmp_path, faulty_binary, *names):
    for name in names:
        make_bundle(tmp_path / "vst3", name, faulty_binary)
    return tmp_path / "vst3"


def recording(path, seconds=2.0):
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(int(seconds * RATE)), RATE)
    return path


@pytest.fixture
def here(monkeypatch, capsys):
    """Run the command line in this process."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["wavemend", *map(str, words)])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(words, stop.value.code or 0, printed.out, printed.err)

    return run


def test_scan_list_and_show(tmp_path, faulty_binary, here):
    folder = folder_of(tmp_path, faulty_binary, "Good", "CrashesLoading")
    scanned = here("plugins", "scan", folder)
    assert scanned.returncode == 0 and "error" not in scanned.stderr
    assert "Good" in scanned.stdout and "VST3 by wavemend tests, 1.0.0, mono and stereo" in scanned.stdout
    assert "cannot be used: crashed (SIGSEGV)" in " ".join(scanned.stdout.split())
    listed = json.loads(here("plugins", "list", "--json").stdout)
    good = next(entry for entry in listed if entry.get("name") == "Good")
    assert (good["state"], good["channels"], good["latency_samples"]) == ("good", [1, 2], 0)
    assert good["id"] == "vst3." + b"Good".ljust(16, b"\0").hex().upper()
    shown = here("plugins", "show", "good").stdout
    assert "gain_db" in shown and "-24 to 24 dB" in shown and "Soft, Medium, Hard" in shown
    wrong = here("plugins", "show", "CrashesLoading")
    assert wrong.returncode == 2 and "CrashesLoading cannot be used: crashed" in wrong.stderr
    assert here("plugins", "scan", tmp_path / "gone").returncode == 2


def test_a_bundle_with_bad_plugins_is_scanned_and_shown(tmp_path, shell_binary, here):
    make_bundle(tmp_path / "vst3", "Shell", shell_binary)
    scanned = here("plugins", "scan", tmp_path / "vst3")
    assert scanned.returncode == 0 and "Shelf" in scanned.stdout and "Traceback" not in scanned.stderr
    assert "4 can be used; 8 cannot: 5 refused, 2 crashed, 1 instrument" in scanned.stderr
    listed = here("plugins", "list", "--json")
    entries = {entry.get("name"): entry for entry in json.loads(listed.stdout)}
    assert listed.returncode == 0 and entries["Ducker"]["state"] == "refused"
    assert here("plugins", "show", "Shelf").returncode == 0
    refused = here("plugins", "show", "Panner")
    assert refused.returncode == 2
    assert "Panner cannot be used: takes 1 channel in and gives 2 out" in " ".join(refused.stderr.split())


def test_a_render_with_a_plugin_that_crashes_fails_for_that_file_alone(tmp_path, scanned):
    scanned("CrashesLater")
    save_preset(Preset("A", "", Chain([VST3("CrashesLater", block_size=512)])), tmp_path / "a.json")
    recording(tmp_path / "short.wav")
    recording(tmp_path / "long.wav", 12)
    done = wavemend("render", tmp_path / "a.json", tmp_path, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert (
        "long.wav: CrashesLater crashed (SIGSEGV), at 0:09." in done.stderr and "Traceback" not in done.stderr
    )
    assert [path.name for path in (tmp_path / "out").glob("*.wav")] == ["short.wav"]


def children_of(pid):
    tasks = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in tasks.read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("name", ["HangsLoading", "Hangs"])
def test_ctrl_c_ends_a_scan_and_a_render_at_once_and_all_workers(tmp_path, faulty_binary, scanned, name):
    if name == "HangsLoading":
        words = ["plugins", "scan", folder_of(tmp_path, faulty_binary, name)]
    else:
        scanned(name)
        save_preset(Preset("A", "", Chain([VST3(name)])), tmp_path / "a.json")
        source = recording(tmp_path / "in.wav", 12)
        words = ["render", tmp_path / "a.json", source, "-o", tmp_path / "out"]
    command = [sys.executable, "-m", "wavemend", *map(str, words)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as host:
        limit = time.monotonic() + 20
        while not (workers := children_of(host.pid)) and time.monotonic() < limit:
            time.sleep(0.02)
        time.sleep(3.0 if name == "Hangs" else 1.0)
        workers = children_of(host.pid) or workers
        os.kill(host.pid, signal.SIGINT)
        errors = host.stderr.read()
    assert workers and host.returncode == 130
    assert "interrupted" in errors and "Traceback" not in errors
    assert all(map(gone_within, workers))
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_two_renders_at_once_do_not_disturb_each_other(tmp_path, scanned):
    scanned("Learns")
    save_preset(Preset("A", "", Chain([VST3("Learns")])), tmp_path / "a.json")
    source = recording(tmp_path / "in.wav", 4)
    command = [sys.executable, "-m", "wavemend", "render", tmp_path / "a.json", source, "-o"]
    renders = [subprocess.Popen([*map(str, command), str(tmp_path / f"{n}.wav")]) for n in range(2)]
    assert [render.wait(60) for render in renders] == [0, 0]
    assert (tmp_path / "0.wav").read_bytes() == (tmp_path / "1.wav").read_bytes()


def rows_of(table):
    return [line.split() for line in table.splitlines()]


def test_a_colleague_without_the_plugin_sees_the_preset_and_renders_without_it(tmp_path, scanned, here):
    scanned("Good")
    preset = Preset("Theirs", "", Chain([Rumble(), VST3("Good", gain_db=-6.5)]))
    save_preset(preset, tmp_path / "theirs.json")
    shown = here("presets", "show", tmp_path / "theirs.json")
    assert shown.returncode == 0 and not shown.stderr
    assert ["2", "Good", "version", "1.0.0"] in rows_of(shown.stdout)
    catalogue_path().unlink()
    shown = here("presets", "show", tmp_path / "theirs.json")
    assert shown.returncode == 0 and ["good.gain_db", "-6.5"] in rows_of(shown.stdout)
    assert ["2", "Good", "version", "1.0.0,", "missing"] in rows_of(shown.stdout)
    assert "slot 2: the VST3 Good by wavemend tests is not installed here" in shown.stderr
    as_json = here("presets", "show", "--json", tmp_path / "theirs.json")
    assert json.loads(as_json.stdout) == json.loads((tmp_path / "theirs.json").read_text())
    source = recording(tmp_path / "in.wav")
    refused = here("render", tmp_path / "theirs.json", source, "-o", tmp_path / "out")
    assert refused.returncode == 2 and "--missing bypass" in refused.stderr
    for number, option in enumerate((("--missing", "bypass"), ("--set", "good.bypass=on"))):
        out = tmp_path / f"{number}.wav"
        assert here("render", tmp_path / "theirs.json", source, "-o", out, *option).returncode == 0
        restored, rate = soundfile.read(out)
        before = soundfile.read(source)[0]
        assert np.abs(restored - Rumble()(before, rate)).max() < 2**-14

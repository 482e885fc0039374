"""The command line as a new user meets it: one line an error, exit codes, nothing lost."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from rich.console import Console
from wavemend.host.demo import demo

from tests.host.commands import ENV, SHELL, refused, wavemend
from tests.host.recordings import damaged, write


@pytest.mark.whole
def test_render_a_folder_with_a_bad_file_in_it(tmp_path):
    write(tmp_path / "in.wav", damaged(0.5))
    (tmp_path / "bad.wav").write_text("hello")
    result = wavemend("render", "vinyl", tmp_path / "in.wav", tmp_path / "bad.wav", "-o", tmp_path / "out")
    refused(result, "bad.wav", code=1)
    assert "restored" in result.stdout and "failed" in result.stdout
    assert (tmp_path / "out" / "in.wav").exists() and not (tmp_path / "out" / "bad.wav").exists()
    result = wavemend("render", "vinyl", tmp_path / "in.wav", "-o", tmp_path / "out")
    refused(result, "--overwrite")
    result = wavemend(
        "render", "vinyl", tmp_path / "in.wav", "-o", tmp_path / "out", "--skip-existing", "--json"
    )
    assert result.returncode == 0 and json.loads(result.stdout)[0]["state"] == "skipped"


@pytest.fixture
def archive(tmp_path):
    for folder in ("disc1", "disc2"):
        (tmp_path / "arch" / folder).mkdir(parents=True)
        write(tmp_path / "arch" / folder / "track01.wav", damaged(0.3))
    (tmp_path / "arch" / "bad.wav").write_text("no sound")
    (tmp_path / "arch" / "._bad.wav").write_text("litter")
    return tmp_path


@pytest.mark.whole
def test_a_batch_tells_of_each_file_as_it_ends_and_sums_up(archive):
    result = wavemend("render", "prepare", "arch", "-o", "out", "--overs", "float", cwd=archive)
    assert result.returncode == 1
    first, second, third, closing = result.stdout.splitlines()
    assert first == "[1/3] failed   bad.wav"
    assert second.startswith("[2/3] restored disc1/track01.wav -> out/disc1/track01.wav: ")
    assert third.startswith("[3/3] restored disc2/track01.wav -> out/disc2/track01.wav: ")
    assert closing.startswith("2 restored, 0 skipped, 1 failed; 0.6 s of sound in ")
    assert "times real time" in closing
    note, error = result.stderr.splitlines()
    assert note == "note: litter of systems left out: 1, such as arch/._bad.wav"
    assert error.startswith("error: arch/bad.wav: ")
    again = wavemend("render", "prepare", "arch", "-o", "out", "--skip-existing", "--quiet", cwd=archive)
    assert not again.stdout and again.stderr.startswith("error: arch/bad.wav: ")


@pytest.mark.whole
def test_warnings_tell_recordings_of_one_name_apart(tmp_path):
    for folder, loud in (("disc1", 0.1), ("disc2", 4.0)):
        (tmp_path / "arch" / folder).mkdir(parents=True)
        write(tmp_path / "arch" / folder / "track01.wav", loud * damaged(0.3), "FLOAT")
    result = wavemend("render", "prepare", "arch", "-o", "out", "--set", "dc_offset.bypass=on", cwd=tmp_path)
    for line in result.stderr.splitlines():
        assert line.startswith(("warning: disc1/track01.wav", "warning: disc2/track01.wav"))


@pytest.mark.whole
def test_a_warning_about_tags_names_its_recording_once(tmp_path):
    source = write(tmp_path / "a.wav", damaged(0.3))
    with source.open("r+b") as file:
        file.seek(0, 2)
        file.write(b"levl" + (4).to_bytes(4, "little") + b"peak")
        size = file.tell()
        file.seek(4)
        file.write((size - 8).to_bytes(4, "little"))
    said = wavemend("render", "vinyl", "a.wav", "-o", "out", cwd=tmp_path).stderr
    assert [line.count("a.wav") for line in said.splitlines() if "levl" in line] == [1]


@pytest.mark.whole
def test_a_dry_run_says_all_and_writes_nothing(archive):
    before = sorted(archive.rglob("*"))
    result = wavemend("render", "vinyl", "arch", "-o", "out", "--dry-run", "--exclude", "disc2", cwd=archive)
    assert result.returncode == 1
    assert "[2/2] planned  disc1/track01.wav -> out/disc1/track01.wav" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 planned, 0 skipped, 1 failed"
    assert "note: excluded: 1, such as arch/disc2" in result.stderr
    (_, planned, _) = json.loads(
        wavemend("prepare", "arch", "-o", "out", "--dry-run", "--json", cwd=archive).stdout
    )
    assert planned["state"] == "planned" and planned["output"] == "out/disc1/track01.wav"
    assert sorted(archive.rglob("*")) == before


@pytest.mark.whole
def test_records_are_streamed_and_logged(archive):
    (archive / "log").write_text('{"source": "earlier"}\n')
    result = wavemend("prepare", "arch", "-o", "out", "--ndjson", "--log", "log", "-j", "2", cwd=archive)
    assert result.returncode == 1
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert {record["source"]: record["state"] for record in records} == {
        "arch/bad.wav": "failed",
        "arch/disc1/track01.wav": "restored",
        "arch/disc2/track01.wav": "restored",
    }
    assert (archive / "log").read_text() == '{"source": "earlier"}\n' + result.stdout
    refused(
        wavemend("prepare", "arch/disc1", "-o", "o", "--log", "no/log", cwd=archive), "no/log: No such file"
    )
    refused(wavemend("prepare", "arch", "-o", "o", "--json", "--ndjson", cwd=archive), "contradict")
    if os.path.exists("/dev/full"):
        result = wavemend("prepare", "arch/disc1", "-o", "o", "--log", "/dev/full", cwd=archive)
        assert result.returncode == 1 and (archive / "o" / "track01.wav").exists()
        assert result.stderr == "error: /dev/full: cannot be written to any more: No space left on device\n"


@pytest.mark.whole
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("denoise", "wavemend.denoise"),
        ("Denoise", "wavemend.denoise"),
        ("DcOffset", "wavemend.dc_offset"),
        ("HighShelfFilter", "pedalboard.HighShelfFilter"),
        ("pedalboard.highshelffilter", "pedalboard.HighShelfFilter"),
    ],
)
def test_plugins_are_called_as_people_call_them(name, wanted):
    assert json.loads(wavemend("plugins", "show", name, "--json").stdout)["id"] == wanted
    assert wanted in wavemend("plugins", "show", name).stdout


@pytest.mark.whole
def test_events_are_for_a_stage_called_as_people_call_it(tmp_path):
    write(tmp_path / "in.wav", damaged(0.5))
    said = wavemend("document", "in.wav", "--veto", "0.2", "--stage", "Declick", "--json", cwd=tmp_path)
    assert json.loads(said.stdout)["vetoed_events"][0]["stage"] == "wavemend.declick"


@pytest.mark.whole
def test_analyse_takes_folders_and_patterns_as_render_does(archive):
    result = wavemend("analyse", "arch", "--exclude", "disc2", cwd=archive)
    assert result.returncode == 1
    assert result.stdout.startswith("arch/disc1/track01.wav\n") and "disc2" not in result.stdout
    assert "litter of systems left out: 1" in result.stderr and "error: arch/bad.wav" in result.stderr
    pages = json.loads(wavemend("analyse", "arch/**/track*.wav", "--json", cwd=archive).stdout)
    assert [page["source"] for page in pages] == ["arch/disc1/track01.wav", "arch/disc2/track01.wav"]
    refused(wavemend("analyse", "gone.wav", cwd=archive), "gone.wav: No such file")


@pytest.mark.whole
def test_a_table_in_a_pipe_has_one_line_a_row(monkeypatch):
    monkeypatch.setitem(SHELL, "COLUMNS", "60")
    lines = wavemend("presets", "list").stdout.splitlines()
    assert len(lines) == 1 + len(json.loads(wavemend("presets", "list", "--json").stdout))
    assert max(map(len, lines)) > 60 and not any(line.endswith(" ") for line in lines)


@pytest.mark.whole
def test_help_is_help(tmp_path):
    for arguments in ([], ["presets"]):
        bare = wavemend(*arguments, cwd=tmp_path)
        assert bare.returncode == 0 and not bare.stderr
        assert len(bare.stdout.splitlines()) > 8 and "--help" in bare.stdout
    for arguments in (["-h"], ["render", "-h"], ["presets", "list", "-h"], ["train", "-h"]):
        assert "Usage:" in wavemend(*arguments, cwd=tmp_path).stdout


@pytest.mark.whole
def test_render_as_json(tmp_path):
    write(tmp_path / "in.wav", damaged(0.5))
    result = wavemend("render", "vinyl", "in.wav", "-o", "out.wav", "--removed", "--json", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    (done,) = json.loads(result.stdout)
    assert done["state"] == "restored" and (tmp_path / done["removed"]).exists()
    assert sum(done["events"].values()) > 0


@pytest.mark.whole
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["render"], "Missing argument"),
        (["render", "vinyl", "in.wav"], "Missing option"),
        (["render", "vinil", "in.wav", "-o", "out"], "the factory presets are"),
        (["render", "vinyl", "in.wav", "-o", "out", "--set", "declick.x=3"], "no parameter 'x'"),
        (["render", "vinyl", "in.wav", "-o", "out", "--overs", "clip"], "clip"),
        (["render", "vinyl", "*.nothing", "-o", "out"], "no file matches"),
        (["render", "vinyl", "in.wav", "-o", "out", "--overwrite", "--skip-existing"], "contradict"),
        (["plugins", "show", "wavemend.declik"], "did you mean wavemend.declick"),
        (["presets", "show", "nowhere.json"], "cannot be read"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_refused_before_it_starts(tmp_path, arguments, message):
    write(tmp_path / "in.wav", damaged(0.2))
    refused(wavemend(*arguments, cwd=tmp_path), message)
    assert [p.name for p in tmp_path.iterdir()] == ["in.wav"]


@pytest.mark.whole
def test_a_missing_input_refuses_the_run_and_is_named(tmp_path):
    write(tmp_path / "in.wav", damaged(0.2))
    refused(wavemend("render", "prepare", "in.wav", "gone.wav", "-o", "out", cwd=tmp_path), "gone.wav")
    assert not (tmp_path / "out").exists()


@pytest.mark.whole
def test_presets_and_plugins(tmp_path):
    listed = json.loads(wavemend("presets", "list", "--json").stdout)
    assert {"vinyl", "voice-on-tape", "prepare"} <= {preset["id"] for preset in listed}
    shown = wavemend("presets", "show", "vinyl", "--json").stdout
    (tmp_path / "mine.json").write_text(shown)
    assert "good" in wavemend("presets", "check", tmp_path / "mine.json").stdout
    (tmp_path / "broken.json").write_text(shown.replace("sensitivity", "sensitivty"))
    refused(wavemend("presets", "check", tmp_path / "broken.json"), "did you mean sensitivity", code=1)
    assert "sensitivity" in wavemend("presets", "show", "vinyl").stdout
    assert "pedalboard.HighShelfFilter" in wavemend("plugins", "list").stdout
    schema = json.loads(wavemend("plugins", "show", "wavemend.declick", "--json").stdout)
    assert schema["properties"]["sensitivity"]["maximum"] == 10
    assert "0 to 10" in wavemend("plugins", "show", "wavemend.declick").stdout
    assert wavemend("--version").stdout.strip()


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_workers_leave_nothing_half_done(tmp_path, stop):
    rng = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for name in "abc":
        write(tmp_path / "in" / f"{name}.wav", 0.1 * rng.standard_normal((2, 44_100 * 60)))
    command = [sys.executable, "-m", "wavemend", "render", "vinyl", "in", "-o", "out", "-j", "2"]
    with subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENV
    ) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out" / ".a.wav.wavemend-part").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(stop)
        said = process.stderr.read()  # ends when every process has, and none speaks of it
    assert said.strip() in ("", "error: interrupted; nothing unfinished was left behind")
    assert process.returncode == (-signal.SIGKILL if stop == signal.SIGKILL else 130)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_leaves_nothing_half_done(tmp_path, stop):
    rng = np.random.default_rng(0)
    source = write(tmp_path / "in.wav", 0.1 * rng.standard_normal((2, 44_100 * 90)))
    before = source.read_bytes()
    command = [sys.executable, "-m", "wavemend", "render", "vinyl", "in.wav", "-o", "out.wav", "--removed"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=ENV) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / ".out.wav.wavemend-part").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(stop)
        stderr = process.stderr.read()
    names = {path.name for path in tmp_path.iterdir()}
    if stop == signal.SIGKILL:
        assert "out.wav" not in names
        write(tmp_path / "short.wav", damaged(0.2))
        assert wavemend("render", "prepare", "short.wav", "-o", "ok.wav", cwd=tmp_path).returncode == 0
        names = {path.name for path in tmp_path.iterdir()} - {"short.wav", "ok.wav", "ok.wav.report.json"}
    else:
        assert process.returncode == 130
        assert stderr.strip().splitlines()[-1] == "error: interrupted; nothing unfinished was left behind"
    assert names == {"in.wav"}
    assert source.read_bytes() == before


@pytest.mark.whole
def test_demo(tmp_path):
    pytest.importorskip("matplotlib")
    result = wavemend("demo", "-o", tmp_path / "demo")
    assert result.returncode == 0, result.stderr
    made = {path.name for path in (tmp_path / "demo").iterdir()}
    assert made == {"before.wav", "after.wav", "after.removed.wav", "after.png", "after.wav.report.json"}
    assert "clicks repaired" in result.stdout
    refused(wavemend("demo", "-o", tmp_path / "demo"), "is there already")
    write(tmp_path / "own.wav", damaged(0.5))
    result = wavemend("demo", tmp_path / "own.wav", "-o", tmp_path / "demo")
    assert result.returncode == 0 and (tmp_path / "demo" / "own.after.png").exists()


def test_the_demo_works_without_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    source, said = write(tmp_path / "own.wav", damaged(0.2)), io.StringIO()
    demo.run_demo(source, tmp_path / "demo", "prepare", Console(file=said), overwrite=False)
    assert "pip install" in said.getvalue() and "own.after.wav" in said.getvalue()
    assert not [*(tmp_path / "demo").glob("*.png")]


@pytest.mark.whole
def test_odd_names_are_written_as_they_are(tmp_path):
    names = ["side [1].wav", "a\\[red]b.wav", "take :cd:.wav"]
    for name in names:
        write(tmp_path / "in.wav", damaged(0.2)).rename(tmp_path / name)
    result = wavemend("render", "prepare", *names, "-o", "out", cwd=tmp_path)
    assert result.returncode == 0 and all(f"out/{name}" in result.stdout for name in names)


@pytest.mark.whole
def test_names_and_folders_that_cannot_be(tmp_path):
    write(tmp_path / "in.wav", damaged(0.2))
    refused(
        wavemend("render", "prepare", "x" * 300, "in.wav", "-o", "out", cwd=tmp_path), "File name too long"
    )
    refused(wavemend("render", "prepare", "in.wav", "-o", "x" * 300, cwd=tmp_path), "File name too long")
    refused(wavemend("render", "prepare", "in.wav", "-o", "out.mp3", cwd=tmp_path), "out.mp3: .mp3 is no")
    refused(wavemend("demo", "-o", "in.wav", cwd=tmp_path), "in.wav: is a file")
    (tmp_path / "out.wav").symlink_to("nowhere")
    refused(wavemend("render", "prepare", "in.wav", "-o", "out.wav", cwd=tmp_path), "is there already")


@pytest.mark.whole
def test_a_preset_is_shown_with_all_that_is_in_it(tmp_path):
    vinyl = [line.split() for line in wavemend("presets", "show", "vinyl").stdout.splitlines()]
    assert ["decrackle.bypass", "on", "on", "or", "off"] in vinyl
    assert ["rumble.cutoff_hz", "20", "Hz", "a", "number", "from", "5", "to", "300", "Hz"] in vinyl
    nested = {"chain": [{"plugin": "pedalboard.Gain", "parameters": {"gain_db": 2.0}}], "mix": 0.5}
    preset = {"format": "wavemend-preset", "format_version": 1, "name": "a [b]", "chain": [nested]}
    (tmp_path / "mine.json").write_text(json.dumps(preset))
    shown = wavemend("presets", "show", tmp_path / "mine.json").stdout
    lines = [line.split() for line in shown.splitlines()]
    assert shown.startswith("a [b]: ") and ["1.1", "pedalboard.Gain"] in lines
    assert ["gain.gain_db", "2", "dB"] in lines and "1.mix" in shown

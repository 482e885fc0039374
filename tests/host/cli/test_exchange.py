"""The commands that bring presets from other programs and take them there, as a new user meets them."""

import json

import pytest

from tests.host.commands import refused, wavemend

SCRIPT = """
import pedalboard
import wavemend

board = pedalboard.Pedalboard([pedalboard.HighpassFilter(80), pedalboard.Gain(-3)])
mixed = wavemend.Chain([wavemend.Rumble(), pedalboard.Mix([pedalboard.Gain(1)])])
"""


@pytest.mark.whole
def test_a_board_becomes_a_preset_and_code_again(tmp_path):
    (tmp_path / "mine.py").write_text(SCRIPT)
    done = wavemend("presets", "from-board", "mine.py:board", "-o", "mine.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "wrote mine.json"
    written = wavemend("presets", "to-pedalboard", "mine.json", cwd=tmp_path)
    assert written.returncode == 0 and "board = pedalboard.Pedalboard([" in written.stdout
    (tmp_path / "again.py").write_text(written.stdout)
    again = ("presets", "from-board", "again:board", "-o", "again.json", "--name", "board")
    assert wavemend(*again, "--description", "From mine.py:board.", cwd=tmp_path).returncode == 0
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "mine.json").read_bytes()
    refused(wavemend(*again, cwd=tmp_path), "again.json: is there already")
    command = ("presets", "from-board", "mine.py:mixed", "-o", "mixed.json")
    refused(wavemend(*command, cwd=tmp_path), "slot 2: pedalboard.Mix cannot be stored in a preset")
    assert not (tmp_path / "mixed.json").exists()
    done = wavemend(*command, "--allow-missing", cwd=tmp_path)
    assert done.returncode == 0 and "note: left out: slot 2: pedalboard.Mix" in done.stderr
    help_text = " ".join(wavemend("presets", "from-board", "--help").stdout.split())
    assert "This RUNS that script" in help_text and "your own scripts alone" in help_text


@pytest.mark.whole
def test_filters_of_ffmpeg_become_a_preset(tmp_path):
    command = ("presets", "from-ffmpeg", "afftdn=nr=12,highpass=f=80,adeclip", "-o", "mine.json")
    refused(wavemend(*command, cwd=tmp_path), "adeclip has no equivalent here: there is no declipper")
    done = wavemend(*command, "--allow-missing", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "afftdn=nr=12 -> Denoise reduction_db=12 dB" in done.stdout
    assert "note: left out: adeclip" in done.stderr and "Rumble should come before Denoise" in done.stderr
    slots = json.loads((tmp_path / "mine.json").read_text())["chain"]
    assert [slot["plugin"] for slot in slots] == ["wavemend.denoise", "wavemend.rumble"]
    refused(
        wavemend("presets", "from-ffmpeg", "highpass=f=x", "-o", "b.json", cwd=tmp_path),
        "filter 1 (highpass): frequency='x' is no number",
    )


@pytest.mark.whole
def test_files_of_other_hosts_are_no_presets_without_their_plugin(tmp_path):
    (tmp_path / "a.vstpreset").write_bytes(b"RIFF" + bytes(100))
    for arguments, said in (
        (("from-vstpreset", "a.vstpreset", "-o", "a.json"), "a.vstpreset: is no .vstpreset file"),
        (("from-vstpreset", "gone.vstpreset", "-o", "a.json"), "gone.vstpreset: cannot be read"),
        (("from-vstpreset", "a.vstpreset", "-o", "a.json", "--into", "vinyl"), "go together"),
        (("to-vstpreset", "vinyl", "declick", "-o", "a.vstpreset"), "it holds Declick"),
    ):
        refused(wavemend("presets", *arguments, cwd=tmp_path), said)

"""The commands of presets as a new user meets them."""

import json
import os

import pytest

from tests.host.commands import refused, wavemend
from tests.host.recordings import damaged, write


@pytest.fixture
def mine(tmp_path):
    done = wavemend("presets", "edit", "vinyl", "declick.sensitivity=4", "-o", "mine.json", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.strip() == "wrote mine.json", done.stderr
    return tmp_path / "mine.json"


@pytest.mark.whole
def test_a_copy_is_changed_compared_and_changed_again(mine):
    def changed():
        told = wavemend("presets", "diff", "vinyl", "mine.json", "--json", cwd=mine.parent)
        return [(d["slot"], d["what"], d["before"], d["after"]) for d in json.loads(told.stdout)]

    assert changed() == [("wavemend.declick", "sensitivity", "5", "4")]
    edit = ("presets", "edit", "mine.json", "rumble.cutoff_hz=25 Hz", "--name", "Mine")
    assert wavemend(*edit, cwd=mine.parent).returncode == 0
    assert changed()[0] == ("", "name", "Vinyl, gentle", "Mine")
    assert changed()[-1] == ("wavemend.rumble", "cutoff_hz", "20 Hz", "25 Hz")
    table = wavemend("presets", "diff", "vinyl", "mine.json", cwd=mine.parent).stdout
    assert "20 Hz" in table and "25 Hz" in table
    assert wavemend("presets", "diff", "vinyl", "vinyl").stdout.strip() == "no difference"


@pytest.mark.whole
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["vinyl", "declick.sensitivity=4"], "vinyl is a factory preset, which never changes"),
        (["mine.json"], "nothing to change was given"),
        (["mine.json", "declick.sensitivity=40"], "0 to 10"),
        (["mine.json", "declick.sensitivty=4"], "did you mean sensitivity"),
        (["mine.json", "declik.sensitivity=4"], "is no slot of this preset; it has 1 (declick)"),
        (["mine.json", "sensitivity"], "write SLOT.PARAMETER=VALUE"),
        (["gone.json", "declick.sensitivity=4"], "gone.json: cannot be read"),
        (["vinyl", "declick.sensitivity=4", "-o", "mine.json"], "mine.json: is there already"),
        (["vinyl", "declick.sensitivity=4", "-o", "nowhere/a.json"], "nowhere/a.json: cannot be written"),
    ],
)
def test_edits_that_cannot_be_leave_everything_as_it_was(mine, arguments, said):
    before = mine.read_bytes()
    refused(wavemend("presets", "edit", *arguments, cwd=mine.parent), said)
    assert mine.read_bytes() == before and [p.name for p in mine.parent.iterdir()] == ["mine.json"]


@pytest.mark.whole
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(mine):
    mine.parent.chmod(0o500)
    try:
        refused(
            wavemend("presets", "edit", "mine.json", "rumble.cutoff_hz=9", cwd=mine.parent),
            "cannot be written",
        )
    finally:
        mine.parent.chmod(0o700)


@pytest.mark.whole
def test_a_link_is_followed_and_stays(mine):
    (mine.parent / "link.json").symlink_to("mine.json")
    assert wavemend("presets", "edit", "link.json", "rumble.cutoff_hz=9", cwd=mine.parent).returncode == 0
    assert (mine.parent / "link.json").is_symlink() and '"cutoff_hz": 9.0' in mine.read_text()


@pytest.mark.whole
def test_a_preset_for_a_recording(tmp_path):
    write(tmp_path / "side.wav", damaged(6.0))
    done = wavemend("presets", "new", "side.wav", "-o", "side.json", cwd=tmp_path)
    assert done.returncode == 0 and "wrote side.json, from " in done.stdout, done.stderr
    assert "good" in wavemend("presets", "check", "side.json", cwd=tmp_path).stdout
    assert json.loads((tmp_path / "side.json").read_text())["name"].endswith(", for side")
    refused(wavemend("presets", "new", "side.wav", "-o", "side.json", cwd=tmp_path), "is there already")
    refused(wavemend("presets", "new", "gone.wav", "-o", "b.json", cwd=tmp_path), "gone.wav")


@pytest.mark.whole
def test_presets_are_found_by_words():
    def ids(*words):
        return {one["id"] for one in json.loads(wavemend("presets", "search", *words, "--json").stdout)}

    assert {"vinyl", "shellac"} <= ids("DECLICK")
    assert "shellac" in ids("declick", "crackle out") and "vinyl" not in ids("declick", "crackle out")
    assert wavemend("presets", "search", "zither").stdout.strip() == "none"
    assert "voice-on-tape" in wavemend("presets", "search", "dropouts").stdout


@pytest.fixture
def collection(tmp_path, monkeypatch):
    """Make a collection with a project file and a preset of its own, and go there."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "collection"
    (folder / "sides").mkdir(parents=True)
    (folder / "wavemend.toml").write_text(
        'preset = "sides"\n[set]\ndc_offset.bypass = true\n[render]\nremoved = true\nstrength = 50\n'
    )
    write(folder / "sides" / "a.wav", damaged(0.3))
    done = wavemend("presets", "edit", "prepare", "dc_offset.mix=0.5", "-o", "project:sides", cwd=folder)
    assert done.returncode == 0 and (folder / "presets" / "sides.json").is_file(), done.stderr
    return folder


@pytest.mark.whole
def test_a_collection_is_rendered_as_its_file_says_unless_told_otherwise(collection):
    done = wavemend("render", "wavemend.toml", "sides", "-o", "out", "--json", cwd=collection)
    assert done.returncode == 0, done.stderr
    assert (collection / "out" / "a.removed.wav").exists()
    report = json.loads((collection / "out" / "a.wav.report.json").read_text())
    assert report["chain"][0]["bypass"] is True and report["chain"][0]["mix"] == 0.5
    again = (
        "render",
        "wavemend.toml",
        "sides",
        "-o",
        "two",
        "--set",
        "dc_offset.bypass=off",
        "--strength",
        "100",
    )
    assert wavemend(*again, cwd=collection).returncode == 0
    other = json.loads((collection / "two" / "a.wav.report.json").read_text())
    assert not other["chain"][0].get("bypass") and other != report
    (collection / "wavemend.toml").write_text('preset = "sides"\n[render]\nstrenght = 3\n')
    refused(
        wavemend("render", "wavemend.toml", "sides", "-o", "three", cwd=collection),
        "wavemend.toml: render.strenght is no key of a project file; did you mean strength?",
    )


@pytest.mark.whole
def test_lists_say_where_each_preset_comes_from(collection):
    assert wavemend("presets", "edit", "hum", "dehum.mix=0.5", "-o", "user:hum").returncode == 0
    (collection / "presets" / "broken.json").write_text("{")
    listed = json.loads(wavemend("presets", "list", "--json", cwd=collection).stdout)
    known = {(one["id"], one["level"]): one for one in listed}
    assert known["sides", "project"]["path"].endswith("presets/sides.json")
    assert known["hum", "factory"]["hidden_by"] == "user" and known["hum", "factory"]["path"] is None
    assert "cannot be used: " in known["broken", "project"]["description"]
    table = wavemend("presets", "list", cwd=collection).stdout
    assert "factory, hidden by the user's" in table
    said = wavemend("render", "hum", "sides", "-o", "out", "--dry-run", cwd=collection).stderr
    assert "hum.json; say factory:hum for the other" in said
    for command in (("show", "hum"), ("check", "hum"), ("diff", "hum", "factory:hum")):
        said = wavemend("presets", *command, cwd=collection).stderr
        assert "hum.json; say factory:hum for the other" in said
    refused(
        wavemend("presets", "edit", "hum", "dehum.mix=0.5", "-o", "user:hum", cwd=collection),
        "is there already",
    )
    assert wavemend("presets", "edit", "hum", "dehum.mix=0.25", cwd=collection).returncode == 0
    refused(wavemend("presets", "edit", "hum", "dehum.mix=0.2", "-o", "factory:hum"), "factory presets never")


@pytest.mark.whole
def test_a_preset_travels_and_says_how_it_sounds(mine):
    folder = mine.parent
    pack = ("presets", "pack", "mine.json", "-o", "mine.wavemend")
    done = wavemend(*pack, "--author", "Ann", "--licence", "CC0-1.0", cwd=folder)
    assert done.returncode == 0 and "wrote mine.wavemend" in done.stdout, done.stderr
    refused(wavemend(*pack, cwd=folder), "mine.wavemend: is there already")
    looked = wavemend("presets", "unpack", "mine.wavemend", "--look", cwd=folder)
    assert looked.returncode == 0 and "Ann" in looked.stdout and not (folder / "mine").exists()
    done = wavemend("presets", "unpack", "mine.wavemend", cwd=folder)
    assert done.returncode == 0 and done.stdout.splitlines()[-2:] == [
        "wrote mine",
        "sound: identical, every sample of the test signal",
    ]
    assert (folder / "mine" / "preset.json").read_bytes() == mine.read_bytes()
    refused(wavemend("presets", "unpack", "mine.wavemend", cwd=folder), "mine: is there already")
    told = wavemend("presets", "unpack", "mine.wavemend", "-o", "again", "--json", cwd=folder)
    assert json.loads(told.stdout)["sound"].startswith("identical")
    refused(wavemend("presets", "unpack", "mine.json", cwd=folder), "mine.json: is no pack")
    refused(wavemend("presets", "unpack", "gone.wavemend", cwd=folder), "gone.wavemend: cannot be read")
    refused(wavemend("presets", "pack", "gone", "-o", "a.wavemend", cwd=folder), "there is no preset 'gone'")


@pytest.mark.whole
def test_a_stranger_writes_no_lines_of_ours_and_moves_no_cursor(tmp_path, mine):
    (tmp_path / "wavemend.toml").write_text("")
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "a\x1b]0;x\x07\nb.json").write_text("{")
    for command in (("check", "nope"), ("search", "x"), ("list",)):
        told = wavemend("presets", *command, cwd=tmp_path)
        assert "\x1b" not in told.stdout + told.stderr and "\nb" not in told.stdout + told.stderr
    edit = ("presets", "edit", "mine.json", "--description", "x\nsound: identical, every sample")
    assert wavemend(*edit, cwd=tmp_path).returncode == 0
    assert wavemend("presets", "pack", "mine.json", "-o", "mine.wavemend", cwd=tmp_path).returncode == 0
    looked = wavemend("presets", "unpack", "mine.wavemend", "--look", cwd=tmp_path)
    assert looked.returncode == 0 and "\nsound" not in looked.stdout

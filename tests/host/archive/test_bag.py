"""A restored collection as a bag: whole or not at all, and METS says what every file was made of and by."""

import os
import sqlite3
import sys

import bagit
import metsrw
import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Declick, Preset, save_preset
from wavemend.errors import ManifestError, PlanError
from wavemend.host.archive.bag import METS, PAYLOAD, make_bag
from wavemend.host.archive.collection import batch
from wavemend.host.archive.manifest import MANIFEST
from wavemend.host.archive.verifying import verify

from tests.host.recordings import damaged, write


@pytest.fixture
def target(tmp_path):
    (tmp_path / "in" / "box 1").mkdir(parents=True)
    write(tmp_path / "in" / "a.wav", damaged(0.3))
    write(tmp_path / "in" / "box 1" / "b & <c>.flac", damaged(0.3, seed=1))
    batch("prepare", tmp_path / "in", tmp_path / "out")
    return tmp_path / "out"


def test_a_bag_holds_every_file_and_how_it_came_about(target, tmp_path):
    (target / "stranger.txt").write_text("not in the manifest")
    made = make_bag(target, tmp_path / "bag", info={"Source-Organization": "Archive"})
    assert (made.recordings, made.files, made.left_out) == (2, 4, {})
    bag = bagit.Bag(str(made.path))
    bag.validate()
    assert bag.info["Source-Organization"] == "Archive"
    names = {"a.wav", "a.wav.report.json", "box 1/b & <c>.flac", "box 1/b & <c>.flac.report.json"}
    assert set(bag.payload_files()) == {f"data/{PAYLOAD}/{name}" for name in names} | {f"data/{METS}"}
    found = {f.path: f for f in metsrw.METSDocument.fromfile(str(made.path / "data" / METS)).all_files()}
    audio = found[f"{PAYLOAD}/box 1/b & <c>.flac"]
    assert audio.use == "access" and audio.checksumtype == "SHA-256"
    assert audio.checksum == bag.payload_entries()[f"data/{audio.path}"]["sha256"]
    (event,) = audio.get_premis_events()
    assert event.type == "modification" and "by preset prepare" in event.event_detail
    assert {agent.name for agent in audio.get_premis_agents()} >= {"preset prepare"}
    (premis,) = audio.get_premis_objects()
    (measured,) = premis.findall("significant_properties")
    assert "true peak" in str(measured) and "dBTP" in str(measured)
    assert "true peak (ITU-R BS.1770-4) of the recording: " in event.event_outcome_detail_note


def test_what_is_not_done_is_left_out_and_told(target, tmp_path):
    (tmp_path / "in" / "bad.wav").write_bytes(b"RIFF")
    batch("prepare", tmp_path / "in", target)
    made = make_bag(target, tmp_path / "bag", info={})
    assert made.recordings == 2 and "cannot be read" in made.left_out["bad.wav"]


def test_a_bag_is_whole_or_not_there(target, tmp_path):
    (target / "a.wav").write_bytes(b"changed")
    with pytest.raises(ManifestError, match=r"a\.wav: is not what the manifest says"):
        make_bag(target, tmp_path / "bag", info={})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


def test_what_a_killed_one_left_goes_and_links_hide_no_collection(target, tmp_path):
    left = tmp_path / ".wavemend-part-dead"
    (left / "files").mkdir(parents=True)
    (left / ".held.wavemend-part").touch()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(PlanError, match="lies in the collection"):
        make_bag(target, tmp_path / "link" / "bag", info={})
    made = make_bag(target, tmp_path / "bag", info={"Contact-Name": ["A", "B"]})
    assert bagit.Bag(str(made.path)).info["Contact-Name"] == ["A", "B"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "in", "link", "out"]


def test_a_recipe_that_nobody_knows_is_told(target, tmp_path):
    with sqlite3.connect(target / MANIFEST) as data:
        data.execute("UPDATE recordings SET recipe = 'nope'")
    data.close()
    with pytest.raises(ManifestError, match=r"does not say by what a\.wav was made"):
        make_bag(target, tmp_path / "bag", info={})
    with sqlite3.connect(target / MANIFEST) as data:
        data.execute("UPDATE recipes SET content = '{}'")
    data.close()
    with pytest.raises(ManifestError, match="is another"):
        make_bag(target, tmp_path / "bag", info={})


def test_a_restored_file_of_floats_is_the_access_copy(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.flac", np.clip(3 * damaged(0.3), -1, 1 - 2**-15))
    save_preset(Preset("", "", Chain([pedalboard.Gain(6)])), tmp_path / "louder.json")
    batch(str(tmp_path / "louder.json"), tmp_path / "in", tmp_path / "out", overs="float", removed=True)
    made = make_bag(tmp_path / "out", tmp_path / "bag", info={})
    files = metsrw.METSDocument.fromfile(str(made.path / "data" / METS)).all_files()
    assert [file.path for file in files if file.use == "access"] == [f"{PAYLOAD}/a.wav"]


def test_the_list_of_what_was_repaired_is_handed_on(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.wav", damaged(0.5))
    save_preset(Preset("", "", Chain([Declick()])), tmp_path / "clicks.json")
    batch(str(tmp_path / "clicks.json"), tmp_path / "in", tmp_path / "out", events=True, labels=True)
    made = make_bag(tmp_path / "out", tmp_path / "bag", info={})
    events = (made.path / "data" / PAYLOAD / "a.wav.events.jsonl").read_text().splitlines()
    labels = (made.path / "data" / PAYLOAD / "a.wav.labels.txt").read_text().splitlines()
    assert len(events) == len(labels) > 0
    files = metsrw.METSDocument.fromfile(str(made.path / "data" / METS)).all_files()
    assert {file.path.split("/")[-1]: file.use for file in files if file.type == "Item"} == {
        "a.wav": "access", "a.wav.events.jsonl": "metadata", "a.wav.labels.txt": "metadata",
        "a.wav.report.json": "metadata",
    }  # fmt: skip


def test_nothing_is_written_over(target, tmp_path):
    with pytest.raises(PlanError, match="is there already"):
        make_bag(target, tmp_path / "in", info={})
    with pytest.raises(PlanError, match="lies in the collection"):
        make_bag(target, target / "bag", info={})
    (tmp_path / "empty").mkdir()
    batch("prepare", tmp_path / "in", tmp_path / "new")
    with pytest.raises(ManifestError, match="holds no"):
        make_bag(tmp_path / "empty", tmp_path / "bag", info={})


@pytest.mark.skipif(sys.platform != "linux", reason="names are any bytes there")
def test_names_of_any_bytes_are_known_again_and_told_where_they_cannot_go(tmp_path):
    folder, target = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    odd, line = (os.fsencode(folder / os.fsdecode(name)) for name in (b"caf\xe9.wav", b"two\nlines.wav"))
    write(folder / "a.wav", damaged(0.2)).rename(os.fsdecode(line))
    batch("prepare", folder, target)
    assert make_bag(target, tmp_path / "one", info={}).files == 2
    write(folder / "b.wav", damaged(0.2)).rename(os.fsdecode(odd))
    (one, two) = batch("prepare", folder, target)
    assert {os.fsencode(one.source), os.fsencode(two.source)} == {odd, line}
    assert not [checked for checked in verify(target, sources=True) if checked.problem]
    with pytest.raises(PlanError, match="not valid UTF-8"):
        make_bag(target, tmp_path / "two", info={})

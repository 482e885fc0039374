"""What stands where outputs go: an earlier recipe's, an engineer's or a stranger's; each is told apart."""

import json
import sqlite3
from contextlib import suppress

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Preset, load_preset, save_preset
from wavemend.errors import AudioFileError, ManifestError, PlanError
from wavemend.host.archive import restoring
from wavemend.host.archive.collection import batch, run_collection
from wavemend.host.archive.manifest import MANIFEST, Manifest
from wavemend.host.archive.restoring import SET_ASIDE
from wavemend.host.archive.verifying import verify
from wavemend.host.rendering.options import RenderOptions

from tests.host.archive.runs import ALL, collection, entries, files, states
from tests.host.recordings import damaged, write


def strength_of(path):
    return json.loads((path.parent / f"{path.name}.report.json").read_text(encoding="utf-8"))["strength"]


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), RuntimeError("a mistake")])
def test_outputs_of_an_earlier_recipe_are_never_taken_for_those_of_one_that_failed(
    source, target, monkeypatch, fault
):
    half = RenderOptions(strength=50)
    states(source, target)

    def failing(*_, **__):
        raise fault

    with monkeypatch.context() as patch, suppress(AudioFileError):
        patch.setattr(restoring, "render_with", failing)
        states(source, target, options=half)
    assert states(source, target, options=half, retry_failed=True) == dict.fromkeys(ALL, "restored")
    assert strength_of(target / "a.wav") == 50
    assert not [one for one in verify(target) if one.problem]


def test_a_preset_that_is_changed_under_its_name_renders_again(source, target, tmp_path):
    mine = tmp_path / "mine.json"
    save_preset(load_preset("prepare"), mine)
    batch(str(mine), source, target)
    mine.write_text(mine.read_text(encoding="utf-8").replace("-80.0", "-60.0"), encoding="utf-8")
    told = []
    found = batch(str(mine), source, target, progress=told.append)
    assert all(one.rendered for one in told)
    with Manifest(target) as manifest:
        assert "-60.0" in manifest.recipes()[found[0].recipe].text


def test_a_preset_that_is_changed_while_a_run_lasts_is_told_as_what_was_heard(source, target, tmp_path):
    mine = tmp_path / "mine.json"
    save_preset(load_preset("prepare"), mine)
    for _ in run_collection(collection(source, target, str(mine))):
        mine.write_text(mine.read_text(encoding="utf-8").replace("-80.0", "-60.0"), encoding="utf-8")
    recipes = [entry.recipe for entry in entries(target).values()]
    assert recipes[0] != recipes[1] == recipes[2]
    assert sorted(states(source, target, str(mine)).values()) == ["restored", "skipped", "skipped"]


def test_what_is_not_asked_for_any_more_goes_and_may_come_back(source, target):
    removed = RenderOptions(removed=True, labels=True)
    states(source, target, options=removed)
    (target / "box 1" / "c.removed.wav").write_bytes(b"an engineer's")
    assert states(source, target) == dict.fromkeys(ALL, "restored")
    there = {name for name in files(target) if not name.startswith(SET_ASIDE)}
    assert there == {name + end for name in ALL for end in ("", ".report.json")}
    assert [b for name, b in files(target).items() if name.startswith(SET_ASIDE)] == [b"an engineer's"]
    assert states(source, target, options=removed) == dict.fromkeys(ALL, "restored")


def test_floats_take_another_name_and_leave_nothing_stale(tmp_path, target):
    source = tmp_path / "loud"
    source.mkdir()
    loud = np.clip(3 * damaged(0.3), -1, 1 - 2**-15)
    write(source / "a.flac", loud)
    chain = Preset("", "", Chain([pedalboard.Gain(6)]))
    save_preset(chain, tmp_path / "louder.json")
    louder, floats = str(tmp_path / "louder.json"), RenderOptions(overs="float")
    states(source, target, louder, options=floats)
    assert files(target).keys() == {"a.wav", "a.wav.report.json"}
    assert states(source, target, louder, options=floats) == {"a.flac": "skipped"}
    states(source, target, louder)
    assert files(target).keys() == {"a.flac", "a.flac.report.json"}
    write(source / "a.wav", damaged(0.3))
    with pytest.raises(PlanError, match=r"a\.flac and .*a\.wav may both be written to .*a\.wav"):
        collection(source, target, louder, options=floats)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE outputs SET path = x'2e2e2f736563726574' WHERE path = x'612e776176'", "no path below"),
        ("UPDATE outputs SET path = x'2f6574632f706173737764' WHERE path = x'612e776176'", "no path below"),
        ("UPDATE outputs SET path = x'6100' WHERE path = x'612e776176'", "no path below"),
        ("UPDATE recordings SET path = x'2e2e2f612e776176' WHERE path = x'612e776176'", "no path below"),
        ("UPDATE recordings SET findings = '[1]'", r"findings cannot be \[1\]"),
        ("UPDATE recordings SET warnings = '{}'", "warnings cannot be"),
        ('UPDATE recordings SET events = \'{"a": "b"}\'', "events cannot be"),
        ('UPDATE recordings SET loudness = \'{"a": "b"}\'', "loudness cannot be"),
        ("PRAGMA user_version = 1", "of version 1, .* restore into another folder"),
        (f"UPDATE recordings SET reasons = '{'[' * 100_000}'", "nested too deeply"),
        ("UPDATE recordings SET state = 'odd'", "has no state"),
        ("UPDATE recordings SET seconds = 9e999", "or length that can be"),
        ("UPDATE recordings SET error = printf('%.17000000c', 'x')", "too big"),
        ("CREATE VIEW spying AS SELECT * FROM recordings", "its tables are not those"),
        ("CREATE TRIGGER t AFTER DELETE ON outputs BEGIN DELETE FROM recordings; END", "its tables are not"),
    ],
)
def test_a_strangers_manifest_leads_nowhere(source, target, tmp_path, change, said):
    states(source, target)
    secret = tmp_path / "secret"
    secret.write_bytes(b"mine")
    data = sqlite3.connect(target / MANIFEST)
    data.execute(change)
    data.commit()
    data.close()
    (target / "a.wav").write_bytes(b"other than it was, so that something is set aside")
    for use in (lambda: list(verify(target)), lambda: states(source, target)):
        with pytest.raises(ManifestError, match=said):
            use()
    assert secret.read_bytes() == b"mine"


def test_a_stranger_among_the_outputs_refuses_the_run(source, target):
    target.mkdir()
    (target / "a.wav").write_bytes(b"mine")
    with pytest.raises(PlanError, match=r"a\.wav: is there already, and no run"):
        collection(source, target)
    (target / "a.wav").unlink()
    (target / "a.wav.report.json").write_bytes(b"mine too")
    with pytest.raises(PlanError, match="report"):
        collection(source, target)
    for name, options in (("events.jsonl", {"events": True}), ("labels.txt", {"labels": True})):
        (target / "a.wav.report.json").unlink(missing_ok=True)
        (target / f"a.wav.{name}").write_bytes(b"mine too")
        with pytest.raises(PlanError, match=name):
            collection(source, target, options=RenderOptions(**options))
    assert states(source, target, options=RenderOptions(overwrite=True)) == dict.fromkeys(ALL, "restored")
    assert states(source, target) == dict.fromkeys(ALL, "skipped")


def test_what_was_edited_is_kept_and_what_is_gone_comes_back(source, target):
    states(source, target)
    whole = files(target)
    (target / "a.wav").write_bytes(b"an engineer's")
    (target / "box 1" / "b.flac").unlink()
    (target / "box 1" / "c.wav.report.json").write_bytes(b"")
    assert states(source, target) == dict.fromkeys(ALL, "restored")
    after = files(target)
    (aside,) = after.keys() - whole.keys()
    assert aside.startswith(f"{SET_ASIDE}/a.wav.") and after[aside] == b"an engineer's"
    assert whole.items() <= after.items()
    assert SET_ASIDE in entries(target)["a.wav"].warnings[0]

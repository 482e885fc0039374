"""A collection: done where source, recipe and outputs agree by their hashes, whatever ended a run."""

import json
import os
import shutil
import sqlite3
import threading
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Preset, load_preset, save_preset
from wavemend.errors import AudioFileError, Cancelled, ManifestError, PlanError, PresetError, TargetBusyError
from wavemend.host.archive import manifest as manifest_module
from wavemend.host.archive import restoring, verifying
from wavemend.host.archive.collection import Collection, batch, earlier_speed, plan_collection, run_collection
from wavemend.host.archive.manifest import MANIFEST, Manifest
from wavemend.host.archive.restoring import SET_ASIDE
from wavemend.host.archive.verifying import verify
from wavemend.host.rendering.options import RenderOptions

from tests.host.recordings import damaged, write


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    (folder / "box 1").mkdir(parents=True)
    write(folder / "a.wav", damaged(0.3))
    write(folder / "box 1" / "b.flac", damaged(0.3, seed=1))
    write(folder / "box 1" / "c.wav", damaged(0.3, seed=2))
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out"


def collection(source, target, preset="prepare", **more):
    options = more.pop("options", RenderOptions())
    return Collection(
        plan_collection([str(source)], target, options=options), target, preset, options=options, **more
    )


def states(source, target, preset="prepare", **more):
    outcomes = [*run_collection(collection(source, target, preset, **more))]
    return {
        one.job.name: "failed" if one.error else "restored" if one.rendered else "skipped" for one in outcomes
    }


def entries(target):
    with Manifest(target) as manifest:
        return {entry.path: entry for entry in manifest.entries()}


def lasting(target):
    """What the manifest says that does not depend on when, and how fast, it was done."""
    return [replace(entry, took_s=0.0, ended="") for entry in entries(target).values()]


def files(target):
    paths = (path for path in target.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in paths}


ALL = {"a.wav", "box 1/b.flac", "box 1/c.wav"}


def test_what_is_done_is_not_done_again(source, target):
    assert states(source, target) == dict.fromkeys(ALL, "restored")
    before = files(target)
    assert before.keys() == {name + end for name in ALL for end in ("", ".report.json")}
    assert states(source, target) == dict.fromkeys(ALL, "skipped")
    assert files(target) == before
    assert all(entry.state == "done" and entry.seconds == 0.3 for entry in entries(target).values())


def test_names_and_dates_of_sources_say_nothing(source, target):
    states(source, target)
    os.utime(source / "a.wav", (0, 0))
    changed, times = source / "box 1" / "c.wav", (source / "box 1" / "c.wav").stat()
    write(changed, damaged(0.3, seed=9))
    os.utime(changed, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert states(source, target) == dict.fromkeys(ALL, "skipped") | {"box 1/c.wav": "restored"}
    moved = source.rename(source.with_name("moved"))
    assert states(moved, target) == dict.fromkeys(ALL, "skipped")


def test_another_preset_setting_or_option_renders_again(source, target):
    states(source, target)
    assert states(source, target, settings=["dc_offset.threshold_db=-60"]) == dict.fromkeys(ALL, "restored")
    assert states(source, target) == dict.fromkeys(ALL, "restored")
    assert states(source, target, options=RenderOptions(strength=50)) == dict.fromkeys(ALL, "restored")
    assert states(source, target, options=RenderOptions(strength=50)) == dict.fromkeys(ALL, "skipped")


def test_another_document_renders_again(source, target):
    states(source, target)
    document = source / "a.wav.wavemend.json"
    document.write_text("not one")
    assert states(source, target) == dict.fromkeys(ALL, "skipped") | {"a.wav": "failed"}
    assert "a.wav.wavemend.json" in entries(target)["a.wav"].error
    document.unlink()  # and with that it is done, by what it was done by before
    assert states(source, target) == dict.fromkeys(ALL, "skipped")
    assert (entries(target)["a.wav"].state, entries(target)["a.wav"].error) == ("done", "")


def test_a_failure_is_told_again_and_tried_where_asked(source, target, monkeypatch):
    (source / "d.wav").write_bytes(b"RIFF")
    real = restoring.render_with

    def failing(options, chain, path, *rest, **more):
        if path.name == "c.wav":
            raise RuntimeError("a stage's own mistake")
        return real(options, chain, path, *rest, **more)

    monkeypatch.setattr(restoring, "render_with", failing)
    first = states(source, target)
    assert first == {
        "a.wav": "restored",
        "box 1/b.flac": "restored",
        "box 1/c.wav": "failed",
        "d.wav": "failed",
    }
    assert entries(target)["d.wav"].state == "failed"
    monkeypatch.setattr(restoring, "render_with", real)
    assert states(source, target)["box 1/c.wav"] == "failed"
    assert "RuntimeError: a stage's own mistake" in entries(target)["box 1/c.wav"].error
    assert states(source, target, retry_failed=True)["box 1/c.wav"] == "restored"
    assert entries(target)["box 1/c.wav"].error == ""


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


def test_whoever_else_writes_an_output_costs_one_run_alone(source, target, monkeypatch):
    def busy(*_, **__):
        raise TargetBusyError("another wavemend is writing it right now")

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "render_with", busy)
        assert states(source, target) == dict.fromkeys(ALL, "failed")
    assert states(source, target) == dict.fromkeys(ALL, "restored")


def test_who_reads_a_manifest_for_hours_holds_up_no_run(source, target, monkeypatch):
    states(source, target)
    monkeypatch.setattr(manifest_module, "_BUSY_S", 0.1)
    checking = verify(target)
    next(checking)
    assert states(source, target, options=RenderOptions(strength=50)) == dict.fromkeys(ALL, "restored")


def test_what_cannot_be_read_is_told_and_the_rest_is_verified(source, target, monkeypatch):
    states(source, target)

    def failing(folder, output):
        if output.path == "a.wav":
            raise OSError(5, "Input/output error")
        return True

    monkeypatch.setattr(verifying, "is_there", failing)
    assert [one.problem for one in verify(target)] == ["cannot be read: Input/output error", *[""] * 5]


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


def test_one_source_does_not_write_over_the_other(source, target, tmp_path):
    states(source, target)
    other = tmp_path / "other"
    other.mkdir()
    write(other / "a.wav", damaged(0.2, seed=7))
    before = files(target)
    for _ in range(2):
        assert states(other, target) == {"a.wav": "failed"}
    assert files(target) == before


def test_a_run_that_is_stopped_goes_on(source, target):
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        for _ in run_collection(collection(source, target), cancel=cancel):
            cancel.set()
    assert sorted(states(source, target).values()) == ["restored", "restored", "skipped"]
    with Manifest(target) as manifest:
        assert [bool(run["ended"]) for run in manifest.runs()] == [False, True]


def test_a_full_disk_ends_the_run_and_costs_nothing(source, target, monkeypatch):
    real = restoring.render_with
    count = 0

    def full(*arguments, **more):
        nonlocal count
        count += 1
        if count == 2:
            raise AudioFileError("no space left") from OSError(28, "No space left on device")
        return real(*arguments, **more)

    monkeypatch.setattr(restoring, "render_with", full)
    with pytest.raises(AudioFileError, match="make room and say the same again"):
        list(run_collection(collection(source, target)))
    assert sorted(states(source, target).values()) == ["restored", "restored", "skipped"]


def test_every_step_of_a_killed_run_is_taken_up(source, target, tmp_path, monkeypatch):
    """As after kill -9 between any two notes in the manifest, whether or not the outputs were there yet."""
    states(source, target)
    whole, known = files(target), lasting(target)
    real = Manifest.put
    for count in range(1, 7):
        folder = tmp_path / str(count)
        left = count

        def dying(self, entry):
            nonlocal left
            left -= 1
            if not left:
                raise SystemError
            real(self, entry)

        monkeypatch.setattr(Manifest, "put", dying)
        with pytest.raises(SystemError):
            list(run_collection(collection(source, folder)))
        monkeypatch.setattr(Manifest, "put", real)
        states(source, folder)
        assert files(folder) == whole
        assert lasting(folder) == known


def test_a_run_in_processes_makes_the_same(source, target, tmp_path):
    states(source, target)
    folder = tmp_path / "two"
    outcomes = [*run_collection(collection(source, folder), workers=2)]
    assert all(outcome.rendered for outcome in outcomes)
    assert files(folder) == files(target)
    assert lasting(folder) == lasting(target)


def test_one_run_at_a_time(source, target):
    running = run_collection(collection(source, target))
    next(running)
    with pytest.raises(ManifestError, match="another run is writing"):
        list(run_collection(collection(source, target)))
    assert len([*running]) == 2


def test_auto_takes_what_the_analysis_suggests_and_remembers_it(source, target, monkeypatch):
    heard = []

    class Found:
        class suggestion:  # noqa: N801 - stands for a value
            preset, reasons = "prepare", ["offset"]

    monkeypatch.setattr(restoring, "analyse_file", lambda file, **_: heard.append(file.path.name) or Found)
    assert states(source, target, "auto") == dict.fromkeys(ALL, "restored")
    entry = entries(target)["a.wav"]
    assert (entry.preset, entry.reasons) == ("prepare", ["offset"])
    assert states(source, target, "auto") == dict.fromkeys(ALL, "skipped")
    assert len(heard) == 3


def test_nothing_hands_a_recording_on_as_it_is(source, target):
    choices = dict.fromkeys(ALL, "none") | {"a.wav": "prepare"}
    assert states(source, target, "table", choices=choices) == dict.fromkeys(ALL, "restored")
    assert (target / "box 1" / "c.wav").read_bytes()[44:] == (source / "box 1" / "c.wav").read_bytes()[44:]
    assert entries(target)["a.wav"].preset == "prepare"


def test_outputs_and_sources_are_verified(source, target):
    states(source, target)
    assert all(not one.problem for one in verify(target, sources=True))
    assert len([*verify(target)]) == 6 and len([*verify(target, sources=True)]) == 9
    (target / "a.wav").unlink()
    report = target / "box 1" / "b.flac.report.json"
    report.write_bytes(report.read_bytes()[:-1])
    write(source / "box 1" / "c.wav", damaged(0.2))
    assert {one.path: one.problem for one in verify(target, sources=True) if one.problem} == {
        "a.wav": "is gone",
        "box 1/b.flac.report.json": "has changed",
        str(source / "box 1" / "c.wav"): "has changed",
    }


def test_a_manifest_that_is_none_is_refused(source, target):
    with pytest.raises(ManifestError, match="holds no"):
        list(verify(source))
    target.mkdir()
    (target / MANIFEST).write_bytes(b"no database at all, but as long as a page of one is" * 100)
    with pytest.raises(ManifestError, match="is damaged"):
        collection(source, target)
    shutil.rmtree(target)
    target.mkdir()
    with sqlite3.connect(target / MANIFEST) as data:
        data.execute("CREATE TABLE t (x)")
    data.close()
    with pytest.raises(ManifestError, match="is no manifest"):
        list(verify(target))


def test_a_truncated_manifest_is_told(source, target):
    states(source, target)
    path = target / MANIFEST
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(ManifestError, match="is damaged"):
        states(source, target)


def test_earlier_runs_say_how_long_it_takes(source, target):
    assert earlier_speed(target) == 0
    states(source, target)
    assert earlier_speed(target) > 0


def test_a_script_restores_a_collection(source, target):
    told = []
    found = batch("prepare", source, target, removed=True, progress=told.append)
    assert [entry.path for entry in found] == sorted(ALL) and len(told) == 3
    assert all(len(entry.outputs) == 3 for entry in found)
    with pytest.raises(PresetError, match="there is no preset"):
        batch("prepair", source, target)
    with pytest.raises(PlanError, match="a collection needs a folder"):
        batch("prepare", source, target / "a.wav")

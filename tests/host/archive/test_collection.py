"""A collection: done where source, recipe and outputs agree by their hashes, whatever ended a run."""

import os
import shutil
import sqlite3
import threading

import pytest
from wavemend.errors import AudioFileError, Cancelled, ManifestError, PlanError, PresetError, TargetBusyError
from wavemend.host.archive import manifest as manifest_module
from wavemend.host.archive import restoring, verifying
from wavemend.host.archive.collection import batch, earlier_speed, run_collection
from wavemend.host.archive.executors import Needs, ThisMachine
from wavemend.host.archive.manifest import MANIFEST, Manifest
from wavemend.host.archive.sight import questions
from wavemend.host.archive.verifying import verify
from wavemend.host.files.source_file import SourceFile
from wavemend.host.rendering.options import RenderOptions

from tests.host.archive.runs import ALL, collection, entries, files, lasting, states
from tests.host.recordings import damaged, write


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

    def failing(options, chain, opened, *rest, **more):
        if opened.path.name == "c.wav":
            raise RuntimeError("a stage's own mistake")
        return real(options, chain, opened, *rest, **more)

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


def test_what_a_killed_run_asked_its_workers_with_goes_with_the_next(source, target):
    target.mkdir()
    with questions(Needs(target, [])):
        (left,) = target.iterdir()
        content = left.read_bytes()
    assert not left.exists()
    left.write_bytes(content)
    states(source, target)
    assert not left.exists()


def test_a_run_in_processes_makes_the_same(source, target, tmp_path):
    states(source, target)
    folder = tmp_path / "two"
    outcomes = [*run_collection(collection(source, folder), executor=ThisMachine(2))]
    assert all(outcome.rendered for outcome in outcomes)
    assert files(folder) == files(target)
    assert lasting(folder) == lasting(target)


def test_a_source_is_opened_once_and_hashed_before_and_after(source, target, monkeypatch):
    hashed = []
    real = SourceFile._hash

    def counted(self):
        hashed.append(self.path.name)
        return real(self)

    monkeypatch.setattr(SourceFile, "_hash", counted)
    states(source, target)
    assert sorted(hashed) == ["a.wav"] * 2 + ["b.flac"] * 2 + ["c.wav"] * 2


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

"""Many recordings: names are decided first, collisions refuse the run, failures do not stop it."""

import os
import signal
import sys

import numpy as np
import pytest
import soundfile
from wavemend import Chain
from wavemend.errors import PlanError
from wavemend.host.archive.batch import plan, run
from wavemend.host.rendering.options import RenderOptions
from wavemend.host.storage.publishing import Publication
from wavemend.plugins.dc_offset import DcOffset

from tests.host.recordings import RATE, damaged, write


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    (folder / "box 1").mkdir(parents=True)
    write(folder / "a.wav", damaged(0.3))
    write(folder / "box 1" / "b.flac", damaged(0.3))
    soundfile.write(folder / "box 1" / "c.ogg", damaged(0.3).T, RATE)
    (folder / "notes.txt").write_text("not sound")
    return folder


def outputs(jobs, folder):
    return [str(job.output.relative_to(folder)) for job in jobs]


def test_a_folder_keeps_its_structure(archive, tmp_path):
    target = tmp_path / "out"
    jobs = plan([str(archive)], target)
    assert outputs(jobs, target) == ["a.wav", "box 1/b.flac", "box 1/c.flac"]
    assert not target.exists()  # a plan writes nothing


def test_outputs_of_an_earlier_run_inside_the_folder_are_no_inputs(archive):
    target = archive / "restored"
    assert all(o.rendered for o in run(Chain, plan([str(archive)], target)))
    jobs = plan([str(archive)], target, skip_existing=True)
    assert len(jobs) == 3 and all(job.skipped for job in jobs)


def test_globs_and_files(archive, tmp_path):
    jobs = plan([str(archive / "**" / "*.flac"), str(archive / "a.wav")], tmp_path / "out")
    assert outputs(jobs, tmp_path / "out") == ["box 1/b.flac", "a.wav"]
    odd = write(archive / "side [1].wav", damaged(0.3))
    assert plan([str(odd)], tmp_path / "x.wav")[0].source == odd  # a name that looks like a pattern
    with pytest.raises(PlanError, match="no file matches"):
        plan([str(archive / "*.aiff")], tmp_path / "out")
    assert outputs(plan([str(archive / "box*")], tmp_path / "out"), tmp_path / "out") == [
        "box 1/b.flac", "box 1/c.flac",
    ]  # fmt: skip
    with pytest.raises(PlanError, match="no sound files"):
        plan([str(tmp_path)], tmp_path / "archive")


def test_one_file_may_be_named(archive, tmp_path):
    (job,) = plan([str(archive / "a.wav")], tmp_path / "restored.flac")
    assert job.output == tmp_path / "restored.flac"
    (job,) = plan([str(archive / "a.wav")], tmp_path / "restored")
    assert job.output == tmp_path / "restored" / "a.wav"


def test_a_recording_is_called_by_what_tells_it_from_others(tmp_path):
    for folder in ("a/disc1", "a/disc2", "b/disc1"):
        (tmp_path / folder).mkdir(parents=True)
        write(tmp_path / folder / "track01.wav", damaged(0.2))
    jobs = plan([str(tmp_path / "a")], tmp_path / "out")
    assert [job.name for job in jobs] == ["disc1/track01.wav", "disc2/track01.wav"]
    jobs = plan([str(tmp_path / "?" / "disc1")], tmp_path / "out")
    assert [job.name for job in jobs] == ["a/disc1/track01.wav", "b/disc1/track01.wav"]


@pytest.mark.parametrize(
    "names", [("side.ogg", "side.flac"), ("Side.wav", "side.wav"), ("x/side.wav", "side.wav")]
)
def test_two_inputs_never_go_into_one_name(tmp_path, names):
    sources = []
    for name in names:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "in" / name, damaged(0.2).T, RATE)
        sources.append(str(tmp_path / "in" / name))
    with pytest.raises(PlanError, match="would both be written to"):
        plan(sources, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out").exists()


def test_what_was_removed_collides_with_nothing(tmp_path):
    for name in ("side.wav", "side.removed.wav"):
        write(tmp_path / name, damaged(0.2))
    sources = [str(tmp_path / "side.wav"), str(tmp_path / "side.removed.wav")]
    plan(sources, tmp_path / "out")
    with pytest.raises(PlanError, match="both"):
        plan(sources, tmp_path / "out", removed=True)


def test_inputs_are_never_written_over(archive):
    with pytest.raises(PlanError, match="inputs are never written over"):
        plan([str(archive)], archive, overwrite=True)


def test_existing_outputs_refuse_the_run_unless_told(archive, tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "a.wav").write_text("precious")
    with pytest.raises(PlanError, match=r"a\.wav: is there already; say --overwrite .*--skip-existing"):
        plan([str(archive)], target)
    assert [job.skipped for job in plan([str(archive)], target, skip_existing=True)] == [True, False, False]
    assert not any(job.skipped for job in plan([str(archive)], target, overwrite=True))


def test_bad_files_are_told_about_and_the_others_go_on(archive, tmp_path):
    (archive / "0.wav").write_text("no sound at all")
    write(archive / "1.wav", np.zeros((1, 0)))
    whole = (archive / "box 1" / "b.flac").read_bytes()
    (archive / "2.flac").write_bytes(whole[: len(whole) // 2])
    outcomes = list(run(lambda: Chain([DcOffset()]), plan([str(archive)], tmp_path / "out")))
    failed = [outcome.job.source.name for outcome in outcomes if outcome.error]
    assert failed == ["0.wav", "1.wav", "2.flac"]
    assert all(o.job.source.name in o.error and "\n" not in o.error for o in outcomes if o.error)
    made = sorted(p.name for p in (tmp_path / "out").rglob("*") if p.is_file() and ".report." not in p.name)
    assert made == ["a.wav", "b.flac", "c.flac"]


class Deadly(DcOffset):
    """Ends the process that restores a recording of one channel."""

    def processor(self, sample_rate, channels, findings):
        if channels == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().processor(sample_rate, channels, findings)


def deadly():
    return Chain([Deadly()])


@pytest.mark.whole
def test_files_are_the_same_from_any_number_of_workers(archive, tmp_path):
    for workers in (1, 3):
        jobs = plan([str(archive)], tmp_path / str(workers), removed=True)
        assert all(o.rendered for o in run(deadly, jobs, RenderOptions(removed=True), workers=workers))
    alone, together = (sorted(p for p in (tmp_path / n).rglob("*") if p.is_file()) for n in "13")
    assert len(alone) == 9
    for one, other in zip(alone, together, strict=True):
        assert one.name == other.name and one.read_bytes() == other.read_bytes()


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_worker_that_dies_costs_one_recording(archive, tmp_path):
    write(archive / "0.wav", damaged(0.3, channels=1))
    started = []
    jobs = plan([str(archive)], tmp_path / "out")
    outcomes = list(run(deadly, jobs, workers=2, on_start=lambda job: started.append(job.name)))
    failed = [o for o in outcomes if o.error]
    assert [o.job.name for o in failed] == ["0.wav"] and len(outcomes) == 4
    assert "0.wav: the process that worked on it was ended by SIGKILL" in failed[0].error
    assert sorted(started) == sorted(job.name for job in jobs)
    assert not list((tmp_path / "out").rglob(".*"))


def test_a_stage_that_breaks_costs_one_recording(archive, tmp_path):
    class Broken(DcOffset):
        def processor(self, sample_rate, channels, findings):
            raise ZeroDivisionError("worn out")

    chains = iter([Chain(), Chain([Broken()]), Chain()])
    outcomes = list(run(lambda: next(chains), plan([str(archive)], tmp_path / "out")))
    assert [bool(outcome.rendered) for outcome in outcomes] == [True, False, True]
    assert "b.flac: ZeroDivisionError: worn out" in outcomes[1].error


def test_what_another_run_writes_or_wrote_meanwhile_is_a_skip_that_is_told(archive, tmp_path):
    target = tmp_path / "out"
    (target / "box 1").mkdir(parents=True)
    jobs = plan([str(archive)], target, skip_existing=True)
    assert not any(job.skipped for job in jobs)
    write(target / "box 1" / "b.flac", damaged(0.1))
    with Publication() as other:
        other.part_of(target / "a.wav")
        outcomes = {outcome.job.name: outcome for outcome in run(Chain, jobs)}
    assert not any(outcome.error for outcome in outcomes.values())
    assert "another wavemend is writing it" in outcomes["a.wav"].taken
    assert "is there already" in outcomes["box 1/b.flac"].taken
    assert outcomes["box 1/c.ogg"].rendered
    with Publication() as other:
        other.part_of(target / "a.wav")
        (outcome,) = run(Chain, plan([str(archive / "a.wav")], target))  # asked for, not just the rest
    assert "another wavemend is writing it" in outcome.error


def test_a_name_of_255_bytes_may_get_a_longer_ending(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "x.wav", damaged(0.2)).rename(tmp_path / "in" / ("é" * 125 + "x.aif"))
    write(tmp_path / "x.wav", damaged(0.2)).rename(tmp_path / "in" / ("é" * 125 + "y.wav"))
    soundfile.write(tmp_path / "x.ogg", damaged(0.2).T, RATE)
    (tmp_path / "x.ogg").rename(tmp_path / "in" / ("é" * 125 + "x.ogg"))
    outcomes = list(
        run(Chain, plan([str(tmp_path / "in")], tmp_path / "out", removed=True), RenderOptions(removed=True))
    )
    assert all(outcome.rendered for outcome in outcomes), [outcome.error for outcome in outcomes]
    assert len(list((tmp_path / "out").iterdir())) == 9
    assert all(job.skipped for job in plan([str(tmp_path / "in")], tmp_path / "out", skip_existing=True))

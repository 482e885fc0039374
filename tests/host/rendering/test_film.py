"""Films through chains: the sound restored, all else as it was, whole or not at all."""

import json
import signal
import sys
import threading

import numpy as np
import pytest
import soundfile
from wavemend import Chain, batch, render
from wavemend.errors import AudioFileError, Cancelled, ParameterError, PlanError, TargetExistsError
from wavemend.host.archive.batch import plan
from wavemend.host.storage.hashing import sha256_of
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.declick.stage import Declick
from wavemend.plugins.rumble import Rumble

from tests.host.failing_disks import counted_reads, failing_at
from tests.host.films import RATE, chapters, described, heard, make_film, packets, seen, sound


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def matroska(place):
    return make_film(place / "film.mkv", "matroska", start_s=0.2)


@pytest.fixture(scope="module")
def plain(place):
    return make_film(place / "plain.mov", "mov", "pcm_s16le")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_pictures_and_all_else_are_as_they_were_and_the_sound_is_in_time(tmp_path, container):
    old = make_film(tmp_path / f"film.{container[:2]}4", container, start_s=0.2)
    new = tmp_path / "out" / ("film.mp4" if container == "mp4" else "film.mkv")
    rendered = render(Chain([DcOffset()]), old, new)
    assert rendered.output == new
    assert packets(new, "video") == packets(old, "video")
    assert packets(new, "audio", 1) == packets(old, "audio", 1)
    assert chapters(new) == chapters(old)
    assert described(new) == described(old)
    assert abs((heard(new)[0] - seen(new)) - (heard(old)[0] - seen(old))) < 0.001
    assert names(new.parent) == [new.name, f"{new.name}.report.json"]


def test_a_click_is_repaired_in_the_film(plain, tmp_path):
    rendered = render(Chain([Declick()]), plain, tmp_path / "a.mov", removed=True, events=True, labels=True)
    before, after = heard(plain)[1], heard(tmp_path / "a.mov")[1]
    assert np.abs(before).max() > 0.7
    assert np.abs(after).max() < 0.1
    taken = soundfile.read(tmp_path / "a.removed.wav", always_2d=True)[0].T
    np.testing.assert_array_equal(after[:, : 2 * RATE] + taken, sound())
    assert sum(rendered.events.values()) >= 1
    assert names(tmp_path) == [
        "a.mov", "a.mov.events.jsonl", "a.mov.labels.txt", "a.mov.report.json", "a.removed.wav"
    ]  # fmt: skip


def test_the_report_is_of_the_film(plain, tmp_path):
    render(Chain([Declick()]), plain, tmp_path / "a.mov", removed=True, labels=True)
    report = json.loads((tmp_path / "a.mov.report.json").read_text())
    assert report["input"] | {"sha256": ""} == {
        "name": "plain.mov", "sha256": "", "container": "MOV", "subtype": "PCM_16", "sample_rate": RATE,
        "channels": 2,
    }  # fmt: skip
    assert report["input"]["sha256"] == sha256_of(plain)
    assert report["output"]["sha256"] == sha256_of(tmp_path / "a.mov")
    assert report["removed"]["sha256"] == sha256_of(tmp_path / "a.removed.wav")
    (beside,) = report["beside"]
    assert beside == {"name": "a.mov.labels.txt", "sha256": sha256_of(tmp_path / "a.mov.labels.txt")}
    (track,) = report["tracks"]
    assert (track["track"], track["coding"], track["written_as"]) == (1, "pcm_s16le", "pcm_s16le")
    assert "av" in report["versions"]


def test_the_track_that_is_named_is_restored_and_the_others_copied(matroska, tmp_path):
    render(Chain([Rumble()]), matroska, tmp_path / "two.mkv", track=2)
    assert packets(tmp_path / "two.mkv", "audio", 0) == packets(matroska, "audio", 0)
    assert packets(tmp_path / "two.mkv", "audio", 1) != packets(matroska, "audio", 1)
    every = render(Chain([Rumble()]), matroska, tmp_path / "all.mkv", track="all")
    assert packets(tmp_path / "all.mkv", "audio", 0) != packets(matroska, "audio", 0)
    assert packets(tmp_path / "all.mkv", "audio", 1) == packets(tmp_path / "two.mkv", "audio", 1)
    assert [warning[:8] for warning in every.warnings] == ["track 1:", "track 2:"]


@pytest.mark.parametrize("track", [0, -1, "two", True, 1.0])
def test_a_track_that_cannot_be_is_refused(plain, tmp_path, track):
    with pytest.raises(ParameterError, match="track="):
        render(Chain(), plain, tmp_path / "a.mov", track=track)


def test_what_is_of_one_track_is_not_asked_of_several(matroska, tmp_path):
    with pytest.raises(ParameterError, match="say --track 1"):
        render(Chain(), matroska, tmp_path / "a.mkv", track="all", events=True)
    assert names(tmp_path) == []


def test_an_ending_of_another_kind_is_refused_before_anything_is_restored(plain, tmp_path):
    told = []
    with pytest.raises(AudioFileError, match=r"plain.mov is put into MOV; name the output .mov"):
        render(Chain(), plain, tmp_path / "a.wav", progress=lambda share, doing: told.append(doing))
    assert told == []
    assert names(tmp_path) == []


def test_trimmed_ends_leave_what_is_heard_in_time(place, tmp_path):
    audio_begins = 0.6

    def quiet(out):
        out.streams.audio[0].metadata["title"] = "quiet"

    old = make_film(place / "quiet.mkv", "matroska", "pcm_s16le", others=quiet, silent_s=audio_begins)
    render(Chain(), old, tmp_path / "a.mkv", trim_ends_s=0.1)
    assert abs(heard(tmp_path / "a.mkv")[0] - heard(old)[0]) < 0.001
    assert packets(tmp_path / "a.mkv", "audio")[0][1] == pytest.approx(audio_begins - 0.1, abs=0.06)


def test_an_existing_film_is_not_written_over(plain, tmp_path):
    (tmp_path / "a.mov").write_bytes(b"mine")
    with pytest.raises(TargetExistsError):
        render(Chain(), plain, tmp_path / "a.mov")
    with pytest.raises(AudioFileError, match="is the input itself"):
        render(Chain(), plain, plain, overwrite=True)
    assert names(tmp_path) == ["a.mov"]
    assert (tmp_path / "a.mov").read_bytes() == b"mine"


@pytest.mark.parametrize("doing", ["decoding", "restoring", "putting", "checking"])
def test_cancelled_wherever_it_is_nothing_is_left(matroska, tmp_path, doing):
    cancel = threading.Event()
    shares = []

    def progress(share, what):
        shares.append(share)
        if what.startswith(doing):
            cancel.set()

    with pytest.raises(Cancelled):
        render(Chain([DcOffset()]), matroska, tmp_path / "a.mkv", progress=progress, cancel=cancel)
    assert names(tmp_path) == []
    assert shares == sorted(shares)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_a_disk_that_fails_costs_the_output_and_says_so(matroska, tmp_path, monkeypatch, share):
    with monkeypatch.context() as patched:
        reads = counted_reads(patched, matroska)
        render(Chain(), matroska, tmp_path / "whole.mkv")
    counted_reads(monkeypatch, matroska, failing_at(1 + int(share * len(reads))))
    with pytest.raises(AudioFileError, match=r"film.mkv: reading failed at byte"):
        render(Chain(), matroska, tmp_path / "a.mkv")
    assert names(tmp_path) == ["whole.mkv", "whole.mkv.report.json"]


@pytest.mark.parametrize("share", [0.1, 0.6, 0.9])
def test_an_interrupt_within_a_read_is_not_lost(matroska, tmp_path, monkeypatch, share):
    def interrupt(read):
        if read == 1 + int(share * len(reads)):
            signal.raise_signal(signal.SIGINT)

    reads = []
    with monkeypatch.context() as patched:
        reads = counted_reads(patched, matroska)
        render(Chain(), matroska, tmp_path / "whole.mkv")
    counted_reads(monkeypatch, matroska, interrupt)
    with pytest.raises(KeyboardInterrupt):
        render(Chain(), matroska, tmp_path / "a.mkv")
    assert names(tmp_path) == ["whole.mkv", "whole.mkv.report.json"]


def test_a_collection_takes_films_and_knows_them_again(matroska, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    (source / "film.mkv").write_bytes(matroska.read_bytes())
    (source / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    entries = {one.name: one for one in batch("prepare", source, tmp_path / "out")}
    assert entries["film.mkv"].state == "done"
    assert [output.path for output in entries["film.mkv"].outputs] == ["film.mkv", "film.mkv.report.json"]
    assert entries["broken.mp4"].state == "failed"
    told = []
    batch("prepare", source, tmp_path / "out", progress=told.append)
    assert [one.taken for one in told if not one.error] == ["done, and nothing has changed since"]


def test_plans_know_names_and_lengths_of_films(matroska, plain, tmp_path):
    first, second = plan([str(matroska), str(plain)], tmp_path / "out")
    assert (first.output, second.output) == (tmp_path / "out/film.mkv", tmp_path / "out/plain.mov")
    assert first.seconds == pytest.approx(2.2, abs=0.1)
    (wrong,) = plan([str(make_film(tmp_path / "called.mp4", "matroska"))], tmp_path / "out")
    assert wrong.output == tmp_path / "out/called.mkv"
    with pytest.raises(PlanError, match=r"plain.mov is put into MOV; name the output .mov"):
        plan([str(plain)], tmp_path / "out.mkv")


def test_importing_wavemend_loads_no_pyav():
    loaded = [name for name in sys.modules if name.startswith("wavemend")]
    assert loaded
    import wavemend.host.archive.collection
    import wavemend.host.rendering.render

    for module in (wavemend.host.archive.collection, wavemend.host.rendering.render):
        assert "av" not in vars(module)

"""A recording that changes, moves or cannot be read while it is worked on: refused or told, never a lie."""

import json
import os
import sys

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, analyse, render
from wavemend.errors import AudioFileError
from wavemend.host.cli.findings_page import analyse_file
from wavemend.host.recording.document_files import document_path, save_document
from wavemend.host.recording.preparation import open_document
from wavemend.host.storage.hashing import sha256_of
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.declick.stage import Declick

from tests.host.commands import wavemend
from tests.host.survey.test_analyse import Wanted, hear

from .failing_disks import counted_reads, failing_at, interrupted_at, spread
from .files.sound_files import encoded
from .recordings import damaged, words

KINDS = {"wav": "PCM_16", "flac": "PCM_16", "mp3": "MPEG_LAYER_III", "ogg": "VORBIS", "opus": "OPUS"}
WANTED = {"removed": True, "events": True, "labels": True, "trim_ends_s": 0.1}
DOING = (
    "recognising the recording",
    "looking for silent ends",
    "measuring its peak",
    "listening",
    "restoring",
)


def recording(path, seed=0):
    kind = path.suffix.removeprefix(".")
    container = "OGG" if kind == "opus" else kind.upper()
    audio = damaged(1.0 + 0.2 * seed, seed=seed)
    audio[:, :20_000] = 0
    encoded(path, container, KINDS[kind], audio)
    os.utime(path, (1000 + seed, 1000 + seed))
    return path


def files(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def first_time(doing, act):
    """Return a progress callback that acts once, when `doing` is first told of."""
    done = []

    def progress(share, told):
        if told.startswith(doing) and not done:
            done.append(act())

    return progress, done


def grow(source):
    with source.open("ab") as file:
        file.write(bytes(1000))


def overwrite(source):
    """Change some bytes, and hide that from whoever looks at dates alone."""
    status = source.stat()
    with source.open("r+b") as file:
        file.seek(status.st_size // 2)
        file.write(b"other bytes")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))


def cut(source):
    os.truncate(source, source.stat().st_size // 2)


@pytest.mark.parametrize(
    ("kind", "doing"),
    # a peak is measured of what can pass full scale
    [
        (kind, doing)
        for kind in KINDS
        for doing in DOING
        if kind not in {"wav", "flac"} or "peak" not in doing
    ],
)
def test_a_source_that_is_replaced_is_never_reported_as_the_new_one(tmp_path, kind, doing):
    source = recording(tmp_path / f"a.{kind}")
    other = recording(tmp_path / f"other.{kind}", seed=1)
    if doing == DOING[0]:
        save_document(open_document(source)[0].document, document_path(source))
    before = files(tmp_path)
    chain = Chain([DcOffset(), Declick(), pedalboard.Limiter()])
    progress, done = first_time(doing, lambda: other.replace(source))
    # the recording is read once beforehand, under the name of the first thing that it is read for
    wanted = WANTED | ({"trim_ends_s": None} if "peak" in doing else {})
    with pytest.raises(AudioFileError, match="another file took its place"):
        render(chain, source, tmp_path / "out" / "b.flac", progress=progress, **wanted)
    assert done and not files(tmp_path / "out")
    before[source.name] = before.pop(other.name)
    assert files(tmp_path) == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", [grow, overwrite, cut])
@pytest.mark.parametrize("doing", ["looking for silent ends", "restoring"])
def test_a_source_that_is_written_into_is_refused(tmp_path, kind, change, doing):
    source = recording(tmp_path / f"a.{kind}")
    progress, done = first_time(doing, lambda: change(source))
    # Behind other bytes of the same length and date a decoder may stumble before the end tells.
    also = "|truncated|cannot be read as sound" if change is overwrite else ""
    with pytest.raises(AudioFileError, match=f"changed while it was being read{also}"):
        render(Chain([Declick()]), source, tmp_path / "out" / "b.flac", progress=progress, **WANTED)
    assert done and not files(tmp_path / "out")


def test_a_source_that_is_moved_away_is_restored_as_what_it_was(tmp_path):
    source = recording(tmp_path / "a.wav")
    digest = sha256_of(source)
    progress, done = first_time("looking for silent ends", lambda: source.rename(tmp_path / "moved.wav"))
    told = render(
        Chain([Declick()]), source, tmp_path / "b.wav", removed=True, trim_ends_s=0, progress=progress
    )
    report = json.loads(told.report.read_text())
    assert done and report["input"]["sha256"] == digest == sha256_of(tmp_path / "moved.wav")
    assert report["restored_plus_removed_is_original"]
    original, restored, removed = (
        words(path) for path in (tmp_path / "moved.wav", told.output, told.removed)
    )
    begin = report["trim"]["position"]
    assert np.array_equal(restored + removed, original[:, begin : begin + restored.shape[1]])


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_listening_refuses_what_changes(tmp_path, kind):
    for change, message in ((grow, "changed while"), (None, "another file took its place")):
        source, other = recording(tmp_path / f"a.{kind}"), recording(tmp_path / f"other.{kind}", seed=1)
        act = (lambda: change(source)) if change else (lambda: other.replace(source))  # noqa: B023
        for listen in (analyse, open_document):
            progress, done = first_time("", act)
            with pytest.raises(AudioFileError, match=message):
                listen(source, progress=progress)
            recording(source), recording(other, seed=1)
            assert done


@pytest.mark.whole
@pytest.mark.parametrize("command", [("analyse", "--write", "--json"), ("document", "--trim", "0:00-0:00.5")])
def test_no_document_is_written_for_what_changes(tmp_path, command):
    source = recording(tmp_path / "a.wav")
    script = (
        "import os, sys\n"
        "from wavemend.host.files.audio_reader import AudioReader\n"
        "plain = AudioReader.read\n"
        "def read(self, start, count):\n"
        "    with open(self.path, 'ab') as file: file.write(b'x')\n"
        "    return plain(self, start, count)\n"
        "AudioReader.read = read\n"
        "from wavemend.host.cli.main import main\n"
        "main()"
    )
    done = wavemend(command[0], source, *command[1:], script=script)
    assert done.returncode == (1 if command[0] == "analyse" else 2)
    assert "Traceback" not in done.stderr and "changed while it was being read" in done.stderr
    assert files(tmp_path).keys() == {"a.wav"}


def test_a_picture_is_of_what_was_heard(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    source, other = recording(tmp_path / "a.wav"), recording(tmp_path / "other.wav", seed=1)

    def heard(*arguments, **options):
        page = analyse_file(*arguments, **options)
        other.replace(source)
        return page

    monkeypatch.setattr("wavemend.host.cli.findings_page.analyse_file", heard)
    pages, failed, _ = hear(source, wanted=Wanted(pictures=tmp_path / "pictures"))
    assert len(pages) == 1 and "another file took its place" in failed[0]
    assert not files(tmp_path / "pictures")


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fails_at_any_read_ends_in_one_error(tmp_path, monkeypatch, kind):
    source, out = recording(tmp_path / f"a.{kind}"), tmp_path / "out"
    with monkeypatch.context() as patch:
        reads = counted_reads(patch, source)
        render(Chain([Declick()]), source, tmp_path / "whole.flac", **WANTED)
    for number in spread(len(reads), 10):
        with monkeypatch.context() as patch:
            counted_reads(patch, source, failing_at(number))
            with pytest.raises(AudioFileError, match=r"reading failed at byte \d+: Input/output error; copy"):
                render(Chain([Declick()]), source, out / "b.flac", **WANTED)
        assert not files(out)


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupt_at_any_read_leaves_nothing(tmp_path, monkeypatch, kind):
    source, out = recording(tmp_path / f"a.{kind}"), tmp_path / "out"
    with monkeypatch.context() as patch:
        reads = counted_reads(patch, source)
        render(Chain([Declick()]), source, tmp_path / "whole.flac", **WANTED)
    for number in spread(len(reads), 6):
        with monkeypatch.context() as patch:
            counted_reads(patch, source, interrupted_at(number))
            with pytest.raises(KeyboardInterrupt):
                render(Chain([Declick()]), source, out / "b.flac", **WANTED)
        assert not files(out)


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("happen", "code", "said"),
    [
        ("interrupted_at(30)", 130, "error: interrupted; nothing unfinished was left behind"),
        ("failing_at(30)", 1, "reading failed at byte"),
    ],
)
def test_the_command_line_ends_as_it_should(tmp_path, happen, code, said):
    source = recording(tmp_path / "a.mp3")
    script = (
        "import sys, pytest\n"
        "from tests.host.failing_disks import *\n"
        "from pathlib import Path\n"
        f"counted_reads(pytest.MonkeyPatch(), Path(sys.argv[3]), {happen})\n"
        "from wavemend.host.cli.main import main\n"
        "main()"
    )
    done = wavemend("render", "prepare", source, "-o", tmp_path / "out", script=script)
    assert done.returncode == code, done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr and "cffi" not in done.stderr
    assert done.stderr.count("error: ") == 1 and not files(tmp_path / "out")

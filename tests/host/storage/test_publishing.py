"""Files appear whole or not at all, and nothing is written over unasked."""

import errno
import itertools
import json
import os
import subprocess
import sys
import threading
import time
import traceback

import pytest
from wavemend.errors import AudioFileError, TargetBusyError, TargetExistsError
from wavemend.host.storage import publishing
from wavemend.host.storage.file_names import fitted
from wavemend.host.storage.hashing import sha256_of
from wavemend.host.storage.locking import hold
from wavemend.host.storage.publishing import (
    JOURNAL_SUFFIX,
    PART_SUFFIX,
    REPLACED_SUFFIX,
    Publication,
    clear_leftovers,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_parts_become_their_targets(tmp_path):
    with Publication() as publication:
        for name in ("a.wav", "b.wav"):
            publication.part_of(tmp_path / name).write_text(name)
        assert names(tmp_path) == [f".a.wav{PART_SUFFIX}", f".b.wav{PART_SUFFIX}"]
        publication.publish()
    assert names(tmp_path) == ["a.wav", "b.wav"]
    assert (tmp_path / "a.wav").read_text() == "a.wav"


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_where_something_fails(tmp_path, failure):
    with pytest.raises(failure), Publication() as publication:
        publication.part_of(tmp_path / "a.wav").write_text("half")
        raise failure
    assert names(tmp_path) == []


def test_existing_targets_are_refused_even_those_that_appear_meanwhile(tmp_path):
    (tmp_path / "a.wav").write_text("precious")
    with Publication() as publication:
        with pytest.raises(AudioFileError, match="a.wav: is there already; say --overwrite"):
            publication.part_of(tmp_path / "a.wav")
        publication.part_of(tmp_path / "b.wav").write_text("new")
        (tmp_path / "b.wav").write_text("precious")
        with pytest.raises(AudioFileError, match="is there already"):
            publication.publish()
    assert {path.read_text() for path in tmp_path.iterdir()} == {"precious"}


def test_overwriting_replaces(tmp_path):
    (tmp_path / "a.wav").write_text("old")
    with Publication(overwrite=True) as publication:
        publication.part_of(tmp_path / "a.wav").write_text("new")
        assert (tmp_path / "a.wav").read_text() == "old"
        publication.publish()
    assert (tmp_path / "a.wav").read_text() == "new"
    assert names(tmp_path) == ["a.wav"]


def no_links(*_, **options):
    raise PermissionError(1, "not here")


def test_where_hard_links_do_not_work(tmp_path, monkeypatch):
    monkeypatch.setattr("os.link", no_links)
    with Publication() as publication:
        publication.part_of(tmp_path / "a.wav").write_text("new")
        publication.publish()
    assert names(tmp_path) == ["a.wav"]


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")
def test_a_killed_process_is_cleared_away_and_a_living_one_is_not(tmp_path):
    script = (
        "import sys, pathlib, os; from wavemend.host.storage.publishing import Publication\n"
        "publication = Publication()\n"
        "publication.part_of(pathlib.Path(sys.argv[1])).write_text('half'); print('ready', flush=True)\n"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.wav")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert clear_leftovers(tmp_path) == []
        with Publication() as publication, pytest.raises(AudioFileError, match="another wavemend is writing"):
            publication.part_of(tmp_path / "a.wav")
        other.kill()
    assert names(tmp_path) == [f".a.wav{PART_SUFFIX}"]
    assert clear_leftovers(tmp_path) == [tmp_path / f".a.wav{PART_SUFFIX}"]
    assert names(tmp_path) == []


def test_who_clears_a_folder_away_for_an_instant_stops_nobody(tmp_path):
    looking = hold(tmp_path / "a.wav", PART_SUFFIX)
    threading.Timer(0.05, looking.file.close).start()
    with Publication() as publication:
        publication.part_of(tmp_path / "a.wav").write_text("new")
        publication.publish()
    assert names(tmp_path) == ["a.wav"]


def test_a_set_that_is_just_put_back_is_waited_for(tmp_path):
    """As where two workers of a resumed run begin in the same folder: one settles what the other renders."""
    (tmp_path / f".a.wav{PART_SUFFIX}").write_text("of a killed run")
    settling = hold(tmp_path / "a.wav", JOURNAL_SUFFIX)

    def settle():
        (tmp_path / f".a.wav{PART_SUFFIX}").unlink()
        settling.path.unlink()
        settling.file.close()

    threading.Timer(0.1, settle).start()
    with Publication() as publication:
        publication.part_of(tmp_path / "a.wav").write_text("new")
        time.sleep(0.15)
        publication.publish()
    assert names(tmp_path) == ["a.wav"]
    assert (tmp_path / "a.wav").read_text() == "new"


def test_a_set_that_someone_else_publishes_is_busy(tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "_SETTLING_S", 0.05)
    other = hold(tmp_path / "a.wav", JOURNAL_SUFFIX)
    with Publication() as publication, pytest.raises(TargetBusyError):
        publication.part_of(tmp_path / "a.wav")
    assert names(tmp_path) == [other.path.name]
    other.file.close()


def test_an_unwritable_folder_is_named(tmp_path):
    with Publication() as publication, pytest.raises(AudioFileError, match="nowhere.*cannot be written"):
        publication.part_of(tmp_path / "nowhere" / "a.wav")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "a.wav: no space left on its disk"),
        (AudioFileError("{part}: broken"), "a.wav: broken"),
    ],
)
def test_errors_name_the_file_that_was_asked_for(tmp_path, error, message):
    with pytest.raises(AudioFileError, match=message) as caught, Publication() as publication:
        part = publication.part_of(tmp_path / "a.wav")
        raise type(error)(*(a.format(part=part) if isinstance(a, str) else a for a in error.args))
    assert PART_SUFFIX not in str(caught.value)
    assert names(tmp_path) == []


def test_a_set_is_published_whole_or_not_at_all(tmp_path):
    with pytest.raises(AudioFileError, match="is there already"), Publication() as publication:
        publication.part_of(tmp_path / "a.wav.report.json").write_text("new")
        publication.part_of(tmp_path / "a.wav").write_text("new")
        (tmp_path / "a.wav").symlink_to("nowhere.wav")  # there, though it leads nowhere
        publication.publish()
    assert names(tmp_path) == ["a.wav"] and (tmp_path / "a.wav").is_symlink()


def test_a_part_may_get_another_target(tmp_path):
    (tmp_path / "c.wav").write_text("precious")
    with Publication() as publication:
        part = publication.part_of(tmp_path / "a.flac")
        part.write_text("new")
        with pytest.raises(AudioFileError, match=r"c\.wav: is there already"):
            publication.retarget(part, tmp_path / "c.wav")
        publication.retarget(part, tmp_path / "a.wav")
        publication.publish()
    assert names(tmp_path) == ["a.wav", "c.wav"] and (tmp_path / "a.wav").read_text() == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks and links")
@pytest.mark.parametrize("again", [False, True])
def test_killed_while_publishing_the_target_keeps_its_bytes(tmp_path, again):
    target, part = tmp_path / "a.wav", tmp_path / f".a.wav{PART_SUFFIX}"
    target.write_text("whole")
    part.hardlink_to(target)  # the state between the two steps of publishing
    if again:
        with Publication(overwrite=True) as publication:
            publication.part_of(target).write_text("half")
    else:
        assert clear_leftovers(tmp_path) == [part]
    assert names(tmp_path) == ["a.wav"] and target.read_text() == "whole"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links")
def test_a_link_under_the_name_of_a_part_is_not_followed(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    (tmp_path / f".a.wav{PART_SUFFIX}").symlink_to(precious)
    (tmp_path / f".b.wav{PART_SUFFIX}").symlink_to("nowhere")
    clear_leftovers(tmp_path)
    for name in ("a.wav", "b.wav"):
        with Publication() as publication, pytest.raises(AudioFileError, match="cannot be written"):
            publication.part_of(tmp_path / name)
    assert precious.read_text() == "precious" and not (tmp_path / "nowhere").exists()


SET = ("a.wav", "a.wav.report.json", "a.removed.wav", "a.wav.events.jsonl", "a.wav.labels.txt")
STEPS = ("fsync", "link", "replace", "rename", "unlink")


def publish_set(folder, *, overwrite):
    with Publication(overwrite=overwrite) as publication:
        for name in SET:
            publication.part_of(folder / name).write_text(f"new {name}")
        publication.publish()


def stop_at(count, stop, patch):
    """Have a step that changes the disk call `stop`: odd counts before it, even ones when it is done."""
    done = 0

    def counted(step):
        def call(*arguments, **options):
            nonlocal done
            done += 1
            if done == count:
                stop()
            result = step(*arguments, **options)
            done += 1
            if done == count:
                stop()
            return result

        return call

    patch.setattr(os, "fsync", lambda descriptor: None)  # slow, and not what is asked here
    for name in STEPS:
        patch.setattr(os, name, counted(getattr(os, name)))


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def killed(work, count, patch):
    """Run `work` in a process that dies at a step; tell whether it did."""
    child = os.fork()
    if child == 0:
        try:
            stop_at(count, lambda: os._exit(9), patch)
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(2)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, 9}
    return code == 9


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="fork")
@pytest.mark.parametrize(("old", "links"), [((), True), (SET, True), (SET[:2], False)])
def test_killed_at_any_step_the_next_run_finds_all_of_a_set_or_none(tmp_path, monkeypatch, old, links):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    before, new = ({name: f"{word} {name}" for name in of} for word, of in (("old", old), ("new", SET)))
    states = set()
    for count in itertools.count(1, 3):
        folder = tmp_path / str(count)
        folder.mkdir()
        for name, text in before.items():
            (folder / name).write_text(text)
        died = killed(lambda: publish_set(folder, overwrite=bool(old)), count, monkeypatch)  # noqa: B023
        clear_leftovers(folder)
        assert contents(folder) in ([before, new] if died else [new])
        states.add(contents(folder) == new)
        publish_set(folder, overwrite=bool(old) or contents(folder) == new)
        assert contents(folder) == new
        if not died:
            break
    assert count > 40 and states == {True, False}


@pytest.mark.parametrize("kind", [OSError(errno.EIO, "Input/output error"), KeyboardInterrupt()])
@pytest.mark.parametrize("old", [(), SET])
def test_failing_at_any_step_a_set_is_as_it_was_or_whole(tmp_path, old, kind):
    before, new = ({name: f"{word} {name}" for name in of} for word, of in (("old", old), ("new", SET)))
    reached = [True]

    def fail():
        reached.append(True)
        raise kind

    for count in itertools.count(1):
        if not reached.pop():
            break
        reached[:] = [False]
        folder = tmp_path / str(count)
        folder.mkdir()
        for name, text in before.items():
            (folder / name).write_text(text)
        with pytest.MonkeyPatch.context() as patch:
            stop_at(count, fail, patch)
            try:
                publish_set(folder, overwrite=bool(old))
            except (AudioFileError, KeyboardInterrupt):  # a bare OSError would name a part, or nothing
                assert reached[-1]
                expected = [before] if isinstance(kind, OSError) else [before, new]
            else:
                expected = [new]
        clear_leftovers(folder)  # what could not be deleted just then
        assert contents(folder) in expected
    assert count > 40


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EACCES])
def test_a_file_system_that_syncs_nothing_gets_a_warning(tmp_path, monkeypatch, code):
    def refuse(descriptor):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with Publication() as publication:
        publication.part_of(tmp_path / "a.wav").write_text("new")
        (known,) = publication.warnings  # in time for the report
        publication.part_of(tmp_path / "b.wav").write_text("new")
        publication.publish()
    assert publication.warnings == [known] and os.strerror(code) in known and "power cut" in known
    assert names(tmp_path) == ["a.wav", "b.wav"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_is_an_error(tmp_path, monkeypatch, code):
    with (
        pytest.raises(AudioFileError, match=r"a\.wav: .*(Input/output|no space)"),
        Publication() as publication,
    ):
        publication.part_of(tmp_path / "a.wav").write_text("new")

        def fail(descriptor):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "fsync", fail)
        publication.publish()
    assert names(tmp_path) == []


@pytest.fixture(params=[errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP])
def no_locks(request, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.mark.usefixtures("no_locks")
def test_a_file_system_that_locks_nothing_gets_a_warning(tmp_path, monkeypatch):
    publish_set(tmp_path, overwrite=False)
    assert names(tmp_path) == sorted(SET)
    with Publication() as publication, Publication() as other:
        ours = publication.part_of(tmp_path / "b.wav")
        theirs = other.part_of(tmp_path / "b.wav")
        ours.write_text("ours")
        theirs.write_text("theirs")
        assert clear_leftovers(tmp_path) == []
        publication.publish()
        with pytest.raises(TargetExistsError):
            other.publish()
    assert "cannot be locked" in publication.warnings[0]
    assert (tmp_path / "b.wav").read_text() == "ours" and names(tmp_path) == sorted({*SET, "b.wav"})


@pytest.mark.whole
@pytest.mark.usefixtures("no_locks")
@pytest.mark.skipif(sys.platform == "win32", reason="fork")
def test_without_locks_a_dead_process_is_known_by_its_number_or_by_its_age(tmp_path, monkeypatch):
    assert killed(lambda: publish_set(tmp_path, overwrite=False), 30, monkeypatch)
    assert clear_leftovers(tmp_path) and names(tmp_path) == []
    monkeypatch.setattr("wavemend.host.storage.locking._host", lambda: "0" * 8)
    assert killed(lambda: publish_set(tmp_path, overwrite=False), 30, monkeypatch)
    monkeypatch.undo()
    there = names(tmp_path)
    assert clear_leftovers(tmp_path) == [] and names(tmp_path) == there  # of another machine
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    assert clear_leftovers(tmp_path) and names(tmp_path) == []


def test_a_journal_from_a_stranger_touches_nothing_elsewhere(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "precious").write_text("precious")
    digest = sha256_of(tmp_path / "precious")
    for name in ("../precious", str(tmp_path / "precious"), "..", ""):
        entry = {
            "part": f".x{PART_SUFFIX}",
            "target": name,
            "replaced": f".x{REPLACED_SUFFIX}",
            "sha256": digest,
        }
        top = {"format": "wavemend-journal", "format_version": 1, "files": [entry]}
        for text in (json.dumps(top), "[" * 100_000, "{}", '{"format": "wavemend-journal", "files": [{}]}'):
            (inner / f".x{JOURNAL_SUFFIX}").write_text(text)
            clear_leftovers(inner)
            assert names(inner) == []
    assert (tmp_path / "precious").read_text() == "precious"


def test_what_may_be_replaced_is_and_nothing_else(tmp_path):
    for name in SET[:3]:
        (tmp_path / name).write_text("old")
    with Publication() as publication:
        with pytest.raises(TargetExistsError):
            publication.part_of(tmp_path / SET[0])
        publication.may_replace({tmp_path / SET[1]})
        publication.part_of(tmp_path / SET[1]).write_text("new")
        with pytest.raises(TargetExistsError):
            publication.part_of(tmp_path / SET[2])
        publication.publish()
    assert contents(tmp_path) == {SET[0]: "old", SET[1]: "new", SET[2]: "old"}


@pytest.mark.parametrize("letter", ["x", "é", "録", "😀"])
def test_names_of_any_length_have_parts_and_never_the_same(tmp_path, letter):
    size = len(letter.encode())
    alike = [(letter * 300)[: (255 - 4) // size - 1] + end for end in ("a.wav", "b.wav")]
    with Publication() as publication:
        for name in alike:
            assert len(publication.part_of(tmp_path / name).name.encode()) <= 255
            (tmp_path / fitted(name, ".report.json")).touch()
        publication.publish()
    assert len(names(tmp_path)) == 4 and set(alike) < set(names(tmp_path))
    assert fitted("side.wav", ".report.json", prefix=".") == ".side.wav.report.json"

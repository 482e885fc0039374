"""Files appear whole or not at all, and nothing is written over unasked."""

import errno
import subprocess
import sys

import pytest
from wavemend.errors import AudioFileError
from wavemend.host.publishing import PART_SUFFIX, Publication, clear_stale_parts


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


def test_where_hard_links_do_not_work(tmp_path, monkeypatch):
    def no_links(*_):
        raise PermissionError(1, "not here")

    monkeypatch.setattr("os.link", no_links)
    with Publication() as publication:
        publication.part_of(tmp_path / "a.wav").write_text("new")
        publication.publish()
    assert names(tmp_path) == ["a.wav"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX locks")
def test_a_killed_process_is_cleared_away_and_a_living_one_is_not(tmp_path):
    script = (
        "import sys, pathlib, os; from wavemend.host.publishing import Publication\n"
        "publication = Publication()\n"
        "publication.part_of(pathlib.Path(sys.argv[1])).write_text('half'); print('ready', flush=True)\n"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "a.wav")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert clear_stale_parts(tmp_path) == []
        with Publication() as publication, pytest.raises(AudioFileError, match="another wavemend is writing"):
            publication.part_of(tmp_path / "a.wav")
        other.kill()
    assert names(tmp_path) == [f".a.wav{PART_SUFFIX}"]
    assert clear_stale_parts(tmp_path) == [tmp_path / f".a.wav{PART_SUFFIX}"]
    assert names(tmp_path) == []


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
        assert clear_stale_parts(tmp_path) == [part]
    assert names(tmp_path) == ["a.wav"] and target.read_text() == "whole"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links")
def test_a_link_under_the_name_of_a_part_is_not_followed(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    (tmp_path / f".a.wav{PART_SUFFIX}").symlink_to(precious)
    (tmp_path / f".b.wav{PART_SUFFIX}").symlink_to("nowhere")
    clear_stale_parts(tmp_path)
    for name in ("a.wav", "b.wav"):
        with Publication() as publication, pytest.raises(AudioFileError, match="cannot be written"):
            publication.part_of(tmp_path / name)
    assert precious.read_text() == "precious" and not (tmp_path / "nowhere").exists()

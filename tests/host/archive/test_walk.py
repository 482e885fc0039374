"""Which recordings are meant: nothing is left out without a word, nothing is taken twice."""

import os
import sys

import pytest
from wavemend import render
from wavemend.errors import PlanError
from wavemend.host.archive.walk import find_recordings

from tests.host.recordings import damaged, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need privileges there")


@pytest.fixture
def archive(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return touched("arch/a/one.wav", "arch/b/two.flac", "elsewhere/three.wav")[0].parents[1]


def touched(*names):
    from pathlib import Path

    paths = [Path(name) for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def below(found):
    return [str(recording.below) for recording in found.recordings]


def test_linked_folders_and_files_are_followed(archive):
    (archive / "linked").symlink_to("../elsewhere")
    (archive / "side.wav").symlink_to("../elsewhere/other.wav")
    touched("elsewhere/other.wav")
    found = find_recordings(["arch"])
    assert below(found) == ["a/one.wav", "b/two.flac", "linked/other.wav", "linked/three.wav"]
    assert not found.unlisted
    assert found.notes == ["recordings that several paths lead to, taken once: 1, such as arch/side.wav"]


def test_links_that_go_in_circles_end(archive):
    (archive / "a" / "up").symlink_to("..")
    (archive / "0").symlink_to("b")
    found = find_recordings(["arch", "arch/b", "./arch/b/two.flac"])
    assert below(found) == ["a/one.wav", "b/two.flac"]  # by the path of its own, not by the link
    assert not found.unlisted and not found.notes


def test_links_that_lead_nowhere_are_told(archive):
    (archive / "gone.wav").symlink_to("../not-mounted/four.wav")
    (archive / "box 7").symlink_to("../not-mounted")
    (archive / "x").symlink_to("y")
    (archive / "y").symlink_to("x")
    found = find_recordings(["arch"])
    assert sorted(str(path) for path, _ in found.unlisted) == [
        "arch/box 7",
        "arch/gone.wav",
        "arch/x",
        "arch/y",
    ]
    assert all(why.startswith(f"{path}: is a link to ") for path, why in found.unlisted)
    assert len(found.recordings) == 2
    # A pattern answers for what it may mean alone.
    assert [str(p) for p, _ in find_recordings(["arch/**/*.flac"]).unlisted] == [
        "arch/box 7",
        "arch/x",
        "arch/y",
    ]
    with pytest.raises(PlanError, match=r"gone\.wav: is a link to \.\./not-mounted/four\.wav"):
        find_recordings(["arch/gone.wav"])


def test_folders_that_cannot_be_read_are_told(archive, monkeypatch):
    listdir = os.listdir

    def refused(path):
        if os.path.basename(path) == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refused)
    found = find_recordings(["arch"])
    assert below(found) == ["a/one.wav"]
    assert found.unlisted == [(archive / "b", "arch/b: the folder cannot be listed: Permission denied")]
    with pytest.raises(PlanError, match="arch/b: the folder cannot be listed: Permission denied"):
        find_recordings(["arch/a", "arch/b"])


def test_what_is_no_file_is_told(archive):
    os.mkfifo(archive / "pipe.wav")
    assert [why for _, why in find_recordings(["arch"]).unlisted] == ["arch/pipe.wav: is no regular file"]
    with pytest.raises(PlanError, match="no regular file"):
        find_recordings(["arch/pipe.wav"])


@pytest.mark.parametrize(
    "name",
    ["a/._one.wav", ".Trash-1000/files/x.wav", ".Trashes/501/x.wav", "$RECYCLE.BIN/x.wav",
     "@eaDir/one.wav/y.wav", "__MACOSX/a/one.wav", "a/.DS_Store", "a/THUMBS.DB",
     "a/.one.wav.wavemend-part", "#recycle/x.wav"],
)  # fmt: skip
def test_litter_is_left_out_and_said_once(archive, name):
    touched(f"arch/{name}", "arch/b/._two.flac", "arch/b/.DS_Store")
    found = find_recordings(["arch"])
    assert below(found) == ["a/one.wav", "b/two.flac"] and not found.unlisted
    assert len(found.notes) == 1 and found.notes[0].startswith("litter of systems left out: 3, such as arch/")


def test_hidden_recordings_are_recordings(archive):
    touched("arch/.box/x.wav")
    assert ".box/x.wav" in below(find_recordings(["arch"]))
    assert ".box/x.wav" not in below(find_recordings(["arch/**/*.wav"]))  # as in a shell


def test_missing_inputs_refuse_the_run(archive):
    for inputs in (["arch", "gone.wav"], ["arch/a/one.wav/x.wav"], ["x" * 300]):
        with pytest.raises(PlanError, match=r"No such file|Not a directory|too long"):
            find_recordings(inputs)
    with pytest.raises(PlanError, match="no file matches"):
        find_recordings(["nowhere/*.wav"])


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("arch/**/*.wav", ["a/one.wav", "c/d/four.wav"]),
        ("arch/*/*.wav", ["a/one.wav"]),
        ("arch/[ab]", ["a/one.wav", "b/two.flac"]),
        ("arch/*", ["a/one.wav", "b/two.flac", "c/d/four.wav"]),
        ("a*/c/**", ["arch/c/d/four.wav"]),
        ("*/a/one.wav", ["arch/a/one.wav"]),
        ("arch/**/d", ["c/d/four.wav"]),
        ("arch/a/*.tx?", None),
        ("arch/a/*.txt", ["notes.txt"]),
    ],
)
def test_patterns_keep_the_tree_below_their_fixed_part(archive, pattern, wanted):
    touched("arch/c/d/four.wav", "arch/a/notes.txt")
    if wanted is None:
        with pytest.raises(PlanError, match="no file matches"):
            find_recordings([pattern])
    else:
        assert below(find_recordings([pattern])) == wanted


def test_a_pattern_looks_nowhere_else(archive, monkeypatch):
    seen, listdir = [], os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: seen.append(str(path)) or listdir(path))
    touched("arch/a/deep/er/x.wav")
    find_recordings(["arch/*/*.wav", "arch/b/*.flac"])
    assert seen == ["arch", "arch/b", "arch/a", "arch/b"]


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["*.flac"], ["a/one.wav", "c/d/four.wav"]),
        (["a", "d"], ["b/two.flac"]),
        (["c/*"], ["a/one.wav", "b/two.flac"]),
        (["c/**/four*"], ["a/one.wav", "b/two.flac"]),
        (["arch/a/"], ["b/two.flac", "c/d/four.wav"]),
        (["d/four.wav"], ["a/one.wav", "b/two.flac", "c/d/four.wav"]),
    ],
)
def test_exclusions(archive, patterns, left):
    touched("arch/c/d/four.wav")
    found = find_recordings(["arch"], exclude=patterns)
    assert below(found) == left
    assert len(found.notes) == (len(left) < 3)
    assert not find_recordings(["arch/a/one.wav"], exclude=["one*"]).recordings


def test_outputs_of_earlier_runs_are_left_out_beside_their_sources(archive):
    for name in ("a/one.wav", "b/two.flac"):
        (archive / name).unlink()
        write(archive / name, damaged(0.2))
        render("prepare", archive / name, archive / "restored" / name, removed=True)
    render("prepare", archive / "a/one.wav", archive / "a/one.restored.wav")
    found = find_recordings(["arch"])
    assert below(found) == ["a/one.wav", "b/two.flac"]
    (note,) = found.notes
    assert note.startswith("outputs of earlier runs left out, unless they are named: 5, such as arch/")
    # Outputs alone are what is meant: the second step of a work in two. So is a file that is named.
    again = below(find_recordings(["arch/restored"]))
    assert [name for name in again if "removed" not in name] == ["a/one.wav", "b/two.flac"]
    named = find_recordings(["arch/a/one.restored.wav", "arch/a/one.wav"])
    assert below(named) == ["one.restored.wav", "one.wav"] and not named.notes


def test_the_folder_of_the_outputs_is_not_searched(archive, tmp_path):
    touched("arch/out/x.wav")
    (tmp_path / "link").symlink_to("arch/out")
    found = find_recordings(["arch"], outputs=tmp_path / "link")
    assert below(found) == ["a/one.wav", "b/two.flac"]
    assert found.notes == [f"{tmp_path / 'link'} was not searched: the outputs go there"]


def test_recordings_of_kinds_that_cannot_be_read_are_not_passed_over(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").write_bytes(b"no sound either")
    for name in ("b.m4a", "c.vob", "d.MPG"):
        (tmp_path / "in" / name).write_bytes(b"no sound")
    found = find_recordings([str(tmp_path / "in")]).recordings
    assert [one.path.name for one in found] == ["a.wav", "b.m4a", "c.vob", "d.MPG"]

"""Recordings behind URLs: the same bytes as of files here, and nothing lost on the way."""

import pytest
from wavemend.errors import ManifestError, PlanError, RemoteError
from wavemend.host.archive.manifest import MANIFEST, Manifest
from wavemend.host.archive.remote import carrying
from wavemend.host.archive.search import search
from wavemend.host.archive.verifying import verify
from wavemend.host.rendering.options import RenderOptions

from tests.host.recordings import damaged, write

from ..runs import ALL, entries, files
from ..runs import states as local_states
from .runs import lasting, outputs, states

NAMES = {name + end for name in ALL for end in ("", ".report.json")}


@pytest.fixture
def whole(source, target):
    """What a run over files here makes."""
    local_states(source, target)
    return target


def test_the_same_bytes_and_rows_as_of_files_here(memory, source, whole, tmp_path):
    state, url = tmp_path / "state", f"{memory.url}/out"
    assert states(f"{memory.url}/in", url, state) == dict.fromkeys(ALL, "restored")
    assert outputs(memory) == files(whole)
    assert lasting(state, f"{memory.url}/in") == lasting(whole, source)
    assert {path.name for path in state.iterdir()} == {MANIFEST, "wavemend-scratch"}
    assert not [*(state / "wavemend-scratch").iterdir()]
    checked = [*verify(url, sources=True)]
    assert len(checked) == len(NAMES) + len(ALL) and not [one for one in checked if one.problem]
    assert states(f"{memory.url}/in", url, state) == dict.fromkeys(ALL, "skipped")
    assert outputs(memory) == files(whole)


def test_from_a_url_into_a_folder_and_the_other_way_round(memory, source, whole, tmp_path):
    assert states(f"{memory.url}/in", tmp_path / "here", None) == dict.fromkeys(ALL, "restored")
    made = files(tmp_path / "here")
    assert made == files(whole)
    assert not [one for one in verify(tmp_path / "here", sources=True) if one.problem]
    assert states(str(source), f"{memory.url}/there", tmp_path / "state") == dict.fromkeys(ALL, "restored")
    assert outputs(memory, "there") == files(whole)


def test_what_changed_is_done_again_and_what_is_made_no_more_goes(memory, source, tmp_path):
    state, url = tmp_path / "state", f"{memory.url}/out"
    states(f"{memory.url}/in", url, state, options=RenderOptions(labels=True))
    assert {name for name in outputs(memory) if name.endswith(".labels.txt")}
    memory.write("in/a.wav", write(tmp_path / "a.wav", damaged(0.3, seed=5)).read_bytes())
    again = states(f"{memory.url}/in", url, state)
    assert again == dict.fromkeys(ALL, "restored")
    assert outputs(memory).keys() == NAMES
    memory.write("in/box 1/c.wav.wavemend.json", b"no document")
    assert states(f"{memory.url}/in", url, state) == dict.fromkeys(ALL, "skipped") | {"box 1/c.wav": "failed"}
    assert f"{memory.url}/in/box 1/c.wav.wavemend.json" in entries(state)["box 1/c.wav"].error
    assert outputs(memory).keys() == NAMES


def test_what_someone_edited_is_kept(memory, whole, tmp_path):
    state, url = tmp_path / "state", f"{memory.url}/out"
    states(f"{memory.url}/in", url, state)
    memory.write("out/a.wav", b"edited")
    memory.delete("out/box 1/b.flac")
    assert [one.path for one in verify(url) if one.problem == "has changed"] == ["a.wav"]
    assert [one.path for one in verify(url) if one.problem == "is gone"] == ["box 1/b.flac"]
    again = states(f"{memory.url}/in", url, state)
    assert again == {"a.wav": "restored", "box 1/b.flac": "restored", "box 1/c.wav": "skipped"}
    made = outputs(memory)
    kept = {name: data for name, data in made.items() if name.startswith("wavemend-set-aside/")}
    assert [*kept.values()] == [b"edited"]
    assert {name: data for name, data in made.items() if name not in kept} == files(whole)


@pytest.mark.parametrize("step", range(5))  # a note, two files, one that goes, and the note
def test_every_step_of_a_killed_run_is_taken_up(memory, whole, tmp_path, monkeypatch, step):
    class Killed(BaseException):
        pass

    state, url, source = tmp_path / "state", f"{memory.url}/out", f"{memory.url}/in/a.wav"
    states(source, url, state, preset="none", options=RenderOptions(labels=True))
    steps = iter(range(100))

    def killing(call):
        def instead(*asked):
            if next(steps) == step:
                raise Killed
            return call(*asked)

        return instead

    with monkeypatch.context() as patch:
        for name in ("put_up", "take_down"):
            patch.setattr(carrying, name, killing(getattr(carrying, name)))
        with pytest.raises(Killed):
            states(source, url, state)
    states(source, url, state)
    assert outputs(memory) == {name: data for name, data in files(whole).items() if name.startswith("a.")}
    assert entries(state)["a.wav"].warnings == entries(whole)["a.wav"].warnings


def test_a_broken_transfer_fails_one_recording_and_is_tried_again(memory, whole, tmp_path, monkeypatch):
    state, url = tmp_path / "state", f"{memory.url}/out"
    put_up = carrying.put_up

    def breaking(path, url, cancel):
        if url.endswith("b.flac.report.json"):
            raise RemoteError(f"{url}: the service does not answer")
        put_up(path, url, cancel)

    with monkeypatch.context() as patch:
        patch.setattr(carrying, "put_up", breaking)
        broken = states(f"{memory.url}/in", url, state)
    assert broken == dict.fromkeys(ALL, "restored") | {"box 1/b.flac": "failed"}
    assert [one.path for one in verify(url) if one.problem] == ["box 1/b.flac"]
    again = states(f"{memory.url}/in", url, state)
    assert again == dict.fromkeys(ALL, "skipped") | {"box 1/b.flac": "restored"}
    assert outputs(memory) == files(whole)


def test_what_is_in_the_way_or_not_there_is_refused(memory, tmp_path):
    state, url = tmp_path / "state", f"{memory.url}/out"
    memory.write("out/a.wav", b"of someone")
    with pytest.raises(PlanError, match=r"out/a\.wav.*no run into that folder made it"):
        states(f"{memory.url}/in", url, state)
    with pytest.raises(PlanError, match="nothing is there"):
        states(f"{memory.url}/nowhere", url, state)
    with pytest.raises(PlanError, match="goes with outputs behind a URL"):
        states(f"{memory.url}/in", tmp_path / "here", state)
    with pytest.raises(RemoteError, match="are not taken"):
        states("ftp://me:secret@host/in", url, state)
    with pytest.raises(RemoteError, match="nosuchscheme"):
        states("nosuchscheme://host/in", url, state)
    with pytest.raises(ManifestError, match="holds no wavemend-manifest"):
        [*verify(f"{memory.url}/in")]
    with pytest.raises(ManifestError, match="holds no wavemend-manifest"):
        search(f"{memory.url}/in", "words")


def test_a_run_from_elsewhere_goes_on_and_two_that_part_are_told(memory, tmp_path):
    first, second, url = tmp_path / "first", tmp_path / "second", f"{memory.url}/out"
    states(f"{memory.url}/in", url, first)
    told = []
    assert states(f"{memory.url}/in", url, second, told=told) == dict.fromkeys(ALL, "skipped")
    assert [note for note in told if "is taken up into" in note]
    assert states(f"{memory.url}/in", url, first) == dict.fromkeys(ALL, "skipped")
    with Manifest(second, write=True) as manifest:
        manifest.begin_run("another", {})
    with pytest.raises(ManifestError, match="give this run another --state"):
        states(f"{memory.url}/in", url, second)


def test_litter_and_what_is_excluded_is_left_out_and_said(memory, tmp_path):
    memory.write("in/._a.wav", b"litter")
    memory.write("in/empty/", b"")
    told = []
    found = states(f"{memory.url}/in", f"{memory.url}/in/out", tmp_path / "s", told=told, exclude=["box 1"])
    assert found == {"a.wav": "restored"}
    again = states(f"{memory.url}/in", f"{memory.url}/in/out", tmp_path / "s", told=told)
    assert again == dict.fromkeys(ALL, "restored") | {"a.wav": "skipped"}
    assert {note.partition(":")[0] for note in told} == {
        "litter of systems left out", "excluded", "where outputs go"
    }  # fmt: skip

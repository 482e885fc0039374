"""Transcripts as the last step of a collection: by what was heard, of which bytes, found again by words."""

import sqlite3
from contextlib import closing

import pytest
import wavemend
from wavemend.authoring import Segment
from wavemend.errors import AudioFileError, ManifestError, PlanError, PluginError
from wavemend.host.archive import restoring, speech, transcribing
from wavemend.host.archive.bag import make_bag
from wavemend.host.archive.manifest import MANIFEST, Entry, Manifest
from wavemend.host.archive.verifying import verify

from tests.host.archive.runs import ALL, entries, files
from tests.host.recordings import damaged, write

ENDS = ("", ".report.json", ".txt", ".srt", ".vtt")
NAMES = {name + end for name in ALL for end in ENDS}


@pytest.fixture
def batch(source, target, parrot):
    """Run, and say what became of each recording, and by which word that was told."""

    def run(preset="prepare", *, transcribe=True, model=None, **more):
        outcomes = []
        more |= {"transcribe": transcribe} | ({"recogniser": "parrot", "model": model} if transcribe else {})
        wavemend.batch(preset, source, target, progress=outcomes.append, **more)
        return {
            one.job.name: one.error or ("restored" if one.rendered else one.taken.partition(",")[0])
            for one in outcomes
        }

    return run


@pytest.fixture
def renders(monkeypatch):
    """Count what is rendered."""
    real, counted = restoring.render_with, []

    def render(*rest, **more):
        counted.append(rest)
        return real(*rest, **more)

    monkeypatch.setattr(restoring, "render_with", render)
    return counted


def said(target, words="parrot"):
    return [(one.path, one.snippet.partition(",")[0]) for one in wavemend.search(target, words)]


def segments(target):
    with closing(sqlite3.connect(target / MANIFEST)) as data:
        return data.execute("SELECT count(*) FROM segments").fetchone()[0]


def test_each_recording_is_transcribed_and_its_words_are_found(batch, target):
    assert batch() == dict.fromkeys(ALL, "restored")
    assert files(target).keys() == NAMES
    assert not [one.path for one in verify(target, sources=True) if one.problem]
    assert said(target) == [(name, "grey [parrot]") for name in sorted(ALL)]
    assert all({one.path for one in entry.outputs} <= NAMES for entry in entries(target).values())
    assert sum(len(entry.outputs) for entry in entries(target).values()) == len(NAMES)


def test_a_bag_says_that_a_machine_wrote_them(batch, target, tmp_path):
    batch()
    assert make_bag(target, tmp_path / "bag", info={}).files == len(NAMES)
    mets = (tmp_path / "bag" / "data" / "mets.xml").read_text()
    assert mets.count("transcribed by a machine, not checked by a person") == 3 * len(ALL)


def test_what_is_done_is_not_done_again(batch, target):
    batch()
    before = files(target)
    assert batch() == dict.fromkeys(ALL, "done")
    assert files(target) == before and segments(target) == len(ALL)


def test_one_run_and_two_leave_the_same(batch, target, tmp_path, source):
    batch(transcribe=False)
    assert batch() == dict.fromkeys(ALL, "restored before")
    wavemend.batch("prepare", source, tmp_path / "once", transcribe=True, recogniser="parrot")
    assert files(target) == files(tmp_path / "once")


def test_another_model_transcribes_again_and_renders_nothing(batch, target, renders):
    batch()
    rendered = len(renders)
    assert batch(model="wild") == dict.fromkeys(ALL, "restored before")
    assert len(renders) == rendered
    assert said(target) == [(name, "wild [parrot]") for name in sorted(ALL)]
    assert not said(target, "grey") and segments(target) == len(ALL)
    assert not [one.path for one in verify(target) if one.problem]


def test_a_recording_done_again_replaces_its_words(batch, source, target):
    batch()
    write(source / "a.wav", damaged(1.4, seed=5))
    assert batch() == dict.fromkeys(ALL, "done") | {"a.wav": "restored"}
    assert [path for path, _ in said(target)] == ["a.wav", "a.wav", "box 1/b.flac", "box 1/c.wav"]


def test_without_it_a_transcript_stays_as_long_as_what_it_is_of(batch, source, target):
    batch()
    write(source / "a.wav", damaged(0.3, seed=5))
    assert batch(transcribe=False) == dict.fromkeys(ALL, "done") | {"a.wav": "restored"}
    assert files(target).keys() == NAMES - {f"a.wav{end}" for end in (".txt", ".srt", ".vtt")}
    assert [path for path, _ in said(target)] == ["box 1/b.flac", "box 1/c.wav"]
    assert not [one.path for one in verify(target) if one.problem]


def test_what_someone_corrected_is_kept_aside(batch, source, target):
    batch()
    (target / "a.wav.srt").write_text("corrected")
    assert batch()["a.wav"] == "restored before"
    assert "a.wav.srt was not what had been written" in entries(target)["a.wav"].warnings[-1]
    (kept,) = (target / "wavemend-set-aside").iterdir()
    assert kept.read_text() == "corrected"
    (target / "box 1" / "c.wav.vtt").write_text("corrected too")
    write(source / "box 1" / "c.wav", damaged(0.3, seed=5))
    batch(transcribe=False)
    assert not (target / "box 1" / "c.wav.vtt").exists()
    assert len(files(target / "wavemend-set-aside" / "box 1")) == 1


def test_one_that_fails_is_told_and_its_restored_file_stays(batch, target, renders):
    told = batch(model="ill")
    assert all("is restored, but not transcribed: recogniser parrot: failed" in one for one in told.values())
    assert {entry.state for entry in entries(target).values()} == {"done"}
    assert "no seeds left" in entries(target)["a.wav"].error
    assert files(target).keys() == {name + end for name in ALL for end in ENDS[:2]}
    rendered = len(renders)
    assert batch() == dict.fromkeys(ALL, "restored before") and len(renders) == rendered
    assert not any(entry.error for entry in entries(target).values())


def test_a_full_disk_costs_the_transcript_alone(batch, target, monkeypatch):
    def full(*_, **__):
        raise AudioFileError("no space left") from OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(transcribing, "write_captions", full)
        with pytest.raises(AudioFileError, match="make room and say the same again"):
            batch()
    assert [entry.state for entry in entries(target).values()] == ["done", "waiting", "waiting"]
    assert batch() == dict.fromkeys(ALL, "restored") | {"a.wav": "restored before"}


def test_a_run_that_ends_before_the_manifest_knows_goes_on_as_if_undisturbed(batch, target, monkeypatch):
    batch()
    undisturbed = files(target)

    class KilledError(BaseException):
        pass

    def killed(*_, **__):
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(transcribing, "output_of", killed)  # the files are there already
        with pytest.raises(KilledError):
            batch(model="wild")
    assert entries(target)["a.wav"].state == "rendering"
    batch(model="wild")
    assert not (target / "wavemend-set-aside").exists()
    batch()
    assert files(target) == undisturbed


def test_nothing_of_others_is_written_over(batch, target):
    batch(transcribe=False)
    (target / "a.wav.srt").write_text("mine")
    with pytest.raises(
        PlanError, match=r"a\.wav\.srt: is there already, and no run into that folder made it"
    ):
        batch()
    assert (target / "a.wav.srt").read_text() == "mine"


def test_a_recogniser_that_is_not_there_is_refused_first(source, target, parrot):
    with pytest.raises(PluginError, match="no recogniser 'cockatoo'"):
        wavemend.batch("prepare", source, target, transcribe=True, recogniser="cockatoo")
    assert not target.exists()


def test_a_python_without_an_index_of_words_is_refused_first(batch, target, monkeypatch):
    monkeypatch.setattr("wavemend.host.archive.manifest.can_index", lambda: False)
    with pytest.raises(ManifestError, match="no FTS5"):
        batch()
    assert not (target / "a.wav").exists()


@pytest.fixture
def kept(target):
    """A manifest of one recording that says one thing."""
    target.mkdir()
    said = [Segment(0.0, 1.5, "The grey parrot said"), Segment(62.0, 63.0, "a naïve & loud thing")]
    with Manifest(target, write=True) as manifest:
        manifest.keep_speech()
        manifest.put(Entry("a.wav", "a.wav", "done", "a.wav", speech=speech.Speech("0", "parrot", said)))
    return target


FOUND = ("PARROT grey", "naive", "par*", '"grey parrot"', '"grey par"*', "& ( parrot", "thing")
NOT_FOUND = (
    "par",
    '"parrot grey"',
    "parrot -grey OR words:x NEAR(",
    "loud parrot",
    "parrot\0",
    "NOT cockatoo",
    "parrot\udcff",
)


def test_words_are_looked_for_and_nothing_else(kept):
    assert [len(wavemend.search(kept, words)) for words in FOUND] == [1] * len(FOUND)
    assert [len(wavemend.search(kept, words)) for words in NOT_FOUND] == [0, 0, 0, 0, 1, 0, 1]
    (place,) = wavemend.search(kept, "loud")
    assert (place.path, place.start_s, place.end_s) == ("a.wav", 62.0, 63.0)
    assert place.snippet == "a naïve & [loud] thing"


def test_a_search_for_nothing_is_refused(kept):
    for words in ("", " ", '"', "*", "?!", "a" * 1001):
        with pytest.raises(PlanError):
            wavemend.search(kept, words)


def test_a_collection_without_transcripts_says_how_to_get_them(target, tmp_path):
    target.mkdir()
    Manifest(target, write=True).close()
    with pytest.raises(ManifestError, match="holds no transcripts; say the same `wavemend batch` with"):
        wavemend.search(target, "parrot")
    with pytest.raises(ManifestError, match="holds no wavemend-manifest"):
        wavemend.search(tmp_path, "parrot")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER spoken_more AFTER INSERT ON segments BEGIN DELETE FROM outputs; END",
        "CREATE VIRTUAL TABLE more USING fts5(words)",
        "DROP TABLE spoken",
        "CREATE VIEW more AS SELECT * FROM segments",
    ],
)
def test_a_manifest_with_other_tables_is_not_read(kept, statement):
    with closing(sqlite3.connect(kept / MANIFEST)) as data:
        data.execute(statement)
    with pytest.raises(ManifestError, match="its tables are not those of this wavemend"):
        Manifest(kept)


def test_a_damaged_index_is_one_line(kept):
    with closing(sqlite3.connect(kept / MANIFEST)) as data, data:
        data.execute("UPDATE spoken_data SET block = x'ffffffffffffffffffff'")
    with pytest.raises(ManifestError, match="is damaged"):
        wavemend.search(kept, "parrot")


def test_rows_of_one_recording_do_not_touch_others():
    def one(word):
        return speech.Speech("", "", [Segment(0.0, 1.0, f"{word} thing")])

    with closing(sqlite3.connect(":memory:")) as data:
        data.row_factory = sqlite3.Row
        data.execute("CREATE TABLE recordings (path BLOB PRIMARY KEY, name TEXT)")
        data.executemany("INSERT INTO recordings VALUES (?, ?)", [(b"a", "a"), (b"b", "b")])
        speech.add_tables(data)
        for key, word in ((b"a", "one"), (b"b", "one"), (b"a", "two")):
            speech.put_speech(data, key, one(word))
        assert [found.path for found in speech.places(data, "one")] == ["b"]
        assert [found.path for found in speech.places(data, "thing")] == ["a", "b"]
        speech.put_speech(data, b"b", speech.Speech("", ""))  # as it is known already
        assert [found.path for found in speech.places(data, "one")] == ["b"]
        speech.put_speech(data, b"b", None)
        assert not [*speech.places(data, "one")]
        assert set(speech.speech_of(data)) == {b"a"}

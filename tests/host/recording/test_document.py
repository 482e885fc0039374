"""Recording documents: they belong to one recording, renders obey them, strangers' ones are data."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend import Chain, render
from wavemend.contract.marks import Mark
from wavemend.errors import DocumentError
from wavemend.host.recording.decisions import Decisions, decided, described
from wavemend.host.recording.document import EventMark, RecordingDocument, Span
from wavemend.host.recording.document_files import document_path, load_document, recording_name, save_document
from wavemend.host.recording.document_json import document_to_json, parse_document
from wavemend.host.recording.identity import AudioIdentity
from wavemend.host.recording.preparation import open_document
from wavemend.host.survey.analyse import analyse
from wavemend.plugins.declick.stage import Declick
from wavemend.plugins.denoise import Denoise

from tests.effort import lines_run
from tests.host.commands import wavemend
from tests.host.recordings import RATE, damaged, write

AUDIO = AudioIdentity("a.wav", "0" * 64, RATE, 2, 100_000)
PLACES = st.builds(Span, st.integers(0, 50_000), st.integers(1, 50_000))
EVENTS = st.builds(
    EventMark,
    st.sampled_from(["wavemend.declick", "a.b"]),
    st.builds(Mark, st.integers(0, 50_000), st.integers(1, 50_000), st.sampled_from([None, 0, 1])),
)


def text_of(document: RecordingDocument) -> bytes:
    return json.dumps(document_to_json(document)).encode()


@settings(max_examples=40)
@given(
    st.builds(
        RecordingDocument,
        audio=st.just(AUDIO),
        trim=st.none() | PLACES,
        print_ranges=st.lists(PLACES, max_size=3).map(tuple),
        vetoed_events=st.lists(EVENTS, max_size=3).map(tuple),
        forced_events=st.lists(EVENTS, max_size=3).map(tuple),
    )
)
def test_what_is_written_is_read_again(document: RecordingDocument) -> None:
    assert parse_document(text_of(document), "a") == document


def test_findings_survive_the_way_there_and_back(tmp_path) -> None:
    page = analyse(write(tmp_path / "a.wav", damaged()), identify=True)
    assert page.audio is not None
    document = RecordingDocument(page.audio, findings=page.findings)
    save_document(document, tmp_path / "d.json")
    assert load_document(tmp_path / "d.json") == document


def test_findings_of_another_version_are_named_and_nothing_else_is_lost() -> None:
    top = document_to_json(RecordingDocument(AUDIO, trim=Span(1, 2)))
    top["findings"] = {"clicks": {"loud": 1}, "ghosts": {}}
    document = parse_document(json.dumps(top).encode(), "a")
    assert document.unread == ("clicks", "ghosts") and document.trim == Span(1, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "wavemend-preset"}, "wavemend-preset"),
        ({"trim": {"position": 99_999, "length": 2}}, "ends at sample 100001"),
        ({"trim": {"position": -1, "length": 2}}, "position is -1"),
        ({"print_ranges": [{"position": 0, "length": 0}]}, "print_ranges 1: length is 0"),
        ({"vetoed_events": [{"stage": "x", "position": 0, "length": 1, "channel": 2}]}, "channel 2"),
        ({"forced_events": [{"stage": 1, "position": 0, "length": 1, "channel": 0}]}, "stage is 1"),
        ({"audio": {**vars(AUDIO), "sha256": "../../etc"}}, "hexadecimal"),
        ({"run": "rm"}, "unknown field 'run'"),
        ({"print_ranges": [{"position": 0, "length": 1}] * 33}, "at most 32"),
    ],
)
def test_strangers_documents_are_refused_in_one_line(change, message) -> None:
    top = document_to_json(RecordingDocument(AUDIO)) | change
    with pytest.raises(DocumentError, match=message) as caught:
        parse_document(json.dumps(top).encode(), "a.wavemend.json")
    assert str(caught.value).startswith("a.wavemend.json: ") and "\n" not in str(caught.value)


def test_it_belongs_to_the_samples_and_not_to_the_file(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    kept, _ = open_document(source)
    path, document = kept.path, kept.document
    assert path.name == "a.wav.wavemend.json"
    audio, rate = soundfile.read(source)
    soundfile.write(tmp_path / "b.flac", audio, rate, subtype="PCM_16")
    assert open_document(tmp_path / "b.flac")[0].document == document  # another name and container
    audio[500, 0] += 2**-15
    write(source, audio.T)
    save_document(document, path)
    with pytest.raises(DocumentError, match=r"belongs to other audio.*--no-document"):
        render("prepare", source, tmp_path / "out.wav")
    assert not (tmp_path / "out.wav").exists()
    render("prepare", source, tmp_path / "out.wav", document=False)


def test_side_wav_and_side_flac_have_a_document_each(tmp_path) -> None:
    assert document_path(tmp_path / "side.wav") != document_path(tmp_path / "side.flac")
    assert document_path(tmp_path / "side.wav", tmp_path / "d").parent == tmp_path / "d"


def kept_apart(tmp_path, name="track01.wav"):
    """Two recordings of the same name, and a folder for their documents."""
    docs = tmp_path / "a" / "docs"
    for disc in (1, 2):
        (tmp_path / f"disc{disc}").mkdir()
    return docs, [write(tmp_path / f"disc{disc}" / name, damaged(seed=disc)) for disc in (1, 2)]


@pytest.mark.whole
@pytest.mark.parametrize("name", ["track[01].wav", "\u00e9" * 125 + ".wav"])
def test_recordings_of_the_same_name_have_a_document_each_in_a_shared_folder(tmp_path, name) -> None:
    docs, (one, two) = kept_apart(tmp_path, name)
    options = ("--documents", docs)
    assert wavemend("document", one, "--trim", "0-1", *options).returncode == 0  # makes the folder
    assert wavemend("document", two, "--trim", "0-0.5", *options).returncode == 0
    first, second = (open_document(source, docs)[0] for source in (one, two))
    assert sorted(docs.iterdir()) == sorted([first.path, second.path])
    assert first.path == document_path(one, docs)
    assert second.path.name.endswith(f".{second.document.audio.sha256[:12]}.wavemend.json")
    assert len(second.path.name.encode()) <= 255
    for source, seconds in ((one, 1.0), (two, 0.5)):
        done = render("prepare", source, tmp_path / "out" / source.parent.name / "a.wav", documents=docs)
        assert done.seconds == seconds
    first.path.unlink()  # the other stays its own recording's
    assert open_document(two, docs)[0] == second and second.is_there
    again, _ = open_document(one, docs)
    assert again.path == first.path and not again.is_there


@pytest.mark.whole
def test_a_document_of_another_recording_in_a_shared_folder_is_simply_not_this_ones(tmp_path) -> None:
    docs, (one, two) = kept_apart(tmp_path)
    assert wavemend("document", one, "--trim", "0-1", "--documents", docs).returncode == 0
    done = render("prepare", two, tmp_path / "out.wav", documents=docs)
    assert done.seconds == 1.5 and "document" not in json.loads(done.report.read_text())
    before = document_path(one, docs).read_bytes()
    for _ in range(2):
        result = wavemend("analyse", one, two, "--write", "--documents", docs)
        assert result.returncode == 0, result.stderr
        kept, _ = open_document(two, docs)
        path, document = kept.path, kept.document
        assert kept.is_there and document.findings and path != document_path(two, docs)
        assert recording_name(path, document) == "track01.wav"
        assert len([*docs.iterdir()]) == 2
    first = load_document(document_path(one, docs))
    assert first.trim == parse_document(before, "before").trim and first.findings


def test_vetoes_and_forced_events_reach_the_stage(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    plain = render(Chain([Declick()]), source, tmp_path / "plain.wav", events=True)
    told = [json.loads(line) for line in plain.events_file.read_text().splitlines()]
    kept, _ = open_document(source)
    path, document = kept.path, kept.document
    last = told.pop()  # nothing comes after it that is estimated from what was before
    chosen = {name: last[name] for name in ("stage", "position", "length", "channel")}
    quiet = 30_000
    top = document_to_json(document)
    top["vetoed_events"] = [chosen]  # a line of the event list, as it is
    top["forced_events"] = [chosen | {"position": quiet, "length": 9, "channel": None}]
    path.write_text(json.dumps(top))
    done = render(Chain([Declick()]), source, tmp_path / "b.wav", events=True)
    now = [json.loads(line) for line in done.events_file.read_text().splitlines()]
    assert [e for e in now if e["position"] != quiet] == told
    assert [e["channel"] for e in now if e["position"] == quiet] == [0, 1]
    report = json.loads(done.report.read_text())
    assert report["document"]["vetoed_events"] == 1 and report["document"]["forced_events"] == 1


def test_denoise_learns_from_the_print_ranges(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    kept, _ = open_document(source)
    path, document = kept.path, kept.document
    lead = Span(int(0.1 * RATE), int(0.25 * RATE))
    save_document(RecordingDocument(document.audio, print_ranges=(lead,)), path)
    done = render(Chain([Declick(), Denoise()]), source, tmp_path / "b.wav")
    (found,) = done.findings.values()
    assert found.confidence == 1.0 and found.pauses_s.tolist() == [0.25]
    hiss = 10 * np.log10(2 * 0.002**2 / RATE)
    band = (found.frequency_hz > 1000) & (found.frequency_hz < 20_000)
    assert abs(np.median(found.density_dbfs_hz[..., band]) - hiss) < 1.5


@pytest.mark.whole
def test_a_print_range_over_program_is_warned_of_and_obeyed(tmp_path) -> None:
    rng = np.random.default_rng(9)
    time = np.arange(10 * RATE) / RATE
    hiss = 10 ** (-50 / 20) * rng.standard_normal((1, time.size))
    tone = 0.1 * np.sin(2 * np.pi * 196 * time) * (time > 2)
    rising = hiss * 10 ** (np.minimum(time, 6) / 20)  # by 6 dB
    for name, audio, chosen, warned in (
        ("hiss", hiss, "5-6", False),
        ("pause", hiss + tone, "0.5-1.5", False),
        ("rising", rising, "8-9", False),
        ("program", hiss + tone, "5-6", True),
    ):
        source = write(tmp_path / f"{name}.wav", audio)
        said = wavemend("document", source, "--print", chosen).stderr
        assert ("louder than the quietest tenth" in said) == warned, name
    done = render(Chain([Denoise(quality="fast")]), source, tmp_path / "out.wav")
    (warning,) = json.loads(done.report.read_text())["warnings"]
    assert warning.startswith("print range 0:05.000-0:06.000 is") and warning in done.warnings
    (found,) = done.findings.values()
    assert found.pauses_s.tolist() == [1.0]
    assert not render("prepare", source, tmp_path / "prepared.wav").warnings  # learns no print


def many(count: int, stages: int = 1) -> RecordingDocument:
    marks = [EventMark(f"a.stage{n % stages}", Mark(n, 1, n % 2)) for n in range(count)]
    return RecordingDocument(AUDIO, vetoed_events=tuple(marks), forced_events=tuple(marks[::2]))


@pytest.mark.parametrize("stages", [1, 1_000_000])
@pytest.mark.parametrize("what", ["load", "obey", "save", "decide"])
def test_the_work_of_a_document_grows_with_its_marks_and_no_faster(tmp_path, what: str, stages: int) -> None:
    def work(count: int) -> int:
        document = many(count, stages)
        data = text_of(document)
        more = Decisions(vetoes=[f"{n / 1000:.3f}" for n in range(count)])
        task = {
            "load": lambda: parse_document(data, "a"),
            "obey": lambda: [marks.vetoed_in(1) for marks in document.guidance().marks.values()],
            "save": lambda: save_document(document, tmp_path / "d.json", overwrite=True),
            "decide": lambda: (decided(document, more), described(document)),
        }[what]
        return lines_run(task)

    assert work(800) < 6 * work(200)


def test_one_pass_over_the_marks_gives_every_stage_its_own() -> None:
    guidance = many(9, stages=3).guidance()
    assert [mark.position for mark in guidance.marks["a.stage1"].vetoed] == [1, 4, 7]
    assert [mark.position for mark in guidance.marks["a.stage1"].forced] == [4]


def test_more_marks_than_a_document_holds_are_refused() -> None:
    with pytest.raises(DocumentError, match="vetoed_events must be a list of at most 200000; leave out"):
        parse_document(text_of(many(200_001)), "a")


def test_a_hundred_thousand_marks_are_read(tmp_path) -> None:
    document = replace(many(100_000), forced_events=())
    assert parse_document(text_of(document), "a") == document


def test_a_pipe_is_no_document(tmp_path) -> None:
    os.mkfifo(tmp_path / "a.wav.wavemend.json")
    with pytest.raises(DocumentError, match="is no file; a recording document is one"):
        load_document(tmp_path / "a.wav.wavemend.json")


def test_no_control_character_of_a_stranger_reaches_the_terminal() -> None:
    top = document_to_json(RecordingDocument(replace(AUDIO, name="a\x1b[31m\n" * 99)))
    with pytest.raises(DocumentError) as caught:
        parse_document(json.dumps(top).encode(), "a").for_audio(replace(AUDIO, frames=5), "a")
    assert "\x1b" not in str(caught.value) and len(str(caught.value)) < 700
    top["vetoed_events"] = [{"stage": "a\x1b[31m", "position": 0, "length": 1, "channel": 0}]
    with pytest.raises(DocumentError, match="must be the id of a stage"):
        parse_document(json.dumps(top).encode(), "a")
    top |= {"vetoed_events": [], "findings": {"\x1b[31m": {}}}
    assert "\x1b" not in str(described(parse_document(json.dumps(top).encode(), "a")))

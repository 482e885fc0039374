"""Decisions typed on the command line: times as people write them, refused where they mean nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from wavemend import Chain, Declick, render
from wavemend.contract.marks import Mark
from wavemend.errors import ParameterError
from wavemend.host.recording.decisions import Decisions, decided, described, labelled, seconds_of
from wavemend.host.recording.document import EventMark, RecordingDocument, Span
from wavemend.host.recording.document_files import load_document
from wavemend.host.recording.identity import AudioIdentity

from tests.effort import lines_run
from tests.host.commands import refused, wavemend
from tests.host.recordings import RATE, damaged, write

DOCUMENT = RecordingDocument(AudioIdentity("a.wav", "0" * 64, 1000, 2, 100_000))


@pytest.mark.parametrize(("text", "seconds"), [("1.5", 1.5), ("2:03", 123), ("1:02:03.25", 3723.25)])
def test_times(text: str, seconds: float) -> None:
    assert seconds_of(text, text) == seconds


@pytest.mark.parametrize("text", ["9" * 5000, "1" * 10, "1:" + "9" * 400, "1." + "0" * 31, "١", "1e3", "nan"])
def test_numbers_without_end_are_no_times(text: str) -> None:
    with pytest.raises(ParameterError, match="is no time"):
        seconds_of(text, "all of it")


@pytest.mark.parametrize(
    ("track", "said"),
    [
        (b"9" * 5000 + b"\t1\tveto\n", "line 1 is no label"),
        (b"\xff", "is no label track: it is not text in UTF-8"),
        (b"\n" * (33 << 20), "larger than 32 MB; leave out the labels"),
    ],
    ids=range(3),
)
def test_a_label_track_that_is_none_is_refused_in_one_line(tmp_path, track: bytes, said: str) -> None:
    (tmp_path / "labels.txt").write_bytes(track)
    with pytest.raises(ParameterError, match=said):
        labelled(tmp_path / "labels.txt")


def test_labels_may_give_minutes(tmp_path) -> None:
    (tmp_path / "labels.txt").write_text("0:01\t0:01.0\tveto\n0:02\t0:03\tveto\n")
    assert labelled(tmp_path / "labels.txt").vetoes == ["0:01", "0:02-0:03"]


def test_the_work_of_a_label_track_grows_with_its_labels_and_no_faster(tmp_path) -> None:
    def work(count: int) -> int:
        lines = [f"{n / 1000:.6f}\t{n / 1000 + 0.001:.6f}\tveto" for n in range(count)]
        (tmp_path / "labels.txt").write_text("\n".join(lines))
        return lines_run(lambda: decided(DOCUMENT, labelled(tmp_path / "labels.txt")))

    assert work(800) < 6 * work(200)


def test_more_marks_than_a_document_holds_are_refused() -> None:
    full = tuple(EventMark("wavemend.declick", Mark(n % 90_000, 1 + n // 90_000, 0)) for n in range(200_000))
    with pytest.raises(ParameterError, match="200001 vetoed or forced events; .* at most 200000"):
        decided(replace(DOCUMENT, vetoed_events=full), Decisions(vetoes=["50"]))


def test_decisions_add_up_and_are_cleared() -> None:
    document = decided(DOCUMENT, Decisions(prints=["1-2"], vetoes=["3"], trim="0:01-1:39", channel=2))
    document = decided(document, Decisions(prints=["0:00.5-0.75"], forced=["4-4.01"]))
    assert document.print_ranges == (Span(500, 250), Span(1000, 1000))
    assert document.trim == Span(1000, 98_000)
    assert [vars(event.mark) for event in document.vetoed_events] == [
        {"position": 2995, "length": 10, "channel": 1}
    ]
    assert len(described(document)) == 5
    assert described(replace(DOCUMENT, unread=("clicks",))) == [
        ("unread", "findings of another version, or of a finder that is not installed: clicks")
    ]
    assert decided(document, Decisions(clear=["prints", "vetoes", "forced", "trim"])) == DOCUMENT
    assert decided(document, Decisions(forced=["4-4.01"])) == document  # said twice, meant once


@pytest.mark.parametrize(
    ("decisions", "message"),
    [
        (Decisions(prints=["1"]), "START-END"),
        (Decisions(trim="2-1"), "ends before it begins"),
        (Decisions(vetoes=["1:60:00:1"]), "is no time"),
        (Decisions(vetoes=["100.5"]), "beyond the recording, which ends at 1:40.000"),
        (Decisions(forced=["50-102"]), "beyond"),
        (Decisions(vetoes=["1"], channel=3), "channels 1 to 2"),
        (Decisions(prints=["0.2-0.25"]), r"0:00.200-0:00.250 is 0.050 s long.*at least 0.2 s"),
        (Decisions(prints=["99.95-100.5"]), "at least 0.2 s"),  # what of it is in the recording
        (Decisions(prints=["1-2", "1.5-3"]), "two print ranges overlap at 1.500 s"),
        (Decisions(prints=[f"{k}-{k}.5" for k in range(33)]), "at most 32"),
        (Decisions(clear=["all"]), "prints, vetoes, forced, trim"),
    ],
)
def test_what_means_nothing_is_refused(decisions: Decisions, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        decided(DOCUMENT, decisions)


def test_labels_of_an_editor_are_decisions(tmp_path) -> None:
    track = tmp_path / "labels.txt"
    track.write_text(
        "1.000000\t1.000500\tclick channel 1 97 %\n2.000000\t2.010000\tveto drum\n\\\t100\t200\n"
        "3.000000\t3.000000\tVeto\n4.000000\t4.002000\tforce\n5.000000\t6.000000\tprint\n"
    )
    document = decided(DOCUMENT, labelled(track))
    assert [event.mark.position for event in document.vetoed_events] == [2000, 2995]
    assert [vars(event.mark) for event in document.forced_events] == [
        {"position": 4000, "length": 2, "channel": None}
    ]
    assert document.print_ranges == (Span(5000, 1000),) and document.trim is None
    track.write_text("5.0\t5.1\tprint\n")
    with pytest.raises(ParameterError, match="at least 0.2 s"):
        decided(DOCUMENT, labelled(track))
    for text, message in (("1.0 2.0 veto", "line 1 is no label"), ("0\t1\ttrim\n" * 2, "2 trim labels")):
        track.write_text(text)
        with pytest.raises(ParameterError, match=message):
            labelled(track)


@pytest.mark.whole
def test_events_come_back_as_labels(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    done = render(Chain([Declick()]), source, tmp_path / "b.wav", events=True, labels=True)
    assert done.labels_file == tmp_path / "b.wav.labels.txt"
    lines = done.labels_file.read_text().splitlines()
    events = [json.loads(line) for line in done.events_file.read_text().splitlines()]
    assert len(lines) == len(events) > 2
    assert abs(float(lines[0].split("\t")[0]) - events[0]["position"] / RATE) < 1e-5
    changed = [line.replace("click", "veto") for line in lines]
    done.labels_file.write_text("\n".join(changed))
    assert wavemend("document", source, "--labels", done.labels_file).returncode == 0
    again = render(Chain([Declick()]), source, tmp_path / "c.wav")
    assert not again.events


@pytest.mark.whole
def test_the_command(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged())
    result = wavemend("document", source, "--print", "0.1-0.35", "--veto", "0:00.5", "--trim", "0.2-1.2")
    assert result.returncode == 0, result.stderr
    assert "0:00.100-0:00.350" in result.stdout
    document = load_document(tmp_path / "a.wav.wavemend.json")
    assert document.trim is not None and len(document.vetoed_events) == 1
    refused(wavemend("document", source, "--veto", "9"), "beyond the recording")
    refused(wavemend("document", source, "--stage", "wavemend.denoise"), "no single events")
    assert load_document(tmp_path / "a.wav.wavemend.json") == document

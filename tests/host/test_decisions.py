"""Decisions typed on the command line: times as people write them, refused where they mean nothing."""

from __future__ import annotations

import pytest
from wavemend.errors import ParameterError
from wavemend.host.decisions import Decisions, decided, described, seconds_of
from wavemend.host.document import AudioIdentity, RecordingDocument, Span, load_document

from .recordings import damaged, write
from .test_cli import refused, wavemend

DOCUMENT = RecordingDocument(AudioIdentity("a.wav", "0" * 64, 1000, 2, 100_000))


@pytest.mark.parametrize(("text", "seconds"), [("1.5", 1.5), ("2:03", 123), ("1:02:03.25", 3723.25)])
def test_times(text: str, seconds: float) -> None:
    assert seconds_of(text, text) == seconds


def test_decisions_add_up_and_are_cleared() -> None:
    document = decided(DOCUMENT, Decisions(prints=["1-2"], vetoes=["3"], trim="0:01-1:39", channel=2))
    document = decided(document, Decisions(prints=["0:00.5-0.75"], forced=["4-4.01"]))
    assert document.print_ranges == (Span(500, 250), Span(1000, 1000))
    assert document.trim == Span(1000, 98_000)
    assert [vars(event.mark) for event in document.vetoed_events] == [
        {"position": 2995, "length": 10, "channel": 1}
    ]
    assert len(described(document)) == 5
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
        (Decisions(clear=["all"]), "prints, vetoes, forced, trim"),
    ],
)
def test_what_means_nothing_is_refused(decisions: Decisions, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        decided(DOCUMENT, decisions)


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

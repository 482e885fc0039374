"""Text, SRT and WebVTT hold the same words at the same times, and nothing that players would obey."""

import pytest
from wavemend.contract.recogniser import Segment
from wavemend.errors import TargetExistsError
from wavemend.host.transcripts.captions import captions_of, write_captions

SAID = [Segment(0.0, 1.25, "Good evening."), Segment(3599.9996, 3661.5, "Q & A: <i>a</i> --> b")]
BY = {"recogniser": "parrot", "model": "grey --> wild"}

TEXT = """A machine's transcript, not checked by a person: side.wav
recogniser: parrot
model: grey --> wild

00:00:00  Good evening.
01:00:00  Q & A: <i>a</i> --> b
"""
SRT = """1
00:00:00,000 --> 00:00:01,250
Good evening.

2
01:00:00,000 --> 01:01:01,500
Q & A: <i>a</i> -> b

"""
VTT = """WEBVTT

NOTE
A machine's transcript, not checked by a person: side.wav
recogniser: parrot
model: grey -> wild

00:00:00.000 --> 00:00:01.250
Good evening.

01:00:00.000 --> 01:01:01.500
Q &amp; A: &lt;i&gt;a&lt;/i&gt; --&gt; b
"""


def test_three_files_say_the_same(tmp_path):
    captions = captions_of(tmp_path / "side.wav", SAID, BY)
    assert captions == {
        tmp_path / f"side.wav{end}": t
        for end, t in zip((".txt", ".srt", ".vtt"), (TEXT, SRT, VTT), strict=True)
    }
    write_captions(captions)
    assert {path: path.read_bytes().decode() for path in tmp_path.iterdir()} == captions


def test_none_is_written_where_one_is_there(tmp_path):
    captions = captions_of(tmp_path / "side.wav", SAID, BY)
    (tmp_path / "side.wav.vtt").write_text("mine")
    with pytest.raises(TargetExistsError, match=r"side\.wav\.vtt: is there already; say --overwrite"):
        write_captions(captions)
    assert [path.name for path in tmp_path.iterdir()] == ["side.wav.vtt"]
    write_captions(captions, overwrite=True)
    assert (tmp_path / "side.wav.vtt").read_text() == VTT


def test_nothing_said_is_no_error(tmp_path):
    _, srt, vtt = captions_of(tmp_path / "a.wav", [], {}).values()
    assert srt == "" and vtt.startswith("WEBVTT\n\nNOTE\n")


def test_a_name_that_is_no_utf8_is_written_with_question_marks(tmp_path):
    recording = tmp_path / "caf\udce9.wav"
    captions = captions_of(recording, SAID, BY | {"model": "\udcff"})
    write_captions(captions)
    assert [path.name for path in captions] == [
        f"caf\udce9.wav{suffix}" for suffix in (".txt", ".srt", ".vtt")
    ]
    assert (
        (tmp_path / "caf\udce9.wav.txt")
        .read_text("utf-8")
        .startswith("A machine's transcript, not checked by a person: caf?.wav\n")
    )

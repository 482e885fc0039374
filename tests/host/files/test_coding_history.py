"""A Broadcast Wave's coding history gets one line for what was done, and loses none that it has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend import Chain, Declick, render
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.files.coding_history import FIXED_BYTES, coding_line, with_line
from wavemend.plugins.dc_offset import DcOffset

from tests.host.recordings import damaged, write

from .tagged_files import BEXT, add_chunks, chunks_of


@pytest.mark.parametrize(
    ("form", "line"),
    [
        (AudioFormat("WAV", "PCM_24", 96000, 2), "A=PCM,F=96000,W=24,M=stereo,T=wavemend 1; a b"),
        (AudioFormat("WAV", "FLOAT", 44100, 1), "A=PCM,F=44100,W=32,M=mono,T=wavemend 1; a b"),
        (AudioFormat("WAV", "PCM_16", 48000, 6), "A=PCM,F=48000,W=16,T=wavemend 1; a b"),
    ],
)
def test_a_line_has_the_fields_of_the_recommendation(form, line):
    assert coding_line(form, ["wavemend 1", "a,b"]) == line


@given(st.binary(max_size=700), st.text(max_size=20))
def test_what_a_chunk_says_stays(bext, step):
    line = coding_line(AudioFormat("WAV", "PCM_16", 48000, 2), [step])
    found = with_line(bext, line)
    if len(bext) < FIXED_BYTES:
        assert found == bext
        return
    history = bext[FIXED_BYTES:].rstrip(b"\0").rstrip(b"\r\n")
    assert found[:FIXED_BYTES] == bext[:FIXED_BYTES]
    assert found[FIXED_BYTES:] == (history + b"\r\n" if history else b"") + line.encode() + b"\r\n"


def test_a_render_declares_what_was_run(tmp_path):
    source = write(tmp_path / "a.wav", damaged(0.5))
    add_chunks(source, (b"bext", BEXT + b"\0\0"))
    chain = Chain([DcOffset(), Declick()])
    render(chain, source, tmp_path / "b.wav", removed=True)
    said = chunks_of(tmp_path / "b.wav")[b"bext"]
    history = said[FIXED_BYTES:].decode().split("\r\n")
    assert history[0] == "A=ANALOGUE,M=mono" and history[2:] == [""]
    assert history[1].startswith("A=PCM,F=44100,W=16,M=stereo,T=wavemend ")
    assert history[1].endswith(f"; wavemend.dc_offset {DcOffset.version}; wavemend.declick {Declick.version}")
    removed = chunks_of(tmp_path / "b.removed.wav")[b"bext"]
    assert b",W=24," in removed and removed.endswith(b"; what was removed\r\n")


def test_samples_that_did_not_change_have_no_new_history(tmp_path):
    source = write(tmp_path / "a.wav", np.zeros((1, 2000)))
    add_chunks(source, (b"bext", BEXT))
    render(Chain([DcOffset()]), source, tmp_path / "b.wav")
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT

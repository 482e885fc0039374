"""Preparation: silent ends go, but for a margin; every position says so; the original stays."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
from wavemend import render
from wavemend.errors import ParameterError
from wavemend.host.files.audio_reader import AudioReader
from wavemend.host.recording.document import RecordingDocument, Span
from wavemend.host.recording.document_files import save_document
from wavemend.host.recording.preparation import open_document, prepare_recording
from wavemend.host.storage.hashing import sha256_of

from tests.host.commands import wavemend
from tests.host.recordings import RATE, damaged, words, write


def with_ends(lead_s: float = 3.0, tail_s: float = 4.0) -> np.ndarray:
    """A recording of 6 s between two silent ends."""
    rng = np.random.default_rng(3)
    music = damaged(6.0)[:, int(0.5 * RATE) :] - 0.003
    ends = [1e-5 * rng.standard_normal((2, int(s * RATE))) for s in (lead_s, tail_s)]
    return np.concatenate([ends[0], music, ends[1]], axis=1)


def test_silent_ends_are_trimmed_to_the_margin_and_the_rest_is_the_same(tmp_path) -> None:
    audio = with_ends()
    source = write(tmp_path / "a.wav", audio, "PCM_24")
    before = sha256_of(source)
    done = render("prepare", source, tmp_path / "b.wav", trim_ends_s=0.5)
    trim = json.loads(done.report.read_text())["trim"]
    assert abs(trim["position"] / RATE - 2.5) < 0.1
    assert abs(trim["length"] / RATE - 6.5) < 0.2
    part = words(source)[:, trim["position"] : trim["position"] + trim["length"]]
    assert (words(done.output) == part).all()
    assert sha256_of(source) == before == json.loads(done.report.read_text())["input"]["sha256"]


def test_removed_belongs_to_the_part_that_is_kept(tmp_path) -> None:
    source = write(tmp_path / "a.wav", with_ends() + 0.004)
    done = render("prepare", source, tmp_path / "b.wav", trim_ends_s=1.0, removed=True)
    trim = json.loads(done.report.read_text())["trim"]
    original, restored, removed = (soundfile.read(p)[0] for p in (source, done.output, done.removed))
    part = original[trim["position"] : trim["position"] + trim["length"]]
    assert (restored + removed == part).all() and np.any(removed)


def test_the_documents_trim_comes_before_what_was_found(tmp_path) -> None:
    source = write(tmp_path / "a.wav", with_ends())
    kept, _ = open_document(source)
    path, document = kept.path, kept.document
    save_document(RecordingDocument(document.audio, trim=Span(1000, 2000)), path)
    done = render("prepare", source, tmp_path / "b.wav", trim_ends_s=0.5)
    assert (words(done.output) == words(source)[:, 1000:3000]).all()


def test_nothing_silent_nothing_cut(tmp_path) -> None:
    source = write(tmp_path / "a.wav", damaged(4.0))
    done = render("prepare", source, tmp_path / "b.wav", trim_ends_s=0.5)
    assert "trim" not in json.loads(done.report.read_text())
    assert soundfile.info(done.output).frames == soundfile.info(source).frames
    with pytest.raises(ParameterError, match="trim_ends_s=-1"):
        render("prepare", source, tmp_path / "c.wav", trim_ends_s=-1)


@pytest.mark.whole
def test_the_prepare_command(tmp_path) -> None:
    write(tmp_path / "a.wav", with_ends() + 0.004)
    result = wavemend("prepare", tmp_path / "a.wav", "-o", tmp_path / "out", "--margin", "0.5")
    assert result.returncode == 0, result.stderr
    prepared, _ = soundfile.read(tmp_path / "out" / "a.wav")
    assert abs(len(prepared) / RATE - 6.5) < 0.2
    assert abs(prepared.mean()) < 1e-4


def test_a_recording_is_read_once_for_all_that_must_be_known_beforehand(tmp_path) -> None:
    source = tmp_path / "a.wav"
    audio = with_ends()
    soundfile.write(source, 1.2 * audio.T / np.abs(audio).max(), RATE, subtype="FLOAT")
    kept, _ = open_document(source)
    kept.save(kept.document)
    told: list[str] = []
    with AudioReader(source) as reader:
        prepared = prepare_recording(
            reader, trim_ends_s=0.5, limits=True, progress=lambda share, doing: told.append(doing)
        )
    assert set(told) == {"recognising the recording"} and told
    assert prepared.keep and prepared.document and prepared.source_over > 1

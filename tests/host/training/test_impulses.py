"""A click detector of one's own: it learns from decisions, and presets name it by its hash."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from wavemend import Declick
from wavemend.contract.marks import Mark
from wavemend.errors import AudioFileError, DocumentError, ModelError, WavemendError
from wavemend.host.files.audio_reader import AudioReader
from wavemend.host.recording.document import EventMark, RecordingDocument
from wavemend.host.recording.document_files import SUFFIX, document_path, save_document
from wavemend.host.recording.reading import identify
from wavemend.host.training.impulses import LEAST_DECISIONS, fit_impulses, save_model
from wavemend.inference import own as own_models

from tests.host.commands import wavemend
from tests.host.recordings import RATE, write

pytest.importorskip("onnx")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(own_models, "models_folder", lambda: tmp_path / "data" / "wavemend" / "models")
    own_models.own_model.cache_clear()
    return tmp_path / "data" / "wavemend" / "models"


def decided(path: Path, seed: int, seconds: float = 6.0) -> Path:
    """Write a recording whose ringing strokes were vetoed, whose lone samples forced; and its document."""
    draw = np.random.default_rng(seed)
    n = int(seconds * RATE)
    audio = 0.02 * np.convolve(draw.standard_normal(n), [1.0, 1.2, 0.8, 0.3], "same")[np.newaxis]
    places = np.arange(4000, n - 4000, 5000)
    vetoed, forced = [], []
    for k, place in enumerate(places):
        t = np.arange(24)
        rings = k % 2 == 0
        ring = np.exp(-t / 5) * np.cos(2 * np.pi * 0.4 * t) if rings else (t == 0) - 0.5 * (t == 1)
        audio[0, place : place + 24] += 0.5 * ring * draw.choice([-1.0, 1.0])
        (vetoed if rings else forced).append(EventMark("wavemend.declick", Mark(int(place), 24, 0)))
    write(path, audio)
    with AudioReader(path) as reader:
        document = RecordingDocument(
            identify(reader), vetoed_events=tuple(vetoed), forced_events=tuple(forced)
        )
    save_document(document, document_path(path))
    return document_path(path)


def test_it_learns_what_it_was_told_and_not_only_by_heart(tmp_path: Path) -> None:
    documents = [decided(tmp_path / f"{n}.wav", n) for n in range(2)]
    trained = fit_impulses(documents)
    assert trained.recordings == 2 and trained.unheard == 0 and trained.decisions > 80
    assert trained.obeyed_before < 0.7
    assert trained.obeyed_after > 0.85
    assert fit_impulses(documents).stored == trained.stored


def test_declick_obeys_it_by_its_hash(tmp_path: Path) -> None:
    save_model(fit_impulses([decided(tmp_path / f"{n}.wav", n) for n in range(2)]), tmp_path / "mine.onnx")
    fingerprint = own_models.add_model(tmp_path / "mine.onnx")
    path = tmp_path / "new.wav"
    document = decided(path, 7)
    with AudioReader(path) as reader:
        audio = reader.read(0, reader.frames)
    marks = json.loads(document.read_text())

    def repaired(events: list[dict[str, int]], stage: Declick) -> float:
        out = stage.process(audio, RATE)
        changed = [np.any(out[0, e["position"] :][:24] != audio[0, e["position"] :][:24]) for e in events]
        return float(np.mean(changed))

    packaged, own = Declick(algorithm="learned"), Declick(algorithm="learned", model=fingerprint)
    assert repaired(marks["vetoed_events"], packaged) > 0.8
    assert repaired(marks["vetoed_events"], own) < 0.5
    assert repaired(marks["forced_events"], own) > 0.9


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    document = decided(tmp_path / "a.wav", 1, seconds=0.6)
    with pytest.raises(DocumentError, match=f"at least {LEAST_DECISIONS} are needed"):
        fit_impulses([document])
    write(tmp_path / "silence.wav", np.zeros((1, 20_000)))
    with AudioReader(tmp_path / "silence.wav") as reader:
        save_document(RecordingDocument(identify(reader)), document_path(tmp_path / "silence.wav"))
    with pytest.raises(DocumentError, match="0 vetoed and forced events"):
        fit_impulses([document_path(tmp_path / "silence.wav")])
    with pytest.raises(DocumentError, match="is no recording document"):
        fit_impulses([tmp_path / "a.wav"])
    write(tmp_path / "a.wav", np.zeros((1, 1000)))
    with pytest.raises(DocumentError, match="belongs to other audio"):
        fit_impulses([document])
    (tmp_path / "a.wav").unlink()
    with pytest.raises(AudioFileError, match="there is no such file"):
        fit_impulses([document])
    with pytest.raises(ModelError, match="is not on this machine"):
        Declick(algorithm="learned", model="0" * 64).process(np.zeros((1, 1000)), RATE)
    assert issubclass(ModelError, WavemendError)


@pytest.mark.whole
def test_the_commands(tmp_path: Path, folder: Path) -> None:
    document = decided(tmp_path / "a.wav", 1)
    done = wavemend("train", "impulses", "--from", document, "-o", tmp_path / "mine.onnx", "--json")
    assert done.returncode == 0, done.stderr
    fingerprint = json.loads(done.stdout)["sha256"]
    assert (folder / f"{fingerprint}.onnx").read_bytes() == (tmp_path / "mine.onnx").read_bytes()
    assert fingerprint in wavemend("models", "list").stdout.splitlines()[0]
    again = wavemend("train", "impulses", "--from", document, "-o", tmp_path / "mine.onnx")
    assert again.returncode == 2 and "is there already" in again.stderr
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    bad = wavemend("models", "add", tmp_path / "bad.onnx")
    assert bad.returncode == 2 and "cannot be loaded" in bad.stderr
    assert document.name.endswith(SUFFIX)

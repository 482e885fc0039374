"""JSON that leaves the program is JSON for every reader, whatever is in it and wherever it goes."""

import enum
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from wavemend.analysis.finders import FINDERS
from wavemend.analysis.survey import Survey
from wavemend.host.storage.json_text import json_text
from wavemend.host.survey.analyse import analyse

from tests.host.recordings import RATE, damaged, write


class Colour(enum.StrEnum):
    red = "red"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (np.bool_(True), True),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.arange(3), [0, 1, 2]),
        ([np.array([1.5, np.nan]), -np.inf, np.float64("nan")], [[1.5, None], None, None]),
        (Colour.red, "red"),
        ({Colour.red: Path("a")}, {"red": "a"}),
        ({"b", "a"}, ["a", "b"]),
        ((None, True, 1, "x"), [None, True, 1, "x"]),
    ],
)
def test_every_kind_of_value_is_written(value, wanted):
    assert json.loads(json_text(value)) == wanted


@pytest.mark.parametrize("value", [object(), b"bytes", {1: "a"}, {"a": {("x",): 1}}, 1j])
def test_what_json_has_no_word_for_is_refused(value):
    with pytest.raises(TypeError, match="JSON"):
        json_text(value)


@pytest.mark.parametrize("text", ["été", "\U0001f3b5", "caf\udce9.wav", 'a"\\\n\x00', "\ud83c\udfb5"])
def test_text_goes_there_and_back(text):
    for ascii_only in (False, True):
        written = json_text({text: text}, ascii_only=ascii_only)
        assert written.encode("utf-8") and written.isascii() >= ascii_only
        ((name, value),) = json.loads(written).items()
        assert os.fsencode(name) == os.fsencode(value)
        assert value.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


def strictly_plain(value):
    if isinstance(value, dict):
        return all(type(key) is str and strictly_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(strictly_plain, value))
    return type(value) in (bool, int, float, str, type(None))


def spoiled():
    audio = damaged(4.0) + 0.1 * np.sin(2 * np.pi * 50 * np.arange(4 * RATE) / RATE)
    return {
        "clipped": np.clip(8 * audio, -0.5, 0.5),
        "one-sided": np.stack([audio[0], np.zeros_like(audio[0])]),
        "nothing": np.zeros((1, RATE)),
        "mono": audio[:1],
    }


@pytest.mark.parametrize("kind", spoiled())
def test_every_finding_is_plain_data(kind):
    audio = spoiled()[kind]
    survey = Survey(RATE, audio.shape[0], 16)
    survey.push(audio)
    findings = survey.result()
    assert set(findings) == set(FINDERS)
    for name, found in findings.items():
        assert strictly_plain(found.to_json()), name
        assert type(found.found) is bool, name


def test_an_analysis_of_a_clipped_recording_is_json(tmp_path):
    page = analyse(write(tmp_path / "clipped.wav", spoiled()["clipped"])).to_json()
    assert page["findings"]["clipping"]["found"] is True
    assert json.loads(json_text(page))["findings"]["clipping"]["found"] is True


@pytest.mark.whole
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
@pytest.mark.skipif(sys.platform == "darwin", reason="names there are valid UTF-8 always")
def test_printed_json_can_be_read_whatever_the_output_is(tmp_path, encoding):
    name = "été \U0001f3b5 caf\udce9.wav"
    write(tmp_path / "plain.wav", damaged(0.2)).rename(tmp_path / name)
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    result = subprocess.run(
        [sys.executable, "-m", "wavemend", "render", "prepare", name, "-o", "out", "--dry-run", "--json"],
        capture_output=True, cwd=tmp_path, env=environment, check=True,
    )  # fmt: skip
    (done,) = json.loads(result.stdout.decode("utf-8"))
    assert os.fsencode(done["source"]) == os.fsencode(name)

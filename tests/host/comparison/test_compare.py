"""Two files beside each other: figures that are known, and notes where they are unlike."""

import io

import numpy as np
import pytest
from wavemend.errors import AudioFileError
from wavemend.host.comparison.compare import compare
from wavemend.host.comparison.picture import draw_comparison
from wavemend.host.comparison.table import band_rows, rows, sentences
from wavemend.host.storage.json_text import json_text

from tests.host.recordings import damaged, write


@pytest.fixture
def pair(tmp_path):
    audio = damaged(4.0)
    return write(tmp_path / "a.wav", audio, "PCM_24"), audio, tmp_path / "b.wav"


def test_the_same_at_another_level_and_place_cancels(pair):
    a, audio, b = pair
    write(b, np.pad(audio * 0.5, ((0, 0), (777, 0))), "PCM_24")
    found = compare(a, b)
    assert found.alignment.offset == pytest.approx(777, abs=0.01)
    assert found.difference.gain_db == pytest.approx(6.02, abs=0.05)
    assert found.difference.share_db < -40
    said = " ".join(sentences(found))
    assert "later" in said and "same speed" in said and "lengths differ" in said
    levels = {row[0]: row[1:] for row in rows(found)}
    assert levels["programme loudness, LUFS"][2] == "-6.0"
    assert [row[3] for row in band_rows(found)][10] == "-6.0"


def test_opposite_polarity_cancels_too(pair):
    a, audio, b = pair
    found = compare(a, write(b, -audio, "PCM_24"))
    assert found.difference.share_db < -60 and "opposite polarity" in " ".join(sentences(found))


def test_unlike_rates_and_channels_are_said(pair):
    a, audio, b = pair
    found = compare(a, write(b, audio, "PCM_24", 48_000))
    assert found.alignment is None and "the rates differ" in found.notes[0]
    found = compare(a, write(b, audio[:1], "PCM_24"))
    assert found.difference is None and "A has 2 channels and B 1" in " ".join(found.notes)


def test_silence_and_a_few_samples_have_figures(pair, tmp_path):
    a, audio, b = pair
    for other in (np.zeros((2, 44_100)), np.zeros((2, 0)), audio[:, :5]):
        found = compare(a, write(b, other, "PCM_24"))
        assert found.alignment is None and sentences(found) and rows(found) and json_text(found.to_json())
    with pytest.raises(AudioFileError):
        compare(a, tmp_path / "none.wav")


def test_both_are_drawn(pair):
    pytest.importorskip("matplotlib")
    a, audio, b = pair
    picture = io.BytesIO()
    draw_comparison(compare(a, write(b, 0.9 * audio, rate=32_000)), picture)
    assert picture.getvalue().startswith(b"\x89PNG")

"""The table of transcripts counts words as people do, pools takes, and says where nothing is to measure."""

import numpy as np
import pytest
from bench.material.layered import layered
from bench.material.prompts import TEXTS, Spoken
from bench.material.takes import Take
from bench.measuring.plan import ChoiceError, Plan
from wavemend.errors import PluginError

from bench.tables import transcripts

RATE = 44_100


def made(medium, take, wear, seed):
    """Say by its level what a take has been through."""
    assert wear == "heavy"
    clean = 0 * take.audio + 10.0
    return layered(clean, clean + 10.0, RATE, 0)


class Halving:
    def process(self, audio, rate):
        return audio / 2 + (audio.mean() < 25)


def hear(audio, rate):
    """Hear by the level that `made` and `Halving` give each state."""
    clean, worn, louder = 10, 20, 10 + 10 * 10**0.5
    levels = (0, clean, worn, worn / 2 + 1, louder, louder / 2)
    texts = ("one two three four", "1 2 three four", "1 three", "", "", "one 2 three 4 5")
    return texts[int(np.argmin([abs(level - audio.mean()) for level in levels]))]


@pytest.fixture
def table(monkeypatch):
    takes = [Spoken(Take(str(n), np.zeros((1, RATE)), RATE), "One, two: three four.") for n in range(2)]
    monkeypatch.setattr(transcripts, "spoken_takes", lambda split, count: takes[:count])
    monkeypatch.setattr(transcripts, "chain_with", lambda name, settings: Halving())
    monkeypatch.setattr("bench.material.tuning.layers.layers", made)
    return lambda **more: [*transcripts.tables(Plan(count=2, split="tuning", **more), hear)]


def test_word_errors_of_each_state_and_of_all(table):
    pytest.importorskip("jiwer", reason="of the extra bench")
    rows, said = table(kinds=("lacquer", "telephone"))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in rows.splitlines()[-3:]]
    expected = ["0 % (100 %)", "50 % (50 %)", "100 % (0 %)", "100 % (0 %)", "25 % (100 %)"]
    assert cells == [[name, *expected] for name in ("lacquer", "telephone", "all")]
    assert "As recorded, through no medium: 0 %" in rows
    first, second = said.splitlines()
    assert "worn: 8 became 16 of 16 words; fewer in 0 media, more in 2. **Not shown.**" in first
    assert "10 dB louder: 16 became 4 of 16 words; fewer in 2 media, more in 0. **Shown.**" in second


def test_what_is_missing_is_said(table, monkeypatch):
    with pytest.raises(ChoiceError, match="no medium vinyl; there are shellac-electric"):
        table(kinds=("vinyl",))
    monkeypatch.setitem(transcripts.GENERATORS, "tuning", "bench.material.tuning.nothing")
    assert table() == ["### Transcripts of damaged and restored speech\n\nNot measured: "
                       "bench.material.tuning.nothing is not there."]  # fmt: skip

    def missing():
        raise PluginError("no packages")

    monkeypatch.setattr(transcripts, "own_ear", missing)
    (said,) = transcripts.tables(Plan(split="tuning"))
    assert said.endswith("Not measured: no packages.")


def test_texts_hold_words_alone():
    assert all(text.isascii() and not any(map(str.isdigit, text)) for text in TEXTS.values())

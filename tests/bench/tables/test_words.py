"""The table of word errors: every way hears the same noise, and what it makes worse is said."""

import numpy as np
import pytest
from bench.material.damage import Damaged
from bench.material.prompts import Spoken
from bench.material.takes import Take
from bench.measuring.plan import Plan
from bench.measuring.systems import System
from wavemend.errors import PluginError

from bench.tables import words

RATE = 44_100


def make(take, below_db, seed):
    audio = take.audio + 1.0
    return Damaged(audio, take.audio, audio - take.audio, slice(0, audio.shape[1]))


@pytest.fixture
def table(monkeypatch):
    takes = [Spoken(Take("one", np.zeros((1, RATE)), RATE), "One, two: three four.")]
    ways = [
        System("untreated", lambda made, rate: made.audio),
        System(words.OWN, lambda made, rate: made.audio / 2),
        System("GTCRN", lambda made, rate: made.audio),
    ]
    monkeypatch.setattr(words, "spoken_takes", lambda split, count: takes[:count])
    monkeypatch.setattr(words, "systems", lambda: ways)
    gentle = System("gentle", lambda made, rate: made.audio)
    monkeypatch.setattr(words, "stage_system", lambda name, stage: gentle)
    monkeypatch.setattr(words, "CARRIERS", {"tape": make})
    return lambda hear: [*words.tables(Plan(count=1, split="tuning"), hear)]


def test_cells_and_verdicts(table):
    pytest.importorskip("jiwer", reason="of the extra bench")
    rows, said = table(lambda audio, rate: "one two three four" if audio.mean() < 0.8 else "one")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in rows.splitlines()[-5:]]
    assert cells[0] == ["clean", "0 % (100 %)", "0 % (100 %)", "0 % (100 %)"]
    assert cells[1:] == [
        [name, "75 % (0 %)", "0 % (100 %)", "75 % (0 %)"]
        for name in ("tape, 0 dB", "tape, 5 dB", "tape, 10 dB", "all but clean")
    ]
    assert "tape, 0 dB, fewer word errors through VoiceDenoise: 3 became 0 of 4 words. **Shown.**" in said
    assert "Not shown" not in said


def test_what_is_missing_is_said(table, monkeypatch):
    def missing():
        raise PluginError("no packages")

    monkeypatch.setattr(words, "own_ear", missing)
    assert table(None) == ["### Word errors under the noise of carriers\n\nNot measured: no packages."]

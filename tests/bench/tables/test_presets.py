"""The table of presets compares each with what stands beside it, and says where nothing is to measure."""

import numpy as np
import pytest
from bench.material.takes import Take
from bench.measuring.plan import ChoiceError, Plan

from bench.tables import presets

RATE = 44_100


@pytest.fixture(autouse=True)
def no_programs(monkeypatch):
    monkeypatch.setattr(presets, "missing_ffmpeg", lambda filters: "not here")


def material(kind, count, seconds):
    draw = np.random.default_rng(len(kind))
    size = round(seconds * RATE)
    tone = 0.1 * np.sin(2 * np.pi * 440 / RATE * np.arange(size))
    return [Take(kind, (tone + 0.01 * draw.standard_normal((1, size))), RATE) for _ in range(count)]


def plan(**others):
    return Plan(count=2, seconds=1.0, split="tuning", material=material, **others)


def test_an_offset_goes_and_nothing_stands_beside_it():
    table, won = presets.tables(plan(kinds=("prepare",)))
    row = next(line for line in table.splitlines() if line.startswith("| prepare, music"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert [float(cell.split()[0]) > 20 for cell in cells[2:5]] == [True] * 3
    assert cells[5:8] == ["–"] * 3 and cells[8] == "unchanged"
    assert "Better than untreated by SDR: 2 of 2, by +" in won
    assert "ffmpeg" not in won and "broadband" not in won


def test_a_preset_that_is_not_there_is_named():
    with pytest.raises(ChoiceError, match="no preset cylinder; there are vinyl-light"):
        list(presets.tables(plan(kinds=("cylinder",))))


def test_a_split_without_damage_is_said(monkeypatch):
    monkeypatch.setitem(presets.GENERATORS, "tuning", "bench.material.tuning.nothing")
    (said,) = presets.tables(plan())
    assert "Not measured" in said

"""The tables on synthetic takes, with a system that changes nothing and one that cannot run."""

import re
from pathlib import Path

import numpy as np
import pytest
from bench.__main__ import TABLES
from bench.material.media import worn_disc
from bench.material.takes import Take
from bench.measuring.plan import Plan, db, heading, markdown, percent, verdict
from bench.measuring.systems import System, click_finder, click_yardsticks, noise_yardsticks, stage_system

import bench
from bench import tables
from bench.tables import clicks as clicks_table
from bench.tables import memory as memory_table
from bench.tables import noise as noise_table
from bench.tables import vinyl as vinyl_table

RATE = 44100


def synthetic(kind, count, seconds):
    """Return tones that swell, with a little noise: mono for speech, else stereo."""
    channels = 1 if kind == "speech" else 2
    t = np.arange(int(seconds * RATE)) / RATE
    tones = [0.2 * (1.1 + np.sin(2 * np.pi * 1.5 * t)) * np.sin(2 * np.pi * f * t) for f in (220.0, 331.0)]
    draws = (np.random.default_rng(seed) for seed in range(count))
    return [
        Take(
            f"{kind}{index}",
            np.array(tones[:channels]) + 1e-3 * draw.standard_normal((channels, len(t))),
            RATE,
        )
        for index, draw in enumerate(draws)
    ]


PLAN = Plan(count=1, seconds=1.5, quick=True, material=synthetic)
PASSTHROUGH = System("passthrough", lambda damaged, sample_rate: damaged.audio)


def fail(damaged, sample_rate):
    raise AssertionError("a missing system must not run")


MISSING = System("peer", fail, missing="nothing is not installed")


def rows_of(table):
    """Return the rows of the markdown tables in a text, without head and rule."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in lines}) == 1
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_clicks_left_alone_gain_nothing_and_the_yardstick_does():
    scores, table = clicks_table.gains(PLAN, [PASSTHROUGH, MISSING, click_yardsticks()[0]])
    assert {row[1] for row in rows_of(table)} == {"0.0 / 0.0 / 0 %"}
    assert {row[2] for row in rows_of(table)} == {"–"}
    assert "peer (nothing is not installed)" in table
    assert scores["music", "glitch", 15, "yardstick: exact-span LSAR"].median_db > 20


def test_clean_takes_left_alone_are_unchanged():
    moved, table = clicks_table.harms(PLAN, [PASSTHROUGH, MISSING])
    assert moved["speech", "passthrough"] == 0
    assert rows_of(table)[:2] == [
        ["music (1)", "passthrough", "0 %", "0 %", "unchanged", "unchanged"],
        ["music", "peer (nothing is not installed)", "–", "–", "–", "–"],
    ]


class ThreeClicks:
    """Stands in for a stage, and for its stream: passes on, and finds three clicks."""

    def process(self, audio, sample_rate):
        return audio

    def stream(self, sample_rate, channels):
        return self

    def step(self, audio, sink):
        sink("click")
        sink("click")

    def flush(self, sink):
        sink("click")


def test_found_clicks_are_counted_by_the_minute():
    _, table = clicks_table.harms(PLAN, [click_finder("finder", ThreeClicks()), PASSTHROUGH])
    assert rows_of(table)[0][-1] == "120"
    assert rows_of(table)[1][-1] == "–"


def test_noise_left_alone_gains_nothing():
    systems = [PASSTHROUGH, MISSING, noise_yardsticks()[1]]
    scores = noise_table.measure(PLAN, systems)
    left, oracle = (scores[("music", "white", 10), name][0] for name in ("passthrough", systems[2].name))
    assert (left.gain_db, left.fall_db, left.musical) == pytest.approx((0, 0, 0), abs=1e-9)
    assert oracle.gain_db > 3
    gains, octaves, musical, heard = noise_table.views(scores, systems)
    assert {row[1] for row in rows_of(gains)} <= {"0.0 (0.0)", "-0.0 (-0.0)"}
    for table in (gains, octaves, musical, heard):
        assert {row[2] for row in rows_of(table)} == {"–"}


def test_worst_octave_is_that_of_the_mean():
    scores = [
        noise_table.NoiseScore(0, octaves, 0, 0, 0, 0) for octaves in ({125: 1, 250: -2}, {125: -3, 250: 6})
    ]
    assert noise_table.worst_octave(scores) == (-1, 125)


def test_a_disc_left_alone_gains_nothing():
    table = vinyl_table.table(PLAN, [(PASSTHROUGH, PASSTHROUGH), (MISSING, PASSTHROUGH)])
    found, empty, *_ = rows_of(table)
    assert found[:2] == ["music, no crackle", "passthrough"]
    assert found[2] == found[3]
    assert found[-1] == "unchanged"
    assert set(empty[2:]) == {"–"}


def test_the_vinyl_preset_without_repairs_keeps_its_filters():
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, RATE))
    shelf = stage_system("", vinyl_table.vinyl(repairs=False))
    bypassed = [type(slot.member).__name__ for slot in vinyl_table.vinyl(repairs=False).slots if slot.bypass]
    assert {"Declick", "Dehum", "Denoise"} <= set(bypassed)
    assert not {"Rumble", "HighShelfFilter", "BrickwallLimiter"} & set(bypassed)
    assert not any(slot.bypass for slot in vinyl_table.vinyl().slots)
    disc = worn_disc(Take("noise", noise, RATE), 0)
    assert shelf.run(disc, RATE).shape == disc.audio.shape


def test_a_long_recording_is_as_long_as_asked(tmp_path):
    memory_table.write_recording(tmp_path / "a.wav", synthetic("music", 1, 1.0)[0], 0.05)
    info = memory_table.soundfile.info(tmp_path / "a.wav")
    assert (info.frames, info.samplerate, info.subtype) == (288000, 96000, "PCM_24")


@pytest.mark.whole
def test_markdown_and_figures():
    assert markdown("T", ["a", "b"], [["x", "1"]]).splitlines()[-1] == "| x | 1 |"
    assert [db(-np.inf), db(np.nan), db(1.25)] == ["unchanged", "–", "1.2"]
    assert [percent(0.00012), percent(0.5)] == ["0.012 %", "50 %"]
    assert verdict("A", "1 dB", False) == "- A: 1 dB. **Not shown.**"
    assert "python -m bench clicks" in heading(PLAN, "python -m bench clicks")


def test_the_page_names_every_table_and_every_table_is_there():
    page = (Path(bench.__file__).parent / "README.md").read_text()
    listed = (
        re.search(r"python -m bench NAME`: (.*?);", page)[1].replace(" (with `surface.py`)", "").split(", ")
    )
    modules = {path.stem for path in Path(tables.__file__).parent.glob("*.py")} - {"__init__", "surface"}
    assert listed == list(TABLES)
    assert modules == set(TABLES)

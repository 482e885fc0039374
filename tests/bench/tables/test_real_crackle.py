"""The tables of crackle through the channel say what a system did, and no more than was measured."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE, ROUTES
from bench.material.reporting.clicks import Faulty
from bench.material.takes import Take
from bench.measuring.plan import Plan
from bench.measuring.systems import System
from wavemend import Declick, Decrackle

from bench.tables import real_crackle

LEFT_ALONE = System("nothing", lambda damaged, rate: damaged.audio)
HALVED = System("half", lambda damaged, rate: (damaged.audio + damaged.clean) / 2)
DOUBLED = System("twice", lambda damaged, rate: 2 * damaged.audio - damaged.clean)
SUBTRACTED = System(real_crackle.SUBTRACTED, lambda damaged, rate: damaged.subtracted)


def plan() -> Plan:
    time = np.arange(2 * RATE) / RATE
    audio = 30 * np.stack([np.sin(2 * np.pi * hz * time) / hz for hz in (98, 277)])
    return Plan(
        count=1, quick=True, material=lambda kind, count, seconds: [Take("x/guitar@notes", audio, RATE)]
    )


def test_figures_are_what_a_system_took_away() -> None:
    systems = [LEFT_ALONE, HALVED, DOUBLED, SUBTRACTED]
    levels = real_crackle.measure(plan(), [ROUTES["44.1"]], systems)
    assert {key[0] for key in levels} == {(name, 2.0, 200.0) for name in real_crackle.MATERIALS}
    assert {key[2] for key in levels} == {"nothing", "half", "twice"}  # without a codec it is the clean take
    for (_, _, name), pairs in levels.items():
        expected = {"nothing": 0.0, "half": 6.02, "twice": -6.02}[name]
        assert np.diff(pairs) == pytest.approx(expected, abs=0.01)
    text = "\n".join(real_crackle.views(levels, [ROUTES["44.1"]], systems))
    assert "### Crackle through the channel, distorted guitar (1): half" in text and "(+6.0) |" in text
    told = ["\n".join(real_crackle.summary(levels, [ROUTES["44.1"]], one)) for one in systems[:3]]
    assert "0.0 dB gained" in told[0] and "made worse 0 of 3 times" in told[0]
    assert "6.0 dB gained" in told[1] and "made worse 3 of 3 times; least -6.0 dB" in told[2]


def test_gains_that_differ_between_routes_are_told() -> None:
    row = ("music", 2.0, 200.0)
    levels = {
        (row, "44.1", "x"): np.array([[10.0, 16.0]]),
        (row, "96 sox", "x"): np.array([[10.0, 11.0]]),
        (row, "MP3 128", "x"): np.array([[10.0, 40.0]]),  # a codec's noise: not compared
    }
    routes = [ROUTES[name] for name in ("44.1", "96 sox", "MP3 128")]
    lines = list(real_crackle.summary(levels, routes, System("x", LEFT_ALONE.run)))
    assert "0 of 1 rows; furthest apart A = 2, 200 a second, music, 5.0 dB" in lines[1]


def test_after_a_codec_only_what_is_around_impulses_counts() -> None:
    audio = np.zeros((1, 1000))
    damaged = Faulty(audio, audio, audio, np.array([0, 400, 420]), np.array([5, 410, 425]), 10_000)
    assert real_crackle.counted(damaged, ROUTES["44.1"]).all()
    where = real_crackle.counted(damaged, ROUTES["MP3 128"])
    assert np.flatnonzero(np.diff(where.astype(int))).tolist() == [24, 389, 444]


def test_the_yardstick_takes_away_most_of_what_it_is_told_of() -> None:
    draw = np.random.default_rng(0)
    clean = 0.1 * np.cumsum(draw.standard_normal((1, 4000)), axis=1)
    audio = clean.copy()
    for at in range(300, 3800, 500):
        audio[:, at : at + 10] += draw.standard_normal(10)
    damaged = Faulty(audio, clean, clean, np.array([300]), np.array([310]), RATE)
    output = real_crackle.noise_pulse(damaged, RATE)
    assert np.sum((output - clean) ** 2) < 0.2 * np.sum((audio - clean) ** 2)


def test_yardsticks_are_measured_where_they_say_something() -> None:
    yardstick = System(real_crackle.YARDSTICK, real_crackle.noise_pulse)
    absent = System("absent", LEFT_ALONE.run, missing="not installed")
    ran = {
        name: [s.name for s in (LEFT_ALONE, absent, SUBTRACTED, yardstick) if real_crackle.runs_on(s, route)]
        for name, route in ROUTES.items()
    }
    assert ran["44.1"] == ["nothing", yardstick.name] and ran["96 sox"] == ["nothing"]
    assert ran["MP3 128"] == ["nothing", SUBTRACTED.name]


def test_the_chain_is_the_preset_s_two_repairs_and_nothing_else() -> None:
    slots = real_crackle.vinyl_repairs().slots
    assert [type(slot.member) for slot in slots] == [Declick, Decrackle]
    assert not any(slot.bypass for slot in slots)

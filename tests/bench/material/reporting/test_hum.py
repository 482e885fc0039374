"""Hum has its level, its wander and its place, and the truth says so."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE
from bench.material.reporting.courses import (
    GRID_S,
    TURN,
    deviation_within,
    missing_grid,
    recorded_grid,
    transport,
    wander,
)
from bench.material.reporting.hum import KINDS, NOTE_HZ, bass_notes, comb, hummed
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

NEEDS_GRID = "a recorded grid"


def take(seconds: float = 4.0) -> Take:
    time = np.arange(round(seconds * RATE)) / RATE
    notes = np.stack([np.sin(2 * np.pi * hz * time) for hz in (277, 333)])
    return Take("notes", 0.3 * notes, RATE)


@pytest.mark.parametrize("kind", KINDS)
def test_hum_has_its_level_is_in_phase_and_inverts(kind: str) -> None:
    if kind == NEEDS_GRID and missing_grid():
        pytest.skip(missing_grid())
    made = hummed(take(), kind, 20.0, 0)
    assert made.plus.tobytes() == hummed(take(), kind, 20.0, 0).plus.tobytes()
    hum = (made.plus - made.minus) / 2
    level, _ = active_level_db(made.clean, RATE)
    assert level - 10 * np.log10(np.mean(hum[:, made.where] ** 2)) == pytest.approx(20, abs=0.3)
    assert np.abs(hum[0] - hum[1]).max() < 3 * 2.0**-15
    assert np.abs((made.plus + made.minus) / 2 - made.clean).max() < 3 * 2.0**-15
    outside = np.delete(hum, np.r_[made.where], axis=1)
    assert outside.size == 0 or np.sqrt(np.mean(outside**2)) < 2e-3


def test_the_mains_wander_as_they_are_said_to() -> None:
    for seed in range(5):
        course = wander(300.0, np.random.default_rng(seed))
        assert 0.002 <= deviation_within(course) <= 0.003
        assert np.abs(np.diff(course)).max() / GRID_S < 0.01
    if missing_grid():
        pytest.skip(missing_grid())
    assert 0.002 <= deviation_within(recorded_grid()) <= 0.003


def test_a_comb_turns_as_often_as_its_fundamental_says() -> None:
    draw = np.random.default_rng(0)
    course = 50 + wander(20.0, draw)
    hum = comb(course, np.array([1.0, 0, 0.5]), 20 * RATE, draw)
    power = np.abs(np.fft.rfft(hum * np.hanning(len(hum)))) ** 2
    hz = np.fft.rfftfreq(len(hum), 1 / RATE)
    assert hz[np.argmax(power)] == pytest.approx(np.mean(course), abs=0.06)
    first, between, third = (np.sum(power[(hz > a) & (hz < b)]) for a, b in ((45, 55), (55, 145), (145, 155)))
    assert 10 * np.log10(first / third) == pytest.approx(6, abs=1.5)
    assert between < 1e-6 * first


def test_a_transport_swings_once_a_turn() -> None:
    speed = transport(60.0, np.random.default_rng(3))
    spectrum = np.abs(np.fft.rfft((speed - speed.mean()) * np.hanning(len(speed)))) * 4 / len(speed)
    hz = np.fft.rfftfreq(len(speed), GRID_S)
    turns = [spectrum[np.abs(hz - per_s) < 0.03].max() for per_s in (100 / 180, 78.26 / 60)]
    assert TURN[0] * 0.8 < max(turns) < TURN[1] * 1.2
    assert abs(speed.mean() - 1) < 2e-3


def test_two_hums_are_two_and_hum_part_way_ends() -> None:
    made = hummed(take(10.0), "two hums", 20.0, 1)
    hum = (made.plus - made.minus)[0]
    spectrum = np.abs(np.fft.rfft(hum * np.hanning(len(hum))))
    hz = np.fft.rfftfreq(len(hum), 1 / RATE)
    near = np.flatnonzero((hz > 40) & (hz < 66))
    first = near[np.argmax(spectrum[near])]
    others = near[np.abs(hz[near] - hz[first]) > 0.8]
    assert spectrum[others].max() > 0.1 * spectrum[first]
    part = hummed(take(10.0), "part-way", 20.0, 1)
    assert part.where.stop - part.where.start == 5 * RATE


def test_a_bass_plays_beside_the_hum() -> None:
    bass = bass_notes(4 * RATE, np.random.default_rng(0))
    hz = np.fft.rfftfreq(len(bass), 1 / RATE)
    assert hz[np.argmax(np.abs(np.fft.rfft(bass)))] == pytest.approx(NOTE_HZ, abs=0.5)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of mains"):
        hummed(take(), "humming", 20.0, 0)

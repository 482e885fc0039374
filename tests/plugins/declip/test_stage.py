"""Peaks that were cut come back; no other sample moves."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.contract.marks import NO_MARKS, Mark, Marks
from wavemend.contract.stage import Event
from wavemend.errors import FindingsError, ParameterError
from wavemend.plugins.declip import Declip

RATE = 44_100


def sound(rate: int = RATE, seconds: float = 1.5, channels: int = 1) -> np.ndarray:
    """Chords that swell, at full scale in their loudest moment."""
    time = np.arange(int(seconds * rate)) / rate
    swell = 0.6 - 0.4 * np.cos(2 * np.pi * 1.3 * time)
    rows = [
        sum(swell * np.sin(2 * np.pi * f * time + f) / k for k, f in enumerate(notes, 1))
        for notes in ((220.0, 277.2, 329.6, 660.0, 2637.0), (110.0, 415.3, 554.4, 880.0, 1760.0))[:channels]
    ]
    both = np.stack([np.asarray(row) for row in rows])
    return np.asarray(both / np.abs(both).max(axis=1, keepdims=True))


def run(
    audio: np.ndarray, rate: int = RATE, marks: Marks = NO_MARKS, block: int = 50_000, **values: object
) -> tuple[np.ndarray, list[Event]]:
    stage = Declip(**values)
    stage.findings = stage.analyse(audio, rate)
    events: list[Event] = []
    stream = stage.stream(rate, audio.shape[0], marks=marks)
    parts = [stream.step(audio[:, i : i + block], events.append) for i in range(0, audio.shape[1], block)]
    return np.concatenate([*parts, stream.flush(events.append)], axis=1), events


def sdr_db(clean: np.ndarray, audio: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(clean**2) / np.sum((clean - audio) ** 2)))


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
@pytest.mark.parametrize("ceiling", [0.25, 0.6])
def test_peaks_come_back_and_nothing_else_moves(ceiling: float, rate: int) -> None:
    clean = sound(rate)
    cut = np.clip(clean, -ceiling, ceiling)
    out, events = run(cut, rate)
    assert sdr_db(clean, out) > sdr_db(clean, cut) + 15
    clipped = np.abs(clean) >= ceiling
    assert np.array_equal(out[~clipped], cut[~clipped])
    assert np.all(np.abs(out[clipped]) >= ceiling), "no peak is lower than where it was cut"
    assert np.all(np.sign(out[clipped]) == np.sign(cut[clipped]))
    inside = np.zeros(clean.shape[1], np.bool_)
    for event in events:
        inside[event.position : event.position + event.length] = True
    assert np.all(inside[clipped[0]]), "every cut peak is told"


def test_one_half_of_the_wave_and_one_channel() -> None:
    clean = sound(channels=2)
    cut = clean.copy()
    cut[1] = np.minimum(clean[1], 0.4)
    out, events = run(cut)
    assert np.array_equal(out[0], clean[0])
    assert sdr_db(clean[1], out[1]) > sdr_db(clean[1], cut[1]) + 15
    assert {event.channel for event in events} == {1}


def test_a_louder_part_that_is_not_cut_stays() -> None:
    clean = sound()
    cut = np.concatenate([0.3 * np.clip(clean, -0.5, 0.5), clean], axis=1)
    out, _ = run(cut)
    half = clean.shape[1]
    assert np.array_equal(out[:, half:], clean)
    assert not np.array_equal(out[:, :half], cut[:, :half])


@pytest.mark.parametrize("level", [0.02, 2.5])
def test_the_level_does_not_matter(level: float) -> None:
    clean = sound()
    out, _ = run(level * np.clip(clean, -0.5, 0.5))
    assert sdr_db(clean, out / level) > 25


def test_blocks_do_not_matter() -> None:
    cut = np.clip(sound(), -0.4, 0.4)
    assert np.array_equal(run(cut)[0], run(cut, block=997)[0])


def test_no_peak_is_higher_than_allowed() -> None:
    cut = np.clip(sound(), -0.3, 0.3)
    out, _ = run(cut, most_db=6.0)
    assert np.abs(out).max() == pytest.approx(0.3 * 10 ** (6 / 20))
    assert np.array_equal(run(cut, most_db=0.0)[0], cut)


def test_dither_on_the_tops() -> None:
    clean = sound()
    noise = np.random.default_rng(1).integers(-1, 2, clean.shape) / 2**15
    out, _ = run(np.clip(clean, -0.5, 0.5) + np.where(np.abs(clean) >= 0.5, noise, 0.0))
    assert sdr_db(clean, out) > 25


def test_a_veto_holds_a_passage() -> None:
    clean = sound()
    cut = np.clip(clean, -0.5, 0.5)
    _, events = run(cut)
    first = events[0]
    out, left = run(cut, marks=Marks(vetoed=(Mark(first.position, first.length),)))
    held = slice(first.position, first.position + first.length)
    assert np.array_equal(out[:, held], cut[:, held])
    assert all(event.position >= first.position + first.length for event in left)
    with pytest.raises(ParameterError, match="vetoes alone"):
        run(cut, marks=Marks(forced=(Mark(0, 10),)))


def test_nothing_found_nothing_changed() -> None:
    clean = sound(channels=2)
    out, events = run(clean)
    assert np.array_equal(out, clean)
    assert not events


def test_findings_of_other_channels_are_refused() -> None:
    stage = Declip()
    stage.findings = stage.analyse(np.clip(sound(), -0.5, 0.5), RATE)
    with pytest.raises(FindingsError, match="of 1 channels cannot serve 2"):
        stage.stream(RATE, 2)

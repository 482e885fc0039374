"""Clicks of the mouth go; speech, its plosives and its glottal pulses stay, and so does music."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter, resample_poly
from wavemend import MouthClick
from wavemend.contract.marks import NO_MARKS, Mark, Marks
from wavemend.contract.stage import Event
from wavemend.errors import ParameterError

RATE = 44_100
SYLLABLE_S, PAUSE_S = 0.2, 0.3


def low_passed(sound: np.ndarray, hertz: float, rate: int) -> np.ndarray:
    return np.asarray(lfilter([1.0], [1.0, -np.exp(-2 * np.pi * hertz / rate)], sound))


def voice(seconds: float, rate: int, draw: np.random.Generator) -> np.ndarray:
    """A vowel: glottal pulses at about 110 Hz through four formants, at about -20 dBFS."""
    size = round(seconds * rate)
    pulses = np.zeros(size)
    at = 0.0
    while at < size:
        pulses[int(at)] = 1.0
        at += rate / draw.uniform(105.0, 115.0)
    sound = low_passed(pulses, 140.0, rate)
    for hertz, width in ((600, 90), (1300, 110), (2500, 160), (3500, 220)):
        radius = np.exp(-np.pi * width / rate)
        sound = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * hertz / rate), radius**2], sound)
    sound *= np.sin(np.linspace(0.0, np.pi, size)) ** 0.5
    return np.asarray(0.1 * sound / np.std(sound))


def speech(rate: int = RATE, syllables: int = 8, seed: int = 1) -> np.ndarray:
    """Vowels with pauses between them, every other one after a plosive's burst and breath; a room's noise."""
    draw = np.random.default_rng(seed)
    parts = []
    for number in range(syllables):
        vowel = voice(SYLLABLE_S, rate, draw)
        if number % 2:
            breath = draw.standard_normal(round(0.04 * rate)) * np.exp(
                -np.arange(round(0.04 * rate)) / (0.025 * rate)
            )
            vowel[: breath.size] *= np.linspace(0.0, 1.0, breath.size)
            vowel[: breath.size] += 0.05 * breath
        parts += [vowel, np.zeros(round(PAUSE_S * rate))]
    whole = np.concatenate(parts)
    room = low_passed(low_passed(draw.standard_normal(whole.size), 200.0, rate), 700.0, rate)
    return np.asarray(whole + 0.001 * room / np.std(room))[np.newaxis]


def clicks(
    rate: int = RATE, syllables: int = 8, peak: float = 0.005, seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Two damped bursts of 2 to 4 kHz within 3 ms, in every pause but the first: what is added, and where."""
    draw = np.random.default_rng(seed)
    length = round((SYLLABLE_S + PAUSE_S) * rate)
    added = np.zeros(syllables * length)
    time = np.arange(round(1.5e-3 * rate)) / rate
    starts = []
    for number in range(1, syllables - 1):
        start = number * length + round((SYLLABLE_S + draw.uniform(0.1, 0.2)) * rate)
        starts.append(start)
        for late, height in ((0.0, 1.0), (draw.uniform(1e-3, 2.5e-3), 0.6)):
            burst = np.exp(-time / 0.3e-3) * np.sin(2 * np.pi * draw.uniform(2000, 4000) * time)
            first = start + round(late * rate)
            added[first : first + time.size] += draw.choice([-1, 1]) * height * peak * burst
    return added[np.newaxis], np.array(starts)


def run(
    audio: np.ndarray, rate: int = RATE, marks: Marks = NO_MARKS, **values: float
) -> tuple[np.ndarray, list[Event]]:
    events: list[Event] = []
    stream = MouthClick(**values).stream(rate, audio.shape[0], marks=marks)
    return np.concatenate([stream.step(audio, events.append), stream.flush(events.append)], axis=1), events


def gone_db(
    clean: np.ndarray, damaged: np.ndarray, out: np.ndarray, starts: np.ndarray, rate: int
) -> np.ndarray:
    parts = [slice(start - rate // 200, start + rate // 50) for start in starts]
    errors = [[np.sum((audio - clean)[:, part] ** 2) for part in parts] for audio in (damaged, out)]
    return np.asarray(10 * np.log10(np.array(errors[0]) / np.array(errors[1])))


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_clicks_in_pauses_go(rate: int) -> None:
    clean = speech(rate)
    added, starts = clicks(rate)
    gains = gone_db(clean, clean + added, run(clean + added, rate)[0], starts, rate)
    assert np.median(gains) > 13.0
    assert np.mean(gains > 6.0) > 0.8


def test_the_sample_rate_that_a_recording_came_by_changes_little() -> None:
    """What was sampled at 44.1 kHz and is in a file of 96 kHz has a void above 22 kHz."""
    clean, (added, starts) = speech(), clicks()
    damaged = clean + added
    here = gone_db(clean, damaged, run(damaged)[0], starts, RATE)
    finer, finer_clean = (resample_poly(audio, 320, 147, axis=1) for audio in (damaged, clean))
    there = gone_db(finer_clean, finer, run(finer, 96_000)[0], starts * 320 // 147, 96_000)
    assert abs(np.median(here) - np.median(there)) < 3.0


def test_what_is_no_click_stays_to_the_bit() -> None:
    clean, (added, starts) = speech(), clicks()
    assert np.array_equal(run(clean)[0], clean), "neither plosives nor glottal pulses are clicks"
    out, events = run(clean + added)
    assert starts.size - 1 <= len(events) <= starts.size
    changed = np.zeros(clean.shape[1], np.bool_)
    for event in events:
        changed[event.position : event.position + event.length] = True
    assert np.array_equal(out[:, ~changed], (clean + added)[:, ~changed])


def test_music_without_pauses_stays_to_the_bit() -> None:
    """Where all is about as loud there are no soft parts, so nothing in it is a click of a mouth."""
    time = np.arange(3 * RATE) / RATE
    notes = sum(np.sin(2 * np.pi * hertz * k * time) / k for hertz in (220, 277, 330) for k in range(1, 9))
    strokes = np.exp(-(time % 0.25) / 0.01) * np.random.default_rng(0).standard_normal(time.size)
    audio = (0.05 * notes + 0.05 * strokes)[np.newaxis]
    assert np.array_equal(run(audio)[0], audio)


def test_each_channel_is_heard_by_itself() -> None:
    clean, (added, _) = speech(), clicks()
    audio = np.concatenate([clean + added, clean])
    out, events = run(audio)
    assert np.array_equal(out[1], clean[0])
    assert np.array_equal(out[:1], run(clean + added)[0])
    assert {event.channel for event in events} == {0}


def test_higher_sensitivity_finds_no_fewer() -> None:
    clean, (added, _) = speech(), clicks(peak=0.002)
    counts = [len(run(clean + added, sensitivity=value)[1]) for value in (0.0, 5.0, 10.0)]
    assert counts == sorted(counts)
    assert counts[0] < counts[2]


@pytest.mark.parametrize("rate", [44_100, 96_000])
def test_vetoed_clicks_stay_to_the_bit_and_the_others_go(rate: int) -> None:
    clean, (added, _) = speech(rate), clicks(rate)
    audio = clean + added
    _, events = run(audio, rate)
    chosen = events[2]
    out, left = run(audio, rate, Marks(vetoed=(Mark(chosen.position + chosen.length // 2, 1, 0),)))
    assert left == [event for event in events if event != chosen]
    here = slice(chosen.position - 100, chosen.position + chosen.length + 100)
    assert np.array_equal(out[:, here], audio[:, here])


def test_forced_clicks_are_refused() -> None:
    with pytest.raises(ParameterError, match="vetoes alone"):
        MouthClick().check_marks(Marks(forced=(Mark(0, 10, 0),)), RATE, 1)

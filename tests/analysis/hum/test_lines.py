"""Amplitudes along a known phase: as they are, through steps of the level, and none where nothing is."""

import numpy as np
import pytest
from wavemend.analysis.hum.demodulator import STEP, grown
from wavemend.analysis.hum.found import Hum
from wavemend.analysis.hum.lines import PAST, HumLines

RATE = 4000
HOP = round(0.04 * RATE)
HARMONICS = np.array([1, 2, 3, 5])
FOUND = Hum(50.0, 0.02, HARMONICS, -46.0 - 20 * np.log10(HARMONICS[np.newaxis]), 1.0, 0.9)
BLOCKS = 16
TRUE = 0.00709 / HARMONICS * np.exp(1j * HARMONICS)


def turns_of(start, count):
    return 1000.0 + 50.0 * np.arange(start, start + count) / RATE


def estimated(gain_at=None, gain=1.0, level=1.0, noise=1e-4, note=0.0):
    """Amplitudes of each known frame, with the gains, and the lines."""
    lines = HumLines(RATE, 1, FOUND, 6, walk=0.06)
    half = lines.comb.half
    first = STEP * HOP * -8
    n = np.arange(first, BLOCKS * STEP * HOP + 4 * HOP)
    phase = 2 * np.pi * turns_of(n[0], n.size)
    audio = level * sum((a * np.exp(1j * h * phase)).real for h, a in zip(HARMONICS, TRUE, strict=True))
    if gain_at is not None:
        audio *= np.where(n >= gain_at * RATE, gain, 1.0)
    held = (n >= 5 * RATE) & (n < 9 * RATE)
    audio += note * held * sum(np.sin(h * phase + h * h) / h for h in range(1, 7))
    audio = (audio + noise * np.random.default_rng(0).standard_normal(n.size))[np.newaxis]
    rows, known = [], []
    for _ in range(BLOCKS):
        start = (lines._first_frame + lines._y.shape[0]) * HOP - half
        count = (STEP - 1) * HOP + 2 * half
        part = audio[:, start - first : start - first + count]
        lines.hear(part, turns_of(start, count), np.full(STEP, start >= 0))
        begin = (lines._first_frame + PAST - 1) * HOP
        amplitudes, phases = lines.estimate(audio[:, max(begin - first, 0) :], turns_of)
        gains = lines.gains(begin, STEP * HOP, 1)[::HOP]
        turned = amplitudes[:STEP, 0] * np.exp(1j * np.outer(phases[:STEP], np.arange(1, 7)))
        if begin >= 0:
            rows.append(turned * gains[:, np.newaxis])
            known.append(begin / RATE)
    return np.concatenate(rows), known[0], lines


def test_amplitudes_are_as_they_are():
    rows, _, lines = estimated()
    assert np.abs(rows[25:, HARMONICS - 1] - TRUE).max() < 0.03 * np.abs(TRUE[0])
    assert not lines.steps


def test_a_line_that_is_not_there_is_not_estimated():
    rows, _, _ = estimated()
    assert np.abs(rows[25:, 3]).max() < 0.05 * np.abs(TRUE[2])


@pytest.mark.parametrize("gain", [0.5, 0.7, 1.8])
def test_a_step_is_found_and_followed_at_once(gain):
    rows, begin, lines = estimated(5.0, gain)
    (step,) = lines.steps
    assert step.sample == pytest.approx(5 * RATE, abs=0.02 * RATE)
    assert step.gain == pytest.approx(gain, rel=0.05)
    frames = begin + np.arange(len(rows)) * HOP / RATE
    for part, level in ((frames < 4.9, 1.0), (frames > 5.1, gain)):
        off = np.abs(rows[part][10:, HARMONICS - 1] - level * TRUE)
        assert off.max() < 0.06 * np.abs(TRUE[0])


def test_a_hum_that_is_faded_in_is_followed():
    """Over 4 s, from nothing on: what is left, from 10 dB under its full level on, is a tenth of it."""
    fade = (
        np.clip(np.arange(BLOCKS * STEP * HOP + 4 * HOP + STEP * HOP * 8) / (4 * RATE) - 2.0, 0.0, 1.0) ** 2
    )
    rows, begin, lines = estimated(level=fade, noise=3e-5)
    seconds = begin + np.arange(len(rows)) * HOP / RATE
    level = np.clip(seconds / 4, 0.0, 1.0) ** 2
    off = np.abs(rows[:, HARMONICS - 1] - level[:, np.newaxis] * TRUE)[:, 0] / np.abs(TRUE[0])
    assert (off[level > 0.3] < 0.1).all()
    assert not lines.steps


def test_silence_gives_nothing():
    rows, _, lines = estimated(level=0.0, noise=0.0)
    assert not rows.any()
    assert not lines.steps


def test_a_note_at_all_harmonics_is_no_step():
    """15 dB over the hum, for 4 s: what is estimated of the hum goes on below it."""
    rows, _, lines = estimated(note=0.04)
    assert not lines.steps
    assert np.abs(rows[25:, HARMONICS - 1] - TRUE).max() < 0.2 * np.abs(TRUE[0])


def test_a_line_that_was_faded_in_walks_by_what_it_is():
    """Amplitudes are relative to where the fade began: 20 dB under the level that was found."""
    assert grown(np.ones(1), np.full(1, 0.1 + 0j), 10.0) == pytest.approx(0.01)
    assert grown(np.ones(1), np.full(1, 2.0 + 0j), 1.0) == pytest.approx(4.0)
    assert grown(np.ones(1), np.full(1, 0.5 + 0j), 0.5) == pytest.approx(1.0)

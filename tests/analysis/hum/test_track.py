"""The tracker's phase is the hum's, through edits; silence and blocks change nothing."""

import numpy as np
import pytest
from wavemend.analysis.hum.demodulator import REACH, STEP, CombDemodulator, line_powers
from wavemend.analysis.hum.found import Hum
from wavemend.analysis.hum.track import HumTracker

RATE = 4000
HARMONICS = (1, 2, 3, 5)
FOUND = Hum(
    frequency_hz=50.0,
    wander_hz=0.02,
    harmonic=np.array(HARMONICS),
    level_dbfs=-46.0 - 20 * np.log10(np.array([HARMONICS])),
    share=1.0,
    confidence=0.9,
)
N = 14 * STEP * round(0.04 * RATE)
SECONDS = np.arange(N) / RATE


def phase_of(jump=0.0, at=6.0):
    return 2 * np.pi * (50.02 * SECONDS - 0.03 * np.cos(2 * np.pi * SECONDS / 4)) + jump * (at <= SECONDS)


def hum(phase):
    audio = 0.00709 * sum(np.sin(h * phase + h) / h for h in HARMONICS)[np.newaxis]
    return audio + 1e-4 * np.random.default_rng(0).standard_normal(audio.shape)


def followed(audio):
    """The tracker, and the turns that it told, as they came, of the samples from the first on."""
    tracker = HumTracker(RATE, audio.shape[0], FOUND)
    size, turns = STEP * tracker.hop, []
    for block in range(audio.shape[1] // size):
        tracker.hear(audio[:, block * size : (block + 1) * size])
        start = ((block + 1) * STEP - HumTracker.LAG - STEP) * tracker.hop
        if start >= 0:
            turns.append(tracker.turns(start, size))
    begin = -(HumTracker.LAG + STEP) % STEP * tracker.hop
    return tracker, np.concatenate([np.full(begin, np.nan), *turns])


@pytest.mark.parametrize("jump", [0.0, 1.2, -2.5])
def test_the_phase_is_the_hums_through_an_edit(jump):
    phase = phase_of(jump)
    _, turns = followed(hum(phase))
    off = np.angle(np.exp(1j * (2 * np.pi * turns - phase[: turns.size])))
    off -= np.nanmedian(off)
    clear = np.abs(SECONDS[: turns.size] - 6.0) > 0.02
    assert np.abs(np.angle(np.exp(1j * off)))[clear][RATE:].max() < 0.1


def test_an_edit_is_told_where_it_is():
    tracker, _ = followed(hum(phase_of(1.2)))
    (edit,) = tracker.jumps(0, N)
    assert edit.sample == pytest.approx(6 * RATE, abs=0.01 * RATE)
    assert edit.phase == pytest.approx(1.2, abs=0.2)
    assert 0.5 <= edit.confidence <= 1.0


def test_no_edit_is_told_where_none_is():
    assert not followed(hum(phase_of()))[0].jumps(0, N)


def test_a_transport_that_swings_by_more_than_was_found_has_no_edits():
    """0.2 % of wow at the turn of a disc: followed, and never taken for a splice."""
    phase = phase_of() + 0.18 * np.sin(2 * np.pi * SECONDS / 1.8)
    tracker, turns = followed(hum(phase))
    assert not tracker.jumps(0, N)
    off = 2 * np.pi * turns - phase[: turns.size]
    assert np.nanstd(np.angle(np.exp(1j * off))[4 * RATE :]) < 0.05


def test_what_comes_later_changes_nothing_that_is_known():
    one, other = hum(phase_of()), hum(phase_of())
    other[:, 12 * RATE :] = 0.5
    shared = (12 * RATE // (STEP * round(0.04 * RATE))) * STEP * round(0.04 * RATE)
    known = shared - (HumTracker.LAG + STEP) * round(0.04 * RATE)
    assert np.array_equal(followed(one)[1][:known], followed(other)[1][:known], equal_nan=True)


def test_silence_keeps_the_frequency_that_was_found():
    _, turns = followed(np.zeros((1, N)))
    assert np.diff(turns[RATE:]) * RATE == pytest.approx(50.0, abs=1e-6)


def test_a_comb_tells_its_lines_and_what_lies_beside_them():
    comb = CombDemodulator(RATE, 1, 50.0, 5)
    frames = 20
    n = (frames - 1) * comb.hop + 2 * comb.half
    turns = 100.0 + 50.0 * np.arange(n) / RATE
    line = 0.3 * np.cos(2 * np.pi * 2 * turns + 0.4) + 0.1 * np.cos(2 * np.pi * 162.5 / 50.0 * turns)
    y, noise = comb.measure(line[np.newaxis], turns, frames)
    assert np.abs(y[:, 1] - 0.3 * np.exp(0.4j)).max() < 1e-4
    assert noise[:, 2].min() > 100 * noise[:, 1].max()
    assert comb.half <= REACH * comb.hop


def test_lines_that_were_not_found_may_be_as_strong_as_those_around_them():
    power = line_powers(FOUND, 5)
    assert power[3] == pytest.approx(np.sqrt(power[2] * power[4]))
    assert power[0] == pytest.approx(2 * 10**-4.6)

"""One gain of all lines: found where a hum is faded, and nowhere else."""

import numpy as np
import pytest
from wavemend.analysis.hum.demodulator import UNHEARD
from wavemend.analysis.hum.fades import fade, first_guess
from wavemend.kernels.harmonics.kalman import Walks

LINES = np.array([1.0, 0.5j, -0.4, 0.3 + 0.1j, 0.2j, -0.2])
FRAMES = 150
POWER = np.abs(LINES) ** 2
RAMP = np.clip(np.arange(FRAMES) / 75.0, 0.02, 1.0) ** 2


def found(gains, *, note=0.0, free=False, unheard=0):
    draw = np.random.default_rng(0)
    noise = 0.02
    program = draw.standard_normal((2, FRAMES, LINES.size))
    y = np.outer(gains, LINES) + np.sqrt(noise / 2) * (program[0] + 1j * program[1])
    y[40:90, 0] += note
    noises = np.full(y.shape, noise)
    noises[:unheard] = UNHEARD
    lines = Walks(0.06**2 * 0.04 * POWER, POWER, LINES.astype(np.complex128), 0.01 * POWER)
    return fade(y, noises, lines, free=free, channels=1, first_power=8.0)


def test_a_hum_that_is_faded_in_shares_one_gain():
    gain = found(RAMP, free=True)
    assert gain == pytest.approx(RAMP, abs=0.15)
    assert gain[80:] == pytest.approx(1.0, abs=0.08)


def test_a_hum_that_is_faded_out_is_told_relative_to_what_was_known():
    assert found(RAMP[::-1]) == pytest.approx(RAMP[::-1], abs=0.15)


@pytest.mark.parametrize("free", [False, True])
def test_hum_that_holds_still_has_no_fade(free):
    assert found(np.ones(FRAMES), free=free) is None


def test_a_step_is_no_fade():
    assert found(np.where(np.arange(FRAMES) < 80, 1.0, 0.5)) is None


def test_notes_at_all_lines_are_no_fade():
    assert found(np.where(np.arange(FRAMES) < 80, 1.0, 5.0)) is None


def test_a_note_at_one_line_is_no_fade():
    assert found(np.ones(FRAMES), note=6.0) is None


def test_too_few_frames_tell_of_no_fade():
    assert found(RAMP, free=True, unheard=FRAMES - 40) is None


def test_lines_begin_as_most_frames_say():
    """A note of a third of the frames moves them little; what is hardly heard is unknown."""
    y = np.tile(LINES, (90, 1))
    y[:30] += 5.0
    known = np.ones(y.shape, bool)
    known[10:, -1] = False
    mean, error = first_guess(y, known, POWER, 8.0)
    assert mean[:-1] == pytest.approx(LINES[:-1])
    assert (error[:-1] < 0.1 * POWER[:-1]).all()
    assert mean[-1] == 0.0
    assert error[-1] == pytest.approx(8.0 * POWER[-1])

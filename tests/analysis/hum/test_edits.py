"""Where a hum breaks off under music, to milliseconds."""

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.analysis.hum.edits import JumpFrames, break_sample

RATE = 8000
N = RATE
TURNS = 50.0 * np.arange(N) / RATE
BEFORE = np.array([[0.01], [0.005], [0.004], [0.003], [0.002]], complex)


def broken(after, at, program=0.0):
    wave = np.zeros(N)
    for k, (one, other) in enumerate(zip(BEFORE[:, 0], after[:, 0], strict=True), 1):
        amplitude = np.where(np.arange(N) < at, one, other)
        wave += (amplitude * np.exp(2j * np.pi * k * TURNS)).real
    draw = np.random.default_rng(0)
    return (wave + program * lfilter([1.0], [1.0, -1.9, 0.95], draw.standard_normal(N)))[np.newaxis]


@pytest.mark.parametrize("after", [BEFORE * np.exp(2.0j * np.arange(1, 6))[:, np.newaxis], 0.5 * BEFORE])
@pytest.mark.parametrize("at", [3700, 4000, 4400])
def test_a_break_is_placed_to_milliseconds(after, at):
    found = break_sample(
        broken(after, at, 1e-4), TURNS, BEFORE, after, about=4000, reach=1000, sample_rate=RATE
    )
    assert abs(found - at) < 0.005 * RATE


def test_a_jump_of_frames_is_told_from_none():
    number, frames = np.arange(1.0, 6.0), np.arange(20)
    y = np.tile(BEFORE[:, 0], (20, 1)) * np.exp(1j * np.outer(frames >= 8, number * 1.5))
    weigh = JumpFrames(y, np.full(y.shape, 1e-7), number, BEFORE[:, 0], 4.0)
    later = frames[12:]
    costs = weigh.costs(later, np.array([0.0, 1.5]), np.ones(2))
    assert costs[1] < 0.1 * costs[0]
    assert weigh.place(1.5, 1.0, -2.0, 19.0) == pytest.approx(7.5, abs=2.1)


def test_a_bend_turns_the_frames():
    number = np.arange(1.0, 3.0)
    turned = np.exp(0.1j * np.outer(np.arange(1, 11), number))
    weigh = JumpFrames(turned, np.full(turned.shape, 1e-3), number, np.ones(2, complex), 4.0)
    assert np.allclose(weigh.bent(0.1).y, 1.0)


@pytest.mark.parametrize("frames_long", [1, 12])
def test_a_phase_that_gets_there_by_and_by_does_not_jump(frames_long):
    """As a transport's wow turns it: a jump explains what lies behind, and a path what lies between, too."""
    number = np.arange(1.0, 6.0)
    phase = 1.0 * np.clip((np.arange(27) - 6) / frames_long, 0.0, 1.0)
    y = BEFORE[:, 0] * np.exp(1j * np.outer(phase, number))
    weigh = JumpFrames(y, np.full(y.shape, 1e-7), number, BEFORE[:, 0], 4.0)
    sharp, gradual = weigh.at_once(weigh.place(1.0, 1.0, -2.0, 26.0), 1.0, 1.0)
    assert (gradual > sharp + 6.0) == (frames_long == 1)

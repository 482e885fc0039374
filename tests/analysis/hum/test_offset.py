"""How far a comb is off what was named: from seconds of its lines, whatever note lies beside them."""

import numpy as np
import pytest
from wavemend.analysis.hum.offset import CombOffset

SECONDS = 0.04
TIME = np.arange(125) * SECONDS
NUMBER = np.arange(1.0, 9.0)


def lines(off_hz, level=1.0):
    return level * np.exp(2j * np.pi * off_hz * np.outer(TIME, NUMBER) + 1j * NUMBER) / NUMBER


def heard(*pieces):
    offset = CombOffset(NUMBER, SECONDS)
    draw = np.random.default_rng(0)
    for piece in pieces:
        offset.hear(piece + 0.01 * draw.standard_normal((125, 16)) @ np.kron(np.eye(8), [[1], [1j]]))
    return offset


@pytest.mark.parametrize("off_hz", [0.0, 0.123, -0.28])
def test_it_is_known_to_a_hundredth_of_a_hertz(off_hz):
    assert heard(lines(off_hz), lines(off_hz)).best_hz(0.3) == pytest.approx(off_hz, abs=0.01)


def test_a_bass_note_beside_it_does_not_draw_it_away():
    """10 dB louder, 1.7 Hz lower: lines within 5 Hz of its own are outdone, the comb stays where it is."""
    note = np.zeros((125, 8), complex)
    note[:, :3] = lines(-1.7, 3.2)[:, :3]
    offset = heard(lines(0.05) + note, lines(0.05) + note)
    assert offset.best_hz(0.3) == pytest.approx(0.05, abs=0.02)
    assert offset.lines(0.05)[1].tolist() == [False] * 2 + [True] * 6


def test_levels_are_those_of_the_lines_and_noise_alone_has_none():
    level, over = heard(lines(0.1), lines(0.1)).lines(0.1)
    assert over.all()
    np.testing.assert_allclose(level, -20 * np.log10(NUMBER) - 3.01, atol=0.5)
    assert not heard(*[0 * lines(0.0)] * 3).lines(0.0)[1].any()


def test_it_is_never_further_off_than_allowed():
    assert abs(heard(lines(-1.7)).best_hz(0.3)) <= 0.3 + 0.005
    assert heard().best_hz(0.3) == 0.0

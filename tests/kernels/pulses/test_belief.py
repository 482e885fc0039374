"""Whether an estimate of a click can be one."""

import numpy as np
import pytest
from wavemend.kernels.pulses.belief import is_absurd

SIGMA = 0.02


@pytest.mark.parametrize("left", [0.0, 0.5, 1.0, 1.49, 1.51, 4.0])
@pytest.mark.parametrize("length", [0, 1, 30])
def test_absurd_is_what_leaves_one_and_a_half_times_the_sound(left: float, length: int) -> None:
    x = np.random.default_rng(0).standard_normal(40)
    for part in (1 - left**0.5, 1 + left**0.5):
        click = np.full(40, 1e6)
        click[:length] = part * x[5 : 5 + length] / SIGMA
        assert is_absurd(x[5 : 5 + length], 0.0, 40, SIGMA, click) == (length > 0 and left > 1.5)


def test_a_click_in_silence_is_absurd() -> None:
    assert is_absurd(np.zeros(3), 0.0, 16, SIGMA, np.array([0.0, 1.0, 0.0]))
    assert not is_absurd(np.zeros(3), 0.0, 16, SIGMA, np.zeros(3))


def test_an_oscillation_at_the_end_of_a_loud_click_is_absurd_however_loud_the_click() -> None:
    """All of it has far less energy than the click: only the part that it is in tells."""
    draw = np.random.default_rng(0)
    music, click = draw.standard_normal(120), np.zeros(120)
    click[:40] = 300.0 * np.exp(-np.arange(40) / 8.0)
    wrong = click.copy()
    wrong[100:] += np.geomspace(1.0, 30.0, 20) * (-1.0) ** np.arange(20)
    assert not is_absurd(music + click, 1.0, 32, 1.0, click)
    assert is_absurd(music + click, 1.0, 32, 1.0, wrong)

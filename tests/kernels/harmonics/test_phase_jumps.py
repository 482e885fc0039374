"""The jump that was made explains a comb best."""

import numpy as np
import pytest
from wavemend.kernels.harmonics.phase_jumps import jump_costs


@pytest.mark.parametrize(("phase", "gain"), [(0.0, 1.0), (1.3, 1.0), (-2.0, 0.6), (0.0, 2.0)])
def test_the_true_jump_costs_least(phase, gain):
    draw = np.random.default_rng(0)
    number = np.arange(1.0, 9.0)
    amplitude = np.exp(1j * draw.uniform(0, 6, 8)) / number
    y = np.tile(gain * amplitude * np.exp(1j * number * phase), (5, 1))
    y += 0.05 * draw.standard_normal(y.shape)
    jumps, gains = (grid.ravel() for grid in np.meshgrid(np.linspace(-3, 3, 61), [0.6, 1.0, 2.0]))
    costs = np.empty(jumps.size)
    jump_costs(y, np.full(y.shape, 0.01), number, amplitude, np.zeros(5), jumps, gains, costs)
    best = int(np.argmin(costs))
    assert (jumps[best], gains[best]) == (pytest.approx(phase, abs=0.05), gain)


def test_a_frame_that_holds_both_sides_is_a_mixture():
    number, amplitude = np.ones(1), np.ones(1, complex)
    y = np.array([[0.25 * 1.0 + 0.75 * -1.0]], complex)
    costs = np.empty(1)
    share = np.array([0.25])
    jump_costs(y, np.full((1, 1), 1e-3), number, amplitude, share, np.array([np.pi]), np.ones(1), costs)
    assert costs[0] == pytest.approx(0.0, abs=1e-9)

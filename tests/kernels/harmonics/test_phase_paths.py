"""A phase that turns by and by is explained by a path; one that jumps is not."""

from __future__ import annotations

import numpy as np
from wavemend.kernels.harmonics.phase_paths import path_cost

PLACES, MOST, FRAMES = 72, 1, 24
NUMBER = np.array([1.0, 2.0, 5.0])
AMPLITUDE = np.array([0.3 + 0.1j, 0.2j, -0.1 + 0.05j])


def cost(phase: np.ndarray) -> float:
    y = AMPLITUDE * np.exp(1j * NUMBER * phase[:, np.newaxis])
    return path_cost(y, np.full(y.shape, 1e-4), NUMBER, AMPLITUDE, PLACES, MOST)


def test_what_goes_on_or_turns_slowly_costs_nothing() -> None:
    turning = 2 * np.pi / PLACES * np.arange(FRAMES)
    assert cost(np.zeros(FRAMES)) < 1e-9
    assert cost(turning) < 1e-9
    assert cost(-turning) < 1e-9


def test_a_jump_costs_until_the_path_is_there() -> None:
    jump = np.where(np.arange(FRAMES) < FRAMES // 2, 0.0, np.pi / 2)
    nearer = np.where(np.arange(FRAMES) < FRAMES // 2, 0.0, np.pi / 8)
    assert cost(jump) > cost(nearer) > 1.0

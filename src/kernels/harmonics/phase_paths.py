"""Phases that never jump: how well a hum whose frequency merely wanders explains what looks like an edit."""

from __future__ import annotations

import numpy as np

from ...audio.arrays import Array, Complex
from ..compilation.compilation import compiled

_FREEDOM = 3.0  # degrees, of the errors; tuned: as `kalman.FREEDOM`
_MODEL = 0.02  # error of a line's predicted amplitude, in its power; tuned: as `jump_costs` has it


@compiled
def path_cost(y: Complex, noise: Array, number: Array, amplitude: Complex, places: int, most: int) -> float:
    """Weigh the likeliest phase that begins at 0 and turns by little from frame to frame (A. Viterbi, 1967).

    Parameters
    ----------
    y, noise
        Measured amplitudes relative to a phase that goes on, and their variances, shape (frames, lines).
    number, amplitude
        Harmonic, ascending, and amplitude of each line, shape (lines,).
    places
        Phases that are tried, of a turn.
    most
        Places from one frame to the next, at most.

    Returns
    -------
    float
        Negative logarithm of Student's t, summed, as `jump_costs` has it.
    """
    frames, lines = y.shape
    costs = np.full(places, np.inf)
    costs[0] = 0.0
    for k in range(frames):
        reached = np.full(places, np.inf)
        for place in range(places):
            for step in range(-most, most + 1):
                reached[place] = min(reached[place], costs[(place + step) % places])
        for place in range(places):
            if reached[place] < np.inf:
                product = 1.0
                turn = np.exp(2j * np.pi * place / places)
                turned, reaches = 1.0 + 0.0j, 0.0
                for line in range(lines):
                    a = amplitude[line]
                    while reaches < number[line]:
                        turned *= turn
                        reaches += 1.0
                    off = y[k, line] - a * turned
                    variance = noise[k, line] + _MODEL * (a.real**2 + a.imag**2)
                    product *= 1.0 + 2.0 / _FREEDOM * (off.real**2 + off.imag**2) / variance
                reached[place] += np.log(product)
        costs = reached
    return float(costs.min())

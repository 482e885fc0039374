"""Edits in a comb of harmonics: where all of them jump by one time and one gain."""

from __future__ import annotations

import numpy as np

from ...audio.arrays import Array, Complex
from ..compilation.compilation import compiled

_FREEDOM = 3.0  # degrees, of the errors; tuned: as `kalman.FREEDOM`
_LARGE = 1e100  # guard: another factor still fits
# Error of a line's predicted amplitude, in its power; tuned: bench hum, its splices, 2026-11-21, no record.
_MODEL = 0.02


@compiled
def jump_costs(
    y: Complex, noise: Array, number: Array, amplitude: Complex, share: Array, jumps: Array, gains: Array,
    costs: Array,
) -> None:  # fmt: skip
    """Weigh jumps of the phase and the level: how badly each explains the measured amplitudes.

    Parameters
    ----------
    y, noise
        Measured amplitudes relative to the phase before the jump, and their variances, shape (frames, lines).
    number, amplitude
        Harmonic and amplitude of each line before the jump, shape (lines,).
    share
        Of each frame's window, how much lies before the jump, shape (frames,).
    jumps, gains
        Of each jump, phase in rad and factor of the level, shape (jumps,).
    costs
        Negative logarithms of Student's t, summed; shape (jumps,).
    """
    for jump in range(jumps.size):
        total = 0.0
        for line in range(number.size):
            a = amplitude[line]
            power = _MODEL * (a.real**2 + a.imag**2)
            after = gains[jump] * a * np.exp(1j * number[line] * jumps[jump])
            product = 1.0
            for k in range(share.size):
                off = y[k, line] - (share[k] * a + (1.0 - share[k]) * after)
                square = (off.real**2 + off.imag**2) / (noise[k, line] + power)
                product *= 1.0 + 2.0 * square / _FREEDOM
                if product > _LARGE:
                    total += np.log(product)
                    product = 1.0
            total += np.log(product)
        costs[jump] = total

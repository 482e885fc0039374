"""Whether an estimate of a click can be one: energies of a click and of the sound add.

Samples count from a click's first; a click is in units of the excitation's standard deviation.
"""

from __future__ import annotations

from ..compilation.compilation import compiled
from ..prediction.models import Vector

# tuned: known spans of the tuning set's material for clicks, 2026-11-29
MOST_SOUND = 1.5
"""Energy without a click, as a part of what there is with it,"""
_MORE_SOUND = 3.0  # and beyond that as a part of what there is beside it


@compiled
def believed(x: Vector, level: float, window: int, sigma: float, click: Vector) -> int:
    """Find the first part of a click that leaves clearly more sound than there was: it is not believed.

    Click and music are independent, so their energies add. An estimate that breaks this rule put a great
    oscillation into the click and its opposite into the music, where too few samples told them apart. Beside
    all of a loud click such an oscillation at its end is nothing, so each part counts by itself.

    Parameters
    ----------
    x
        The samples that the click is taken from, shape (m,).
    level
        Mean square of the sound beside them.
    window
        Samples of a part; parts overlap by half.
    sigma, click
        The click in units of `sigma`, shape (m,) or longer.

    Returns
    -------
    int
        Samples before that part; m where there is none.
    """
    step = max(window // 2, 1)
    for first in range(0, max(x.size - window, 0) + 1, step):
        before, after = 0.0, 0.0
        last = first + window if first + step + window <= x.size else x.size
        for t in range(first, last):
            rest = x[t] - sigma * click[t]
            before += x[t] * x[t]
            after += rest * rest
        if after > MOST_SOUND * before + _MORE_SOUND * level * (last - first):
            return first
    return int(x.size)


@compiled
def is_absurd(x: Vector, level: float, window: int, sigma: float, click: Vector) -> bool:
    """Whether there is clearly more sound without the click than with it, in any part; see `believed`."""
    return bool(believed(x, level, window, sigma, click) < x.size)

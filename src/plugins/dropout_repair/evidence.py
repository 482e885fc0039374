"""How likely it is that a moment is a dropout, and no pause, stroke or stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .fades import Fade, Steadiness

# tuned: logistic regression, false ones weighing 8 times, on dips of clean music, speech, drums and metal
# of the tuning set and on dropouts of bench.material.tuning in them, by three routes, 2026-11-29
_NONE, _WON, _RATHER, _FALL, _DEPTH, _DEEPER = -8.7, 2.13, 13.0, 1.56, 5.0, -6.39
_LONE, _LULL, _BURST, _LONG = 1.56, -1.78, -1.21, -1.15
_MOST_GAIN = 0.35  # at the bottom of a dropout
_LEAST_WON, _MOST_WON = 0.03, 1.5  # nats a sample: less says no less, and more no more
_LEAST_RATHER, _MOST_RATHER = -0.05, 0.2  # likewise, over a fall of the source alone
_LEAST_GAIN, _MOST_LONE_DB = 0.05, 10.0  # likewise
_DEEPER_DB, _LONG_S = 15.0, 12e-3  # from which on depth and length speak against a dropout


class Dip(NamedTuple):
    """What was measured of a dip in one channel, in dB: see `find_dips`."""

    depth_db: float
    lone_db: float


@dataclass(frozen=True)
class Evidence:
    """What speaks for a dropout in one channel.

    Attributes
    ----------
    dip
        What its level did.
    steadiness
        How the sound around it goes on: where there are strokes or stops anyway, a dip is likely one.
    """

    dip: Dip
    steadiness: Steadiness

    @property
    def most(self) -> float:
        """Log odds that no fade can exceed."""
        return self._of(_MOST_WON, _MOST_RATHER, _LEAST_GAIN, 0.0)

    def log_odds(self, fade: Fade) -> float:
        """Return the log odds of a dropout."""
        if fade.deepest > _MOST_GAIN:
            return -np.inf
        return self._of(fade.won, fade.rather, fade.deepest, fade.fallen_s)

    def _of(self, won: float, rather: float, deepest: float, fallen_s: float) -> float:
        depth, steadiness = -self.dip.depth_db, self.steadiness
        lone = min(max(self.dip.lone_db, -_MOST_LONE_DB), _MOST_LONE_DB)
        return float(
            _NONE
            + _WON * np.log10(min(max(won, _LEAST_WON), _MOST_WON))
            + _RATHER * min(max(rather, _LEAST_RATHER), _MOST_RATHER)
            - _FALL * 2.0 * np.log10(max(deepest, _LEAST_GAIN))
            + _DEPTH * depth / 10.0
            + _DEEPER * max(depth - _DEEPER_DB, 0.0) / 10.0
            + _LONE * lone / 10.0
            + _LULL * np.log10(steadiness.lull)
            + _BURST * np.log10(steadiness.burst)
            + _LONG * max(fallen_s - _LONG_S, 0.0) / 10e-3
        )

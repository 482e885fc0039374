"""Where one wall is damaged, which of them, and what is taken from the mean of both for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...audio.arrays import Array, Mask
from ...kernels.samples.boxes import box_sums, triangle_sums
from .filters import (
    CROSSOVER_HZ,
    HIGH,
    HIGH_AT_SECOND,
    HIGH_BASE,
    LOW,
    LOW_AT_SECOND,
    LOW_BASE,
    LOW_MEAN,
    ODDS,
    WHITE,
)

# tuned: by hand on pops, ticks and scratches on one wall each, mono discs of the tuning split, 2026-11-29
_STANDS_OUT, _ENDS = 6.0, 1.7  # times the noise: begins a span, and ends it
_BEFORE_S, _AFTER_S = 10e-3, 100e-3  # farthest that a span goes from where it stands out
_SEED_S, _REST_S, _LOW_SEED_S, _LOW_REST_S = 0.3e-3, 1e-3, 4e-3, 8e-3  # power is averaged over
_EDGE_S, _LOW_EDGE_S = 1e-3, 4e-3  # of the fade into a span
_SHORT_S, _LONG_S = 2e-3, 10e-3  # odds are added up over, for high and for low frequencies

_MOST_ODDS = 60.0  # guard: no exponential overflows


class Noise(NamedTuple):
    """Powers along the rows: of the whitened, high and low difference's noise, and of the low mean."""

    white: Array
    high: Array
    low: Array
    low_mean: Array


class Taken(NamedTuple):
    """What the walls' mean loses, where damage is, and whose: 1 the first wall's, 0 the second's."""

    signal: Array
    spans: Mask
    first: Array


@dataclass(frozen=True)
class Damage:
    """Weighs both walls along samples, all of shape (n,).

    Of two hypotheses on a moment, that the first wall's noise is in it or the second's, the music's
    whitened samples ``m`` and the difference's ``d`` say ``sum (m + d/2)^2 - (m - d/2)^2 = 2 sum m d``; over
    twice the music's variance it is the logarithm of the ratio of their likelihoods.
    """

    sample_rate: float

    def weigh(self, rows: Array, noise: Noise, strength: float, vetoed: Mask) -> Taken:
        """Weigh the walls.

        Parameters
        ----------
        rows
            As `filters` names them, shape (11, n).
        noise
            Powers.
        strength
            The stage's; 5 is the default.
        vetoed
            What damage may not touch: a span that does stays as it is.
        """
        stands_out = (_STANDS_OUT * 2.0 ** ((5.0 - strength) / 5.0)) ** 2
        power, high_power = rows[WHITE] ** 2 / noise.white, rows[HIGH] ** 2 / noise.high
        highs = self._spans(
            np.maximum(self._mean(power, _SEED_S), self._mean(high_power, _SEED_S)) > stands_out,
            np.maximum(self._mean(power, _REST_S), self._mean(high_power, _REST_S)),
        )
        low_power = rows[LOW] ** 2 / noise.low
        lows = self._spans(
            self._mean(low_power, _LOW_SEED_S) > stands_out, self._mean(low_power, _LOW_REST_S)
        )
        spared = _touched(highs | lows, vetoed)
        highs &= ~spared
        lows &= ~spared
        open_high, open_low = self._fade(highs, _EDGE_S), self._fade(lows, _LOW_EDGE_S)
        # samples under the crossover are so many times fewer than they seem
        low_odds = rows[LOW_MEAN] * rows[LOW] / noise.low_mean * min(2 * CROSSOVER_HZ / self.sample_rate, 1.0)
        of_low = self._sum(low_odds, _LONG_S)
        first = _logistic(self._sum(rows[ODDS], _SHORT_S) + open_low * of_low)
        low_first = _logistic(of_low + self._sum(open_high * rows[ODDS], _LONG_S))
        high_part = first * rows[HIGH] - (1 - first) * rows[HIGH_AT_SECOND] - rows[HIGH_BASE]
        low_part = low_first * rows[LOW] - (1 - low_first) * rows[LOW_AT_SECOND] - rows[LOW_BASE]
        taken = rows[HIGH_BASE] + rows[LOW_BASE] + open_high * high_part + open_low * low_part
        return Taken(0.5 * taken, highs | lows, np.where(highs, first, low_first))

    def _spans(self, seeds: Mask, rest: Array) -> Mask:
        """Return where damage is: it stands out somewhere, and goes on around that while it is heard."""
        before, after = round(_BEFORE_S * self.sample_rate), round(_AFTER_S * self.sample_rate)
        total = np.concatenate([[0], np.cumsum(seeds)])
        at = np.arange(seeds.size)
        near = total[np.minimum(at + before + 1, seeds.size)] > total[np.maximum(at - after, 0)]
        return np.asarray(seeds | ((rest > _ENDS**2) & near))

    def _mean(self, values: Array, seconds: float) -> Array:
        """Average over a triangle of that length."""
        width = max(round(seconds / 2 * self.sample_rate), 1)
        return np.asarray(triangle_sums(values, width) / width**2)

    def _sum(self, values: Array, seconds: float) -> Array:
        """Sum over a triangle that reaches so far to either side and is 1 in its middle."""
        width = max(round(seconds * self.sample_rate), 1)
        return np.asarray(triangle_sums(values, width) / width)

    def _fade(self, mask: Mask, seconds: float) -> Array:
        """Return the mask, widened by half of `seconds` either way, with soft edges."""
        width = max(round(seconds * self.sample_rate), 1) | 1
        wide = box_sums(mask.astype(np.float64), width) > 0.5
        return np.clip(self._mean(wide.astype(np.float64), seconds / 2), 0.0, 1.0)


def _logistic(odds: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-2.0 * np.clip(odds, -_MOST_ODDS, _MOST_ODDS))))


def spans_in(mask: Mask) -> list[list[int]]:
    """Return where each run of true begins and stops."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return edges.reshape(-1, 2).tolist()


def _touched(spans: Mask, vetoed: Mask) -> Mask:
    """Return the spans that hold a vetoed sample, whole."""
    touched = np.zeros_like(spans)
    if vetoed.any():
        for start, stop in spans_in(spans):
            touched[start:stop] = vetoed[start:stop].any()
    return touched

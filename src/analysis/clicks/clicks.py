"""Clicks and crackle: how many a minute, how strong, in which channels, when, and whether with a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio, Counts
from ...audio.checks import limited
from ...contract.constraints import CHANNELS, SHARE, Axis, Choices, Each, Range
from ...contract.findings import Analyser, Findings, by_channel
from ...kernels.impulses.counting import HEIGHT, RMS, SCORE, START, STOP, merge_impulses, pulse_height
from ..speeds import DISCS
from .bands import SCORES, Band, LowBand
from .rates import (
    CRACKLE_DB,
    DENSE_A_MINUTE,
    MOST_COLUMNS,
    MOST_STRETCHES,
    NO_STRENGTH,
    PLAIN,
    STRETCH_SECONDS,
    ImpulseTally,
)
from .revolutions import Revolutions

__all__ = ["CRACKLE_DB", "NO_STRENGTH", "STRETCH_SECONDS", "Clicks", "ClicksAnalyser"]

Picked = npt.NDArray[np.float64]

_MOST_RATE = 1e6  # guard: what strangers' findings may say
_MOST_COLUMN_S = 1e6  # guard: likewise
_CELL_SECONDS = 64 / 44_100  # source: the cells of the Declick stage
_LOW_RATE = 11_025.0  # about what the low band is decimated to; tuned: by hand, 2026-11-21, no record
_SUPPORTED = 0.5  # part of a score that will do where another channel has a click; tuned: by hand, no record
_BLIND_CELLS = 3.0  # derived: a higher peak hides those half as near, on either side
_MOST_MEASURED = 64  # heights a hop and channel; guard: more say no more about their median, and cost time


_STRETCHES, _COLUMNS = Axis("stretches", most=MOST_STRETCHES), Axis("columns", most=MOST_COLUMNS)
_A_MINUTE, _STRENGTH_DB = Range(0.0, _MOST_RATE), Range(NO_STRENGTH, -NO_STRENGTH)


@dataclass(frozen=True, eq=False)
class Clicks(Findings):
    """Clicks and crackle of a recording.

    Attributes
    ----------
    clicks_per_minute, crackle_per_minute
        Strong and weak impulses (see `CRACKLE_DB`) of each channel, shape (channels,).
    shared_share
        Share of the impulses that is in more than one channel at once, beyond chance; None with one channel
        or without impulses.
    strength_db, strong_db
        Median, and the level that one in ten passes, of the impulses' peaks over the RMS within 10 ms;
        -100 without impulses.
    revolution_rpm
        33.33, 45, 76.6 or 78.26 (see `speeds`) where clicks return once a revolution, else 0.
    revolution_s
        The period they return with, measured; 0 where they do not.
    revolution_confidence
        0 to 1.
    worst_start_s, worst_per_minute
        The 10-second stretches with most impulses, the worst first, and the impulses a minute in them, 8 at
        most, shape (stretches,). An impulse in several channels counts once.
    column_s, density_per_minute
        Impulses a minute over time, counted likewise, in columns of `column_s` seconds from the recording's
        start, shape (columns,), 512 at most; none where nothing was found.
    confidence
        That there are impulses that are not the program's, 0 to 1.
    """

    clicks_per_minute: Annotated[Array, Each(CHANNELS), _A_MINUTE]
    crackle_per_minute: Annotated[Array, Each(CHANNELS), _A_MINUTE]
    shared_share: Annotated[float | None, SHARE]
    strength_db: Annotated[float, _STRENGTH_DB]
    strong_db: Annotated[float, _STRENGTH_DB]
    revolution_rpm: Annotated[float, Choices(0.0, *(speed.rpm for speed in DISCS))]
    revolution_s: Annotated[float, Range(0.0, 60.0)]
    revolution_confidence: Annotated[float, SHARE]
    worst_start_s: Annotated[Array, Each(_STRETCHES), Range(0.0)]
    worst_per_minute: Annotated[Array, Each(_STRETCHES), _A_MINUTE]
    column_s: Annotated[float, Range(0.0, _MOST_COLUMN_S)]
    density_per_minute: Annotated[Array, Each(_COLUMNS), _A_MINUTE]
    confidence: Annotated[float, SHARE]

    @property
    def found(self) -> bool:
        """Whether any channel has clicks or crackle."""
        return bool((self.clicks_per_minute > 0).any() or (self.crackle_per_minute > 0).any())

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no clicks"
        each = [
            f"{by_channel([f'{rate:.0f}' for rate in rates])} {what} a minute"
            for what, rates in (("clicks", self.clicks_per_minute), ("crackles", self.crackle_per_minute))
            if rates.any()
        ]
        parts = [" and ".join(each), f"{self.strength_db:.0f} dB over the sound"]
        if self.shared_share is not None:
            parts.append(f"{100 * self.shared_share:.0f} % in several channels")
        if self.revolution_rpm:
            parts.append(f"returning at {self.revolution_rpm:g} rpm")
        return ", ".join([*parts, f"confidence {self.confidence:.1f}"])


class ClicksAnalyser(Analyser[Clicks]):
    """Pick what stands out of the excitation of the whole band and of the low one, and count it by score."""

    def __init__(self, sample_rate: float, channels: int) -> None:
        factor = max(int(sample_rate / _LOW_RATE), 1)
        low_cell = max(round(_CELL_SECONDS * sample_rate / factor), 8)
        self._cell, least = low_cell * factor, _SUPPORTED * SCORES[0]
        self._band = Band(sample_rate, channels, self._cell, least)
        super().__init__(sample_rate, channels, hop=self._band.hop)
        self._low = None
        if factor > 1:
            self._low = LowBand(sample_rate, factor, channels, low_cell, least)
        self._origin = -self._band.size
        self._merged = np.zeros((2 * self._band.size // self._cell, 5))
        self._tally = ImpulseTally(channels, _BLIND_CELLS * self._cell / sample_rate)
        self._revolutions = Revolutions()

    def _frame(self, frame: Audio) -> None:
        self._hear(limited(frame), self._band.size)

    def _conclude(self, rest: Audio) -> Clicks:
        hop, size = self._grid.hop, self._band.size
        rest = limited(rest)
        missing = hop - rest.shape[1]
        self._hear(np.pad(rest, ((0, 0), (0, missing))), size - missing)
        self._hear(np.zeros((self.channels, hop)), size - missing - hop)
        rates = self._tally.rates(self._heard / self.sample_rate / 60)
        none = np.zeros(self.channels)
        if rates is None:
            return Clicks(
                none, none, None, NO_STRENGTH, NO_STRENGTH, 0.0, 0.0, 0.0,
                none[:0], none[:0], 0.0, none[:0], 0.0,
            )  # fmt: skip
        revolution = self._revolutions.result()
        return Clicks(
            clicks_per_minute=_rounded(rates.clicks_per_minute, 2),
            crackle_per_minute=_rounded(rates.crackle_per_minute, 2),
            shared_share=rates.shared_share,
            strength_db=rates.strength_db,
            strong_db=rates.strong_db,
            revolution_rpm=revolution.rpm,
            revolution_s=round(revolution.period_s, 4),
            revolution_confidence=round(revolution.confidence, 2),
            worst_start_s=rates.worst_start_s,
            worst_per_minute=_rounded(rates.worst_per_minute, 1),
            column_s=rates.column_s,
            density_per_minute=_rounded(rates.density_per_minute, 1),
            confidence=round(rates.confidence, 2),
        )

    def _hear(self, frame: Audio, end: int) -> None:
        """Take in one hop; `end` is where the recording ends in the buffer."""
        self._origin += self._grid.hop
        bounds = np.array([max(-self._origin, 0), max(end, 0)])
        self._band.hear(frame, bounds)
        every = self._band.pick(bounds)
        if self._low is not None:
            own = self._low.own_bounds(bounds, self._origin)
            self._low.hear(frame, own)
            low = self._low.pick(own)
        else:
            low = [picked[:0] for picked in every]
        found = [
            self._measured(channel, one, other, bounds)
            for channel, (one, other) in enumerate(zip(every, low, strict=True))
        ]
        excursions = self._band.excursions(bounds, DENSE_A_MINUTE / 60 / self.sample_rate)
        start_s = (self._origin + self._band.picked_from) / self.sample_rate
        seconds = self._grid.hop / self.sample_rate
        self._tally.add(found, excursions * self._grid.hop, start_s, seconds)
        plain = np.concatenate([one[one[:, SCORE] >= SCORES[PLAIN]] for one in found])
        self._revolutions.add(plain[:, START], plain[:, SCORE], start_s + seconds)

    def _measured(self, channel: int, one: Picked, other: Picked, bounds: Counts) -> Picked:
        """Return one channel's impulses of both bands with heights, and with times in seconds."""
        count = merge_impulses(one, other, self._cell, SCORES[0], self._merged)
        picked: Picked = self._merged[:count].copy()
        near, before = round(0.01 * self.sample_rate), 32 * self._band.order
        x = self._band.x[channel]
        for row in picked[:_MOST_MEASURED]:
            start, stop = max(int(row[START]) - 1, bounds[0]), min(int(row[STOP]) + 1, bounds[1])
            row[[HEIGHT, RMS]] = pulse_height(x, start, stop, bounds, self._band.order, before, near)
        picked[:, [START, STOP]] += self._origin
        picked[:, [START, STOP]] /= self.sample_rate
        return picked


def _rounded(rates: Array, digits: int) -> Array:
    limited: Array = np.clip(rates, 0.0, _MOST_RATE).round(digits)
    return limited

"""Clicks and crackle: how many a minute, how strong, in which channels, when, and whether with a turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernels.impulses import score_cells
from ..kernels.point_process import (
    HEIGHT,
    LEAST_DEVIATIONS,
    RMS,
    SCORE,
    START,
    STOP,
    coincidences,
    count_excursions,
    count_lags,
    distinct_scores,
    outline_cells,
    pick_impulses,
    pulse_height,
    reach_of,
    returning_period,
    undo_blindness,
    whiten,
)
from .findings import Analyser, Findings, FindingsError
from .framing import Audio

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Picked = npt.NDArray[np.float64]

CRACKLE_DB = 4.0
"""Impulses that peak less over the RMS around them are crackle, the others clicks."""

STRETCH_SECONDS = 10.0
"""Length of the stretches that are compared."""

NAMES_RPM = (33.33, 45.0, 76.6, 78.26)
"""The records' speeds that are told apart."""

MOST_STRETCHES = 8
"""How many of the worst stretches are kept."""

NO_STRENGTH = -100.0
"""Strength, dB, that stands for no impulse."""

_MAX_CHANNELS = 64
_MOST_RATE = 1e6
_LOUDEST = 1e6
_FLOOR = 2.0**-16  # half a step of 16 bits
_CELLS_A_BLOCK = 16  # so that what a cell is compared with lies within a block
_BLOCKS_A_HOP = 16
_ALONE = (14.0, 4.0)  # what scores 1: so many scales, and so many times the highest peak nearby,
_IN_CRACKLE = (60.0, 5.0)  # or so many scales, and so many times three quarters of the peaks
_LONGEST_MS = 6.0
_SCORE_A_MS, _MOST_ASKED = 1.5, 8.0  # a drum's stroke lasts, so what lasts must stand out more
_MOST_MEASURED = 64  # heights a hop and channel: more say no more about their median

# Music has impulses of its own: so many a minute reach each score in the worst of the tuning takes, doubled.
_SCORES = np.array([0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0])
_MUSIC_A_MINUTE = np.array([900.0, 530.0, 330.0, 240.0, 160.0, 120.0, 72.0, 48.0, 12.0, 0.0])
# Where there are clicks beyond doubt, less evidence does for the others.
_MUSIC_WITH_CLICKS = np.where(_SCORES < 1.0, _MUSIC_A_MINUTE, _MUSIC_A_MINUTE / 2)
_DOUBTLESS_A_MINUTE, _DOUBTLESS = 2.0, 2.0
_SHORTEST_MINUTES = 1 / 6
_SURE = int(np.searchsorted(_SCORES, 1.0))
_PLAIN = int(np.searchsorted(_SCORES, 2.0))

_BLIND_CELLS = 1.5  # a higher peak hides those so near, on either side
_MOST_BLIND = 0.75
# Excursions of the excitation count dense crackle: music has 2400 a minute at most, so twice that is damage.
_EXCURSION_SCALES, _EXCURSION_SECONDS = 12.0, 0.25e-3
_DENSE_A_MINUTE, _DENSE_IF_PICKED, _PICKED_SHARE = 5000.0, 600.0, 0.6
_TOGETHER_SECONDS, _APART_SECONDS = 0.25e-3, 5e-3
_LEAST_DB, _STEP_DB, _STEPS = -40.0, 0.5, 240

_PERIODS_S = (1.8, 60 / 45, 60 / 76.6, 60 / 78.26)
_BIN_S = 1e-3
_LAGS = reach_of(_PERIODS_S[0], _BIN_S)
_STRONGEST_A_SECOND, _ONE_CLICK_S = 32, 2e-3


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
        33.33, 45, 76.6 or 78.26 where clicks return once a revolution, else 0.
    revolution_s
        The period they return with, measured; 0 where they do not.
    revolution_confidence
        0 to 1.
    worst_start_s, worst_per_minute
        The 10-second stretches with most impulses, the worst first, and the impulses a minute in them, 8 at
        most, shape (stretches,). An impulse in several channels counts once.
    confidence
        That there are impulses that are not the program's, 0 to 1.
    """

    clicks_per_minute: Array
    crackle_per_minute: Array
    shared_share: float | None
    strength_db: float
    strong_db: float
    revolution_rpm: float
    revolution_s: float
    revolution_confidence: float
    worst_start_s: Array
    worst_per_minute: Array
    confidence: float

    def __post_init__(self) -> None:
        rates = (self.clicks_per_minute, self.crackle_per_minute)
        if any(a.ndim != 1 or a.size != self.clicks_per_minute.size for a in rates):
            raise FindingsError("Clicks needs one rate a channel")
        if not 1 <= self.clicks_per_minute.size <= _MAX_CHANNELS:
            raise FindingsError(f"Clicks needs 1 to {_MAX_CHANNELS} channels, not {rates[0].size}")
        worst = (self.worst_start_s, self.worst_per_minute)
        if any(a.ndim != 1 or a.shape != worst[0].shape or a.size > MOST_STRETCHES for a in worst):
            raise FindingsError(f"Clicks needs one rate a stretch, {MOST_STRETCHES} at most")
        if not all(((a >= 0) & (a <= _MOST_RATE)).all() for a in (*rates, worst[1])):
            raise FindingsError(f"Clicks needs rates of 0 to {_MOST_RATE:g} a minute")
        if not ((worst[0] >= 0) & np.isfinite(worst[0])).all():
            raise FindingsError("Clicks.worst_start_s must be finite and not negative")
        limits = {
            "strength_db": (NO_STRENGTH, -NO_STRENGTH),
            "strong_db": (NO_STRENGTH, -NO_STRENGTH),
            "revolution_s": (0.0, 60.0),
            "revolution_confidence": (0.0, 1.0),
            "confidence": (0.0, 1.0),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise FindingsError(f"Clicks.{name}={value!r} must be {low:g} to {high:g}")
        if self.shared_share is not None and not 0.0 <= self.shared_share <= 1.0:
            raise FindingsError(f"Clicks.shared_share={self.shared_share!r} must be 0 to 1, or none")
        if self.revolution_rpm not in (0.0, *NAMES_RPM):
            raise FindingsError(f"Clicks.revolution_rpm={self.revolution_rpm!r} is no record's speed, nor 0")

    @property
    def found(self) -> bool:
        """Whether any channel has clicks or crackle."""
        return bool((self.clicks_per_minute > 0).any() or (self.crackle_per_minute > 0).any())

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no clicks"
        each = [
            f"{'/'.join(f'{rate:.0f}' for rate in rates)} {what} a minute"
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
    """Pick what stands out of the excitation, and keep counts by score.

    What music does to the scores is known (see `_MUSIC_A_MINUTE`), so that impulses are counted from the
    lowest score on at which there are far more than in music: few must be plain, many may be faint.

    ::

        |- past: 2 blocks -|------ hop ------|- 1 block -|- 1 block -|
                           picked            | whitened  | newest
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._cell = max(round(64 / 44_100 * sample_rate), 8)
        self._block = _CELLS_A_BLOCK * self._cell
        super().__init__(sample_rate, channels, hop=_BLOCKS_A_HOP * self._block)
        self._order = min(max(round(15 / 44_100 * sample_rate), 11), 31)
        self._longest = max(round(_LONGEST_MS * 1e-3 * sample_rate), 2)
        pause = max(round(0.25e-3 * sample_rate), 2)
        self._lengths = np.array([pause, self._longest, 1e3 * _SCORE_A_MS / sample_rate, _MOST_ASKED])
        self._excursion_gap = max(round(0.25e-3 * sample_rate), 11)
        size = self._grid.hop + 4 * self._block
        self._x, self._e = np.zeros((2, channels, size))
        self._median, self._peak = np.zeros((2, channels, size // self._cell))
        self._place = np.zeros((channels, size // self._cell), np.int64)
        self._origin = -size
        self._picked = np.zeros((size // self._cell, 5))
        excursion_s = self._excursion_gap / sample_rate + _EXCURSION_SECONDS
        self._tally = Tally(channels, 2 * _BLIND_CELLS * self._cell / sample_rate, excursion_s)
        self._revolutions = Revolutions()

    def _frame(self, frame: Audio) -> None:
        self._hear(np.clip(frame, -_LOUDEST, _LOUDEST), self._x.shape[1])

    def _conclude(self, rest: Audio) -> Clicks:
        hop = self._grid.hop
        rest = np.clip(rest, -_LOUDEST, _LOUDEST)
        missing = hop - rest.shape[1]
        self._hear(np.pad(rest, ((0, 0), (0, missing))), self._x.shape[1] - missing)
        self._hear(np.zeros((self.channels, hop)), self._x.shape[1] - missing - hop)
        return self._tally.findings(self._heard / self.sample_rate / 60, self._revolutions)

    def _hear(self, frame: Audio, end: int) -> None:
        """Take in one hop; `end` is where the recording ends in the buffer."""
        hop, cells = self._grid.hop, self._grid.hop // self._cell
        for held, step in ((self._x, hop), (self._e, hop), (self._median, cells), (self._peak, cells),
                           (self._place, cells)):  # fmt: skip
            held[:, :-step] = held[:, step:]
        self._place -= hop
        self._x[:, -hop:] = frame
        self._origin += hop
        bounds = np.array([max(-self._origin, 0), max(end, 0)])
        stop = self._x.shape[1] - self._block
        for x, e, median, peak, place in zip(
            self._x, self._e, self._median, self._peak, self._place, strict=True
        ):
            whiten(x, stop - hop, stop, 2 * self._block, bounds, self._order, self._longest, e)
            outline_cells(e, (stop - hop) // self._cell, stop // self._cell, self._cell, median, peak, place)
        self._pick(bounds, stop)

    def _pick(self, bounds: Counts, stop: int) -> None:
        """Pick the impulses of the hop that is now seen from both sides."""
        low, high = -(-(bounds[0] + self._order) // self._cell), min(bounds[1], stop) // self._cell
        last = stop // self._cell - _CELLS_A_BLOCK
        first = last - self._grid.hop // self._cell
        least = 0.5 * _SCORES[0]
        score, scale = np.zeros((2, *self._peak.shape))
        thresholds = least * np.array(_ALONE + _IN_CRACKLE)
        inside = max(first, low), min(last, high)
        score_cells(
            self._median, self._peak, self._place, *inside, low, high, thresholds, _FLOOR, score, scale
        )
        score *= least
        near = score.copy()
        near[:, 1:] = np.maximum(near[:, 1:], score[:, :-1])
        near[:, :-1] = np.maximum(near[:, :-1], score[:, 1:])
        every, dense = [], []
        for channel in range(self.channels):
            support = np.delete(near, channel, axis=0).max(axis=0, initial=0.0)
            count = pick_impulses(
                self._e[channel], score[channel], support, scale[channel], self._place[channel], *inside,
                int(bounds[0]) + self._order, int(bounds[1]), self._lengths, self._picked,
            )  # fmt: skip
            every.append(self._measured(channel, count, bounds))
            dense.append(
                count_excursions(
                    self._e[channel], *inside, self._cell, self._median[channel], _EXCURSION_SCALES, _FLOOR,
                    self._excursion_gap,
                )
            )  # fmt: skip
        seconds = self._grid.hop / self.sample_rate
        start = self._origin + first * self._cell
        self._tally.add(every, np.array(dense), start / self.sample_rate, seconds)
        plain = np.concatenate([one[one[:, SCORE] >= _SCORES[_PLAIN]] for one in every])
        self._revolutions.add(plain[:, START], plain[:, SCORE], (start + self._grid.hop) / self.sample_rate)

    def _measured(self, channel: int, count: int, bounds: Counts) -> Picked:
        """Return the picked impulses with heights, and with times in seconds."""
        picked: Picked = self._picked[:count]
        picked = picked[picked[:, SCORE] >= _SCORES[0]].copy()
        near, before = round(0.01 * self.sample_rate), 32 * self._order
        for one in picked[:_MOST_MEASURED]:
            start, stop = max(int(one[START]) - 1, bounds[0]), int(one[STOP]) + 1
            pulse_height(
                self._x[channel], start, stop, *bounds, self._order, before, near, one[HEIGHT : RMS + 1]
            )
        picked[:, [START, STOP]] += self._origin
        picked[:, [START, STOP]] /= self.sample_rate
        return picked


class Tally:
    """Counts of impulses by score, in bounded memory.

    Parameters
    ----------
    channels
        Number of channels.
    blind_s
        Time around an impulse in which others are not picked, both sides together.
    excursion_s
        Time that an excursion lasts, and after it, in which another is not seen.
    """

    def __init__(self, channels: int, blind_s: float, excursion_s: float) -> None:
        self._blind_s, self._excursion_s = blind_s, excursion_s
        self._counts = np.zeros((channels, _SCORES.size))
        self._strengths = np.zeros((channels, _SCORES.size, _STEPS), np.int64)
        self._excursions = np.zeros(channels)
        self._groups = np.zeros(3)  # impulses, those in several channels, those that are so by chance
        self._stretch = 0
        self._in_stretch = np.zeros(_SCORES.size)
        self._worst: list[list[tuple[float, int]]] = [[] for _ in _SCORES]

    def add(self, every: list[Picked], excursions: Counts, start_s: float, seconds: float) -> None:
        """Count the impulses of each channel, found in `seconds` from `start_s` on."""
        missed = np.minimum(excursions * self._excursion_s / seconds, _MOST_BLIND)
        self._excursions += excursions / (1 - missed)  # a counter that is blind after each (Cox and Lewis)
        for channel, picked in enumerate(every):
            counts = np.count_nonzero(picked[:, SCORE, None] >= _SCORES, axis=0)
            self._counts[channel] += undo_blindness(counts, self._blind_s, seconds, _MOST_BLIND)
            measured = picked[picked[:, HEIGHT] > 0]
            ratio = measured[:, HEIGHT] / np.maximum(measured[:, RMS], _FLOOR)
            step = np.clip((20 * np.log10(ratio) - _LEAST_DB) / _STEP_DB, 0, _STEPS - 1).astype(np.int64)
            rank = np.searchsorted(_SCORES, measured[:, SCORE], side="right") - 1
            np.add.at(self._strengths[channel], (rank, step), 1)
        sure = [picked[picked[:, SCORE] >= _SCORES[_SURE], START] for picked in every]
        if len(every) > 1:
            together, distinct = coincidences(sure, _TOGETHER_SECONDS)
            self._groups += distinct, together, coincidences(sure, _TOGETHER_SECONDS, _APART_SECONDS)[0]
        self._crowd(every, start_s, seconds)

    def _crowd(self, every: list[Picked], start_s: float, seconds: float) -> None:
        """Count distinct impulses in stretches; a hop that begins in a stretch belongs to it."""
        stretch = max(int((start_s + seconds / 2) / STRETCH_SECONDS), 0)
        if stretch != self._stretch:
            self._close_stretch()
            self._stretch = stretch
        counts = np.count_nonzero(
            distinct_scores(np.concatenate(every), _TOGETHER_SECONDS)[:, None] >= _SCORES, axis=0
        )
        self._in_stretch += undo_blindness(counts, self._blind_s, seconds, _MOST_BLIND)

    def _close_stretch(self) -> None:
        for worst, count in zip(self._worst, self._in_stretch.tolist(), strict=True):
            if count:
                worst.append((count, self._stretch))
                worst.sort(key=lambda one: (-one[0], one[1]))
                del worst[MOST_STRETCHES:]
        self._in_stretch[:] = 0.0

    def findings(self, minutes: float, revolutions: Revolutions) -> Clicks:
        """Conclude a recording of so many minutes."""
        self._close_stretch()
        ranks, totals = zip(
            *(self._counted(channel, minutes) for channel in range(len(self._counts))), strict=True
        )
        none = np.zeros(len(ranks))
        if not any(totals):
            return Clicks(none, none, None, NO_STRENGTH, NO_STRENGTH, 0.0, 0.0, 0.0, none[:0], none[:0], 0.0)
        most, loudest = max(totals), int(np.argmax(totals))
        strengths = np.array(
            [one[rank:].sum(axis=0) for one, rank in zip(self._strengths, ranks, strict=True)]
        )
        weak = strengths[:, : round((CRACKLE_DB - _LEAST_DB) / _STEP_DB)].sum(axis=1)
        weak = weak / np.maximum(strengths.sum(axis=1), 1)
        rates = np.minimum(np.array(totals) / minutes, _MOST_RATE)
        turn = revolutions.result()
        music = _MUSIC_A_MINUTE[ranks[loudest]] / 4 * max(minutes, _SHORTEST_MINUTES)
        worst = self._worst[ranks[loudest]]
        hidden = most / max(self._counts[loudest, ranks[loudest]], 1.0)
        per_minute = np.array([count * hidden * 60 / STRETCH_SECONDS for count, _ in worst])
        return Clicks(
            clicks_per_minute=np.round(rates * (1 - weak), 2),
            crackle_per_minute=np.round(rates * weak, 2),
            shared_share=self._shared() if len(ranks) > 1 else None,
            strength_db=_quantile_db(strengths.sum(axis=0), 0.5),
            strong_db=_quantile_db(strengths.sum(axis=0), 0.9),
            revolution_rpm=turn.rpm,
            revolution_s=round(turn.period_s, 4),
            revolution_confidence=round(turn.confidence, 2),
            worst_start_s=np.array([at * STRETCH_SECONDS for _, at in worst]),
            worst_per_minute=np.round(np.minimum(per_minute, _MOST_RATE), 1),
            confidence=round(float(max(1.0 - music / most, 0.0) * most / (most + 1.0)), 2),
        )

    def _counted(self, channel: int, minutes: float) -> tuple[int, float]:
        """Return the score, by number, from which on impulses count, and how many there are.

        The lowest with far more than music has; or all, and excursions, where they are too dense to pick.
        """
        minutes = max(minutes, _SHORTEST_MINUTES)
        counts, excursions = self._counts[channel], float(self._excursions[channel])
        if excursions > _DENSE_A_MINUTE * minutes:
            return 0, max(float(counts[0]), excursions)
        doubtless = counts[-1] >= max(_DOUBTLESS_A_MINUTE * minutes, _DOUBTLESS)
        enough = counts > (_MUSIC_WITH_CLICKS if doubtless else _MUSIC_A_MINUTE) * minutes
        rank = int(np.argmax(enough)) if enough.any() else _SCORES.size - 1
        picked = float(counts[rank])
        alike = excursions > _DENSE_IF_PICKED * minutes and picked > _PICKED_SHARE * excursions
        return rank, max(picked, excursions) if alike else picked

    def _shared(self) -> float | None:
        distinct, together, chance = self._groups
        if not distinct:
            return None
        return round(float(np.clip((together - chance) / max(distinct - chance, 1.0), 0.0, 1.0)), 3)


class Turn(NamedTuple):
    """A record's speed, the measured period, and 0 to 1; zeros where clicks do not return."""

    rpm: float
    period_s: float
    confidence: float


class Revolutions:
    """Histogram of the distances between a recording's strongest clicks, as far as three revolutions.

    Distances, unlike phases, keep no memory of a drift: a record's speed may wander.
    """

    def __init__(self) -> None:
        self._lags = np.zeros(_LAGS)
        self._times = np.zeros(0)
        self._waiting = np.zeros((2, 0))

    def add(self, times: Array, scores: Array, heard_s: float) -> None:
        """Take clicks with their scores; all before `heard_s` are known now."""
        waiting = np.concatenate([self._waiting, [times, scores]], axis=1)
        second = np.floor(waiting[0])
        for at in np.unique(second[second < int(heard_s)]):
            self._count(waiting[:, second == at])
        self._waiting = waiting[:, second >= int(heard_s)]

    def _count(self, clicks: Array) -> None:
        """Count the distances of the strongest clicks of one second from those before."""
        strongest = np.argsort(-clicks[1], kind="stable")[:_STRONGEST_A_SECOND]
        fresh = np.sort(clicks[0, strongest])
        fresh = fresh[np.r_[True, np.diff(fresh) > _ONE_CLICK_S]]
        known = self._times[self._times > fresh[0] - _LAGS * _BIN_S]
        self._times = np.concatenate([known, fresh])
        count_lags(self._times, known.size, _BIN_S, self._lags)

    def result(self) -> Turn:
        """Name the revolution, after the last click."""
        self.add(np.zeros(0), np.zeros(0), self._waiting[0].max(initial=0.0) + 1.0)
        which, period, deviations = returning_period(self._lags, _BIN_S, _PERIODS_S)
        if which < 0:
            return Turn(0.0, 0.0, 0.0)
        return Turn(NAMES_RPM[which], period, 1.0 - 0.5 * LEAST_DEVIATIONS / deviations)


def _quantile_db(strengths: Counts, share: float) -> float:
    """Return the level under which a share of the histogram lies."""
    total = np.cumsum(strengths)
    if not total[-1]:
        return NO_STRENGTH
    return float(_LEAST_DB + (np.searchsorted(total, share * total[-1]) + 0.5) * _STEP_DB)

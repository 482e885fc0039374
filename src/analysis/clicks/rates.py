"""How many impulses a recording has, told from those that music has: counts by score, in bounded memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Counts
from ...kernels.impulses.counting import HEIGHT, RMS, SCORE, START
from ...kernels.impulses.point_process import coincidences, distinct_scores, undo_blindness
from .bands import FLOOR, SCORES

Picked = npt.NDArray[np.float64]

CRACKLE_DB = 4.0
"""Impulses that peak less over the RMS around them are crackle, the others clicks; tuned: by ear."""

STRETCH_SECONDS = 10.0
"""Length of the stretches that are compared; tuned: by hand, no record."""

MOST_STRETCHES = 8
"""How many of the worst stretches are kept; guard: memory is bounded."""

MOST_COLUMNS = 512
"""Columns of the density over time, at most; they double in length as the recording grows; guard: memory."""

NO_STRENGTH = -100.0
"""Strength, dB, that stands for no impulse; guard: JSON has no infinity."""

DENSE_A_MINUTE = 5000.0
"""Plain excursions a minute from which they are counted instead.

derived: twice the most that the tuning takes of bench click_finder have, 2026-11-21.
"""

# Music has impulses of its own: so many a minute reach each score in the worst of the tuning takes, doubled.
# tuned: bench click_finder, tuning takes, 2026-11-21
_MUSIC_A_MINUTE = np.zeros(SCORES.size)
_MUSIC_A_MINUTE[:12] = 860.0, 540.0, 450.0, 380.0, 270.0, 136.0, 90.0, 70.0, 60.0, 24.0, 12.0, 12.0
_SURE = int(np.searchsorted(SCORES, 1.0))
PLAIN = int(np.searchsorted(SCORES, 2.0))
_CERTAIN = int(np.searchsorted(SCORES, 4.0))
# Where there are clicks beyond doubt, less evidence does for the others.
_MUSIC_WITH_CLICKS = np.where(SCORES < 1.0, _MUSIC_A_MINUTE, _MUSIC_A_MINUTE / 2)
_DOUBTLESS_A_MINUTE, _DOUBTLESS = 2.0, 2.0  # tuned: bench click_finder, tuning takes, 2026-11-21
_SHORTEST_MINUTES = 1 / 6  # guard: a rate from less than 10 s is chance
_FAR = 3.0  # so many times more than music has: hardly any of those are music's; tuned: as the line above
_SPREAD = 9  # steps over which clicks are taken for evenly scored; derived: three octaves of `SCORES`

_MOST_BLIND = 0.75  # guard: the correction for dead time diverges at 1
_DENSE_IF_PICKED, _PICKED_SHARE = 600.0, 0.6  # tuned: bench click_finder, tuning takes, 2026-11-21
# Times the plain excursions: a distorted guitar has far more faint ones.
# tuned: bench click_finder, one report take, 2026-11-21 (docs/analysis/clicks.md)
_MOST_FAINT = 2.0
_TOGETHER_SECONDS, _APART_SECONDS = 0.25e-3, 5e-3  # tuned: by hand, no record
_LEAST_DB, _STEP_DB, _STEPS = -40.0, 0.5, 240  # guard: bounds and steps of a histogram, -40 to 80 dB
_SHORTEST_COLUMN = 0.1  # guard: a last column of a few samples would make one click thousands a minute


class Rates(NamedTuple):
    """What a recording's counts come to: as `clicks.Clicks` has it."""

    clicks_per_minute: Array
    crackle_per_minute: Array
    shared_share: float | None
    strength_db: float
    strong_db: float
    worst_start_s: Array
    worst_per_minute: Array
    column_s: float
    density_per_minute: Array
    confidence: float


class ImpulseTally:
    """Counts of impulses by score.

    Parameters
    ----------
    channels
        Number of channels.
    blind_s
        Time around an impulse in which others are not picked, both sides together.
    """

    def __init__(self, channels: int, blind_s: float) -> None:
        self._blind_s = blind_s
        self._counts = np.zeros((channels, SCORES.size))
        self._strengths = np.zeros((channels, SCORES.size, _STEPS), np.int64)
        self._excursions = np.zeros((channels, 3))
        self._groups = np.zeros(3)  # impulses, those in several channels, those that are so by chance
        self._stretch = 0
        self._in_stretch = np.zeros(SCORES.size)
        self._worst: list[list[tuple[float, int]]] = [[] for _ in SCORES]
        self._timeline = Timeline()

    def add(self, every: list[Picked], excursions: Array, start_s: float, seconds: float) -> None:
        """Count the impulses of each channel, found in `seconds` from `start_s` on, and its excursions."""
        self._excursions += excursions
        stretch = max(int((start_s + seconds / 2) / STRETCH_SECONDS), 0)  # that of the hop's middle
        if stretch != self._stretch:
            self._close_stretch()
            self._stretch = stretch
        if not any(map(len, every)):
            return
        for channel, picked in enumerate(every):
            self._counts[channel] += self._undone(picked[:, SCORE], seconds)
            measured = picked[picked[:, HEIGHT] > 0]
            ratio = measured[:, HEIGHT] / np.maximum(measured[:, RMS], FLOOR)
            step = np.clip((20 * np.log10(ratio) - _LEAST_DB) / _STEP_DB, 0, _STEPS - 1).astype(np.int64)
            rank = np.searchsorted(SCORES, measured[:, SCORE], side="right") - 1
            np.add.at(self._strengths[channel], (rank, step), 1)
        distinct_counts = self._undone(distinct_scores(np.concatenate(every), _TOGETHER_SECONDS), seconds)
        self._in_stretch += distinct_counts
        self._timeline.add(max(start_s + seconds / 2, 0.0), distinct_counts)
        sure = [picked[picked[:, SCORE] >= SCORES[_SURE], START] for picked in every]
        if len(every) > 1 and any(map(len, sure)):
            together, distinct = coincidences(sure, _TOGETHER_SECONDS)
            self._groups += distinct, together, coincidences(sure, _TOGETHER_SECONDS, _APART_SECONDS)[0]

    def _undone(self, scores: Array, seconds: float) -> Array:
        """Return how many reach each of `SCORES`, with those that others hide."""
        counts = scores.size - np.searchsorted(np.sort(scores), SCORES)
        return undo_blindness(counts, self._blind_s, seconds, _MOST_BLIND)

    def _close_stretch(self) -> None:
        for worst, count in zip(self._worst, self._in_stretch.tolist(), strict=True):
            if count:
                worst.append((count, self._stretch))
                worst.sort(key=lambda one: (-one[0], one[1]))
                del worst[MOST_STRETCHES:]
        self._in_stretch[:] = 0.0

    def rates(self, minutes: float) -> Rates | None:
        """Conclude a recording of so many minutes; None where there are no impulses but music's."""
        self._close_stretch()
        ranks, totals = zip(
            *(self._counted(channel, minutes) for channel in range(len(self._counts))), strict=True
        )
        if not any(totals):
            return None
        most, loudest = max(totals), int(np.argmax(totals))
        strengths = np.array(
            [one[rank:].sum(axis=0) for one, rank in zip(self._strengths, ranks, strict=True)]
        )
        weak = strengths[:, : round((CRACKLE_DB - _LEAST_DB) / _STEP_DB)].sum(axis=1)
        weak = weak / np.maximum(strengths.sum(axis=1), 1)
        rates = np.array(totals) / minutes
        music = _MUSIC_A_MINUTE[ranks[loudest]] / 4 * max(minutes, _SHORTEST_MINUTES)
        worst = self._worst[ranks[loudest]]
        hidden = most / max(self._counts[loudest, ranks[loudest]], 1.0)
        density = hidden * self._timeline.per_minute(ranks[loudest], minutes)
        return Rates(
            clicks_per_minute=rates * (1 - weak),
            crackle_per_minute=rates * weak,
            shared_share=self._shared() if len(ranks) > 1 else None,
            strength_db=_quantile_db(strengths.sum(axis=0), 0.5),
            strong_db=_quantile_db(strengths.sum(axis=0), 0.9),
            worst_start_s=np.array([at * STRETCH_SECONDS for _, at in worst]),
            worst_per_minute=np.array([count * hidden * 60 / STRETCH_SECONDS for count, _ in worst]),
            column_s=self._timeline.column_s,
            density_per_minute=density,
            confidence=float(max(1.0 - music / most, 0.0) * most / (most + 1.0)),
        )

    def _counted(self, channel: int, minutes: float) -> tuple[int, float]:
        """Return the score, by number, from which on impulses are no music, and how many there are at all.

        Excursions where they are too dense to be picked.
        """
        minutes = max(minutes, _SHORTEST_MINUTES)
        counts = self._counts[channel]
        plain, _, corrected = self._excursions[channel].tolist()
        if plain > DENSE_A_MINUTE * minutes:
            return 0, max(float(counts[0]), min(corrected, _MOST_FAINT * plain))
        doubtless = counts[_CERTAIN] >= max(_DOUBTLESS_A_MINUTE * minutes, _DOUBTLESS)
        music = (_MUSIC_WITH_CLICKS if doubtless else _MUSIC_A_MINUTE) * minutes
        enough, far = counts > music, counts > _FAR * _MUSIC_A_MINUTE * minutes
        if not enough.any():
            return SCORES.size - 1, 0.0
        rank = int(np.argmax(far if far.any() else enough))
        picked = _with_fainter(counts, rank)
        alike = plain > _DENSE_IF_PICKED * minutes and picked > _PICKED_SHARE * plain
        return rank, max(picked, plain) if alike else picked

    def _shared(self) -> float | None:
        distinct, together, chance = self._groups
        if not distinct:
            return None
        return round(float(np.clip((together - chance) / max(distinct - chance, 1.0), 0.0, 1.0)), 3)


class Timeline:
    """Impulses by score over time, in columns of equal length and bounded number.

    Attributes
    ----------
    column_s
        Length of a column, seconds: 1, and twice that whenever the recording outgrows `MOST_COLUMNS`.
    """

    def __init__(self) -> None:
        self.column_s = 1.0
        self._counts = np.zeros((MOST_COLUMNS, SCORES.size))

    def add(self, at_s: float, counts: Array) -> None:
        """Count impulses by score, shape (scores,), at a time in seconds."""
        self._reach(at_s)
        self._counts[int(at_s / self.column_s)] += counts

    def _reach(self, at_s: float) -> None:
        """Let columns double until the time lies in one."""
        while at_s >= MOST_COLUMNS * self.column_s:
            self._counts[: MOST_COLUMNS // 2] = self._counts[::2] + self._counts[1::2]
            self._counts[MOST_COLUMNS // 2 :] = 0.0
            self.column_s *= 2

    def per_minute(self, rank: int, minutes: float) -> Array:
        """Return how many a minute reach score number `rank` in each column of a recording so long.

        The last column counts for what the recording has of it.
        """
        ends_s = 60 * minutes
        self._reach(ends_s)
        columns = max(int(np.ceil(ends_s / self.column_s)), 1)
        lengths_s = np.full(columns, self.column_s)
        lengths_s[-1] = max(ends_s - (columns - 1) * self.column_s, _SHORTEST_COLUMN * self.column_s)
        density: Array = 60 * self._counts[:columns, rank] / lengths_s
        return density


def _with_fainter(counts: Array, rank: int) -> float:
    """Return how many clicks there are, of which those from score number `rank` on are told from music.

    Clicks' scores spread evenly over octaves at most, and music's become many towards low ones. So there are
    no more clicks than reach a score, and as many below it as follow from the three octaves above it: of
    these bounds the least.
    """
    scores = np.arange(rank + 1)
    above = counts[scores] - counts[np.minimum(scores + _SPREAD, counts.size - 1)]
    return float((counts[scores] + above / _SPREAD * scores).min())


def _quantile_db(strengths: Counts, share: float) -> float:
    """Return the level under which a share of the histogram lies."""
    total = np.cumsum(strengths)
    if not total[-1]:
        return NO_STRENGTH
    return float(_LEAST_DB + (np.searchsorted(total, share * total[-1]) + 0.5) * _STEP_DB)

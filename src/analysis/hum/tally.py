"""What the stretches and pieces of a recording say about its hums, added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio
from ...contract.findings import NO_LEVEL
from .breaks import breaks_off, grows
from .comb import (
    LOW_HARMONICS,
    LOW_HZ,
    SAME_HZ,
    Comb,
    harmonic_levels,
    search,
    search_beside,
    search_piece,
    weighed_again,
)
from .floor import MAINS_HZ, MAINS_OFF_HZ, Powers
from .found import Hum
from .spectrogram import StretchLevels
from .without import levels_of, without

Numbers = npt.NDArray[np.int64]

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_FOUND_SHARE = 0.25
_MOST_COMBS = 8  # guard: memory is bounded
_MOST_BESIDE = 2  # hums beside the strongest; guard: time is bounded
PIECE_WINDOWS = 10
"""Windows of a piece; derived: 3.75 s, eight in a half minute."""
# 15 s without a break: a hum of 20 s fills so many. Notes of 10 s at the mains' frequency fill two. tuned:
# made-up hum of 20 to 100 s under plucked notes and on held notes and chords of 4 to 12 s, 2026-11-29.
_LEAST_PIECES = 4
_PIECES_ALIKE_HZ = 0.1
_LEAST_SCORE = 0.5  # of a stretch that goes on with what another claims; tuned: the same
# A transfer is faded in or out, or gated, or hum begins or ends within it: what is left must be hum for so
# many windows; inside of a recording, where notes are held too, for most of a stretch.
# tuned: bench.material.tuning.hum, faded, gated, begins and ends; clean tuning takes of 10 s, 2026-11-29
_LEFT, _LEAST_WINDOWS = (0.85, 0.7, 0.6, 0.5, 0.42, 0.34), 7
_LEFT_OF_ENDING = 0.5  # a note that a recording begins with is held for less
_INSIDE_LEFT, _INSIDE_WINDOWS = (0.85, 0.7), 24
_LEAST_OF_PART, _LEAST_UNUSUAL = 1.0, 1.3  # of a part, and where no mains are
_LEAST_LINES, _LEAST_SHOWN = 3, 3.0  # of a part, where a single one may be a note
_FLOORS_SHARE = 0.8  # of a stretch, less of which tells no floors
_EVERYWHERE_SHARE = 0.7  # of a stretch, less of which is searched for the mains alone
_OPEN_HOPS = 2  # of a part's end, in which the hum may begin or end
_BREAK_SECONDS = 0.375  # tuned: by hand with bench hum_finder, 2026-11-21


def _parts(windows: int, *, begins: bool, ends: bool) -> Iterator[tuple[int, int]]:
    """Yield all of a stretch, and ever less of it: without its beginning, and without its end.

    What goes on to the very end of a recording, or was there from its beginning, is no note that is held.
    """
    yield 0, windows
    for left in _LEFT:
        count = round(left * windows)
        inside = left in _INSIDE_LEFT and count >= _INSIDE_WINDOWS
        if count >= _LEAST_WINDOWS and (ends or inside):
            yield windows - count, windows
        if count >= _LEAST_WINDOWS and (inside or (begins and left >= _LEFT_OF_ENDING)):
            yield 0, count


def _least_score(comb: Comb, share: float) -> float:
    """Return the score from which a comb counts in this share of a stretch."""
    if share == 1.0:
        return _LEAST_SCORE
    floors_alone = not comb.evidence.any() and share >= _FLOORS_SHARE
    if np.count_nonzero(comb.evidence >= _LEAST_SHOWN) < _LEAST_LINES and not floors_alone:
        return np.inf
    usual = min(abs(comb.frequency_hz - mains) for mains in MAINS_HZ) <= MAINS_OFF_HZ
    return _LEAST_OF_PART if usual else _LEAST_UNUSUAL


@dataclass
class _Heard:
    """What the stretches say about one comb: sums over them."""

    best: float
    score: float
    stretches: int
    share: float
    frequency: float
    square: float
    power: Array
    count: Numbers
    alone: int

    @classmethod
    def of(cls, comb: Comb, level: Array, share: float = 1.0, *, alone: bool = True) -> _Heard:
        """Return what one comb says, with levels of shape (channels, harmonics)."""
        heard = level > NO_LEVEL
        power = np.where(heard, 10 ** (level / 10), 0.0)
        square = comb.variance + comb.frequency_hz**2
        return cls(
            comb.score, comb.score, 1, share, comb.frequency_hz, square, power, heard.astype(np.int64),
            int(alone),
        )  # fmt: skip

    def add(self, other: _Heard) -> None:
        """Add what is said about the same hum elsewhere."""
        self.best = max(self.best, other.best)
        self.score += other.score
        self.stretches += other.stretches
        self.share += other.share
        self.frequency += other.frequency
        self.square += other.square
        self.power = self.power + other.power
        self.count = self.count + other.count
        self.alone += other.alone

    @property
    def mean_hz(self) -> float:
        return self.frequency / self.stretches


class HumTally:
    """Add up the combs of a recording's stretches."""

    def __init__(self, low_rate: float, channels: int) -> None:
        self._low_rate = low_rate
        self._channels = channels
        self._combs: list[_Heard] = []
        self._stretches = 0
        # by the mains' frequency: what went on long enough, and what goes on still
        self._parts: dict[float, _Heard] = {}
        self._runs: dict[float, _Heard] = {}
        self._pieces = 0
        self._nearest_score, self._nearest = 0.0, Hum.nothing(channels)

    def hear(
        self, low: StretchLevels, long: Powers, audio: Audio, full: Callable[[], StretchLevels],
        *, last: bool,
    ) -> None:  # fmt: skip
        """Search one stretch: windows of 1.5 and 3 s, the low rate's samples, and on demand the full rate.

        `last` of the recording's.
        """
        self._stretches += 1
        whole: list[_Heard] = []
        windows = low.together.shape[0]
        hop = audio.shape[1] // (windows + 3)
        for start, stop in _parts(windows, begins=self._stretches == 1, ends=last or self._stretches == 1):
            opened = _OPEN_HOPS * (start > 0), _OPEN_HOPS * (stop < windows)
            part = audio[:, (start + opened[0]) * hop : (stop + 3 - opened[1]) * hop]
            rows = slice(start // 2, (stop + 1) // 2)

            def high(rows: slice = rows) -> StretchLevels:
                return full().part(rows.start, rows.stop)

            share = (stop - start) / windows
            claims = self._hear_part(low.part(start, stop), long[rows], part, high, share)
            if share == 1.0:
                whole = claims
            if any(claim.best >= 1.0 for claim in claims):
                whole = claims
                break
        for claim in whole:
            self._add(claim)

    def _hear_part(
        self, low: StretchLevels, long: Powers, audio: Audio, high: Callable[[], StretchLevels], share: float
    ) -> list[_Heard]:
        """Search a share of a stretch; return the combs that are heard all along it."""
        known = [comb.mean_hz for comb in self._combs]
        met: list[_Heard] = []
        combs = search(low, long, known, everywhere=share >= _EVERYWHERE_SHARE)
        combs.sort(key=lambda comb: -comb.score)
        parted = self._parted(combs, low, audio) if share == 1.0 else []
        for comb, own, alone in (*parted, *((comb, audio, False) for comb in combs)):
            if share == 1.0:
                self._note(comb, "evidence" if comb.score < 1.0 else "presence")
            others = [other.mean_hz for other in met]
            least = _least_score(comb, share)
            if comb.score >= least and all(abs(comb.frequency_hz - other) > SAME_HZ for other in others):
                level = harmonic_levels(comb, low, high())
                if not self._breaks_off(comb, level, own):
                    met.append(_Heard.of(comb, level, share, alone=alone or not met))
                elif share == 1.0 and comb.score >= 1.0:
                    self._note(comb, "steadiness")
        return met

    def _parted(self, combs: list[Comb], low: StretchLevels, audio: Audio) -> list[tuple[Comb, Audio, bool]]:
        """Look for others behind the strongest comb; return all, each with the audio without the others."""
        if not combs or combs[0].score < _LEAST_SCORE:
            return []
        hop = audio.shape[1] // (low.together.shape[0] + 3)

        def left(others: list[Comb]) -> Audio:
            return reduce(lambda rest, comb: without(rest, self._low_rate, comb, hop=hop), others, audio)

        def levels(rest: Audio) -> StretchLevels:
            return levels_of(rest, self._low_rate, low.bin_hz, hop=hop)

        found = [combs[0]]
        while len(found) <= _MOST_BESIDE:
            new = search_beside(levels(left(found)), [comb.frequency_hz for comb in found])
            if new is None:
                break
            found.append(new)
        if len(found) == 1:
            return []
        told = np.where(found[0].evidence > 0.0, found[0].floor, NO_LEVEL)
        told[: found[0].floor_dbfs.shape[1]] = np.maximum(
            told[: found[0].floor_dbfs.shape[1]], found[0].floor_dbfs.max(axis=0)
        )
        if grows(audio, left(found), *self._low_lines(found[0], told[np.newaxis])):
            return []
        rests = [left([other for other in found if other is not comb]) for comb in found]
        again = [weighed_again(comb, levels(rest)) for comb, rest in zip(found, rests, strict=True)]
        if again[0].score < 1.0:
            return []
        return [(comb, rest, True) for comb, rest in zip(again, rests, strict=True)]

    def _note(self, comb: Comb, lacks: str) -> None:
        """Note what the likeliest comb is wanting in, should none be hum."""
        if comb.score >= self._nearest_score:
            self._nearest_score = comb.score
            self._nearest = replace(
                Hum.nothing(self._channels),
                nearest_hz=round(comb.frequency_hz, 2),
                nearest_share=round(min(comb.score, 1.0), 3),
                nearest_lacks=lacks,
            )

    def _breaks_off(self, comb: Comb, level: Array, audio: Audio) -> bool:
        window, lines, heard = self._low_lines(comb, level)
        return bool(lines.size) and breaks_off(audio, window, lines, heard)

    def _low_lines(self, comb: Comb, level: Array) -> tuple[int, Array, Array]:
        """Return the window that notes end in, the lines of a comb up to 880 Hz, and their levels."""
        lines: Array = np.arange(1.0, LOW_HARMONICS + 1) * comb.frequency_hz
        use = (lines < LOW_HZ) & (level[:, :LOW_HARMONICS] > NO_LEVEL).any(axis=0)
        window = round(self._low_rate * _BREAK_SECONDS)
        return window, lines[use] / self._low_rate, level[:, :LOW_HARMONICS][:, use]

    def _add(self, new: _Heard) -> None:
        for known in self._combs:
            if abs(known.mean_hz - new.mean_hz) < SAME_HZ:
                known.add(new)
                return
        self._combs = sorted([*self._combs, new], key=lambda known: -known.score)[:_MOST_COMBS]

    def hear_piece(self, low: StretchLevels, audio: Audio, high: Callable[[], StretchLevels]) -> None:
        """Look for hum at the mains' frequencies that may be in a part of the recording alone."""
        self._pieces += 1
        for mains in MAINS_HZ:
            comb = search_piece(low, mains)
            new = None
            if comb is not None and comb.score >= 1.0:
                level = harmonic_levels(comb, low, high())
                if not self._breaks_off(comb, level, audio):
                    new = _Heard.of(comb, level)
            run = self._runs.get(mains)
            if run and (new is None or abs(new.frequency - run.mean_hz) > _PIECES_ALIKE_HZ):
                self._end_run(mains)
                run = None
            if new and run:
                run.add(new)
            elif new:
                self._runs[mains] = new

    def _end_run(self, mains: float) -> None:
        """Keep what went on for long enough."""
        run = self._runs.pop(mains)
        if run.stretches < _LEAST_PIECES:
            return
        if mains in self._parts:
            self._parts[mains].add(run)
        else:
            self._parts[mains] = run

    def conclude(self) -> Hum:
        """Return the strongest comb that is strong enough and goes on, or that goes on in a part."""
        found = [comb for comb in self._combs if comb.stretches >= _FOUND_SHARE * self._stretches]
        claimed = [comb for comb in found if comb.best >= 1.0]
        if claimed:
            first = max(claimed, key=lambda comb: comb.score)
            rest = sorted(found, key=lambda comb: -comb.score)
            alone = [comb for comb in rest if comb.alone >= _FOUND_SHARE * self._stretches]
            others = [comb for comb in alone if comb is not first]
            hums = [self._hum(comb, self._stretches) for comb in (first, *others[:_MOST_BESIDE])]
            return hums[0].beside([hum for hum in hums[1:] if hum.found])
        for mains in list(self._runs):
            self._end_run(mains)
        if self._parts:
            return self._hum(max(self._parts.values(), key=lambda comb: comb.score), self._pieces)
        return self._nearest

    def _hum(self, comb: _Heard, of: int) -> Hum:
        """Return a comb as findings, heard in some `of` so many stretches or pieces."""
        heard = np.flatnonzero((comb.count > comb.stretches / 2).any(axis=0))
        if not heard.size:
            return Hum.nothing(self._channels)
        mean = comb.power[:, heard] / np.maximum(comb.count[:, heard], 1)
        level: Array = np.where(mean > 0, 10 * np.log10(np.maximum(mean, 10 ** (NO_LEVEL / 10))), NO_LEVEL)
        return Hum(
            frequency_hz=round(comb.mean_hz, 4),
            wander_hz=round(float(np.sqrt(max(comb.square / comb.stretches - comb.mean_hz**2, 0.0))), 4),
            harmonic=heard + 1,
            level_dbfs=np.round(level, 2),
            share=round(comb.share / of, 3),
            confidence=round(min(0.5 + 0.5 * (comb.best - 1.0), 0.99), 2),
        )

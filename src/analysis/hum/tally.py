"""What the stretches and pieces of a recording say about its hums, added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Array, Audio
from ...contract.findings import NO_LEVEL
from .breaks import breaks_off
from .comb import (
    LOW_HARMONICS,
    LOW_HZ,
    SAME_HZ,
    Comb,
    StretchLevels,
    harmonic_levels,
    score_beside,
    search,
    search_piece,
)
from .floor import MAINS_HZ, Powers
from .found import MOST_OTHERS, Hum

Numbers = npt.NDArray[np.int64]

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_FOUND_SHARE = 0.25
_MOST_COMBS = 8  # guard: memory is bounded
PIECE_WINDOWS = 10
"""Windows of a piece; derived: 3.75 s, eight in a half minute."""
# 15 s without a break: a hum of 20 s fills so many. Notes of 10 s at the mains' frequency fill two. tuned:
# made-up hum of 20 to 100 s under plucked notes and on held notes and chords of 4 to 12 s, 2026-11-29.
_LEAST_PIECES = 4
_PIECES_ALIKE_HZ = 0.1
_LEAST_SCORE = 0.5  # of a stretch that goes on with what another claims; tuned: the same
# A transfer is faded in or out, or gated: what is left must be hum for so many windows, and this share.
# tuned: bench.material.tuning.hum, faded and gated, tuning takes, 2026-11-29
_FADE_WINDOWS, _LEAST_WINDOWS, _LEAST_LEFT = 12, 24, 0.6
_BREAK_SECONDS = 0.375  # tuned: by hand with bench hum_finder, 2026-11-21


def _without_fades(windows: int) -> Iterator[tuple[int, int]]:
    """Yield all of a stretch, and it without what may be a fade at its beginning or end."""
    yield 0, windows
    left = windows - _FADE_WINDOWS
    if left >= max(_LEAST_WINDOWS, _LEAST_LEFT * windows):
        yield _FADE_WINDOWS, windows
        yield 0, left


@dataclass
class _Heard:
    """What the stretches say about one comb: sums over them."""

    best: float
    score: float
    stretches: int
    frequency: float
    square: float
    power: Array
    count: Numbers
    alone: int

    @classmethod
    def of(cls, comb: Comb, level: Array, *, alone: bool = True) -> _Heard:
        """Return what one comb says, with levels of shape (channels, harmonics)."""
        heard = level > NO_LEVEL
        power = np.where(heard, 10 ** (level / 10), 0.0)
        square = comb.variance + comb.frequency_hz**2
        return cls(
            comb.score, comb.score, 1, comb.frequency_hz, square, power, heard.astype(np.int64), int(alone)
        )  # fmt: skip

    def add(self, other: _Heard) -> None:
        """Add what is said about the same hum elsewhere."""
        self.best = max(self.best, other.best)
        self.score += other.score
        self.stretches += other.stretches
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

    def hear(self, low: StretchLevels, long: Powers, audio: Audio, full: Callable[[], StretchLevels]) -> None:
        """Search one stretch: windows of 1.5 and 3 s, the low rate's samples, and on demand the full rate."""
        self._stretches += 1
        windows = low.together.shape[0]
        hop = audio.shape[1] // (windows + 3)
        for start, stop in _without_fades(windows):
            least = _LEAST_SCORE if stop - start == windows else 1.0
            part = audio[:, start * hop : (stop + 3) * hop]
            rows = slice(start // 2, (stop + 1) // 2)

            def high(rows: slice = rows) -> StretchLevels:
                return full().part(rows.start, rows.stop)

            if self._hear_part(low.part(start, stop), long[rows], part, high, least):
                return

    def _hear_part(
        self, low: StretchLevels, long: Powers, audio: Audio, high: Callable[[], StretchLevels], least: float
    ) -> bool:
        """Search a part of a stretch; return whether there is a comb that is heard all along."""
        known = [comb.mean_hz for comb in self._combs]
        met: list[float] = []
        for comb in sorted(search(low, long, known), key=lambda comb: -comb.score):
            if comb.score >= least and all(abs(comb.frequency_hz - other) > SAME_HZ for other in met):
                level = harmonic_levels(comb, low, high())
                if not self._breaks_off(comb, level, audio):
                    alone = score_beside(comb, met, low.together.shape[0]) >= 1.0
                    met.append(comb.frequency_hz)
                    self._add(comb, level, alone=alone)
        return bool(met)

    def _breaks_off(self, comb: Comb, level: Array, audio: Audio) -> bool:
        lines = np.arange(1, LOW_HARMONICS + 1) * comb.frequency_hz
        use = (lines < LOW_HZ) & (level[:, :LOW_HARMONICS] > NO_LEVEL).any(axis=0)
        window = round(self._low_rate * _BREAK_SECONDS)
        heard = level[:, :LOW_HARMONICS][:, use]
        return bool(use.any()) and breaks_off(audio, window, lines[use] / self._low_rate, heard)

    def _add(self, comb: Comb, level: Array, *, alone: bool) -> None:
        new = _Heard.of(comb, level, alone=alone)
        for known in self._combs:
            if abs(known.mean_hz - comb.frequency_hz) < SAME_HZ:
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
        found = [
            comb
            for comb in self._combs
            if comb.best >= 1.0 and comb.stretches >= _FOUND_SHARE * self._stretches
        ]
        if found:
            first, *rest = sorted(found, key=lambda comb: -comb.score)
            others = [comb for comb in rest if comb.alone >= _FOUND_SHARE * self._stretches]
            hums = [self._hum(comb, self._stretches) for comb in (first, *others[:MOST_OTHERS])]
            return hums[0].beside([hum for hum in hums[1:] if hum.found])
        for mains in list(self._runs):
            self._end_run(mains)
        if self._parts:
            return self._hum(max(self._parts.values(), key=lambda comb: comb.score), self._pieces)
        return Hum.nothing(self._channels)

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
            share=round(comb.stretches / of, 3),
            confidence=round(min(0.5 + 0.5 * (comb.best - 1.0), 0.99), 2),
        )

"""Levels of a hum whose fundamental an engineer gives, however faint it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio, Complex
from ...audio.checks import limited
from ...contract.findings import NO_LEVEL, Analyser
from .comb import MOST_HARMONICS
from .demodulator import STEP, UNHEARD, CombDemodulator
from .floor import LEAST_DBFS
from .found import Hum
from .hum import HumAnalyser
from .offset import CombOffset

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
_OFF_HZ = 0.1  # what mains are off; a harmonic this many times its number off is not measured
_MOST_OFF_HZ = 3.0
TOLERANCE, LEAST_TOLERANCE_HZ = 0.005, 0.1
"""How far the hum may lie off the frequency that is given, as a share of it, and in Hz at least.

source: what mains are off, and a transport that is adjusted; further off lies something else.
"""

# tuned: by hand with bench hum, 2026-11-21; the split is not recorded
_LEAST_DB, _STEPS = -160, 240  # guard: bounds of a histogram
_FLOOR = 0.25  # quantile over time: what a line keeps falling back to
_LEAST_OVER_DB = 3.0
_PIECE_FRAMES = 125  # 5 s: of 15 s of hum, two pieces at least are full
_CLASS_DB = 3.0


class GivenHumAnalyser(Analyser[Hum]):
    """Measure the lines at the harmonics of a given frequency; lines that stand out of their floor are hum.

    What would be found there without being named is that hum: a name makes nothing worse.

    Hum may begin or end part-way, so floors are those of pieces of 5 s. Histograms of each line's level, and
    of that beside it, are all that is kept: of all pieces, and of those with hum, by how loud it is. Where
    hum goes on for two pieces at least, those as loud as most count; else the whole recording.
    """

    def __init__(self, sample_rate: float, channels: int, frequency_hz: float) -> None:
        highest = min(_MOST_OFF_HZ / _OFF_HZ, MOST_HARMONICS, 0.45 * sample_rate / frequency_hz)
        self._comb = CombDemodulator(sample_rate, channels, frequency_hz, max(int(highest), 1))
        super().__init__(sample_rate, channels, hop=STEP * self._comb.hop)
        self._frequency_hz = frequency_hz
        self._unnamed = HumAnalyser(sample_rate, channels)
        self._turns_a_sample = float(frequency_hz / sample_rate)
        self._most_hz = max(TOLERANCE * frequency_hz, LEAST_TOLERANCE_HZ)
        self._recent: list[Complex] = []
        self._off = np.zeros(3)  # pieces with hum, how far off they are in Hz, and its square, added up
        self._whole, self._piece = self._none(), self._none()
        self._frames = 0
        self._by_loudness: dict[int, _Lines] = {}
        self._pieces, self._lasts, self._last = 0, False, False
        self._audio = np.zeros((channels, 0))
        self._start = 0

    def _frame(self, frame: Audio) -> None:
        self._unnamed.hear(frame)
        comb, hop = self._comb, self._comb.hop
        self._audio = np.concatenate([self._audio, limited(frame)], axis=1)
        frames = (self._audio.shape[1] - 2 * comb.half) // hop + 1
        if frames < 2:
            return
        count = (frames - 1) * hop + 2 * comb.half
        turns = (np.arange(self._start, self._start + count) * self._turns_a_sample).astype(np.float64)
        y, noise = comb.measure(self._audio[:, :count], turns, frames)
        self._start += frames * hop
        self._audio = self._audio[:, frames * hop :]
        rows = np.arange(y.shape[1])
        heard = noise < UNHEARD
        piece = self._piece
        for levels, power in ((piece.line, 0.5 * (y.real**2 + y.imag**2)), (piece.beside, 0.5 * noise)):
            step = np.clip(np.floor(10 * np.log10(power + 1e-30)).astype(int) - _LEAST_DB, 0, _STEPS - 1)
            for row, known in zip(step, heard, strict=True):
                levels[rows[known], row[known]] += 1
        self._recent.append(y)
        self._frames += frames
        if self._frames >= _PIECE_FRAMES:
            self._end_piece()

    def _end_piece(self) -> None:
        """Add a piece to those whose hum is as loud."""
        piece, self._piece, self._frames = self._piece, self._none(), 0
        if self._recent:
            piece.along.hear(np.concatenate(self._recent))
            self._recent = []
        self._whole.add(piece)
        self._pieces += 1
        off = piece.along.best_hz(self._most_hz)
        level, over = piece.floors(off)
        hums = bool(over.any())
        self._lasts |= hums and self._last
        self._last = hums
        if hums:
            self._off += 1.0, off, off**2
            loudness = round(10 * np.log10(np.sum(10 ** (level[over] / 10))) / _CLASS_DB)
            self._by_loudness.setdefault(loudness, self._none()).add(piece)
            self._by_loudness[loudness].pieces += 1

    def _wander_hz(self) -> float:
        count, total, squares = self._off
        return float(np.sqrt(max(squares / count - (total / count) ** 2, 0.0))) if count else 0.0

    def _none(self) -> _Lines:
        """Return what is known of nothing."""
        empty = np.zeros((2, self._comb.number.size, _STEPS), np.int64)
        return _Lines(empty[0], empty[1], CombOffset(self._comb.number, self._comb.hop / self.sample_rate))

    def _best(self) -> _Lines:
        """Return the pieces that tell most of the hum."""
        known = self._by_loudness
        if not (self._lasts and known) or sum(one.pieces for one in known.values()) == self._pieces:
            return self._whole
        together = {
            loudness: sum(known[near].pieces for near in range(loudness - 1, loudness + 2) if near in known)
            for loudness in known
        }
        most = max(together, key=lambda loudness: (together[loudness], known[loudness].pieces))
        best = self._none()
        for near in range(most - 1, most + 2):
            if near in known:
                best.add(known[near])
        return best

    def _conclude(self, rest: Audio) -> Hum:
        self._unnamed.hear(rest)
        for hum in self._unnamed.result().each():
            if abs(hum.frequency_hz - self._frequency_hz) <= self._most_hz:
                return hum
        if self._frames >= _PIECE_FRAMES // 2 or not self._pieces:
            self._end_piece()
        else:
            self._whole.add(self._piece)
        told = self._best()
        off = told.along.best_hz(self._most_hz)
        level, over = told.floors(off)
        shape = (-1, self.channels)
        shown = over.reshape(shape).any(axis=1)
        if not shown.any():
            return self._nothing(told, off)
        dbfs = np.where(over, level, NO_LEVEL).reshape(shape)[shown].T
        return Hum(
            frequency_hz=self._frequency_hz + off,
            wander_hz=self._wander_hz(),
            harmonic=np.flatnonzero(shown) + 1,
            level_dbfs=dbfs,
            share=1.0 if told is self._whole else round(told.pieces / self._pieces, 3),
            confidence=0.5,
        )

    def _nothing(self, told: _Lines, off_hz: float) -> Hum:
        """Return that nothing hums, and what what was named is wanting in."""
        if not told.along.pieces:
            return Hum.nothing(self.channels)
        over_db, least_db, lacks = told.wanting(off_hz)
        return replace(
            Hum.nothing(self.channels),
            nearest_hz=self._frequency_hz,
            nearest_share=round(min(max(over_db / least_db, 0.0), 1.0), 3),
            nearest_lacks=lacks,
            nearest_over_db=round(max(over_db, 0.0), 1),
            nearest_least_db=round(least_db, 1),
        )


@dataclass
class _Lines:
    """Histograms of each line's level and of that beside it, in dB, and its spectra of seconds."""

    line: npt.NDArray[np.int64]
    beside: npt.NDArray[np.int64]
    along: CombOffset
    pieces: int = 0

    def add(self, other: _Lines) -> None:
        """Add up two parts of a recording."""
        self.line += other.line
        self.beside += other.beside
        self.along.add(other.along)
        self.pieces += other.pieces

    def floors(self, off_hz: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Return each line's level in dBFS, the comb so far off, and whether it stands out.

        What a line keeps falling back to, and what it holds over seconds: a note that pauses shows in the
        one, a program that is loud all along in the other.
        """
        line, beside = _quantile(self.line), _quantile(self.beside)
        level, over = self.along.lines(off_hz)
        level = np.minimum(line, level)
        return level, over & (line - beside >= _LEAST_OVER_DB) & (level >= LEAST_DBFS)

    def wanting(self, off_hz: float) -> tuple[float, float, str]:
        """Return the dB by which the likeliest line stands out, those it must, and what it is wanting in."""
        kept_db = _quantile(self.line) - _quantile(self.beside)
        over_db, outdone = self.along.standing_out(off_hz)
        least_db = self.along.least_over_db
        shares = np.minimum(over_db / least_db, kept_db / _LEAST_OVER_DB)
        best = int(np.argmax(np.where(outdone, np.minimum(shares, 1.0) - 1.0, shares)))
        if outdone[best]:
            return float(over_db[best]), least_db, "notes"
        if shares[best] >= 1.0:
            return float(over_db[best]), least_db, "loudness"
        if kept_db[best] / _LEAST_OVER_DB < over_db[best] / least_db:
            return float(kept_db[best]), _LEAST_OVER_DB, "floor"
        return float(over_db[best]), least_db, "level"


def _quantile(histogram: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    count = np.cumsum(histogram, axis=1)
    step = np.argmax(count >= np.maximum(_FLOOR * count[:, -1:], 1), axis=1)
    return np.asarray(_LEAST_DB + step + 0.5)

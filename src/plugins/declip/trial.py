"""The rebuilder tried on the recording itself: peaks that are known are cut, rebuilt, and compared."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...analysis.carrier.flat_tops import FlatTops, FlatTopsAnalyser
from ...audio.arrays import Array, Audio
from ...contract.findings import Analyser
from .rebuild import Rebuilder

TOLERANCE = 2.02 * 2.0**-15
"""derived: dither moves a flat top by one step of 16 bits either way."""

_STRETCH_FRAMES = 10  # guard: at the ends of each less is known than the stage hears
_EDGE_FRAMES = 1  # guard: what is that close to an end is not compared
_SHORTEST_FRAMES = 4  # guard: of the last stretch
_MOST_STRETCHES = 8  # guard: memory and time are bounded, however long the recording
_CLASS_DB = 1.0  # guard: stretches whose peaks differ by less are as good as each other
# source: multiplicative hashing, D. E. Knuth, "The Art of Computer Programming" 3, section 6.4
_SPREAD, _WORD = 2_654_435_761, 2**32
_SILENCE = 1e-9  # guard: no logarithm of silence

# tuned: takes of music, speech and metal of the tuning split, as they are, or rounded or limited, cut to 3 to
# 20 dB, 2026-11-30
_SHARE, _LOWER_SHARE = 0.8, 0.65  # of the ceiling, at which known peaks are cut
# Peaks over what was rebuilt of them. Both shares' mean: 0.898 and more of natural waves, up to 0.891 of most
# rounded ones; of others the higher share's alone is low, and falls far. From the last on no more is heard.
_LEAST_TRUE = 0.895
_RATHER_TRUE, _MOST_FALL = 0.9, 0.15
_CLEARLY_TRUE = 0.95
_ROUNDER_ABOVE = 3.5  # power: what rounded the peaks below the ceiling rounded those above it more
_FEWEST, _ENOUGH = 30, 60  # guard: peaks that are compared


@dataclass
class Trial:
    """Known peaks beside what was rebuilt of them, above where they were cut: sums over their samples.

    Attributes
    ----------
    share
        Of the ceiling, at which they are cut.
    """

    share: float
    peaks: int = 0
    true: float = 0.0
    rebuilt: float = 0.0
    products: float = 0.0
    squares: float = 0.0

    def hear(self, rebuilder: Rebuilder, audio: Array, ceilings: tuple[float, float]) -> None:
        """Cut the known peaks of a stretch, rebuild and compare them.

        Parameters
        ----------
        rebuilder
            Of the recording's rate.
        audio
            One channel's stretch, shape (n,), n a multiple of the rebuilder's hop.
        ceilings
            Of the upper and the lower half of the wave, 1.0 full scale; 0 where it is not cut.
        """
        upper, lower = (self.share * one if one else np.inf for one in ceilings)
        cut = np.clip(audio, -lower, upper)
        edge = _EDGE_FRAMES * rebuilder.frame
        runs: list[tuple[int, int, float]] = []
        for sign, ceiling, level in ((1.0, ceilings[0], upper), (-1.0, ceilings[1], lower)):
            runs += [
                (start, stop, sign * level)
                for start, stop in _runs_above(sign * audio, level)
                if edge <= start
                and stop <= audio.size - edge
                and np.max(sign * audio[start:stop]) < ceiling - TOLERANCE
            ]
        if not runs:
            return
        rebuilt = rebuilder.rebuild(cut, cut != audio)
        for start, stop, level in runs:
            true, found = (np.abs(one[start:stop] - level) for one in (audio, rebuilt))
            self.peaks += 1
            self.true += float(true.sum())
            self.rebuilt += float(found.sum())
            self.products += float(true @ found)
            self.squares += float(found @ found)

    @property
    def truth(self) -> float:
        """How high peaks are, on the mean, over how high they were rebuilt; 1 where none was."""
        return self.true / self.rebuilt if self.rebuilt else 1.0

    @property
    def fit(self) -> float:
        """By which factor, 1 at most, what was rebuilt comes closest to the truth."""
        return min(self.products / self.squares, 1.0) if self.squares else 1.0


def try_out(
    rebuilder: Rebuilder, stretches: Iterable[Array], ceilings: tuple[float, float]
) -> tuple[float, int]:
    """Return which share of what is rebuilt above the ceilings may be believed, and how many peaks tell so.

    Where too few peaks are known, or those that are were not rounded, it is 1. Parameters as of `Trial.hear`.
    """
    trial, lower, heard = Trial(_SHARE), Trial(_LOWER_SHARE), []
    for audio in stretches:
        heard.append(audio)
        trial.hear(rebuilder, audio, ceilings)
        if trial.peaks >= _ENOUGH and trial.truth >= _CLEARLY_TRUE:
            return 1.0, trial.peaks
    if trial.peaks < _FEWEST:
        return 1.0, trial.peaks
    for audio in heard:
        lower.hear(rebuilder, audio, ceilings)
    fallen = trial.truth < _RATHER_TRUE and lower.truth - trial.truth > _MOST_FALL
    rounded = fallen or (trial.truth + lower.truth) / 2 < _LEAST_TRUE
    return trial.fit**_ROUNDER_ABOVE if rounded else 1.0, trial.peaks


class TrialAnalyser(Analyser[FlatTops]):
    """Find the ceilings as `FlatTopsAnalyser` does, then try how far what is rebuilt may be believed.

    Of each channel the few stretches that reach the highest are kept, spread over the recording: which ones,
    what they hold and where they lie decide alone.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._tops = FlatTopsAnalyser(sample_rate, channels)
        self._rebuilder = Rebuilder.at(sample_rate)
        self._kept: list[list[tuple[int, int, Array]]] = [[] for _ in range(channels)]
        self._count = 0
        super().__init__(sample_rate, channels, hop=_STRETCH_FRAMES * self._rebuilder.frame)

    def _frame(self, frame: Audio) -> None:
        self._tops.push(frame)
        self._keep(frame)

    def _keep(self, frame: Audio) -> None:
        """Keep each channel's stretch that reaches higher than another, or as high and is first by lot."""
        self._count += 1
        for kept, samples in zip(self._kept, frame, strict=True):
            peak = max(float(np.abs(samples).max()), _SILENCE)
            rank = (round(20 * np.log10(peak) / _CLASS_DB), -(self._count * _SPREAD % _WORD))
            if len(kept) < _MOST_STRETCHES:
                heapq.heappush(kept, (*rank, samples.copy()))
            elif rank > kept[0][:2]:
                heapq.heapreplace(kept, (*rank, samples.copy()))

    def _conclude(self, rest: Audio) -> FlatTops:
        self._tops.push(rest)
        whole = rest.shape[1] // self._rebuilder.hop * self._rebuilder.hop
        if whole >= _SHORTEST_FRAMES * self._rebuilder.frame:
            self._keep(rest[:, :whole])
        tops = self._tops.result()
        ceilings = zip(tops.upper.tolist(), tops.lower.tolist(), strict=True)
        tried = [
            try_out(self._rebuilder, _in_turn(kept) if any(pair) else (), pair)
            for kept, pair in zip(self._kept, ceilings, strict=True)
        ]
        return replace(
            tops,
            believed=np.array([believed for believed, _ in tried]),
            tried=np.array([peaks for _, peaks in tried], np.int64),
        )


def _in_turn(kept: list[tuple[int, int, Array]]) -> Iterator[Array]:
    """Yield the stretches that reach the highest first."""
    return (samples for _, _, samples in sorted(kept, key=lambda one: one[:2], reverse=True))


def _runs_above(audio: Array, level: float) -> list[tuple[int, int]]:
    """Return where samples are above a level, starts and stops."""
    above = np.concatenate([[False], audio > level, [False]]).astype(np.int8)
    edges: npt.NDArray[np.intp] = np.flatnonzero(np.diff(above)).reshape(-1, 2)
    return [(int(start), int(stop)) for start, stop in edges]

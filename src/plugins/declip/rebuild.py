"""Clipped samples rebuilt so that the signal is sparse: none lower than it was, the others as they were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array, Mask
from ...kernels.spectra.social_shrinkage import FRAMES_BESIDE, add_up, shrink

# tuned: by hand on clipped takes of the tuning split, 2026-11-30
_FRAME_SECONDS = 4096 / 44_100
_OVERLAP = 4
_RELAXATION = 1.7
_SHARES = (0.08, 0.18)  # of clipped samples: few, and many
# Thresholds of shrinkage, times the RMS: from where all is 0 (many), or the strongest lines are left (few),
# to where little is 0. From further up few clipped samples come back too high.
_FIRST, _LAST = (5.0, 20.0), 0.007
_STEPS, _MOST_STEPS, _STEPS_A_SHARE = 45, 200, 700  # one more for each so many clipped samples in one
_APART_FRAMES = 2.0  # clipped samples that are farther apart do not speak of each other
_AROUND_FRAMES = 1.5  # derived: frames that hold a clipped sample, and half of one more

_LEAST_RMS = 1e-9  # guard: nothing is scaled by silence


@dataclass(frozen=True)
class Rebuilder:
    """Rebuilds one channel's clipped samples by the alternating direction method of multipliers.

    Of all signals that agree with the samples that were not clipped, and go beyond those that were, the one
    is sought whose coefficients are the sparsest, in the sense of `kernels.spectra.social_shrinkage`. The
    threshold falls from step to step, as the number of coefficients grows in S. Kitić, N. Bertin,
    R. Gribonval, "Sparsity and cosparsity for audio declipping", LVA/ICA 2015, algorithm 1. The constraints
    hold at every step.

    Attributes
    ----------
    frame
        Samples of an analysis frame.
    """

    frame: int

    @classmethod
    def at(cls, sample_rate: float) -> Rebuilder:
        """Return one for that rate in Hz."""
        hop = fft.next_fast_len(max(round(_FRAME_SECONDS * sample_rate / _OVERLAP), 16), real=True)
        return cls(int(hop) * _OVERLAP)

    @property
    def hop(self) -> int:
        """Samples between frames."""
        return self.frame // _OVERLAP

    @property
    def reach(self) -> int:
        """Samples around a clipped one that are heard for it."""
        return int(_AROUND_FRAMES * self.frame)

    def rebuild(self, audio: Array, clipped: Mask) -> Array:
        """Return `audio` with the clipped samples rebuilt.

        Parameters
        ----------
        audio
            Shape (n,), n a multiple of `hop`.
        clipped
            Which samples were clipped, shape (n,); one of 0 or more was cut from above.
        """
        rebuilt = audio.copy()
        for start, stop in self._islands(np.flatnonzero(clipped), audio.size):
            part = slice(start, stop)
            rebuilt[part] = self._solve(audio[part], clipped[part])
        return rebuilt

    def _islands(self, at: npt.NDArray[np.intp], size: int) -> list[tuple[int, int]]:
        """Return the stretches that are worked on, each by itself, on the grid of the frames."""
        if not at.size:
            return []
        cuts = np.flatnonzero(np.diff(at) > _APART_FRAMES * self.frame)
        firsts, lasts = at[np.concatenate([[0], cuts + 1])], at[np.concatenate([cuts, [at.size - 1]])]
        hop, around = self.hop, self.reach
        starts = np.maximum(firsts - around, 0) // hop * hop
        stops = np.minimum(-(-(lasts + around) // hop) * hop, size)
        return list(zip(starts.tolist(), stops.tolist(), strict=True))

    def _solve(self, audio: Array, clipped: Mask) -> Array:
        scale = max(float(np.sqrt(np.mean(audio**2))), _LEAST_RMS)
        # silence around: every sample is in as many frames as any other
        heard = np.pad(audio / scale, self.frame).astype(np.float32)
        at = np.flatnonzero(clipped) + self.frame
        bound = heard[at]
        upper = bound >= 0
        frames, moving = self._frames_of(heard, int(at[0]), int(at[-1]))
        window, moved = self._window, frames[moving]
        spectra = fft.rfft(frames * window, axis=1, norm="ortho")
        before, behind = spectra[: moving.start].copy(), spectra[moving.stop :].copy()
        dual, sums = np.zeros_like(spectra), np.empty(spectra.shape, np.float32)
        signal = np.empty(self.hop * (len(moved) - 1) + self.frame, np.float32)
        inside = at - int(at[0]) + self._first_in(int(at[0]))
        for threshold in _thresholds(at.size / audio.size):
            shrink(spectra, dual, threshold, _RELAXATION, sums)
            add_up(fft.irfft(spectra[moving], self.frame, axis=1, norm="ortho"), window, self.hop, signal)
            proposed = signal[inside]
            heard[at] = np.where(upper, np.maximum(proposed, bound), np.minimum(proposed, bound))
            spectra[moving] = fft.rfft(moved * window, axis=1, norm="ortho")  # a view of what is heard
            spectra[: moving.start], spectra[moving.stop :] = before, behind
            dual += spectra
        rebuilt, cut = audio.copy(), audio[clipped]
        found = heard[at].astype(np.float64) * scale
        rebuilt[clipped] = np.where(upper, np.maximum(found, cut), np.minimum(found, cut))
        return rebuilt

    def _frames_of(
        self, heard: npt.NDArray[np.float32], first: int, last: int
    ) -> tuple[npt.NDArray[np.float32], slice]:
        """Return the frames that hold a clipped sample, or are their neighbours, and where the former are.

        Neighbours are analysed once: nothing in them moves.
        """
        frames = np.lib.stride_tricks.sliding_window_view(heard, self.frame)[:: self.hop]
        start, stop = (first - self.frame) // self.hop + 1, last // self.hop + 1
        begin = max(start - FRAMES_BESIDE, 0)
        return frames[begin : stop + FRAMES_BESIDE], slice(start - begin, stop - begin)

    def _first_in(self, first: int) -> int:
        """Return where the first clipped sample is in the first frame that holds it."""
        return first - self.hop * ((first - self.frame) // self.hop + 1)

    @property
    def _window(self) -> npt.NDArray[np.float32]:
        """The square root of Hann's, with which frames and their transforms keep the signal's energy."""
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.frame) / self.frame)
        return np.sqrt(hann * 2 / _OVERLAP).astype(np.float32)


def _thresholds(share: float) -> Array:
    """Return the thresholds of all steps, for a share of clipped samples."""
    steps = min(_STEPS + round(_STEPS_A_SHARE * share), _MOST_STEPS)
    return np.geomspace(float(np.interp(share, _SHARES, _FIRST)), _LAST, steps)

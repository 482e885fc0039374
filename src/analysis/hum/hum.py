"""Mains hum and buzz: a comb of lines at the mains' harmonics that stays while the program comes and goes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ...audio.checks import limited
from ...contract.findings import Analyser
from ...kernels.filters.decimation import decimate, decimation_filter
from .comb import HIGH_HZ, LOW_HZ
from .floor import LongWindows
from .found import MOST_OTHERS, Hum
from .spectrogram import Spectrogram, StretchLevels
from .tally import PIECE_WINDOWS, HumTally
from .tones import ToneListener

__all__ = ["Hum", "HumAnalyser"]

# tuned: by hand with bench hum_finder, 2026-11-21; the split is not recorded
_LOW_RATE_HZ = 2600.0
_WINDOW_SECONDS = 1.5  # five fit into three seconds of hum alone; longer ones smear what wanders
_BIN_HZ = 0.25
_LONG_HZ = 490.0  # derived: eight harmonics of 60 Hz, and what surrounds them
_SEGMENT_WINDOWS = 80  # derived: 30 s


class HumAnalyser(Analyser[Hum]):
    """Look for a comb of steady lines in half minutes of the recording, and add up what they say.

    Windows of 1.5 s at a low rate hold the first twelve harmonics, windows of 0.4 s those up to 8 kHz: the
    latter are transformed only where there is hum. What is kept is one minute of spectra at most, and half
    of its samples.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        factor = max(int(sample_rate / _LOW_RATE_HZ), 1)
        low_rate = sample_rate / factor
        low_hop = max(round(_WINDOW_SECONDS * low_rate / 4), 1)
        super().__init__(sample_rate, channels, hop=low_hop * factor)
        self._factor = factor
        self._taps = decimation_filter(sample_rate, factor, LOW_HZ)
        self._before = np.zeros((channels, self._taps.size - factor))
        self._low = Spectrogram(low_rate, 4 * low_hop, low_rate / _BIN_HZ, LOW_HZ)
        self._high = Spectrogram(
            sample_rate, low_hop * factor, low_hop * factor, min(HIGH_HZ, 0.47 * sample_rate)
        )
        self._long = LongWindows(int(_LONG_HZ / self._low.bin_hz), self._low.points, low_hop)
        self._full: list[npt.NDArray[np.float32]] = []
        self._low_frames: list[Audio] = []
        self._recent = np.zeros((channels, 4 * low_hop))
        self._frames = 0
        self._tally = HumTally(low_rate, channels)
        self._tones = ToneListener(sample_rate, channels, 2 * low_hop * factor)
        self._half: Audio | None = None  # of a window that lines are looked for in

    def _frame(self, frame: Audio) -> None:
        frame = limited(frame)
        self._hear_tones(frame)
        audio = np.concatenate([self._before, frame], axis=1)
        self._before = audio[:, audio.shape[1] - self._before.shape[1] :]
        low = decimate(audio, self._taps, self._factor)
        self._recent = np.concatenate([self._recent[:, low.shape[1] :], low], axis=1)
        self._frames += 1
        self._low_frames.append(low)
        if self._frames < 4:
            return
        self._long.hear(self._low.hear(self._recent))
        if self._frames % 2 == 0:  # half of them are enough for levels
            self._full.append(frame.astype(np.float32))
        if len(self._low.rows) == 2 * _SEGMENT_WINDOWS:
            self._segment(_SEGMENT_WINDOWS, last=False)

    def _hear_tones(self, frame: Audio) -> None:
        if self._half is None:
            self._half = frame
            return
        self._tones.hear(np.concatenate([self._half, frame], axis=1))
        self._half = None

    def _segment(self, windows: int, *, last: bool) -> None:
        half = (windows + 1) // 2
        full, self._full = self._full[:half], self._full[half:]
        # the last window needs three frames more than it begins before
        audio = np.concatenate(self._low_frames[: windows + 3], axis=1)
        self._low_frames = self._low_frames[windows:]
        low, long = self._low.take(windows), self._long.take(half)
        known: list[StretchLevels] = []

        def high() -> StretchLevels:
            if not known:
                for frame in full:
                    self._high.hear(frame.astype(np.float64))
                known.append(self._high.take(len(full)))
            return known[0]

        self._tally.hear(low, long, audio, high, last=last)
        hop = audio.shape[1] // (windows + 3)
        for start in range(0, windows - PIECE_WINDOWS // 2, PIECE_WINDOWS):
            stop = start + PIECE_WINDOWS
            part = audio[:, start * hop : (stop + 3) * hop]
            rows = start // 2, stop // 2
            self._tally.hear_piece(low.part(start, stop), part, lambda rows=rows: high().part(*rows))  # type: ignore[misc]

    def _conclude(self, rest: Audio) -> Hum:
        if self._low.rows:
            self._segment(len(self._low.rows), last=True)
        found = self._tally.conclude()
        hums = found.each()
        every = (*hums, *self._tones.conclude(hums))
        return every[0].beside(every[1 : 1 + MOST_OTHERS]) if every else found

"""Silences: where the program starts and ends, and where it drops out in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from ...audio.arrays import Array, Audio, Counts
from ...audio.checks import MAX_CHANNELS, limited
from ...contract.constraints import SHARE, AtLeastAsManyAs, AtMost, Axis, Each, Range
from ...contract.findings import Analyser, Findings
from ...kernels.samples.runs import still_runs

MOST_DROPOUTS = 256
"""How many dropouts are listed; all are counted; guard: memory is bounded."""

# tuned: by hand with bench format_finder, 2026-11-21; the split is not recorded
_FRAME_SECONDS = 0.01
_PIECES = 50  # guard: a frame: enough to make Python's share of the time small
_SUSTAINED_FRAMES = 10
_LOWEST_DBFS, _HIGHEST_DBFS = -140, 20  # guard: bounds of a histogram
_LEVELS = _HIGHEST_DBFS - _LOWEST_DBFS
_ABOVE_FLOOR_DB = 10.0
_BELOW_PROGRAM_DB = 50.0
_FLOOR_QUANTILE, _PROGRAM_QUANTILE = 0.02, 0.7
_LEAST_RANGE_DB = 20.0
_SHORTEST_S, _LONGEST_S = 1e-3, 0.5
_AROUND_S = 5e-3
_LEAST_AROUND_DBFS = -50.0
_MOST_RUNS = 1024  # guard: memory is bounded
_NEVER = np.iinfo(np.int64).max


_GAPS = Axis("gaps", most=MOST_DROPOUTS)
_ROUNDED_S = 1e-6  # guard: an end may be rounded over the recording's


@dataclass(frozen=True, eq=False)
class Silences(Findings):
    """Ends of the program, and gaps in it.

    Attributes
    ----------
    duration_s
        Of the recording.
    start_s, end_s
        Of the program, to 0.01 s, before any margin; 0 and `duration_s` where it fills the recording, equal
        where there is none.
    threshold_dbfs
        Level that tells the program from what is around it.
    digital_start_s, digital_end_s
        How long all channels hold the value 0 at the beginning and at the end.
    gap_start_s, gap_s, gap_channel
        Dropouts: gaps of 1 to 500 ms in which the samples stand still between loud ones; shape (gaps,), the
        first 256.
    gaps
        Number of all dropouts.
    confidence
        0 (silence) to 1, of the ends of the program.
    """

    duration_s: Annotated[float, Range(0.0)]
    start_s: Annotated[float, Range(0.0), AtMost("end_s")]
    end_s: Annotated[float, Range(0.0), AtMost("duration_s", _ROUNDED_S)]
    threshold_dbfs: Annotated[float, Range(-300.0, 300.0)]
    digital_start_s: Annotated[float, Range(0.0), AtMost("duration_s", _ROUNDED_S)]
    digital_end_s: Annotated[float, Range(0.0), AtMost("duration_s", _ROUNDED_S)]
    gap_start_s: Annotated[Array, Each(_GAPS), Range(0.0)]
    gap_s: Annotated[Array, Each(_GAPS), Range(0.0)]
    gap_channel: Annotated[Counts, Each(_GAPS), Range(0, MAX_CHANNELS - 1)]
    gaps: Annotated[int, AtLeastAsManyAs("gap_s")]
    confidence: Annotated[float, SHARE]

    @property
    def found(self) -> bool:
        """Whether there is a silent end or a dropout."""
        return bool(self.start_s > 0 or 0 < self.end_s < self.duration_s or self.gaps > 0)

    def trim_s(self, margin_s: float) -> tuple[float, float]:
        """Return start and end of the program with a margin, inside the recording."""
        return max(self.start_s - margin_s, 0.0), min(self.end_s + margin_s, self.duration_s)

    def describe(self) -> str:
        """See `Findings.describe`."""
        drops = f", {self.gaps} dropouts" if self.gaps else ""
        if self.start_s == self.end_s:
            return f"no program in {self.duration_s:.2f} s{drops}"
        return f"program from {self.start_s:.2f} to {self.end_s:.2f} s of {self.duration_s:.2f} s{drops}"


class SilencesAnalyser(Analyser[Silences]):
    """Keep, for every level, when the recording first and last stayed above it for 0.1 s.

    Which of these levels tells program from silence is known only in the end; so memory stays constant.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        self._piece = max(round(_FRAME_SECONDS * sample_rate), 1)
        super().__init__(sample_rate, channels, hop=_PIECES * self._piece)
        self._recent = np.empty(0, np.int64)
        self._histogram = np.zeros(_LEVELS, np.int64)
        # when just this level was first, and last, sustained
        self._first = np.full(_LEVELS, _NEVER)
        self._last = np.full(_LEVELS, -1, np.int64)
        self._pieces = 0
        self._samples = 0
        self._sound: tuple[int, int] | None = None
        self._states = np.zeros((channels, 4))
        self._runs = np.zeros((_MOST_RUNS, 3))
        self._pending: list[tuple[int, float, float, float]] = []
        self._dropouts: list[tuple[float, float, int]] = []
        self._gaps = 0

    def _frame(self, frame: Audio) -> None:
        frame = limited(frame)
        self._hear_levels(frame)
        self._hear_gaps(frame)
        self._hear_zeros(frame)
        self._samples += frame.shape[1]

    def _hear_zeros(self, frame: Audio) -> None:
        if self._sound is not None and frame.shape[1] and frame[:, -1].any():  # most often
            self._sound = (self._sound[0], self._samples + frame.shape[1])
            return
        sounding = np.flatnonzero(frame.any(axis=0))
        if sounding.size:
            first = self._samples + int(sounding[0]) if self._sound is None else self._sound[0]
            self._sound = (first, self._samples + int(sounding[-1]) + 1)

    def _hear_levels(self, frame: Audio) -> None:
        pieces = frame.shape[1] // self._piece
        cut = frame[:, : pieces * self._piece].reshape(len(frame), pieces, self._piece)
        power = np.max(np.einsum("cps,cps->cp", cut, cut), axis=0, initial=0.0) / self._piece
        level = 10 * np.log10(np.maximum(power, 1e-14))
        steps = np.clip(level - _LOWEST_DBFS, 0, _LEVELS - 1).astype(np.int64)
        self._histogram += np.bincount(steps, minlength=_LEVELS)
        self._pieces += pieces
        recent = np.concatenate([self._recent, steps])
        self._recent = recent[-_SUSTAINED_FRAMES + 1 :]
        if recent.size >= _SUSTAINED_FRAMES:
            spans = np.lib.stride_tricks.sliding_window_view(recent, _SUSTAINED_FRAMES)
            sustained = np.sort(spans, axis=1)[:, _SUSTAINED_FRAMES // 3]  # words and beats pause
            ends = np.arange(self._pieces - len(spans), self._pieces) + 1
            np.minimum.at(self._first, sustained, ends - _SUSTAINED_FRAMES)
            np.maximum.at(self._last, sustained, ends)

    def _hear_gaps(self, frame: Audio) -> None:
        least = max(round(_SHORTEST_S * self.sample_rate), 8)
        around = _AROUND_S * self.sample_rate
        self._confirm(frame, around)
        for channel, samples in enumerate(frame):
            found = still_runs(samples, self._samples, self._states[channel], least, around, self._runs)
            for position, length, before in self._runs[:found]:
                if length <= _LONGEST_S * self.sample_rate and before > 10 ** (_LEAST_AROUND_DBFS / 10):
                    self._check_after(channel, position, length, samples)

    def _check_after(self, channel: int, position: float, length: float, samples: Array) -> None:
        """Look at what follows a gap; where the frame ends too soon, at the next frame."""
        stop = int(position + length) - self._samples
        need = int(_AROUND_S * self.sample_rate)
        after = samples[stop : stop + need]
        if after.size < need:
            self._pending.append((channel, position, length, float(np.sum(after**2))))
        elif np.mean(after**2) > 10 ** (_LEAST_AROUND_DBFS / 10):
            self._found(channel, position, length)

    def _confirm(self, frame: Audio, around: float) -> None:
        for channel, position, length, energy in self._pending:
            missing = int(position + length + around) - self._samples
            later = float(np.sum(frame[channel, : max(missing, 0)] ** 2))
            if (energy + later) / around > 10 ** (_LEAST_AROUND_DBFS / 10):
                self._found(channel, position, length)
        self._pending = []

    def _found(self, channel: int, position: float, length: float) -> None:
        self._gaps += 1
        if len(self._dropouts) < MOST_DROPOUTS:
            self._dropouts.append((position / self.sample_rate, length / self.sample_rate, channel))

    def _conclude(self, rest: Audio) -> Silences:
        self._frame(rest)
        duration = self._samples / self.sample_rate
        start, end, threshold, confidence = self._program(duration)
        first, last = self._sound or (self._samples, self._samples)
        before, behind = (
            min(round(samples / self.sample_rate, 4), duration)  # rounded up, a few samples would be more
            for samples in (first, self._samples - last if self._sound else 0)
        )
        dropouts = sorted(self._dropouts)
        return Silences(
            duration_s=duration,
            start_s=start,
            end_s=end,
            threshold_dbfs=threshold,
            digital_start_s=before,
            digital_end_s=behind,
            gap_start_s=np.round(np.array([one[0] for one in dropouts]), 5),
            gap_s=np.round(np.array([one[1] for one in dropouts]), 5),
            gap_channel=np.array([one[2] for one in dropouts], np.int64),
            gaps=self._gaps,
            confidence=confidence,
        )

    def _program(self, duration: float) -> tuple[float, float, float, float]:
        """Return start and end of the program, the threshold, and how sure that is."""
        if self._sound is None:
            return 0.0, 0.0, float(_LOWEST_DBFS), 0.0  # no program
        share = np.cumsum(self._histogram) / max(self._histogram.sum(), 1)
        floor = _LOWEST_DBFS + int(np.argmax(share >= _FLOOR_QUANTILE))
        program = _LOWEST_DBFS + int(np.argmax(share >= _PROGRAM_QUANTILE))
        if self._pieces < 2 * _SUSTAINED_FRAMES or program - floor < _LEAST_RANGE_DB:
            return 0.0, duration, float(floor), 0.3  # it is as loud from beginning to end
        threshold = float(max(floor + _ABOVE_FLOOR_DB, program - _BELOW_PROGRAM_DB))
        step = int(threshold) - _LOWEST_DBFS
        first, last = int(self._first[step:].min()), int(self._last[step:].max())
        if last < 0:
            return 0.0, duration, threshold, 0.3
        piece_s = self._piece / self.sample_rate
        start = first * piece_s
        end = min(last * piece_s, duration)
        # a lead in shorter than what sustains a level is none
        start = 0.0 if start < 2 * _FRAME_SECONDS else round(start, 4)
        end = duration if duration - end < _SUSTAINED_FRAMES * piece_s else round(end, 4)
        return start, end, threshold, round(min((program - floor) / 60.0, 1.0), 2)

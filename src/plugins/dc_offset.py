"""Remove a constant offset: what a converter with a misadjusted zero adds to a whole recording."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..analysis.carrier.offset import Offset, OffsetAnalyser, in_long_runs, silence_samples
from ..audio.arrays import Audio
from ..contract.parameters.number import number
from ..contract.stage import Framing, Processor, RepairStage, Sink, Step
from ..errors import FindingsError

_HOP = 1024  # samples a step; tuned: for speed, by hand, no record


class _Subtract(Processor):
    """Subtract the offset from what sounds.

    ::

        heard    | run - 1 before | -- given out now -- | run - 1 ahead |

    A sample is silent where it lies in a run of zeros, which may reach to either side of a frame.
    """

    def __init__(self, findings: Offset, run: int, latency: int) -> None:
        self._findings = findings
        self._run = run
        self._latency = latency
        self._held = np.ones((findings.mean.size, run + latency))  # no silence before the first sample
        self._position = -latency  # of the first sample given out
        self._length: int | None = None
        self._offset: Audio | None = None

    def finish(self, length: int) -> None:
        self._length = length

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        run, count = self._run, frame.shape[1]
        heard = np.concatenate([self._held, frame], axis=1)
        self._held = heard[:, count:]
        zero = heard == 0.0
        if self._length is not None:  # what is heard behind the end is no silence of the recording's
            zero[:, max(self._length - self._position + run, 0) :] = False
        silent = in_long_runs(zero, run)[:, run : run + count]
        self._position += count
        part = heard[:, run : run + count]
        return np.asarray(np.where(silent, part, part - self._faded_offset(count)))

    def _faded_offset(self, count: int) -> Audio:
        """Return the offset of each sample of a frame; where the threshold was moved, it fades along it."""
        offset = self._findings.significant(self.settings.threshold_db)[:, np.newaxis]
        before, self._offset = self._offset, offset
        if before is None or np.array_equal(before, offset):
            return offset
        return before + (offset - before) * (np.arange(1, count + 1) / count)


class DcOffset(RepairStage):
    """Subtract each channel's offset where it sounds, if it is a real offset.

    A high-pass filter would do it too, and shift the phase of the lowest notes; an offset is a constant,
    and subtracting a constant changes nothing else. Left alone: digital silence, means below the threshold,
    means that chance explains (4 standard errors, from the scatter of the means of 0.1-second blocks), and
    those that are there only while it is loud, as of one-sided drum hits.
    """

    id = "wavemend.dc_offset"
    name = "DC offset"
    place = Step.PREPARE
    findings_type = Offset

    threshold_db: float = number(
        default=-80.0, low=-120.0, high=-20.0, unit="dB", doc="Offsets below this, in dBFS, are left alone."
    )

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        return Framing(hop=_HOP, latency=silence_samples(sample_rate))

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        if findings.mean.shape != (channels,):
            raise FindingsError(
                f"an offset of {findings.mean.size} channels cannot serve {channels} channels"
            )
        run = silence_samples(sample_rate)
        return _Subtract(findings, run, run)

    def analyser(self, sample_rate: float, channels: int) -> OffsetAnalyser:
        """See `Stage.analyser`."""
        return OffsetAnalyser(sample_rate, channels)

"""The stage, and its processor over one recording."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ...analysis.carrier.flat_tops import FlatTops
from ...audio.arrays import Array, Audio
from ...contract.marks import Marks, touched
from ...contract.parameters.number import number
from ...contract.stage import Event, Framing, Processor, RepairStage, Sink, Step
from ...contract.stream import Through
from ...errors import FindingsError, ParameterError
from ...kernels.samples.plateaus import LEAST_RUN
from .rebuild import Rebuilder
from .trial import TOLERANCE, TrialAnalyser

_HOP_FRAMES = 12  # guard: what is around every hop is worked on twice, so short ones cost more
_TOGETHER_S = (
    5e-3  # guard: flat tops of one loud passage are one event; thousands could not be looked through
)

Runs = npt.NDArray[np.int64]


class _Rebuild(Processor):
    """Rebuilds the flat tops of every hop from the hop and what is around it."""

    def __init__(self, rebuilder: Rebuilder, sample_rate: float, tops: FlatTops) -> None:
        self._rebuilder = rebuilder
        self._hop, self._around = _HOP_FRAMES * rebuilder.frame, rebuilder.reach
        self._ceilings = np.stack([tops.upper, tops.lower], axis=1)
        self._believed = tops.believed
        self._together = round(_TOGETHER_S * sample_rate)
        self._heard = np.zeros((len(self._ceilings), self._hop + 2 * self._around))
        self._origin = -self._heard.shape[1]
        self._vetoes = cache(lambda channel: self.marks.vetoed_in(channel))  # noqa: PLW0108 - they come later

    def step(self, frame: Audio, sink: Sink | None) -> Audio:
        self._origin += self._hop
        self._heard[:, : -self._hop] = self._heard[:, self._hop :].copy()
        self._heard[:, -self._hop :] = frame
        out = self._heard[:, self._around : self._around + self._hop].copy()
        for channel, heard in enumerate(self._heard):
            runs = self._runs(channel, heard)
            if not np.any((runs[:, 1] > self._around) & (runs[:, 0] < self._around + self._hop)):
                continue
            rebuilt = self._rebuilt(channel, heard, runs)
            out[channel] = rebuilt[self._around : self._around + self._hop]
            if sink is not None:
                for event in self._events(channel, runs):
                    sink(event)
        return out

    def _runs(self, channel: int, heard: Array) -> Runs:
        """Return the flat tops as rows of start and stop, sorted, without those that are vetoed."""
        found = [
            _flat_tops(sign * heard, ceiling)
            for sign, ceiling in zip((1.0, -1.0), self._ceilings[channel], strict=True)
            if ceiling > 0.0
        ]
        runs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
        runs = runs[np.argsort(runs[:, 0])]
        if self.marks.vetoed:
            runs = runs[~touched(runs + self._origin, self._vetoes(channel))]
        return runs

    def _rebuilt(self, channel: int, heard: Array, runs: Runs) -> Array:
        clipped = np.zeros(heard.size, np.bool_)
        for start, stop in runs.tolist():
            clipped[start:stop] = True
        most = np.abs(heard) * 10 ** (self.settings.most_db / 20)
        higher = self._rebuilder.rebuild(heard, clipped) - heard
        rebuilt: Array = np.clip(heard + self._believed[channel] * higher, -most, most)
        return rebuilt

    def _events(self, channel: int, runs: Runs) -> list[Event]:
        """Tell the passages of flat tops in the hop; one that goes on is told anew in the next."""
        here = runs[(runs[:, 0] >= self._around) & (runs[:, 0] < self._around + self._hop)]
        if not here.size:
            return []
        cuts = np.flatnonzero(here[1:, 0] - here[:-1, 1] > self._together) + 1
        return [
            Event("clipping", self._origin + int(part[0, 0]), int(part[-1, 1] - part[0, 0]), channel)
            for part in np.split(here, cuts)
        ]


def _flat_tops(audio: Array, ceiling: float) -> Runs:
    """Return the runs of samples at a ceiling that are lower before and after.

    Where most of what is near the ceiling is at it exactly, nothing was dithered, and what is less was not
    cut. Where the ceiling is passed nearby, waves go through it, and a run of few samples says nothing.
    """
    inside = np.abs(audio - ceiling) <= TOLERANCE
    exact = audio == ceiling
    if 2 * np.count_nonzero(exact) > np.count_nonzero(inside):
        inside = exact
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(np.int8)))
    runs = edges.reshape(-1, 2).astype(np.int64)
    runs = runs[(runs[:, 0] > 0) & (runs[:, 1] < audio.size)]
    lower = (audio[runs[:, 0] - 1] < ceiling) & (audio[runs[:, 1]] < ceiling)
    passed = bool(np.any(audio > ceiling + TOLERANCE))
    return runs[lower & (runs[:, 1] - runs[:, 0] >= (LEAST_RUN if passed else 1))]


class Declip(RepairStage):
    """Rebuild peaks that an overload cut flat, as they must have been for the sound to be sparse.

    Only samples in flat tops at the recording's ceiling are rebuilt, none lower than it was; all others stay
    as they are, to the bit. Social sparsity (K. Siedenburg, M. Kowalski, M. Dörfler, "Audio declipping with
    social sparsity", ICASSP 2014) with hard constraints; see docs/declip.md. What comes out may be over full
    scale: lower the level after it, or write floating point.
    """

    id = "wavemend.declip"
    name = "Declip"
    version = 2
    place = Step.PREPARE
    findings_type = FlatTops
    takes_marks = True

    most_db: float = number(
        default=20.0,
        low=0.0,
        high=40.0,
        unit="dB",
        role="strength",
        doc="Farthest that a peak is rebuilt above where it was cut.",
    )

    def check_marks(self, marks: Marks, sample_rate: float, channels: int) -> None:
        """See `Stage.check_marks`."""
        if marks.forced:
            raise ParameterError("Declip takes vetoes alone: it rebuilds what is cut flat, nothing else")

    def framing(self, sample_rate: float) -> Framing:
        """See `Stage.framing`."""
        rebuilder = Rebuilder.at(sample_rate)
        return Framing(hop=_HOP_FRAMES * rebuilder.frame, latency=rebuilder.reach)

    def processor(self, sample_rate: float, channels: int, findings: Any) -> Processor:
        """See `Stage.processor`."""
        rebuilder = Rebuilder.at(sample_rate)
        if findings.upper.size != channels:
            raise FindingsError(
                f"flat tops of {findings.upper.size} channels cannot serve {channels} channels; analyse the "
                "recording again"
            )
        if not findings.found:
            return Through(rebuilder.reach, channels)
        return _Rebuild(rebuilder, sample_rate, findings)

    def analyser(self, sample_rate: float, channels: int) -> TrialAnalyser:
        """See `Stage.analyser`."""
        return TrialAnalyser(sample_rate, channels)

"""Impulses: what stands out of a recording's excitation and is judged to be a click, as spans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...inference.packaged import Model, model
from .judge import LONGEST_S, MODEL, Candidate, ImpulseJudge


@dataclass(frozen=True)
class Impulse:
    """Samples ``[start, stop)`` of a channel, and the highest probability in it."""

    channel: int
    start: int
    stop: int
    confidence: float


class ImpulseDetector:
    """Spans of a stream's impulses: of the candidates that are judged to be one, those that touch joined.

    Parameters
    ----------
    sample_rate : float
        In Hz, 4000 to 400000.
    channels : int
        Each impulse is of one channel; the others are heard too.
    threshold : float, optional
        Least probability; by default the one that came with the model.
    network : Model, optional
        The packaged one by default.
    """

    def __init__(
        self,
        sample_rate: float,
        channels: int,
        *,
        threshold: float | None = None,
        network: Model | None = None,
    ) -> None:
        network = model(MODEL) if network is None else network
        self._judge = ImpulseJudge(sample_rate, channels, network)
        self._threshold = network.settings["threshold"] if threshold is None else threshold
        self._gap = round(network.settings["gap_ms"] * 1e-3 * sample_rate)
        self._longest = round(LONGEST_S * sample_rate)
        self._open: list[list[Impulse]] = [[] for _ in range(channels)]

    @property
    def latency(self) -> int:
        """Samples of the recording that are heard beyond the end of an impulse until it is told, at most."""
        return self._judge.latency + self._longest + self._gap + 1

    def push(self, audio: npt.NDArray[np.floating]) -> list[Impulse]:
        """Add a block, shape (channels, n); return the impulses that are over, in order of their ends.

        Raises
        ------
        AudioShapeError, AudioValueError
            See `framing.next_block`.
        """
        return self._told(self._judge.push(audio), self._judge.judged - self._longest - self._gap)

    def finish(self) -> list[Impulse]:
        """Return the impulses up to the recording's end."""
        return self._told(self._judge.finish(), None)

    def _told(self, judged: list[Candidate], before: int | None) -> list[Impulse]:
        """Add candidates; return the impulses that end before a sample and that none to come can touch."""
        for one in judged:
            if one.probability >= self._threshold:
                self._open[one.channel].append(Impulse(one.channel, one.start, one.stop, one.probability))
        told = []
        for channel, spans in enumerate(self._open):
            joined = self._joined(spans)
            self._open[channel] = [span for span in joined if before is not None and span.stop >= before]
            told += joined[: len(joined) - len(self._open[channel])]
        return sorted(told, key=lambda span: (span.stop, span.channel))

    def _joined(self, spans: list[Impulse]) -> list[Impulse]:
        joined: list[Impulse] = []
        for span in sorted(spans, key=lambda span: (span.start, span.stop)):
            last = joined[-1] if joined else None
            if last is None or span.start - last.stop > self._gap:
                joined.append(span)
                continue
            both = (max(last.stop, span.stop), max(last.confidence, span.confidence))
            joined[-1] = Impulse(last.channel, last.start, *both)
        return joined

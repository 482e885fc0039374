"""What the trained judge says of clicks that Declick doubts, kept in step with Declick's own frames."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...analysis.clicks.judge import MODEL, Candidate, ImpulseJudge
from ...audio.arrays import Audio
from ...inference.own import own_model
from ...inference.packaged import model

# tuned: tables detector and clicks on the tuning set, 2026-11-21; no record of each
DOUBTED = 0.5
"""Part of the usual thresholds from which on a click is asked about."""
_UNLIKELY = 0.02  # with less, what stands out enough is no click after all
_UNLIKELY_TO_OWN = 0.4  # one's own model was told what is none, so its word counts for more

Spans = npt.NDArray[np.float64]


class JudgedClicks:
    """Hears a recording as it comes, and says later which of what was found in it are clicks.

    Parameters
    ----------
    sample_rate, channels
        Of the recording; see `ImpulseJudge`.
    fingerprint
        SHA-256 of a model of one's own; empty: the packaged one.

    Raises
    ------
    ModelError
        The model is not on this machine.
    """

    def __init__(self, sample_rate: float, channels: int, fingerprint: str) -> None:
        network = own_model(fingerprint, MODEL) if fingerprint else model(MODEL)
        self._threshold = network.settings["threshold"]
        self._unlikely = _UNLIKELY_TO_OWN if fingerprint else _UNLIKELY
        self._judge = ImpulseJudge(sample_rate, channels, network)
        self._heard = 0
        self._length: int | None = None
        self._told: list[list[tuple[int, int, float]]] = [[] for _ in range(channels)]

    def hear(self, frame: Audio) -> None:
        """Take the next samples, shape (channels, n): of the recording, or padding after its end."""
        if self._length is None:
            self._note(self._judge.push(frame))
            self._heard += frame.shape[1]
        elif self._heard <= self._length:
            self._note(self._judge.push(frame[:, : self._length - self._heard]))
            self._note(self._judge.finish())
            self._heard = self._length + 1

    def finish(self, length: int) -> None:
        """Learn that the recording ends at sample `length`."""
        self._length = length

    def _note(self, candidates: list[Candidate]) -> None:
        for one in candidates:
            self._told[one.channel].append((one.start, one.stop, one.probability))

    def believed(self, channel: int, found: Spans, first: int) -> npt.NDArray[np.bool_]:
        """Return which are clicks: what stands out and is not unlikely, what is doubted and likely.

        Parameters
        ----------
        channel
            Whose they are.
        found
            Rows of (start, stop, score, ...), where 1 is the least score without a judge, shape (n, 4).
        first
            What was told about samples before this one may be forgotten.
        """
        told = [one for one in self._told[channel] if one[1] > first]
        self._told[channel] = told
        probability = np.full(len(found), self._unlikely)  # what was no candidate is not judged
        if told and len(found):
            spans = np.array(told)
            overlap = (found[:, :1] < spans[:, 1]) & (spans[:, 0] < found[:, 1:2])
            likeliest = np.max(np.where(overlap, spans[:, 2], -1.0), axis=1)
            probability = np.where(likeliest < 0.0, probability, likeliest)
        plain = (found[:, 2] >= 1.0) & (probability >= self._unlikely)
        return plain | (probability >= self._threshold)

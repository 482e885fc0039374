"""Speech or music or both, over time: three-second stretches, merged into segments."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array, Audio
from ...audio.checks import limited
from ...contract.constraints import SHARE, Axis, Each, EndsOf, Range
from ...contract.findings import Analyser, Findings
from ...kernels.filters.polyphase import decimate, decimator
from ...kernels.spectra.stft import forward, hann
from .features import HOPS_A_SECOND, Grid, features
from .weights import BIAS, MEAN, SCALE, WEIGHTS

KINDS = ("neither", "speech", "music", "both")
"""What a stretch can be; findings hold places in this list."""

# source: what the model program-1 was trained with (models/training/program)
STRETCH_SECONDS = 3.0
"""Length of what is judged at a time."""

# source: what the model program-1 was trained with (models/training/program)
_MAX_SEGMENTS = 2048  # guard: memory is bounded
_LONGEST_S = 1e7  # guard: what findings may say
_WORKING_RATE_HZ = 8000.0
_TAPS = 16
_WINDOW_SECONDS = 0.064
_FRAME_HOPS = 25  # guard: Python's share of the time is small
_STRETCH_FRAMES = round(STRETCH_SECONDS * HOPS_A_SECOND) // _FRAME_HOPS
_LEAST_HOPS = HOPS_A_SECOND  # less than a second says nothing
_SILENCE = 1e-7  # guard: mean square, -70 dBFS
_FARTHEST = 3.0  # guard: standard deviations: nothing the training has not seen may decide alone


_SEGMENTS, _TIME_S = Axis("segments", most=_MAX_SEGMENTS), Range(0.0, _LONGEST_S)


@dataclass(frozen=True, eq=False)
class Program(Findings):
    """What a recording holds, along its time.

    Attributes
    ----------
    start_s, end_s
        Segments of one kind, in seconds, in order, without overlap; shape (segments,).
    kind
        Place in `KINDS` of each, shape (segments,).
    speech_probability, music_probability
        Mean over each segment, shape (segments,): that there is speech, that there is music; both may be.
    confidence
        Mean probability of what the stretches were taken for, 0 to 1; 0 where there is none.
    """

    start_s: Annotated[Array, Each(_SEGMENTS), _TIME_S]
    end_s: Annotated[Array, Each(_SEGMENTS), _TIME_S, EndsOf("start_s")]
    kind: Annotated[npt.NDArray[np.int64], Each(_SEGMENTS), Range(0, len(KINDS) - 1)]
    speech_probability: Annotated[Array, Each(_SEGMENTS), SHARE]
    music_probability: Annotated[Array, Each(_SEGMENTS), SHARE]
    confidence: Annotated[float, SHARE]

    @property
    def found(self) -> bool:
        """Whether there is speech or music anywhere."""
        return bool(self.kind.any())

    def share(self, kind: str) -> float:
        """Share of the time that is of one of `KINDS`, 0 to 1."""
        seconds = self.end_s - self.start_s
        total = float(seconds.sum())
        return float(seconds[self.kind == KINDS.index(kind)].sum()) / total if total else 0.0

    def describe(self) -> str:
        """See `Findings.describe`."""
        shares = [(self.share(kind), kind) for kind in KINDS[1:]]
        said = [f"{kind} {100 * share:.0f} %" for share, kind in sorted(shares, reverse=True) if share]
        return f"{', '.join(said)}, confidence {self.confidence:.1f}" if said else "neither speech nor music"


class _Segment(NamedTuple):
    start_s: float
    end_s: float
    kind: int
    speech: float
    music: float

    def joined(self, later: _Segment) -> _Segment:
        """Return both as one, of the longer one's kind."""
        spans = self.end_s - self.start_s, later.end_s - later.start_s
        share = spans[1] / max(sum(spans), 1e-9)
        return _Segment(
            self.start_s,
            later.end_s,
            self.kind if spans[0] >= spans[1] else later.kind,
            self.speech + share * (later.speech - self.speech),
            self.music + share * (later.music - self.music),
        )


class ProgramAnalyser(Analyser[Program]):
    """Power spectra of all channels together, at about 8 kHz, described and judged every three seconds.

    Parameters
    ----------
    chances
        The judge: of `features`, the probability of each of `KINDS`.
    """

    def __init__(
        self, sample_rate: float, channels: int, chances: Callable[[Array], Array] | None = None
    ) -> None:
        self._factor = max(int(sample_rate / _WORKING_RATE_HZ), 1)
        rate = sample_rate / self._factor
        self._hop = max(round(rate / HOPS_A_SECOND), 1)
        super().__init__(sample_rate, channels, hop=_FRAME_HOPS * self._hop * self._factor)
        self._chances = chances or probabilities
        self._low_pass = decimator(self._factor, _TAPS)
        self._before = np.zeros((channels, (_TAPS - 1) * self._factor))
        length = int(fft.next_fast_len(max(round(_WINDOW_SECONDS * rate), self._hop + 1), real=True))
        self._window = hann(length) / np.sqrt(np.sum(hann(length) ** 2) * length)
        self._spectra_before = np.zeros((channels, length - self._hop))
        self._bins = Grid(rate, length)
        self._hop_s = self._hop * self._factor / sample_rate
        self._frames: deque[Array] = deque(maxlen=_STRETCH_FRAMES)
        self._hops_heard = 0
        self._judged_s = 0.0
        self._segments: list[_Segment] = []
        self._sure = 0.0
        self._stretches = 0

    def _frame(self, frame: Audio) -> None:
        self._frames.append(self._powers(frame))
        self._hops_heard += _FRAME_HOPS
        if self._hops_heard % (_STRETCH_FRAMES * _FRAME_HOPS) == 0:
            self._judge(np.concatenate(self._frames), self._hops_heard * self._hop_s)

    def _powers(self, frame: Audio) -> Array:
        """Power spectra, of all channels together, of the hops that end in a frame, shape (hops, bins)."""
        joined = np.concatenate([self._before, limited(frame)], axis=1)
        self._before = joined[:, joined.shape[1] - self._before.shape[1] :]
        low = np.concatenate([self._spectra_before, decimate(joined, self._low_pass)], axis=1)
        self._spectra_before = low[:, low.shape[1] - self._spectra_before.shape[1] :]
        spectra = forward(low, self._window, self._hop)
        return self._bins.cut(np.asarray(np.sum(spectra.real**2 + spectra.imag**2, axis=0)))

    def _judge(self, power: Array, end_s: float) -> None:
        """Judge a stretch that ends at `end_s`, and say so of what has not been judged before."""
        described = features(power, self._bins) if 2 * np.max(power.sum(axis=1)) > _SILENCE else None
        chances = self._chances(described) if described is not None else np.eye(len(KINDS))[0]
        kind = int(np.argmax(chances))
        part = _Segment(
            self._judged_s, end_s, kind, float(chances[1] + chances[3]), float(chances[2] + chances[3])
        )
        self._judged_s = end_s
        self._sure += float(chances[kind])
        self._stretches += 1
        if self._segments and self._segments[-1].kind == kind:
            part = self._segments.pop().joined(part)
        self._segments.append(part)
        if len(self._segments) > _MAX_SEGMENTS:
            self._join_shortest()

    def _join_shortest(self) -> None:
        spans = [one.end_s - one.start_s for one in self._segments[:-1]]
        at = min(int(np.argmin(spans)), len(self._segments) - 3)
        # what lies on either side is of one kind as often as not, so three become one
        first, second, third = self._segments[at : at + 3]
        self._segments[at : at + 3] = [first.joined(second).joined(third)]

    def _conclude(self, rest: Audio) -> Program:
        whole = rest.shape[1] // (self._hop * self._factor)
        if whole:
            self._frames.append(self._powers(rest[:, : whole * self._hop * self._factor]))
        hops = self._hops_heard + whole
        unheard = hops * self._hop_s - self._judged_s
        if self._frames and hops >= _LEAST_HOPS and unheard >= 0.25:
            # the end is judged by the last three seconds, part of which were judged before
            recent = np.concatenate(self._frames)[-_STRETCH_FRAMES * _FRAME_HOPS :]
            self._judge(recent, self._heard / self.sample_rate)
        if self._segments:  # what is too short to judge goes with what was before it
            self._segments[-1] = self._segments[-1]._replace(end_s=self._heard / self.sample_rate)
        columns = list(zip(*self._segments, strict=True)) or [()] * 5
        start, end, kind, speech, music = columns
        return Program(
            start_s=_rounded(start),
            end_s=_rounded(end),
            kind=np.array(kind, np.int64),
            speech_probability=np.clip(_rounded(speech), 0.0, 1.0),
            music_probability=np.clip(_rounded(music), 0.0, 1.0),
            confidence=round(self._sure / self._stretches, 2) if self._stretches else 0.0,
        )


def _rounded(values: tuple[float, ...]) -> Array:
    return np.asarray(np.round(np.array(values, np.float64), 3), np.float64)


def probabilities(described: Array) -> Array:
    """Multinomial logistic regression on standardised features.

    Parameters
    ----------
    described
        Of `features`, shape (..., features).

    Returns
    -------
    Array
        Shape (..., len(KINDS)).
    """
    standard = np.clip((described - MEAN) / SCALE, -_FARTHEST, _FARTHEST)
    score = np.sum(standard[..., np.newaxis, :] * WEIGHTS, axis=-1) + BIAS
    chance = np.exp(score - score.max(axis=-1, keepdims=True))
    return np.asarray(chance / chance.sum(axis=-1, keepdims=True))

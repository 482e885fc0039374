"""How the noise floor shifts along a recording: a noise print for each part of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..kernels.stft import hop_length
from .findings import Analyser, Findings, FindingsError
from .framing import Audio
from .noise_print import FRAME_SECONDS, NO_NOISE, NoisePrint, NoisePrintAnalyser

Array = npt.NDArray[np.float64]

WINDOW_SECONDS = 30.0
"""Length of the stretches that get a print of their own."""

_MAX_SEGMENTS = 32
_MAX_CHANNELS = 64
_MAX_POINTS = 65_536
_LONGEST_S = 1e7
_MOST_LEVEL = 30.0
_AGREE_DB = 1.5
_ROUGHLY_AGREE_DB = 3.0  # where a print is the floor under the program, not heard in pauses
_SHOWN_AGREE_DB = 2.0  # where the one is a floor, the other was heard
_FROM_PAUSES = 0.55  # confidence above which a print was heard in pauses
_EDGES_HZ = 1000 * 2 ** (np.arange(-13.5, 15.0) / 3)  # third octaves, 50 Hz to 20 kHz


@dataclass(frozen=True, eq=False)
class NoiseSegments(Findings):
    """Noise prints along a recording.

    Attributes
    ----------
    start_s, end_s
        Parts of the recording, in seconds, shape (segments,): they follow each other without a gap.
    frequency_hz
        Ascending, the same for all prints, shape (points,).
    density_dbfs_hz
        Power spectral density, shape (segments, channels, points); see `NoisePrint`.
    print_confidence
        Of each print, 0 to 1, shape (segments,).
    confidence
        The least of them; 0 where no noise was found.
    """

    start_s: Array
    end_s: Array
    frequency_hz: Array
    density_dbfs_hz: Array
    print_confidence: Array
    confidence: float

    def __post_init__(self) -> None:
        arrays = (self.start_s, self.end_s, self.frequency_hz, self.density_dbfs_hz, self.print_confidence)
        if not all(isinstance(a, np.ndarray) and a.dtype == np.float64 for a in arrays):
            raise FindingsError("NoiseSegments needs lists of numbers")
        segments, points = self.start_s.size, self.frequency_hz.size
        if any(a.shape != (segments,) for a in (self.start_s, self.end_s, self.print_confidence)):
            raise FindingsError("NoiseSegments needs one start, end and confidence a segment")
        if segments > _MAX_SEGMENTS or points > _MAX_POINTS:
            raise FindingsError(f"NoiseSegments holds at most {_MAX_SEGMENTS} prints of {_MAX_POINTS} points")
        shape = self.density_dbfs_hz.shape
        if segments and not (len(shape) == 3 and shape[::2] == (segments, points) and points):
            raise FindingsError("NoiseSegments needs a density a segment, channel and frequency")
        if segments and not 1 <= shape[1] <= _MAX_CHANNELS:
            raise FindingsError(f"NoiseSegments needs 1 to {_MAX_CHANNELS} channels")
        if not segments and (self.density_dbfs_hz.size or points):
            raise FindingsError("NoiseSegments without segments holds no densities")
        self._check_values()

    def _check_values(self) -> None:
        times = np.stack([self.start_s, self.end_s], axis=1).ravel()
        if not ((times >= 0) & (times <= _LONGEST_S)).all() or (np.diff(times) < 0).any():
            raise FindingsError("NoiseSegments needs parts in order from 0 s on, without overlap")
        if (np.diff(self.frequency_hz, prepend=-1e-9) <= 0).any():
            raise FindingsError("NoiseSegments.frequency_hz must ascend from 0 or above")
        if not ((self.density_dbfs_hz >= NO_NOISE) & (self.density_dbfs_hz <= _MOST_LEVEL)).all():
            raise FindingsError(
                f"NoiseSegments.density_dbfs_hz must be {NO_NOISE:g} to {_MOST_LEVEL:g} dBFS/Hz"
            )
        if not ((self.print_confidence >= 0) & (self.print_confidence <= 1)).all():
            raise FindingsError("NoiseSegments.print_confidence must be 0 to 1")
        if not isinstance(self.confidence, float) or not 0.0 <= self.confidence <= 1.0:
            raise FindingsError(f"NoiseSegments.confidence={self.confidence!r} must be 0 to 1")

    @property
    def found(self) -> bool:
        """Whether there is steady noise anywhere."""
        return self.start_s.size > 0

    @property
    def shifts(self) -> bool:
        """Whether one print does not serve the whole recording."""
        return self.start_s.size > 1

    def print_of(self, segment: int) -> NoisePrint:
        """Return the print of a segment, for a stage that wants one."""
        none = np.empty(0)
        sure = float(self.print_confidence[segment])
        return NoisePrint(self.frequency_hz, self.density_dbfs_hz[segment], none, none, sure)

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no steady noise"
        levels = [self.print_of(s).level_dbfs_a.max() for s in range(self.start_s.size)]
        if not self.shifts:
            return f"noise floor steady at {levels[0]:.0f} dBFS (A)"
        parts = ", ".join(
            f"{level:.0f} from {start:.0f} s" for level, start in zip(levels, self.start_s, strict=True)
        )
        return f"noise floor shifts, dBFS (A): {parts}"


class _Part(NamedTuple):
    """A stretch with one noise; `heard` is for how long its print was."""

    start_s: float
    end_s: float
    density: Array
    confidence: float
    heard: float


class NoiseSegmentsAnalyser(Analyser[NoiseSegments]):
    """Take a noise print of each 30 s, and join neighbours that agree in most third octaves.

    Where a window has no print, the one before goes on. At most 32 parts are kept: beyond that the two
    neighbours most alike become one.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        # a window is whole blocks of the inner analyser, which comes to see what it would see on its own
        hop = 8 * hop_length(sample_rate, FRAME_SECONDS)
        super().__init__(sample_rate, channels, hop)
        self._blocks_a_window = max(round(WINDOW_SECONDS * sample_rate / hop), 1)
        self._window = NoisePrintAnalyser(sample_rate, channels)
        self._blocks = 0
        self._frequency = np.empty(0)
        self._parts: list[_Part] = []

    def _frame(self, frame: Audio) -> None:
        self._window.push(frame)
        self._blocks += 1
        if self._blocks % self._blocks_a_window == 0:
            self._end_window(self._blocks * frame.shape[1] / self.sample_rate)
            self._window = NoisePrintAnalyser(self.sample_rate, self.channels)

    def _end_window(self, end_s: float) -> None:
        heard = self._window.result()
        start_s = self._parts[-1].end_s if self._parts else 0.0
        if not heard.found:
            if self._parts:
                self._parts[-1] = self._parts[-1]._replace(end_s=end_s)
            return
        self._frequency = heard.frequency_hz
        part = _Part(start_s, end_s, heard.density_dbfs_hz, heard.confidence, end_s - start_s)
        if self._parts and _agree(self._parts[-1], part, self._frequency):
            part = _joined(self._parts.pop(), part)
        self._parts.append(part)
        if len(self._parts) > _MAX_SEGMENTS:
            apart = [_distance(a, b, self._frequency) for a, b in pairwise(self._parts)]
            at = int(np.argmin(apart))
            self._parts[at : at + 2] = [_joined(*self._parts[at : at + 2])]

    def _conclude(self, rest: Audio) -> NoiseSegments:
        self._window.push(rest)
        if self._blocks % self._blocks_a_window or not self._blocks:
            self._end_window(self._heard / self.sample_rate)
        if not self._parts:
            none = np.empty(0)
            return NoiseSegments(none, none, none, none, none, 0.0)
        start, end, density, confidence, _ = zip(*self._parts, strict=True)
        return NoiseSegments(
            start_s=np.round(np.array(start), 3),
            end_s=np.round(np.array([*end[:-1], self._heard / self.sample_rate]), 3),
            frequency_hz=self._frequency,
            density_dbfs_hz=np.round(np.stack(density), 2),
            print_confidence=np.array(confidence, np.float64),
            confidence=float(min(confidence)),
        )


def _agree(before: _Part, after: _Part, frequency: Array) -> bool:
    pauses = [part.confidence >= _FROM_PAUSES for part in (before, after)]
    if pauses[0] == pauses[1]:
        return _distance(before, after, frequency) <= (_AGREE_DB if all(pauses) else _ROUGHLY_AGREE_DB)
    heard, floor = (before, after) if pauses[0] else (after, before)
    # bands that the floor does not show in are filled in too low: the highest ones tell
    over = third_octaves(floor.density, frequency) - third_octaves(heard.density, frequency)
    return bool((np.abs(np.quantile(over, 0.9, axis=1)) <= _SHOWN_AGREE_DB).all())


def _distance(before: _Part, after: _Part, frequency: Array) -> float:
    """Median over third octaves of how far two prints are apart, dB, in the channel where that is most."""
    first, second = third_octaves(before.density, frequency), third_octaves(after.density, frequency)
    noise = (first > NO_NOISE + 1) | (second > NO_NOISE + 1)
    apart = [np.median(np.abs(a - b)[n]) for a, b, n in zip(first, second, noise, strict=True) if n.any()]
    return float(max(apart, default=0.0))


def third_octaves(density_dbfs_hz: Array, frequency_hz: Array) -> Array:
    """Return mean densities in third octaves from 50 Hz to 20 kHz, dBFS/Hz, shape (channels, bands)."""
    power = 10 ** (density_dbfs_hz / 10)
    places = np.searchsorted(frequency_hz, _EDGES_HZ)
    pairs = [(a, b) for a, b in pairwise(places) if b > a]
    if not pairs:
        return np.full((len(power), 1), NO_NOISE)
    bands = np.stack([power[:, a:b].mean(axis=1) for a, b in pairs], axis=1)
    return np.asarray(10 * np.log10(np.maximum(bands, 10 ** (NO_NOISE / 10))))


def _joined(before: _Part, after: _Part) -> _Part:
    """Return both as one; prints weigh by how long they were heard, floors nothing beside them."""
    weights = np.array(
        [one.heard * (1.0 if one.confidence >= _FROM_PAUSES else 1e-6) for one in (before, after)]
    )
    share = weights / float(weights.sum())
    power = share[0] * 10 ** (before.density / 10) + share[1] * 10 ** (after.density / 10)
    density = np.clip(10 * np.log10(np.maximum(power, 10 ** (NO_NOISE / 10))), NO_NOISE, _MOST_LEVEL)
    confidence = max(before.confidence, after.confidence)
    return _Part(before.start_s, after.end_s, density, confidence, before.heard + after.heard)

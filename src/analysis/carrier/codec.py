"""Lossy history: whether a recording was once coded as MP3, AAC or Vorbis, heard in its decoded samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, NamedTuple

import numpy as np

from ...audio.arrays import Array, Audio
from ...audio.checks import limited
from ...contract.constraints import SHARE, Axis, Choices, Each, Range
from ...contract.findings import Analyser, Findings
from ...kernels.samples.ranks import SIGMA
from ...kernels.spectra.lapped_transform import (
    LAYER_3_GRANULE,
    Spectra,
    correlation_spectra,
    frame_levels,
    kaiser_bessel_window,
    layer_3_filters,
    mdct_filters,
    vorbis_window,
)

CODECS = ("MP3", "AAC", "Vorbis")

# tuned: by hand with bench format_finder, 2026-11-21; the split is not recorded
_SEGMENT = 16384
_FIRST_GAP_SECONDS = 0.75
_CLOSE_SEGMENTS = 10
_GAP_GROWTH = 3.0
_LOUD_SHARE = 0.5  # of the mean power so far: pauses tell little
_MOST_SEGMENTS = 16  # guard: time is bounded
_FILLED_SHARE = 1e-4
_ROUNDING = 2.0**-17  # derived: a quarter of a 16-bit step
_HIGHEST_RATE = 50_000.0  # coders of this kind work at 48 kHz at most; source: rates of MP3, AAC and Vorbis
_LEAST_CONTRAST = 6.0  # null: see docs/analysis/codec.md
_SURE_CONTRAST = 14.0
_LEAST_DIP = 0.1
_LEAST_UNIQUE = 1.35


_CODECS = Axis("codecs", len(CODECS), len(CODECS))


@dataclass(frozen=True, eq=False)
class LossyHistory(Findings):
    """Frame grid of a lossy coder, found in decoded sound: a warning, not a repair.

    Attributes
    ----------
    codec
        "MP3", "AAC" or "Vorbis"; empty where none was found. AAC and Vorbis are alike and may be confused.
    frame_start
        Sample at which the coder's frames start, modulo its frame length (576 for MP3, 1024 for the others).
    dip_db
        How far the coefficients' mean level falls on the coder's grid; 0 where none was found.
    contrast
        That fall over what other grids scatter by (robust standard deviations), for MP3, AAC and Vorbis,
        shape (3,).
    heard_s
        Seconds of sound that were looked at.
    confidence
        0 (no evidence) to 1.
    """

    codec: Annotated[str, Choices("", *CODECS)]
    frame_start: Annotated[int, Range(0, 4095)]
    dip_db: Annotated[float, Range(0.0)]
    contrast: Annotated[Array, Each(_CODECS)]
    heard_s: Annotated[float, Range(0.0)]
    confidence: Annotated[float, SHARE]

    @property
    def found(self) -> bool:
        """Whether the recording was coded with loss once."""
        return bool(self.codec)

    def describe(self) -> str:
        """See `Findings.describe`."""
        if not self.found:
            return "no sign of lossy coding"
        return f"decoded from {self.codec}, confidence {self.confidence:.1f}"


class _Coder(NamedTuple):
    """A coder's transform: frame length, taps, and filters' spectra of shape (coefficients, bins)."""

    name: str
    period: int
    taps: int
    spectra: Spectra


@lru_cache(maxsize=1)
def _coders() -> tuple[_Coder, ...]:
    """Build the transforms; their lines spread over the upper half of what coders keep."""
    granule = layer_3_filters(np.arange(90, 410, 8))
    lines = np.arange(211, 750, 34)
    long = [mdct_filters(window, lines) for window in (kaiser_bessel_window(2048), vorbis_window(2048))]
    return (
        _Coder("MP3", LAYER_3_GRANULE, granule.shape[1], correlation_spectra(granule, _SEGMENT)),
        *(
            _Coder(name, 1024, 2048, correlation_spectra(filters, _SEGMENT))
            for name, filters in zip(CODECS[1:], long, strict=True)
        ),
    )


class _Dip(NamedTuple):
    start: int
    depth: float
    contrast: float
    unique: float


class CodecAnalyser(Analyser[LossyHistory]):
    """Look for the frame grids of lossy coders in segments of 16384 samples, spread over the recording.

    The loudest channel of each segment is taken. The first ten lie 0.75 s apart, then they come ever less
    often; 16 at most, so that a long recording costs hardly more than a short one.
    """

    def __init__(self, sample_rate: float, channels: int) -> None:
        super().__init__(sample_rate, channels, hop=_SEGMENT)
        self._coders = _coders() if sample_rate <= _HIGHEST_RATE else ()
        self._levels = [np.zeros(coder.period) for coder in self._coders]
        self._weights = [0 for _ in self._coders]
        self._count = 0
        self._heard_segments = 0
        self._heard_samples = 0
        self._next = 0
        self._power_sum = 0.0
        self._power_count = 0
        self._gap = _FIRST_GAP_SECONDS * sample_rate / _SEGMENT

    def _frame(self, frame: Audio) -> None:
        if self._coders and self._count >= self._next and self._heard_segments < _MOST_SEGMENTS:
            heard = self._listen(frame, self._count * _SEGMENT)
            # a pause tells nothing: the next frame is tried
            self._next = self._count + (max(round(self._gap), 1) if heard else 1)
            self._gap *= _GAP_GROWTH if heard and self._heard_segments >= _CLOSE_SEGMENTS else 1.0
        self._count += 1

    def _conclude(self, rest: Audio) -> LossyHistory:
        if self._coders and self._heard_segments < 2:
            self._listen(rest, self._count * _SEGMENT)
        dips = [_dip(level / max(w, 1)) for level, w in zip(self._levels, self._weights, strict=True)]
        contrast = np.zeros(len(CODECS))
        contrast[: len(dips)] = [round(dip.contrast, 2) for dip in dips]
        heard_s = round(self._heard_samples / self.sample_rate, 3)
        believed = [
            (dip.contrast, number)
            for number, dip in enumerate(dips)
            if dip.contrast >= _LEAST_CONTRAST and dip.depth >= _LEAST_DIP and dip.unique >= _LEAST_UNIQUE
        ]
        if not believed:
            return LossyHistory("", 0, 0.0, contrast, heard_s, 0.0)
        best, number = max(believed)
        share = (best - _LEAST_CONTRAST) / (_SURE_CONTRAST - _LEAST_CONTRAST)
        return LossyHistory(
            codec=CODECS[number],
            frame_start=dips[number].start,
            dip_db=round(float(10 / np.log(10)) * dips[number].depth, 2),
            contrast=contrast,
            heard_s=heard_s,
            confidence=round(min(0.6 + 0.39 * share, 0.99), 2),
        )

    def _listen(self, frame: Audio, start: int) -> bool:
        """Add the levels of a segment that starts at sample `start`; False where it is silent."""
        power = np.mean(limited(frame) ** 2, axis=1) if frame.shape[1] else np.zeros(1)
        self._power_sum += power.max()
        self._power_count += 1
        if power.max() < max(_ROUNDING**2, _LOUD_SHARE * self._power_sum / self._power_count):
            return False
        audio = limited(frame[int(np.argmax(power))])
        if not _is_filled(audio):
            return False
        for number, coder in enumerate(self._coders):
            level = frame_levels(audio, coder.spectra, coder.taps, coder.period, _ROUNDING)
            if level is not None:
                self._levels[number] += np.roll(level, start % coder.period)
                self._weights[number] += 1
        self._heard_segments += 1
        self._heard_samples += audio.size
        return True


def _is_filled(audio: Array) -> bool:
    """Tell whether sound goes through all of a segment; a lone click would pass for a frame's grid."""
    pieces = audio[: audio.size // 512 * 512].reshape(-1, 512)
    power = np.mean(pieces**2, axis=1) if pieces.size else np.zeros(1)
    return bool(np.mean(power > _FILLED_SHARE * power.mean()) > 0.5)


def _dip(level: Array) -> _Dip:
    """Find the place where `level`, shape (period,), lies deepest under its neighbours."""
    apart = [*range(-24, -3, 2), *range(4, 25, 2)]
    depth = np.median([np.roll(level, shift) for shift in apart], axis=0) - level
    start = int(np.argmax(depth))
    scatter = SIGMA * float(np.median(np.abs(depth - np.median(depth))))
    # Vorbis shifts its long frames by multiples of 64 samples where short ones come between
    steps = (np.arange(level.size) - start + 3) % (64 if level.size % 64 == 0 and level.size > 576 else 576)
    second = max(float(depth[steps > 6].max()), 1e-9)
    deepest = float(depth[start])
    return _Dip(start, deepest, min(deepest / max(scatter, 1e-9), 1e3), deepest / second)

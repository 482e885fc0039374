"""Single steady lines that belong to no comb: a television's lines, a converter's tone, a motor's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array, Audio
from ...contract.findings import NO_LEVEL
from ...kernels.spectra.stft import hann
from .found import MOST_OTHERS, Hum

# tuned: bench.material.tuning.hum, line and lines, against clean tuning takes of 10 s, 2026-11-30
_LOWEST_HZ = 75.0  # below, only combs are looked for
_BESIDE = np.array(
    [-8, -7, -6, -5, 5, 6, 7, 8]
)  # bins; derived: beyond the main lobe of a line between two bins
_QUANTILE = 0.25  # over time, from which candidates are chosen
_CONTRAST_DB, _VISIBLE_DB = 10.0, 12.0
_UNDER_DB = (
    40.0  # under the program; fainter lines are not what is asked for, and notes' own may look like them
)
_STEADY_DB, _NEAR_DB, _MISSING_DB = 0.25, 1.5, 4.0
_DB_A_SHARE = 13.0  # derived: 8.7 dB for each share of its amplitude that the program adds, and a half more
_LEVEL = 0.35  # quantile over time: the program adds to a line, and takes from it by chance alone
_VISIBLE_SHARE, _LEAST_VISIBLE = 0.4, 6  # of the windows, and how many at least
_AGREEING_SHARE, _MISSING_SHARE = 0.7, 0.1  # of those windows, and of all
_SPREAD_HZ = 0.12  # of a line's frequency from window to window
_SEGMENT = 40  # windows; derived: 30 s
_SHARE = 0.75  # of the segments that a line must be in
_MOST_CANDIDATES = 64  # guard: time is bounded
_SILENT_DB = -110.0  # guard: a window of digital silence tells nothing
_WINDOW_BINS = 1 / 1.5  # derived: by how many bins a Hann window smears power
_SAME_HZ = 0.2
_OF_A_COMB_HZ = 1.5  # from a harmonic of a hum, or, in proportion, of a note


class _Tone(NamedTuple):
    """A steady line: Hz, and its power in each channel, shape (channels,)."""

    frequency_hz: float
    power: Array


class ToneListener:
    """Listen for lines that hold their level and their frequency all along, while the program comes and goes.

    Parameters
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    window
        Samples that are heard at once.
    """

    def __init__(self, sample_rate: float, channels: int, window: int) -> None:
        self._window = (hann(window) * (np.sqrt(2.0) / np.sum(hann(window)))).astype(np.float32)
        self._bin_hz = sample_rate / window
        self._channels = channels
        self._rows: list[npt.NDArray[np.float32]] = []
        self._segments: list[list[_Tone]] = []

    def hear(self, audio: Audio) -> None:
        """Hear a window, shape (channels, window)."""
        spectra = fft.rfft(audio.astype(np.float32) * self._window, axis=1)
        self._rows.append(spectra.real**2 + spectra.imag**2)
        if len(self._rows) == _SEGMENT:
            self._end_segment()

    def conclude(self, hums: Sequence[Hum]) -> list[Hum]:
        """Return the lines that are none of these hums', each a hum of one harmonic, the strongest first."""
        if len(self._rows) >= _LEAST_VISIBLE:
            self._end_segment()
        met = [tone for segment in self._segments for tone in segment]
        tones: list[Hum] = []
        for tone in sorted(met, key=lambda tone: -float(tone.power.sum())):
            same = [one for one in met if abs(one.frequency_hz - tone.frequency_hz) < _SAME_HZ]
            share = len(same) / len(self._segments)
            own = not any(_is_of(tone.frequency_hz, hum.frequency_hz) for hum in (*hums, *tones))
            if share >= _SHARE and own:
                power = np.mean([one.power for one in same], axis=0)
                level = 10 * np.log10(np.maximum(power, 10 ** (NO_LEVEL / 10)))
                tones.append(
                    Hum(
                        frequency_hz=round(float(np.mean([one.frequency_hz for one in same])), 4),
                        wander_hz=0.0,
                        harmonic=np.ones(1, np.int64),
                        level_dbfs=np.round(level, 2)[:, np.newaxis],
                        share=round(min(share, 1.0), 3),
                        confidence=0.7,
                    )
                )
        return tones[:MOST_OTHERS]

    def _end_segment(self) -> None:
        power, self._rows = np.stack(self._rows).astype(np.float64), []
        levels = 10 * np.log10(power.mean(axis=1) + 1e-16)
        sounds = levels.max(axis=1) > _SILENT_DB
        power, levels = power[sounds], levels[sounds]
        found: list[_Tone] = []
        if len(levels) >= _LEAST_VISIBLE:
            weighed = [self._weigh(levels, power, at) for at in self._candidates(levels)]
            found = [tone for tone in weighed if tone is not None]
        self._segments.append(
            [tone for tone in found if not any(_is_partner(tone.frequency_hz, o.frequency_hz) for o in found)]
        )

    def _candidates(self, levels: Array) -> list[int]:
        """Return the bins whose floor over time stands out most of those around them."""
        floor = np.quantile(levels, _QUANTILE, axis=0)
        first, last = round(_LOWEST_HZ / self._bin_hz), floor.size - 1 - int(_BESIDE[-1])
        at = np.arange(max(first, int(_BESIDE[-1])), last)
        beside = np.median([floor[at + off] for off in _BESIDE], axis=0)
        peak = (floor[at] >= floor[at - 1]) & (floor[at] > floor[at + 1])
        contrast = np.where(peak, floor[at] - beside, 0.0)
        best = np.argsort(-contrast, kind="stable")[:_MOST_CANDIDATES]
        return [int(bin_) for bin_ in at[best[contrast[best] > _CONTRAST_DB]]]

    def _weigh(self, levels: Array, power: Array, at: int) -> _Tone | None:
        """Return the line in a bin, if it is there in all windows in which it could be seen."""
        left, middle, right = levels[:, at - 1], levels[:, at], levels[:, at + 1]
        line = np.maximum(middle, np.maximum(left, right))
        beside = np.median(levels[:, at + _BESIDE], axis=1)
        visible = beside < np.median(line) - _VISIBLE_DB
        if np.count_nonzero(visible) < max(_LEAST_VISIBLE, _VISIBLE_SHARE * visible.size):
            return None
        level = float(np.quantile(line[visible], _LEVEL))
        program = float(np.mean(power)) * power.shape[2] * _WINDOW_BINS
        if level < 10 * np.log10(program) - _UNDER_DB:
            return None
        likely_db = np.minimum(_STEADY_DB + _DB_A_SHARE * 10 ** ((beside - level) / 20), _NEAR_DB)
        agreeing = visible & (np.abs(line - level) < likely_db)
        if np.count_nonzero(agreeing) < _AGREEING_SHARE * np.count_nonzero(visible):
            return None
        if np.mean(line < level - _MISSING_DB) > _MISSING_SHARE:
            return None
        curvature = (left - 2.0 * middle + right)[agreeing]
        off = 0.5 * (left - right)[agreeing] / np.minimum(curvature, -1.0)
        middle_off = float(np.median(off))
        if (
            1.5 * float(np.median(np.abs(off - middle_off))) * self._bin_hz > _SPREAD_HZ
            or abs(middle_off) > 1.0
        ):
            return None
        own = np.median(power[agreeing][:, :, at - 1 : at + 2].max(axis=2), axis=0)
        return _Tone((at + middle_off) * self._bin_hz, np.asarray(own, np.float64))


def _is_of(frequency_hz: float, base_hz: float) -> bool:
    """Return whether a line is a harmonic of a hum."""
    return abs(frequency_hz - max(round(frequency_hz / base_hz), 1) * base_hz) < _OF_A_COMB_HZ


def _is_partner(frequency_hz: float, other_hz: float) -> bool:
    """Return whether two lines are of one note: no steady line by itself has an octave or a twelfth."""
    low, high = sorted((frequency_hz, other_hz))
    return any(abs(high - times * low) < _OF_A_COMB_HZ for times in (2, 3))

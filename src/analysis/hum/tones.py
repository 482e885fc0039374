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
from .floor import MAINS_HZ
from .found import MOST_OTHERS, Hum

# tuned: bench.material.tuning.hum, line and lines, against clean tuning takes of 10 s, 2026-11-30
_LOWEST_HZ = 75.0  # below, only combs are looked for
_BESIDE = np.array(
    [-8, -7, -6, -5, 5, 6, 7, 8]
)  # bins; derived: beyond the main lobe of a line between two bins
_QUANTILE = 0.25  # over time, from which candidates are chosen
_CONTRAST_DB, _VISIBLE_DB = 10.0, 12.0
# Under what of the program is no steady tone: louder lines are program or test tones, fainter ones are not
# what is asked for, and notes' own may look like them
_UNDER_DB, _FAR_UNDER_DB = 16.0, 40.0
_TELEVISION_HZ, _TELEVISION_SHARE = (
    (15_625.0, 15_734.27),
    0.003,
)  # source: lines a second of 625 and 525 lines
_TELEVISION_UNDER_DB = 6.0  # no program has so steady a tone there
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
_OF_A_COMB_HZ = 1.5  # from a harmonic of a hum
_OF_A_NOTE_HZ = 0.1  # by how much two partials of a note are off whole multiples, for each of these
# A receiver's filter: a line within what it lets through is another station's carrier, which holds as still.
# tuned: bench.material.tuning.broadcasts, against clean takes and media of the tuning set, 2026-11-30
_EDGE_HZ, _BAND_HZ = (2200.0, 6500.0), 150.0
_BELOW_BANDS, _APART_BANDS, _ABOVE_BANDS = 4, 5, 17
_LEAST_ABOVE, _EDGE_DB = 6, 36.0  # 16 clean voices fall by 34 at most, 64 stations with whistles by 30 to 64
_OWN_HZ, _OWN_OFF_HZ = 400.0, 0.5  # what is so low, and so near a multiple of the mains', is hum there, too
_RATIOS = [(low, high) for high in range(2, 20) for low in range(1, high)]  # derived: of a note's partials


class _Tone(NamedTuple):
    """A steady line: Hz, power in each channel, shape (channels,), and whether it is no note's partial."""

    frequency_hz: float
    power: Array
    alone: bool = True

    @property
    def level_db(self) -> float:
        """Mean level of the channels, dB."""
        return float(10 * np.log10(self.power.mean() + 1e-16))


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
        self._programs_db: list[float] = []  # of each segment, without steady tones
        self._usual_db: Array | None = None  # level of each bin, added up over the segments

    def hear(self, audio: Audio) -> None:
        """Hear a window, shape (channels, window)."""
        spectra = fft.rfft(audio.astype(np.float32) * self._window, axis=1)
        self._rows.append(spectra.real**2 + spectra.imag**2)
        if len(self._rows) == _SEGMENT:
            self._end_segment()

    def conclude(self, hums: Sequence[Hum]) -> list[Hum]:
        """Return the lines that are none of these hums', each a hum of one harmonic, the strongest first.

        Where some are too loud, or more than `MOST_OTHERS`, the program has tones, and none is returned.
        """
        if len(self._rows) >= _LEAST_VISIBLE:
            self._end_segment()
        if not self._segments:
            return []
        met = sorted((tone for segment in self._segments for tone in segment), key=lambda t: t.frequency_hz)
        hz = np.array([tone.frequency_hz for tone in met])
        under_db = self._program_db() - np.array([tone.level_db for tone in met])
        loud = under_db < [_least_under_db(tone.frequency_hz) for tone in met]
        lines = np.array([tone.alone for tone in met], bool) & (under_db < _FAR_UNDER_DB) & ~loud
        first, stop = np.searchsorted(hz, hz - _SAME_HZ), np.searchsorted(hz, hz + _SAME_HZ)
        often = np.flatnonzero((lines | loud) & (stop - first >= _SHARE * len(self._segments))).tolist()
        edge_hz = self._edge_hz()
        tones: list[Hum] = []
        for at in sorted(often, key=lambda at: -float(met[at].power.sum())):
            if any(_is_of(met[at].frequency_hz, hum.frequency_hz) for hum in (*hums, *tones)):
                continue
            if loud[at] or len(tones) == MOST_OTHERS:
                return []
            if met[at].frequency_hz < edge_hz and not _is_of_mains(met[at].frequency_hz):
                continue
            same = met[first[at] : stop[at]]
            power = np.mean([one.power for one in same], axis=0)
            level = 10 * np.log10(np.maximum(power, 10 ** (NO_LEVEL / 10)))
            tones.append(
                Hum(
                    frequency_hz=round(float(np.mean([one.frequency_hz for one in same])), 4),
                    wander_hz=0.0,
                    harmonic=np.ones(1, np.int64),
                    level_dbfs=np.round(level, 2)[:, np.newaxis],
                    share=round(min(len(same) / len(self._segments), 1.0), 3),
                    confidence=0.7,
                )
            )
        return tones

    def _edge_hz(self) -> float:
        """Return where a receiver's filter ends the band; 0 where none does."""
        if self._usual_db is None:
            return 0.0
        size = max(round(_BAND_HZ / self._bin_hz), 1)
        usual = self._usual_db / len(self._segments)
        bands = np.median(usual[: usual.size // size * size].reshape(-1, size), axis=1)
        first, last = (int(hz / (size * self._bin_hz)) for hz in _EDGE_HZ)
        best_db, edge = _EDGE_DB, 0
        for at in range(first, min(last, bands.size - _APART_BANDS - _LEAST_ABOVE) + 1):
            above = bands[at + _APART_BANDS : at + _APART_BANDS + _ABOVE_BANDS]
            fall_db = float(bands[at - _BELOW_BANDS : at].mean() - above.max())
            if fall_db > best_db:
                best_db, edge = fall_db, at
        return (edge + _APART_BANDS) * size * self._bin_hz if edge else 0.0

    def _program_db(self) -> float:
        """Return the mean level of what is no steady tone, dB, over the segments heard."""
        return float(10 * np.log10(np.mean(10 ** (np.array(self._programs_db) / 10))))

    def _end_segment(self) -> None:
        power, self._rows = np.stack(self._rows), []
        levels = 10 * np.log10(power.mean(axis=1, dtype=np.float64) + 1e-16)
        sounds = levels.max(axis=1) > _SILENT_DB
        if np.count_nonzero(sounds) < _LEAST_VISIBLE:
            return  # silence tells of no line, nor against one
        if not sounds.all():
            power, levels = power[sounds], levels[sounds]
        usual = np.median(levels, axis=0)
        self._usual_db = usual if self._usual_db is None else self._usual_db + usual
        peaks = self._peaks(levels)
        self._programs_db.append(_level_without(levels, peaks))
        candidates = [at for at in peaks if at * self._bin_hz >= _LOWEST_HZ][:_MOST_CANDIDATES]
        weighed = [self._weigh(levels, power, at) for at in candidates]
        tones = [tone for tone in weighed if tone is not None]
        all_hz = [tone.frequency_hz for tone in tones]
        self._segments.append(
            [
                tone._replace(
                    alone=not any(_is_partner(tone.frequency_hz, hz) for hz in all_hz)
                    and not self._has_octave(tone.frequency_hz, peaks)
                )
                for tone in tones
            ]
        )

    def _has_octave(self, frequency_hz: float, peaks: Sequence[int]) -> bool:
        """Return whether a peak that stays lies an octave or a twelfth off."""
        bins = np.array([1 / 3, 1 / 2, 2, 3])[:, np.newaxis] * (frequency_hz / self._bin_hz)
        return bool((np.abs(bins - np.array(peaks)) <= 1.0).any())

    def _peaks(self, levels: Array) -> list[int]:
        """Return the bins whose floor over time stands out of those around them, the most so first."""
        floor = np.quantile(levels, _QUANTILE, axis=0)
        at = np.arange(int(_BESIDE[-1]), floor.size - 1 - int(_BESIDE[-1]))
        beside = np.median([floor[at + off] for off in _BESIDE], axis=0)
        peak = (floor[at] >= floor[at - 1]) & (floor[at] > floor[at + 1])
        contrast = np.where(peak, floor[at] - beside, 0.0)
        best = np.argsort(-contrast, kind="stable")
        return [int(bin_) for bin_ in at[best[contrast[best] > _CONTRAST_DB]]]

    def _weigh(self, levels: Array, power: npt.NDArray[np.float32], at: int) -> _Tone | None:
        """Return the line in a bin, if it is there in all windows in which it could be seen."""
        left, middle, right = levels[:, at - 1], levels[:, at], levels[:, at + 1]
        line = np.maximum(middle, np.maximum(left, right))
        beside = np.median(levels[:, at + _BESIDE], axis=1)
        visible = beside < np.median(line) - _VISIBLE_DB
        if np.count_nonzero(visible) < max(_LEAST_VISIBLE, _VISIBLE_SHARE * visible.size):
            return None
        level = float(np.quantile(line[visible], _LEVEL))
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


def _least_under_db(frequency_hz: float) -> float:
    """Return how far under the program a line is, that is none of it."""
    shares = (abs(frequency_hz / hz - 1.0) for hz in _TELEVISION_HZ)
    return _TELEVISION_UNDER_DB if min(shares) < _TELEVISION_SHARE else _UNDER_DB


def _is_of_mains(frequency_hz: float) -> bool:
    """Return whether a line is as low as hum, and where the mains have theirs."""
    return frequency_hz < _OWN_HZ and any(
        abs(frequency_hz - mains * round(frequency_hz / mains)) < _OWN_OFF_HZ for mains in MAINS_HZ
    )


def _is_of(frequency_hz: float, base_hz: float) -> bool:
    """Return whether a line is a harmonic of a hum."""
    return abs(frequency_hz - max(round(frequency_hz / base_hz), 1) * base_hz) < _OF_A_COMB_HZ


def _is_partner(frequency_hz: float, other_hz: float) -> bool:
    """Return whether two lines are of one note or chord: one is a partial of the other, or of a third."""
    low, high = sorted((frequency_hz, other_hz))
    if low == high:
        return False
    return any(abs(high * m - low * n) < (m + n) * _OF_A_NOTE_HZ for m, n in _RATIOS)


def _level_without(levels: Array, peaks: Sequence[int]) -> float:
    """Return the mean level of spectra, dB, without what lies around these bins."""
    power = np.mean(10 ** (levels / 10), axis=0)
    for at in peaks:
        power[max(at + int(_BESIDE[0]), 0) : at + int(_BESIDE[-1]) + 1] = 0.0
    return float(10 * np.log10(power.sum() * _WINDOW_BINS + 1e-16))

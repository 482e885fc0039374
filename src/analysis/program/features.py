"""What tells speech from music in three seconds: how level, spectrum and partials move.

After E. Scheirer and M. Slaney, "Construction and evaluation of a robust multifeature speech/music
discriminator", ICASSP 1997, and J. Saunders, "Real-time discrimination of broadcast speech/music", ICASSP
1996. All of it is heard between 300 and 3400 Hz and within 25 dB of what is loud, so that a telephone line,
an acoustic horn or hiss changes little.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import fft

from ...audio.arrays import Array

# source: what the model program-1 was trained with (models/training/program)
LOWEST_HZ, HIGHEST_HZ = 300.0, 3400.0
HOPS_A_SECOND = 50

NAMES = (
    "level_p90_p50_db",
    "level_p50_p10_db",
    "low_energy_share",
    "very_low_energy_share",
    "band_scatter_db",
    "modulation_slow",
    "modulation_syllabic",
    "modulation_fast",
    "band_modulation_slow",
    "band_modulation_syllabic",
    "flux_mean_db",
    "flux_scatter",
    "rise_skew",
    "stability_60_ms",
    "stability_120_ms",
    "stability_300_ms",
    "stability_scatter",
    "voicing_mean",
    "voicing_scatter",
    "pitch_glide_share",
    "pitch_hold_share",
    "rhythm",
    "band_correlation",
)
"""Names of the features, in their order."""

# source: what the model program-1 was trained with (models/training/program)
_BANDS = 14
_RANGE_DB = 25.0
_BAND_RANGE_DB = 32.0  # of a band beside the loudest one
_PITCH_HZ = (80.0, 400.0)
_DB_A_NEPER = 10 / np.log(10)  # derived: decibels of a neper of power


class Grid:
    """Where bins, bands and pitches lie for one rate and FFT length."""

    def __init__(self, sample_rate: float, length: int) -> None:
        frequency = np.fft.rfftfreq(length, 1 / sample_rate)
        highest = min(HIGHEST_HZ, 0.4 * sample_rate)
        lowest = min(LOWEST_HZ, highest / 4)
        inside = (frequency >= lowest) & (frequency <= highest)
        self.first = int(np.argmax(inside))
        self.count = max(int(np.count_nonzero(inside)), 2 * _BANDS)
        edges = np.geomspace(lowest, highest, _BANDS + 1)
        starts = np.searchsorted(frequency[self.first :], edges[:-1])
        # at least one bin a band, however short the frame
        self.starts = np.maximum(starts, np.arange(_BANDS))
        self.spacing_hz = sample_rate / length
        self.reach = max(round(100.0 / self.spacing_hz), 2)

    def cut(self, power: Array) -> Array:
        """Return the bins between the limits, shape (frames, bins) to (frames, count)."""
        return power[:, self.first : self.first + self.count]


def features(power: Array, grid: Grid) -> Array | None:
    """Describe a stretch.

    Parameters
    ----------
    power
        Power spectra, `HOPS_A_SECOND` frames a second, shape (frames, ``grid.count``).
    grid
        Of the rate.

    Returns
    -------
    Array or None
        Shape (len(NAMES),); None where there is no sound.
    """
    loud = float(np.quantile(power.sum(axis=1), 0.95))
    if loud <= 0:
        return None
    bands = np.add.reduceat(power, grid.starts, axis=1)
    levels = _clamped(bands)
    level = _DB_A_NEPER * np.log(np.maximum(power.sum(axis=1), loud * 10 ** (-_RANGE_DB / 10)))
    heard = level > level.max() - 0.7 * _RANGE_DB
    return np.array(
        [
            *_level_features(level, levels),
            *_flux_features(level, levels),
            *_partial_features(power, loud, heard, grid),
            _rhythm(levels),
            _band_correlation(levels),
        ]
    )


def _clamped(bands: Array) -> Array:
    """Levels of bands, dB, no lower than noise under a good recording may reach."""
    loud = np.quantile(bands, 0.95, axis=0)
    least = np.maximum(loud * 10 ** (-_RANGE_DB / 10), loud.max() * 10 ** (-_BAND_RANGE_DB / 10))
    return np.asarray(_DB_A_NEPER * np.log(np.maximum(bands, least)))


def _level_features(level: Array, levels: Array) -> list[float]:
    p10, p50, p90 = np.quantile(level, [0.1, 0.5, 0.9])
    rms = 10 ** (level / 20)
    modulation, band_modulation = _modulation(level[:, np.newaxis]), _modulation(levels)
    return [
        p90 - p50,
        p50 - p10,
        float(np.mean(rms < 0.5 * rms.mean())),
        float(np.mean(level < p90 - 18.0)),
        float(np.mean(np.std(levels, axis=0))),
        *modulation,
        *band_modulation[:2],
    ]


def _modulation(levels: Array) -> list[float]:
    """Shares of the level's modulation below 2 Hz, from 2.5 to 7 Hz, and above 9 Hz."""
    moved = levels - levels.mean(axis=0)
    spectrum = np.sum(np.abs(fft.rfft(moved * np.hanning(len(moved))[:, np.newaxis], axis=0)) ** 2, axis=1)
    rate = np.arange(spectrum.size) * HOPS_A_SECOND / len(levels)
    total = float(spectrum.sum()) + 1e-9
    parts = [rate < 2.0, (rate >= 2.5) & (rate <= 7.0), rate > 9.0]
    return [float(spectrum[part].sum()) / total for part in parts]


def _flux_features(level: Array, levels: Array) -> list[float]:
    change = np.diff(levels, axis=0)
    flux = np.mean(np.abs(change), axis=1)
    rise = np.diff(level)
    skew = np.mean(rise**3) / (np.mean(rise**2) + 1e-3) ** 1.5
    return [
        float(flux.mean()),
        float(flux.std() / (flux.mean() + 0.1)),
        float(np.clip(skew, -5.0, 5.0)),
    ]


def _partial_features(power: Array, loud: float, heard: npt.NDArray[np.bool_], grid: Grid) -> list[float]:
    """Describe how partials stay where they are, and whether they are a voice's."""
    # 25 dB under the loud frames, spread over the bins, is where hiss hides partials
    log = np.log(power + loud / grid.count * 10**-2.5)
    fine = log - _running_mean(log, grid.reach)
    fine /= np.sqrt(np.mean(fine**2, axis=1, keepdims=True)) + 0.3
    lags = (3, 6, 15)
    stable = [np.mean(fine[lag:] * fine[:-lag], axis=1)[heard[lag:] & heard[:-lag]] for lag in lags]
    means = [float(s.mean()) if s.size else 0.0 for s in stable]
    scatter = float(stable[1].std()) if stable[1].size else 0.0
    salience, pitch = _pitch(fine, grid)
    voiced = (salience > 0.5 * np.quantile(salience, 0.95)) & heard
    moved = np.abs(np.log2(pitch[3:] / pitch[:-3]))[voiced[3:] & voiced[:-3]]
    glide = float(np.mean((moved > 0.02) & (moved < 0.25))) if moved.size else 0.0
    hold = float(np.mean(moved <= 0.02)) if moved.size else 0.0
    salience = salience[heard]
    return [*means, scatter, float(salience.mean()), float(salience.std()), glide, hold]


def _running_mean(values: Array, reach: int) -> Array:
    """Mean over `reach` bins to either side, shape (frames, bins)."""
    sums = np.cumsum(np.pad(values, ((0, 0), (reach + 1, reach)), mode="edge"), axis=1)
    return np.asarray((sums[:, 2 * reach + 1 :] - sums[:, : -2 * reach - 1]) / (2 * reach + 1))


def _pitch(fine: Array, grid: Grid) -> tuple[Array, Array]:
    """Return the strongest spacing of partials in each frame: how strong it is, and its frequency in Hz."""
    length = 2048
    # single precision is half the time, and a millionth of a peak. The transform of a comb of spacing s bins
    # peaks at length / s
    cepstrum = fft.rfft(fine.astype(np.float32), length, axis=1).real / grid.count
    low, high = (round(length * grid.spacing_hz / hz) for hz in (_PITCH_HZ[1], _PITCH_HZ[0]))
    high = min(high, cepstrum.shape[1] - 1)
    low = min(low, high - 1)
    part = np.abs(cepstrum[:, low : high + 1])
    best = np.argmax(part, axis=1)
    return part[np.arange(len(part)), best], length * grid.spacing_hz / (low + best)


def _rhythm(levels: Array) -> float:
    """Highest autocorrelation of the onsets, 0.2 to 1.2 s apart."""
    onset = np.mean(np.maximum(np.diff(levels, axis=0), 0.0), axis=1)
    onset = onset - onset.mean()
    size = onset.size
    spectrum = np.abs(fft.rfft(onset, 2 * size)) ** 2
    correlation = fft.irfft(spectrum, 2 * size)[:size] / np.maximum(size - np.arange(size), 1)
    near = correlation[min(10, size - 1) : min(60, size // 2)]
    return float(near.max() / (correlation[0] + 1e-3)) if near.size else 0.0


def _band_correlation(levels: Array) -> float:
    """Mean correlation over time of bands four apart: a voice opens and closes all of them."""
    moved = levels - levels.mean(axis=0)
    scale = np.sqrt(np.mean(moved**2, axis=0)) + 0.5
    moved /= scale
    return float(np.mean(moved[:, 4:] * moved[:, :-4]))

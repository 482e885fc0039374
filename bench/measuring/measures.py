"""What a system did to a take, against the clean reference. Audio is float64 of shape (channels, n)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd

import numpy as np
from scipy.signal import resample_poly, stft, welch

# source: the measures' own definitions, which their docstrings give
MOVED = 2.0**-15
SILENCE_DB = -60.0
WORSE_DB, HEARD_DB = 1.0, -40.0
PESQ_RATE = 16_000
MOST_DB = 120.0  # a click repaired without any error counts as this


def active_level_db(audio: np.ndarray, sample_rate: int) -> tuple[float, float]:
    """Return the RMS level in dBFS of the 50 ms frames above -60 dBFS, and the share of frames that are."""
    power = _frame_power(audio, round(0.05 * sample_rate))
    active = power > 10 ** (SILENCE_DB / 10)
    if not active.any():
        return -np.inf, 0.0
    return _db(np.mean(power[active])), float(np.mean(active))


def sdr_db(clean: np.ndarray, output: np.ndarray) -> float:
    """Return the signal-to-distortion ratio, 10 log10(|clean|^2 / |output - clean|^2)."""
    return _db(np.sum(clean**2)) - _db(np.sum((output - clean) ** 2))


def fall_db(before: np.ndarray, after: np.ndarray) -> float:
    """Return by how much the power fell: of the noise in the tail, or of a hum's residue."""
    return _db(np.sum(before**2)) - _db(np.sum(after**2))


def click_gains_db(
    clean: np.ndarray,
    damaged: np.ndarray,
    output: np.ndarray,
    *,
    starts: np.ndarray,
    stops: np.ndarray,
    sample_rate: int,
) -> np.ndarray:
    """Return 10 log10(error before / error after) of each click, shape (clicks,).

    The error is over all channels, from 1 ms before the click's span to 20 ms after it.
    """
    first = np.maximum(starts - round(0.001 * sample_rate), 0)
    last = np.minimum(stops + round(0.020 * sample_rate), clean.shape[1])
    # Each summed by itself, and in the same order however it lies in memory: running sums, and channels that
    # alternate, would round otherwise, and call some of what was left alone worse.
    clean, damaged, output = (np.ascontiguousarray(audio) for audio in (clean, damaged, output))
    error_before, error_after = (
        np.array([np.sum((audio[:, i:j] - clean[:, i:j]) ** 2) for i, j in zip(first, last, strict=True)])
        for audio in (damaged, output)
    )
    least = error_before * 10 ** (-MOST_DB / 10)
    return 10 * np.log10(error_before / np.maximum(error_after, least))


@dataclass(frozen=True)
class ClickScore:
    """What became of many clicks.

    Attributes
    ----------
    median_db, tenth_percentile_db : float
        Of the clicks' gains.
    gone_share : float
        The share that fell by 10 dB or more.
    worse_share : float
        The share whose error grew.
    """

    median_db: float
    tenth_percentile_db: float
    gone_share: float
    worse_share: float

    @classmethod
    def of(cls, gains_db: np.ndarray) -> ClickScore:
        """Summarise `click_gains_db` of one take, or of several concatenated."""
        median, tenth = np.percentile(gains_db, (50, 10))
        return cls(float(median), float(tenth), float(np.mean(gains_db >= 10)), float(np.mean(gains_db < 0)))


@dataclass(frozen=True)
class Harm:
    """What a system did to a take that needed nothing.

    Attributes
    ----------
    moved_share : float
        The share of samples moved by more than 2^-15.
    error_db : float
        The change, relative to the sound.
    worst_db : float
        The same in the worst 100 ms, among those above -60 dBFS.
    """

    moved_share: float
    error_db: float
    worst_db: float


def harm(clean: np.ndarray, output: np.ndarray, sample_rate: int) -> Harm:
    """Compare the output for a clean take with that take."""
    error = output - clean
    frame = round(0.1 * sample_rate)
    sound = _frame_power(clean, frame)
    active = sound > 10 ** (SILENCE_DB / 10)
    ratio = _frame_power(error, frame)[active] / sound[active]
    moved = float(np.mean(np.abs(error) > MOVED))
    return Harm(moved, -sdr_db(clean, output), _db(np.max(ratio, initial=0.0)))


def worse_share(clean: np.ndarray, before: np.ndarray, after: np.ndarray, sample_rate: int) -> float:
    """Return the share of tenths of a second that a system made worse.

    Counted are those with sound whose error grew by more than 1 dB and is less than 40 dB under the sound.
    """
    frame = round(0.1 * sample_rate)
    sound, was, is_ = (_frame_power(x, frame) for x in (clean, before - clean, after - clean))
    active = sound > 10 ** (SILENCE_DB / 10)
    worse = (is_ > was * 10 ** (WORSE_DB / 10)) & (is_ > sound * 10 ** (HEARD_DB / 10))
    return float(np.mean(worse[active])) if active.any() else 0.0


def octave_gains_db(
    clean: np.ndarray, damaged: np.ndarray, output: np.ndarray, sample_rate: int
) -> dict[float, float]:
    """Return the SDR gain in each octave band, by its centre in Hz: 31.25 Hz to below half the rate."""
    frequency, before = welch(damaged - clean, sample_rate, nperseg=8192, axis=1)
    _, after = welch(output - clean, sample_rate, nperseg=8192, axis=1)
    gains = {}
    for centre in 1000.0 * 2.0 ** np.arange(-5, 5):
        band = (frequency >= centre / np.sqrt(2)) & (frequency < centre * np.sqrt(2))
        if centre < sample_rate / 2:
            gains[float(centre)] = _db(np.sum(before[:, band])) - _db(np.sum(after[:, band]))
    return gains


def musical_noise(before: np.ndarray, after: np.ndarray, sample_rate: int) -> float:
    """Return the log kurtosis ratio of noise before and after: 0 where it was only scaled, at any frequency.

    The kurtosis is that of the power spectrogram (46 ms frames), E[P^4] / E[P^2]^2, each frequency divided
    by its own mean first, so that colour does not count. Source: Uemura et al., Automatic optimization
    scheme of spectral subtraction based on musical noise assessment via higher-order statistics, 2008.

    Parameters
    ----------
    before, after : np.ndarray [shape=(channels, n)]
        The noise alone and what is left of it, from a stretch without music or from `phase_inversion`.
    sample_rate : int
        In Hz.
    """
    return float(np.log(_kurtosis(after, sample_rate) / _kurtosis(before, sample_rate)))


def _kurtosis(audio: np.ndarray, sample_rate: int) -> float:
    frame = 2 ** round(np.log2(0.046 * sample_rate))
    _, _, spectrum = stft(audio, sample_rate, nperseg=frame, noverlap=frame // 2, boundary=None, padded=False)
    power = np.abs(spectrum) ** 2
    mean = np.mean(power, axis=-1, keepdims=True)
    heard = mean[..., 0] > 1e-20  # what is wholly gone cannot twitter
    if not heard.any():
        return 6.0  # as noise
    scaled = power[heard] / mean[heard]
    return float(np.mean(scaled**4) / np.mean(scaled**2) ** 2)


@dataclass(frozen=True)
class Inverted:
    """A system heard twice, with what was added and with its inverse.

    Attributes
    ----------
    output : np.ndarray [shape=(channels, n)]
        The output for ``clean + added``.
    program : np.ndarray [shape=(channels, n)]
        What became of the program, (y+ + y-) / 2.
    residue : np.ndarray [shape=(channels, n)]
        What is left of what was added, (y+ - y-) / 2.
    """

    output: np.ndarray
    program: np.ndarray
    residue: np.ndarray


def phase_inversion(
    system: Callable[[np.ndarray], np.ndarray], clean: np.ndarray, added: np.ndarray
) -> Inverted:
    """Run a system on ``clean + added`` and on ``clean - added`` and tell program from residue.

    Source: Hagerman and Olofsson, A method to measure the effect of noise reduction algorithms using
    simultaneous speech and noise, 2004.
    """
    plus, minus = system(clean + added), system(clean - added)
    return Inverted(plus, (plus + minus) / 2, (plus - minus) / 2)


def zimtohrli_distance(clean: np.ndarray, output: np.ndarray, sample_rate: int) -> float:
    """Return the Zimtohrli distance, the mean over the channels: 0 where no difference is heard.

    Raises
    ------
    ModuleNotFoundError
        The package zimtohrli is not installed (``pip install wavemend[bench]``).
    """
    from zimtohrli import Pyohrli  # noqa: PLC0415 -- a benchmark's dependency alone

    metric = Pyohrli()
    rate = int(metric.sample_rate)
    common = gcd(rate, sample_rate)
    heard = [resample_poly(x, rate // common, sample_rate // common, axis=1) for x in (clean, output)]
    pairs = zip(*(np.ascontiguousarray(x, dtype=np.float32) for x in heard), strict=True)
    return float(np.mean([metric.distance(one, other) for one, other in pairs]))


def pesq_mos(clean: np.ndarray, output: np.ndarray, sample_rate: int) -> float:
    """Return the wide-band PESQ of speech, channels averaged: 1 (bad) to 4.64 (no difference is heard).

    Source: ITU-T P.862.2.

    Raises
    ------
    ModuleNotFoundError
        The package pesq is not installed (``pip install wavemend[bench]``).
    """
    from pesq import pesq  # noqa: PLC0415 -- a benchmark's dependency alone

    common = gcd(PESQ_RATE, sample_rate)
    heard = (
        resample_poly(x.mean(axis=0), PESQ_RATE // common, sample_rate // common) for x in (clean, output)
    )
    return float(pesq(PESQ_RATE, *heard, "wb"))


def stoi_share(clean: np.ndarray, output: np.ndarray, sample_rate: int) -> float:
    """Return the short-time objective intelligibility of speech, channels averaged: 0 to 1.

    Source: C. H. Taal et al., An algorithm for intelligibility prediction of time-frequency weighted noisy
    speech, 2011.

    Raises
    ------
    ModuleNotFoundError
        The package pystoi is not installed (``pip install wavemend[bench]``).
    """
    from pystoi import stoi  # noqa: PLC0415 -- a benchmark's dependency alone

    common = gcd(PESQ_RATE, sample_rate)
    heard = (
        resample_poly(x.mean(axis=0), PESQ_RATE // common, sample_rate // common) for x in (clean, output)
    )
    return float(stoi(*heard, PESQ_RATE))


def si_sdr_db(clean: np.ndarray, output: np.ndarray) -> float:
    """Return the SDR of what is like the clean take, at whatever level, over the rest.

    Source: J. Le Roux et al., SDR - half-baked or well done?, 2019.
    """
    like = clean * (np.sum(clean * output) / np.sum(clean**2))
    return float(10 * np.log10(np.sum(like**2) / np.sum((output - like) ** 2)))


def _frame_power(audio: np.ndarray, frame: int) -> np.ndarray:
    """Return the mean power over the channels of whole frames, shape (frames,)."""
    whole = audio.shape[1] // frame * frame
    return np.mean(audio[:, :whole].reshape(len(audio), -1, frame) ** 2, axis=(0, 2))


def _db(power: float) -> float:
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(power))

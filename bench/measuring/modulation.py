"""How much of speech's modulation is slow, as a dry voice's is, and not fast, as a room's is.

Own implementation after T. H. Falk, C. Zheng, W.-Y. Chan, "A non-intrusive quality and intelligibility
measure of reverberant and dereverberated speech", IEEE Transactions on Audio, Speech, and Language Processing
18 (2010); compare its figures with each other alone, and not with those of the published measure (SRMR).
"""

from __future__ import annotations

from math import gcd

import numpy as np
from scipy.signal import gammatone, hilbert, lfilter, resample_poly

# source: Falk, Zheng and Chan, section III
RATE = 16_000
BANDS, LOWEST_HZ = 23, 125.0
MODULATION_HZ = tuple(np.geomspace(4.0, 128.0, 8))
MODULATION_Q = 2.0
WINDOW_S, HOP_S = 0.256, 0.064
SLOW = 4  # of the eight modulation bands
ENERGY_SHARE = 0.9  # the bands of hearing that hold it say how many modulation bands count

EAR_Q, LEAST_BANDWIDTH_HZ = 9.26449, 24.7  # source: B. R. Glasberg, B. C. J. Moore, 1990
ENVELOPE_RATE = 1000  # Hz; derived: over twice the highest modulation that counts


def modulation_ratio(audio: np.ndarray, sample_rate: int) -> float:
    """Return the energy of slow modulation (4 to 20 Hz) over that of fast, channels averaged.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int

    Returns
    -------
    float
        The higher, the drier.
    """
    common = gcd(RATE, sample_rate)
    heard = resample_poly(audio.mean(axis=0), RATE // common, sample_rate // common)
    centres = _centres()
    energy = np.stack([_modulation(heard, centre) for centre in centres])
    shares = np.cumsum(energy.sum(axis=1)) / energy.sum()
    band = centres[min(int(np.searchsorted(shares, ENERGY_SHARE)), BANDS - 1)]
    bandwidth = band / EAR_Q + LEAST_BANDWIDTH_HZ
    edges = np.array(MODULATION_HZ) * (1 - 1 / (2 * MODULATION_Q))
    counted = int(np.clip(np.count_nonzero(edges <= bandwidth), SLOW + 1, len(MODULATION_HZ)))
    of_rates = energy.sum(axis=0)
    return float(of_rates[:SLOW].sum() / of_rates[SLOW:counted].sum())


def _centres() -> np.ndarray:
    """Return centres of bands that are equally wide to the ear, from the lowest to half the rate."""
    offset = EAR_Q * LEAST_BANDWIDTH_HZ
    return np.geomspace(LOWEST_HZ + offset, RATE / 2 + offset, BANDS + 1)[:-1] - offset


def _modulation(heard: np.ndarray, centre: float) -> np.ndarray:
    """Return the mean energy of each modulation band in one band of hearing."""
    envelope = np.abs(hilbert(lfilter(*gammatone(centre, "iir", fs=RATE), heard)))
    envelope = np.maximum(resample_poly(envelope, 1, RATE // ENVELOPE_RATE), 0.0)
    length, hop = round(WINDOW_S * ENVELOPE_RATE), round(HOP_S * ENVELOPE_RATE)
    window = np.hamming(length)
    energies = []
    for hz in MODULATION_HZ:
        width = np.tan(np.pi * hz / ENVELOPE_RATE)
        part = width / MODULATION_Q
        below = [1 + part + width**2, 2 * (width**2 - 1), 1 - part + width**2]
        filtered = lfilter([part, 0.0, -part], below, envelope)
        frames = np.lib.stride_tricks.sliding_window_view(filtered, length)[::hop]
        energies.append(float(np.mean(np.sum((frames * window) ** 2, axis=1))))
    return np.array(energies)

"""Decimation by a linear-phase filter: only the samples that are kept are computed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import signal

Audio = npt.NDArray[np.float64]

_STOP_DB = 80.0
_ONE_THREAD = 200_000  # products of more multiplications are shared out to threads, which costs more


def decimation_filter(sample_rate: float, factor: int, pass_hz: float) -> Audio:
    """Design a low-pass whose aliases stay 80 dB under what lies up to `pass_hz`.

    What folds into the band above `pass_hz` is let through: nobody looks there. Kaiser's window method
    (J. F. Kaiser, Nonrecursive digital filter design using the I0-sinh window function, 1974).

    Parameters
    ----------
    sample_rate
        Hz.
    factor
        Every factor-th sample is kept.
    pass_hz
        Less than half of the rate that is left.

    Returns
    -------
    Audio
        Taps, shape (k * factor,); [1.0] where the factor is 1.
    """
    if factor == 1:
        return np.ones(1)
    stop_hz = sample_rate / factor - pass_hz
    length, beta = signal.kaiserord(_STOP_DB, (stop_hz - pass_hz) / (0.5 * sample_rate))
    length = -(-length // factor) * factor
    taps: Audio = signal.firwin(
        length, 0.5 * (pass_hz + stop_hz), window=("kaiser", beta), fs=sample_rate
    ).astype(np.float64)
    return taps


def decimate(audio: Audio, taps: Audio, factor: int) -> Audio:
    """Filter and keep every factor-th sample.

    Parameters
    ----------
    audio
        Shape (channels, (count - 1) * factor + taps.size).
    taps
        Symmetrical, shape (k * factor,).

    Returns
    -------
    Audio
        Shape (channels, count).
    """
    # every run of `factor` samples meets every row of taps in one matrix product, far faster than a loop
    runs = audio.reshape(audio.shape[0], -1, factor)
    rows = taps.reshape(-1, factor)
    products = np.empty((*runs.shape[:2], rows.shape[0]))
    step = max(_ONE_THREAD // taps.size, 1)
    for start in range(0, runs.shape[1], step):
        for channel in range(audio.shape[0]):
            part = runs[channel, start : start + step]
            np.matmul(part, rows.T, out=products[channel, start : start + step])
    count = runs.shape[1] - rows.shape[0] + 1
    kept = np.zeros((audio.shape[0], count))
    for k in range(rows.shape[0]):
        kept += products[:, k : k + count, k]
    return kept

"""How late a plugin's sound really comes, where that is certain: noise is played and looked for.

Certain is what can hardly be an effect's doing: all that comes out is the noise, as it was, later. One copy
must hold nine tenths of it by amplitude, in every channel that sounds, and lie as late a quarter of a second
on. An echo or a reverb has more than one copy, a filter none that is so alike (but one of minimum phase at
once), what a chorus or a vibrato gives moves, one side that is late is meant to be, and a gate that is shut
gives nothing. Of all these nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Sound = npt.NDArray[np.float32]

_LEVEL = 10 ** (-30 / 20)  # guard: RMS: over most gates' thresholds, under most limiters'
_BURST_S = 0.05  # tuned: by hand, no record
_MOST_S = 0.2  # guard: more than that is an echo
_ALIKE = 0.9  # tuned: by hand, no record; correlation with the noise that went in
_LEAST = 8  # guard: samples; half of that is what filters around oversampling leave

DELAYING = ("Delay", "Reverb", "Modulation", "Pitch Shift")
"""Words of VST3 categories whose plugins delay because that is what they are for."""


def true_delay(
    play: Callable[[Sound], Sound], channels: int, block_size: int, sample_rate: float, reported: int
) -> int | None:
    """Measure by how many samples the output of `play` lags its input.

    Parameters
    ----------
    play
        Processes a block, shape (channels, block size); as many samples come back.
    channels, block_size, sample_rate
        Of the blocks.
    reported
        By how many samples the output should lag.

    Returns
    -------
    int or None
        `reported` where that is right within 7 samples; None where the sound does not tell.
    """
    size, most = round(_BURST_S * sample_rate), round(_MOST_S * sample_rate)
    burst = _LEVEL * np.random.default_rng(0).standard_normal(size)
    span = size + reported + most
    starts = (0, span)
    signal = np.zeros(-(-2 * span // block_size) * block_size)
    for start in starts:
        signal[start : start + size] = burst
    blocks = np.repeat(signal[np.newaxis], channels, axis=0).astype(np.float32)
    parts = [play(blocks[:, at : at + block_size]) for at in range(0, blocks.shape[1], block_size)]
    heard = np.concatenate(parts, axis=1).astype(np.float64)
    if not np.isfinite(heard).all():
        return None
    found = {
        _lag(burst, channel[start : start + span]) for channel in heard if channel.any() for start in starts
    }
    if len(found) != 1 or (lag := found.pop()) is None:
        return None
    return reported if abs(lag - reported) < _LEAST else lag


def _lag(burst: npt.NDArray[np.float64], heard: npt.NDArray[np.float64]) -> int | None:
    """Place in `heard` where `burst` lies, at any gain; None where that is not nearly all there is."""
    size = 1 << (len(heard) + len(burst)).bit_length()
    both = np.fft.irfft(np.fft.rfft(heard, size) * np.fft.rfft(burst, size).conj(), size)
    products = np.abs(both[: len(heard) - len(burst) + 1])
    lag = int(np.argmax(products))
    return lag if products[lag] >= _ALIKE * np.sqrt(np.sum(heard**2) * np.sum(burst**2)) else None

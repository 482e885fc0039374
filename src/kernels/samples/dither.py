"""Round samples to a file's words, with dither on those that left the file's grid, and only those."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ...audio.arrays import Audio
from ..compilation.compilation import compiled

_U64 = (1 << 64) - 1  # derived: all bits of a word
_GOLDEN = 0x9E3779B97F4A7C15  # source: the step of SplitMix64, 2^64 over the golden ratio


class Dither:
    """Quantise a recording to integers block by block; the result never depends on the partition.

    A sample on the grid stays as it is. Any other gets triangular dither of one step to either
    side: the difference of the halves of one hash of seed, absolute sample number and the sample itself.
    So channels that are equal to the bit come out equal, mono in two channels stays mono, and channels that
    differ by the least get dither that knows nothing of the other's.

    Parameters
    ----------
    bits : int
        Word size, up to 32.
    seed : int
        Another seed gives dither that knows nothing of this one.
    """

    def __init__(self, bits: int, seed: int) -> None:
        self._bits = bits
        self._key = np.uint64(mixed(np.uint64((seed + 1) * _GOLDEN & _U64)))

    def words(self, audio: Audio, gain: float, first: int) -> npt.NDArray[np.int32]:
        """Round samples to words.

        Parameters
        ----------
        audio : numpy.ndarray of float64, shape (channels, n)
            C-contiguous; times `gain` nothing is beyond full scale, 1.0.
        gain : float
            Multiplies every sample first.
        first : int
            Absolute number of the block's first sample.

        Returns
        -------
        numpy.ndarray of int32, shape (n, channels)
            Words, left-justified in 32 bits. Full scale itself, which no word holds, becomes the
            next lower one.
        """
        words: npt.NDArray[np.int32] = _quantised(audio, gain, self._bits, self._key, first)
        return words


@compiled
def mixed(z: Any) -> Any:
    """Scramble 64 bits (SplitMix64: Steele, Lea & Flood, OOPSLA 2014, fig. 16)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@compiled
def _quantised(audio: Any, gain: float, bits: int, key: Any, first: int) -> Any:
    full = 2.0 ** (bits - 1)
    unit = 2.0 ** (32 - bits)
    patterns = audio.view(np.uint64)
    words = np.empty((audio.shape[1], audio.shape[0]), np.int32)
    for channel in range(audio.shape[0]):
        for at in range(audio.shape[1]):
            scaled = audio[channel, at] * (full * gain)
            word = np.rint(scaled)
            if word != scaled:
                place = mixed(np.uint64(first + at) * np.uint64(_GOLDEN) + key)
                z = mixed(place + patterns[channel, at])
                halves = np.int64(z >> np.uint64(32)) - np.int64(z & np.uint64(0xFFFFFFFF))
                word = max(np.rint(scaled + halves * 2.0**-32), -full)
            words[at, channel] = np.int32(min(word, full - 1.0) * unit)
    return words

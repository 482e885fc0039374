"""A recording as a recogniser hears it: one channel at its rate, in pieces that begin and end in pauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil, gcd

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from ...audio.arrays import Array, Audio
from ..chain.progress import READ_BLOCK

Sound = npt.NDArray[np.float32]

_MARGIN_S = 0.05  # guard: sound on either side of a block, over what the low-pass needs
_TAPS = 10  # source: resample_poly's low-pass, in periods of the slower rate on either side
_FRAME_S, _PAUSE_S = 0.02, 0.3  # source: as long as a syllable's closure, and as a pause between words
_SILENT = 1e-4  # guard: -80 dBFS, where no medium was recorded: recognisers make words up of nothing


def pieces(
    blocks: Iterable[Audio], source_rate: int, sample_rate: int, longest_s: float
) -> Iterator[tuple[float, Sound]]:
    """Yield the beginning of each piece in seconds, and its sound, shape (n,); silent ones are left out.

    A piece ends in the quietest moment of the second half of `longest_s`. However long the recording is, no
    more than two pieces of it are in memory.

    Parameters
    ----------
    blocks
        The recording, shape (channels, n) each, as long as `block_frames` says but for the last.
    source_rate, sample_rate
        Rate of the recording, and the recogniser's, in Hz.
    longest_s
        Longest piece.
    """
    longest = int(longest_s * sample_rate)
    kept, start = np.zeros(0, np.float32), 0
    for sound in _at_rate(blocks, source_rate, sample_rate):
        kept = np.concatenate([kept, sound])
        while len(kept) > longest:
            cut = _quietest(kept[:longest], sample_rate)
            yield from _sounding(start, kept[:cut], sample_rate)
            kept, start = kept[cut:], start + cut
    yield from _sounding(start, kept, sample_rate)


def block_frames(source_rate: int, sample_rate: int) -> int:
    """Return how many frames to read at once: whole steps of both rates."""
    step = source_rate // gcd(source_rate, sample_rate)
    return step * ceil(READ_BLOCK / step)


def _sounding(start: int, sound: Sound, rate: int) -> Iterator[tuple[float, Sound]]:
    if len(sound) and float(np.max(np.abs(sound))) > _SILENT:
        yield start / rate, sound


def _quietest(sound: Sound, rate: int) -> int:
    """Return the middle of the quietest pause in the second half."""
    frame = max(int(_FRAME_S * rate), 1)
    begin = len(sound) // 2
    count = (len(sound) - begin) // frame
    half = sound[begin : begin + count * frame].astype(np.float64).reshape(count, frame)
    width = min(max(round(_PAUSE_S / _FRAME_S), 1), count)
    power = np.convolve(np.mean(half**2, axis=1), np.ones(width), "valid")
    return int(begin + (int(np.argmin(power)) + width / 2) * frame)


def _at_rate(blocks: Iterable[Audio], source_rate: int, rate: int) -> Iterator[Sound]:
    """Mix to one channel and resample; the result does not depend on where blocks end."""
    common = gcd(source_rate, rate)
    up, down = rate // common, source_rate // common
    margin = down * ceil(max(_MARGIN_S * source_rate, 1 + _TAPS * max(up, down) / up) / down)
    skipped = margin // down * up
    held: Array = np.zeros(margin)  # what comes next, and the margin before it; it begins on a step of both
    read = given = 0
    for block in blocks:
        read += block.shape[1]
        audio = np.concatenate([held, block.mean(axis=0)])
        steps = len(audio) // down
        end = steps * up - skipped  # behind it what follows is missing yet
        sound = resample_poly(audio, up, down)[skipped : max(end, skipped)]
        given += len(sound)
        yield sound.astype(np.float32)
        held = audio[max(steps * down - 2 * margin, 0) :]
    audio = np.concatenate([held, np.zeros(margin)])
    left = ceil(read * up / down) - given
    yield resample_poly(audio, up, down)[skipped : skipped + left].astype(np.float32)

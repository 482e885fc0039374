"""What audio must be: finite, of a known shape, at a rate and of a number of channels that are allowed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import AudioShapeError, AudioTypeError, AudioValueError
from .arrays import Audio
from .clock import clock

LOWEST_RATE, HIGHEST_RATE = 4_000.0, 768_000.0  # guard: what sound is stored at, and no more memory than that


def check_rate(sample_rate: object) -> float:
    """Return the sample rate in Hz, or raise `AudioTypeError` or `AudioValueError`."""
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, int | float | np.integer | np.floating):
        raise AudioTypeError(f"sample_rate={sample_rate!r} must be a number in Hz")
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise AudioValueError(
            f"sample_rate={sample_rate!r} is not allowed; it must be {LOWEST_RATE:g} to {HIGHEST_RATE:g} Hz; "
            "resample it first"
        )
    return float(sample_rate)


def refuse_non_finite(audio: Audio, start: int = 0, source: str = "audio") -> None:
    """Raise `AudioValueError` where `audio`, shape (channels, n), holds NaN or infinity.

    `start` is the absolute position of its first sample, for the message.
    """
    found = first_not_finite(audio, start)
    if found:
        raise AudioValueError(f"{source} holds {found}; samples must be finite")


def next_block(audio: npt.NDArray[np.floating], channels: int, start: int) -> Audio:
    """Copy the next block of a recording of `channels`, whose first sample is number `start`.

    The copy is float64 and C-contiguous whatever the caller's array is: NumPy sums another memory order
    in another order, to other bits, and the caller may use its buffer again.

    Raises
    ------
    AudioShapeError
        Not of shape (channels, n).
    AudioValueError
        NaN or infinity inside.
    """
    if audio.ndim != 2 or audio.shape[0] != channels:
        raise AudioShapeError(
            f"a block of shape {audio.shape} came into a recording of {channels} channels; "
            f"it must be ({channels}, n)"
        )
    block = np.array(audio, np.float64, order="C")
    refuse_non_finite(block, start)
    return block


MAX_CHANNELS = 64  # guard: memory, against files that claim thousands

LOUDEST = 1e6
"""What finders hear of louder samples; guard: no recording is 120 dB over full scale, and squares of squares
must not overflow."""


def limited(audio: Audio) -> Audio:
    """Return a copy whose samples are at most `LOUDEST`."""
    return np.clip(audio, -LOUDEST, LOUDEST)


def check_channels(channels: object) -> int:
    """Return the number of channels, or raise `AudioValueError`."""
    if isinstance(channels, bool) or not isinstance(channels, int | np.integer):
        raise AudioTypeError(f"channels={channels!r} must be a whole number")
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioValueError(f"channels={channels!r} is not allowed; it must be 1 to {MAX_CHANNELS}")
    return int(channels)


def first_not_finite(
    audio: npt.NDArray[np.floating], start: int, sample_rate: float | None = None
) -> str | None:
    """Describe the first NaN or infinity of a block, shape (channels, n), whose first frame is `start`.

    Returns
    -------
    str or None
        ``nan at sample 44541 of channel 2``, and ``(0:01.010)`` where the sample rate is given; None where
        all samples are finite.
    """
    finite = np.isfinite(audio)
    if finite.all():
        return None
    at = int(np.argmin(finite.all(axis=0)))
    channel = int(np.argmin(finite[:, at]))
    found = f"{audio[channel, at]} at sample {start + at} of channel {channel + 1}"
    return found if sample_rate is None else f"{found} ({clock(start + at, sample_rate)})"

"""Arrays as people pass them, to (channels, n) float64 and back, by pedalboard's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..analysis.framing import Audio
from ..errors import AudioShapeError, AudioTypeError, AudioValueError

MAX_CHANNELS = 64
LOWEST_RATE, HIGHEST_RATE = 4_000.0, 768_000.0

Kind = Literal["mono", "planar", "interleaved"]


@dataclass(frozen=True)
class Layout:
    """How an array held its channels: one-dimensional, (channels, n) or (n, channels), and its dtype."""

    kind: Kind
    dtype: np.dtype[Any]

    def restore(self, audio: Audio) -> npt.NDArray[Any]:
        """Return `audio`, shape (channels, n), in this layout and dtype."""
        shaped = {"mono": audio[0], "planar": audio, "interleaved": audio.T}[self.kind]
        return np.ascontiguousarray(shaped, dtype=self.dtype)


def to_planar(array: object, previous: Layout | None = None) -> tuple[Audio, Layout]:
    """Read an array of audio.

    Parameters
    ----------
    array
        float32 or float64, shape (n,), (channels, n) or (n, channels); the shorter side is the channels.
    previous
        Layout of the stream's earlier blocks, which settles a square array.

    Returns
    -------
    Audio
        A float64 copy, shape (channels, n).
    Layout
        What `Layout.restore` needs to give a result back the same way.

    Raises
    ------
    AudioTypeError
        Not an array of 32-bit or 64-bit floats.
    AudioShapeError
        More than two dimensions, no telling which side is the channels, or too many channels.
    AudioValueError
        NaN or infinity inside.
    """
    if not isinstance(array, np.ndarray) or array.dtype not in (np.float32, np.float64):
        kind = f"array of {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        raise AudioTypeError(
            f"audio is a {kind}; it must be a NumPy array of float32 or float64 with full scale 1.0"
        )
    if array.ndim == 1:
        layout = Layout("mono", array.dtype)
        planar = array[np.newaxis]
    elif array.ndim == 2:
        layout = Layout(_side_of_channels(array.shape, previous), array.dtype)
        planar = array.T if layout.kind == "interleaved" else array
    else:
        raise AudioShapeError(f"audio has {array.ndim} dimensions; it must have 1 or 2")
    if planar.shape[0] > MAX_CHANNELS:
        raise AudioShapeError(
            f"audio of shape {array.shape} has {planar.shape[0]} channels; at most {MAX_CHANNELS} are allowed"
        )
    audio = np.array(planar, np.float64, order="C")
    refuse_non_finite(audio)
    return audio, layout


def _side_of_channels(shape: tuple[int, ...], previous: Layout | None) -> Kind:
    first, second = shape
    if previous is not None and previous.kind != "mono" and (first == second or 0 in shape):
        return previous.kind
    if first == second and first > 1:
        raise AudioShapeError(
            f"audio of shape {shape} is ambiguous: channels could be either side; pass a longer first block"
        )
    if first == 0 and second <= MAX_CHANNELS:
        return "interleaved"
    return "planar" if first <= second or second == 0 else "interleaved"


def refuse_non_finite(audio: Audio, start: int = 0, source: str = "audio") -> None:
    """Raise `AudioValueError` where `audio`, shape (channels, n), holds NaN or infinity.

    `start` is the absolute position of its first sample, for the message.
    """
    finite = np.isfinite(audio)
    if finite.all():
        return
    channel, position = np.argwhere(~finite)[0]
    value = audio[channel, position]
    raise AudioValueError(
        f"{source} holds {value} at sample {start + position} of channel {channel}; samples must be finite"
    )


def check_rate(sample_rate: object) -> float:
    """Return the sample rate in Hz, or raise `AudioValueError`."""
    if isinstance(sample_rate, bool) or not isinstance(sample_rate, int | float | np.integer | np.floating):
        raise AudioTypeError(f"sample_rate={sample_rate!r} must be a number in Hz")
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise AudioValueError(
            f"sample_rate={sample_rate!r} is not allowed; it must be {LOWEST_RATE:g} to {HIGHEST_RATE:g} Hz"
        )
    return float(sample_rate)

"""Arrays as people pass them, to (channels, n) float64 and back, by pedalboard's rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import AudioShapeError, AudioTypeError
from .arrays import Audio
from .checks import MAX_CHANNELS, refuse_non_finite

Kind = Literal["mono", "planar", "interleaved"]

Sample = TypeVar("Sample", bound=np.number)
"""float32 or float64: what comes back has the caller's. (No narrower for type checkers, to whom what a reader
of sound files gives may be integers too.)"""


@dataclass(frozen=True)
class Layout:
    """How an array held its channels: one-dimensional, (channels, n) or (n, channels), and its dtype."""

    kind: Kind
    dtype: np.dtype[Any]
    channels: int

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
        Layout of the stream's earlier blocks, which settles a square array, and a block of fewer samples
        than channels.

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
        Not one or two dimensions, no telling which side is the channels, or too many channels.
    AudioValueError
        NaN or infinity inside.
    """
    if not isinstance(array, np.ndarray) or array.dtype.newbyteorder("=") not in (np.float32, np.float64):
        given = f"an array of {array.dtype}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
        raise AudioTypeError(
            f"audio is {given}; it must be a NumPy array of float32 or float64 with full scale 1.0"
        )
    if array.ndim == 1:
        kind: Kind = "mono"
        planar = array[np.newaxis]
    elif array.ndim == 2:
        kind = _side_of_channels(array.shape, previous)
        planar = array.T if kind == "interleaved" else array
    else:
        raise AudioShapeError(f"audio has {array.ndim} dimensions; it must have 1 or 2")
    if planar.shape[0] > MAX_CHANNELS:
        raise AudioShapeError(
            f"audio of shape {array.shape} has {planar.shape[0]} channels; at most {MAX_CHANNELS} are allowed"
        )
    audio = np.array(planar, np.float64, order="C")
    refuse_non_finite(audio)
    return audio, Layout(kind, array.dtype, audio.shape[0])


def _side_of_channels(shape: tuple[int, ...], previous: Layout | None) -> Kind:
    first, second = shape
    if first == second == 0:
        raise AudioShapeError(f"audio of shape {shape} has no channels; one side must be the channels")
    if 0 in shape:
        return "planar" if first else "interleaved"
    if previous is not None and previous.kind != "mono":
        side = first if previous.kind == "planar" else second
        if side == previous.channels or first == second:
            return previous.kind
    if first == second and first > 1:
        raise AudioShapeError(
            f"audio of shape {shape} is ambiguous: channels could be either side; pass a longer first block"
        )
    return "planar" if first <= second else "interleaved"

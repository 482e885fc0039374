"""What soundfile keeps to itself: its handle to libsndfile, and the commands it does not wrap.

soundfile's own read and write seek before and after each call, which is slow, restarts some
decoders and fails in streams of unknown length; calling libsndfile does without.
"""

import os
from pathlib import Path
from typing import Any

import numpy.typing as npt
import soundfile

LIBRARY, FFI = soundfile._snd, soundfile._ffi

SYSTEM_ERROR = 2
SET_ADD_PEAK_CHUNK = 0x1050
GET_CHANNEL_MAP_INFO = 0x1100
SET_CHANNEL_MAP_INFO = 0x1101


def filename(path: Path) -> str | bytes:
    """Return a path as soundfile takes it: bytes, because it refuses names that are not valid UTF-8."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def address(kind: str, block: npt.NDArray[Any]) -> Any:
    """Return where the samples of a contiguous block lie, as the C type `kind`, ``"double *"`` say."""
    return FFI.cast(kind, block.ctypes.data)

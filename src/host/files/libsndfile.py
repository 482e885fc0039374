"""What soundfile keeps to itself: its handle to libsndfile, and the commands it does not wrap.

soundfile's own read and write seek before and after each call, which is slow, restarts some
decoders and fails in streams of unknown length; calling libsndfile does without.
"""

import os
from collections.abc import Callable
from io import RawIOBase
from pathlib import Path
from typing import Any

import numpy.typing as npt
import soundfile

from ...audio.arrays import Audio

LIBRARY, FFI = soundfile._snd, soundfile._ffi

SYSTEM_ERROR = 2  # source: sndfile.h, SF_ERR_SYSTEM
SET_ADD_PEAK_CHUNK = 0x1050  # source: sndfile.h, SFC_SET_ADD_PEAK_CHUNK
GET_CHANNEL_MAP_INFO = 0x1100  # source: sndfile.h, SFC_GET_CHANNEL_MAP_INFO
SET_CHANNEL_MAP_INFO = 0x1101  # source: sndfile.h, SFC_SET_CHANNEL_MAP_INFO


def filename(path: Path) -> str | bytes:
    """Return a path as soundfile takes it: bytes, because it refuses names that are not valid UTF-8."""
    return str(path) if os.name == "nt" else os.fsencode(path)


def address(kind: str, block: npt.NDArray[Any]) -> Any:
    """Return where the samples of a contiguous block lie, as the C type `kind`, ``"double *"`` say."""
    return FFI.cast(kind, block.ctypes.data)


class SoundInput(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that libsndfile reads through a Python file.

    What that file raises cannot pass through C: libsndfile would take a read that failed for the end of the
    recording, and an interrupt would be lost. It is kept, libsndfile gets no more bytes, and once it has
    returned it is raised.

    Parameters
    ----------
    file
        Open for reading; it stays open when this is closed.

    Raises
    ------
    soundfile.LibsndfileError
        It is no sound file.
    BaseException
        Whatever `file` raises, here and in every method.
    """

    def __init__(self, file: RawIOBase) -> None:
        self._raised: list[BaseException] = []
        try:
            super().__init__(file, "r")
        except soundfile.LibsndfileError:
            self._raise()
            raise
        try:
            self._raise()
        except BaseException:
            self.close()
            raise

    def _init_virtual_io(self, file: RawIOBase) -> Any:
        """Give libsndfile the functions that it reads by: what soundfile does, but for exceptions."""

        def size() -> int:
            place = file.tell()
            end = file.seek(0, os.SEEK_END)
            file.seek(place)
            return end

        def seek(offset: int, whence: int) -> int:
            try:
                return file.seek(offset, whence)
            except ValueError:  # damaged headers lead anywhere
                return -1

        def read(room: Any, count: int) -> int:
            return file.readinto(FFI.buffer(room, count)) or 0

        callbacks = {
            "get_filelen": self._callback("sf_vio_get_filelen", size, -1),
            "seek": self._callback("sf_vio_seek", seek, -1),
            "read": self._callback("sf_vio_read", read, 0),
            "tell": self._callback("sf_vio_tell", file.tell, -1),
        }
        self._virtual_io = callbacks  # libsndfile does not keep them alive
        return FFI.new("SF_VIRTUAL_IO*", callbacks)

    def _callback(self, kind: str, work: Callable[..., int], failed: int) -> Any:
        """Return `work`, which is called without libsndfile's last argument, as a C function."""
        raised = self._raised

        def call(*arguments: Any) -> int:
            return failed if raised else work(*arguments[:-1])

        # Not an `except` in `call`: an interrupt may come before that or behind it.
        return FFI.callback(kind, call, error=failed, onerror=lambda kind, error, trace: raised.append(error))

    def _raise(self) -> None:
        if self._raised:
            raise self._raised[-1]  # an interrupt may have come while another error was on its way

    def decode(self, block: Audio) -> int:
        """Decode the next frames into a contiguous block, shape (n, channels); return how many came."""
        count = int(LIBRARY.sf_readf_double(self._file, address("double *", block), len(block)))
        self._raise()
        return count

    def go_to(self, frame: int) -> bool:
        """Make `frame` the next to be decoded; return whether it could be found."""
        found = int(LIBRARY.sf_seek(self._file, frame, os.SEEK_SET))
        self._raise()
        return found == frame

    @property
    def error(self) -> int:
        """Number of libsndfile's last error; 0: none."""
        return int(LIBRARY.sf_error(self._file))

    def channel_map(self) -> tuple[int, ...]:
        """Return the loudspeaker of each channel as libsndfile numbers them; empty where none is said."""
        places = FFI.new("int[]", self.channels)
        found = LIBRARY.sf_command(self._file, GET_CHANNEL_MAP_INFO, places, FFI.sizeof(places))
        return tuple(places) if found and any(places) else ()

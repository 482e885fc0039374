"""The recording on disk, as it is read and as it is rewritten between passes."""

from __future__ import annotations

import errno
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Self

import numpy as np

from ...audio.arrays import Audio
from ...errors import AudioFileError
from ..files.audio_reader import AudioReader


class FileSpool:
    """A recording in a nameless temporary file: gone with the process, however that ends.

    Parameters
    ----------
    folder
        Where the file lies; beside the target, because that is where room was made.
    channels, frames
        Size of the recording.
    """

    def __init__(self, folder: FilePath, channels: int, frames: int) -> None:
        self.channels = channels
        self.frames = 0
        self._expected = frames  # an estimate where a lossy source has not been decoded to its end
        self._folder = folder
        self._frame_bytes = 8 * channels
        self._written = 0
        self._lock = threading.Lock()  # one position for who reads and who writes, on two threads
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - lives as long as the spool

    def rewind(self) -> None:
        """See `Spool.rewind`."""
        self._written = 0

    def write(self, audio: Audio) -> None:
        """See `Spool.write`; raises `AudioFileError` where the disk is full."""
        data = np.ascontiguousarray(audio.T, np.float64).reshape(-1).view(np.uint8).data
        try:
            with self._lock:
                self._file.seek(self._written * self._frame_bytes)
                while data:
                    data = data[self._file.write(data) :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            needed = self._expected * self._frame_bytes / 1e9
            raise AudioFileError(
                f"{self._folder}: no space left for the working copy of the recording "
                f"({needed:.2f} GB are needed); free some, or write somewhere else"
            ) from None
        self._written += audio.shape[1]
        self.frames = max(self.frames, self._written)

    def blocks(self, size: int) -> Iterator[Audio]:
        """See `Source.blocks`."""
        for start in range(0, self.frames, size):
            yield self.read(start, min(size, self.frames - start))

    def read(self, start: int, count: int) -> Audio:
        """Return samples that were written, shape (channels, count).

        Raises
        ------
        AudioFileError
            The file ends before them.
        """
        with self._lock:
            self._file.seek(start * self._frame_bytes)
            samples = np.empty((count, self.channels))
            room = samples.reshape(-1).view(np.uint8).data
            while room:  # the kernel reads at most 2 GB at once
                got = self._file.readinto(room)
                if not got:
                    raise AudioFileError(
                        f"{self._folder}: the working copy of the recording ends before sample "
                        f"{start + count}; the disk lost some of it: render again, or write somewhere else"
                    )
                room = room[got:]
        return np.ascontiguousarray(samples.T)

    def close(self) -> None:
        """Give the disk space back; a second time does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class ReaderSource:
    """A sound file as a `Source` of passes."""

    def __init__(self, reader: AudioReader) -> None:
        self._reader = reader
        self.channels = reader.format.channels

    @property
    def frames(self) -> int:
        """Number of samples a channel; an estimate in some lossy files until they were read once."""
        return self._reader.frames

    def blocks(self, size: int) -> Iterator[Audio]:
        """See `Source.blocks`."""
        return self._reader.blocks(size)

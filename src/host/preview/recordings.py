"""A recording that is read anywhere, by several threads."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from ...audio.arrays import Audio
from ...errors import AudioFileError
from ..chain.progress import READ_BLOCK, Progress
from ..files.audio_reader import AudioReader
from ..rendering.spool import FileSpool


class Recording:
    """An open recording, read at any place.

    A lossy file is decoded once, to a nameless temporary file: elsewhere in it one only comes by decoding
    it from its start again.

    Parameters
    ----------
    path
        Sound file.
    progress
        Told how far a lossy one is decoded.

    Attributes
    ----------
    name
        For people.
    rate, channels, frames
        Its size.
    spool
        What a lossy file was decoded to; None: it is read where it lies.

    Raises
    ------
    AudioFileError
        It cannot be read, or holds no samples.
    """

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self.path, self.name = path, path.name
        self._lock = threading.Lock()
        self._closed = False
        self._owned = ExitStack()
        with ExitStack() as opened:
            self.reader = opened.enter_context(AudioReader(path))
            self.format = self.reader.format
            self.rate, self.channels = self.format.sample_rate, self.format.channels
            self.spool = None if self.format.is_lossless else opened.enter_context(self._decoded(progress))
            self.frames = self.spool.frames if self.spool else self.reader.frames
            if not self.frames:
                raise AudioFileError(f"{path}: holds no samples; there is nothing to hear")
            self._owned = opened.pop_all()

    def _decoded(self, progress: Progress | None) -> FileSpool:
        spool = FileSpool(Path(tempfile.gettempdir()), self.channels, self.reader.frames)
        try:
            for block in self.reader.blocks(READ_BLOCK):
                spool.write(block)
                if progress:
                    progress(min(spool.frames / max(self.reader.frames, 1), 1.0), "decoding")
        except BaseException:
            spool.close()
            raise
        return spool

    def read(self, start: int, stop: int) -> Audio:
        """Return samples `start` to `stop`, shape (channels, n), fewer where the recording ends."""
        start, stop = max(start, 0), min(stop, self.frames)
        count = max(stop - start, 0)
        with self._lock:
            if self._closed:
                raise AudioFileError(f"{self.path}: is no longer open here")
            if self.spool:
                return self.spool.read(start, count)
            return self.reader.read(min(start, self.frames), count)

    def another(self) -> Recording:
        """Return the same recording for another thread, which shall not make this one wait."""
        return self if self.spool else Recording(self.path)

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock:
            self._closed = True
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

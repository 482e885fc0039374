"""A film's sound track as a sound file: decoded once into a nameless file, read like any recording."""

from __future__ import annotations

import errno
import os
import struct
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ....errors import AudioFileError, Cancelled
from ..source_file import SourceFile
from .decoding import Coded, Decoding
from .film import Film, is_film

_HEAD_BYTES = 12 + 36 + 24 + 8  # derived: RF64, its sizes, its format, and the head of its samples
_UNKNOWN = 0xFFFFFFFF  # source: EBU Tech 3306: the size stands in ds64
_PCM, _FLOATS = 1, 3  # source: WAVE_FORMAT_PCM, WAVE_FORMAT_IEEE_FLOAT


class TrackFile(SourceFile):
    """One sound track of a film: its bytes are an RF64 file of what was decoded.

    What it is called, hashed and checked by is the film.

    Parameters
    ----------
    film
        The film's file, open; it is closed with this where `owns` says so.
    track
        Number of the sound track, from 1; None: the one that players play.
    folder
        Where the decoded sound lies meanwhile; None: the system's place for such files.
    tell
        Called with the share that is decoded.
    cancel
        Set it to stop; `Cancelled` is raised.
    owns
        Whether the film's file is closed with this.

    Attributes
    ----------
    film
        The film's file.
    number
        Of the track, from 1.
    index
        Of the track among all that the film holds.
    is_usual
        Whether it is the one that players play.
    coded
        How it is coded there.

    Raises
    ------
    AudioFileError
        The film or its sound cannot be read, PyAV is not there, or there is no room for the decoded sound.
    """

    def __init__(  # its base opens the name; this one has the file
        self,
        film: SourceFile,
        *,
        track: int | None = None,
        folder: Path | None = None,
        tell: Callable[[float], None] = lambda share: None,
        cancel: threading.Event | None = None,
        owns: bool = False,
    ) -> None:
        self.path, self.film, self._owns = film.path, film, owns
        self._turn = threading.Lock()  # one position for readers on several threads
        self._place = folder or Path(tempfile.gettempdir())
        self._decoded = tempfile.TemporaryFile(dir=self._place, buffering=0)  # noqa: SIM115 - closed with this

        def told(share: float) -> None:
            if cancel is not None and cancel.is_set():
                raise Cancelled("cancelled; nothing was written")
            tell(share)

        try:
            with Film(film) as opened:
                sound = opened.sound(track)
                self.container = opened.kind.name
                self.number, self.index = opened.number(sound), sound.index
                self.is_usual = sound.index == opened.sound(None).index
                self.coded = self._decode(Decoding(opened, sound), told)
            film.check()
        except BaseException:
            self._decoded.close()
            raise
        self.size = self._decoded.seek(0, os.SEEK_END)
        if not self.coded.is_lossless:
            self.lossy_coding = self.coded.coding.upper()
        self.cut, self.told = self.coded.cut, self.coded.told

    def _decode(self, decoding: Decoding, tell: Callable[[float], None]) -> Coded:
        self._write(bytes(_HEAD_BYTES))
        for samples in decoding.blocks(tell):
            coded = decoding.coded
            assert coded is not None  # noqa: S101 - it is there with the first block
            self._write(_bytes_of(samples, coded.subtype))
        coded = decoding.coded
        assert coded is not None  # noqa: S101 - no samples are an error
        size = self._decoded.tell() - _HEAD_BYTES
        self._write(bytes(size % 2))
        self._decoded.seek(0)
        self._write(_head(coded, size))
        return coded

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._decoded.write(left) :]
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise AudioFileError(
                f"{self._place}: no space left for the decoded sound of {self.path}; free some, or write "
                "somewhere else"
            ) from error

    def read_into(self, room: memoryview, position: int) -> int:
        """See `SourceFile.read_into`; of the decoded sound."""
        done = 0
        with self._turn:
            self._decoded.seek(position)
            while done < len(room) and (count := self._decoded.readinto(room[done:])):
                done += count
        return done

    @property
    def sha256(self) -> str:
        """Of the film."""
        return self.film.sha256

    def is_at(self, path: Path) -> bool:
        """See `SourceFile.is_at`; of the film."""
        return self.film.is_at(path)

    def check(self) -> None:
        """See `SourceFile.check`; of the film."""
        self.film.check()

    def confirm(self) -> None:
        """See `SourceFile.confirm`: the film's bytes are compared once all its tracks are written."""
        self.film.check()

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._decoded.close()
        if self._owns:
            self.film.close()


def as_sound(source: SourceFile) -> SourceFile:
    """Return what an open file's sound is read from: itself, or the usual track of a film."""
    return TrackFile(source) if not isinstance(source, TrackFile) and is_film(source) else source


def _bytes_of(samples: npt.NDArray[Any], subtype: str) -> bytes:
    if subtype == "PCM_24":  # FFmpeg keeps 24 bits in the upper ones of 32
        return samples.astype("<i4").reshape(-1, 1).view(np.uint8)[:, 1:].tobytes()
    return samples.astype(samples.dtype.newbyteorder("<")).tobytes()


def _head(coded: Coded, size: int) -> bytes:
    """Return the head of an RF64 file (EBU Tech 3306) of so many bytes of samples."""
    sample_bytes = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "DOUBLE": 8}.get(coded.subtype, 4)
    kind = _FLOATS if coded.subtype in {"FLOAT", "DOUBLE"} else _PCM
    frame_bytes = sample_bytes * coded.channels
    whole = _HEAD_BYTES - 8 + size + size % 2
    return (
        struct.pack("<4sI4s", b"RF64", _UNKNOWN, b"WAVE")
        + struct.pack("<4sIQQQI", b"ds64", 28, whole, size, size // frame_bytes, 0)
        + struct.pack("<4sIHHIIHH", b"fmt ", 16, kind, coded.channels, coded.sample_rate,
                      coded.sample_rate * frame_bytes, frame_bytes, 8 * sample_bytes)
        + struct.pack("<4sI", b"data", _UNKNOWN)
    )  # fmt: skip

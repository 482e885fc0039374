"""A recording's file, opened once for everything that a job reads of it.

::

    side.wav  --open-->  SourceFile  --view-->  libsndfile, pass after pass
                                     --open-->  header, chunks, tags
                                     --sha256-> report

What is restored, what is compared, what is carried over and what is hashed are thus the bytes of one file,
whatever its name leads to meanwhile. A file that is written into while it is read gives no such bytes:
`SourceFile.check` says so.
"""

import hashlib
import os
import stat
import threading
from collections.abc import Sequence
from functools import cached_property
from io import BufferedReader, FileIO, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, Self

from ...errors import AudioFileError

_PIECE = 1 << 20  # guard: memory taken at once
_LAST_POSITION = 2**63 - 1  # source: POSIX's off_t of 64 bits; what file systems count to


class SourceFile:
    """An open recording.

    Parameters
    ----------
    path
        An existing file.

    Attributes
    ----------
    path
        What it was opened by.
    size
        Bytes that it had then.
    sha256
        Of its bytes, in hexadecimal; computed when it is first asked for.
    container, lossy_coding
        What its samples were taken out of, and decoded from where that loses some; empty: as they stand.
    cut, told
        How it is cut short, and what else a person should know, where opening it has found that out.

    Raises
    ------
    AudioFileError
        The file is missing, may not be read, or is no file.
    """

    container = lossy_coding = cut = ""
    told: Sequence[str] = ()

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._failure: AudioFileError | None = None
        self._lock = threading.Lock()  # one position for readers on several threads
        try:
            mode = self.path.stat().st_mode
            if stat.S_ISREG(mode):  # opening a pipe would wait for its writer
                self._file = FileIO(self.path)
        except PermissionError as error:
            raise AudioFileError(f"{self.path}: no permission to read it; change its permissions") from error
        except FileNotFoundError as error:
            raise AudioFileError(f"{self.path}: there is no such file; check the name") from error
        except OSError as error:
            raise AudioFileError(f"{self.path}: cannot be opened: {error.strerror}") from error
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise AudioFileError(f"{self.path}: is {kind}; name a sound file")
        self._opened = os.fstat(self._file.fileno())
        self.size = self._opened.st_size

    def read_into(self, room: memoryview, position: int) -> int:
        """Fill `room` with the bytes from `position` on; return how many there are, fewer only at the end.

        Raises
        ------
        AudioFileError
            The disk, or the network, does not give them.
        """
        done = 0
        try:
            with self._lock:
                self._file.seek(position)
                while done < len(room) and (count := self._file.readinto(room[done:])):
                    done += count
        except OSError as error:
            self._failure = AudioFileError(
                f"{self.path}: reading failed at byte {position + done}: {error.strerror or error}; "
                "copy it to a sound disk and restore the copy"
            )
            raise self._failure from error
        return done

    def view(self) -> "SourceView":
        """Return the file for one reader, with a position of its own and no buffer."""
        return SourceView(self)

    def open(self) -> BinaryIO:
        """Return the file for one reader of small pieces, with a position of its own."""
        return BufferedReader(self.view())

    @cached_property
    def sha256(self) -> str:  # noqa: D102 - an attribute
        return self._hash()

    def _hash(self) -> str:
        digest = hashlib.sha256()
        with self.view() as view:
            while piece := view.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def is_at(self, path: Path) -> bool:
        """Whether `path` leads to this very file."""
        try:
            return os.path.samestat(path.stat(), self._opened)
        except OSError:
            return False

    def check(self) -> None:
        """See that what was read so far is all of one recording.

        Raises
        ------
        AudioFileError
            It was written into since it was opened, another file took its place, or reading failed.
        """
        if self._failure:
            raise self._failure
        if _content(os.fstat(self._file.fileno())) != _content(self._opened):
            raise self._changed()
        try:
            there = self.path.stat()
        except OSError:  # moved away: what was read stays what it was
            return
        # Some network shares number a file anew now and then, so the number alone is not believed.
        if not os.path.samestat(there, self._opened) and _content(there) != _content(self._opened):
            raise AudioFileError(
                f"{self.path}: another file took its place while it was being read; nothing was written: "
                "start again"
            )

    def confirm(self) -> None:
        """Check as `check` does, and that every byte is what it was when `sha256` was computed."""
        before = self.sha256
        if self._hash() != before:  # by a clock too coarse to tell, or through memory
            raise self._changed()
        self.check()

    def _changed(self) -> AudioFileError:
        return AudioFileError(
            f"{self.path}: changed while it was being read; nothing was written: "
            "wait until it is complete, and start again"
        )

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.close()


def _content(status: os.stat_result) -> tuple[int, int]:
    """Return what changes with a file's bytes."""
    return status.st_size, status.st_mtime_ns


class SourceView(RawIOBase):
    """A source file, or the part of it from `begin` to `end`, as a Python file.

    Parameters
    ----------
    source
        The file; it stays open when the view is closed.
    begin, end
        In bytes; what is outside is not there for who reads the view.
    """

    def __init__(self, source: SourceFile, begin: int = 0, end: int | None = None) -> None:
        super().__init__()
        self.name = str(source.path)
        self._source = source
        self._begin = begin
        self._end = source.size if end is None else end
        self._position = 0

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether its position can be set: yes."""
        return True

    def tell(self) -> int:
        """Return the position, counted from `begin`."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move as files do."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end - self._begin}[whence]
        if not 0 <= start + offset <= _LAST_POSITION:
            raise ValueError(f"there is no position {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Read as files do, but never less than there is."""
        room = memoryview(buffer).cast("B")
        at = self._begin + self._position
        room = room[: max(0, min(len(room), self._end - at))]
        count = self._source.read_into(room, at) if room else 0
        self._position += count
        return count

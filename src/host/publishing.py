"""Files that appear whole or not at all: written beside their target, synced, then renamed.

A part file is locked while its writer lives. One that is not locked was left by a process that was killed;
the next run in that folder clears it away.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ..errors import AudioFileError

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be deleted: that is lock enough
    fcntl = None  # type: ignore[assignment]

PART_SUFFIX = ".wavemend-part"


class Publication:
    """A set of files that are published together, the most important one last.

    Parameters
    ----------
    overwrite
        Whether an existing target may be replaced.

    Raises
    ------
    AudioFileError
        A target is there already, is being written by someone else, or cannot be written.
    """

    def __init__(self, *, overwrite: bool = False) -> None:
        self._overwrite = overwrite
        self._parts: list[tuple[Path, Path, IO[bytes]]] = []
        self._published: list[Path] = []

    def part_of(self, target: Path) -> Path:
        """Open a part file for `target` and return its path, for a writer to fill.

        It is published after those opened before it.
        """
        self.check(target)
        part = target.with_name(f".{target.name}{PART_SUFFIX}")
        try:
            lock = _open_locked(part)
        except OSError as error:
            raise AudioFileError(f"{target}: cannot be written: {error.strerror or error}") from None
        if lock is None:
            raise AudioFileError(f"{target}: another wavemend is writing it right now")
        self._parts.append((part, target, lock))
        return part

    def retarget(self, part: Path, target: Path) -> None:
        """Publish `part` as `target`, in the same folder, rather than under the name it was opened for."""
        self.check(target)
        self._parts = [(path, target if path == part else old, lock) for path, old, lock in self._parts]

    def check(self, target: Path) -> None:
        """Raise `AudioFileError` where `target` must not be written."""
        if not self._overwrite and os.path.lexists(target):
            raise AudioFileError(f"{target}: is there already; say --overwrite to replace it")

    def publish(self) -> None:
        """Give every part its target's name, in the order of `part_of`."""
        for _, _, lock in self._parts:
            os.fsync(lock.fileno())
        while self._parts:
            part, target, lock = self._parts[0]
            self._rename(part, target)
            self._published.append(target)
            lock.close()
            self._parts.pop(0)
            _sync_folder(target.parent)
        self._published.clear()

    def _rename(self, part: Path, target: Path) -> None:
        if self._overwrite:
            part.replace(target)
            return
        try:
            os.link(part, target)  # unlike a rename, fails where the target appeared meanwhile
        except FileExistsError:
            self.check(target)
            raise
        except OSError:  # no hard links here (exFAT, some network shares)
            self.check(target)
            part.rename(target)
        else:
            part.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        parts, self._parts = self._parts, []
        for part, _, lock in parts:
            with contextlib.suppress(OSError):
                part.unlink()
            lock.close()
        for target in self._published if not self._overwrite else []:  # all of a set, or nothing of it
            with contextlib.suppress(OSError):
                target.unlink()
        if parts and isinstance(error, OSError):
            self._name_targets(error, {str(part): str(target) for part, target, _ in parts})

    def _name_targets(self, error: OSError, targets: dict[str, str]) -> None:
        """Raise `error` anew in the words of the files that were asked for, not of their parts."""
        text = str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT) and not isinstance(error, AudioFileError):
            text = f"{[*targets.values()][-1]}: no space left on its disk; nothing was written"
        for part, target in targets.items():
            text = text.replace(part, target)
        if text != str(error):
            raise AudioFileError(text) from error


def clear_stale_parts(folder: Path) -> list[Path]:
    """Delete part files in `folder` that a killed process left; return their paths."""
    cleared = []
    for part in sorted(folder.glob(f".*{PART_SUFFIX}")):
        with contextlib.suppress(OSError):
            lock = _open_locked(part, create=False)
            if lock is not None:
                part.unlink()
                lock.close()
                cleared.append(part)
    return cleared


def _open_locked(part: Path, *, create: bool = True) -> IO[bytes] | None:
    """Open `part` and lock it; None where another process holds it. With `create` it is a new, empty file.

    What is there is never written to, nor a link followed: a process killed while it published left a part
    that shares its data with the target, and a stranger's folder may hold anything under such a name.
    """
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    while True:
        file = open(os.open(part, flags | (os.O_CREAT if create else 0), 0o666), "r+b")  # noqa: SIM115 - the lock
        if fcntl is None:
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        with contextlib.suppress(FileNotFoundError):
            opened = os.fstat(file.fileno())
            if os.path.samestat(opened, part.lstat()):
                if not create or (opened.st_size == 0 and opened.st_nlink == 1):
                    return file
                part.unlink()
        file.close()  # cleared away, by someone else between opening and locking or just now: try again
        if not create:
            return None


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""Hidden files that one process holds while it lives, and that others know to be abandoned once it died."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .file_names import beside

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be deleted: that is lock enough
    fcntl = None  # type: ignore[assignment]

# Answers of file systems without locks: some network shares, some of FUSE.
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_OWNER = re.compile(r"\.([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{6}\.wavemend-[a-z]+$")
_PATIENCE_S = 0.2  # guard: who looks whether a file was left behind holds it for less
_ABANDONED_AFTER_S = 24 * 3600.0  # guard: where nothing but the time of the last change tells


@dataclass(frozen=True)
class Held:
    """A file that this process holds.

    Attributes
    ----------
    path
        Where it is.
    file
        Open for reading and writing; closing it lets go.
    no_locks
        Why the file system locks no files; empty where it does. Then the name says who holds the file.
    """

    path: Path
    file: IO[bytes]
    no_locks: str = ""


class _NoLocksError(Exception):
    """The file system has no locks; it never leaves this module."""


def hold(target: Path, suffix: str) -> Held | None:
    """Make a hidden, empty file beside `target` and hold it; None where another process does.

    Who clears leftovers away may hold it for an instant, when it is just made: that is waited out.

    Raises
    ------
    OSError
        It cannot be made.
    """
    path = beside(target, suffix, prefix=".")
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while (file := _locked(path, create=True)) is None and time.monotonic() < deadline:
            time.sleep(_PATIENCE_S / 10)
    except _NoLocksError as error:
        # Nobody else takes this name; that its process died, others see by its number.
        owner = f".{_host()}-{os.getpid()}-{secrets.token_hex(3)}"
        path = beside(target, owner + suffix, prefix=".")
        descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
        return Held(path, open(descriptor, "r+b"), str(error))
    return None if file is None else Held(path, file)


def seize(path: Path) -> IO[bytes] | None:
    """Open what a process left that died; None where it may live.

    Raises
    ------
    OSError
        It cannot be opened, or is a link.
    """
    if not _OWNER.search(path.name):
        with contextlib.suppress(_NoLocksError):
            return _locked(path, create=False)
    return open(os.open(path, _FLAGS), "r+b") if _looks_abandoned(path) else None


def _locked(path: Path, *, create: bool) -> IO[bytes] | None:
    """Open `path` and lock it; None where another process holds it. With `create` it is a new, empty file.

    What is there is never written to, nor a link followed: a process killed while it published left a part
    that shares its data with the target, and a stranger's folder may hold anything under such a name.
    """
    while True:
        descriptor = os.open(path, _FLAGS | (os.O_CREAT if create else 0), 0o666)
        file = open(descriptor, "r+b")  # noqa: SIM115 - the lock
        if fcntl is None:
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        except OSError as error:
            empty = os.fstat(descriptor).st_size == 0
            file.close()
            if create and empty:
                path.unlink(missing_ok=True)
            if error.errno in _NO_LOCKS:
                raise _NoLocksError(error.strerror) from None
            raise
        with contextlib.suppress(FileNotFoundError):
            opened = os.fstat(descriptor)
            if os.path.samestat(opened, path.lstat()):
                if not create or (opened.st_size == 0 and opened.st_nlink == 1):
                    return file
                path.unlink()
        file.close()  # cleared away, by someone else between opening and locking or just now: try again
        if not create:
            return None


def _looks_abandoned(path: Path) -> bool:
    owner = _OWNER.search(path.name)
    if fcntl and owner and owner[1] == _host() and int(owner[2]) != os.getpid():
        try:
            os.kill(int(owner[2]), 0)
        except ProcessLookupError:
            return True
        except (PermissionError, OverflowError):
            return False
        return False
    return is_abandoned(path)


def is_abandoned(path: Path) -> bool:
    """Whether nobody changed what lies at `path` for so long that its writer must be gone."""
    return time.time() - path.lstat().st_mtime > _ABANDONED_AFTER_S


def _host() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]

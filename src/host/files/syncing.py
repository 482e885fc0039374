"""Have written files reach the disk, where the file system does that at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

# Answers of file systems that cannot sync; a disk that fails, or is full, answers otherwise.
_CANNOT_SYNC = {
    errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOTTY, errno.EBADF, errno.EISDIR,
    errno.EACCES, errno.EPERM,
}  # fmt: skip


def sync(descriptor: int) -> str | None:
    """Sync an open file or folder; return why the file system refuses that, if it does.

    Raises
    ------
    OSError
        It tried and failed.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        return _excused(error)
    return None


def sync_folder(folder: Path) -> str | None:
    """Sync the names in a folder; see `sync`."""
    if os.name != "posix":
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        return _excused(error)
    try:
        return sync(descriptor)
    finally:
        os.close(descriptor)


def _excused(error: OSError) -> str:
    if error.errno not in _CANNOT_SYNC:
        raise error
    return error.strerror or type(error).__name__

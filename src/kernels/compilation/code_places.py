"""Where the machine code of compiled kernels lies.

In this order: ``NUMBA_CACHE_DIR``; ``__pycache__`` beside the source; the user's cache folder of the
platform; a folder of the user's own among the temporary files. New code goes to the first that can be
written; what is there already is read from all of them, so that an image warmed while it was built serves
any user, read-only.

Machine code is run as it is read. Beside the source, and in the folder the user named, nobody writes who
could not change the program as well; the two other places serve only where nobody else can put anything.
"""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import numba
import platformdirs


@dataclass(frozen=True)
class CodePlaces:
    """Folders for the machine code of the kernels in one source folder."""

    readable: tuple[Path, ...]
    """Where code is looked for, in this order."""
    writable: Path | None
    """Where new code is kept; None where no folder can be written."""


@cache
def code_places(sources: Path) -> CodePlaces:
    """Find the folders for kernels whose source lies in `sources`; makes the one that is written to."""
    # Several installs may share a folder that is not beside the source.
    own = Path(f"{sources.name}-{sha256(os.fsencode(sources)).hexdigest()[:16]}")
    named = numba.config.CACHE_DIR
    trusted = [Path(named) / own] if named else []
    if sources.is_dir():  # not so in a frozen program
        trusted.append(sources / "__pycache__")
    readable: list[Path] = []
    for folder in trusted:
        if _can_write(folder):
            return CodePlaces((*readable, folder), folder)
        if folder.is_dir():
            readable.append(folder)
    for private in _private_folders():
        if not _make_private(private):
            continue
        if _can_write(private / own):
            return CodePlaces((*readable, private / own), private / own)
        if (private / own).is_dir():
            readable.append(private / own)
    return CodePlaces(tuple(readable), None)


def private_folder() -> Path | None:
    """Return a folder for machine code that this user alone can write to; None where there is none."""
    return next(
        (folder for folder in _private_folders() if _make_private(folder) and _can_write(folder)), None
    )


def _private_folders() -> list[Path]:
    folders = [platformdirs.user_cache_path("wavemend", appauthor=False)]
    try:
        temporary = tempfile.gettempdir()
        # Python's last resort is the current folder, which is no place for this.
        usable = not os.path.samefile(temporary, os.curdir)
    except OSError:  # none can be written, or the current folder is gone
        usable = False
    if usable:
        user = f"-{os.geteuid()}" if hasattr(os, "geteuid") else ""
        folders.append(Path(temporary) / f"wavemend{user}")
    return folders


def _make_private(folder: Path) -> bool:
    """Make `folder` for this user alone; whether it is there and nobody else can put anything into it."""
    above = next(path for path in (folder.parent, *folder.parent.parents) if path.is_dir())
    if not _is_safe_above(above):
        return False
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        if not folder.is_dir():
            return False
    if not hasattr(os, "geteuid"):  # Windows: both places lie in the user's profile
        return True
    status = folder.lstat()
    shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not shared


def _is_safe_above(folder: Path) -> bool:
    """Whether no stranger can exchange what lies in `folder`: it is ours or root's, and not open to all."""
    if not hasattr(os, "geteuid"):
        return True
    status = folder.stat()
    open_to_all = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
    return status.st_uid in {0, os.geteuid()} and not open_to_all


def _can_write(folder: Path) -> bool:
    """Make `folder`, and try: permissions do not tell of read-only file systems."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True

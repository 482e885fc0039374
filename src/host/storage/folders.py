"""Folders that appear whole or not at all: filled in a hidden one beside their target, then renamed.

::

    .wavemend-part-k3x9/.held.wavemend-part     held while its writer lives
    .wavemend-part-k3x9/files                   what becomes the target

What a process leaves that is killed, the next run in that place clears away.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .locking import hold, is_abandoned, seize

_PREFIX = ".wavemend-part-"
_HELD, _SUFFIX, _FILES = "held", ".wavemend-part", "files"


@contextlib.contextmanager
def published_folder(target: Path) -> Iterator[Path]:
    """Give a new, hidden folder to fill; it gets the name of `target` where nothing goes wrong until then.

    Raises
    ------
    OSError
        It cannot be made, or something has that name.
    """
    with held_folder(target.parent) as made:
        yield made
        made.rename(target)


@contextlib.contextmanager
def held_folder(place: Path) -> Iterator[Path]:
    """Give a new, hidden folder in `place` to work in; it is gone afterwards, or with the next run there.

    Raises
    ------
    OSError
        It cannot be made.
    """
    with tempfile.TemporaryDirectory(dir=place, prefix=_PREFIX) as hidden:
        held = hold(Path(hidden) / _HELD, _SUFFIX)
        try:
            made = Path(hidden) / _FILES
            made.mkdir()
            yield made
        finally:
            if held is not None:
                held.file.close()


def clear_folders(folder: Path) -> list[Path]:
    """Delete what a killed process left of such folders in `folder`; return what went."""
    cleared = []
    for path in sorted(folder.glob(f"{_PREFIX}*")):
        with contextlib.suppress(OSError):
            if path.is_dir() and not path.is_symlink() and _is_left(path):
                shutil.rmtree(path)
                cleared.append(path)
    return cleared


def _is_left(hidden: Path) -> bool:
    held = next(hidden.glob(f".{_HELD}*{_SUFFIX}"), None)
    if held is None:  # killed at its very beginning, or just being made
        return is_abandoned(hidden)
    file = seize(held)
    if file is None:
        return False
    file.close()
    return True

"""Names of the files that stand beside another one, which may itself have the longest name there can be."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

LONGEST_BYTES = 255  # source: NAME_MAX of POSIX systems
"""Of a name, on nearly every file system; a constant, so that names do not change from disk to disk."""

_HASH_DIGITS = 12  # derived: 48 bits, so that names of a folder do not share them


def beside(path: Path, suffix: str, *, prefix: str = "") -> Path:
    """Return the path beside `path` whose name is its own between `prefix` and `suffix`."""
    return path.with_name(fitted(path.name, suffix, prefix=prefix))


def fitted(name: str, suffix: str = "", *, prefix: str = "") -> str:
    """Return `prefix`, `name` and `suffix` as one name that a file system can hold.

    Where it would be too long, `name` is cut between two characters and ends in ``~`` and a hash of the
    whole: the same name every time, and another one for every other name.
    """
    room = LONGEST_BYTES - len(os.fsencode(prefix + suffix))
    if len(os.fsencode(name)) <= room:
        return prefix + name + suffix
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:_HASH_DIGITS]
    room -= 1 + len(digest)
    kept = name
    while len(os.fsencode(kept)) > room:
        kept = kept[:-1]
    return f"{prefix}{kept}~{digest}{suffix}"


def longest_name(folder: Path) -> int:
    """Return how many bytes a name in `folder`, or where it will be made, may have."""
    for place in (folder, *folder.parents):
        try:
            return min(os.pathconf(place, "PC_NAME_MAX"), LONGEST_BYTES)
        except FileNotFoundError:
            continue
        except (AttributeError, OSError, ValueError):  # not on Windows, or not told by this file system
            break
    return LONGEST_BYTES

"""The journal of a set of files that is being published: what to undo where the process is killed meanwhile.

It is written before the first renaming and deleted after the last, and names nothing outside its own folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from .hashing import sha256_of

_FORMAT = "wavemend-journal"
_MOST_BYTES = 2**20  # guard: of a journal, which names a few files


@dataclass(frozen=True)
class Entry:
    """One file of a set.

    Attributes
    ----------
    part, target
        Its names before and after publishing.
    replaced
        Name under which what was there before is kept until all of the set is published.
    sha256
        Of its bytes, in hexadecimal.
    """

    part: str
    target: str
    replaced: str
    sha256: str

    def is_in_place(self, folder: Path) -> bool:
        """Whether the target is this very file."""
        path = folder / self.target
        with contextlib.suppress(OSError):
            return stat.S_ISREG(path.lstat().st_mode) and sha256_of(path) == self.sha256
        return False

    def put_back(self, folder: Path, *, in_place: bool) -> None:
        """Undo what was published of it: the target is again what it was.

        Raises
        ------
        OSError
            That cannot be done.
        """
        part, target, replaced = (folder / name for name in (self.part, self.target, self.replaced))
        if os.path.lexists(replaced):
            if in_place or not os.path.lexists(target):
                os.replace(replaced, target)
            else:
                replaced.unlink()  # a second name of the target, which was not touched yet
        elif in_place:
            target.unlink()
        part.unlink(missing_ok=True)

    def tidy(self, folder: Path) -> None:
        """Delete what publishing left beside the target, the target being in place."""
        for name in (self.part, self.replaced):
            (folder / name).unlink(missing_ok=True)


def write_journal(file: IO[bytes], entries: Sequence[Entry]) -> None:
    """Write the journal of a set, in the order in which it is published."""
    top = {"format": _FORMAT, "format_version": 1, "files": [asdict(entry) for entry in entries]}
    file.write(json.dumps(top, indent=1).encode())
    file.flush()


def settle(folder: Path, file: IO[bytes], is_ours: Callable[[str], bool]) -> None:
    """Finish what the journal of a killed process says: all of its set is there, or nothing of it.

    The last file of a set says that all of it was renamed; otherwise all is put back as it was, because the
    next run may be about to render with another preset.

    Parameters
    ----------
    folder
        Where it lies.
    file
        The journal, seized.
    is_ours
        Whether a name is one that publishing gives to what it deletes afterwards.
    """
    entries = _read(file, is_ours)
    if entries and entries[-1].is_in_place(folder):
        for entry in entries:
            entry.tidy(folder)
        return
    for entry in reversed(entries):
        entry.put_back(folder, in_place=entry.is_in_place(folder))


def _read(file: IO[bytes], is_ours: Callable[[str], bool]) -> list[Entry]:
    """Read entries; none where the journal was cut short, and then nothing was renamed yet."""
    try:
        top = json.loads(file.read(_MOST_BYTES))
        entries = [Entry(**entry) for entry in top["files"]] if top["format"] == _FORMAT else []
        names = [name for entry in entries for name in (entry.part, entry.target, entry.replaced)]
        plain = all(name and name not in (".", "..") and Path(name).name == name for name in names)
        hidden = all(is_ours(entry.part) and is_ours(entry.replaced) for entry in entries)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return entries if plain and hidden else []

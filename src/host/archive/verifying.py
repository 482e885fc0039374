"""Does a collection still hold what the manifest says: every output to the bit, every source untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..storage.hashing import sha256_of
from .manifest import Entry, Manifest
from .restoring import is_there


@dataclass(frozen=True)
class Checked:
    """One file that was looked at.

    Attributes
    ----------
    path
        Of an output, below the target, or of a source.
    problem
        What is wrong with it; empty where nothing is.
    """

    path: str
    problem: str = ""


def verify(target: Path, *, sources: bool = False) -> Iterator[Checked]:
    """Check every output in `target` against the manifest, and the sources too where that is asked for.

    Raises
    ------
    ManifestError
        There is none, or it cannot be used.
    """
    with Manifest(target) as manifest:
        entries = manifest.entries()  # and let go: a run may write while this goes on for hours
    for entry in entries:
        for output in entry.outputs:
            yield Checked(output.path, _problem(target / output.path, partial(is_there, target, output)))
        if entry.state != "done":
            yield Checked(entry.path, f"is not done: {entry.error or entry.state}")
        elif sources:
            yield Checked(entry.source, _problem(Path(entry.source), partial(_is_source, entry)))


def _is_source(entry: Entry) -> bool:
    return Path(entry.source).is_file() and sha256_of(Path(entry.source)) == entry.source_sha256


def _problem(path: Path, is_same: Callable[[], bool]) -> str:
    try:
        if is_same():
            return ""
    except OSError as error:  # a bad sector, or no permission: told, and the others are looked at
        return f"cannot be read: {error.strerror or error}"
    return "has changed" if path.is_file() else "is gone"

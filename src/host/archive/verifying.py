"""Does a collection still hold what the manifest says: every output to the bit, every source untouched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..storage.hashing import sha256_of
from .manifest import Manifest
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
        for entry in manifest.entries():
            for output in entry.outputs:
                yield Checked(output.path, _problem(target / output.path, is_there(target, output)))
            if entry.state != "done":
                yield Checked(entry.path, f"is not done: {entry.error or entry.state}")
            elif sources:
                source = Path(entry.source)
                is_same = source.is_file() and sha256_of(source) == entry.source_sha256
                yield Checked(entry.source, _problem(source, is_same))


def _problem(path: Path, is_same: bool) -> str:
    if is_same:
        return ""
    return "has changed" if path.is_file() else "is gone"

"""Does a collection still hold what the manifest says: every output to the bit, every source untouched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..storage.hashing import sha256_of
from .manifest import Entry, Manifest, Output
from .remote.keeping import folder_of, problem_of
from .remote.objects import is_url
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


def verify(target: str | os.PathLike[str], *, sources: bool = False) -> Iterator[Checked]:
    """Check every output in `target` against the manifest, and the sources too where that is asked for.

    `target` is a folder, or the URL of one: then every object is read through.

    Raises
    ------
    ManifestError
        There is none, or it cannot be used.
    RemoteError
        Nobody knows what lies behind the URL.
    """
    named = os.fspath(target)
    with folder_of(named) as folder, Manifest(folder) as manifest:
        entries = manifest.entries()  # and let go: a run may write while this goes on for hours
    for entry in entries:
        for output in entry.outputs:
            yield Checked(output.path, _problem_of(named, output))
        if entry.state != "done":
            yield Checked(entry.path, f"is not done: {entry.error or entry.state}")
        elif sources and is_url(entry.source):
            yield Checked(entry.source, problem_of(entry.source, entry.source_sha256))
        elif sources:
            yield Checked(entry.source, _problem(Path(entry.source), partial(_is_source, entry)))


def _problem_of(target: str, output: Output) -> str:
    if is_url(target):
        return problem_of(f"{target.rstrip('/')}/{output.path}", output.sha256)
    return _problem(Path(target, output.path), partial(is_there, Path(target), output))


def _is_source(entry: Entry) -> bool:
    return Path(entry.source).is_file() and sha256_of(Path(entry.source)) == entry.source_sha256


def _problem(path: Path, is_same: Callable[[], bool]) -> str:
    try:
        if is_same():
            return ""
    except OSError as error:  # a bad sector, or no permission: told, and the others are looked at
        return f"cannot be read: {error.strerror or error}"
    return "has changed" if path.is_file() else "is gone"

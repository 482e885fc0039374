"""What a case is, and what every command must keep, whatever it is given."""

from __future__ import annotations

import hashlib
import json
import re
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

SECONDS = 10.0
"""Of processor time that one command may take."""
MEGABYTES = 1000.0
"""Of memory that the process may hold at its worst."""

_DONE, _FAILED, _REFUSED = 0, 1, 2
# What a caught exception from outside the family of errors looks like in a line: "ValueError: ...".
_FOREIGN = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Interrupt|StopIteration): ")
# libmpg123 speaks of damage in a stream by itself; libsndfile offers no way to keep it quiet.
_DECODER = re.compile(r"Note: |Warning: |\[src/libmpg123/|$")
_LINES = ("error: ", "warning: ", "note: ", "preparing: ")  # the last: kernels are compiled


@dataclass(frozen=True)
class Command:
    """One call of the command line.

    Attributes
    ----------
    arguments
        As after ``wavemend``.
    target
        Folder that it may write into; None: it writes nothing.
    documents
        Files outside the target that it may write as well.
    """

    arguments: tuple[str, ...]
    target: Path | None = None
    documents: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Run:
    """What became of a command.

    Attributes
    ----------
    command
        What was run.
    code
        Exit code; None where the process did not live to give one.
    out, err
        What it printed.
    end
        How it ended instead: a traceback, a signal, a hang; empty where it ended by itself.
    seconds
        Of processor time.
    megabytes
        Most memory that the process held meanwhile.
    more
        By how much that is over what it held before, in MB.
    """

    command: Command
    code: int | None
    out: str
    err: str
    end: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0
    more: float = 0.0


@dataclass(frozen=True)
class Case:
    """One mutation and what is done with it.

    Attributes
    ----------
    commands
        Run one after another, whatever becomes of each.
    check
        Called after each command; returns what is wrong with what it left, one line each.
    made_by
        What the mutation did, for people.
    """

    commands: Sequence[Command]
    check: Callable[[Run], list[str]]
    made_by: str = ""


class Kind(Protocol):
    """A kind of input that is mutated."""

    name: str

    def case(self, seed: int, index: int, folder: Path) -> Case:
        """Write the input number `index` into an empty folder; the same for the same seed and index."""


def snapshot(folder: Path) -> dict[Path, str]:
    """Return the hash of every file below a folder, and an empty text for every folder."""
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def strict_json(text: str) -> Any:
    """Read JSON as its standard has it: no NaN, no infinity.

    Raises
    ------
    ValueError
        It is none.
    """

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def faults(run: Run, before: dict[Path, str], after: dict[Path, str]) -> list[str]:
    """Return what every command keeps and this one did not; the snapshots are of all that it could reach."""
    found = []
    if run.end:
        found.append(run.end)
    if run.megabytes > MEGABYTES:
        found.append(f"{run.megabytes:.0f} MB of memory")
    found += _strays(run.command, before, after)
    if run.code is None:
        return found
    if run.code not in (_DONE, _FAILED, _REFUSED):
        found.append(f"exit code {run.code}")
    lines = [line for line in run.err.splitlines() if not _DECODER.match(line)]
    found += [f"on standard error: {line:.200}" for line in lines if not line.startswith(_LINES)]
    errors = [line for line in lines if line.startswith("error: ")]
    found += [f"not of the family: {line:.300}" for line in errors if _FOREIGN.search(line)]
    if bool(run.code) != bool(errors) or len(errors) > 1:
        found.append(f"exit code {run.code} with {len(errors)} lines of errors")
    if "--json" in run.command.arguments and run.code != _REFUSED:
        try:
            strict_json(run.out)
        except ValueError as error:
            found.append(f"no JSON on standard output: {error}")
    return found


def _strays(command: Command, before: dict[Path, str], after: dict[Path, str]) -> list[str]:
    """Tell of files outside the target that came, went or changed."""
    target = command.target

    def may_change(path: Path) -> bool:
        inside = target is not None and (path == target or target in path.parents)
        return inside or path in command.documents

    changed = (path for path in {**before, **after} if before.get(path) != after.get(path))
    return [f"changed outside the target: {path}" for path in sorted(changed) if not may_change(path)]


def signal_name(code: int) -> str:
    """Say how a process ended whose return code is negative."""
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended with return code {code}"

"""What a worker elsewhere sees and computes with: asked before it is given a recording.

Nothing heavy is imported here before `look` runs: threads are counted when NumPy is loaded.
"""

from __future__ import annotations

import os
import pickle
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..storage.locking import hold
from ..storage.publishing import PART_SUFFIX
from .workers import use_one_thread

if TYPE_CHECKING:
    from .executors import Needs


@dataclass(frozen=True)
class Sight:
    """What one worker answered.

    Attributes
    ----------
    traits
        What it computes with: `likeness.traits`, and the hash of each preset's recipe.
    problem
        Why it cannot do the work, where it cannot.
    """

    traits: Mapping[str, str]
    problem: str = ""


@contextmanager
def questions(needs: Needs) -> Iterator[bytes]:
    """Give what to ask `look` with; while it is asked, a file in the target tells that folder from others.

    It is held: what a process leaves of it that is killed, the next run clears away with its other leftovers.
    """
    words = secrets.token_hex(16)
    token = hold(needs.target.absolute() / f"wavemend-seen-{words}", PART_SUFFIX) if needs.target else None
    try:
        if token:
            token.file.write(words.encode())
            token.file.flush()
        written = (str(token.path), words) if token else None
        yield pickle.dumps(partial(_see, os.getcwd(), written, _samples(needs), needs.recipes))
    finally:
        if token:
            token.path.unlink(missing_ok=True)
            token.file.close()


def _samples(needs: Needs) -> list[tuple[str, int]]:
    """Return a recording of each folder with its size, and the other files: to look at all takes too long."""
    recordings = {path.absolute().parent: path for path in needs.sources}
    paths = [path.absolute() for path in (*recordings.values(), *needs.paths)]
    return [(str(path), path.stat().st_size if path.is_file() else -1) for path in paths if path.exists()]


def look(asked: bytes) -> Sight:
    """Answer, in the worker."""
    use_one_thread()
    from .likeness import traits  # noqa: PLC0415 - after threads are counted

    found = traits()
    try:
        see: Callable[[], tuple[str, Mapping[str, str]]] = pickle.loads(asked)  # noqa: S301 - from our own
        problem, recipes = see()
    except Exception as error:  # told by who asked
        return Sight(found, str(error) or type(error).__name__)
    return Sight({**found, **recipes}, problem)


def _see(
    folder: str,
    token: tuple[str, str] | None,
    samples: Sequence[tuple[str, int]],
    recipes: Callable[[], Mapping[str, str]],
) -> tuple[str, Mapping[str, str]]:
    try:
        os.chdir(folder)  # names are meant from there, and so are a project's presets
    except OSError as error:
        return f"cannot enter {folder}, where the run was started: {error.strerror or error}", {}
    if token and (problem := _unlike(*token)):
        return problem, {}
    for path, size in samples:
        if not os.path.exists(path):
            return f"cannot see {path}", {}
        if size >= 0 and os.path.getsize(path) != size:
            return f"sees another file as {path}", {}
    return "", recipes()


def _unlike(token: str, words: str) -> str:
    target = os.path.dirname(token)
    try:
        if Path(token).read_text(encoding="ascii") != words:
            return f"sees another folder as {target}"
        with tempfile.TemporaryFile(dir=target):
            return ""
    except FileNotFoundError:
        return f"sees another folder as {target}, or none"
    except (OSError, ValueError) as error:
        return f"cannot write into {target}: {getattr(error, 'strerror', None) or error}"

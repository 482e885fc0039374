"""Where presets are found by name: those of the project, one's own, and those that come with wavemend.

The nearer one goes first: a project may hold a ``vinyl`` of its own, which then is meant by that name in its
folders; ``factory:vinyl`` says the level too, and always means that one.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import platformdirs

from ...errors import PresetError

SCHEMA_NAME = "wavemend-preset-1.schema.json"
PROJECT_FILE = "wavemend.toml"
"""What makes a folder a project's; its presets lie in ``presets`` beside it."""

LEVELS = ("project", "user", "factory")
"""In the order in which they are searched."""

_SUFFIX = ".json"


@dataclass(frozen=True)
class Entry:
    """A preset of the library.

    Attributes
    ----------
    name
        What it is called.
    level
        One of `LEVELS`.
    path
        Its file; None for a factory preset.
    hidden_by
        Level whose preset of the same name goes first, as `entries` tells it; empty where none does.
    """

    name: str
    level: str
    path: Path | None = None
    hidden_by: str = ""

    @property
    def qualified(self) -> str:
        """Name that means this very preset, whatever others there are."""
        return f"{self.level}:{self.name}"

    @property
    def shown(self) -> str:
        """What errors call it by."""
        return str(self.path) if self.path else self.name

    def read(self, most: int) -> bytes:
        """Return its first `most` bytes; raises `PresetError`."""
        if self.path is None:
            return files("wavemend.presets").joinpath(self.name + _SUFFIX).read_bytes()
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):  # a pipe would wait for its writer
                raise PresetError(f"{self.path}: is no file")
            with self.path.open("rb") as file:
                return file.read(most)
        except OSError as error:
            raise PresetError(f"{self.path}: cannot be read: {error.strerror or error}") from None


def preset_names() -> list[str]:
    """Names of the factory presets, sorted."""
    entries = (entry.name for entry in files("wavemend.presets").iterdir())
    return sorted(n.removesuffix(_SUFFIX) for n in entries if n.endswith(_SUFFIX) and n != SCHEMA_NAME)


def project_file(start: Path | None = None) -> Path | None:
    """Return the nearest project file, in the folder `start` (None: the working folder) or above it."""
    here = Path(os.path.abspath(start or "."))
    return next((place / PROJECT_FILE for place in (here, *here.parents) if _is_project(place)), None)


def _is_project(folder: Path) -> bool:
    try:
        return (folder / PROJECT_FILE).is_file()
    except OSError:  # a folder above that may not be looked into
        return False


def folder_of(level: str, start: Path | None = None) -> Path:
    """Return the folder of one's own or the project's presets, which need not be there.

    Raises
    ------
    PresetError
        There is no project here, or nobody writes presets of that level.
    """
    if level == "user":
        return platformdirs.user_data_path("wavemend", appauthor=False) / "presets"
    if level == "factory":
        raise PresetError("factory presets never change: say user:NAME, project:NAME or a path")
    project = project_file(start)
    if project is None:
        raise PresetError(f"no {PROJECT_FILE} is here or in a folder above, so there is no project")
    return project.parent / "presets"


def entries(start: Path | None = None) -> list[Entry]:
    """Return every preset of the library, by level and name; `start` is as in `project_file`."""
    found: list[Entry] = []
    first: dict[str, str] = {}
    for level in LEVELS:
        for name, path in _of_level(level, start):
            found.append(Entry(name, level, path, first.get(name, "")))
            first.setdefault(name, level)
    return found


def _of_level(level: str, start: Path | None) -> Iterator[tuple[str, Path | None]]:
    if level == "factory":
        yield from ((name, None) for name in preset_names())
        return
    if level == "project" and project_file(start) is None:
        return
    folder = folder_of(level, start)
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)
    except OSError:  # not there, or not to be looked into
        return
    yield from ((path.stem, path) for path in paths if _is_plain(path.stem))


def find_entry(text: str, start: Path | None = None) -> Entry | None:
    """Return the preset that `text` names, with its level or without; None where it names none.

    Raises
    ------
    PresetError
        It names a level that has no such preset.
    """
    level, name = split_level(text)
    if not _is_plain(name):
        if level:
            raise PresetError(f"{text!r}: a preset's name holds no folder, and begins with no dot")
        return None
    there = (_entry_in(one, name, start) for one in ([level] if level else LEVELS))
    found = next(filter(None, there), None)
    if found is None and level:
        known = ", ".join(entry.name for entry in entries(start) if entry.level == level) or "none"
        raise PresetError(f"there is no preset {text!r}; {level} presets: {known}")
    return found


def _entry_in(level: str, name: str, start: Path | None) -> Entry | None:
    """Look for one file, however many lie beside it."""
    if level == "factory":
        return Entry(name, level) if name in preset_names() else None
    if level == "project" and project_file(start) is None:
        return None
    path = folder_of(level, start) / f"{name}{_SUFFIX}"
    return Entry(name, level, path) if os.path.lexists(path) else None


def split_level(text: str) -> tuple[str, str]:
    """Split ``"user:gentle"`` into level and name; the level is empty where none is said."""
    level, colon, name = text.partition(":")
    return (level, name) if colon and level in LEVELS else ("", text)


def target_of(text: str, start: Path | None = None) -> Path:
    """Return the file that a preset is to be written to: a path, ``user:NAME`` or ``project:NAME``.

    The folder of the level is made. Raises `PresetError`.
    """
    level, name = split_level(text)
    if not level:
        return Path(text)
    folder = folder_of(level, start)
    name = name.removesuffix(_SUFFIX)
    if not _is_plain(name):
        raise PresetError(f"{text!r}: a preset's name holds no folder, and begins with no dot")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PresetError(f"{folder}: the folder cannot be made: {error.strerror or error}") from None
    return folder / f"{name}{_SUFFIX}"


def _is_plain(name: str) -> bool:
    separators = {"/", "\\", "\0", os.sep, os.altsep or os.sep}
    return bool(name) and not name.startswith(".") and not separators & set(name)


def said_names(text: str, start: Path | None = None) -> str:
    """Name the presets that there are, for an error about `text`: first those that it may have meant."""
    own = [entry.qualified for entry in entries(start) if entry.level != "factory"]
    names = [*preset_names(), *own]
    near = difflib.get_close_matches(text, names)
    return ", ".join([*near, *(name for name in names if name not in near)])


def hiding(text: str, start: Path | None = None) -> str:
    """Say whose preset `text` means where others are called so too; empty where none are."""
    entry = find_entry(text, start)
    if entry is None or split_level(text)[0]:
        return ""
    hidden = [other.qualified for other in entries(start) if other.name == text and other.hidden_by]
    return f"{text} is {entry.path}; say {' or '.join(hidden)} for the other" if hidden else ""

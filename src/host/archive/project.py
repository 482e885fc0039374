"""``wavemend.toml``: the preset and options of a whole collection, pinned beside its recordings.

::

    preset = "sides"             # of presets/ beside this file, else one's own, else the factory's

    [set]                        # as --set
    declick.sensitivity = 4
    denoise.bypass = true

    [render]                     # as the options of `wavemend render`
    strength = 80
    removed = true

It is named in place of a preset: ``wavemend render wavemend.toml sides/ -o restored/``. Nothing else makes it
count, and what is said on the command line goes first.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from ...errors import ParameterError, PlanError, WavemendError
from ..presets.library import PROJECT_FILE, find_entry, said_names
from ..presets.overrides import edited_preset
from ..rendering.options import Overs, RenderOptions
from ..storage.strict_json import clip, short
from ..vst3.missing import MISSING

# guard: of a text file, and of its lines: dots in a key cost the TOML reader the square of their number
_MOST_BYTES, _LONGEST_LINE = 2**16, 400
_MOST_NESTING = 16  # guard: of tables, which are read by recursion
_LARGEST = 10**300  # guard: every whole number up to it is also a float, and can be printed
_KEYS = ("preset", "set", "render")
_KINDS: dict[str, tuple[type, ...]] = {
    "removed": (bool,),
    "events": (bool,),
    "labels": (bool,),
    "document": (bool,),
    "ease_lossy": (bool,),
    "guard": (bool,),
    "strength": (int, float),
    "trim_ends_s": (int, float),
    "seed": (int,),
    "overs": (str,),
    "missing": (str,),
    "track": (int, str),
}
_WORDS = {"overs": get_args(Overs), "missing": MISSING}
_SAID = {bool: "true or false", int: "a number", float: "a number", str: "a word in quotes"}


@dataclass(frozen=True)
class Project:
    """What a project file pins.

    Attributes
    ----------
    path
        The file.
    preset
        What names the preset, whatever the working folder is.
    settings
        ``SLOT.PARAMETER=VALUE`` each.
    options
        Of `RenderOptions`, and ``missing``, by name; those that it says alone.
    """

    path: Path
    preset: str
    settings: list[str]
    options: dict[str, Any]


def is_project(text: str) -> bool:
    """Whether what stands in the place of a preset is a project file."""
    return Path(text).name == PROJECT_FILE


def read_project(path: Path) -> Project:
    """Read a project file; a stranger may have written it.

    Raises
    ------
    PlanError
        Naming file, key and value, and what it must be.
    """
    try:
        top = _parsed(path)
        _check_extent(top)
        _check_keys(top, "", _KEYS)
        preset = _preset(top.get("preset"), path)
        settings = list(_settings(_table(top, "set")))
        edited_preset(preset, settings)  # refuses what the preset does not take
        return Project(path, preset, settings, _options(_table(top, "render")))
    except PlanError:
        raise
    except WavemendError as error:
        raise PlanError(f"{path}: {clip(str(error))}") from None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise PlanError(f"{path}: larger than {_MOST_BYTES >> 10} KB; a project file is a few lines")
        text = data.decode("utf-8-sig")
        lines = (line for line in text.split("\n") if not line.lstrip().startswith("#"))
        if any(len(line) > _LONGEST_LINE for line in lines):
            raise PlanError(f"{path}: holds a line over {_LONGEST_LINE} characters that is no comment")
        return tomllib.loads(text)
    except OSError as error:
        raise PlanError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise PlanError(f"{path}: is not text in UTF-8") from None
    except PlanError:
        raise
    except (ValueError, RecursionError) as error:
        raise PlanError(f"{path}: is not TOML: {clip(str(error))}") from None


def _check_extent(top: dict[str, Any]) -> None:
    """Refuse what cannot be printed in an error; raises `ParameterError`."""
    waiting: list[tuple[Any, int]] = [(top, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _MOST_NESTING:
            raise ParameterError("is nested too deeply; write declick.sensitivity = 4")
        if isinstance(value, dict | list):
            inside = value.values() if isinstance(value, dict) else value
            waiting += [(one, depth + 1) for one in inside]
        elif isinstance(value, int) and abs(value) > _LARGEST:
            raise ParameterError("holds a whole number of more than 300 digits")


def _check_keys(table: Mapping[str, Any], where: str, known: Iterable[str]) -> None:
    names = list(known)
    for key in table:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
            raise ParameterError(f"{clip(where + key)} is no key of a project file; {remedy}")


def _table(top: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = top.get(name, {})
    if not isinstance(table, dict):
        raise ParameterError(f"{name} = {short(table)} is not allowed; it must be a table: [{name}]")
    return table


def _preset(name: Any, path: Path) -> str:
    if not isinstance(name, str) or not name:
        said = f"preset = {short(name)} is not allowed" if name is not None else "preset is missing"
        raise ParameterError(f'{said}; name one: preset = "vinyl"')
    entry = find_entry(name, path.absolute().parent)
    if entry is None:
        raise ParameterError(
            f"preset = {short(name)} is not found; it must be the name of a preset, whose file lies in "
            f"{path.absolute().parent / 'presets'}, or one of {said_names(name, path.absolute().parent)}"
        )
    return str(entry.path) if entry.path else entry.qualified


def _settings(table: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield settings from tables in tables, as dots in TOML's keys make them."""
    for key, value in table.items():
        name = f"{above}.{key}" if above else key
        if isinstance(value, dict):
            yield from _settings(value, name)
        elif isinstance(value, bool):
            yield f"{name}={'on' if value else 'off'}"
        elif isinstance(value, int | float | str):
            yield f"{name}={value}"
        else:
            raise ParameterError(f"set.{clip(name)} = {short(value)} is not allowed; it must be one value")


def _options(table: Mapping[str, Any]) -> dict[str, Any]:
    _check_keys(table, "render.", _KINDS)
    for name, value in table.items():
        kinds, words = _KINDS[name], _WORDS.get(name)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            said = " or ".join(dict.fromkeys(_SAID[kind] for kind in kinds))
            raise ParameterError(f"render.{name} = {short(value)} is not allowed; it must be {said}")
        if words and value not in words:
            allowed = ", ".join(words)
            raise ParameterError(
                f"render.{name} = {short(value)} is not allowed; it must be one of {allowed}"
            )
    RenderOptions(**{name: value for name, value in table.items() if name != "missing"})
    return dict(table)

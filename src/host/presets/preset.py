"""Presets: what engineers share. Readable JSON with every value written out, and a published schema.

A preset from a stranger is data: it names stages, stock effects and VST3s that are installed here, never a
file, and nothing in it is run.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...errors import AudioFileError, ParameterError, PresetError, StrictJsonError
from ..chain.chain import Chain
from ..storage.json_text import json_text
from ..storage.publishing import Publication
from ..storage.strict_json import check_fields, has_control_characters, parse_object, short
from ..vst3.missing import MISSING
from .library import find_entry, said_names
from .pack_file import PACK_MARK
from .slots import Loading, chain_to_json, parse_chain

FORMAT = "wavemend-preset"
FORMAT_VERSION = 1  # source: the published schema, whose number it is

_MOST_BYTES = 16 * 2**20  # guard: memory, against hostile files; the largest state in base64 fits
_SCHEMA = "$schema"
_LONGEST_SCHEMA = 2048  # guard: of an address, in characters
_TOP_FIELDS = {_SCHEMA, "format", "format_version", "name", "description", "chain"}


@dataclass(frozen=True)
class Preset:
    """A named chain.

    Attributes
    ----------
    name, description
        For people.
    chain
        The preset's own, made when it was loaded: to change it is to change this preset, but neither its file
        nor what is loaded next. `new_chain` makes a new one.
    schema
        Where its file says that editors find its JSON Schema; empty where it says nothing.
    """

    name: str
    description: str
    chain: Chain
    schema: str = ""

    def new_chain(self) -> Chain:
        """Make a chain like the preset's, new down to its members: what is changed in it stays in it.

        Raises
        ------
        PluginError
            A member that was put in by hand cannot be copied.
        """
        return copy.deepcopy(self.chain)


def preset_title(source: str | os.PathLike[str]) -> tuple[str, str]:
    """Return name and description of a preset; its chain, and all that this would load, is left.

    Raises
    ------
    PresetError
        There is no such preset, or it is none.
    """
    top = _top_of(source)
    return top["name"], top["description"]


def preset_slots(source: str | os.PathLike[str]) -> Any:
    """Return the slots of a preset as its JSON has them, unchecked, without loading what they name.

    Raises
    ------
    PresetError
        There is no such preset, or it is none.
    """
    return _top_of(source)["chain"]


def _top_of(source: str | os.PathLike[str]) -> dict[str, Any]:
    data, name = _read(source)
    try:
        return _parse_top(data)
    except (PresetError, StrictJsonError) as error:
        raise PresetError(f"{name}: {error}") from None


def load_preset(
    source: str | os.PathLike[str],
    *,
    missing: str | None = None,
    bypass: Mapping[str, bool] = MappingProxyType({}),
) -> Preset:
    """Load a preset by name, or a preset file by path.

    Parameters
    ----------
    source
        Name, with its level (``"factory:vinyl"``) or without: the project's goes before one's own, and that
        before the factory's. Or a path.
    missing
        What to do where a VST3 is not installed, or cannot be used: ``"fail"``, ``"bypass"`` or
        ``"substitute"``; None: what its slot says.
    bypass
        Slots to switch off or on before any plugin is looked for, by number (``"2"``, ``"3.1"``). A VST3
        that is bypassed need not be installed.

    Raises
    ------
    PresetError
        Naming file, slot, parameter, value and range, whatever is wrong with it.
    ParameterError
        `missing` is none of these.
    """
    if missing is not None and missing not in MISSING:
        raise ParameterError(f"missing={missing!r} is not allowed; it must be one of {', '.join(MISSING)}")
    return parse_preset(*_read(source), Loading(missing, bypass))


def described_preset(source: str | os.PathLike[str]) -> Preset:
    """Load a preset to be looked at, whatever is installed: VST3s are not looked for.

    Their slots, and those of stages that are not installed, are empty, and `stands_for` holds their JSON.
    Errors are those of `load_preset`, but for plugins that are not there or fail.
    """
    return parse_preset(*_read(source), Loading(look_only=True))


def preset_bytes(source: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a preset's file, unchecked; raises `PresetError` where there is none."""
    return _read(source)[0]


def _read(source: str | os.PathLike[str]) -> tuple[bytes, str]:
    """Return the bytes of a preset, and what errors call it by."""
    text = os.fspath(source)
    entry = find_entry(text)
    if entry is not None:
        return entry.read(_MOST_BYTES + 1), entry.shown
    path = Path(source)
    if path.suffix != ".json" and os.sep not in text and not path.exists():
        raise PresetError(f"there is no preset {text!r}; the factory presets are {said_names(text)}")
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise PresetError(f"{path}: cannot be read: {error.strerror or error}") from None
    return data, str(path)


def save_preset(preset: Preset, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write `preset` to `path` as JSON; every value is written out.

    Raises
    ------
    PresetError
        The file is there already, a member cannot be stored in a preset, or `load_preset` would refuse it.
    """
    _write(preset, Path(path), overwrite=overwrite)


def replace_preset(preset: Preset, path: str | os.PathLike[str], before: bytes) -> None:
    """Write `preset` over the file that it was made of, where that is still what it was.

    Parameters
    ----------
    preset
        What is to stand there.
    path
        The file.
    before
        Its bytes as they were read.

    Raises
    ------
    PresetError
        As `save_preset`, and where somebody else wrote the file meanwhile, or is writing it.
    """
    _write(preset, Path(path), overwrite=True, before=before)


def _write(preset: Preset, target: Path, *, overwrite: bool, before: bytes | None = None) -> None:
    text = json_text(preset_to_json(preset), indent=2) + "\n"
    parse_preset(text.encode(), f"{target}: cannot be stored", Loading(look_only=True))
    try:
        with Publication(overwrite=overwrite) as publication:
            publication.part_of(target).write_text(text, encoding="utf-8")
            # from here on no other wavemend writes it
            if before is not None and preset_bytes(target) != before:
                raise PresetError(f"{target}: was changed meanwhile by somebody else; edit it again")
            publication.publish()
    except AudioFileError as error:
        raise PresetError(str(error)) from None


def preset_to_json(preset: Preset) -> dict[str, Any]:
    """Return the JSON object that stands for `preset`."""
    return {
        **({_SCHEMA: preset.schema} if preset.schema else {}),
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": preset.name,
        "description": preset.description,
        "chain": chain_to_json(preset.chain),
    }


def parse_preset(data: bytes, source: str, how: Loading | None = None) -> Preset:
    """Parse the bytes of a preset; `source` is what errors call it by. Raises `PresetError`."""
    try:
        top = _parse_top(data)
        chain = parse_chain(top["chain"], how or Loading())
        return Preset(top["name"], top["description"], chain, top.get(_SCHEMA, ""))
    except (PresetError, StrictJsonError) as error:
        raise PresetError(f"{source}: {error}") from None


def _parse_top(data: bytes) -> dict[str, Any]:
    """Read a preset's fields and check all but the chain."""
    if len(data) > _MOST_BYTES:
        raise PresetError(f"larger than {_MOST_BYTES // 2**20} MB; a preset is a small text file")
    if data.startswith(PACK_MARK):
        raise PresetError("is a pack: take the preset out of it with `wavemend presets unpack FILE`")
    top: dict[str, Any] = parse_object(data, "a preset")
    check_fields(top, "the preset", _TOP_FIELDS, {"format", "format_version", "name", "chain"})
    if top["format"] != FORMAT:
        raise PresetError(f"format is {short(top['format'])}; a preset's is {FORMAT!r}")
    if top["format_version"] != FORMAT_VERSION:
        raise PresetError(
            f"format_version is {short(top['format_version'])}; this wavemend reads {FORMAT_VERSION}"
        )
    name, description = top["name"], top.setdefault("description", "")
    if not (isinstance(name, str) and isinstance(description, str)):
        raise PresetError("name and description must be text")
    if has_control_characters(name + description):
        raise PresetError("name and description must not hold control characters")
    schema = top.get(_SCHEMA, "")
    if not isinstance(schema, str) or len(schema) > _LONGEST_SCHEMA or has_control_characters(schema):
        raise PresetError(f"{_SCHEMA} is {short(schema)}; it must be an address")
    return top

"""Presets: what engineers share. Readable JSON with every value written out, and a published schema.

A preset from a stranger is data: it names stages, stock effects and VST3s that are installed here, never a
file, and nothing in it is run.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pedalboard

from ...contract.registry import stage_class, stage_ids
from ...contract.stage import Stage
from ...errors import (
    AudioFileError,
    FindingsError,
    ParameterError,
    PluginError,
    PresetError,
    StrictJsonError,
    UnknownParameterError,
)
from ..chain.chain import Chain
from ..chain.path import slot_number
from ..chain.slot import Member, Slot
from ..stock.stock import MOST_OF, WHY_NOT_IN_PRESETS, make_stock, name_of, stock_effects, stock_values
from ..storage.json_text import json_text
from ..storage.publishing import Publication
from ..storage.strict_json import check_fields, clip, has_control_characters, parse_object, short
from ..vst3.plugin import MISSING, VST3
from . import vst3_slot as preset_slot

FORMAT = "wavemend-preset"
FORMAT_VERSION = 1
SCHEMA_NAME = "wavemend-preset-1.schema.json"

_MOST_BYTES = 16 * 2**20
MOST_SLOTS = 256
_MOST_NESTING = 8
STOCK = "pedalboard."
_TOP_FIELDS = {"$schema", "format", "format_version", "name", "description", "chain"}
_PLACE_FIELDS = {"bypass", "mix"}
_SLOT_FIELDS = {"plugin", "version", "parameters", "findings", "chain", *_PLACE_FIELDS}


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
    """

    name: str
    description: str
    chain: Chain

    def new_chain(self) -> Chain:
        """Make a chain like the preset's, new down to its members: what is changed in it stays in it.

        Raises
        ------
        PluginError
            A member that was put in by hand cannot be copied.
        """
        return copy.deepcopy(self.chain)


def preset_names() -> list[str]:
    """Names of the factory presets, sorted."""
    suffix = ".json"
    entries = (entry.name for entry in files("wavemend.presets").iterdir())
    return sorted(n.removesuffix(suffix) for n in entries if n.endswith(suffix) and n != SCHEMA_NAME)


def preset_title(name: str) -> tuple[str, str]:
    """Return name and description of a factory preset; its chain, and all that this would load, is left."""
    top = _parse_top(_factory_bytes(name))
    return top["name"], top["description"]


def preset_slots(source: str | os.PathLike[str]) -> Any:
    """Return the slots of a preset as its JSON has them, unchecked, without loading what they name.

    Raises
    ------
    PresetError
        There is no such preset, or it is none.
    """
    data, name = _read(source)
    try:
        return _parse_top(data)["chain"]
    except StrictJsonError as error:
        raise PresetError(f"{name}: {error}") from None


def _factory_bytes(name: str) -> bytes:
    return files("wavemend.presets").joinpath(f"{name}.json").read_bytes()


def load_preset(
    source: str | os.PathLike[str],
    *,
    missing: str | None = None,
    bypass: Mapping[str, bool] = MappingProxyType({}),
) -> Preset:
    """Load a factory preset by name, or a preset file by path.

    Parameters
    ----------
    source
        Name or path.
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


def _read(source: str | os.PathLike[str]) -> tuple[bytes, str]:
    """Return the bytes of a preset, and what errors call it by."""
    text = os.fspath(source)
    if text in preset_names():
        return _factory_bytes(text), text
    path = Path(source)
    if path.suffix != ".json" and os.sep not in text and not path.exists():
        raise PresetError(f"there is no preset {text!r}; the factory presets are {', '.join(preset_names())}")
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
    text = json_text(preset_to_json(preset), indent=2) + "\n"
    parse_preset(text.encode(), f"{path}: cannot be stored", Loading(look_only=True))
    target = Path(path)
    try:
        with Publication(overwrite=overwrite) as publication:
            publication.part_of(target).write_text(text, encoding="utf-8")
            publication.publish()
    except AudioFileError as error:
        raise PresetError(str(error)) from None


def preset_to_json(preset: Preset) -> dict[str, Any]:
    """Return the JSON object that stands for `preset`."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": preset.name,
        "description": preset.description,
        "chain": chain_to_json(preset.chain),
    }


def chain_to_json(chain: Chain) -> list[dict[str, Any]]:
    """Return the slots of `chain` as JSON objects; empty slots are left out."""
    slots = []
    for slot in chain.slots:
        if slot.stands_for is not None:
            described = dict(slot.stands_for)
            if slot.member is not None:
                described["substitute"] = _member_to_json(slot.member)
        elif slot.member is None:
            continue
        else:
            described = _member_to_json(slot.member)
        if slot.bypass:
            described["bypass"] = True
        if slot.mix != 1:
            described["mix"] = slot.mix
        slots.append(described)
    return slots


def _member_to_json(member: Member) -> dict[str, Any]:
    if isinstance(member, Chain):
        return {"chain": chain_to_json(member)}
    if isinstance(member, Stage):
        described = {"plugin": member.id, "version": member.version, "parameters": member.values()}
        return described | ({"findings": member.findings.to_json()} if member.findings is not None else {})
    if isinstance(member, VST3):
        stand_in = {"substitute": _member_to_json(member.substitute)} if member.substitute is not None else {}
        return preset_slot.to_json(member) | stand_in
    if isinstance(member, pedalboard.Chain):  # which a Pedalboard is
        return {"chain": chain_to_json(Chain(list(member)))}
    if isinstance(member, pedalboard.VST3Plugin):
        return preset_slot.to_json(preset_slot.adopted(member))
    name = type(member).__name__
    if name not in stock_effects():
        why = WHY_NOT_IN_PRESETS.get(name, "stages, stock effects, wavemend.VST3s and chains of them can")
        raise PresetError(f"{name_of(member)} cannot be stored in a preset; {why}")
    values = stock_values(member)
    try:
        make_stock(name, values)
    except PluginError as error:
        raise PresetError(f"{name} cannot be stored in a preset: {error}") from None
    return {"plugin": STOCK + name, "parameters": values}


@dataclass(frozen=True)
class Loading:
    """How the slots of a preset become members.

    Attributes
    ----------
    missing, bypass
        See `load_preset`.
    look_only
        See `described_preset`.
    """

    missing: str | None = None
    bypass: Mapping[str, bool] = field(default_factory=dict)
    look_only: bool = False


def parse_preset(data: bytes, source: str, how: Loading | None = None) -> Preset:
    """Parse the bytes of a preset; `source` is what errors call it by. Raises `PresetError`."""
    try:
        top = _parse_top(data)
        chain = _parse_chain(top["chain"], "slot ", 0, how or Loading())
        return Preset(top["name"], top["description"], chain)
    except (PresetError, StrictJsonError) as error:
        raise PresetError(f"{source}: {error}") from None


def _parse_top(data: bytes) -> dict[str, Any]:
    """Read a preset's fields and check all but the chain."""
    if len(data) > _MOST_BYTES:
        raise PresetError(f"larger than {_MOST_BYTES // 2**20} MB; a preset is a small text file")
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
    return top


def _parse_chain(slots: Any, where: str, depth: int, how: Loading) -> Chain:
    if not isinstance(slots, list):
        raise PresetError(f"{where.removesuffix('.')}: chain must be a list of slots")
    if depth > _MOST_NESTING:
        raise PresetError(f"has chains nested deeper than {_MOST_NESTING}; make two of it")
    if depth == 0:
        _check_number(list(_every_slot(slots)))
    return Chain([_parse_slot(slot, f"{where}{index + 1}", depth, how) for index, slot in enumerate(slots)])


def _every_slot(slots: list[Any]) -> Iterator[Any]:
    """Yield the slots of a chain, and those of nested chains, whatever they hold."""
    waiting = [slots]
    while waiting:
        for slot in waiting.pop():
            yield slot
            inside = slot.get("chain") if isinstance(slot, dict) else None
            waiting += [inside] if isinstance(inside, list) else []


def _check_number(slots: list[Any]) -> None:
    """Refuse more slots than there is memory and time for."""
    if len(slots) > MOST_SLOTS:
        raise PresetError(f"has more than {MOST_SLOTS} slots; make two of it")
    effects = [slot for slot in slots if isinstance(slot, dict)]
    named = [
        one.get("plugin")
        for slot in effects
        for one in (slot, slot.get("substitute"))
        if isinstance(one, dict)
    ]
    for name, most in MOST_OF.items():
        if named.count(STOCK + name) > most:
            raise PresetError(f"has more than {most} slots of {STOCK}{name}; make two of it")


def _parse_slot(data: Any, where: str, depth: int, how: Loading) -> Slot:
    check_fields(data, where, _SLOT_FIELDS | preset_slot.FIELDS, set())
    if ("plugin" in data) == ("chain" in data):
        raise PresetError(f"{where}: needs either 'plugin' or 'chain'")
    bypass, mix = how.bypass.get(where.removeprefix("slot "), data.get("bypass", False)), data.get("mix", 1.0)
    stands_for = None
    if "chain" in data:
        check_fields(data, where, {"chain", *_PLACE_FIELDS}, set())
        member: Member = _parse_chain(data["chain"], where + ".", depth + 1, how)
    elif isinstance(data["plugin"], str) and data["plugin"].startswith(preset_slot.PREFIX):
        member, stands_for = _parse_vst3(data, where, how, bypassed=bypass is True)
    elif how.look_only and not is_installed(data["plugin"]):
        member, stands_for = None, _without_place(data)
    else:
        check_fields(data, where, _SLOT_FIELDS, set())
        member = _parse_plugin(data, where)
    try:
        return Slot(member, bypass=bypass, mix=mix, stands_for=stands_for)
    except ParameterError as error:
        raise PresetError(f"{where}: {error}") from None


def is_installed(plugin: Any) -> bool:
    """Whether a stage or a stock effect that a preset names is there; True for what is no name at all."""
    if not isinstance(plugin, str):
        return True
    return plugin in stage_ids() or plugin.removeprefix(STOCK) in stock_effects()


def absences(chain: Chain) -> Iterator[tuple[str, str]]:
    """Yield number and a sentence for every plugin of a `described_preset` that is missing here."""
    for path, slot in chain.walk():
        if slot.stands_for is None:
            continue
        plugin = slot.stands_for["plugin"]
        if not plugin.startswith(preset_slot.PREFIX):
            yield slot_number(path), f"{clip(plugin)} is not installed here"
        elif absence := preset_slot.Declared(slot.stands_for).absence():
            name, vendor = slot.stands_for["name"], slot.stands_for["vendor"]
            yield slot_number(path), clip(f"the VST3 {name} by {vendor} {absence}")


def _without_place(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in _PLACE_FIELDS}


def _parse_vst3(
    data: Mapping[str, Any], where: str, how: Loading, *, bypassed: bool
) -> tuple[Member, dict[str, Any] | None]:
    """Return the member, and the slot's own JSON where the member only stands in for the plugin."""
    where = f"{where} ({short(data.get('name', data['plugin'])).strip(chr(39))})"
    check_fields(data, where, preset_slot.FIELDS | _PLACE_FIELDS, set())
    substitute: Member = None
    if "substitute" in data:
        inside = f"{where}, substitute"
        check_fields(data["substitute"], inside, _SLOT_FIELDS - {"chain", *_PLACE_FIELDS}, {"plugin"})
        substitute = _parse_plugin(data["substitute"], inside)
    try:
        declared = preset_slot.Declared(data)
        if how.look_only:
            return None, _without_place(data)
        policy = how.missing or declared.missing
        plugin = declared.find(substitute, policy, bypassed=bypassed)
    except (ParameterError, PluginError, PresetError) as error:
        raise PresetError(f"{where}: {clip(str(error))}") from None
    if plugin is not None:
        return plugin, None
    return (substitute if policy == "substitute" else None), _without_place(data)


def _parse_plugin(data: Mapping[str, Any], where: str) -> Member:
    identifier = data["plugin"]
    if not isinstance(identifier, str):
        raise PresetError(f"{where}: plugin is {short(identifier)}; it must be the id of a stage")
    where = f"{where} ({short(identifier).strip(chr(39))})"
    parameters = data.get("parameters")
    if not isinstance(parameters, dict):
        raise PresetError(f"{where}: 'parameters' must be there, with every value")
    try:
        if identifier.startswith(STOCK):
            check_fields(data, where, _SLOT_FIELDS - {"version", "findings"}, set())
            return _make_stock(identifier.removeprefix(STOCK), parameters, where)
        kind = stage_class(identifier)
        if kind.id != identifier:  # which people may say in short, and files that are shared may not
            raise PresetError(f"{where}: a preset names a stage by its id, {kind.id!r}")
        return _make_stage(kind, data, where)
    except (ParameterError, PluginError, FindingsError) as error:
        raise PresetError(f"{where}: {clip(str(error))}") from None


def _make_stock(name: str, values: dict[str, Any], where: str) -> Member:
    plugin = make_stock(name, values)
    _demand(values, stock_values(plugin), where)
    return plugin


def _make_stage(kind: type[Stage], data: Mapping[str, Any], where: str) -> Stage:
    version = data.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise PresetError(f"{where}: version is {short(version)}; it must be a whole number from 1")
    if version > kind.version:
        raise PresetError(
            f"{where}: was made with version {version} of the stage, but {kind.version} is installed; "
            "upgrade wavemend, or the package that the stage comes from"
        )
    values = dict(data["parameters"])
    if version < kind.version:
        try:
            values = kind.upgrade(version, values)
        except Exception as error:
            raise PresetError(f"{where}: its version {version} cannot be upgraded: {error}") from error
    for name in values:
        if name not in kind.schema:
            kind(**{name: None})  # raises the schema's own error
    _demand(values, {name: parameter.default for name, parameter in kind.schema.items()}, where)
    stage = kind(**values)
    if "findings" in data:
        if kind.findings_type is None:
            raise PresetError(f"{where}: has findings, but this stage takes none")
        stage.findings = kind.findings_type.from_json(data["findings"])
    return stage


def _demand(values: Mapping[str, Any], defaults: Mapping[str, Any], where: str) -> None:
    """Refuse a value left out: a default that changed later would change how the preset sounds."""
    for name, default in defaults.items():
        if name not in values:
            raise UnknownParameterError(
                f"{name} is missing; a preset writes out every value (the default is {json.dumps(default)})"
            )

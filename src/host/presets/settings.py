"""What a preset says, slot by slot, in words for people: every setting with its unit, as `edit` takes it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ...contract.registry import stage_class, stage_ids
from ..chain.members.effect import EffectKind, unit_of
from ..storage.strict_json import clip
from .preset import described_preset, preset_slots
from .slots import absences, chain_to_json

_PLACE = ("bypass", "mix")
_BESIDE = ("block_size", "timeout_s", "memory_limit_gb", "missing")
_STOCK = f"{EffectKind.id}."


@dataclass(frozen=True)
class Setting:
    """One value of a slot.

    Attributes
    ----------
    name
        Its parameter, or ``bypass`` or ``mix``.
    value
        As the preset holds it.
    text
        The value for people, with its unit.
    allowed
        What may stand there; empty where only the plugin knows.
    """

    name: str
    value: Any
    text: str
    allowed: str = ""


@dataclass(frozen=True)
class SlotSettings:
    """What a preset says about one slot.

    Attributes
    ----------
    number
        ``"2"``, ``"3.1"`` in a nested chain.
    plugin
        Id of what sits there; ``"(nested chain)"``.
    title
        The same for people: a VST3 by its name.
    called
        What `edit` and ``--set`` call the slot: its short name, or its number where several have that.
    version
        The stage's that wrote it, or the VST3's; None where there is none.
    notes
        What a person should know of it, such as that the plugin is missing here.
    settings
        Every value.
    """

    number: str
    plugin: str
    title: str
    called: str
    version: Any = None
    notes: list[str] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)


def settings_of(source: str | os.PathLike[str]) -> list[SlotSettings]:
    """Return what a preset says about each slot, nested ones after the chain that holds them.

    Values are those that the installed stages make of what is stored; the version is the stored one. Nothing
    need be installed. Errors are those of `described_preset`.
    """
    described = described_preset(source).chain
    absent = dict(absences(described))
    stored = {number: slot.get("version") for number, slot in _walk(preset_slots(source))}
    slots = list(_walk(chain_to_json(described)))
    names = Counter(_short(slot) for _, slot in slots)
    return [
        SlotSettings(
            number,
            plugin := slot.get("plugin", "(nested chain)"),
            clip(str(slot.get("name", plugin))),
            _short(slot) if _short(slot) and names[_short(slot)] == 1 else number,
            stored[number],
            list(_notes(slot, stored[number], absent.get(number))),
            list(_settings(slot)),
        )
        for number, slot in slots
    ]


def _walk(slots: list[dict[str, Any]], above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for number, slot in enumerate(slots, start=1):
        yield f"{above}{number}", slot
        yield from _walk(slot.get("chain", []), f"{above}{number}.")


def _short(slot: dict[str, Any]) -> str:
    return clip(str(slot.get("name", slot.get("plugin", "").rpartition(".")[2]))).lower()


def _notes(slot: dict[str, Any], version: Any, absence: str | None) -> Iterator[str]:
    if absence:
        yield "missing"
    if slot.get("draft"):
        yield "draft"
    if "findings" in slot:
        yield "findings fixed"
    if slot.get("plugin") in stage_ids() and version != slot["version"]:
        yield f"version {slot['version']} is installed"


def _settings(slot: dict[str, Any]) -> Iterator[Setting]:
    for name, value in slot.get("parameters", {}).items():
        yield _setting(slot["plugin"], name, value)
    for name in (*_PLACE, *_BESIDE):
        if name in slot:
            allowed = {"bypass": "on or off", "mix": "a number from 0 to 1"}.get(name, "")
            yield Setting(name, slot[name], _plain(slot[name]), allowed)


def _setting(plugin: str, name: str, value: Any) -> Setting:
    """Say one parameter of a plugin, with unit and range as far as they are known here."""
    parameter = stage_class(plugin).schema.get(name) if plugin in stage_ids() else None
    if parameter is not None:
        return Setting(name, value, parameter.text(value) or "(empty)", parameter.allowed())
    if not plugin.startswith(_STOCK):
        return Setting(name, value, _plain(value))
    unit = unit_of(name)
    # Its ranges here are guards, so wide that they tell nobody what to choose.
    return Setting(
        name, value, f"{_plain(value)} {unit}".rstrip(), "on or off" if isinstance(value, bool) else ""
    )


def _plain(value: Any) -> str:
    """Write a value of JSON on one line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:.6g}"
    return clip(value if isinstance(value, str) else json.dumps(value))

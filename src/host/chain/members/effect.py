"""pedalboard's own effects, and what it loaded itself, as members of a chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pedalboard

from ....contract.stage import Step
from ....errors import PluginError, PresetError
from ...stock.stock import (
    WHY_NOT_IN_PRESETS,
    NativeSettings,
    make_stock,
    name_of,
    place_of,
    set_stock,
    stock_effects,
    stock_range,
    stock_values,
)
from ...stock.stream import NativeStream
from .kind import MemberKind, Opening
from .reading import Read, Reading, demand, on_or_off, plain, written_parameters

_UNITS = {"db": "dB", "hz": "Hz", "ms": "ms", "seconds": "s"}  # of pedalboard's names


def unit_of(parameter: str) -> str:
    """Return the unit that the name of a parameter of pedalboard's says; empty where it says none."""
    return _UNITS.get(parameter.rpartition("_")[2], "")


class EffectKind(MemberKind[pedalboard.Plugin]):
    """A plugin of pedalboard's; sound goes through the object itself."""

    id = "pedalboard"
    types = (pedalboard.Plugin,)
    fields = frozenset({"parameters"})

    def name(self, member: pedalboard.Plugin) -> str:
        """See `MemberKind.name`."""
        return name_of(member)

    def calls(self, member: pedalboard.Plugin) -> list[str]:
        """See `MemberKind.calls`."""
        short = type(member).__name__.lower()
        return [short, f"{self.id}.{short}"]

    def place(self, member: pedalboard.Plugin) -> Step | None:
        """See `MemberKind.place`."""
        return place_of(member)

    def limits(self, member: pedalboard.Plugin) -> bool:
        """See `MemberKind.limits`: a compressor is meant to work always."""
        return super().limits(member) and not isinstance(member, pedalboard.Compressor)

    def natives(self, member: pedalboard.Plugin) -> list[pedalboard.Plugin]:
        """See `MemberKind.natives`."""
        return [member]

    def stream(self, member: pedalboard.Plugin, opening: Opening) -> NativeStream:
        """See `MemberKind.stream`."""
        return NativeStream(member, opening.sample_rate, opening.channels)

    def set(self, member: pedalboard.Plugin, name: str, text: str) -> None:
        """See `MemberKind.set`."""
        is_switch = isinstance(getattr(member, name, None), bool)
        bare = text.strip().removesuffix(unit_of(name))
        set_stock(member, name, on_or_off(name, text) if is_switch else plain(bare))

    def recipe(self, member: pedalboard.Plugin) -> NativeSettings:
        """See `MemberKind.recipe`."""
        return NativeSettings.of(member)

    def to_json(self, member: pedalboard.Plugin) -> dict[str, Any]:
        """See `MemberKind.to_json`."""
        name = type(member).__name__
        if name not in stock_effects():
            why = WHY_NOT_IN_PRESETS.get(name, "stages, stock effects, wavemend.VST3s and chains of them can")
            raise PresetError(f"{name_of(member)} cannot be stored in a preset; {why}")
        values = stock_values(member)
        try:
            make_stock(name, values)
        except PluginError as error:
            raise PresetError(f"{name} cannot be stored in a preset: {error}") from None
        return {"plugin": f"{self.id}.{name}", "parameters": values}

    def read(self, data: Mapping[str, Any], reading: Reading) -> Read:
        """See `MemberKind.read`."""
        values = written_parameters(data)
        name = self._name_in(data)
        if reading.look_only and name not in stock_effects():
            return Read(None, dict(data))
        plugin = make_stock(name, values)
        demand(values, stock_values(plugin))
        return Read(plugin)

    def absence(self, data: Mapping[str, Any]) -> str:
        """See `MemberKind.absence`."""
        return "" if self._name_in(data) in stock_effects() else f"{data['plugin']} is not installed here"

    def _name_in(self, data: Mapping[str, Any]) -> str:
        return str(data["plugin"]).removeprefix(f"{self.id}.")

    def schemas(self) -> list[dict[str, Any]]:
        """See `MemberKind.schemas`."""
        effects = sorted(stock_effects().items()) if self.named else []
        return [_schema(f"{self.id}.{name}", name, kind) for name, kind in effects]


def _schema(plugin: str, name: str, kind: type) -> dict[str, Any]:
    properties = {}
    made = kind()
    for parameter, value in stock_values(made).items():
        words = getattr(type(getattr(made, parameter)), "__members__", None)
        if words is not None:
            allowed: dict[str, Any] = {"enum": list(words)}
        elif isinstance(value, bool):
            allowed = {"type": "boolean"}
        else:
            low, high = stock_range(name, parameter)
            allowed = {"type": "number", "minimum": low, "maximum": high}
        properties[parameter] = allowed | {"default": value}
    values = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "description": f"pedalboard's {name}",
        "properties": {
            "plugin": {"const": plugin},
            "parameters": values | {"required": list(properties)},
        },
        "required": ["plugin", "parameters"],
    }

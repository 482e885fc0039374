"""The chain as cards: what each stage is called, and its controls, from the schemas that presets have."""

from __future__ import annotations

from functools import cache
from typing import Any

from ...contract.registry import stage_class, stage_ids
from ...contract.stage import Stage
from ...errors import WavemendError
from ..chain.chain import Chain
from ..chain.members.effect import unit_of
from ..chain.members.registry import kind_of, kinds
from ..chain.members.stage import StageKind
from ..stock.stock import stock_effects
from .excerpt import Seat
from .plugins import PREFIX, Plugins, settings_of


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas of what presets may hold, by the plugin's id."""
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds():
        for schema in kind.schemas():
            plugin = schema.get("properties", {}).get("plugin", {}).get("const")
            if plugin:
                found[plugin] = schema
    return found


@cache
def addable() -> list[dict[str, str]]:
    """Return what may be added: stages, then pedalboard's effects."""
    stages = [
        {"plugin": one, "name": stage_class(one).name, "doc": summary(stage_class(one))}
        for one in stage_ids()
    ]
    effects = [
        {"plugin": f"pedalboard.{name}", "name": name, "doc": "pedalboard"}
        for name in sorted(stock_effects())
    ]
    return stages + effects


def new_slot(plugin: str) -> dict[str, Any]:
    """Return a slot with defaults, as a preset has it; raises `WavemendError` where nothing is called so."""
    if plugin in stage_ids():
        stage = stage_class(plugin)()
        return StageKind().to_json(stage)
    schema = schemas().get(plugin)
    if schema is None:
        raise WavemendError(f"nothing that may be added is called {plugin!r}")
    properties = schema["properties"]["parameters"]["properties"]
    return {"plugin": plugin, "parameters": {name: one["default"] for name, one in properties.items()}}


def summary(stage: type[Stage]) -> str:
    """Return the first sentence that a stage's author wrote of it."""
    return " ".join(stage.about.split("\n\n")[0].split())


def card(seat: Seat, learned: str, plugins: Plugins | None = None) -> dict[str, Any]:
    """Return what a card shows of a seat.

    Parameters
    ----------
    seat
        Which.
    learned
        What its stage knows of the recording, for people.
    plugins
        Who knows the controls of VST3s.
    """
    slot = seat.slot
    plain = {"seat": seat.uid, "bypass": slot.bypass, "mix": slot.mix, "notes": slot.warnings()}
    if slot.member is None or isinstance(slot.member, Chain):
        inside = len(slot.member) if isinstance(slot.member, Chain) else 0
        name = f"Chain of {inside}" if inside else "Not installed here"
        return {
            **plain,
            "plugin": "",
            "name": name,
            "doc": "",
            "repairs": False,
            "learned": "",
            "controls": [],
        }
    kind = kind_of(slot.member)
    if plugins is not None and settings_of(slot.member) is not None:
        controls, problem = plugins.told(seat)
        return {
            **plain,
            "plugin": PREFIX + slot.member.identifier,
            "name": slot.member.name,
            "doc": f"VST3 by {slot.member.manufacturer_name}",
            "repairs": False,
            "learned": problem,
            "controls": controls,
        }
    stage = kind.stage(slot.member)
    try:
        described = kind.to_json(slot.member)
    except WavemendError:
        described = {"plugin": kind.name(slot.member), "parameters": {}}
    return {
        **plain,
        "plugin": described["plugin"],
        "name": stage.name if stage else kind.title(slot.member),
        "doc": summary(type(stage)) if stage else "",
        "repairs": kind.repairs(slot.member),
        "marks": bool(stage and stage.takes_marks),
        "learned": learned if stage and stage.findings_type else "",
        "controls": _controls(described, stage),
    }


def _controls(described: dict[str, Any], stage: Stage | None) -> list[dict[str, Any]]:
    if stage is not None:
        properties = type(stage).json_schema()["properties"]
    else:
        schema = schemas().get(described["plugin"], {})
        properties = schema.get("properties", {}).get("parameters", {}).get("properties", {})
    return [
        _control(name, properties.get(name, {}), value, stage)
        for name, value in described["parameters"].items()
    ]


def _control(name: str, schema: dict[str, Any], value: Any, stage: Stage | None) -> dict[str, Any]:
    parameter = stage.schema[name] if stage else None
    if "enum" in schema:
        kind = "choice"
    elif isinstance(value, bool):
        kind = "switch"
    elif isinstance(value, int | float) and "minimum" in schema:
        kind = "integer" if schema.get("type") == "integer" else "number"
    else:
        kind = "text"
    return {
        "id": name,
        "name": schema.get("title") or name.replace("_", " ").capitalize(),
        "doc": schema.get("description", ""),
        "kind": kind,
        "value": value,
        "default": schema.get("default", value),
        "low": schema.get("minimum"),
        "high": schema.get("maximum"),
        "options": schema.get("enum", []),
        "unit": schema.get("x-unit") or (unit_of(name) if stage is None else ""),
        "scale": getattr(parameter, "scale", "linear"),
        "restart": bool(parameter and parameter.restart),
    }

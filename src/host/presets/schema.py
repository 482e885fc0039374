"""The JSON Schema of presets, for editors: made of what is installed here, and of the published file."""

from __future__ import annotations

from typing import Any

from ...contract.registry import stage_class, stage_ids
from ...contract.stage import Stage
from ..stock.stock import stock_effects, stock_range, stock_values
from . import vst3_slot as preset_slot
from .preset import FORMAT, FORMAT_VERSION, MOST_SLOTS, STOCK


def preset_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of presets made of what is installed here; published as `SCHEMA_NAME`."""
    stages = [_stage_schema(stage_class(identifier)) for identifier in stage_ids()]
    stock = [_stock_schema(name, kind) for name, kind in sorted(stock_effects().items())]
    effect = {"$ref": "#/$defs/effect"}
    vst3 = preset_slot.schema(effect | {"unevaluatedProperties": False})
    place = {"bypass": {"type": "boolean"}, "mix": {"type": "number", "minimum": 0, "maximum": 1}}
    nested = {"properties": {"chain": {"$ref": "#/$defs/chain"}}, "required": ["chain"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wavemend preset",
        "type": "object",
        "required": ["format", "format_version", "name", "chain"],
        "additionalProperties": False,
        "properties": {
            "$schema": {"type": "string"},
            "format": {"const": FORMAT},
            "format_version": {"const": FORMAT_VERSION},
            "name": {"type": "string"},
            "description": {"type": "string"},
            "chain": {"$ref": "#/$defs/chain"},
        },
        "$defs": {
            "chain": {"type": "array", "maxItems": MOST_SLOTS, "items": {"$ref": "#/$defs/slot"}},
            "slot": {
                "type": "object",
                "properties": place,
                "oneOf": [effect, vst3, nested],
                "unevaluatedProperties": False,
            },
            "effect": {"type": "object", "oneOf": [*stages, *stock]},
        },
    }


def _stage_schema(kind: type[Stage]) -> dict[str, Any]:
    return {
        "description": kind.name,
        "properties": {
            "plugin": {"const": kind.id},
            "version": {"type": "integer", "minimum": 1, "maximum": kind.version},
            "parameters": kind.json_schema() | {"required": list(kind.schema)},
            **({"findings": {"type": "object"}} if kind.findings_type else {}),
        },
        "required": ["plugin", "version", "parameters"],
    }


def _stock_schema(name: str, kind: type) -> dict[str, Any]:
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
            "plugin": {"const": STOCK + name},
            "parameters": values | {"required": list(properties)},
        },
        "required": ["plugin", "parameters"],
    }

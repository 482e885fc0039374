"""The JSON Schema of presets, for editors: made of what is installed here, and of the published file."""

from __future__ import annotations

from typing import Any

from ..chain.members.effect import EffectKind
from ..chain.members.registry import kinds
from ..chain.members.stage import StageKind
from .preset import FORMAT, FORMAT_VERSION
from .slots import MOST_SLOTS


def preset_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of presets made of what is installed here; published as `SCHEMA_NAME`."""
    known = {kind.id: kind.schemas() for kind in kinds()}
    effects = known.pop(StageKind.id) + known.pop(EffectKind.id)
    others = [schema for schemas in known.values() for schema in schemas]
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
                "oneOf": [{"$ref": "#/$defs/effect"}, *others, nested],
                "unevaluatedProperties": False,
            },
            "effect": {"type": "object", "oneOf": effects},
        },
    }

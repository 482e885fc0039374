"""VST3s as members of a chain that a preset can hold: `vst3_slot`, hooked in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pedalboard

from ..chain.members.effect import EffectKind
from ..chain.members.reading import Read, Reading
from ..chain.members.registry import kind_of
from ..chain.members.vst3 import VST3Kind
from ..vst3.plugin import VST3
from . import vst3_slot


class StoredVST3Kind(VST3Kind):
    """A `VST3`, with what a preset knows of it."""

    fields = frozenset(vst3_slot.FIELDS - {"plugin"})

    def to_json(self, member: VST3) -> dict[str, Any]:
        """See `MemberKind.to_json`; runs the plugin."""
        instead = member.substitute
        written = {} if instead is None else {"substitute": kind_of(instead).to_json(instead)}
        return vst3_slot.to_json(member) | written

    def read(self, data: Mapping[str, Any], reading: Reading) -> Read:
        """See `MemberKind.read`."""
        substitute = reading.stand_in(data["substitute"]) if "substitute" in data else None
        declared = vst3_slot.Declared(data)
        if reading.look_only:
            return Read(None, dict(data))
        policy = reading.missing or declared.missing
        plugin = declared.find(substitute, policy, bypassed=reading.bypassed)
        if plugin is not None:
            return Read(plugin)
        return Read(substitute if policy == "substitute" else None, dict(data))

    def absence(self, data: Mapping[str, Any]) -> str:
        """See `MemberKind.absence`; runs no state."""
        why = vst3_slot.Declared(data).absence()
        return f"{self.absent(data)} by {data['vendor']} {why}" if why else ""

    def schemas(self) -> list[dict[str, Any]]:
        """See `MemberKind.schemas`."""
        return [vst3_slot.schema({"$ref": "#/$defs/effect", "unevaluatedProperties": False})]


class LoadedVST3Kind(EffectKind):
    """A VST3 that pedalboard itself loaded: it runs as its effects do, and is stored as a `VST3`."""

    id = "pedalboard_vst3"
    named = False
    types = (pedalboard.VST3Plugin,)

    def to_json(self, member: pedalboard.VST3Plugin) -> dict[str, Any]:
        """See `MemberKind.to_json`; runs the plugin."""
        return vst3_slot.to_json(vst3_slot.adopted(member))

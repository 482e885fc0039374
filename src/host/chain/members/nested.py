"""Chains and Pedalboards as members of a chain: what is in them runs in their place."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import pedalboard

from ....errors import ParameterError
from .effect import EffectKind
from .kind import MemberKind, Resettable
from .registry import kind_of


class Nest:
    """What holds slots and may itself sit in one: a `Chain`. Copies have slots of their own."""

    slots: list[Any]


class ChainKind(MemberKind[Nest]):
    """A chain in a chain."""

    id = "chain"
    named = False
    types = (Nest,)

    def name(self, member: Nest) -> str:
        """See `MemberKind.name`."""
        return type(member).__name__

    def inside(self, member: Nest) -> Sequence[Any]:
        """See `MemberKind.inside`."""
        return member.slots

    def natives(self, member: Nest) -> list[Resettable]:
        """See `MemberKind.natives`."""
        held = [slot.member for slot in member.slots if slot.member is not None]
        return [native for inner in held for native in kind_of(inner).natives(inner)]

    def set(self, member: Nest, name: str, text: str) -> None:
        """See `MemberKind.set`: it has no parameters, and its slot is asked first."""
        raise ParameterError(f"{name!r} is no setting of a nested chain; it has bypass and mix")

    def eased(self, member: Nest, percent: float) -> Nest:
        """See `MemberKind.eased`: the same slots, each with its member eased."""
        result = copy.copy(member)
        for slot in result.slots:
            if slot.member is not None:
                slot.member = kind_of(slot.member).eased(slot.member, percent)
        return result

    def to_json(self, member: Nest) -> dict[str, Any]:
        """See `MemberKind.to_json`."""
        return {"chain": slots_to_json(member.slots)}


class BoardKind(EffectKind):
    """A Pedalboard, whose effects run one after another as in a chain of their own."""

    id = "board"
    named = False
    types = (pedalboard.Chain,)  # which a Pedalboard is

    def inside(self, member: pedalboard.Chain) -> Sequence[Any]:
        """See `MemberKind.inside`."""
        return list(member)

    def set(self, member: pedalboard.Chain, name: str, text: str) -> None:
        """See `MemberKind.set`: it has no parameters, and its slot is asked first."""
        raise ParameterError(f"{name!r} is no setting of a Pedalboard; its slot has bypass and mix")

    def to_json(self, member: pedalboard.Chain) -> dict[str, Any]:
        """See `MemberKind.to_json`: as a nested chain of its effects."""
        return {"chain": [kind_of(inner).to_json(inner) for inner in member]}


def slots_to_json(slots: Sequence[Any]) -> list[dict[str, Any]]:
    """Return slots as a preset holds them; empty ones are left out. Raises `PresetError`."""
    written = []
    for slot in slots:
        if slot.stands_for is not None:
            described = dict(slot.stands_for)
            if slot.member is not None:
                described["substitute"] = kind_of(slot.member).to_json(slot.member)
        elif slot.member is None:
            continue
        else:
            described = kind_of(slot.member).to_json(slot.member)
        if slot.bypass:
            described["bypass"] = True
        if slot.mix != 1:
            described["mix"] = slot.mix
        written.append(described)
    return written

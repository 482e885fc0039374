"""What runs in a chain, member by member, those of nested chains and boards in their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .members.registry import kind_of
from .path import Path
from .slot import Slot, slot_of


def slots_in(member: Any) -> list[Slot] | None:
    """Slots that run in a member's place: a nested chain's own, a board's effects; None for others."""
    inside = kind_of(member).inside(member)
    return None if inside is None else [slot_of(inner) for inner in inside]


def running(slots: Sequence[Slot], above: Path = (), first: int = 0) -> Iterator[tuple[Path, Any]]:
    """Every member that runs itself with its path, in the order of sound.

    `above` is the path of the chain that holds the slots, and `first` the index there of the first of them.
    """
    for index, slot in enumerate(slots, first):
        if not slot.active:
            continue
        path = (*above, index)
        inside = slots_in(slot.member)
        if inside is None:
            yield path, slot.member
        else:
            yield from running(inside, path)

"""One place in a chain: its member, whether it is bypassed, and how much of it is mixed in."""

from __future__ import annotations

from typing import Any, TypeAlias

import pedalboard

from ...contract.surface import Surface
from ...errors import ParameterError
from .members.registry import kind_named, kind_of

Member: TypeAlias = Surface | pedalboard.Plugin | Any | None
"""What may sit in a slot: a stage, a VST3, a chain, a pedalboard plugin, what packages add; None: nothing.

Reading one gives Any: only you know what you put there.
"""


class Slot:
    """One place in a chain: its member, whether it is bypassed, and how much of it is mixed in.

    `stands_for` is the preset's own JSON of a plugin that is not installed here, a VST3 say, where the member
    stands in for it: nothing is lost when the preset is saved again. `note` is what a person should know of
    how the member was read, as long as it sits here.
    """

    def __init__(
        self,
        member: Member,
        *,
        bypass: bool = False,
        mix: float = 1.0,
        stands_for: dict[str, Any] | None = None,
        note: str = "",
    ) -> None:
        self.member = member
        self.note = note
        self.bypass = bypass
        self.mix = mix
        self.stands_for = stands_for

    @property
    def member(self) -> Any:
        """What sits here."""
        return self._member

    @member.setter
    def member(self, member: Member) -> None:
        if member is not None:
            kind_of(member)
        self._member = member
        self.note = ""

    @property
    def bypass(self) -> bool:
        """True: the member is not heard, and does not run."""
        return self._bypass

    @bypass.setter
    def bypass(self, bypass: bool) -> None:
        if not isinstance(bypass, bool):
            raise ParameterError(f"Slot.bypass={bypass!r} is not allowed; it must be True or False")
        self._bypass = bypass

    @property
    def mix(self) -> float:
        """Wet/dry: 0 is the slot's input, 1 its member's output; the dry side is delayed to fit."""
        return self._mix

    @mix.setter
    def mix(self, mix: float) -> None:
        if isinstance(mix, bool) or not isinstance(mix, int | float) or not 0 <= mix <= 1:
            raise ParameterError(f"Slot.mix={mix!r} is not allowed; it must be a number from 0 to 1")
        self._mix = float(mix)

    @property
    def active(self) -> bool:
        """Whether the slot changes anything."""
        return self.member is not None and not self.bypass and self.mix > 0

    def warnings(self) -> list[str]:
        """Return what a person should know of the member: that it only stands in for another, say."""
        if self.stands_for is not None:
            instead = "left out" if self.member is None else f"replaced by {type(self.member).__name__}"
            kind = kind_named(self.stands_for["plugin"])
            called = kind.absent(self.stands_for) if kind else self.stands_for["plugin"]
            return [f"{called} is not installed here and was {instead}"]
        if self.member is None:
            return []
        kind = kind_of(self.member)
        note = [f"{kind.title(self.member)}: {self.note}"] if self.note else []
        return note + kind.warnings(self.member)

    def __copy__(self) -> Slot:
        return Slot(self.member, bypass=self.bypass, mix=self.mix, stands_for=self.stands_for, note=self.note)

    def __getstate__(self) -> dict[str, Any]:
        recipe = None if self.member is None else kind_of(self.member).recipe(self.member)
        return vars(self) | ({"_member": None, "recipe": recipe} if recipe is not None else {})

    def __setstate__(self, state: dict[str, Any]) -> None:
        held = dict(state)
        recipe = held.pop("recipe", None)
        vars(self).update(held)
        if recipe is not None:
            self._member = recipe.make()

    def __repr__(self) -> str:
        state = f" mix={self.mix:g}" if self.mix != 1 else ""
        return f"<wavemend.Slot {self.member!r}{state}{' bypassed' if self.bypass else ''}>"


def slot_of(value: Member | Slot) -> Slot:
    """Put a member into a slot of its own; a slot stays what it is."""
    return value if isinstance(value, Slot) else Slot(value)

"""The chain as it is edited: every state is kept, so that all can be undone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...contract.marks import Mark
from ...errors import ParameterError
from ..chain.chain import Chain
from ..chain.members.registry import kind_of
from ..chain.slot import Slot
from ..presets.slots import Loading, parse_chain
from ..recording.document import EventMark, RecordingDocument, Span
from .excerpt import Seat

_MOST_STATES = 500  # guard: memory
_ONE_TURN_S = 1.0  # tuned: by hand, a knob that is turned is one change


@dataclass(frozen=True)
class Edit:
    """One state: the chain, and what is decided about the recording."""

    seats: tuple[Seat, ...] = ()
    vetoes: tuple[EventMark, ...] = ()
    forced: tuple[EventMark, ...] = ()
    prints: tuple[Span, ...] = ()

    def chain(self) -> Chain:
        """Return the chain; its slots are the edit's own."""
        return Chain(slot for _, slot in self.seats)

    def index(self, uid: int) -> int:
        """Return the place of a seat; raises `ParameterError` where it is gone."""
        for index, seat in enumerate(self.seats):
            if seat.uid == uid:
                return index
        raise ParameterError("that stage is no longer in the chain")

    def decided(self, document: RecordingDocument) -> RecordingDocument:
        """Return a document with these decisions in the place of its own."""
        return replace(
            document, vetoed_events=self.vetoes, forced_events=self.forced, print_ranges=self.prints
        )


@dataclass
class History:
    """States, the present one, and those that were undone."""

    now: Edit = field(default_factory=Edit)
    past: list[Edit] = field(default_factory=list)
    future: list[Edit] = field(default_factory=list)
    _turned: tuple[object, float] = (None, 0.0)
    _uids: int = 0

    def start(self, slots: Sequence[Slot]) -> None:
        """Begin with a preset's slots; it can be undone."""
        self._commit(replace(self.now, seats=tuple(self.seat(slot) for slot in slots)))

    def seat(self, slot: Slot) -> Seat:
        """Give a slot a number."""
        self._uids += 1
        return Seat(self._uids, slot)

    def _commit(self, edit: Edit, turn: object = None) -> None:
        told = time.monotonic()
        same_turn = turn is not None and self._turned[0] == turn and told - self._turned[1] < _ONE_TURN_S
        if not same_turn:
            self.past = [*self.past[1 - _MOST_STATES :], self.now]
        self.now, self.future, self._turned = edit, [], (turn, told)

    def undo(self) -> None:
        """Go back to the state before; nothing where there is none."""
        if self.past:
            self.future.append(self.now)
            self.now = self.past.pop()
            self._turned = (None, 0.0)

    def redo(self) -> None:
        """Take back what was undone."""
        if self.future:
            self.past.append(self.now)
            self.now = self.future.pop()
            self._turned = (None, 0.0)

    # -- the chain ---------------------------------------------------------------------------------

    def set(self, uid: int, parameter: str, value: Any) -> None:
        """Set a parameter; raises `WavemendError` where it is not allowed."""
        slot = self.now.seats[self.now.index(uid)].slot
        described = kind_of(slot.member).to_json(slot.member)
        values = described.get("parameters", {})
        if parameter not in values:
            raise ParameterError(f"{described.get('plugin', 'a chain')} has no parameter {parameter!r}")
        changed = {**described, "parameters": {**values, parameter: value}}
        member = parse_chain([changed], Loading()).slots[0].member
        self.exchange(uid, member, parameter)

    def exchange(self, uid: int, member: Any, parameter: str) -> None:
        """Put a member in a slot that differs from the one there by a parameter."""
        self._replace(uid, lambda old: Slot(member, bypass=old.bypass, mix=old.mix), (uid, parameter))

    def bypass(self, uid: int, value: bool) -> None:
        """Switch a slot off or on."""
        self._replace(uid, lambda old: Slot(old.member, bypass=value, mix=old.mix), None)

    def mix(self, uid: int, value: float) -> None:
        """Set a slot's wet/dry."""
        self._replace(uid, lambda old: Slot(old.member, bypass=old.bypass, mix=value), (uid, ""))

    def _replace(self, uid: int, new: Callable[[Slot], Slot], turn: object) -> None:
        index = self.now.index(uid)
        seats = list(self.now.seats)
        old = seats[index].slot
        slot = new(old)
        slot.stands_for, slot.note = old.stands_for, old.note
        seats[index] = Seat(uid, slot)
        self._commit(replace(self.now, seats=tuple(seats)), turn)

    def add(self, described: dict[str, Any], index: int) -> None:
        """Add a slot, as a preset describes it, before `index`."""
        self.insert(parse_chain([described], Loading()).slots[0], index)

    def insert(self, slot: Slot, index: int) -> None:
        """Add a slot before `index`."""
        seats = list(self.now.seats)
        seats.insert(min(index, len(seats)), self.seat(slot))
        self._commit(replace(self.now, seats=tuple(seats)))

    def remove(self, uid: int) -> None:
        """Take a slot out."""
        self.now.index(uid)
        self._commit(replace(self.now, seats=tuple(seat for seat in self.now.seats if seat.uid != uid)))

    def move(self, uid: int, index: int) -> None:
        """Put a slot to another place."""
        seats = list(self.now.seats)
        seat = seats.pop(self.now.index(uid))
        seats.insert(min(index, len(seats)), seat)
        self._commit(replace(self.now, seats=tuple(seats)))

    # -- the recording -----------------------------------------------------------------------------

    def decide(self, document: RecordingDocument) -> None:
        """Take over what the document decides, as if it had been so from the start."""
        vetoes = tuple(dict.fromkeys((*document.vetoed_events, *self.now.vetoes)))
        forced = tuple(dict.fromkeys((*document.forced_events, *self.now.forced)))
        prints = self.now.prints or document.print_ranges
        self.now = replace(self.now, vetoes=vetoes, forced=forced, prints=prints)

    def veto(self, stage: str, mark: Mark, value: bool) -> None:
        """Veto an event, or take the veto back."""
        one = EventMark(stage, mark)
        others = tuple(other for other in self.now.vetoes if other != one)
        self._commit(replace(self.now, vetoes=(*others, one) if value else others))

    def prints(self, spans: Sequence[Span]) -> None:
        """Say where noise is heard alone."""
        self._commit(replace(self.now, prints=tuple(sorted(spans, key=lambda span: span.position))))

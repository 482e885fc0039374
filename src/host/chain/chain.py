"""Chains: our stages, pedalboard's effects, whole Pedalboards and loaded VST3s, one after another.

A `Chain` is settings, like a stage; `stream` holds what runs over one recording.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterable, Iterator, Mapping, MutableSequence
from typing import Any, Self, overload

import pedalboard

from ...audio.arrays import Audio
from ...audio.checks import check_channels, check_rate
from ...contract.findings import Findings
from ...contract.marks import Marks
from ...contract.stage import Stage
from ...contract.surface import Surface
from ...errors import PluginError
from .members.nested import Nest
from .members.registry import kind_of
from .order import order_warnings
from .passes import render_array
from .path import Path
from .slot import Member, Slot, slot_of
from .sources import ArraySource
from .stream import ChainStream
from .walking import running


class Chain(Nest, Surface, MutableSequence[Any]):
    """A list of members that processes audio like a `pedalboard.Pedalboard`.

    Indexing gives members; `slots` gives their bypass and mix. A `Slot` may be put in wherever a member may.

    Slices and `copy.copy` are new chains of the same members, as with a list, in slots of their own: bypass
    and mix are independent. `copy.deepcopy` and `pickle` make new members too, native
    effects included; what pedalboard does not let one copy is a `PluginError`.

    Parameters
    ----------
    members
        Stages, pedalboard plugins, chains, None, or slots of these.

    Raises
    ------
    PluginError
        A member is not one, or the same native plugin object sits in two places.
    """

    def __init__(self, members: Iterable[Member | Slot] = ()) -> None:
        super().__init__()
        self.slots: list[Slot] = []
        for member in members:
            self.append(member)

    # -- a list ------------------------------------------------------------------------------------

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Chain: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            part = Chain()
            part.slots = [copy.copy(slot) for slot in self.slots[index]]
            return part
        return self.slots[index].member

    def __setitem__(self, index: Any, value: Any) -> None:
        before = list(self.slots)
        self.slots[index] = [slot_of(v) for v in value] if isinstance(index, slice) else slot_of(value)
        self._changed(before)

    def __delitem__(self, index: int | slice) -> None:
        del self.slots[index]
        self._live = None

    def __len__(self) -> int:
        return len(self.slots)

    def insert(self, index: int, value: Member | Slot) -> None:
        """Insert a member, or a `Slot`, before `index`."""
        before = list(self.slots)
        self.slots.insert(index, slot_of(value))
        self._changed(before)

    def _changed(self, before: list[Slot]) -> None:
        try:
            natives = [id(native) for native in kind_of(self).natives(self)]
        except RecursionError:
            self.slots = before
            raise PluginError("a chain cannot hold itself") from None
        if len(natives) != len(set(natives)):
            self.slots = before
            raise PluginError(
                "the same native plugin object sits in two places of the chain; make a second one"
            )
        self._live = None

    def __repr__(self) -> str:
        plain = (slot if slot.bypass or slot.mix != 1 else slot.member for slot in self.slots)
        members = ", ".join(map(repr, plain))
        return f"<wavemend.Chain with {len(self)} slot{'s' * (len(self) != 1)}: [{members}]>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Chain):
            return NotImplemented
        mine, theirs = ([(s.member, s.bypass, s.mix) for s in c.slots] for c in (self, other))
        return mine == theirs

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Chain:
        return self[:]

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_live": None}

    @classmethod
    def from_pedalboard(cls, board: pedalboard.Pedalboard | pedalboard.Chain) -> Self:
        """Make a chain of a Pedalboard: the same effects in the same order, nested boards as nested chains.

        Raises
        ------
        PluginError
            `board` is no Pedalboard.
        """
        if not isinstance(board, pedalboard.Chain):  # which a Pedalboard is
            raise PluginError(f"{board!r} is no Pedalboard; for stages and single effects use Chain([...])")
        return cls(cls.from_pedalboard(m) if isinstance(m, pedalboard.Chain) else m for m in board)

    # -- what it is made of ------------------------------------------------------------------------

    def walk(self) -> Iterator[tuple[Path, Slot]]:
        """Every slot with its path, those of nested chains after the one that holds them."""
        for index, slot in enumerate(self.slots):
            yield (index,), slot
            if isinstance(slot.member, Chain):
                for path, inner in slot.member.walk():
                    yield (index, *path), inner

    def stages(self) -> Iterator[tuple[Path, Stage]]:
        """Every active stage of ours or of third parties, nested ones too, with its path."""
        for path, member in running(self.slots):
            stage = kind_of(member).stage(member)
            if stage is not None:
                yield path, stage

    @property
    def repairs_only(self) -> bool:
        """Whether every active member is a repair stage: what goes out and what is removed add up."""
        return all(kind_of(member).repairs(member) for _, member in running(self.slots))

    def warnings(self) -> list[str]:
        """Return what a person should know: what is harmful about the order, which VST3s are missing."""
        heard = (slot for _, slot in self.walk() if not slot.bypass)
        plugins = [warning for slot in heard for warning in slot.warnings()]
        members = [(kind_of(member), member) for _, member in running(self.slots)]
        return (
            order_warnings([(kind.title(member), kind.place(member)) for kind, member in members]) + plugins
        )

    # -- the surface -------------------------------------------------------------------------------

    def stream(
        self,
        sample_rate: float,
        channels: int,
        findings: Mapping[Path, Findings] | None = None,
        marks: Mapping[str, Marks] | None = None,
    ) -> ChainStream:
        """Open the running state of one recording; raises `NotLearned` where a stage lacks its findings.

        `marks` are vetoed and forced events by the id of the stages they are for.
        """
        return ChainStream(
            self.slots, check_rate(sample_rate), check_channels(channels), findings or {}, marks=marks or {}
        )

    def reset(self) -> None:
        """Forget the running stream and reset native members; settings stay."""
        super().reset()
        for native in kind_of(self).natives(self):
            native.reset()

    def _whole(self, audio: Audio, sample_rate: float) -> Audio:
        self._warn()
        return render_array(self, ArraySource(audio), sample_rate)

    def _open(self, sample_rate: float, channels: int) -> ChainStream:
        self._warn()
        return self.stream(sample_rate, channels)

    def _follows(self, stream: ChainStream) -> bool:
        return stream.follow(self.slots)

    def _warn(self) -> None:
        for warning in self.warnings():
            warnings.warn(warning, stacklevel=4)

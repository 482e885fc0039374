"""What a chain, a preset, the command line and a report ask of a member, whatever it is.

A kind of member is one class with the answers, in one file, and one registration::

    class LoopKind(MemberKind[Loop]):
        id = "studio.loop"
        types = (Loop,)
        ...

    [project.entry-points."wavemend.members"]
    "studio.loop" = "studio_loops.kind:LoopKind"

`registry` finds the kind of a member by its class, and that of a preset's slot by its plugin's id.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from ....audio.arrays import Audio
from ....contract.findings import Findings
from ....contract.marks import Marks
from ....contract.stage import Sink, Stage, Step
from ....errors import ParameterError, PresetError
from .reading import Read, Reading

M = TypeVar("M")


class MemberStream(Protocol):
    """The running state of one member over one recording; the first sample out belongs to the first in.

    That of a member that repairs also has `removed`, as `Stream` has it.
    """

    @property
    def latency(self) -> int:
        """Most samples that are held back."""

    def follow(self, member: Any) -> bool:
        """Take over settings that changed; False where a change needs a new stream."""

    def step(self, audio: Audio, sink: Sink | None = None) -> Audio:
        """Process the next samples, shape (channels, n); return those that became ready."""

    def flush(self, sink: Sink | None = None) -> Audio:
        """End the recording: give every sample still held back."""


class Resettable(Protocol):
    """An object that sound goes through itself, and that may therefore sit in one place alone."""

    def reset(self) -> None:
        """Forget what was heard."""


class Recipe(Protocol):
    """Plain data from which a member like another is made."""

    def make(self) -> Any:
        """Make one."""


@dataclass(frozen=True)
class Opening:
    """The recording that a member is opened for.

    Attributes
    ----------
    sample_rate
        Hz.
    channels
        Number of channels.
    findings
        What the recording's analysis found for the member; None for most.
    marks
        Vetoed and forced events, by the id of the stages they are for.
    begins
        Sample that the first one in is; other than 0 only for stages with a `memory_s`.
    """

    sample_rate: float
    channels: int
    findings: Findings | None = None
    marks: Mapping[str, Marks] = field(default_factory=dict)
    begins: int = 0


class MemberKind(ABC, Generic[M]):
    """One kind of chain member; it knows its members, and no member knows its kind.

    Attributes
    ----------
    id
        Namespaced and stable for ever: presets name members by it, ``"studio.loop"`` or
        ``"studio.loop.short"``, and reports list them under it.
    types
        Classes whose objects, and whose subclasses' objects, are members of this kind.
    fields
        Fields of a preset's slot, beside ``plugin``, ``bypass`` and ``mix``.
    named
        Whether presets name members so: stages have ids of their own, nested chains none.
    """

    id: ClassVar[str]
    types: ClassVar[tuple[type, ...]]
    fields: ClassVar[frozenset[str]] = frozenset()
    named: ClassVar[bool] = True

    # -- who it is ---------------------------------------------------------------------------------

    @abstractmethod
    def name(self, member: M) -> str:
        """Return what events and reports call it."""

    def title(self, member: M) -> str:
        """Return what warnings about the order call it."""
        return self.name(member)

    def calls(self, member: M) -> list[str]:
        """Return what a person may call its slot on the command line, the shortest first."""
        return [self.name(member).lower()]

    def place(self, member: M) -> Step | None:
        """Return its place in the order of restoration; None: anywhere."""
        return None

    def limits(self, member: M) -> bool:
        """Whether it should leave nearly all alone, so that a warning tells where it turned down."""
        return self.place(member) == Step.LIMIT

    def repairs(self, member: M) -> bool:
        """Whether it takes damage out alone, so that what goes out and what its stream removed add up."""
        return False

    def sounds(self, member: M) -> bool:
        """Whether silence in the place of sound is wrong."""
        return True

    def warnings(self, member: M) -> list[str]:
        """Return what a person should know before it runs."""
        return []

    def code(self, member: M) -> dict[str, Any] | None:
        """Describe for the report what ran that no preset fixes: code from elsewhere, by its hash."""
        return None

    # -- how it runs -------------------------------------------------------------------------------

    def inside(self, member: M) -> Sequence[Any] | None:
        """Return the members or slots that run in its place; None for what runs itself."""
        return None

    def stage(self, member: M) -> Stage | None:
        """Return the stage that hears a recording before it repairs it; None for all but stages."""
        return None

    def natives(self, member: M) -> Sequence[Resettable]:
        """Return the objects that sound goes through themselves, not through streams of their own."""
        return ()

    def stream(self, member: M, opening: Opening) -> MemberStream:
        """Open the running state of one recording; only for members that have nothing `inside`."""
        raise NotImplementedError(f"{self.id} opens no streams")

    def streams(self, members: Sequence[tuple[M, Opening]]) -> list[MemberStream]:
        """Open all of a chain's, for one recording, in order; for members that start at the same time."""
        return [self.stream(member, opening) for member, opening in members]

    # -- its settings ------------------------------------------------------------------------------

    def set(self, member: M, name: str, text: str) -> None:
        """Set a parameter to what a person wrote; raises `ParameterError` or `PluginError`."""
        raise ParameterError(f"{name!r} cannot be set: {self.name(member)} has no parameters here")

    def eased(self, member: M, percent: float) -> M:
        """Return a member like it, with `percent` of its strength; the same where it has none."""
        return member

    def recipe(self, member: M) -> Recipe | None:
        """Return what copies and pickles hold in its place; None where it can be copied and pickled."""
        return None

    # -- how presets hold it -----------------------------------------------------------------------

    def to_json(self, member: M) -> dict[str, Any]:
        """Return its slot in a preset, with every value, without bypass and mix; raises `PresetError`."""
        raise PresetError(f"{self.name(member)} cannot be stored in a preset; chains in Python can hold it")

    def read(self, data: Mapping[str, Any], reading: Reading) -> Read:
        """Make a member of its slot in a preset; a stranger wrote it, and only its fields are checked.

        Raises
        ------
        WavemendError
            Naming the field and what it must be; the caller names the slot.
        """
        raise PresetError(f"{self.id} cannot be held by a preset")

    def absence(self, data: Mapping[str, Any]) -> str:
        """Say which member of a slot that `read` checked cannot be used here, and why; empty where it can."""
        return ""

    def absent(self, data: Mapping[str, Any]) -> str:
        """Return what a member is called that is not here but for its slot, which `read` checked."""
        return str(data["plugin"])

    def schemas(self) -> list[dict[str, Any]]:
        """JSON Schemas (2020-12) of its slots without bypass and mix, one for each thing it can be."""
        return []

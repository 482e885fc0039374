"""What stages know of the whole recording: learned in the background, and kept for as long as it holds."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ...contract.findings import Findings
from ...contract.marks import Marks
from ...contract.stage import Stage
from ..chain.chain import Chain
from ..chain.guidance import Guidance
from ..chain.members.registry import kind_of
from ..chain.passes import Passes
from ..chain.progress import Progress
from ..chain.slot import Slot
from ..rendering.spool import FileSpool, ReaderSource
from .excerpt import Seat
from .plugins import settings_of
from .recordings import Recording

_MOST_KEPT = 64  # guard: memory
_HEEDED: dict[type[Stage], tuple[str, ...]] = {}  # by class: an analyser takes time to open
Ranges = Sequence[tuple[int, int]]


class _Noted(dict[str, Any]):
    """Values of a stage that know which of them were asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


def heeded(stage: Stage, rate: float, channels: int) -> dict[str, Any]:
    """Return the settings that what a stage learns depends on: those that its analyser asks for."""
    known = _HEEDED.get(type(stage))
    if known is not None:
        return {name: stage.values()[name] for name in known}
    watched = stage.copy()
    noted = _Noted(stage.values())
    watched._values = noted
    watched.analyser(rate, channels)
    _HEEDED[type(stage)] = tuple(sorted(noted.asked))
    return {name: stage.values()[name] for name in sorted(noted.asked)}


class Knowledge:
    """What was learned of one recording.

    Parameters
    ----------
    recording
        Which.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._known: dict[str, Findings] = {}
        self._last: dict[int, Findings] = {}  # by seat: what held before the chain was changed

    def keys(self, seats: Sequence[Seat], marks: Mapping[str, Marks], ranges: Ranges) -> list[str | None]:
        """Return what each slot's findings are known by; None for those that need none."""
        before = ""
        keys: list[str | None] = []
        for _, slot in seats:
            kind = kind_of(slot.member)
            stage = kind.stage(slot.member)
            key = None
            if stage is not None and stage.needs_findings:
                asked = heeded(stage, self._recording.rate, self._recording.channels)
                key = f"{before}|{stage.id} {stage.version} {asked} {list(ranges)}"
            keys.append(key)
            turned = hash(settings_of(slot.member))
            settings = kind.to_json(slot.member) if stage is not None else f"{slot.member!r} {turned}"
            told = marks.get(stage.id) if stage is not None and stage.takes_marks else None
            before += f"|{settings} {slot.mix} {told}"
        return keys

    def of(self, seat: Seat, key: str | None) -> Findings | None:
        """Return what is known, of the chain as it was before where that is all."""
        if key is None:
            return None
        found = self._known.get(key)
        if found is not None:
            self._last[seat.uid] = found
            return found
        last = self._last.get(seat.uid)
        stage = kind_of(seat.slot.member).stage(seat.slot.member)
        return last if stage is not None and type(last) is stage.findings_type else None

    def missing(self, keys: Sequence[str | None]) -> bool:
        """Whether something is to be learned."""
        return any(key is not None and key not in self._known for key in keys)

    def described(self, seat: Seat, key: str | None) -> str:
        """Say for people what a stage knows."""
        if key is None:
            return ""
        found = self._known.get(key)
        if found is not None:
            return found.describe()
        return "learned before the last change" if seat.uid in self._last else "learned from what is around"

    def learn(
        self,
        seats: Sequence[Seat],
        marks: Mapping[str, Marks],
        ranges: Ranges,
        progress: Progress,
        cancel: threading.Event,
    ) -> None:
        """Have the stages hear the whole recording, as a render has them; raises `Cancelled`."""
        keys = self.keys(seats, marks, ranges)
        chain = Chain()
        for seat, key in zip(seats, keys, strict=True):
            stage = kind_of(seat.slot.member).stage(seat.slot.member)
            member = seat.slot.member
            if stage is not None:
                member = stage.copy()
                if key is not None and key in self._known:
                    member.findings = self._known[key]
            chain.append(Slot(member, mix=seat.slot.mix))
        recording = self._recording
        folder = Path(tempfile.gettempdir())
        with ExitStack() as stack:
            own = recording.another()
            if own is not recording:
                stack.callback(own.close)
            source = own.spool or ReaderSource(own.reader)
            passes = Passes(
                chain,
                source,
                recording.rate,
                new_spool=lambda channels: stack.enter_context(FileSpool(folder, channels, recording.frames)),
                guidance=Guidance(marks, ranges),
                progress=progress,
                cancel=cancel,
            )
            passes.learn()
        for path, found in passes.findings.items():
            key = keys[path[0]] if len(path) == 1 else None
            if key is not None:
                self._known[key] = found
        for old in list(self._known)[: max(len(self._known) - _MOST_KEPT, 0)]:
            del self._known[old]

"""What happens to the events of a render: counted, written as JSON lines, written as Audacity labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import IO, Self

from ...analysis.artifacts.artifacts import Artifact
from ...audio.clock import clock
from ...contract.stage import Event, Step
from ..chain.chain import Chain
from ..chain.limit_meter import LIMITED, Limited
from ..chain.members.registry import kind_of
from ..chain.path import Path, slot_number
from ..chain.silence_meter import SILENCED, Silenced
from ..chain.walking import running
from ..storage.json_text import json_text
from ..vst3.stream import MISREPORTED, Misreported

WARNED = frozenset((LIMITED, SILENCED, MISREPORTED))
"""Kinds of events that warnings tell of."""


@dataclass(frozen=True)
class Place:
    """How far a log has come."""

    counts: Counter[tuple[Path, str]]
    ends: list[int]
    limits: dict[Path, Limits]
    others: dict[tuple[Path, str], Event]


@dataclass(frozen=True)
class Limits:
    """All that one limiter did: most reduction in dB, samples in which it worked, its loudest place."""

    depth_db: float = 0.0
    length: int = 0
    loudest: int = 0

    def and_then(self, event: Limited) -> Limits:
        """Count one more stretch."""
        more = event.depth_db > self.depth_db
        return Limits(
            event.depth_db if more else self.depth_db,
            self.length + event.length,
            event.loudest if more else self.loudest,
        )


def teller_names(chain: Chain) -> dict[Path, str]:
    """Id of everything in `chain` that tells events, by its path."""
    return {path: kind_of(member).name(member) for path, member in running(chain.slots)}


def limits_anything(chain: Chain) -> bool:
    """Whether an active member of `chain` sits where levels are limited."""
    return any(kind_of(member).place(member) == Step.LIMIT for _, member in running(chain.slots))


class EventLog:
    """Takes the events of one render as they happen.

    Parameters
    ----------
    chain
        What tells them.
    sample_rate
        Hz.
    lines
        File for a line of JSON an event: slot, stage, kind, position and length in samples, channel from 0,
        confidence. None: not wanted.
    labels
        File for an Audacity label track (start and end in seconds, text), which other editors read too.
    """

    def __init__(
        self, chain: Chain, sample_rate: float, lines: FilePath | None, labels: FilePath | None
    ) -> None:
        self.counts: Counter[tuple[Path, str]] = Counter()
        self.limits: dict[Path, Limits] = {}
        self._others: dict[tuple[Path, str], Event] = {}
        self._names = teller_names(chain)
        self._rate = sample_rate
        self._stack = ExitStack()
        self._lines, self._labels = (self._open(path) for path in (lines, labels))

    def _open(self, path: FilePath | None) -> IO[str] | None:
        return self._stack.enter_context(path.open("w", encoding="utf-8")) if path else None

    def tell(self, path: Path, event: Event) -> None:
        """Log one event of the stage at `path`: a `ChainSink`."""
        self.counts[path, event.kind] += 1
        if isinstance(event, Limited):
            self.limits[path] = self.limits.get(path, Limits()).and_then(event)
        elif isinstance(event, Silenced | Misreported):
            self._others[path, event.kind] = event
        if self._lines:
            line = {"slot": slot_number(path), "stage": self._names[path], **vars(event)}
            self._lines.write(json_text(line, ascii_only=True) + "\n")
        if self._labels:
            start, end = (at / self._rate for at in (event.position, event.position + event.length))
            channel = "" if event.channel is None else f" channel {event.channel + 1}"
            much = f" {100 * event.confidence:.0f} %"
            if isinstance(event, Limited):
                much = f" by {event.depth_db:.1f} dB"
            elif isinstance(event, Silenced | Misreported):
                much = ""
            text = f"{event.kind}{channel}{much}"
            self._labels.write(f"{start:.6f}\t{end:.6f}\t{text}\n")

    def tell_artifacts(self, artifacts: Iterable[Artifact]) -> None:
        """Label what the repair itself harmed, behind all events."""
        if self._labels:
            for one in artifacts:
                start, end = (at / self._rate for at in (one.position, one.stop))
                text = f"{one.kind} channel {one.channel + 1} {100 * one.severity:.0f} %"
                self._labels.write(f"{start:.6f}\t{end:.6f}\t{text}\n")

    def place(self) -> Place:
        """Return how far the log has come, for `rewind`."""
        ends = [file.tell() for file in self._files()]
        return Place(Counter(self.counts), ends, dict(self.limits), dict(self._others))

    def rewind(self, place: Place) -> None:
        """Forget what was logged since `place`: the same pass runs again."""
        self.counts = Counter(place.counts)
        self.limits, self._others = dict(place.limits), dict(place.others)
        for file, end in zip(self._files(), place.ends, strict=True):
            file.seek(end)
            file.truncate()

    def warnings(self) -> list[str]:
        """Say of each limiter that worked how much, for how long and where; and what slots did wrong."""
        limited = [
            f"{self._slot(path)} turned the recording down by up to "
            f"{done.depth_db:.1f} dB, for {done.length / self._rate:.2f} s in all, "
            f"most at {clock(done.loudest, self._rate)}"
            for path, done in sorted(self.limits.items())
        ]
        others = sorted(self._others.items(), key=lambda other: other[0])
        return limited + [f"{self._slot(path)} {self._says(event)}" for (path, _), event in others]

    def _says(self, event: Event) -> str:
        if isinstance(event, Misreported):
            return event.describe(self._rate)
        return (
            f"gave nothing but silence from {clock(event.position, self._rate)} to the recording's end, "
            "though sound went into it; listen to it, or bypass the slot"
        )

    def _slot(self, path: Path) -> str:
        return f"{self._names[path]} (slot {slot_number(path)})"

    def _files(self) -> list[IO[str]]:
        return [file for file in (self._lines, self._labels) if file]

    def close(self) -> None:
        """Finish the files."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

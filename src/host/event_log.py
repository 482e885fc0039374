"""What happens to the events of a render: counted, written as JSON lines, written as Audacity labels."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import IO, Self

from ..plugins.stage import Event
from .chain import Chain
from .chain_stream import Path, slot_number
from .json_text import json_text


@dataclass(frozen=True)
class Place:
    """How far a log has come."""

    counts: Counter[tuple[Path, str]]
    ends: list[int]


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
        self._names = {path: stage.id for path, stage in chain.stages()}
        self._rate = sample_rate
        self._stack = ExitStack()
        self._lines, self._labels = (self._open(path) for path in (lines, labels))

    def _open(self, path: FilePath | None) -> IO[str] | None:
        return self._stack.enter_context(path.open("w", encoding="utf-8")) if path else None

    def tell(self, path: Path, event: Event) -> None:
        """Log one event of the stage at `path`: a `ChainSink`."""
        self.counts[path, event.kind] += 1
        if self._lines:
            line = {"slot": slot_number(path), "stage": self._names[path], **vars(event)}
            self._lines.write(json_text(line, ascii_only=True) + "\n")
        if self._labels:
            start, end = (at / self._rate for at in (event.position, event.position + event.length))
            channel = "" if event.channel is None else f" channel {event.channel + 1}"
            text = f"{event.kind}{channel} {100 * event.confidence:.0f} %"
            self._labels.write(f"{start:.6f}\t{end:.6f}\t{text}\n")

    def place(self) -> Place:
        """Return how far the log has come, for `rewind`."""
        return Place(Counter(self.counts), [file.tell() for file in self._files()])

    def rewind(self, place: Place) -> None:
        """Forget what was logged since `place`: the same pass runs again."""
        self.counts = Counter(place.counts)
        for file, end in zip(self._files(), place.ends, strict=True):
            file.seek(end)
            file.truncate()

    def _files(self) -> list[IO[str]]:
        return [file for file in (self._lines, self._labels) if file]

    def close(self) -> None:
        """Finish the files."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

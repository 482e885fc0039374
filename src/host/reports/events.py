"""The event list beside a restored file, summed up: when and how long they were; in constant memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...audio.arrays import Array
from ...errors import StrictJsonError
from ..storage.strict_json import parse_object

_COLUMNS = 120  # tuned: by eye, 2026-11-30
_EDGES_MS = np.array([0, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, np.inf])  # source: the 1-2-5 series
_LONGEST_LINE = 1 << 16  # guard: of one event


@dataclass(frozen=True)
class EventCounts:
    """Events of one recording.

    Attributes
    ----------
    per_minute
        Events a minute along the recording, shape (columns,).
    column_s
        Seconds of a column.
    lengths
        How many are as long as to each edge of `edges_ms`, shape (edges - 1,).
    edges_ms
        Milliseconds.
    kinds
        How many there are of each kind.
    cut
        Line from which on it could not be read; 0: all of it was.
    """

    per_minute: Array
    column_s: float
    lengths: Array
    edges_ms: Array
    kinds: Counter[str]
    cut: int = 0


def count_events(path: Path, sample_rate: int, begins: int, frames: int) -> EventCounts | None:
    """Sum up the events listed at `path`, of samples `begins` on; None where there are none."""
    columns, lengths, kinds = np.zeros(_COLUMNS), np.zeros(_EDGES_MS.size - 1), Counter[str]()
    number, cut = 0, 0
    with path.open("rb") as file:
        while line := file.readline(_LONGEST_LINE):
            number += 1
            try:
                event = parse_object(line, "an event")
                place, length = int(event["position"]) - begins, float(event["length"])
                kind = str(event["kind"])[:40]
            except (StrictJsonError, KeyError, TypeError, ValueError, OverflowError):
                cut = number
                break
            if not 0 <= place < frames or len(kinds) > _COLUMNS:
                continue
            columns[place * _COLUMNS // frames] += 1
            lengths[
                int(np.clip(np.searchsorted(_EDGES_MS, 1000 * length / sample_rate), 1, lengths.size)) - 1
            ] += 1
            kinds[kind] += 1
    if not kinds:
        return None
    column_s = frames / sample_rate / _COLUMNS
    return EventCounts(columns * 60 / column_s, column_s, lengths, _EDGES_MS, kinds, cut)

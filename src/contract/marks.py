"""An engineer's last word on single events of one recording: leave this one alone, repair that one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..audio.arrays import Mask
from ..errors import ParameterError

Spans = npt.NDArray[np.int64]
"""Rows of (start, stop) in samples, sorted and apart, shape (k, 2)."""


@dataclass(frozen=True)
class Mark:
    """A place in the recording; fields as `Event` has them, so that an event can be copied into a mark."""

    position: int
    length: int
    channel: int | None = None


@dataclass(frozen=True)
class Marks:
    """What a stage must and must not repair in one recording.

    Attributes
    ----------
    vetoed
        Whatever the stage finds that touches one of these stays as it is.
    forced
        These are repaired, found or not. A veto comes before a forced event.
    """

    vetoed: tuple[Mark, ...] = ()
    forced: tuple[Mark, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.vetoed or self.forced)

    def vetoed_in(self, channel: int) -> Spans:
        """Return the vetoed spans of one channel; those that overlap are one."""
        return _merged(self.vetoed, channel)

    def forced_in(self, channel: int) -> Spans:
        """Return the forced spans of one channel, without those that a veto touches."""
        spans = _merged(self.forced, channel)
        return spans[~touched(spans, self.vetoed_in(channel))]


NO_MARKS = Marks()


def check_lengths(
    marks: Marks, sample_rate: float, channels: int, *, longest: int, stage: str, max_length_ms: float
) -> None:
    """Refuse forced events of over `longest` samples, the most that `stage` repairs at its `max_length_ms`.

    Raises
    ------
    ParameterError
        There is one.
    """
    for channel in range(channels):
        for start, stop in marks.forced_in(channel).tolist():
            if stop - start > longest:
                raise ParameterError(
                    f"the forced event at sample {start} is {1e3 * (stop - start) / sample_rate:.3g} ms "
                    f"long; {stage} repairs up to max_length_ms={max_length_ms:g}: raise that, or "
                    "force a shorter one"
                )


def touched(rows: npt.NDArray[Any], spans: Spans) -> npt.NDArray[np.bool_]:
    """Say of each row (start, stop, ...) whether it shares a sample with one of `spans`."""
    after = np.searchsorted(
        spans[:, 1], rows[:, 0], side="right"
    )  # the first that ends beyond the row's start
    begins = np.append(spans[:, 0], np.iinfo(np.int64).max)
    return np.asarray(begins[after] < rows[:, 1])


def covered(spans: Spans, start: int, size: int) -> Mask:
    """Say which of `size` samples from `start` on lie in one of `spans`, which are sorted and apart."""
    inside = np.zeros(size, np.bool_)
    here = spans[
        np.searchsorted(spans[:, 1], start, side="right") : np.searchsorted(spans[:, 0], start + size)
    ]
    for begin, end in (here - start).tolist():
        inside[max(begin, 0) : end] = True
    return inside


def _merged(marks: tuple[Mark, ...], channel: int) -> Spans:
    rows: list[list[int]] = []
    chosen = (mark for mark in marks if mark.channel in (None, channel))
    for mark in sorted(chosen, key=lambda mark: mark.position):
        stop = mark.position + mark.length
        if rows and mark.position < rows[-1][1]:
            rows[-1][1] = max(rows[-1][1], stop)
        else:
            rows.append([mark.position, stop])
    return np.array(rows, np.int64).reshape(-1, 2)

"""Where recordings are worked on, several at once: an interface, and this machine as the simplest answer."""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from llvmlite.binding import get_host_cpu_name

from ...errors import Cancelled
from .workers import Item, Result, Show, Work, in_workers


@dataclass(frozen=True)
class Needs:
    """What whoever works on a run's recordings must have in common.

    Attributes
    ----------
    target
        Folder of the outputs, there already; None where nothing is written.
    sources
        The recordings.
    paths
        Other files and folders that the run names.
    recipes
        Picklable: reads presets and the recogniser anew, and returns what identifies each by what it is.
    """

    target: Path | None
    sources: Sequence[Path]
    paths: Sequence[Path] = ()
    recipes: Callable[[], Mapping[str, str]] = field(default=dict)


class Executor(Protocol):
    """What does work on items, `workers` at once."""

    @property
    def workers(self) -> int:
        """How many items are worked on at once."""

    def examine(self, needs: Needs) -> None:
        """See that all would do the same work, before any begins; raises `ClusterError`."""

    def describe(self) -> dict[str, str | int]:
        """Say what computes: for another kind of processor kernels are compiled otherwise."""

    def run(
        self,
        work: Work[Item, Result],
        items: Sequence[Item],
        *,
        lost: Callable[[Item, str], Result],
        on_start: Callable[[Item], Show | None] = ...,
        cancel: threading.Event | None = None,
    ) -> Iterator[Result]:
        """Do `work` on every item; yield results as they come. The arguments are those of `in_workers`."""


@dataclass(frozen=True)
class ThisMachine:
    """With 1 worker in this process, in order; with more in processes of their own."""

    workers: int = 1

    def examine(self, needs: Needs) -> None:
        """Do nothing: who is asked is who asks."""

    def describe(self) -> dict[str, str | int]:
        """Name the system, the processor, and the number of workers."""
        return {**machine(), "workers": self.workers}

    def run(
        self,
        work: Work[Item, Result],
        items: Sequence[Item],
        *,
        lost: Callable[[Item, str], Result],
        on_start: Callable[[Item], Show | None] = lambda item: None,
        cancel: threading.Event | None = None,
    ) -> Iterator[Result]:
        """Do it here, or in processes; see `in_workers`."""
        if self.workers > 1 and len(items) > 1:
            yield from in_workers(work, items, self.workers, lost=lost, on_start=on_start, cancel=cancel)
            return
        never = cancel or threading.Event()
        for item in items:
            if never.is_set():
                raise Cancelled("cancelled")
            yield work(item, on_start(item), never)


HERE = ThisMachine()


def machine() -> dict[str, str]:
    """Name the system and the kind of processor of this machine."""
    system = f"{platform.system()} {platform.release()}"
    return {"system": system, "processor": get_host_cpu_name()}

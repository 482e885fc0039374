"""What a person, or a script, sees while recordings are rendered: bars, a line or a record each, a sum."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..archive.batch import Job, Outcome
from ..chain.compiling import CompilationNotice
from ..chain.path import slot_number
from ..chain.progress import Progress as ProgressCallback
from ..rendering.event_log import WARNED
from ..storage.strict_json import printable
from .output import one_line

_STEPS = 1000  # tuned: by hand, no record; a bar is no wider than a terminal


class Reporter:
    """Tells of a run over `jobs`; use it as a context manager.

    Parameters
    ----------
    jobs
        What the run is over.
    out, err
        Where lines go, and where bars, warnings and errors do.
    lines
        Print a line for each recording as it ends, and one that sums up.
    bars
        Show bars, where `err` is a terminal.
    record
        Called with the record of each recording as it ends.
    said
        Tells of a path: some stand for what lies behind a URL.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        out: Console,
        err: Console,
        *,
        lines: bool = True,
        bars: bool = True,
        record: Callable[[dict[str, Any]], None] = lambda record: None,
        said: Callable[[Path], str] = str,
    ) -> None:
        self._jobs = jobs
        self._err = err
        self._notice = CompilationNotice(err) if bars else None
        self._record = record
        self._said = said
        bars = bars and err.is_terminal
        # Bars know of what is printed over them on their own console alone.
        self._out = (err if bars and out.is_terminal else out) if lines else None
        self._began = time.monotonic()
        self._done = 0
        self._states: Counter[str] = Counter()
        self._seconds, self._worked = 0.0, 0.0
        self._told: set[str] = set()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=err,
            transient=True,
            disable=not bars,
        )
        # by length: an hour is an hour, however many recordings it is in
        self._all = self._progress.add_task(
            f"{len(jobs)} recordings", total=sum(map(_weight, jobs)), visible=len(jobs) > 1
        )
        self._running: dict[Path, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, trace)

    @property
    def failed(self) -> int:
        """Number of recordings that failed so far."""
        return self._states["failed"]

    def start(self, job: Job) -> ProgressCallback:
        """Begin a recording; returns the callback that moves its bar."""
        name = printable(job.name)
        bar = self._running[job.source] = self._progress.add_task(name, total=_STEPS)

        def show(share: float, doing: str) -> None:
            if self._notice:
                self._notice.hear(doing)
            self._progress.update(bar, completed=share * _STEPS, description=f"{name}: {doing}")

        return show

    def finish(self, outcome: Outcome) -> None:
        """Tell of a recording that was rendered, skipped or failed."""
        if (bar := self._running.pop(outcome.job.source, None)) is not None:
            self._progress.remove_task(bar)
        self._done += 1
        self._worked += outcome.job.seconds if outcome.rendered else 0.0
        self._progress.update(
            self._all, advance=_weight(outcome.job), description=f"{self._done} of {self._so_far()}"
        )
        self._states[state_of(outcome)] += 1
        if outcome.rendered:
            self._seconds += outcome.rendered.seconds
        if self._out:
            of = f"[{self._done:>{len(str(len(self._jobs)))}}/{len(self._jobs)}]"
            self._out.print(f"{of} {printable(_line(outcome, self._said))}", highlight=False)
        for warning in outcome.rendered.warnings if outcome.rendered else []:
            if warning not in self._told:
                # What is said about tags begins with the source already.
                self._warn(f"{outcome.job.name}: {warning.removeprefix(f'{outcome.job.source}: ')}")
        if outcome.error:
            self._err.print(f"error: {one_line(outcome.error)}", style="red")
        self._record(as_record(outcome, self._said))

    def _so_far(self) -> str:
        """Say how many recordings there are, how much sound, and how fast it goes."""
        length = duration(sum(job.seconds for job in self._jobs))
        took = max(time.monotonic() - self._began, 1e-3)
        speed = f", {self._worked / took:.3g} times real time" if self._worked else ""
        return f"{len(self._jobs)} recordings, {length}{speed}"

    def warn(self, warning: str) -> None:
        """Print what is wrong with the preset itself, once for all recordings."""
        self._told.add(warning)
        self._warn(warning)

    def _warn(self, text: str) -> None:
        self._err.print(f"warning: {one_line(text)}", style="yellow")

    def sum_up(self, done: str = "restored") -> None:
        """Print the line that closes the run; `done` is the state of what went as it should."""
        if self._out is None:
            return
        text = ", ".join(f"{self._states[state]} {state}" for state in (done, "skipped", "failed"))
        if self._seconds:
            took = max(time.monotonic() - self._began, 1e-3)
            speed = f"{self._seconds / took:.3g} times real time"
            text += f"; {duration(self._seconds)} of sound in {duration(took)}, {speed}"
        self._out.print(text, highlight=False)


def _weight(job: Job) -> float:
    return max(job.seconds, 1.0)


def state_of(outcome: Outcome) -> str:
    """Return what became of a recording in one word: failed, restored, planned or skipped."""
    if outcome.error:
        return "failed"
    if outcome.planned:
        return "planned"
    return "restored" if outcome.rendered else "skipped"


def _line(outcome: Outcome, said: Callable[[Path], str]) -> str:
    line = f"{state_of(outcome):8} {outcome.job.name}"
    if outcome.rendered:
        return f"{line} -> {said(outcome.rendered.output)}: {_found(outcome)} ({duration(outcome.took_s)})"
    if outcome.planned:
        return f"{line} -> {outcome.job.output and said(outcome.job.output)}"
    return line if outcome.error else f"{line}: {outcome.taken or f'{outcome.job.output} is there already'}"


def _found(outcome: Outcome) -> str:
    if outcome.rendered is None:
        return ""
    counts = [
        f"{n} {kind}{'s' * (n != 1)}"
        for (_, kind), n in sorted(outcome.rendered.events.items())
        if kind not in WARNED  # warnings say it all
    ]
    every = outcome.rendered.findings.values()
    heard = [findings.describe() for findings in every if findings.found or findings.answers]
    return "; ".join(counts + heard) or "nothing found"


def duration(seconds: float) -> str:
    """Say a length of time in the unit that suits it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def as_record(outcome: Outcome, said: Callable[[Path], str] = str) -> dict[str, Any]:
    """Return what became of a recording, for scripts and logs; `said` tells of paths."""
    job = outcome.job
    record: dict[str, Any] = {
        "source": said(job.source),
        "state": state_of(outcome),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if outcome.error:
        return record | {"error": outcome.error}
    if outcome.rendered is None:
        return record | {"output": job.output and said(job.output)}
    rendered = outcome.rendered
    return record | {
        "output": said(rendered.output),
        "report": said(rendered.report),
        "removed": rendered.removed and said(rendered.removed),
        "seconds": rendered.seconds,
        "took_s": round(outcome.took_s, 3),
        "headroom_gain": rendered.headroom_gain,
        "findings": {slot_number(p): f.describe() for p, f in rendered.findings.items()},
        "events": {f"{slot_number(p)} {kind}": n for (p, kind), n in sorted(rendered.events.items())},
        "warnings": rendered.warnings,
    }

"""What a person sees while recordings are rendered: bars, warnings, and a table at the end."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from .batch import Job, Outcome
from .chain_stream import slot_number
from .passes import Progress as ProgressCallback

_STEPS = 1000


class Reporter:
    """Progress bars for a run over `jobs`; use it as a context manager."""

    def __init__(self, console: Console, jobs: list[Job], *, quiet: bool) -> None:
        self._console = console
        self._outcomes: list[Outcome] = []
        self._told: set[str] = set()
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=quiet or not console.is_terminal,
        )
        self._all = self._progress.add_task(f"{len(jobs)} recordings", total=len(jobs), visible=len(jobs) > 1)
        self._one = self._progress.add_task("", total=_STEPS, visible=False)

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.update(self._one, visible=False)
        self._progress.__exit__(kind, error, trace)

    @property
    def failed(self) -> int:
        """Number of recordings that failed so far."""
        return sum(bool(outcome.error) for outcome in self._outcomes)

    def start(self, job: Job) -> ProgressCallback:
        """Begin a recording; returns the callback that moves its bar."""
        self._progress.reset(self._one, description=job.source.name, visible=True)

        def show(share: float, doing: str) -> None:
            self._progress.update(
                self._one, completed=share * _STEPS, description=f"{job.source.name}: {doing}"
            )

        return show

    def finish(self, outcome: Outcome) -> None:
        """Count a recording that was rendered, skipped or failed."""
        self._outcomes.append(outcome)
        self._progress.advance(self._all)
        for warning in outcome.rendered.warnings if outcome.rendered else []:
            if warning not in self._told:
                self._say(f"warning: {outcome.job.source.name}: {warning}")

    def warn(self, warning: str) -> None:
        """Print what is wrong with the preset itself, once for all recordings."""
        self._told.add(warning)
        self._say(f"warning: {warning}")

    def _say(self, line: str) -> None:
        self._progress.console.print(line, style="yellow", markup=False, highlight=False)

    def print_table(self) -> None:
        """Print what became of every recording."""
        table = Table(box=None, pad_edge=False)
        for head in ("recording", "what became of it", "found", "written to"):
            table.add_column(head, overflow="fold")
        for outcome in self._outcomes:
            row = [outcome.job.source.name, _became(outcome), _found(outcome), ""]
            if outcome.rendered:
                row[3] = str(outcome.rendered.output)
            table.add_row(*row)
        self._console.print(table)

    def as_json(self) -> list[dict[str, Any]]:
        """Return what became of every recording, for scripts."""
        return [_as_json(outcome) for outcome in self._outcomes]


def _became(outcome: Outcome) -> str:
    if outcome.error:
        return "failed"
    return "restored" if outcome.rendered else "skipped (is there already)"


def _found(outcome: Outcome) -> str:
    if outcome.rendered is None:
        return ""
    counts = [f"{n} {kind}{'s' * (n != 1)}" for (_, kind), n in sorted(outcome.rendered.events.items())]
    heard = [findings.describe() for findings in outcome.rendered.findings.values() if findings.found]
    return "; ".join(counts + heard) or "nothing"


def _as_json(outcome: Outcome) -> dict[str, Any]:
    state = "failed" if outcome.error else "restored" if outcome.rendered else "skipped"
    result: dict[str, Any] = {"source": str(outcome.job.source), "state": state}
    if outcome.error:
        result["error"] = outcome.error
    if outcome.rendered:
        rendered = outcome.rendered
        result |= {
            "output": str(rendered.output),
            "report": str(rendered.report),
            "removed": str(rendered.removed) if rendered.removed else None,
            "seconds": rendered.seconds,
            "headroom_gain": rendered.headroom_gain,
            "findings": {slot_number(p): f.describe() for p, f in rendered.findings.items()},
            "events": {f"{slot_number(p)} {kind}": n for (p, kind), n in sorted(rendered.events.items())},
            "warnings": rendered.warnings,
        }
    return result

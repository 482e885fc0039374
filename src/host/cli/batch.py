"""What ``wavemend render`` and ``wavemend prepare`` share: the options of a run over many recordings.

Heavy modules are imported inside the functions, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import typer

from ..processes.interrupts import INTERRUPTED
from ..rendering.options import RenderOptions
from .output import (
    FAILED,
    REFUSED,
    err,
    fail,
    out,
    print_json,
    print_json_line,
    say_error,
    say_note,
    say_which,
)

InputsArgument = Annotated[list[str], typer.Argument(help="Sound files, folders, or quoted glob patterns.")]
OutputOption = Annotated[
    Path, typer.Option("-o", "--output", help="Folder, or for a single recording a file.")
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace existing outputs.")]
SkipOption = Annotated[bool, typer.Option("--skip-existing", help="Leave existing outputs, and do the rest.")]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", help="Leave out names, or with a slash paths, that fit a pattern; may be repeated."
    ),
]
JobsOption = Annotated[
    int,
    typer.Option(
        "-j", "--jobs", min=1, max=256, help="Cores to use: recordings at once, or parts of a long one."
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print warnings and errors alone.")]
LogOption = Annotated[
    Path | None,
    typer.Option(
        "--log", help="File to append a line of JSON to as each recording ends.", show_default=False
    ),
]
NdjsonOption = Annotated[
    bool, typer.Option("--ndjson", help="Print a line of JSON as each recording ends, for scripts.")
]


@dataclass(frozen=True)
class Run:
    """The options of a run that are not those of a render; named as on the command line."""

    skip_existing: bool
    exclude: list[str]
    jobs: int
    dry_run: bool
    quiet: bool
    log: Path | None
    ndjson: bool
    as_json: bool

    def refuse_contradictions(self, overwrite: bool) -> None:
        """Refuse options that exclude each other."""
        if overwrite and self.skip_existing:
            fail("--overwrite and --skip-existing contradict each other; say one of them", REFUSED)
        if self.as_json and self.ndjson:
            fail("--json and --ndjson contradict each other; say one of them", REFUSED)


def render_all(
    preset: str,
    inputs: list[str],
    output: Path,
    settings: list[str],
    run: Run,
    *,
    options: RenderOptions,
    missing: str | None = None,
) -> None:
    """Plan, render and tell."""
    from functools import partial  # noqa: PLC0415

    from ..archive.workers import use_one_thread  # noqa: PLC0415

    use_one_thread()  # before NumPy is loaded

    from ..archive import batch  # noqa: PLC0415
    from ..presets.overrides import chain_with  # noqa: PLC0415
    from .progress import Reporter  # noqa: PLC0415

    run.refuse_contradictions(options.overwrite)
    new_chain = partial(chain_with, preset, settings, missing)
    warnings = new_chain().warnings()  # refuses a bad preset before any file is read
    if not run.quiet:
        say_which(preset)
    jobs = batch.plan(
        inputs, output,
        removed=options.removed, overwrite=options.overwrite,
        skip_existing=run.skip_existing, exclude=run.exclude,
        tell=(lambda note: None) if run.quiet else say_note,
    )  # fmt: skip
    machine = run.as_json or run.ndjson
    records: dict[str, dict[str, Any]] = {}
    with RecordLog(run.log) as log:

        def record(one: dict[str, Any]) -> None:
            records[one["source"]] = one
            log.write(one)
            if run.ndjson:
                print_json_line(one)

        with Reporter(
            jobs, out, err, lines=not (run.quiet or machine), bars=not run.quiet, record=record
        ) as reporter:
            for warning in warnings:
                reporter.warn(warning)
            outcomes = (
                batch.dry_run(jobs)
                if run.dry_run
                else batch.run(
                    new_chain, jobs, options, workers=run.jobs, on_start=reporter.start, cancel=INTERRUPTED
                )
            )
            for outcome in outcomes:
                reporter.finish(outcome)
        reporter.sum_up("planned" if run.dry_run else "restored")
    if run.as_json:
        print_json([records[str(job.source)] for job in jobs])
    if reporter.failed or log.failed:
        raise typer.Exit(FAILED)


class RecordLog:
    """A file that takes each record at once; where that fails it is said, and the run goes on."""

    def __init__(self, path: Path | None) -> None:
        self.failed = False
        self._path = path
        self._file = path.open("a", encoding="utf-8") if path else None

    def write(self, record: Any) -> None:
        """Append one record."""
        from ..storage.json_text import json_text  # noqa: PLC0415

        if self._file is None or self.failed:
            return
        try:
            self._file.write(json_text(record) + "\n")
            self._file.flush()
        except OSError as error:
            self.failed = True
            say_error(f"{self._path}: cannot be written to any more: {error.strerror or error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file:
            with suppress(OSError):
                self._file.close()

"""``wavemend batch`` and ``wavemend verify``: collections of hundreds of hours, unattended.

Heavy modules are imported inside the functions, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
import shutil
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..processes.interrupts import INTERRUPTED
from ..rendering.options import RenderOptions
from ..transcripts import DEFAULT_RECOGNISER
from .batch import DryRunOption, ExcludeOption, JobsOption, LogOption, NdjsonOption, QuietOption, RecordLog
from .completion import complete_preset
from .output import (
    FAILED,
    REFUSED,
    JsonOption,
    err,
    fail,
    out,
    print_json,
    print_json_line,
    print_table,
    say_error,
    say_note,
    say_which,
)
from .render_options import (
    DocumentOption,
    DocumentsOption,
    EaseOption,
    EventsOption,
    GuardOption,
    LabelsOption,
    MissingOption,
    OversOption,
    OversPolicy,
    RemovedOption,
    SeedOption,
    SettingsOption,
    StrengthOption,
    TrackOption,
    TrimOption,
    with_project,
)
from .scheduler_options import MixedOption, SchedulerOption, StateOption, table_of_differences
from .transcripts import (
    LanguageOption,
    ModelOption,
    RecogniserOption,
    listener_of,
)

if TYPE_CHECKING:
    from ..archive.batch import Job
    from ..archive.choices import Choice
    from ..archive.collection import Collection
    from ..archive.executors import Executor

PresetArgument = Annotated[
    str,
    typer.Argument(
        help="Name or path of a preset, a collection's wavemend.toml, none, auto (what each recording's own "
        "analysis suggests), or a table that --choices wrote.",
        autocompletion=complete_preset,
    ),
]
SourcesArgument = Annotated[
    list[str], typer.Argument(help="Folders, sound files, quoted glob patterns, or URLs.")
]
TargetOption = Annotated[
    str, typer.Option("-o", "--output", help="Folder, or its URL, for the outputs and the manifest of them.")
]
RetryOption = Annotated[
    bool, typer.Option("--retry-failed", help="Try again what failed before; else it is told again.")
]
VerifyOption = Annotated[
    bool, typer.Option("--verify", help="In the end, check every output and every source by its hash.")
]
ChoicesOption = Annotated[
    Path | None,
    typer.Option(
        "--choices", help="With auto and --dry-run: file for the table of presets.", show_default=False
    ),
]


def batch(
    context: typer.Context,
    preset: PresetArgument,
    sources: SourcesArgument,
    output: TargetOption,
    *,
    settings: SettingsOption = None,
    missing: MissingOption = None,
    removed: RemovedOption = False,
    events: EventsOption = False,
    labels: LabelsOption = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that no run into that folder made.")
    ] = False,
    retry_failed: RetryOption = False,
    overs: OversOption = OversPolicy.headroom,
    strength: StrengthOption = 100,
    ease_lossy: EaseOption = None,
    guard: GuardOption = False,
    trim_ends_s: TrimOption = None,
    document: DocumentOption = True,
    documents: DocumentsOption = None,
    track: TrackOption = None,
    seed: SeedOption = 0,
    exclude: ExcludeOption = None,
    jobs: JobsOption = 1,
    scheduler: SchedulerOption = None,
    allow_mixed: MixedOption = False,
    state: StateOption = None,
    dry_run: DryRunOption = False,
    choices: ChoicesOption = None,
    verify: VerifyOption = False,
    transcribe: Annotated[
        bool, typer.Option("--transcribe", help="Transcribe each restored file, for `wavemend search`.")
    ] = False,
    recogniser: RecogniserOption = DEFAULT_RECOGNISER,
    model: ModelOption = None,
    language: LanguageOption = None,
    quiet: QuietOption = False,
    log: LogOption = None,
    ndjson: NdjsonOption = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a collection unattended: say the same again, and it goes on where it was."""
    if as_json and ndjson:
        fail("--json and --ndjson contradict each other; say one of them", REFUSED)
    if allow_mixed and scheduler is None:
        fail("--allow-mixed says which workers of a cluster may be taken; it goes with --scheduler", REFUSED)
    preset, pinned, options = with_project(context, preset)
    policy = options.pop("missing")
    if not transcribe and (model or language or recogniser != DEFAULT_RECOGNISER):
        fail("--recogniser, --model and --language go with --transcribe", REFUSED)
    from ..archive.collection import plan_collection  # noqa: PLC0415
    from ..archive.remote.mirror import mirror_for  # noqa: PLC0415

    note = (lambda note: None) if quiet else say_note
    if mirror := mirror_for(sources, output, state, scheduler):
        note(f"the manifest of {output} is kept in {mirror.state}")
    target = mirror.state if mirror else Path(output)
    planned = plan_collection(
        sources, target,
        options=RenderOptions(overwrite=overwrite, documents=documents, **options),
        transcribe=transcribe, exclude=exclude or [], mirror=mirror, tell=note,
    )  # fmt: skip
    collection = _collection(
        planned, target, preset, mirror=mirror,
        settings=[*pinned, *(settings or [])], missing=policy, retry_failed=retry_failed,
        options=RenderOptions(overwrite=overwrite, documents=documents, **options),
        listener=listener_of(recogniser, model, language) if transcribe else None,
    )  # fmt: skip
    if choices and not (dry_run and preset == "auto"):
        fail("--choices goes with auto and --dry-run; say the table itself in place of the preset", REFUSED)
    from ..archive.machines import executor_for  # noqa: PLC0415

    with (
        table_of_differences(),
        executor_for(jobs, scheduler, allow_mixed=allow_mixed, tell=say_note) as executor,
    ):
        if dry_run:
            _plan(collection, executor, table=choices, overwrite=overwrite, quiet=quiet, as_json=as_json)
            return
        failed = _run(collection, executor, quiet=quiet, log=log, ndjson=ndjson, as_json=as_json)
    if verify:
        failed = _check(output, sources=True, quiet=quiet or as_json or ndjson) or failed
    if failed:
        raise typer.Exit(FAILED)


def verify(
    target: Annotated[str, typer.Argument(help="Folder, or URL, that `wavemend batch` rendered into.")],
    *,
    sources: Annotated[
        bool, typer.Option("--sources", help="Check that the recordings themselves are untouched, too.")
    ] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check every output of a collection against its manifest, to the bit."""
    if _check(target, sources=sources, quiet=quiet, as_json=as_json):
        raise typer.Exit(FAILED)


def bag(
    target: Annotated[Path, typer.Argument(help="Folder that `wavemend batch` rendered into.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The bag: a folder that is not there yet.")],
    *,
    info: Annotated[
        list[str] | None,
        typer.Option("--info", help="Field of bag-info.txt: Source-Organization=Archive; may be repeated."),
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Copy a restored collection into a bag (RFC 8493), with METS and PREMIS of what was done."""
    try:
        from ..archive.bag import make_bag  # noqa: PLC0415
    except ImportError:
        fail("bags need packages of their own: pip install 'wavemend[archive]'", REFUSED)
    fields: dict[str, str | list[str]] = {}
    for name, _, value in (field.partition("=") for field in info or []):
        if not (name and value):
            fail("--info: write NAME=VALUE, as Source-Organization=Archive", REFUSED)
        fields[name] = [*fields.get(name, []), value]
    made = make_bag(target, output, info=fields)
    for name, why in made.left_out.items():
        say_error(f"{name}: left out, because it is not done: {why}")
    if as_json:
        print_json(vars(made))
    elif not quiet:
        out.print(f"{made.recordings} recordings, {made.files} files in {made.path}", highlight=False)
    if made.left_out:
        raise typer.Exit(FAILED)


def _collection(
    jobs: "Sequence[Job]", target: Path, preset: str, *, settings: list[str], **rest: Any
) -> "Collection":
    """Refuse a bad preset or table before any recording is read through."""
    from ..archive.choices import is_choices, read_choices  # noqa: PLC0415
    from ..archive.collection import Collection  # noqa: PLC0415
    from ..archive.recipe import NOTHING, chain_maker  # noqa: PLC0415
    from ..archive.restoring import AUTO  # noqa: PLC0415

    chosen: Mapping[str, str] | None = None
    if is_choices(preset):
        chosen = read_choices(Path(preset), jobs)
    presets = [*dict.fromkeys(chosen.values())] if chosen is not None else [preset]
    if settings and (chosen is not None or preset in (AUTO, NOTHING)):
        fail("--set changes values of one preset; it does not go with auto, none or a table", REFUSED)
    for one in presets:
        if one not in (AUTO, NOTHING):
            say_which(one)
            for warning in chain_maker(one, settings, rest["missing"])().warnings():
                say_note(warning)
    return Collection(jobs, target, preset, choices=chosen, settings=settings, **rest)


def _plan(
    collection: "Collection",
    executor: "Executor",
    *,
    table: Path | None,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Say what would be done, where to, how long it may take, and how much disk; write nothing."""
    jobs = [job for job in collection.jobs if job.output]
    bad = [job for job in collection.jobs if not job.output]
    choices = _choices(collection, jobs, executor, quiet)
    place = collection.mirror.said if collection.mirror else str
    rows = [
        {
            "recording": job.name,
            "source": place(job.source),
            "output": place(job.output) if job.output else None,
            "seconds": job.seconds,
            "bytes": job.out_bytes,
            "preset": choices[job.name].preset,
            "why": choices[job.name].why,
            "error": choices[job.name].error,
        }
        for job in jobs
    ]
    if table:
        from ..archive.choices import write_choices  # noqa: PLC0415

        write_choices(choices.values(), table, overwrite=overwrite)
    if as_json:
        print_json(rows)
    elif not quiet:
        from ..storage.strict_json import printable  # noqa: PLC0415
        from .progress import duration  # noqa: PLC0415

        said = [(printable(job.name), duration(job.seconds), str(r["preset"]), str(r["error"] or r["why"]))
                for r, job in zip(rows, jobs, strict=True)]  # fmt: skip
        print_table(("recording", "length", "preset", "why"), said)
        out.print(_sum(collection, jobs, executor.workers), highlight=False)
        if table:
            out.print(f"the table of presets is in {table}: edit it, and name it in place of auto")
    for job in bad:
        say_error(job.error)
    for choice in choices.values():
        if choice.error:
            say_error(choice.error)
    if bad or any(choice.error for choice in choices.values()):
        raise typer.Exit(FAILED)


def _choices(
    collection: "Collection", jobs: "Sequence[Job]", executor: "Executor", quiet: bool
) -> "dict[str, Choice]":
    from rich.progress import Progress  # noqa: PLC0415

    from ..archive.choices import Choice, suggested  # noqa: PLC0415
    from ..archive.restoring import AUTO  # noqa: PLC0415

    given = collection.choices
    if given is not None or collection.preset != AUTO:
        return {job.name: Choice(job.name, given[job.name] if given else collection.preset) for job in jobs}
    with Progress(console=err, transient=True, disable=quiet or not err.is_terminal) as bars:
        bar = bars.add_task("listening", total=len(jobs))
        found = {}
        for choice in suggested(jobs, executor=executor, cancel=INTERRUPTED):
            found[choice.name] = choice
            bars.advance(bar)
    return {job.name: found[job.name] for job in jobs}


def _sum(collection: "Collection", jobs: "Sequence[Job]", workers: int) -> str:
    from rich.filesize import decimal  # noqa: PLC0415

    from ..archive.collection import earlier_speed  # noqa: PLC0415
    from .progress import duration  # noqa: PLC0415

    length, size = sum(job.seconds for job in jobs), sum(job.out_bytes for job in jobs)
    folders = (collection.target, *collection.target.absolute().parents)
    free = shutil.disk_usage(next(folder for folder in folders if folder.exists())).free
    text = f"{len(jobs)} recordings, {duration(length)}; {decimal(size)} at most, {decimal(free)} free"
    if speed := earlier_speed(collection.target):
        took = duration(length / speed / workers)
        text += f"; about {took}, as fast as before ({speed:.3g} times real time a job)"
    return text + (". There may be too little room" if size > free else "")


def _run(
    collection: "Collection",
    executor: "Executor",
    *,
    quiet: bool,
    log: Path | None,
    ndjson: bool,
    as_json: bool,
) -> bool:
    """Restore and tell; return whether anything failed."""
    from ..archive.collection import run_collection  # noqa: PLC0415
    from .progress import Reporter  # noqa: PLC0415

    records: list[dict[str, Any]] = []
    with RecordLog(log) as kept:

        def record(one: dict[str, Any]) -> None:
            records.append(one)
            kept.write(one)
            if ndjson:
                print_json_line(one)

        lines = not (quiet or as_json or ndjson)
        said = collection.mirror.said if collection.mirror else str
        with Reporter(
            collection.jobs, out, err, lines=lines, bars=not quiet, record=record, said=said
        ) as reporter:
            for outcome in run_collection(
                collection, executor=executor, on_start=reporter.start, cancel=INTERRUPTED
            ):
                reporter.finish(outcome)
        reporter.sum_up()
    if as_json:
        places = {said(job.source): number for number, job in enumerate(collection.jobs)}
        print_json(sorted(records, key=lambda one: places[str(one["source"])]))
    return bool(reporter.failed) or kept.failed


def _check(target: str, *, sources: bool, quiet: bool, as_json: bool = False) -> bool:
    """Check and tell; return whether anything is not as it should be."""
    from rich.progress import Progress  # noqa: PLC0415

    from ..archive.verifying import verify  # noqa: PLC0415

    count, wrong = 0, []
    bars = Progress(console=err, transient=True) if err.is_terminal and not quiet else nullcontext()
    with bars as shown:
        bar = shown.add_task("checking", total=None) if isinstance(shown, Progress) else None
        for one in verify(target, sources=sources):
            count += 1
            if one.problem:
                wrong.append(one)
            if isinstance(shown, Progress) and bar is not None:
                shown.update(bar, advance=1, description=f"checking {one.path}")
            if INTERRUPTED.is_set():
                raise typer.Abort
    if as_json:
        print_json({"checked": count, "wrong": [vars(one) for one in wrong]})
    for one in wrong if not as_json else []:
        say_error(f"{one.path}: {one.problem}")
    if not (quiet or as_json):
        out.print(f"{count} files checked, {len(wrong)} not as they should be", highlight=False)
    return bool(wrong)

"""One recording of a collection, where it is worked on: is it done already, by what recipe, of what bytes.

What this finds out goes back to the process that writes the manifest.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from ...errors import AudioFileError, Cancelled, RemoteError, TargetBusyError, WavemendError
from ..chain.path import slot_number
from ..chain.progress import Progress
from ..files.source_file import SourceFile
from ..rendering.options import RenderOptions
from ..rendering.render import render_with
from ..rendering.rendered import Rendered
from ..rendering.report import made_hashes
from ..storage.hashing import sha256_of
from ..storage.outputs import make_folder, report_path
from ..storage.publishing import clear_leftovers
from ..survey.analyse import Analysis, analyse_file
from ..transcripts.recognisers import Listening, made_by
from .batch import Job, Outcome
from .manifest import Entry, Output, now
from .recipe import NOTHING, Recipe, chain_maker, document_sha256, recipe_of

AUTO = "auto"
"""Asks that each recording gets what its own analysis suggests."""

SET_ASIDE = "wavemend-set-aside"
"""Folder in the target for what stood in the place of an output and was not what a run had written."""


@dataclass(frozen=True)
class Request:
    """What is the same for all recordings of a run."""

    target: Path
    settings: tuple[str, ...]
    missing: str | None
    options: RenderOptions
    retry_failed: bool
    listening: Listening | None = None


@dataclass(frozen=True)
class Task:
    """A recording, what the manifest knows of it, and the preset that was asked for."""

    job: Job
    known: Entry
    preset: str


@dataclass(frozen=True)
class Finished:
    """What became of a task; `entry` is None where nothing is to be noted."""

    outcome: Outcome
    entry: Entry | None = None
    recipe: Recipe | None = None
    disk_full: bool = False


def restore(request: Request, task: Task, progress: Progress | None, cancel: threading.Event) -> Finished:
    """Render one recording, unless it is done; whatever goes wrong with it is told, not raised.

    Raises
    ------
    Cancelled
        `cancel` was set.
    """
    began, attempt = time.monotonic(), ""
    entry = replace(task.known, source=os.path.abspath(task.job.source), name=task.job.name)
    try:
        with SourceFile(task.job.source) as source:
            if another := _made_of_another(task, source):
                return Finished(Outcome(task.job, error=another), task.known)
            document = document_sha256(source.path, request.options)
            entry = replace(entry, source_sha256=source.sha256, document_sha256=document)
            entry, recipe = _chosen(
                request, task, entry, source, partial(analyse_file, progress=progress, cancel=cancel)
            )
            attempt = _attempt(entry)
            if (before := _before(request, task, entry, attempt)) is not None:
                return before
            entry, recipe, rendered = _rendered(
                request, task, entry, source, progress=progress, cancel=cancel
            )
            try:
                _check_same(source, entry, request.options)
            except AudioFileError:
                entry = replace(entry, source_sha256="")  # of what its outputs are, nobody knows
                raise
    except Cancelled:
        raise
    except Exception as error:
        if cancel.is_set():  # compiled code makes errors of its own of an interrupt
            raise Cancelled("cancelled") from error
        return failed(task, entry, attempt, error, time.monotonic() - began)
    took_s = time.monotonic() - began
    outcome = Outcome(task.job, rendered, took_s=took_s)
    return Finished(outcome, replace(entry, took_s=took_s, ended=now()), recipe)


def lost(request: Request, task: Task, how: str) -> Finished:
    """Tell of a recording whose process died, and clear away what that left."""
    if task.job.output:
        clear_leftovers(task.job.output.parent)
    error = f"{task.job.source}: {how}"
    # not a fault of the recording's, as far as anyone knows: the next run tries it again
    return Finished(Outcome(task.job, error=error), replace(task.known, state="rendering", error=error))


def forget_recipes() -> None:
    """Read presets anew: they are read once a run, and may be other ones by the next."""
    _read_recipe.cache_clear()


def recipes_anew(request: Request, presets: Sequence[str]) -> dict[str, str]:
    """Read presets and the recogniser anew; return what identifies each, by what it is."""
    forget_recipes()
    found = {f"preset {preset}": _recipe(request, preset).sha256 for preset in presets}
    if request.listening:
        found["recogniser"] = made_by(request.listening.listener.identity())
    return found


def _attempt(entry: Entry) -> str:
    """Hash of what a recording is tried of and by."""
    made = "\n".join((entry.source_sha256, entry.document_sha256, entry.recipe))
    return hashlib.sha256(made.encode()).hexdigest()


def _check_same(source: SourceFile, entry: Entry, options: RenderOptions) -> None:
    """See that what was hashed is what was rendered; raises `AudioFileError`."""
    source.check()
    if document_sha256(source.path, options) != entry.document_sha256:
        raise AudioFileError(f"{source.path}: its document changed while it was rendered: start again")


def _made_of_another(task: Task, source: SourceFile) -> str:
    """Say so where the output is another recording's: the same name in another folder."""
    known = task.known
    if known.source_sha256 in ("", source.sha256) or known.source == os.path.abspath(source.path):
        return ""
    return f"{source.path}: {known.path} was made of {known.source}; choose another folder for this one"


def _chosen(
    request: Request,
    task: Task,
    entry: Entry,
    source: SourceFile,
    listen: Callable[[SourceFile], Analysis],
) -> tuple[Entry, Recipe]:
    """Return the entry with its preset, and the recipe."""
    preset, reasons = task.preset, []
    if preset == AUTO:
        known = task.known
        if known.preset and known.source_sha256 == entry.source_sha256:  # analysed before, by this version
            recipe = _recipe(request, known.preset)
            if recipe.sha256 == known.recipe:
                return replace(entry, recipe=recipe.sha256), recipe
        suggestion = listen(source).suggestion
        preset, reasons = suggestion.preset or NOTHING, suggestion.reasons
    recipe = _recipe(request, preset)
    return replace(entry, preset=preset, reasons=reasons, recipe=recipe.sha256), recipe


def _recipe(request: Request, preset: str) -> Recipe:
    return _read_recipe(preset, request.settings, request.missing, request.options)


@cache
def _read_recipe(
    preset: str, settings: tuple[str, ...], missing: str | None, options: RenderOptions
) -> Recipe:
    return recipe_of(preset, chain_maker(preset, list(settings), missing)(), options)


def _before(request: Request, task: Task, entry: Entry, attempt: str) -> Finished | None:
    """Return what became of it in an earlier run, where nothing that counts has changed since."""
    known = task.known
    if known.state == "failed" and known.tried == attempt and not request.retry_failed:
        return Finished(Outcome(task.job, error=known.error), known)
    if _attempt(known) != attempt:
        return None
    # "rendering" too: a run that was killed while it looked whether this one is done
    if known.outputs and all(is_there(request.target, one) for one in known.outputs):
        skipped = Outcome(replace(task.job, skipped=True), taken="done, and nothing has changed since")
        done = replace(known, state="done", source=entry.source, name=entry.name, error="", tried="")
        return Finished(skipped, done)
    return None


def is_there(target: Path, output: Output) -> bool:
    """Whether an output is there, to the bit."""
    path = target / output.path
    return path.is_file() and path.stat().st_size == output.bytes and sha256_of(path) == output.sha256


def _rendered(
    request: Request,
    task: Task,
    entry: Entry,
    source: SourceFile,
    *,
    progress: Progress | None,
    cancel: threading.Event,
) -> tuple[Entry, Recipe, Rendered]:
    job = task.job
    assert job.output is not None  # noqa: S101 - others are no tasks
    warnings = [set_aside(request.target, one) for one in _strangers(request.target, job, task.known)]
    chain = chain_maker(entry.preset, list(request.settings), request.missing)()
    recipe = recipe_of(entry.preset, chain, request.options)  # of what runs: its preset may just have changed
    options = replace(request.options, overwrite=True)  # what is there is a run's own: see plan_collection
    rendered = render_with(options, chain, source, job.output, progress=progress, cancel=cancel)
    outputs = [output_of(request.target, path) for path in _files(rendered)]
    take_away(request.target, task.known.outputs, {one.path for one in outputs})
    return replace(
        entry,
        state="done",
        recipe=recipe.sha256,
        tried="",
        seconds=rendered.seconds,
        loudness={
            f"{part} {name}": float(value)
            for part, figures in rendered.loudness.items()
            for name, value in figures.items()
        },
        findings={slot_number(path): found.describe() for path, found in rendered.findings.items()},
        events={
            f"{slot_number(path)} {kind}": count for (path, kind), count in sorted(rendered.events.items())
        },
        warnings=[*warnings, *rendered.warnings],
        error="",
        outputs=outputs,
    ), recipe, rendered  # fmt: skip


def _strangers(target: Path, job: Job, known: Entry) -> list[Output]:
    """Return outputs in whose place something else stands: edited since, or cut by a power failure."""
    ours: set[str] = (
        set()
    )  # a render's own: one that was killed before the manifest knew, or asked for by hand
    for output in filter(None, (job.output, job.wide_output)):
        hashes = made_hashes(report_path(output))
        if output.is_file() and sha256_of(output) in hashes:
            ours |= hashes | {sha256_of(report_path(output))}
    there = ((one, target / one.path) for one in known.outputs)
    return [
        one
        for one, path in there
        if path.is_file()
        and path.stat().st_size
        and not is_there(target, one)
        and sha256_of(path) not in ours
    ]


def take_away(target: Path, earlier: Sequence[Output], made: set[str]) -> None:
    """Delete what an earlier run wrote and this one does not: by another name, or not asked for any more."""
    for one in earlier:
        if one.path not in made and is_there(target, one):
            (target / one.path).unlink()


def set_aside(target: Path, output: Output) -> str:
    """Keep what stands in the place of `output`; return a line that says so."""
    path = target / output.path
    below = Path(SET_ASIDE, f"{output.path}.{sha256_of(path)[:12]}")
    make_folder((target / below).parent)
    path.replace(target / below)
    return f"{output.path} was not what had been written; it was kept as {below.as_posix()}"


def _files(rendered: Rendered) -> Iterator[Path]:
    every = (rendered.output, rendered.report, rendered.removed, rendered.events_file, rendered.labels_file)
    return (path for path in every if path is not None)


def output_of(target: Path, path: Path) -> Output:
    """Return what a file is that was written."""
    return Output(path.relative_to(target).as_posix(), path.stat().st_size, sha256_of(path))


def failed(task: Task, entry: Entry, attempt: str, error: Exception, took_s: float) -> Finished:
    """Tell of a recording that failed; `attempt` says of what and by what, empty where nobody knows."""
    said = str(error) if isinstance(error, WavemendError) else f"{type(error).__name__}: {error}"
    text = said if str(task.job.source) in said else f"{task.job.source}: {said}"
    outcome = Outcome(task.job, error=text)
    if is_full(error):
        return Finished(outcome, replace(task.known, state="waiting"), disk_full=True)
    if isinstance(
        error, TargetBusyError | RemoteError
    ):  # not the recording's fault: the next run tries again
        return Finished(outcome, replace(task.known, state="rendering", error=text))
    if task.known.outputs and entry.source_sha256:  # they are there still, and of what they were
        entry = replace(task.known, source=entry.source, name=entry.name)
    failure = replace(entry, state="failed", tried=attempt, error=text, took_s=took_s, ended=now())
    return Finished(outcome, failure)


def is_full(error: BaseException | None) -> bool:
    """Whether a disk is full, whatever was raised of it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False

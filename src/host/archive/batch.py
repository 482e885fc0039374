"""Many recordings through one preset: decide every name before the first sample, then render them.

A file that fails is told about and the others go on; nothing is ever written over.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ...errors import Cancelled, PlanError, TargetBusyError, TargetExistsError, WavemendError
from ..chain.chain import Chain
from ..chain.progress import Progress
from ..files.audio_format import AUDIO_SUFFIXES, AudioFormat
from ..files.audio_reader import AudioReader
from ..files.source_file import SourceFile
from ..files.video.encoding import Planned, planned
from ..files.video.film import is_film
from ..files.video.kinds import VIDEO_SUFFIXES
from ..rendering.options import DEFAULTS, RenderOptions
from ..rendering.render import render_with
from ..rendering.rendered import Rendered
from ..storage.file_names import fitted, longest_name
from ..storage.outputs import removed_path
from ..storage.publishing import clear_leftovers
from .executors import ThisMachine
from .walk import Found, find_recordings


@dataclass(frozen=True)
class Job:
    """One recording to render.

    Attributes
    ----------
    source, output
        Paths; `output` is None where the source cannot be read, and then `error` says why.
    skipped
        The output is there already, and existing ones are to be left alone.
    removed
        Where what was removed goes; None where it is not written.
    wide_output
        Where the output goes in its place if it passes full scale and floats are asked for; None: there too.
    name
        What a run calls it: its path below the input that it was found in, unless two would be called alike.
    may_skip
        Existing outputs are to be left alone, those too that appear while the run lasts.
    seconds, out_bytes
        Length of the recording, and what the output takes without compression.
    """

    source: Path
    output: Path | None
    error: str = ""
    skipped: bool = False
    removed: Path | None = None
    wide_output: Path | None = None
    name: str = ""
    may_skip: bool = False
    seconds: float = 0.0
    out_bytes: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of a job: `rendered`, or `error` where it failed; neither where it was skipped.

    `planned` where nothing was to be done yet; `took_s` is the time it took; `taken` says why it was skipped
    though its output was not there when the run began.
    """

    job: Job
    rendered: Rendered | None = None
    error: str = ""
    planned: bool = False
    took_s: float = 0.0
    taken: str = ""


def plan(
    inputs: Iterable[str],
    target: Path,
    *,
    removed: bool = False,
    overwrite: bool = False,
    skip_existing: bool = False,
    exclude: Sequence[str] = (),
    tell: Callable[[str], None] = lambda note: None,
) -> list[Job]:
    """Decide where every output goes.

    Parameters
    ----------
    inputs
        Files, folders and glob patterns; the structure below a folder, or below the fixed part of a pattern,
        is kept.
    target
        A file, for a single input file; otherwise a folder, made where needed.
    removed
        Whether what was removed is written too.
    overwrite, skip_existing
        What to do about outputs that are there already; with neither, they refuse the run.
    exclude
        Patterns of what is left out, see `find_recordings`.
    tell
        Called with a line for each kind of thing that was left out.

    Returns
    -------
    list of Job
        First what could not be looked at, then recordings in the order given, those of a folder in the order
        of their names.

    Raises
    ------
    PlanError
        An input that is missing, no recording, two inputs into one name, an output that is there or is an
        input, or a bad target.
    """
    found = find_recordings(inputs, exclude=exclude, outputs=target)
    for note in found.notes:
        tell(note)
    count = len(found.recordings) + len(found.unlisted)
    if not count:
        raise PlanError("no sound files were given")
    into_folder = target.is_dir() or count > 1 or target.suffix.lower() not in AUDIO_SUFFIXES | VIDEO_SUFFIXES
    if into_folder and target.exists() and not target.is_dir():
        raise PlanError(f"{target}: is a file; several recordings need a folder")
    jobs = [Job(path, None, error=why, name=str(path)) for path, why in found.unlisted]
    for recording, name in zip(found.recordings, _names(found), strict=True):
        output = target / recording.below if into_folder else target
        jobs.append(replace(job_for(recording.path, output, into_folder, removed), name=name))
    refuse_collisions(jobs)
    return [_settle(job, overwrite, skip_existing) for job in jobs]


def _names(found: Found) -> list[str]:
    short = [str(recording.below) for recording in found.recordings]
    distinct = len(set(short)) == len(short)
    return short if distinct else [str(recording.path) for recording in found.recordings]


def run(
    new_chain: Callable[[], Chain],
    jobs: Iterable[Job],
    options: RenderOptions = DEFAULTS,
    *,
    workers: int = 1,
    on_start: Callable[[Job], Progress | None] = lambda job: None,
    cancel: threading.Event | None = None,
) -> Iterator[Outcome]:
    """Render `jobs`; yield what became of each, first of those that need no rendering.

    Parameters
    ----------
    new_chain
        Makes the chain, anew for each recording, so that no plugin carries anything over.
    options
        Of every render.
    workers
        How many cores to use. So many recordings are rendered at once, in processes of their own, so that
        `new_chain` must pickle; fewer recordings share the cores, and one is rendered in this process. The
        files are the same either way.
    on_start
        Called before each render; returns its progress callback.
    cancel
        Set it to stop after the current block; `Cancelled` is raised.
    """
    todo = []
    jobs = list(jobs)
    for folder in {job.output.parent for job in jobs if job.output and job.skipped}:
        clear_leftovers(folder)  # a set that a killed run replaced by half would be taken for a whole one
    for job in jobs:
        if job.output is None or job.skipped:
            yield Outcome(job, error=job.error)
        else:
            todo.append(job)
    work = partial(_render, new_chain, options, jobs=jobs_each(workers, len(todo)))
    yield from ThisMachine(workers).run(work, todo, lost=_lost, on_start=on_start, cancel=cancel)


def jobs_each(workers: int, recordings: int) -> int:
    """Return how many of the cores each recording gets."""
    return max(workers // max(recordings, 1), 1)


def dry_run(jobs: Iterable[Job]) -> Iterator[Outcome]:
    """Yield what `run` would do, and do nothing."""
    for job in jobs:
        yield Outcome(job, error=job.error, planned=job.output is not None and not job.skipped)


def _render(
    new_chain: Callable[[], Chain],
    options: RenderOptions,
    job: Job,
    progress: Progress | None,
    cancel: threading.Event,
    *,
    jobs: int,
) -> Outcome:
    assert job.output is not None  # noqa: S101 - others are not rendered
    began = time.monotonic()
    try:
        rendered = render_with(
            options, new_chain(), job.source, job.output, jobs=jobs, progress=progress, cancel=cancel
        )
    except Cancelled:
        raise
    except Exception as error:
        if cancel.is_set():  # compiled code makes errors of its own of an interrupt
            raise Cancelled("cancelled; nothing was written") from error
        return _failed(job, error)
    return Outcome(job, rendered, took_s=time.monotonic() - began)


def _failed(job: Job, error: Exception) -> Outcome:
    """Tell of a render that failed: a stage's own mistake must not cost the other recordings."""
    assert job.output is not None  # noqa: S101 - others are not rendered
    if isinstance(error, WavemendError):
        busy = isinstance(error, TargetBusyError)
        if job.may_skip and (busy or (isinstance(error, TargetExistsError) and os.path.lexists(job.output))):
            return Outcome(replace(job, skipped=True), taken=str(error).partition(";")[0])
        return Outcome(job, error=_naming(job.source, str(error)))
    return Outcome(job, error=_naming(job.source, f"{type(error).__name__}: {error}"))


def _lost(job: Job, how: str) -> Outcome:
    """Tell of a job whose process died, and clear away what that left."""
    assert job.output is not None  # noqa: S101 - others are not rendered
    clear_leftovers(job.output.parent)
    return Outcome(job, error=f"{job.source}: {how}")


def _naming(source: Path, message: str) -> str:
    return message if str(source) in message else f"{source}: {message}"


def job_for(
    source: Path,
    target: Path,
    into_folder: bool,
    removed: bool,
    *,
    opened: Callable[[Path], SourceFile] = SourceFile,
) -> Job:
    """Look at the head of a recording, which `opened` opens; return what is to be done with it.

    `target` is its output, or, where it goes into a folder, what the output is called but for its ending.
    """
    try:
        with opened(source) as file:
            film = planned(file) if is_film(file) else None
            size = file.size
            if film is None:
                with AudioReader(file) as reader:
                    frames = reader.frames
                    form = reader.format.lossless_output(frames)
    except WavemendError as error:
        return Job(source, None, error=str(error))
    if film is not None:
        return _film_job(source, size, film, target, into_folder=into_folder, removed=removed)
    output = target
    if not into_folder:
        try:
            form = form.with_suffix(target.suffix, frames)
        except WavemendError as error:
            raise PlanError(f"{target}: {error}") from None
    elif source.suffix.lower() not in _ALIASES.get(form.extension, {form.extension}):
        output = target.with_name(fitted(target.stem, form.extension))
    _check_name(source, output)
    difference = form.one_word_up(frames)
    wide = output.with_suffix(form.float_output(frames).extension) if output.suffix else output
    return Job(
        source,
        output,
        wide_output=wide if wide.suffix.lower() != form.extension else None,
        removed=removed_path(output, difference) if removed else None,
        seconds=frames / form.sample_rate,
        out_bytes=form.data_bytes(frames) + (difference.data_bytes(frames) if removed else 0),
    )


def _film_job(
    source: Path, size: int, film: Planned, target: Path, *, into_folder: bool, removed: bool
) -> Job:
    output = target
    if target.suffix.lower() not in film.kind.endings:
        ending = film.kind.endings[0]
        if not into_folder:
            raise PlanError(f"{target}: {source} is put into {film.kind.name}; name the output {ending}")
        output = target.with_name(fitted(target.stem, ending))
    _check_name(source, output)
    difference = AudioFormat("WAV", "PCM_24", film.sample_rate, film.channels)
    frames = int(film.seconds * film.sample_rate)
    return Job(
        source,
        output,
        removed=removed_path(output, difference) if removed else None,
        seconds=film.seconds,
        out_bytes=size + (difference.data_bytes(frames) if removed else 0),
    )


def _check_name(source: Path, output: Path) -> None:
    if len(os.fsencode(output.name)) > longest_name(output.parent):
        raise PlanError(
            f"{output}: its name has {len(os.fsencode(output.name))} bytes, and the file system there takes "
            f"{longest_name(output.parent)}; rename {source}, or choose another folder with -o"
        )


_ALIASES = {
    ".wav": {".wav", ".wave", ".bwf", ".rf64"},
    ".aiff": {".aiff", ".aif", ".aifc"},
}


def refuse_collisions(jobs: Sequence[Job]) -> None:
    """Raise `PlanError` where two recordings would go into one file, or one over an input."""
    taken: dict[str, Path] = {}
    sources = {os.path.realpath(job.source) for job in jobs}
    targets = [(job.source, path) for job in jobs for path in (job.output, job.removed) if path]
    for source, output in targets:
        # Names that differ in case alone are one file on macOS and Windows.
        key = os.path.realpath(output).casefold()
        if key in taken:
            raise PlanError(
                f"{taken[key]} and {source} would both be written to {output}; "
                "name the folder above both, or quote a pattern, and their folders are kept; or rename one"
            )
        taken[key] = source
        if os.path.realpath(output) in sources:
            raise PlanError(
                f"{output}: is an input, and inputs are never written over; choose another folder with -o"
            )


def _settle(job: Job, overwrite: bool, skip_existing: bool) -> Job:
    if job.output is None or overwrite or not os.path.lexists(job.output):
        return replace(job, may_skip=skip_existing)
    if skip_existing:
        return replace(job, skipped=True)
    raise PlanError(
        f"{job.output}: is there already; say --overwrite to replace it, or --skip-existing to leave it"
    )

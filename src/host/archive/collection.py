"""A collection restored unattended: planned whole, rendered on all cores, resumed by what things are.

Nothing is decided by names or dates: a recording is done where the manifest says that this source, by this
recipe, made these outputs, and the hash of each agrees.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import AudioFileError, PlanError
from ..chain.progress import Progress
from ..files.audio_format import AUDIO_SUFFIXES
from ..files.video.kinds import VIDEO_SUFFIXES
from ..rendering.options import DEFAULTS, RenderOptions
from ..storage.outputs import events_path, labels_path, make_folder, report_path
from ..storage.publishing import clear_leftovers
from ..transcripts import DEFAULT_RECOGNISER
from ..transcripts.captions import transcript_paths
from ..transcripts.recognisers import Listener, Listening
from .batch import Job, Outcome, plan
from .executors import HERE, Executor, Needs
from .machines import executor_for
from .manifest import MANIFEST, Entry, Manifest
from .recipe import NOTHING, chain_maker
from .restoring import AUTO, Request, Task, forget_recipes, lost, recipes_anew
from .transcribing import restore_and_transcribe
from .workers import use_one_thread


@dataclass(frozen=True)
class Collection:
    """What is to be done to many recordings.

    Attributes
    ----------
    jobs
        From source to output, as `plan` gives them.
    target
        Folder of the outputs, and of the manifest.
    preset
        For all of them: a name or path, ``"none"``, or ``"auto"``: what its own analysis suggests.
    choices
        Preset by the name of a recording, in place of `preset`, as `choices.read_choices` gives them; None:
        the same for all.
    settings, missing, options
        As in `chain_with` and `render`.
    retry_failed
        Render again what failed before, of the same source by the same recipe.
    listener
        Who transcribes each restored file; None: nobody.
    """

    jobs: Sequence[Job]
    target: Path
    preset: str
    choices: Mapping[str, str] | None = None
    settings: Sequence[str] = ()
    missing: str | None = None
    options: RenderOptions = DEFAULTS
    retry_failed: bool = False
    listener: Listener | None = None


def plan_collection(
    sources: Sequence[str],
    target: Path,
    *,
    options: RenderOptions = DEFAULTS,
    transcribe: bool = False,
    exclude: Sequence[str] = (),
    tell: Callable[[str], None] = lambda note: None,
) -> list[Job]:
    """Decide where every output goes; what is there already must be known to the manifest there.

    `transcribe` says whether transcripts will be written too.

    Raises
    ------
    PlanError
        As `plan` does; or an output is there that no run into this folder made.
    ManifestError
        The manifest cannot be used.
    """
    if (target.exists() or target.suffix.lower() in AUDIO_SUFFIXES | VIDEO_SUFFIXES) and not target.is_dir():
        raise PlanError(f"{target}: is a file, or is called like one; a collection needs a folder")
    jobs = plan(sources, target, removed=options.removed, overwrite=True, exclude=exclude, tell=tell)
    _refuse_shared(jobs, options, transcribe)
    if not options.overwrite:
        known = _known(target)
        for job in jobs:
            if job.output:
                entry = known.get(_below(job.output, target))
                _refuse_strangers(_targets(job, options, transcribe), entry, target)
    return jobs


def _targets(job: Job, options: RenderOptions, transcribe: bool) -> Iterator[Path]:
    """Yield every file that may be written for a recording."""
    outputs = [job.output, job.wide_output if options.overs == "float" else None]
    for output in filter(None, outputs):
        yield output
        yield report_path(output)
        yield from (events_path(output),) * options.events
        yield from (labels_path(output),) * options.labels
        yield from transcript_paths(output) * transcribe
    yield from filter(None, (job.removed,))


def _refuse_shared(jobs: Sequence[Job], options: RenderOptions, transcribe: bool) -> None:
    """Refuse two recordings of which one may write over the other: a.flac, as floats, is a.wav."""
    taken: dict[str, Job] = {}
    for job in jobs:
        for path in _targets(job, options, transcribe):
            other = taken.setdefault(str(path).casefold(), job)
            if other is not job:
                raise PlanError(
                    f"{other.source} and {job.source} may both be written to {path}; rename one, or leave "
                    "one out with --exclude"
                )


def _refuse_strangers(targets: Iterable[Path], entry: Entry | None, target: Path) -> None:
    """Refuse to write over what no run into this folder made."""
    if entry and entry.state == "rendering":
        return
    known = {one.path for one in entry.outputs} if entry else set()
    for path in targets:
        if os.path.lexists(path) and _below(path, target) not in known:
            raise PlanError(
                f"{path}: is there already, and no run into that folder made it; move it away, choose "
                "another folder with -o, or say --overwrite"
            )


def batch(
    preset: str,
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    allow_mixed: bool = False,
    retry_failed: bool = False,
    transcribe: bool = False,
    recogniser: str = DEFAULT_RECOGNISER,
    model: str | None = None,
    language: str | None = None,
    progress: Callable[[Outcome], None] = lambda outcome: None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> list[Entry]:
    """Restore a collection, or go on with it; ``wavemend batch`` for scripts.

    Parameters
    ----------
    preset
        Name or path of a preset, ``"none"``, or ``"auto"``.
    sources
        Folders, sound files or glob patterns.
    target
        Folder of the outputs and their manifest.
    jobs
        How many recordings at once; from 2 on call it under ``if __name__ == "__main__"``, as any use of
        processes in Python.
    scheduler
        Address of a Dask cluster whose workers do it, or ``"local"`` for one of `jobs` workers here.
    allow_mixed
        Take workers that differ in versions or kind of processor too: bytes may depend on who did what.
    retry_failed
        Try again what failed before.
    transcribe
        Transcribe each restored file, and keep its words for `search`.
    recogniser, model, language
        Of the transcripts, as in `wavemend.transcribe`.
    progress
        Called as each recording ends.
    cancel
        Set it to stop after the current block.
    **options
        Of `render`: ``removed``, ``events``, ``labels``, ``overwrite``, ``overs``, ``seed``, ``strength``,
        ``ease_lossy``, ``trim_ends_s``, ``document``, ``documents``, ``track``.

    Returns
    -------
    list of Entry
        What the manifest knows in the end of the recordings of this run, in the order of their outputs.

    Raises
    ------
    PlanError, ManifestError, PluginError, ModelError
        It is refused before anything is rendered.
    ClusterError
        The cluster cannot be used, or went away.
    AudioFileError
        A disk is full.
    Cancelled
        `cancel` was set; the next call goes on where this one was.
    """
    named = [sources] if isinstance(sources, str | os.PathLike) else sources
    wanted = RenderOptions(**options)
    folder = Path(target)
    planned = plan_collection(
        [os.fspath(one) for one in named], folder, options=wanted, transcribe=transcribe
    )
    listener = Listener(recogniser, model, language) if transcribe else None
    asked = Collection(planned, folder, preset, options=wanted, retry_failed=retry_failed, listener=listener)
    if preset not in (AUTO, NOTHING):
        chain_maker(preset, [], None)()  # a bad preset is refused once, not by every recording
    with executor_for(jobs, scheduler, allow_mixed=allow_mixed) as executor:
        for outcome in run_collection(asked, executor=executor, cancel=cancel):
            progress(outcome)
    names = {_below(job.output, folder) if job.output else job.name for job in planned}
    return [entry for path, entry in _known(folder).items() if path in names]


def run_collection(
    collection: Collection,
    *,
    executor: Executor = HERE,
    on_start: Callable[[Job], Progress | None] = lambda job: None,
    cancel: threading.Event | None = None,
) -> Iterator[Outcome]:
    """Restore what is not done yet; yield what became of each recording, skipped where it was done.

    Whatever ends a run, the next one goes on where it was, and ends with the same bytes.

    Parameters
    ----------
    collection
        What is to be done.
    executor
        Where recordings are worked on, and how many at once; the files are the same everywhere.
    on_start
        Called before each recording; returns its progress callback.
    cancel
        Set it to stop after the current block; `Cancelled` is raised.

    Raises
    ------
    ManifestError
        The manifest cannot be used or written, or another run holds it.
    ClusterError
        Machines that cannot do the work, or went away.
    AudioFileError
        A disk is full: what was not rendered is left for the next run.
    """
    use_one_thread()
    forget_recipes()
    listening = Listening.of(collection.listener) if collection.listener else None
    make_folder(collection.target)
    with Manifest(collection.target, write=True) as manifest:
        clear_leftovers(collection.target)
        if listening:
            manifest.keep_speech()
        tasks = _expected(collection, manifest)
        for job in collection.jobs:
            if job.output is None:  # nothing says what it is: it cannot be read
                unread = Entry(job.name, job.name, "failed", os.path.abspath(job.source), error=job.error)
                manifest.put(unread)
                yield Outcome(job, error=job.error)
        request = Request(
            collection.target, tuple(collection.settings), collection.missing,
            collection.options, collection.retry_failed, listening,
        )  # fmt: skip
        executor.examine(_needs(collection, request))
        number = manifest.begin_run(collection.preset, executor.describe())
        full = ""

        def begin(task: Task) -> Progress | None:
            manifest.put(replace(task.known, state="rendering"))
            return on_start(task.job)

        work, gone = partial(restore_and_transcribe, request), partial(lost, request)
        for finished in executor.run(work, tasks, lost=gone, on_start=begin, cancel=cancel):
            if finished.recipe:
                manifest.keep_recipe(finished.recipe)
            if finished.entry:
                manifest.put(finished.entry)
            full = full or (finished.outcome.error if finished.disk_full else "")
            yield finished.outcome
            if full:
                break
        if full:
            raise AudioFileError(f"{full}; make room and say the same again: what is done stays done")
        manifest.end_run(number)


def _needs(collection: Collection, request: Request) -> Needs:
    """Say what all that work on it must have: the files, and presets that mean the same."""
    chosen = {*(collection.choices or {"": collection.preset}).values()} - {AUTO, NOTHING}
    documents = collection.options.documents
    return Needs(
        collection.target,
        [job.source for job in collection.jobs if job.output],
        [Path(documents)] if documents is not None else [],
        partial(recipes_anew, request, sorted(chosen)),
    )


def _expected(collection: Collection, manifest: Manifest) -> list[Task]:
    """Note every recording as waited for; return the tasks."""
    target = collection.target
    jobs = [job for job in collection.jobs if job.output is not None]
    manifest.expect(
        Entry(_below(job.output, target), job.name, "waiting", os.path.abspath(job.source))
        for job in jobs
        if job.output
    )
    known = {entry.path: entry for entry in manifest.entries()}
    own = {
        _below(path, target): job.name
        for job in jobs
        for path in _targets(job, collection.options, bool(collection.listener))
    }
    for path, entry in known.items():  # what is another recording's by now is not an earlier run's to tidy
        outputs = [one for one in entry.outputs if own.get(one.path, entry.name) == entry.name]
        known[path] = replace(entry, outputs=outputs)
    chosen = collection.choices
    return [
        Task(job, known[_below(job.output, target)], chosen[job.name] if chosen else collection.preset)
        for job in jobs
        if job.output
    ]


def _known(target: Path) -> dict[str, Entry]:
    """Return what the manifest in `target` knows, by the paths of outputs."""
    if not (target / MANIFEST).is_file():
        return {}
    with Manifest(target) as manifest:
        return {entry.path: entry for entry in manifest.entries()}


def earlier_speed(target: Path) -> float:
    """Return how many seconds of sound a second of work restored in earlier runs; 0 where none is known."""
    done = [entry for entry in _known(target).values() if entry.state == "done"]
    took = sum(entry.took_s for entry in done)
    return sum(entry.seconds for entry in done) / took if took else 0.0


def _below(output: Path, target: Path) -> str:
    return output.relative_to(target).as_posix()

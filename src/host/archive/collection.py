"""A collection restored unattended: planned whole, rendered on all cores, resumed by what things are.

Nothing is decided by names or dates: a recording is done where the manifest says that this source, by this
recipe, made these outputs, and the hash of each agrees.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ...errors import AudioFileError, PlanError
from ..chain.progress import Progress
from ..files.audio_format import AUDIO_SUFFIXES
from ..files.video.kinds import VIDEO_SUFFIXES
from ..rendering.options import DEFAULTS, RenderOptions
from ..storage.outputs import make_folder
from ..storage.publishing import clear_leftovers
from ..transcripts import DEFAULT_RECOGNISER
from ..transcripts.recognisers import Listener, Listening
from .batch import Job, Outcome, plan
from .executors import HERE, Executor, Needs
from .machines import executor_for
from .manifest import MANIFEST, Entry, Manifest
from .recipe import NOTHING, chain_maker
from .remote.carrying import carry, clear_scratch, lost_there, recipes_there
from .remote.keeping import copied, take_up
from .remote.mirror import Mirror, mirror_for
from .remote.planning import plan_behind_urls
from .restoring import AUTO, Request, Task, forget_recipes, lost, recipes_anew
from .targets import below, refuse_shared, refuse_strangers, targets_of
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
    mirror
        What stands for what, where recordings or outputs lie behind URLs; None: all are files here.
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
    mirror: Mirror | None = None


def plan_collection(
    sources: Sequence[str],
    target: Path,
    *,
    options: RenderOptions = DEFAULTS,
    transcribe: bool = False,
    exclude: Sequence[str] = (),
    mirror: Mirror | None = None,
    tell: Callable[[str], None] = lambda note: None,
) -> list[Job]:
    """Decide where every output goes; what is there already must be known to the manifest there.

    `transcribe` says whether transcripts will be written too. With a `mirror`, `sources` may be URLs, and
    `target` is its state folder.

    Raises
    ------
    PlanError
        As `plan` does; or an output is there that no run into this folder made.
    ManifestError
        The manifest cannot be used.
    RemoteError
        What lies behind a URL cannot be listed.
    """
    if (target.exists() or target.suffix.lower() in AUDIO_SUFFIXES | VIDEO_SUFFIXES) and not target.is_dir():
        raise PlanError(f"{target}: is a file, or is called like one; a collection needs a folder")
    if mirror is None:
        jobs = plan(sources, target, removed=options.removed, overwrite=True, exclude=exclude, tell=tell)
        return _unrefused(jobs, target, options, transcribe, os.path.lexists)
    take_up(mirror, tell)
    try:
        jobs = plan_behind_urls(sources, mirror, removed=options.removed, exclude=exclude, tell=tell)
        return _unrefused(jobs, target, options, transcribe, mirror.taken())
    except PlanError as error:
        raise PlanError(mirror.told(str(error))) from None


def _unrefused(
    jobs: list[Job],
    target: Path,
    options: RenderOptions,
    transcribe: bool,
    is_taken: Callable[[Path], bool],
) -> list[Job]:
    """Return the jobs unless they would write over each other, or over what no run made."""
    refuse_shared(jobs, options, transcribe)
    if not options.overwrite:
        known = _known(target)
        for job in jobs:
            if job.output:
                entry = known.get(below(job.output, target))
                taken = (path for path in targets_of(job, options, transcribe) if is_taken(path))
                refuse_strangers(taken, entry, target)
    return jobs


def batch(
    preset: str,
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    allow_mixed: bool = False,
    state: str | os.PathLike[str] | None = None,
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
        Folders, sound files or glob patterns; or URLs of folders and recordings.
    target
        Folder of the outputs and their manifest, or its URL.
    jobs
        How many recordings at once; from 2 on call it under ``if __name__ == "__main__"``, as any use of
        processes in Python.
    scheduler
        Address of a Dask cluster whose workers do it, or ``"local"`` for one of `jobs` workers here.
    allow_mixed
        Take workers that differ in versions or kind of processor too: bytes may depend on who did what.
    state
        Folder for the manifest where `target` is a URL, as in `mirror_for`.
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
    RemoteError
        What lies behind a URL cannot be listed, or the manifest cannot be put there.
    AudioFileError
        A disk is full.
    Cancelled
        `cancel` was set; the next call goes on where this one was.
    """
    named = [os.fspath(one) for one in ([sources] if isinstance(sources, str | os.PathLike) else sources)]
    wanted = RenderOptions(**options)
    mirror = mirror_for(named, os.fspath(target), Path(state) if state is not None else None, scheduler)
    folder = mirror.state if mirror else Path(target)
    planned = plan_collection(named, folder, options=wanted, transcribe=transcribe, mirror=mirror)
    asked = Collection(
        planned, folder, preset,
        options=wanted, retry_failed=retry_failed, mirror=mirror,
        listener=Listener(recogniser, model, language) if transcribe else None,
    )  # fmt: skip
    if preset not in (AUTO, NOTHING):
        chain_maker(preset, [], None)()  # a bad preset is refused once, not by every recording
    with executor_for(jobs, scheduler, allow_mixed=allow_mixed) as executor:
        for outcome in run_collection(asked, executor=executor, cancel=cancel):
            progress(outcome)
    names = {below(job.output, folder) if job.output else job.name for job in planned}
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
    RemoteError
        In the end the manifest cannot be put behind the target's URL.
    AudioFileError
        A disk is full: what was not rendered is left for the next run.
    """
    use_one_thread()
    forget_recipes()
    listening = Listening.of(collection.listener) if collection.listener else None
    make_folder(collection.target)
    with Manifest(collection.target, write=True) as manifest:
        clear_leftovers(collection.target)
        if collection.mirror:
            clear_scratch(collection.mirror)
        if listening:
            manifest.keep_speech()
        tasks = _expected(collection, manifest)
        for job in collection.jobs:
            if job.output is None:  # nothing says what it is: it cannot be read
                unread = Entry(job.name, job.name, "failed", _said(collection, job), error=job.error)
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

        mirror = collection.mirror
        work, gone = partial(restore_and_transcribe, request), partial(lost, request)
        if mirror:
            work, gone = partial(carry, mirror, request), partial(lost_there, mirror, request)
        with copied(mirror, manifest) as copy_now_and_then:
            for finished in executor.run(work, tasks, lost=gone, on_start=begin, cancel=cancel):
                if finished.recipe:
                    manifest.keep_recipe(finished.recipe)
                if finished.entry:
                    manifest.put(finished.entry)
                full = full or (finished.outcome.error if finished.disk_full else "")
                yield finished.outcome
                if full:
                    break
                copy_now_and_then()
            if full:
                raise AudioFileError(f"{full}; make room and say the same again: what is done stays done")
            manifest.end_run(number)


def _needs(collection: Collection, request: Request) -> Needs:
    """Say what all that work on it must have: the files, and presets that mean the same."""
    chosen = sorted({*(collection.choices or {"": collection.preset}).values()} - {AUTO, NOTHING})
    documents, mirror = collection.options.documents, collection.mirror
    sources = [job.source for job in collection.jobs if job.output]
    files = [path for path in sources if not (mirror and mirror.url_of(path))]
    return Needs(
        None if mirror and mirror.target_url else collection.target,
        files,
        [Path(documents)] if documents is not None else [],
        partial(recipes_there, mirror, request, chosen) if mirror else partial(recipes_anew, request, chosen),
    )


def _said(collection: Collection, job: Job) -> str:
    """Return how a recording stands in the manifest: its URL, or its path."""
    url = collection.mirror and collection.mirror.url_of(job.source)
    return url or os.path.abspath(job.source)


def _expected(collection: Collection, manifest: Manifest) -> list[Task]:
    """Note every recording as waited for; return the tasks."""
    target = collection.target
    jobs = [job for job in collection.jobs if job.output is not None]
    manifest.expect(
        Entry(below(job.output, target), job.name, "waiting", _said(collection, job))
        for job in jobs
        if job.output
    )
    known = {entry.path: entry for entry in manifest.entries()}
    own = {
        below(path, target): job.name
        for job in jobs
        for path in targets_of(job, collection.options, bool(collection.listener))
    }
    for path, entry in known.items():  # what is another recording's by now is not an earlier run's to tidy
        outputs = [one for one in entry.outputs if own.get(one.path, entry.name) == entry.name]
        known[path] = replace(entry, outputs=outputs)
    chosen = collection.choices
    return [
        Task(job, known[below(job.output, target)], chosen[job.name] if chosen else collection.preset)
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

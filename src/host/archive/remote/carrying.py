"""One recording whose file, or outputs, lie behind URLs: fetched, restored as any other, put up whole.

::

    source    --fetch-->  SCRATCH/in/a.wav
    outputs   --fetch-->  SCRATCH/out/...          what earlier runs made, as a folder would hold it
                          restore_and_transcribe   the same code, which knows of no URL
    outputs   <--put up--  what is new or changed; what is gone from the folder is deleted there

Before anything is put up, a note beside the outputs says what: so a run that was killed meanwhile leaves
nothing that the next one would take for someone's own work.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ....errors import Cancelled, StrictJsonError
from ...chain.progress import Progress
from ...recording.document_files import document_path
from ...rendering.rendered import Rendered
from ...storage.hashing import sha256_of
from ...storage.json_text import json_text
from ...storage.strict_json import parse_object
from ..batch import Job
from ..restoring import SET_ASIDE, Finished, Request, Task, failed, lost, recipes_anew
from ..transcribing import restore_and_transcribe
from .mirror import Mirror
from .objects import exists, fetch, pieces, put_up, take_down

SCRATCH = "wavemend-scratch"
"""Folder in the state folder for what is being worked on."""

_NOTES = ".wavemend-putting"  # a folder: one note a recording
_MOST_NOTE_BYTES = 1 << 20  # guard: memory; a note names a dozen files


@dataclass(frozen=True)
class _Here:
    """Where a task is worked on: the files in place of the stand-ins that its job names."""

    mirror: Mirror
    folder: Path
    target: Path
    job: Job

    @property
    def source(self) -> Path:
        """The recording: what was fetched, or the file itself where it is one."""
        url = self.mirror.url_of(self.job.source)
        return self.folder / "in" / self.job.source.name if url else self.job.source

    def moved(self) -> Job:
        """Return the job with files in place of stand-ins."""
        names = {name: getattr(self.job, name) for name in ("output", "removed", "wide_output")}
        below = {
            name: path and self.target / path.relative_to(self.mirror.state) for name, path in names.items()
        }
        return replace(self.job, source=self.source, **below)

    def said(self, text: str) -> str:
        """Return a text that names files as one that names what they stand for."""
        text = text.replace(str(self.source), self.mirror.said(self.job.source))
        return text.replace(str(self.target), self.mirror.target_url or str(self.target))

    def stand_ins(self, rendered: Rendered) -> Rendered:
        """Return what was rendered by the names that the job has for it."""
        names = ("output", "report", "removed", "events_file", "labels_file")
        paths = {name: getattr(rendered, name) for name in names}
        below = {
            name: path and self.mirror.state / path.relative_to(self.target) for name, path in paths.items()
        }
        warnings = [self.said(one) for one in rendered.warnings]
        return replace(rendered, source=self.job.source, warnings=warnings, **below)


def carry(
    mirror: Mirror, request: Request, task: Task, progress: Progress | None, cancel: threading.Event
) -> Finished:
    """Do what `restore_and_transcribe` does, over URLs; what goes wrong there fails the recording alone.

    Raises
    ------
    Cancelled
        `cancel` was set.
    """
    try:
        with _scratch(mirror) as folder:
            target = folder / "out" if mirror.target_url else request.target
            return _carried(_Here(mirror, folder, target, task.job), request, task, progress, cancel)
    except Cancelled:
        raise
    except Exception as error:
        if cancel.is_set():
            raise Cancelled("cancelled") from error
        # of what was not fetched or put up nothing is known: the next run tries it again
        return _told(mirror, failed(task, task.known, "", error, 0.0))


def lost_there(mirror: Mirror, request: Request, task: Task, how: str) -> Finished:
    """Tell of a recording whose process died; its scratch goes with the next run."""
    return _told(mirror, lost(request, task, how))


def recipes_there(mirror: Mirror, request: Request, presets: list[str]) -> dict[str, str]:
    """Do what `recipes_anew` does, where the service answers; for who is asked whether it can do the work."""
    for url in mirror.urls:
        exists(url)
    return recipes_anew(request, presets)


def clear_scratch(mirror: Mirror) -> None:
    """Delete what a killed run was working on; for who holds the manifest."""
    shutil.rmtree(mirror.state / SCRATCH, ignore_errors=True)


@contextmanager
def _scratch(mirror: Mirror) -> Iterator[Path]:
    folder = mirror.state / SCRATCH if mirror.keeps_scratch else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="wavemend-", dir=folder, ignore_cleanup_errors=True) as name:
        yield Path(name)


def _carried(
    here: _Here, request: Request, task: Task, progress: Progress | None, cancel: threading.Event
) -> Finished:
    mirror, known = here.mirror, task.known
    if progress:
        progress(0.0, "fetching")
    if url := mirror.url_of(here.job.source):
        _fetch_recording(url, here.source, request, cancel)
        if known.source == url:
            known = replace(known, source=str(here.source.absolute()))
    before, own = _fetch_outputs(here, task, cancel) if mirror.target_url else ({}, {})
    finished = restore_and_transcribe(
        replace(request, target=here.target), Task(here.moved(), known, task.preset), progress, cancel
    )
    if mirror.target_url and not finished.disk_full:
        if progress:
            progress(1.0, "putting up")
        _put_up(here, before, own, cancel)
    return _as_asked(here, task, finished)


def _fetch_recording(url: str, path: Path, request: Request, cancel: threading.Event) -> None:
    """Fetch a recording, and its document where there is one and it counts."""
    path.parent.mkdir(parents=True)
    fetch(url, path, cancel)
    if request.options.document and request.options.documents is None:
        document = document_path(path)
        beside = f"{url.rpartition('/')[0]}/{document.name}"
        if exists(beside):
            fetch(beside, document, cancel)


def _fetch_outputs(here: _Here, task: Task, cancel: threading.Event) -> tuple[dict[str, str], dict[str, str]]:
    """Fetch what earlier runs made of a recording; return the hashes of that, and of what a note tells of.

    What a killed run was putting up is left out: as where its process had died before it could publish.
    """
    noted = _noted(here)
    before = {}
    for one in task.known.outputs:
        url = f"{here.mirror.target_url}/{one.path}"
        if not exists(url):
            continue
        path = here.target / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        sha256 = fetch(url, path, cancel)
        if sha256 != one.sha256 and sha256 == noted.get(one.path):
            path.unlink()
        else:
            before[one.path] = sha256
    return before, noted


def _note_url(here: _Here) -> str:
    assert here.job.output is not None  # noqa: S101 - others are no tasks
    name = hashlib.sha256(here.job.output.relative_to(here.mirror.state).as_posix().encode()).hexdigest()
    return f"{here.mirror.target_url}/{_NOTES}/{name}.json"


def _noted(here: _Here) -> dict[str, str]:
    url = _note_url(here)
    if not exists(url):
        return {}
    data = b""
    for piece in pieces(url):
        data += piece
        if len(data) > _MOST_NOTE_BYTES:
            return {}
    try:
        found = parse_object(data, "it")
    except StrictJsonError:
        return {}
    return {name: sha256 for name, sha256 in found.items() if isinstance(sha256, str) and _is_below(name)}


def _is_below(name: str) -> bool:
    return not {"", ".", ".."} & {*name.split("/")}


def _put_up(
    here: _Here, before: Mapping[str, str], noted: Mapping[str, str], cancel: threading.Event
) -> None:
    """Make what lies behind the target's URL what lies in its folder: first what was kept of edited files."""
    paths = [path for path in here.target.rglob("*") if path.is_file()] if here.target.is_dir() else []
    now = {path.relative_to(here.target).as_posix(): sha256_of(path) for path in paths}
    fresh = sorted(
        (name for name in now if now[name] != before.get(name)),
        key=lambda name: (not name.startswith(f"{SET_ASIDE}/"), name),
    )
    gone = {*before, *noted} - now.keys()
    if not (fresh or gone or noted):
        return
    note = here.folder / "note.json"
    note.write_text(json_text({name: now[name] for name in fresh} | dict.fromkeys(gone & noted.keys(), "")))
    put_up(note, _note_url(here), cancel)
    for name in fresh:
        put_up(here.target / name, f"{here.mirror.target_url}/{name}", cancel)
    for name in sorted(gone):
        take_down(f"{here.mirror.target_url}/{name}")
    take_down(_note_url(here))


def _as_asked(here: _Here, task: Task, finished: Finished) -> Finished:
    """Return what became of a task by the names that its job has."""
    outcome, entry = finished.outcome, finished.entry
    outcome = replace(
        outcome,
        job=replace(task.job, skipped=outcome.job.skipped),
        rendered=outcome.rendered and here.stand_ins(outcome.rendered),
        error=here.said(outcome.error),
        taken=here.said(outcome.taken),
    )
    if entry:
        source = here.mirror.url_of(here.job.source)
        entry = replace(
            entry,
            source=source if source and entry.source == str(here.source.absolute()) else entry.source,
            error=here.said(entry.error),
            warnings=[here.said(one) for one in entry.warnings],
        )
    return replace(finished, outcome=outcome, entry=entry)


def _told(mirror: Mirror, finished: Finished) -> Finished:
    """Return what became of a task with URLs in place of stand-ins."""
    entry = finished.entry and replace(finished.entry, error=mirror.told(finished.entry.error))
    outcome = replace(finished.outcome, error=mirror.told(finished.outcome.error))
    return replace(finished, outcome=outcome, entry=entry)

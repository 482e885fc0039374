"""The last step for a recording of a collection: what is said in its restored file.

A transcript is of the bytes of one restored file, by one recogniser: another recogniser or model makes it
anew, and renders nothing.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ...contract.recogniser import Segment
from ...errors import Cancelled, WavemendError
from ..chain.progress import Progress
from ..storage.hashing import sha256_of
from ..transcripts.captions import captions_of, transcript_paths, write_captions
from ..transcripts.recognisers import Listening, made_by
from ..transcripts.transcript import segments_of
from .manifest import Entry, Output
from .restoring import Finished, Request, Task, is_full, is_there, output_of, restore, set_aside, take_away
from .speech import Speech


def restore_and_transcribe(
    request: Request, task: Task, progress: Progress | None, cancel: threading.Event
) -> Finished:
    """Restore one recording as `restore` does, then see to its transcript.

    Where none is asked for, one stays for as long as the restored file that it is of.
    """
    listening = request.listening
    spoken = transcripts_of(task.known)
    others = [one for one in task.known.outputs if one not in spoken]
    finished = restore(request, replace(task, known=replace(task.known, outputs=others)), progress, cancel)
    entry = finished.entry
    if entry is None:
        return finished
    if entry.state == "done":
        restored = _restored(request.target, task, entry)
        speech = entry.speech
        if speech and speech.restored_sha256 != restored.sha256:
            warnings = _take_away(request.target, spoken)
            spoken, entry = [], replace(entry, speech=None, warnings=[*entry.warnings, *warnings])
        if listening and not _is_done(request.target, listening, entry.speech, spoken):
            finished = replace(finished, entry=entry)
            return _transcribed(
                request.target, finished,
                restored=restored, spoken=spoken, listening=listening, progress=progress, cancel=cancel,
            )  # fmt: skip
    return replace(finished, entry=replace(entry, outputs=[*entry.outputs, *spoken]))


def transcripts_of(entry: Entry) -> list[Output]:
    """Return those outputs that are a transcript of another one."""
    names = {path.as_posix() for one in entry.outputs for path in transcript_paths(Path(one.path))}
    return [one for one in entry.outputs if one.path in names]


def _restored(target: Path, task: Task, entry: Entry) -> Output:
    """Return the restored file, which may be called .wav for .flac where it is of floats."""
    named = filter(None, (task.job.output, task.job.wide_output))
    names = {path.relative_to(target).as_posix() for path in named}
    return next(one for one in entry.outputs if one.path in names)


def _take_away(target: Path, spoken: Sequence[Output]) -> list[str]:
    """Take away the transcript of a file that was rendered anew; return what is kept, as a line each."""
    take_away(target, spoken, set())
    return [set_aside(target, one) for one in spoken if (target / one.path).is_file()]


def _is_done(target: Path, listening: Listening, speech: Speech | None, spoken: Sequence[Output]) -> bool:
    same = speech is not None and speech.made_by == made_by(listening.identity)
    return same and bool(spoken) and all(is_there(target, one) for one in spoken)


def _transcribed(
    target: Path,
    finished: Finished,
    *,
    restored: Output,
    spoken: Sequence[Output],
    listening: Listening,
    progress: Progress | None,
    cancel: threading.Event,
) -> Finished:
    """Return the recording with its transcript; where that fails it is told, and the rest stays done."""
    entry, outcome, began = finished.entry, finished.outcome, time.monotonic()
    assert entry is not None  # noqa: S101 - it is done
    path = target / restored.path
    try:
        segments = [*segments_of(path, listening.listener, progress=progress, cancel=cancel)]
        made, kept = _written(target, path, segments, listening.identity, spoken)
    except Cancelled:
        raise
    except Exception as error:
        if cancel.is_set():  # compiled code makes errors of its own of an interrupt
            raise Cancelled("cancelled") from error
        said = str(error) if isinstance(error, WavemendError) else f"{type(error).__name__}: {error}"
        text = f"{outcome.job.source}: is restored, but not transcribed: {said}"
        entry = replace(entry, error=text, outputs=[*entry.outputs, *spoken])
        outcome = replace(outcome, rendered=None, error=text)
        return replace(finished, outcome=outcome, entry=entry, disk_full=is_full(error))
    took_s = time.monotonic() - began
    if outcome.job.skipped:
        outcome = replace(outcome, taken="restored before, transcribed now")
    return replace(
        finished,
        outcome=replace(outcome, took_s=outcome.took_s + took_s),
        entry=replace(
            entry,
            outputs=[*entry.outputs, *made],
            warnings=[*entry.warnings, *kept],
            took_s=entry.took_s + took_s,
            speech=Speech(restored.sha256, made_by(listening.identity), segments),
        ),
    )


def _written(
    target: Path,
    path: Path,
    segments: Sequence[Segment],
    identity: Mapping[str, str],
    spoken: Sequence[Output],
) -> tuple[list[Output], list[str]]:
    """Write the transcript; return its files, and a line for each that someone edited and that is kept."""
    captions = captions_of(path, segments, identity)
    ours = {
        hashlib.sha256(text.encode()).hexdigest() for text in captions.values()
    }  # of a run that was killed
    ours |= {one.sha256 for one in spoken}
    there = [one for one in spoken if (target / one.path).is_file()]
    edited = [one for one in there if sha256_of(target / one.path) not in ours]
    kept = [set_aside(target, one) for one in edited]
    write_captions(captions, overwrite=True)  # what is there is a run's own: see plan_collection
    return [output_of(target, one) for one in captions], kept

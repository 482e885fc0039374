"""Every file that a collection's run may write, and whether each is its own to write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ...errors import PlanError
from ..rendering.options import RenderOptions
from ..storage.outputs import events_path, labels_path, report_path
from ..transcripts.captions import transcript_paths
from .batch import Job
from .manifest import Entry


def below(output: Path, target: Path) -> str:
    """Return an output's path below the target, as the manifest has it."""
    return output.relative_to(target).as_posix()


def targets_of(job: Job, options: RenderOptions, transcribe: bool) -> Iterator[Path]:
    """Yield every file that may be written for a recording."""
    outputs = [job.output, job.wide_output if options.overs == "float" else None]
    for output in filter(None, outputs):
        yield output
        yield report_path(output)
        yield from (events_path(output),) * options.events
        yield from (labels_path(output),) * options.labels
        yield from transcript_paths(output) * transcribe
    yield from filter(None, (job.removed,))


def refuse_shared(jobs: Sequence[Job], options: RenderOptions, transcribe: bool) -> None:
    """Raise `PlanError` where one recording may write over another's: a.flac, as floats, is a.wav."""
    taken: dict[str, Job] = {}
    for job in jobs:
        for path in targets_of(job, options, transcribe):
            other = taken.setdefault(str(path).casefold(), job)
            if other is not job:
                raise PlanError(
                    f"{other.source} and {job.source} may both be written to {path}; rename one, or leave "
                    "one out with --exclude"
                )


def refuse_strangers(taken: Iterable[Path], entry: Entry | None, target: Path) -> None:
    """Raise `PlanError` where no run into this folder made what is `taken`, and would be written over."""
    if entry and entry.state == "rendering":
        return
    known = {one.path for one in entry.outputs} if entry else set()
    for path in taken:
        if below(path, target) not in known:
            raise PlanError(
                f"{path}: is there already, and no run into that folder made it; move it away, choose "
                "another folder with -o, or say --overwrite"
            )

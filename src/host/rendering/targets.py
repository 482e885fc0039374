"""Where the files of one render go, and the parts that they are until all of them are there."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

from ..files.audio_format import AudioFormat
from ..files.source_file import SourceFile
from ..storage.outputs import events_path, labels_path, refuse_same_file, removed_path, report_path
from ..storage.publishing import Publication
from .leftovers import replaceable
from .options import RenderOptions


@dataclass(frozen=True)
class Files:
    """A path for each file of one render; None where that is not wanted."""

    output: Path
    report: Path
    removed: Path | None
    events: Path | None
    labels: Path | None

    def beside(self) -> list[Path]:
        """Return everything but the restored file."""
        return [*filter(None, (self.removed, self.events, self.labels)), self.report]


def targets_of(output: Path, options: RenderOptions, removed: AudioFormat) -> Files:
    """Return where the files of a render into `output` go; `removed` is the format of what was removed."""
    return Files(
        output=output,
        report=report_path(output),
        removed=removed_path(output, removed) if options.removed else None,
        events=events_path(output) if options.events else None,
        labels=labels_path(output) if options.labels else None,
    )


def open_parts(publication: Publication, source: SourceFile, targets: Files) -> Files:
    """Reserve every target; the restored file comes last, so that its being there means all is there."""
    for target in (targets.output, *targets.beside()):
        refuse_same_file(source, target)
    # first, so that who else writes this set is told apart from what a killed run left of one
    output = publication.part_of(targets.output)
    publication.may_replace(replaceable(targets.output, targets.beside()))
    return Files(
        output=output,
        report=publication.part_of(targets.report),
        removed=publication.part_of(targets.removed) if targets.removed else None,
        events=publication.part_of(targets.events) if targets.events else None,
        labels=publication.part_of(targets.labels) if targets.labels else None,
    )


def retarget(publication: Publication, source: SourceFile, parts: Files, targets: Files) -> None:
    """Tell the publication of names that changed with a format."""
    publication.may_replace(replaceable(targets.output, targets.beside()))
    for part, target in zip(astuple(parts), astuple(targets), strict=True):
        if target:
            refuse_same_file(source, target)
            publication.retarget(part, target)

"""The page that ``wavemend analyse`` prints: what was found in each recording."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from ...audio.clock import clock
from ...errors import Cancelled, WavemendError
from ..archive.walk import Recording
from ..chain.compiling import CompilationNotice
from ..files.source_file import SourceFile
from ..pictures.findings import draw_findings
from ..pictures.spectrograms import require_matplotlib
from ..processes.interrupts import INTERRUPTED
from ..recording.document_files import kept_document
from ..storage.file_names import fitted
from ..storage.outputs import make_folder
from ..storage.publishing import published
from ..survey.analyse import Analysis, analyse_file
from .output import print_table


@dataclass(frozen=True)
class Wanted:
    """What an analysis leaves behind beside its pages.

    Attributes
    ----------
    documents
        Write or renew the recording document of each file.
    folder
        Folder that documents share; None: beside the recordings.
    pictures
        Folder for a picture of each, the structure below a searched folder kept; None: no pictures.
    overwrite
        Replace pictures that are there.
    """

    documents: bool = False
    folder: Path | None = None
    pictures: Path | None = None
    overwrite: bool = False


def analyse_all(
    recordings: Sequence[Recording], out: Console, err: Console, *, quiet: bool, wanted: Wanted
) -> tuple[list[Analysis], list[str]]:
    """Analyse `recordings` one after another and print a page each, unless `quiet`.

    Returns
    -------
    list of Analysis
        Of the files that could be read.
    list of str
        One line for each that could not, or whose document or picture could not be written.

    Raises
    ------
    WavemendError
        Pictures are wanted and matplotlib is not installed: said before anything is heard.
    """
    if wanted.pictures:
        require_matplotlib()
    pages: list[Analysis] = []
    failed: list[str] = []
    with Progress(console=err, transient=True, disable=quiet or not err.is_terminal) as progress:
        task = progress.add_task("", total=1.0)

        notice = CompilationNotice(err)

        def show(share: float, doing: str) -> None:
            if not quiet:
                notice.hear(doing)
            progress.update(task, completed=share)

        pictures = picture_paths(recordings, wanted.pictures) if wanted.pictures else [None] * len(recordings)
        for source, picture in zip([one.path for one in recordings], pictures, strict=True):
            progress.update(task, description=escape(str(source)))
            with ExitStack() as stack:
                try:
                    file = stack.enter_context(SourceFile(source))
                    page = analyse_file(file, identify=wanted.documents, progress=show, cancel=INTERRUPTED)
                except Cancelled:
                    raise
                except WavemendError as error:
                    failed.append(str(error))
                    continue
                pages.append(page)
                left: list[Path] = []
                try:
                    left.extend(_leave(page, file, wanted, picture))
                except WavemendError as error:  # what was heard is told all the same
                    failed.append(str(error))
                except Exception as error:  # a picture's own mistake must not cost the other recordings
                    failed.append(f"{source}: {type(error).__name__}: {error}")
            if not quiet:
                print_page(page, left, out)
    return pages, failed


def picture_paths(recordings: Sequence[Recording], folder: Path) -> list[Path]:
    """Return where the picture of each of `recordings` goes in `folder`: no two to one place.

    Their structure below what was searched is kept; where two would still be called alike, as recordings that
    were named one by one may be, the later one has twelve digits of a hash of its path in its name.
    """
    taken: set[str] = set()
    paths = []
    for recording in recordings:
        below = recording.below
        path = folder / below.with_name(fitted(below.name, ".png"))
        # Names that differ in case alone are one file on macOS and Windows.
        if str(path).casefold() in taken:
            digest = hashlib.sha256(os.fsencode(os.path.abspath(recording.path))).hexdigest()[:12]
            path = path.with_name(fitted(below.name, f".{digest}.png"))
        taken.add(str(path).casefold())
        paths.append(path)
    return paths


def _leave(page: Analysis, source: SourceFile, wanted: Wanted, picture: Path | None) -> Iterator[Path]:
    """Write what is wanted beside the page; yield where it went."""
    document = None
    if audio := page.audio:
        kept = kept_document(page.source, wanted.folder, audio)
        document = kept.document
        kept.save(replace(document, findings=page.findings))
        yield kept.path
    if picture:
        make_folder(picture.parent)
        with published(picture, overwrite=wanted.overwrite) as part, part.open("wb") as file:
            draw_findings(page, source, document, file)
        yield picture


def print_page(page: Analysis, left: Sequence[Path], out: Console) -> None:
    """Print one recording's page, and the files that it left."""
    form = page.format
    length = clock(page.frames, form.sample_rate).partition(".")[0]
    kind = f"{form.container} {form.subtype}, {form.sample_rate} Hz, {form.channels} channels, {length}"
    out.print(str(page.source), style="bold", highlight=False, markup=False, soft_wrap=True)
    out.print(f"  {kind}", markup=False, highlight=False)
    out.print("  * was found", markup=False, highlight=False)
    rows = [
        (f"  {'*' if findings.found else ' '} {name.replace('_', ' ')}", findings.describe())
        for name, findings in page.findings.items()
    ]
    print_table((), rows, out)
    for warning in page.warnings:
        out.print(f"  warning: {warning}", style="yellow", markup=False, highlight=False)
    suggestion = page.suggestion
    if suggestion.preset is None:
        out.print(f"  nothing to do: {'; '.join(suggestion.reasons)}", markup=False, highlight=False)
    else:
        easing = " --ease-lossy" if suggestion.ease_lossy else ""
        command = f"wavemend render {suggestion.preset} {shlex.quote(str(page.source))} -o restored/{easing}"
        out.print(f"  try: {command}", markup=False, highlight=False, soft_wrap=True)
        for reason in suggestion.reasons:
            out.print(f"       {reason}", markup=False, highlight=False)
    for path in left:
        out.print(f"  wrote {path}", markup=False, highlight=False)
    out.print()

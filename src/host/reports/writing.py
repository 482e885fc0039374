"""Reports into files: of one render, or of a folder of them with an index page; whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...errors import Cancelled, DocumentError, WavemendError
from ..archive.manifest import MANIFEST, Manifest
from ..chain.progress import Progress
from ..pictures.spectrograms import require_matplotlib
from ..storage.file_names import beside
from ..storage.outputs import REPORT_SUFFIX, report_path
from ..storage.publishing import published
from .gathering import Gathered, gather
from .index import Index, Row, row_of
from .page import page
from .sheet import draw_sheet

Sheet = Literal["pdf", "png"]
INDEX = "index.html"


@dataclass(frozen=True)
class Wanted:
    """What a report is to be: sheets beside the page, places to listen to, whether old ones are replaced."""

    sheets: Sequence[Sheet] = ()
    moments: int = 4
    overwrite: bool = False


@dataclass(frozen=True)
class Render:
    """A restored file of a folder: its name there, its path, its recording where that is known, its error."""

    name: str
    path: Path
    source: Path | None = None
    error: str = ""


def page_path(rendered: Path) -> Path:
    """Return where the page of `rendered` goes."""
    return beside(rendered, ".report.html")


def write_report(
    rendered: Path,
    wanted: Wanted,
    *,
    target: Path | None = None,
    source: Path | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> tuple[Gathered, list[Path]]:
    """Write the report of one render.

    Parameters
    ----------
    rendered
        A restored file, or the JSON report beside it.
    wanted
        What it is to be.
    target
        Where the page goes; None: beside the restored file.
    source
        The recording, where it is not found by itself.
    progress, cancel
        See `wavemend.render`.

    Returns
    -------
    Gathered
        What it shows.
    list of Path
        What was written, the page first.

    Raises
    ------
    WavemendError
        There is no report, a file cannot be read or written, or matplotlib is wanted and not installed.
    """
    if wanted.sheets:
        require_matplotlib()
    named = rendered.name.removesuffix(REPORT_SUFFIX)
    target = target or page_path(rendered.with_name(named))
    gathered = gather(rendered, source=source, moments=wanted.moments, progress=progress, cancel=cancel)
    with published(target, overwrite=wanted.overwrite) as part:
        part.write_text(page(gathered), encoding="utf-8", newline="\n")
    written = [target]
    for form in wanted.sheets:
        sheet = target.with_suffix(f".{form}")
        with published(sheet, overwrite=wanted.overwrite) as part, part.open("wb") as file:
            draw_sheet(gathered, file, form)
        written.append(sheet)
    return gathered, written


def renders_in(folder: Path) -> list[Render]:
    """Return the renders of a batch's target, as its manifest says; else those with a report, by their paths.

    Raises
    ------
    DocumentError
        There are none.
    ManifestError
        Its manifest cannot be read.
    """
    if (folder / MANIFEST).is_file():
        with Manifest(folder) as manifest:
            found = [
                Render(one.name, folder / one.path, Path(one.source), one.error)
                for one in manifest.entries()
                if one.state in ("done", "failed")
            ]
    else:
        found = [Render(os.path.relpath(path, folder), path) for path in sorted(_reported(folder))]
    if not found:
        raise DocumentError(
            f"{folder}: holds no restored file with a report; name what wavemend rendered into"
        )
    return found


def _reported(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.endswith(REPORT_SUFFIX) and not name.startswith("."):
                yield Path(where) / name.removesuffix(REPORT_SUFFIX)


def write_all(
    folder: Path,
    wanted: Wanted,
    *,
    target: Path | None = None,
    tell: Callable[[str, WavemendError | None], None] = lambda name, error: None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> tuple[Path, list[Row]]:
    """Write a report of every render in `folder`, and an index page of them, the worst first.

    One after another, so that memory does not grow with their number; what fails is told by `tell`, stands in
    the index, and costs nothing else.

    Parameters
    ----------
    folder
        What a batch, or renders, were written into.
    wanted
        What each report is to be.
    target
        Where the index page goes; None: ``index.html`` in the folder.
    tell
        Called after each one with its name, and its error where it failed.
    progress, cancel
        See `wavemend.render`.

    Returns
    -------
    Path
        The index page.
    list of Row
        What stands in it, the worst first.

    Raises
    ------
    WavemendError
        There are no renders, or the index page is there already, or matplotlib is wanted and not installed.
    """
    if wanted.sheets:
        require_matplotlib()
    target = target or folder / INDEX
    renders = renders_in(folder)
    with published(target, overwrite=wanted.overwrite) as part, Index() as index:
        for number, render in enumerate(renders):
            if progress:
                progress(number / len(renders), render.name)
            row = _one(render, wanted, target.parent, cancel)
            index.add(row)
            tell(render.name, None if not row.error else DocumentError(row.error))
        index.write(part, folder.resolve().name)
        rows = index.rows
    return target, rows


def _one(render: Render, wanted: Wanted, home: Path, cancel: threading.Event | None) -> Row:
    if render.error:
        return Row.failed(render.name, render.error)
    known = render.source if render.source and render.source.is_file() else None
    try:
        if not report_path(render.path).is_file():
            raise DocumentError(f"{render.path}: has no report beside it any more")
        gathered, written = write_report(render.path, wanted, source=known, cancel=cancel)
    except Cancelled:
        raise
    except WavemendError as error:
        return Row.failed(render.name, str(error))
    return row_of(gathered, render.name, os.path.relpath(written[0], home))

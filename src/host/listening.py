"""The page that ``wavemend analyse`` prints: what an engineer would note at the first listening."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ..errors import WavemendError
from .analyse import Analysis, analyse
from .files.positions import clock


def listen(
    sources: Sequence[Path], out: Console, err: Console, *, quiet: bool
) -> tuple[list[Analysis], list[str]]:
    """Analyse `sources` one after another and print a page each, unless `quiet`.

    Returns
    -------
    list of Analysis
        Of the files that could be read.
    list of str
        One line for each that could not.
    """
    pages, failed = [], []
    with Progress(console=err, transient=True, disable=quiet or not err.is_terminal) as progress:
        task = progress.add_task("", total=1.0)

        def show(share: float, doing: str) -> None:
            progress.update(task, completed=share)

        for source in sources:
            progress.update(task, description=source.name)
            try:
                page = analyse(source, progress=show)
            except WavemendError as error:
                failed.append(str(error))
                continue
            pages.append(page)
            if not quiet:
                print_page(page, out)
    return pages, failed


def print_page(page: Analysis, out: Console) -> None:
    """Print one recording's page."""
    form = page.format
    length = clock(page.frames, form.sample_rate).partition(".")[0]
    kind = f"{form.container} {form.subtype}, {form.sample_rate} Hz, {form.channels} channels, {length}"
    out.print(f"[bold]{page.source.name}[/bold]" if "[" not in page.source.name else page.source.name)
    out.print(f"  {kind}", markup=False, highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, findings in page.findings.items():
        mark = "*" if findings.found else " "
        table.add_row(f"  {mark} {name.replace('_', ' ')}", findings.describe().replace("[", r"\["))
    out.print(table)
    for warning in page.warnings:
        out.print(f"  warning: {warning}", style="yellow", markup=False, highlight=False)
    suggestion = page.suggestion
    if suggestion.preset is None:
        out.print(f"  nothing to do: {'; '.join(suggestion.reasons)}", markup=False, highlight=False)
    else:
        settings = "".join(f" --set {setting}" for setting in suggestion.settings)
        command = (
            f"wavemend render {suggestion.preset} {shlex.quote(str(page.source))} -o restored/{settings}"
        )
        out.print(f"  try: {command}", markup=False, highlight=False, soft_wrap=True)
        for reason in suggestion.reasons:
            out.print(f"       {reason}", markup=False, highlight=False)
    out.print()

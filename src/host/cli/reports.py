"""``wavemend report`` and ``wavemend compare``: what a restoration did, for people to look at.

Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import WavemendError
from ..processes.interrupts import INTERRUPTED
from .batch import OverwriteOption, QuietOption
from .output import FAILED, REFUSED, JsonOption, err, fail, one_line, out, print_json, print_table, say_error

if TYPE_CHECKING:
    from ..reports.writing import Wanted


def report(
    rendered: Annotated[
        Path,
        typer.Argument(help="A restored file with its .report.json, or a folder of them: a batch's target."),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="HTML file.",
            show_default="NAME.report.html beside it; of a folder, index.html in it",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--source", help="The recording, where it lies elsewhere.", show_default="beside it, or above"
        ),
    ] = None,
    moments: Annotated[
        int, typer.Option("--moments", min=0, max=10, help="Places to listen to: where most was removed.")
    ] = 4,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also a sheet of A4 as PDF.")] = False,
    png: Annotated[bool, typer.Option("--png", help="Also a sheet of A4 as PNG.")] = False,
    overwrite: OverwriteOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write what a render found and did as one HTML file; of a folder, one each and an index."""
    from ..reports.writing import Sheet, Wanted, write_report  # noqa: PLC0415

    asked: list[tuple[Sheet, bool]] = [("pdf", pdf), ("png", png)]
    wanted = Wanted([form for form, wish in asked if wish], moments, overwrite)
    if output is not None and output.suffix.lower() not in (".html", ".htm"):
        fail(f"-o {output}: a report is HTML; name a file that ends in .html", REFUSED)
    if rendered.is_dir():
        if source is not None:
            fail("--source is of one render; a folder's recordings are looked up in its manifest", REFUSED)
        _report_all(rendered, output, wanted, quiet=quiet)
        return
    with _bar(quiet=quiet) as show:
        _, written = write_report(
            rendered, wanted, target=output, source=source, progress=show, cancel=INTERRUPTED
        )
    for path in written if not quiet else []:
        out.print(one_line(str(path)), highlight=False)


def _report_all(folder: Path, output: Path | None, wanted: "Wanted", *, quiet: bool) -> None:
    from ..reports.writing import write_all  # noqa: PLC0415

    def tell(name: str, error: WavemendError | None) -> None:
        if error is not None:
            say_error(f"{name}: {error}")
        elif not quiet:
            out.print(one_line(name), highlight=False)

    with _bar(quiet=quiet) as show:
        index, rows = write_all(folder, wanted, target=output, tell=tell, progress=show, cancel=INTERRUPTED)
    failed = sum(bool(row.error) for row in rows)
    if not quiet:
        out.print(f"{one_line(str(index))}: {len(rows)} recordings, {failed} failed", highlight=False)
    if failed:
        raise typer.Exit(FAILED)


def compare(
    a: Annotated[Path, typer.Argument(help="Sound file.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Sound file to lay over it.", show_default=False)],
    *,
    picture: Annotated[Path | None, typer.Option("--picture", help="PNG of both, to write.")] = None,
    bands: Annotated[bool, typer.Option("--bands", help="Also print levels by third octaves.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing picture.")] = False,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Lay two recordings beside each other: loudness, spectra, noise floor, place and speed, difference."""
    from ..comparison.compare import compare as compared  # noqa: PLC0415
    from ..comparison.picture import draw_comparison  # noqa: PLC0415
    from ..comparison.table import BAND_HEADS, HEADS, band_rows, rows, sentences  # noqa: PLC0415
    from ..pictures.spectrograms import require_matplotlib  # noqa: PLC0415
    from ..storage.publishing import published  # noqa: PLC0415

    if picture:
        require_matplotlib()
        if picture.suffix.lower() != ".png":
            fail(f"--picture {picture}: is drawn as PNG; name a file that ends in .png", REFUSED)
    with _bar(quiet=quiet or as_json) as show:
        found = compared(a, b, progress=show, cancel=INTERRUPTED)
    if as_json:
        print_json(found.to_json())
    elif not quiet:
        print_table(HEADS, rows(found))
        if bands:
            print_table(BAND_HEADS, band_rows(found))
        for line in sentences(found):
            out.print(line, highlight=False)
    if picture:
        with published(picture, overwrite=overwrite) as part, part.open("wb") as file:
            draw_comparison(found, file)


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[float, str], None]]:
    """Show on a terminal how far something is."""
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=err, transient=True, disable=quiet or not err.is_terminal) as bars:
        bar = bars.add_task("", total=1.0)
        yield lambda share, doing: bars.update(bar, completed=share, description=escape(doing))

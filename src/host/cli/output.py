"""What every command prints with: consoles, tables, one line for an error, exit codes."""

import codecs
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, NoReturn

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

# source: shells' convention, 1 and 2 for what fails, 128 and a signal's number for SIGINT
FAILED, REFUSED, INTERRUPTED = 1, 2, 130

# Names of files and presets are printed as they are: neither "[1]" nor ":cd:" in one means anything.
out = Console(soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def fail(message: str, code: int) -> NoReturn:
    """Print one line and leave."""
    say_error(message)
    sys.exit(code)


def say_error(message: str) -> None:
    """Print one line on standard error."""
    err.print(f"error: {one_line(message)}", style="red", markup=False)


def say_note(message: str) -> None:
    """Print one line on standard error about what is no fault."""
    err.print(f"note: {one_line(message)}")


def say_which(*presets: str) -> None:
    """Say whose presets are meant where others are called so too: a stranger's folder may bring its own."""
    from ..presets.library import hiding  # noqa: PLC0415

    for other in filter(None, map(hiding, presets)):
        say_note(other)


def one_line(message: str) -> str:
    """Take out what a terminal would obey: errors name files, and strangers named those."""
    from ..storage.strict_json import printable  # noqa: PLC0415 - NumPy is not for help and completion

    return " ".join(printable(message).split())


def print_json(data: Any) -> None:
    """Print data as JSON on standard output, in ASCII where that is not UTF-8."""
    print(_json_text(data, indent=2))


def print_json_line(data: Any) -> None:
    """Print data as one line of JSON at once: a record of a stream."""
    print(_json_text(data), flush=True)


def _json_text(data: Any, indent: int | None = None) -> str:
    from ..storage.json_text import json_text  # noqa: PLC0415 - NumPy is not for help and completion

    utf8 = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    return json_text(data, indent=indent, ascii_only=not utf8)


def markdown_table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a table in Markdown."""
    lines = [heads, ("---",) * len(heads), *((f"`{row[0]}`", *row[1:]) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def print_table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], console: Console = out) -> None:
    """Print a table without lines; where nobody looks at a terminal, one line a row, however long."""
    if not console.is_terminal:
        for line in _plain_lines([heads, *rows] if heads else rows):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, show_edge=False, show_header=bool(heads))
    for head in heads or ("",) * len(rows[0] if rows else ()):
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table, soft_wrap=False)


def _plain_lines(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    cells = [[" ".join(cell.splitlines()) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        filled = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(filled).rstrip()

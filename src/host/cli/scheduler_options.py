"""Options of a run that reaches beyond this machine, and what is printed where a cluster's workers differ."""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ...errors import MixedClusterError
from .output import err, print_table

SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        help="Address of a Dask cluster, as tcp://head:8786, whose workers do it; local: one of -j workers "
        "is started here.",
        show_default=False,
    ),
]
MixedOption = Annotated[
    bool,
    typer.Option("--allow-mixed", help="Take workers of unlike versions or processors: bytes may differ."),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state", help="With outputs behind a URL: folder here for the manifest.", show_default="one a URL"
    ),
]


@contextmanager
def table_of_differences() -> Iterator[None]:
    """Print what differs between the workers of a cluster where it is refused for that."""
    try:
        yield
    except MixedClusterError as error:
        rows = [(trait, value, ", ".join(who)) for trait, value, who in error.table]
        print_table(("what", "version or kind", "workers"), rows, err)
        raise

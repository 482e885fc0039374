"""The command ``wavemend export-vst3``: stages and presets as effects for other hosts.

Heavy modules are imported inside the command, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import WavemendError
from .completion import complete_effect
from .output import FAILED, REFUSED, JsonOption, fail, print_json, print_table, say_error, say_note

NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STAGE|PRESET",
        help="Stages, factory presets or preset files.",
        autocompletion=complete_effect,
        show_default=False,
    ),
]
FolderOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Folder for the bundles.", show_default="where hosts look, ~/.vst3"),
]


def export_vst3(
    names: NamesArgument = None,
    output: FolderOption = None,
    *,
    all_of_them: Annotated[bool, typer.Option("--all", help="Every stage and every factory preset.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace bundles of before.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write stages and presets as VST3 effects that Ardour, REAPER and other hosts load."""
    from ..export import bundle  # noqa: PLC0415

    if bool(names) == all_of_them:
        fail("name a stage or a preset, or say --all for every one", REFUSED)
    exported: list[dict[str, Any]] = []
    failed = False
    for name in names or bundle.everything():
        try:
            exported.append(vars(bundle.export_vst3(name, output, overwrite=overwrite, tell=say_note)))
        except WavemendError as error:
            if not all_of_them and len(names or ()) == 1:
                raise
            say_error(f"{name}: {error}")
            failed = True
    if as_json:
        print_json(exported)
    elif exported:
        print_table(("effect", "bundle"), [(one["name"], str(one["path"])) for one in exported])
    if failed:
        raise typer.Exit(FAILED)

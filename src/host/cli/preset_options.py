"""Arguments and options that commands about presets share."""

from typing import Annotated

import typer

from .completion import complete_preset

PresetArgument = Annotated[str, typer.Argument(autocompletion=complete_preset)]
OutputOption = Annotated[
    str,
    typer.Option("-o", "--output", help="File for the preset; user:NAME and project:NAME are the library's."),
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")]
NameOption = Annotated[str | None, typer.Option("--name", help="Another name for people.")]
DescriptionOption = Annotated[
    str | None, typer.Option("--description", help="Another description: what it is for.")
]

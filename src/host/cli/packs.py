"""The commands ``wavemend presets pack`` and ``wavemend presets unpack``: presets that travel.

Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from pathlib import Path
from typing import Annotated

import typer

from .completion import complete_preset
from .output import JsonOption, err, out, print_json, print_table, say_which


def presets_pack(
    preset: Annotated[str, typer.Argument(autocompletion=complete_preset)],
    output: Annotated[Path, typer.Option("-o", "--output", help="File for the pack: NAME.wavemend.")],
    *,
    author: Annotated[str, typer.Option(help="Who made the preset.")] = "",
    licence: Annotated[str, typer.Option(help="What others may do with it, such as CC0-1.0.")] = "",
    notes: Annotated[str, typer.Option(help="What it is for, and what not.")] = "",
    documents: Annotated[
        list[Path] | None, typer.Option("--document", help="Recording document to go with it.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
) -> None:
    """Pack a preset with the models and states that it needs, and how it sounds here, into one file."""
    from ..presets.packs import write_pack  # noqa: PLC0415
    from ..storage.publishing import Publication  # noqa: PLC0415

    Publication(overwrite=overwrite).check(output)
    with err.status("rendering the test signal"):
        manifest = write_pack(
            preset,
            output,
            author=author,
            licence=licence,
            notes=notes,
            documents=documents or [],
            overwrite=overwrite,
        )
    say_which(preset)
    out.print(
        f"wrote {output}: {len(manifest.files)} files, SHA-256 of its sound {manifest.fingerprint.sha256}"
    )


def presets_unpack(
    pack: Annotated[Path, typer.Argument(help="File that `wavemend presets pack` wrote.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="New folder for its files.", show_default="named as the pack"),
    ] = None,
    *,
    look: Annotated[
        bool, typer.Option("--look", help="Only say what is in it: write and run nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check a pack, write its files into a new folder, and say whether it sounds as where it was made."""
    from ..presets.packs import described, read_pack, sound_here, unpack  # noqa: PLC0415
    from ..storage.strict_json import printable  # noqa: PLC0415

    read = read_pack(pack)
    rows = described(read)
    files = [] if look else unpack(read, output or Path(pack.name).with_suffix(""))
    sound = ""
    if not look:
        with err.status("rendering the test signal"):
            sound = sound_here(read)
    if as_json:
        said = {"name": read.preset.name, "description": read.preset.description}
        print_json(said | {"says": rows, "files": files, "sound": sound})
        return
    out.print(printable(f"{read.preset.name}: {read.preset.description}"))
    print_table((), rows)
    if not look:
        out.print(f"wrote {files[0].parent}")
        out.print(f"sound: {sound}")

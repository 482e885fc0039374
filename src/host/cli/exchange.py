"""The commands that bring presets from other programs, and take them there.

Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from pathlib import Path
from typing import Annotated, Any

import typer

from .completion import complete_preset
from .output import REFUSED, fail, out, say_note, say_which
from .preset_options import DescriptionOption, NameOption, OutputOption, OverwriteOption, PresetArgument

MissingOption = Annotated[
    bool, typer.Option("--allow-missing", help="Write it without what cannot be carried over.")
]


def presets_from_board(
    board: Annotated[str, typer.Argument(help="MODULE:BOARD, or path/to/script.py:BOARD.")],
    output: OutputOption,
    *,
    allow_missing: MissingOption = False,
    name: NameOption = None,
    description: DescriptionOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Make a preset of a Pedalboard or a Chain in Python. This RUNS that script, and all that it does.

    Give it your own scripts alone. No preset and no pack can name one.
    """
    from ..presets.exchange.board import from_board, named_board  # noqa: PLC0415

    target = _target(output, overwrite=overwrite)
    imported = from_board(named_board(board))
    words = (name or board.rpartition(":")[2], description or f"From {board}.")
    _write(imported, board, target, words, allow_missing=allow_missing, overwrite=overwrite)


def presets_from_ffmpeg(
    filters: Annotated[
        str, typer.Argument(help="Filters as ffmpeg's -af takes them: 'adeclick,volume=-3dB'.")
    ],
    output: OutputOption,
    *,
    allow_missing: MissingOption = False,
    name: NameOption = None,
    description: DescriptionOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Begin a preset with a chain of ffmpeg's filters: says what became of each, to be set by ear."""
    from ..presets.exchange.ffmpeg import from_ffmpeg  # noqa: PLC0415

    target = _target(output, overwrite=overwrite)
    words = (name or "From ffmpeg", description or f"From ffmpeg's {filters}.")
    _write(from_ffmpeg(filters), "ffmpeg", target, words, allow_missing=allow_missing, overwrite=overwrite)


def presets_from_vstpreset(
    file: Annotated[Path, typer.Argument(help=".vstpreset file of a VST3 that is installed.")],
    output: OutputOption,
    *,
    into: Annotated[
        str | None,
        typer.Option("--into", help="Preset to take the settings over into.", autocompletion=complete_preset),
    ] = None,
    slot: Annotated[str | None, typer.Option("--slot", help="The VST3 in it, by name or number.")] = None,
    name: NameOption = None,
    description: DescriptionOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Make a preset of a .vstpreset file that any host saved, or take its settings over into a preset."""
    from dataclasses import replace  # noqa: PLC0415

    from ..presets.exchange.vstpreset import preset_of_vstpreset, with_vstpreset  # noqa: PLC0415
    from ..presets.preset import save_preset  # noqa: PLC0415

    if (into is None) != (slot is None):
        fail("--into PRESET and --slot SLOT go together", REFUSED)
    target = _target(output, overwrite=overwrite)
    made = preset_of_vstpreset(file) if into is None or slot is None else with_vstpreset(into, slot, file)
    made = replace(made, name=name or made.name, description=description or made.description)
    save_preset(made, target, overwrite=overwrite)
    out.print(f"wrote {target}")


def presets_to_vstpreset(
    preset: PresetArgument,
    slot: Annotated[str, typer.Argument(help="The VST3 in it, by name or number.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File for its settings: NAME.vstpreset.")],
    *,
    overwrite: OverwriteOption = False,
) -> None:
    """Write the settings of a preset's VST3 to a .vstpreset file, for any host."""
    from ..presets.exchange.vstpreset import write_slot  # noqa: PLC0415

    plugin = write_slot(preset, slot, output, overwrite=overwrite)
    say_which(preset)
    out.print(f"wrote {output}, for {plugin.name} by {plugin.manufacturer_name}")


def presets_to_pedalboard(preset: PresetArgument) -> None:
    """Print Python that makes the same chain: a Pedalboard where that can hold it, else a wavemend.Chain."""
    from ..presets.exchange.python_code import python_code  # noqa: PLC0415
    from ..presets.preset import load_preset  # noqa: PLC0415

    say_which(preset)
    print(python_code(load_preset(preset)), end="")


def _target(output: str, *, overwrite: bool) -> Path:
    """Return the file for a preset, checked before anything is run or heard."""
    from ..presets.library import target_of  # noqa: PLC0415
    from ..storage.publishing import Publication  # noqa: PLC0415

    target = target_of(output)
    Publication(overwrite=overwrite).check(target)
    return target


def _write(
    imported: Any, source: str, target: Path, words: tuple[str, str], *, allow_missing: bool, overwrite: bool
) -> None:
    """Write what was imported, whole or with leave to leave out, and say what became of each thing."""
    from ..presets.preset import Preset, save_preset  # noqa: PLC0415
    from ..storage.strict_json import printable  # noqa: PLC0415

    for line in imported.told:
        out.print(printable(line))
    if allow_missing:
        imported.demand_some(source)
    else:
        imported.demand_whole(source)
    save_preset(Preset(*words, imported.chain), target, overwrite=overwrite)
    for line in [*(f"left out: {one}" for one in imported.left_out), *imported.chain.warnings()]:
        say_note(line)
    out.print(f"wrote {target}")

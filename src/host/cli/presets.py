"""The commands ``wavemend presets ...``: what engineers do with presets.

Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import PresetError, WavemendError
from .completion import complete_preset, complete_setting
from .exchange import (
    presets_from_board,
    presets_from_ffmpeg,
    presets_from_vstpreset,
    presets_to_pedalboard,
    presets_to_vstpreset,
)
from .output import (
    FAILED,
    REFUSED,
    JsonOption,
    err,
    fail,
    out,
    print_json,
    print_table,
    say_error,
    say_note,
    say_which,
)
from .packs import presets_pack, presets_unpack
from .preset_options import DescriptionOption, NameOption, OutputOption, OverwriteOption, PresetArgument

presets_app = typer.Typer(
    help="List, show, make, change, compare, pack, import and export presets.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
presets_app.command("pack")(presets_pack)
presets_app.command("unpack")(presets_unpack)
presets_app.command("from-board")(presets_from_board)
presets_app.command("from-ffmpeg")(presets_from_ffmpeg)
presets_app.command("from-vstpreset")(presets_from_vstpreset)
presets_app.command("to-pedalboard")(presets_to_pedalboard)
presets_app.command("to-vstpreset")(presets_to_vstpreset)


@presets_app.command("list")
def presets_list(as_json: JsonOption = False) -> None:
    """List the presets of the project, your own, and those that come with wavemend."""
    from ..presets.library import entries  # noqa: PLC0415

    _print_entries(entries(), as_json=as_json)


def _print_entries(found: Sequence[Any], *, as_json: bool) -> None:
    """Print entries of the library; a file that is no preset is listed with what is wrong."""
    from ..presets.preset import preset_title  # noqa: PLC0415
    from ..storage.strict_json import clip  # noqa: PLC0415

    rows, data = [], []
    for entry in found:
        one = {"id": entry.name, "level": entry.level, "path": entry.path, "hidden_by": entry.hidden_by}
        try:
            name, text = preset_title(entry.qualified)
        except PresetError as error:
            name, text = "", f"cannot be used: {error}"
        data.append(one | {"name": name, "description": text})
        level = f"{entry.level}, hidden by the {entry.hidden_by}'s" if entry.hidden_by else entry.level
        rows.append((clip(entry.name), level, clip(text)))
    if as_json:
        print_json(data)
    elif not rows:
        print("none")
    else:
        print_table(("preset", "level", "what it does"), rows)


@presets_app.command("show")
def presets_show(preset: PresetArgument, as_json: JsonOption = False) -> None:
    """Show every value of a preset with its unit and range, and which of its plugins are missing here."""
    from ..presets.preset import described_preset, preset_to_json  # noqa: PLC0415
    from ..presets.settings import settings_of  # noqa: PLC0415
    from ..presets.slots import absences  # noqa: PLC0415
    from ..storage.strict_json import printable  # noqa: PLC0415

    loaded = described_preset(preset)
    say_which(preset)
    for number, absence in absences(loaded.chain):
        err.print(f"warning: slot {number}: {absence}", markup=False)
    if as_json:
        print_json(preset_to_json(loaded))
        return
    print(f"{printable(loaded.name)}: {printable(loaded.description)}\n")
    rows = [row for slot in settings_of(preset) for row in _slot_rows(slot)]
    print_table(("slot", "setting", "value", "allowed"), rows)


def _slot_rows(slot: Any) -> Iterator[tuple[str, str, str, str]]:
    """Rows for a `SlotSettings`: who it is, then each setting as `edit` and ``--set`` take it."""
    from ..storage.strict_json import clip  # noqa: PLC0415

    version = [f"version {slot.version}"] if slot.version is not None else []
    yield slot.number, slot.title, clip(", ".join([*version, *slot.notes])), ""
    for setting in slot.settings:
        yield "", clip(f"{slot.called}.{setting.name}"), setting.text, setting.allowed


@presets_app.command("check")
def presets_check(preset: Annotated[list[str], typer.Argument(autocompletion=complete_preset)]) -> None:
    """Check presets: form, values, plugins, models, versions, order; exit code 1 where one cannot be used."""
    from ..presets.preset import load_preset  # noqa: PLC0415
    from ..presets.slots import check_models  # noqa: PLC0415

    failed = False
    for source in preset:
        try:
            chain = load_preset(source).chain
            check_models(chain, source)
            warnings = chain.warnings()
        except WavemendError as error:
            say_error(str(error))
            failed = True
            continue
        print(f"{source}: good")
        say_which(source)
        for warning in warnings:
            err.print(f"warning: {source}: {warning}", markup=False)
    if failed:
        raise typer.Exit(FAILED)


@presets_app.command("edit")
def presets_edit(
    preset: PresetArgument,
    settings: Annotated[
        list[str] | None,
        typer.Argument(
            help="SLOT.PARAMETER=VALUE each, such as declick.sensitivity=4.", autocompletion=complete_setting
        ),
    ] = None,
    *,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="File for the changed preset; user:NAME and project:NAME are the library's.",
            show_default="the file itself",
        ),
    ] = None,
    name: NameOption = None,
    description: DescriptionOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Change values of a preset file, whole or not at all; of a factory preset, write a changed copy."""
    from dataclasses import replace  # noqa: PLC0415

    from ..presets.library import find_entry, target_of  # noqa: PLC0415
    from ..presets.overrides import edited_preset  # noqa: PLC0415
    from ..presets.preset import preset_bytes, replace_preset, save_preset  # noqa: PLC0415

    if not settings and name is None and description is None:
        fail("nothing to change was given: say SLOT.PARAMETER=VALUE, as declick.sensitivity=4", REFUSED)
    before = preset_bytes(preset)  # first: what is written later by others must show
    edited = edited_preset(preset, settings or [])
    if name is not None:
        edited = replace(edited, name=name)
    if description is not None:
        edited = replace(edited, description=description)
    if output is None:
        entry = find_entry(preset)
        if entry is not None and entry.path is None:
            raise PresetError(
                f"{preset} is a factory preset, which never changes: name a file for a copy, -o"
            )
        target = (entry.path if entry and entry.path else Path(preset)).resolve()
        replace_preset(edited, target, before)
    else:
        target = target_of(output)
        save_preset(edited, target, overwrite=overwrite)
    say_which(preset)
    for warning in edited.chain.warnings():
        say_note(warning)
    out.print(f"wrote {output if output and Path(output) == target else target}")


@presets_app.command("diff")
def presets_diff(before: PresetArgument, after: PresetArgument, as_json: JsonOption = False) -> None:
    """Show in which settings two presets differ, slot by slot, with units."""
    from ..presets.difference import differences  # noqa: PLC0415
    from ..storage.strict_json import clip  # noqa: PLC0415

    found = differences(before, after)
    say_which(before, after)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    if not found:
        print("no difference")
        return
    for one in found:
        if not one.slot:
            print(f"{one.what}: {clip(one.before) or '(empty)'}\n   now {clip(one.after) or '(empty)'}")
    rows = [tuple(map(clip, (d.slot, d.what, d.before, d.after))) for d in found if d.slot]
    if rows:
        print_table(("slot", "setting", clip(before), clip(after)), rows)


@presets_app.command("new")
def presets_new(
    recording: Annotated[Path, typer.Argument(help="Sound file to listen to.")],
    output: OutputOption,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: as it is suggested, as where nobody looks.")
    ] = False,
    name: NameOption = None,
    description: DescriptionOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Make a preset for a recording: what `analyse` suggests; on a terminal, with what you answer."""
    from dataclasses import replace  # noqa: PLC0415

    from ..presets.library import target_of  # noqa: PLC0415
    from ..presets.preset import load_preset, save_preset  # noqa: PLC0415
    from ..processes.interrupts import INTERRUPTED  # noqa: PLC0415
    from ..storage.publishing import Publication  # noqa: PLC0415
    from ..survey.analyse import analyse  # noqa: PLC0415

    target = target_of(output)
    Publication(overwrite=overwrite).check(target)  # before minutes of listening
    with err.status("listening") as status:
        page = analyse(
            recording, cancel=INTERRUPTED, progress=lambda share, doing: status.update(f"{doing} {share:.0%}")
        )
    suggestion = page.suggestion
    if suggestion.preset is None:
        fail(f"{recording}: {suggestion.reasons[0]}: there is nothing to make a preset for", FAILED)
    reasons = "; ".join(suggestion.reasons)
    begun, base = suggestion.preset, load_preset(suggestion.preset)
    asks = not yes and sys.stdin.isatty() and err.is_terminal
    if asks:
        from .asking import chosen_preset, refined  # noqa: PLC0415

        err.print(f"{recording}: {reasons}: {suggestion.preset} fits. Enter takes what is in brackets.")
        begun, base = chosen_preset(suggestion.preset, _ask, say_error)
    why = f" Chosen for {reasons}." if begun == suggestion.preset else ""
    made = replace(
        base,
        name=name if name is not None else f"{base.name}, for {recording.stem}",
        description=description if description is not None else f"{base.description}{why}",
    )
    if asks:
        made = refined(made, _ask, say_error)
    save_preset(made, target, overwrite=overwrite)
    out.print(f"wrote {target}, from {begun}: {reasons}")
    if suggestion.ease_lossy:
        say_note("say --ease-lossy when rendering with it: a preset does not hold that")


def _ask(question: str, offered: str) -> str:
    """Ask on the terminal; nothing said is what was offered."""
    return str(typer.prompt(question, default=offered, err=True))


@presets_app.command("search")
def presets_search(
    words: Annotated[list[str], typer.Argument(help="Words that must all be there.")],
    as_json: JsonOption = False,
) -> None:
    """Find presets by what they are called, are for, and are made of."""
    from ..presets.library import entries  # noqa: PLC0415
    from ..presets.preset import preset_title  # noqa: PLC0415
    from ..presets.settings import settings_of  # noqa: PLC0415

    found = []
    for entry in entries():
        try:
            title, shown = preset_title(entry.qualified), settings_of(entry.qualified)
        except PresetError as error:
            say_note(f"left out: {error}")
            continue
        slots = [text for slot in shown for text in (slot.plugin, slot.title)]
        text = " ".join([entry.name, *title, *slots]).casefold()
        if all(word.casefold() in text for word in words):
            found.append(entry)
    _print_entries(found, as_json=as_json)


@presets_app.command("schema")
def presets_schema() -> None:
    """Print the JSON Schema of presets made of what is installed here."""
    from ..presets.schema import preset_schema  # noqa: PLC0415

    print_json(preset_schema())

"""The commands ``wavemend presets ...`` and ``wavemend plugins ...``: what there is, and what it says.

Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import PluginError, WavemendError
from .completion import complete_plugin, complete_preset
from .output import FAILED, JsonOption, err, markdown_table, print_json, print_table, say_error

PresetArgument = Annotated[str, typer.Argument(autocompletion=complete_preset)]

presets_app = typer.Typer(help="List, show and check presets.", no_args_is_help=True, rich_markup_mode=None)
plugins_app = typer.Typer(help="Find, list and show plugins.", no_args_is_help=True, rich_markup_mode=None)


@presets_app.command("list")
def presets_list(as_json: JsonOption = False) -> None:
    """List the factory presets."""
    from ..presets.preset import preset_names, preset_title  # noqa: PLC0415

    titles = {preset: preset_title(preset) for preset in preset_names()}
    if as_json:
        print_json([{"id": key, "name": name, "description": text} for key, (name, text) in titles.items()])
        return
    print_table(("preset", "what it does"), [(key, text) for key, (_, text) in titles.items()])


@presets_app.command("show")
def presets_show(preset: PresetArgument, as_json: JsonOption = False) -> None:
    """Show what a preset does, every value, and which of its plugins are missing here."""
    from ..presets.preset import described_preset, preset_to_json  # noqa: PLC0415
    from ..presets.slots import absences, chain_to_json  # noqa: PLC0415

    loaded = described_preset(preset)
    absent = dict(absences(loaded.chain))
    for number, absence in absent.items():
        err.print(f"warning: slot {number}: {absence}", markup=False)
    if as_json:
        print_json(preset_to_json(loaded))
        return
    print(f"{loaded.name}: {loaded.description}\n")
    print_table(("slot", "plugin", "values"), list(_slot_rows(chain_to_json(loaded.chain), absent)))


def _slot_rows(
    slots: list[dict[str, Any]], absent: Container[str], above: str = ""
) -> Iterator[tuple[str, str, str]]:
    """Rows for the slots of a chain, as a preset writes them: number, plugin, every value."""
    from ..storage.strict_json import printable  # noqa: PLC0415

    for number, slot in enumerate(slots, start=1):
        place = {name: slot[name] for name in ("bypass", "mix", "block_size", "missing") if name in slot}
        values = slot.get("parameters", {}) | place | ({"findings": "fixed"} if "findings" in slot else {})
        text = printable(", ".join(f"{name}={value}" for name, value in values.items()))
        here = " (draft)" if slot.get("draft") else ""
        here += " (missing)" if f"{above}{number}" in absent else ""
        called = printable(str(slot.get("name", slot.get("plugin", "(nested chain)"))))
        yield f"{above}{number}", called + here, text
        yield from _slot_rows(slot.get("chain", []), absent, f"{above}{number}.")


@presets_app.command("check")
def presets_check(preset: Annotated[list[str], typer.Argument(autocompletion=complete_preset)]) -> None:
    """Check preset files; exit code 1 where one cannot be used."""
    from ..presets.preset import load_preset  # noqa: PLC0415

    failed = False
    for source in preset:
        try:
            warnings = load_preset(source).chain.warnings()
        except WavemendError as error:
            say_error(str(error))
            failed = True
            continue
        print(f"{source}: good")
        for warning in warnings:
            err.print(f"warning: {source}: {warning}", markup=False)
    if failed:
        raise typer.Exit(FAILED)


@presets_app.command("schema")
def presets_schema() -> None:
    """Print the JSON Schema of presets made of what is installed here."""
    from ..presets.schema import preset_schema  # noqa: PLC0415

    print_json(preset_schema())


@plugins_app.command("scan")
def plugins_scan(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="More folders; later scans search them too.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds a plugin has for each step.")] = 30.0,
    memory_limit: Annotated[float, typer.Option(min=0.25, max=1024, help="GB a plugin may take.")] = 4.0,
    run_all: Annotated[bool, typer.Option("--all", help="Try out again what did not change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Find the VST3s of this machine, and try out new and changed ones in a process of their own."""
    from . import vst3_tables as listing  # noqa: PLC0415

    catalogue = listing.scan(folders or [], timeout, memory_limit, run_all=run_all, console=err)
    if as_json:
        print_json(listing.as_json(catalogue))
        return
    print_table(("VST3", "what is known of it"), listing.rows(catalogue))
    err.print(listing.counts(catalogue), markup=False)


@plugins_app.command("list")
def plugins_list(as_json: JsonOption = False) -> None:
    """List the stages and kinds of members installed, pedalboard's effects, and the VST3s found."""
    from ...contract.registry import stage_class, stage_ids  # noqa: PLC0415
    from ..chain.members.registry import kind_named, offered_kinds  # noqa: PLC0415
    from ..stock.stock import stock_effects  # noqa: PLC0415
    from ..vst3.installed.catalogue import load_catalogue  # noqa: PLC0415
    from . import vst3_tables as listing  # noqa: PLC0415

    rows: list[tuple[str, str]] = []
    drafts: set[str] = set()
    finders = dict.fromkeys(stage_ids(), stage_class) | dict.fromkeys(offered_kinds(), kind_named)
    for identifier, find in finders.items():
        try:
            found = find(identifier)
        except WavemendError as error:
            say_error(str(error))
            continue
        summary = (found.__doc__ or identifier).strip().splitlines()[0]
        draft = getattr(found, "draft", False)  # which stages alone have
        rows.append((identifier, f"(draft) {summary}" if draft else summary))
        drafts |= {identifier} if draft else set()
    rows += [(f"pedalboard.{name}", "stock effect of pedalboard") for name in sorted(stock_effects())]
    if as_json:
        stages = [{"id": key, "summary": summary, "draft": key in drafts} for key, summary in rows]
        print_json(stages + listing.as_json(load_catalogue()))
        return
    print_table(("plugin", "what it does"), rows + listing.rows(load_catalogue()))


@plugins_app.command("show")
def plugins_show(
    plugin: Annotated[str, typer.Argument(autocompletion=complete_plugin)],
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as docs have it.")] = False,
) -> None:
    """Show the parameters of a stage, a stock effect or a VST3: defaults, ranges, what they do."""
    from ...contract.registry import stage_class  # noqa: PLC0415
    from ..stock.stock import stock_name  # noqa: PLC0415
    from ..vst3.installed.catalogue import load_catalogue  # noqa: PLC0415
    from . import vst3_tables as listing  # noqa: PLC0415

    try:
        kind = stage_class(plugin)
    except PluginError:
        if stock := stock_name(plugin):
            return _show_stock(stock, as_json, markdown)
        # Where none is known yet, looking for one scans the machine: not for a mistyped id of a stage.
        if ("." not in plugin or load_catalogue().bundles) and (vst3 := listing.find(plugin)):
            rows = listing.parameter_rows(vst3)
            described = listing.plugin_as_json(vst3)
            title = f"{vst3.name} ({vst3.identifier}, {vst3.version})"
            return _show(
                title,
                ("parameter", "default", "allowed"),
                rows,
                described,
                as_json=as_json,
                markdown=markdown,
            )
        raise
    described = {"id": kind.id, "name": kind.name, "version": kind.version, "draft": kind.draft}
    described |= kind.json_schema()
    heads = ("parameter", "default", "allowed", "what it does")
    draft = "\nA draft: its sound may change with any version of its package.\n" if kind.draft else ""
    title = f"{kind.name} ({kind.id}, version {kind.version})\n{draft}\n{kind.about}"
    _show(title, heads, list(kind.parameter_table()), described, as_json=as_json, markdown=markdown)


def _show_stock(name: str, as_json: bool, markdown: bool) -> None:
    from ..stock.stock import make_stock, stock_values  # noqa: PLC0415

    values = stock_values(make_stock(name, {}))
    rows = [(parameter, str(value)) for parameter, value in values.items()]
    title = f"{name} (pedalboard.{name}), a stock effect of pedalboard"
    described = {"id": f"pedalboard.{name}", "name": name, "defaults": values}
    _show(title, ("parameter", "default"), rows, described, as_json=as_json, markdown=markdown)


def _show(
    title: str,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    described: dict[str, Any],
    *,
    as_json: bool,
    markdown: bool,
) -> None:
    if as_json:
        print_json(described)
    elif markdown:
        print(markdown_table(heads, rows))
    else:
        print(f"{title}\n")
        print_table(heads, rows)

"""The commands ``wavemend plugins ...``: what there is, and what it says.

Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import PluginError, WavemendError
from .completion import complete_plugin
from .output import JsonOption, err, markdown_table, print_json, print_table, say_error

plugins_app = typer.Typer(help="Find, list and show plugins.", no_args_is_help=True, rich_markup_mode=None)


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

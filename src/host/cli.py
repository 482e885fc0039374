"""The command line: ``wavemend analyse | render | presets | plugins | demo``.

Exit codes: 0 all done; 1 something failed while rendering; 2 refused before it started; 130 interrupted.
Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# ruff: noqa: PLR0917 - options are keywords on the command line
# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
import io
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from ..errors import WavemendError

FAILED, REFUSED, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="wavemend",
    help="Restore old recordings: clicks, rumble, noise. Originals are never written over.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
presets_app = typer.Typer(help="List, show and check presets.", no_args_is_help=True, rich_markup_mode=None)
plugins_app = typer.Typer(help="List and show stages.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(presets_app, name="presets")
app.add_typer(plugins_app, name="plugins")

# Names of files and presets are printed as they are: neither "[1]" nor ":cd:" in one means anything.
out = Console(soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


class OversOption(StrEnum):
    """What to do where the restored recording passes full scale."""

    headroom = "headroom"
    float = "float"


def main() -> None:
    """Run the command line: one line for every error, and never a traceback for a user's mistake."""
    for stream in (sys.stdout, sys.stderr):  # names that are not valid UTF-8, terminals that are not UTF-8
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for name in ("SIGTERM", "SIGHUP"):  # end like Ctrl-C does: part files are cleared away
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        code = app(standalone_mode=False)
    except WavemendError as error:
        fail(str(error), REFUSED)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        fail(f"{os.fsdecode(error.filename or 'file')}: {error.strerror or error}", REFUSED)
    except Exception as error:  # typer's own usage errors
        if not hasattr(error, "format_message"):
            raise
        fail(f"{error.format_message()} (see --help)", REFUSED)
    if code == INTERRUPTED:
        fail("interrupted; nothing unfinished was left behind", INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def fail(message: str, code: int) -> NoReturn:
    """Print one line and leave."""
    say_error(message)
    sys.exit(code)


def say_error(message: str) -> None:
    """Print one line on standard error."""
    err.print(f"error: {' '.join(message.split())}", style="red", markup=False)


def print_json(data: Any) -> None:
    """Print data as JSON on standard output."""
    print(json.dumps(data, indent=2, ensure_ascii=False))


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415

        print(version("wavemend"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def render(
    preset: Annotated[str, typer.Argument(help="Name of a factory preset, or path of a preset file.")],
    inputs: Annotated[list[str], typer.Argument(help="Sound files, folders, or glob patterns.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder, or for a single recording a file.")],
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a value: SLOT.PARAMETER=VALUE, such as declick.sensitivity=4."),
    ] = None,
    removed: Annotated[bool, typer.Option("--removed", help="Also write what was removed.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Also write every event as a JSON line.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing outputs.")] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Leave existing outputs, and render the rest.")
    ] = False,
    overs: Annotated[
        OversOption, typer.Option(help="Beyond full scale: turn down and say so, or write floats.")
    ] = OversOption.headroom,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the dither.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Restore recordings with a preset."""
    from .batch import plan, run  # noqa: PLC0415
    from .progress import Reporter  # noqa: PLC0415
    from .settings import chain_with  # noqa: PLC0415

    if overwrite and skip_existing:
        fail("--overwrite and --skip-existing contradict each other; say one of them", REFUSED)
    warnings = chain_with(preset, settings or []).warnings()  # refuses a bad preset before any file is read
    jobs = plan(inputs, output, removed=removed, overwrite=overwrite, skip_existing=skip_existing)
    with Reporter(err if as_json else out, jobs, quiet=as_json) as reporter:
        for warning in warnings:
            reporter.warn(warning)
        outcomes = run(
            lambda: chain_with(preset, settings or []),
            jobs,
            on_start=reporter.start,
            removed=removed,
            events=events,
            overwrite=overwrite,
            overs=overs.value,
            dither_seed=seed,
        )
        for outcome in outcomes:
            reporter.finish(outcome)
            if outcome.error:
                say_error(outcome.error)
    if as_json:
        print_json(reporter.as_json())
    else:
        reporter.print_table()
    if reporter.failed:
        raise typer.Exit(FAILED)


@app.command()
def analyse(
    inputs: Annotated[list[Path], typer.Argument(help="Sound files.")],
    as_json: JsonOption = False,
) -> None:
    """Listen to recordings: what is wrong, how bad, and which preset would help."""
    from .listening import listen  # noqa: PLC0415

    pages, failed = listen(inputs, out, err, quiet=as_json)
    if as_json:
        print_json([page.to_json() for page in pages])
    for error in failed:
        say_error(error)
    if failed:
        raise typer.Exit(FAILED)


@presets_app.command("list")
def presets_list(as_json: JsonOption = False) -> None:
    """List the factory presets."""
    from .presets import load_preset, preset_names  # noqa: PLC0415

    presets = {name: load_preset(name) for name in preset_names()}
    if as_json:
        print_json(
            [{"id": name, "name": p.name, "description": p.description} for name, p in presets.items()]
        )
        return
    _print_table(("preset", "what it does"), [(name, p.description) for name, p in presets.items()])


@presets_app.command("show")
def presets_show(preset: str, as_json: JsonOption = False) -> None:
    """Show what a preset does, every value."""
    from .presets import chain_to_json, load_preset, preset_to_json  # noqa: PLC0415

    loaded = load_preset(preset)
    if as_json:
        print_json(preset_to_json(loaded))
        return
    print(f"{loaded.name}: {loaded.description}\n")
    _print_table(("slot", "plugin", "values"), list(_slot_rows(chain_to_json(loaded.chain))))


def _slot_rows(slots: list[dict[str, Any]], above: str = "") -> Iterator[tuple[str, str, str]]:
    """Rows for the slots of a chain, as a preset writes them: number, plugin, every value."""
    for number, slot in enumerate(slots, start=1):
        place = {name: slot[name] for name in ("bypass", "mix") if name in slot}
        values = slot.get("parameters", {}) | place | ({"findings": "fixed"} if "findings" in slot else {})
        text = ", ".join(f"{name}={value}" for name, value in values.items())
        yield f"{above}{number}", slot.get("plugin", "(nested chain)"), text
        yield from _slot_rows(slot.get("chain", []), f"{above}{number}.")


@presets_app.command("check")
def presets_check(preset: list[str]) -> None:
    """Check preset files; exit code 1 where one cannot be used."""
    from .presets import load_preset  # noqa: PLC0415

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
    from .presets import preset_schema  # noqa: PLC0415

    print_json(preset_schema())


@plugins_app.command("list")
def plugins_list(as_json: JsonOption = False) -> None:
    """List the installed stages, and pedalboard's effects that presets may name."""
    from ..plugins.registry import stage_class, stage_ids  # noqa: PLC0415
    from .native import stock_effects  # noqa: PLC0415

    rows = []
    for identifier in stage_ids():
        try:
            kind = stage_class(identifier)
        except WavemendError as error:
            say_error(str(error))
            continue
        rows.append((identifier, (kind.__doc__ or kind.name).strip().splitlines()[0]))
    rows += [(f"pedalboard.{name}", "stock effect of pedalboard") for name in sorted(stock_effects())]
    if as_json:
        print_json([{"id": identifier, "summary": summary} for identifier, summary in rows])
        return
    _print_table(("plugin", "what it does"), rows)


@plugins_app.command("show")
def plugins_show(
    plugin: str,
    as_json: JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as docs have it.")] = False,
) -> None:
    """Show a stage's parameters: defaults, ranges, what they do."""
    from ..plugins.registry import stage_class  # noqa: PLC0415

    kind = stage_class(plugin)
    if as_json:
        print_json({"id": kind.id, "name": kind.name, "version": kind.version, **kind.json_schema()})
        return
    if markdown:
        print(markdown_table(("parameter", "default", "allowed", "what it does"), kind.parameter_table()))
        return
    print(f"{kind.name} ({kind.id}, version {kind.version})\n\n{_paragraph(kind.__doc__)}\n")
    _print_table(("parameter", "default", "allowed", "what it does"), list(kind.parameter_table()))


@app.command()
def demo(
    source: Annotated[Path | None, typer.Argument(help="Restore this recording, not a made-up one.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for what it writes.")] = Path("demo"),
    preset: Annotated[str, typer.Option(help="Preset to use.")] = "vinyl",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing outputs.")] = False,
) -> None:
    """Restore a recording before your eyes: before, after, removed, and a picture of the three."""
    from .demo import run_demo  # noqa: PLC0415

    run_demo(source, output, preset, out, overwrite=overwrite)


def markdown_table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Write a table in Markdown."""
    lines = [heads, ("---",) * len(heads), *((f"`{row[0]}`", *row[1:]) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _paragraph(text: str | None) -> str:
    import inspect  # noqa: PLC0415

    return inspect.cleandoc(text or "")


def _print_table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(markup=False, emoji=False).print(table)

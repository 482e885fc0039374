"""The command line: ``wavemend``, a function a command.

Exit codes: 0 all done; 1 something failed while rendering; 2 refused before it started; 130 interrupted.
Heavy modules are imported inside the commands, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
import io
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ...errors import Cancelled, WavemendError
from ..processes import interrupts
from ..rendering.options import RenderOptions
from .batch import (
    DryRunOption,
    ExcludeOption,
    InputsArgument,
    JobsOption,
    LogOption,
    NdjsonOption,
    OutputOption,
    OverwriteOption,
    QuietOption,
    Run,
    SkipOption,
    render_all,
)
from .catalogues import plugins_app
from .collections import bag, batch, verify
from .completion import complete_preset
from .export import export_vst3
from .models import models_app, train_app
from .monitoring import monitor
from .output import (
    FAILED,
    INTERRUPTED,
    REFUSED,
    JsonOption,
    err,
    fail,
    out,
    print_json,
    print_table,
    say_error,
    say_note,
)
from .presets import presets_app
from .preview import preview
from .render_options import (
    DocumentOption,
    DocumentsOption,
    EaseOption,
    EventsOption,
    GuardOption,
    LabelsOption,
    MissingOption,
    OversOption,
    OversPolicy,
    PresetArgument,
    RemovedOption,
    SeedOption,
    SettingsOption,
    StrengthOption,
    TrackOption,
    TrimOption,
    with_project,
)
from .reports import compare, report
from .transcripts import search, transcribe

_INTERRUPTED = "interrupted; nothing unfinished was left behind"

app = typer.Typer(
    name="wavemend",
    help="Restore old recordings: clicks, rumble, noise. Originals are never written over.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(presets_app, name="presets")
app.add_typer(plugins_app, name="plugins")
app.add_typer(models_app, name="models")
app.add_typer(train_app, name="train")
app.command("export-vst3")(export_vst3)
app.command()(batch)
app.command()(verify)
app.command()(bag)
app.command()(transcribe)
app.command()(search)
app.command()(report)
app.command()(compare)
app.command()(monitor)
app.command()(preview)


def main() -> None:
    """Run the command line: one line for every error, and never a traceback for a user's mistake."""
    for stream in (sys.stdout, sys.stderr):  # names that are not valid UTF-8, terminals that are not UTF-8
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    interrupts.heed_signals()
    try:
        code = app(standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort, Cancelled):
        code = INTERRUPTED
    except WavemendError as error:
        fail(str(error), REFUSED)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        fail(f"{os.fsdecode(error.filename or 'file')}: {error.strerror or error}", REFUSED)
    except Exception as error:  # typer's own usage errors
        if interrupts.INTERRUPTED.is_set():  # compiled code makes errors of its own of an interrupt
            fail(_INTERRUPTED, INTERRUPTED)
        if not hasattr(error, "format_message"):
            raise
        if type(error).__name__ == "NoArgsIsHelpError":  # `wavemend` or `wavemend presets`, and nothing more
            print(error.format_message())
            sys.exit(0)
        fail(f"{error.format_message()} (see --help)", REFUSED)
    if code == INTERRUPTED:
        fail(_INTERRUPTED, INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


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
    context: typer.Context,
    preset: PresetArgument,
    inputs: InputsArgument,
    output: OutputOption,
    *,
    settings: SettingsOption = None,
    missing: MissingOption = None,
    removed: RemovedOption = False,
    events: EventsOption = False,
    labels: LabelsOption = False,
    overwrite: OverwriteOption = False,
    skip_existing: SkipOption = False,
    overs: OversOption = OversPolicy.headroom,
    strength: StrengthOption = 100,
    ease_lossy: EaseOption = None,
    guard: GuardOption = False,
    trim_ends_s: TrimOption = None,
    document: DocumentOption = True,
    documents: DocumentsOption = None,
    track: TrackOption = None,
    seed: SeedOption = 0,
    exclude: ExcludeOption = None,
    jobs: JobsOption = 1,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
    log: LogOption = None,
    ndjson: NdjsonOption = False,
    as_json: JsonOption = False,
) -> None:
    """Restore recordings with a preset."""
    preset, pinned, options = with_project(context, preset)
    policy = options.pop("missing")
    render_all(
        preset,
        inputs,
        output,
        [*pinned, *(settings or [])],
        Run(skip_existing, exclude or [], jobs, dry_run, quiet, log, ndjson, as_json),
        options=RenderOptions(overwrite=overwrite, documents=documents, **options),
        missing=policy,
    )


@app.command()
def prepare(
    inputs: InputsArgument,
    output: OutputOption,
    *,
    margin: Annotated[
        float, typer.Option("--margin", min=0, max=3600, help="Seconds kept of a silent end.")
    ] = 1.0,
    keep_ends: Annotated[bool, typer.Option("--keep-ends", help="Trim nothing.")] = False,
    overwrite: OverwriteOption = False,
    skip_existing: SkipOption = False,
    documents: DocumentsOption = None,
    exclude: ExcludeOption = None,
    jobs: JobsOption = 1,
    dry_run: DryRunOption = False,
    quiet: QuietOption = False,
    log: LogOption = None,
    ndjson: NdjsonOption = False,
    as_json: JsonOption = False,
) -> None:
    """Trim silent ends and remove a constant offset; nothing else."""
    render_all(
        "prepare",
        inputs,
        output,
        [],
        Run(skip_existing, exclude or [], jobs, dry_run, quiet, log, ndjson, as_json),
        options=RenderOptions(
            overwrite=overwrite, trim_ends_s=None if keep_ends else margin, documents=documents
        ),
    )


@app.command()
def analyse(
    inputs: InputsArgument,
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write or renew the recording document of each file.")
    ] = False,
    documents: DocumentsOption = None,
    pictures: Annotated[
        Path | None, typer.Option("--picture", help="Folder for a picture of each, findings marked.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing pictures.")] = False,
    exclude: ExcludeOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Listen to recordings: what is wrong, how bad, and which preset would help."""
    from ..archive.walk import find_recordings  # noqa: PLC0415
    from .findings_page import Wanted, analyse_all  # noqa: PLC0415

    found = find_recordings(inputs, exclude=exclude or [])
    for note in found.notes if not quiet else []:
        say_note(note)
    if not (found.recordings or found.unlisted):
        fail("no sound files were given", REFUSED)
    wanted = Wanted(write, documents, pictures, overwrite)
    pages, failed = analyse_all(found.recordings, out, err, quiet=as_json or quiet, wanted=wanted)
    if as_json:
        print_json([page.to_json() for page in pages])
    for error in [*(why for _, why in found.unlisted), *failed]:
        say_error(error)
    if failed or found.unlisted:
        raise typer.Exit(FAILED)


@app.command()
def document(
    recording: Annotated[Path, typer.Argument(help="Sound file.")],
    *,
    prints: Annotated[
        list[str] | None, typer.Option("--print", help="START-END where noise is alone.")
    ] = None,
    vetoes: Annotated[
        list[str] | None, typer.Option("--veto", help="TIME or START-END that must not be repaired.")
    ] = None,
    forced: Annotated[
        list[str] | None, typer.Option("--force", help="START-END that must be repaired.")
    ] = None,
    trim: Annotated[str | None, typer.Option("--trim", help="START-END that renders keep.")] = None,
    channel: Annotated[
        int | None, typer.Option(min=1, help="Channel of the events.", show_default="all")
    ] = None,
    stage: Annotated[str, typer.Option(help="Stage that the events are for.")] = "wavemend.declick",
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Audacity labels: veto, force, print or trim.")
    ] = None,
    clear: Annotated[
        list[str] | None, typer.Option("--clear", help="Forget first: prints, vetoes, forced or trim.")
    ] = None,
    documents: DocumentsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show and change what is decided about one recording: noise prints, single events, trims."""
    from ...contract.registry import stage_class  # noqa: PLC0415
    from ..recording.decisions import Decisions, decided, described, labelled  # noqa: PLC0415
    from ..recording.document_json import document_to_json  # noqa: PLC0415
    from ..recording.preparation import open_document  # noqa: PLC0415

    kind = stage_class(stage)
    if not kind.takes_marks:
        fail(f"--stage {stage}: it repairs no single events", REFUSED)
    kept, levels = open_document(recording, documents)
    known = kept.document
    said = Decisions(prints or (), vetoes or (), forced or (), trim, kind.id, channel, clear or ())
    if labels or said != Decisions(stage=kind.id, channel=channel):
        known = decided(known, said)
        if labels:
            known = decided(known, replace(labelled(labels), stage=kind.id, channel=channel))
        kept = kept.save(known)
    for warning in levels.warnings(known.guidance().print_ranges):
        say_note(warning)
    if as_json:
        print_json(document_to_json(known))
        return
    print(f"{kept.path}{'' if kept.is_there else ' (not written yet)'}")
    print_table(("what", "where"), described(known))


@app.command()
def demo(
    source: Annotated[Path | None, typer.Argument(help="Restore this recording, not a made-up one.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for what it writes.")] = Path("demo"),
    preset: Annotated[str, typer.Option(help="Preset to use.", autocompletion=complete_preset)] = "vinyl",
    overwrite: OverwriteOption = False,
) -> None:
    """Restore a recording before your eyes: before, after, removed, and a picture of the three."""
    from ..demo.demo import run_demo  # noqa: PLC0415

    run_demo(source, output, preset, out, overwrite=overwrite)


@app.command("warm-up")
def warm_up() -> None:
    """Compile now what is compiled at first use otherwise: for images, services and shared installs."""
    from time import monotonic  # noqa: PLC0415

    from rich.progress import Progress  # noqa: PLC0415

    from ...kernels.compilation.compilation import watched  # noqa: PLC0415
    from ..demo.warm_up import compiled_code_folder, warm_up  # noqa: PLC0415

    folder = compiled_code_folder()
    if folder is None:
        fail("no folder for compiled kernels can be written; set NUMBA_CACHE_DIR to one that can", REFUSED)
    began = monotonic()
    compiled: list[str] = []
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bars, watched(compiled.append):
        bar = bars.add_task("", total=1.0)
        warm_up(lambda share, doing: bars.update(bar, completed=share, description=doing))
    out.print(f"{len(compiled)} kernels compiled in {monotonic() - began:.0f} s; kept in {folder}")

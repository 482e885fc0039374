"""``wavemend transcribe`` and ``wavemend search``: what is said in recordings, and where.

Heavy modules are imported inside the functions, so that help and completion answer at once.
"""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..processes.interrupts import INTERRUPTED
from ..transcripts import DEFAULT_RECOGNISER
from .batch import ExcludeOption, InputsArgument, OverwriteOption, QuietOption
from .output import FAILED, REFUSED, JsonOption, err, fail, one_line, out, print_json, say_error, say_note

if TYPE_CHECKING:
    from ..archive.walk import Recording
    from ..transcripts.recognisers import Listener
    from ..transcripts.transcript import Transcript

RecogniserOption = Annotated[str, typer.Option("--recogniser", help="Installed recogniser of speech.")]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="Folder of its model, or the name of one on this disk; none is downloaded.",
        show_default="tiny.en",
    ),
]
LanguageOption = Annotated[
    str | None, typer.Option("--language", help="Such as en.", show_default="as the model hears it")
]


def listener_of(recogniser: str, model: str | None, language: str | None) -> "Listener":
    """Return who listens; refuses a recogniser or model that is not there."""
    from ..archive.workers import use_one_thread  # noqa: PLC0415

    use_one_thread()  # before NumPy is loaded

    from ..transcripts.recognisers import Listener  # noqa: PLC0415

    listener = Listener(recogniser, model, language)
    listener.load()
    return listener


def transcribe(
    inputs: InputsArgument,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Folder for the transcripts.", show_default="beside the recordings"
        ),
    ] = None,
    recogniser: RecogniserOption = DEFAULT_RECOGNISER,
    model: ModelOption = None,
    language: LanguageOption = None,
    overwrite: OverwriteOption = False,
    exclude: ExcludeOption = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write what is said in recordings as text, SRT and WebVTT; best in restored ones."""
    listener = listener_of(recogniser, model, language)

    from ..archive.walk import find_recordings  # noqa: PLC0415

    found = find_recordings(inputs, exclude=exclude or [])
    for note in found.notes if not quiet else []:
        say_note(note)
    if not (found.recordings or found.unlisted):
        fail("no sound files were given", REFUSED)
    places = _places(found.recordings, output, overwrite)
    records, failed = _transcribe_all(places, listener, overwrite=overwrite, quiet=quiet or as_json)
    for error in (why for _, why in found.unlisted):
        say_error(error)
    if as_json:
        print_json(records)
    if failed or found.unlisted:
        raise typer.Exit(FAILED)


def search(
    target: Annotated[
        str, typer.Argument(help="Folder, or URL, that `wavemend batch --transcribe` restored into.")
    ],
    words: Annotated[
        str, typer.Argument(help='Words that are said together; "\\"in this order\\"", or begin so*.')
    ],
    *,
    as_json: JsonOption = False,
) -> None:
    """Say in which recordings of a collection, and when, words are said."""
    from ...audio.clock import clock  # noqa: PLC0415
    from ..archive.search import search as found_places  # noqa: PLC0415
    from ..storage.strict_json import printable  # noqa: PLC0415
    from .output import print_table  # noqa: PLC0415

    found = found_places(target, words)
    if as_json:
        print_json([vars(one) for one in found])
        return
    rows = [(printable(one.path), clock(round(one.start_s), 1)[:-4], printable(one.snippet)) for one in found]
    if rows:
        print_table(("recording", "at", "what is said"), rows)
    recordings = len({one.path for one in found})
    places = f"{len(found)} place{'s' * (len(found) != 1)}"
    out.print(f"{places} in {recordings} recording{'s' * (recordings != 1)}", highlight=False)


def _places(
    recordings: "Sequence[Recording]", output: Path | None, overwrite: bool
) -> "list[tuple[Recording, Path | None]]":
    """Return each recording and the folder of its transcript; refuse names that are taken."""
    from ...errors import PlanError  # noqa: PLC0415
    from ..transcripts.transcript import refuse_existing  # noqa: PLC0415

    places, taken = [], dict[str, Path]()
    for one in recordings:
        folder = output and (output / one.below).parent
        beside = (folder or one.path.parent) / one.path.name
        other = taken.setdefault(str(beside).casefold(), one.path)
        if other is not one.path:
            raise PlanError(
                f"the transcripts of {other} and {one.path} would both be written beside {beside}; name the "
                "folder above both, and their folders are kept"
            )
        if not overwrite:
            refuse_existing(beside)
        places.append((one, folder))
    return places


def _transcribe_all(
    places: "Sequence[tuple[Recording, Path | None]]", listener: "Listener", *, overwrite: bool, quiet: bool
) -> tuple[list[dict[str, Any]], bool]:
    """Transcribe one after another and tell; return a record of each, and whether any failed."""
    from rich.progress import Progress  # noqa: PLC0415

    from ...errors import Cancelled, WavemendError  # noqa: PLC0415
    from ..transcripts.transcript import transcribe as transcript_of  # noqa: PLC0415

    records: list[dict[str, Any]] = []
    failed = False
    with Progress(console=err, transient=True, disable=quiet or not err.is_terminal) as bars:
        for one, folder in places:
            bar = bars.add_task(str(one.below), total=1.0)
            try:
                made = transcript_of(
                    one.path, folder,
                    recogniser=listener.recogniser, model=listener.model, language=listener.language,
                    overwrite=overwrite, cancel=INTERRUPTED,
                    progress=lambda share, doing, bar=bar: bars.update(bar, completed=share),  # type: ignore[misc]
                )  # fmt: skip
            except Cancelled:
                raise
            except WavemendError as error:
                failed = True
                say_error(str(error))
                records.append({"source": one.path, "error": str(error)})
                continue
            finally:
                bars.remove_task(bar)
            records.append(_record(made))
            if not quiet:
                words = len(made.text.split())
                said = f"{one.below}: {words} words -> {made.outputs[0]}, .srt, .vtt"
                out.print(one_line(said), highlight=False)
    return records, failed


def _record(made: "Transcript") -> dict[str, Any]:
    return {
        "source": made.source,
        "outputs": made.outputs,
        "identity": dict(made.identity),
        "segments": [one._asdict() for one in made.segments],
    }

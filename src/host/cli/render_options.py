"""What ``wavemend render`` is asked for, as typer reads it; `RenderOptions` has the same names."""

# Nothing here may say `from __future__ import annotations`: typer reads the annotations.
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .completion import complete_preset, complete_setting


class OversPolicy(StrEnum):
    """What to do where the restored recording passes full scale."""

    headroom = "headroom"
    float = "float"


class MissingPolicy(StrEnum):
    """What to do where a VST3 of the preset is not installed, or cannot be used."""

    fail = "fail"
    bypass = "bypass"
    substitute = "substitute"


PresetArgument = Annotated[
    str,
    typer.Argument(
        help="Name of a preset, path of a preset file, or of a collection's wavemend.toml.",
        autocompletion=complete_preset,
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Change a value: SLOT.PARAMETER=VALUE, such as declick.sensitivity=4.",
        autocompletion=complete_setting,
    ),
]
MissingOption = Annotated[
    MissingPolicy | None,
    typer.Option("--missing", help="Where a VST3 is not installed.", show_default="what the preset says"),
]
RemovedOption = Annotated[bool, typer.Option("--removed", help="Also write what was removed.")]
EventsOption = Annotated[bool, typer.Option("--events", help="Also write every event as a JSON line.")]
LabelsOption = Annotated[bool, typer.Option("--labels", help="Also write every event as an Audacity label.")]
OversOption = Annotated[
    OversPolicy, typer.Option("--overs", help="Beyond full scale: turn down and say so, or write floats.")
]
StrengthOption = Annotated[
    float,
    typer.Option(
        "--strength", min=0, max=100, help="Percent of every change that is made; 0 is the original."
    ),
]
EaseOption = Annotated[
    bool | None,
    typer.Option(
        "--ease-lossy/--no-ease-lossy",
        help="Turn the stages down to 75 %, for what a lossy coder hid.",
        show_default="for lossy sources",
    ),
]
GuardOption = Annotated[
    bool, typer.Option("--guard", help="Ease the stages where they harm, and say where; twice the time.")
]
TrimOption = Annotated[
    float | None,
    typer.Option("--trim-ends-s", min=0, help="Cut silent ends off, but for so many seconds."),
]
DocumentOption = Annotated[bool, typer.Option("--document/--no-document", help="Obey recording documents.")]
DocumentsOption = Annotated[
    Path | None,
    typer.Option("--documents", help="Folder of the recording documents.", show_default="beside them"),
]


def _track(text: str) -> Any:
    """Return what ``--track`` says: a number where it is one; `RenderOptions` refuses what is neither."""
    return int(text) if text.isdecimal() else text


TrackOption = Annotated[
    Any,
    typer.Option(
        "--track",
        parser=_track,
        metavar="NUMBER|all",
        help="Which sound track of a film.",
        show_default="the one that players play",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of the dither.")]


_PINNED = (
    "removed", "events", "labels", "overs", "seed",
    "strength", "ease_lossy", "guard", "trim_ends_s", "document", "missing", "track",
)  # fmt: skip


def with_project(context: typer.Context, preset: str) -> tuple[str, list[str], dict[str, Any]]:
    """Return preset, settings and options, as a project file pins them where one stands for the preset.

    What was said on the command line goes first.
    """
    from ..archive.project import is_project, read_project  # noqa: PLC0415

    values = {name: context.params[name] for name in _PINNED}
    said = {name: str(value) if isinstance(value, str) else value for name, value in values.items()}
    if not is_project(preset):
        return preset, [], said
    project = read_project(Path(preset))
    sources = {name: context.get_parameter_source(name) for name in said}
    unsaid = [name for name, source in sources.items() if source is None or source.name == "DEFAULT"]
    return (
        project.preset,
        project.settings,
        said | {name: value for name, value in project.options.items() if name in unsaid},
    )

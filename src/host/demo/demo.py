"""``wavemend demo``: a recording restored before your eyes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ..chain.compiling import CompilationNotice
from ..chain.path import slot_number
from ..files.audio_format import AudioFormat
from ..files.audio_reader import AudioReader
from ..files.audio_writer import AudioWriter
from ..pictures.spectrograms import spectrograms
from ..presets.preset import load_preset
from ..processes.interrupts import INTERRUPTED
from ..rendering.event_log import WARNED
from ..rendering.render import render
from ..rendering.rendered import Rendered
from ..storage.outputs import make_folder
from ..storage.publishing import published
from .worn_disc import SAMPLE_RATE, performance, worn_disc


def run_demo(source: Path | None, folder: Path, preset: str, console: Console, *, overwrite: bool) -> None:
    """Restore `source`, or a made-up worn disc, into `folder`; write a picture; print what was found.

    Raises
    ------
    WavemendError
        As `render` does; outputs that are there already are refused unless `overwrite`.
    """
    make_folder(folder)
    if source is None:
        source = _worn_disc(folder / "before.wav", overwrite=overwrite)
        after = folder / "after.wav"
    else:
        with AudioReader(source) as reader:
            after = folder / f"{source.stem}.after{reader.format.lossless_output(reader.frames).extension}"
    picture = after.with_name(f"{after.stem}.png")
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("", total=1.0)
        notice = CompilationNotice(Console(stderr=True))

        def show(share: float, doing: str) -> None:
            notice.hear(doing)
            progress.update(task, completed=share, description=doing)

        rendered = render(
            load_preset(preset),
            source,
            after,
            removed=True,
            overwrite=overwrite,
            progress=show,
            cancel=INTERRUPTED,
        )
    files = {"before": source, "after": rendered.output, "removed": rendered.removed or rendered.output}
    shown = files | {"report": rendered.report}
    if find_spec("matplotlib") is None:
        console.print("For a picture of them: pip install 'wavemend[demo]'", highlight=False)
    else:
        with published(picture, overwrite=overwrite) as part, part.open("wb") as file:
            spectrograms(files, file)
        shown["picture"] = picture
    _tell(console, rendered, shown, preset)


def _worn_disc(path: Path, *, overwrite: bool) -> Path:
    damaged = worn_disc(performance())
    form = AudioFormat("WAV", "PCM_24", SAMPLE_RATE, 2)
    with published(path, overwrite=overwrite) as part, AudioWriter(part, form, damaged.shape[1]) as writer:
        writer.write(damaged)
    return path


def _tell(console: Console, rendered: Rendered, files: dict[str, Path], preset: str) -> None:
    console.print(f"\n{rendered.seconds:.1f} seconds, preset {preset}. Found:", highlight=False)
    for (path, kind), count in sorted(rendered.events.items()):
        if kind in WARNED:  # warnings say it all
            continue
        console.print(f"  slot {slot_number(path)}: {count} {kind}s repaired", highlight=False)
    for path, findings in rendered.findings.items():
        console.print(f"  slot {slot_number(path)}: {findings.describe()}", highlight=False, markup=False)
    for warning in rendered.warnings:
        console.print(f"  warning: {warning}", highlight=False, markup=False)
    console.print("Listen to and look at:", highlight=False)
    for title, file in files.items():
        console.print(f"  {title:8} {file}", highlight=False, markup=False, soft_wrap=True)

"""The same report as one sheet of A4, PDF or PNG, drawn by matplotlib: for files that go to print."""

from __future__ import annotations

import textwrap
import warnings
from typing import Any, BinaryIO, Literal

import numpy as np

from ...audio.clock import clock
from ..pictures.looks import Look
from ..pictures.spectrograms import new_figure
from .charts import colour_range
from .gathering import Gathered
from .told import harm_words

_WIDTH_IN, _HEIGHT_IN = 8.27, 11.69  # source: ISO 216, A4
_DPI = 150  # tuned: by eye, 2026-11-30
_LETTERS = 110  # tuned: by eye, 2026-11-30; of a line at this size
_MOST_LINES = 22  # guard: of text on the sheet
_COLOURS = {"original": "#a34a00", "restored": "#14609f"}
_HERTZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 40_000)  # source: the 1-2-5 series


def draw_sheet(gathered: Gathered, picture: BinaryIO, form: Literal["pdf", "png"]) -> None:
    """Draw the report of one render into the open binary file `picture`.

    Raises
    ------
    WavemendError
        matplotlib is not installed.
    """
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN)
    figure.get_layout_engine().set(w_pad=0.3, h_pad=0.1)
    looks, events = gathered.looks, gathered.events
    lines = _words(gathered)
    heights = [0.16 * len(lines) + 0.3, *[1.5] * len(looks), 2.3, *[1.0] * (events is not None)]
    panels = [*figure.subplots(len(heights), 1, height_ratios=heights)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # letters that its font has not
        _write(panels.pop(0), gathered.rendered.name, lines)
        levels = colour_range([*looks.values()])
        for name, look in looks.items():
            image = _spectrogram(panels.pop(0), name, look, levels)
        figure.colorbar(image, ax=figure.axes[1 : 1 + len(looks)], label="dBFS", pad=0.01)
        _spectra(panels.pop(0), looks)
        if events is not None:
            axes = panels.pop(0)
            edges = np.arange(events.per_minute.size + 1) * events.column_s / 60
            axes.stairs(events.per_minute, edges, fill=True, color=_COLOURS["restored"])
            axes.set(xlim=(0, edges[-1]), xlabel="minutes", ylabel="a minute")
            axes.set_title("Events along the recording", loc="left", fontsize=9)
        for axes in figure.axes:
            axes.tick_params(labelsize=7)
            axes.xaxis.label.set_size(8)
            axes.yaxis.label.set_size(8)
        unsaid = {"CreationDate": None} if form == "pdf" else {"Software": None}
        figure.savefig(picture, format=form, dpi=_DPI, metadata=unsaid)


def _words(gathered: Gathered) -> list[str]:
    told = gathered.told
    output = told.files["output"]
    length = clock(told.frames, output.sample_rate or 1).partition(".")[0]
    before, after = (told.loudness.get(part, {}).get("integrated_lufs") for part in ("input", "output"))
    shown = ["none" if value is None else f"{value:.1f}" for value in (before, after)]
    lines = [
        f"From {told.files['input'].name}; {output.describe()}; {length}; "
        f"loudness {shown[0]} to {shown[1]} LUFS.",
        *(f"{one.told.name} is no longer the file that the report is of." for one in gathered.changed),
        *(f"Note: {warning}" for warning in told.warnings),
    ]
    lines += harm_words(told)
    rate = told.files["input"].sample_rate or 1
    lines += [
        f"    {clock(one.position, rate)} {one.kind}, channel {one.channel + 1}, {100 * one.severity:.0f} %"
        for one in told.worst
    ]
    for slot in told.slots:
        said = "; ".join(
            ["bypassed"] if slot.bypass else [*told.done_by(slot), *told.found_by(slot)] or ["ran"]
        )
        lines.append(f"{slot.number}  {slot.name}: {said}")
    lines += [f"{one.part} {one.told.sha256} {one.state}" for one in gathered.files]
    wrapped = [part for line in lines for part in textwrap.wrap(line, _LETTERS, subsequent_indent="    ")]
    return wrapped[:_MOST_LINES] + ["..."] * (len(wrapped) > _MOST_LINES)


def _write(axes: Any, title: str, lines: list[str]) -> None:
    axes.set_axis_off()
    axes.set_title(textwrap.shorten(title, 70, placeholder="..."), loc="left", fontsize=14, parse_math=False)
    axes.text(
        0,
        1,
        "\n".join(lines),
        va="top",
        fontsize=7.5,
        linespacing=1.35,
        transform=axes.transAxes,
        parse_math=False,
    )


def _spectrogram(axes: Any, name: str, look: Look, levels: tuple[float, float]) -> Any:
    image = axes.pcolormesh(
        look.edges_s / 60,
        look.edges_hz,
        look.levels_db,
        vmin=levels[0],
        vmax=levels[1],
        cmap="magma",
        rasterized=True,
    )
    axes.set(yscale="log", ylabel="Hz")
    _label(axes.yaxis, look.edges_hz[-1])
    axes.minorticks_off()
    axes.set_title(f"{name.capitalize()}, over minutes", loc="left", fontsize=9)
    return image


def _spectra(axes: Any, looks: dict[str, Look]) -> None:
    for name, colour in _COLOURS.items():
        if look := looks.get(name):
            axes.semilogx(look.centre_hz, look.mean_db, color=colour, label=f"{name}, mean")
            axes.semilogx(look.centre_hz, look.quiet_db, "--", color=colour, label=f"{name}, quietest tenth")
    centre = looks["restored"].centre_hz
    axes.set(xlim=(centre[0], centre[-1]), xlabel="Hz", ylabel="dBFS in 1/3 octaves")
    _label(axes.xaxis, centre[-1])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7, ncols=2)
    axes.set_title("Spectra and noise floor", loc="left", fontsize=9)


def _label(axis: Any, highest: float) -> None:
    shown = [hz for hz in _HERTZ if hz <= highest]
    axis.set_ticks(shown, [f"{hz / 1000:g}k" if hz >= 1000 else f"{hz}" for hz in shown])

"""Two recordings drawn beside each other by matplotlib."""

from __future__ import annotations

import textwrap
import warnings
from typing import Any, BinaryIO

from ..pictures.spectrograms import new_figure
from ..reports.charts import colour_range
from .compare import Comparison, Side

_WIDTH_IN, _HEIGHT_IN, _DPI = 10, 11, 110  # tuned: by eye, 2026-11-30
_HERTZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 40_000)  # source: the 1-2-5 series
_COLOURS = {"A": "#a34a00", "B": "#14609f"}


def draw_comparison(comparison: Comparison, picture: BinaryIO) -> None:
    """Draw spectra and floors, their difference, and both spectrograms as PNG into an open binary file.

    Raises
    ------
    WavemendError
        matplotlib is not installed.
    """
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN)
    sides = {"A": comparison.a, "B": comparison.b}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # letters that its font has not
        spectra, change, *below = figure.subplots(4, 1, height_ratios=[2, 1, 1.3, 1.3])
        for name, side in sides.items():
            look, colour = side.look, _COLOURS[name]
            words = textwrap.shorten(f"{name}: {side.path.name}", 60, placeholder="...")
            spectra.semilogx(look.centre_hz, look.mean_db, color=colour, label=words)
            spectra.semilogx(look.centre_hz, look.quiet_db, "--", color=colour)
        for text in spectra.legend(fontsize=8).get_texts():
            text.set_parse_math(False)
        spectra.set_title("Levels by third octaves; dashed: the quietest tenth", loc="left", fontsize=10)
        spectra.set(ylabel="dBFS")
        _changes(change, comparison)
        for axes in (spectra, change):
            _hertz(axes.xaxis, comparison.a)
            axes.grid(alpha=0.3)
        levels = colour_range([side.look for side in sides.values()])
        for axes, (name, side) in zip(below, sides.items(), strict=True):
            image = axes.pcolormesh(
                side.look.edges_s / 60, side.look.edges_hz, side.look.levels_db,
                vmin=levels[0], vmax=levels[1], cmap="magma", rasterized=True,
            )  # fmt: skip
            axes.set(yscale="log", ylabel="Hz")
            _hertz(axes.yaxis, side)
            axes.set_title(f"{name}, over minutes", loc="left", fontsize=10)
        figure.colorbar(image, ax=below, label="dBFS", pad=0.01)
        figure.savefig(picture, format="png", dpi=_DPI, metadata={"Software": None})


def _changes(axes: Any, comparison: Comparison) -> None:
    a, b = comparison.a.look, comparison.b.look
    count = min(a.centre_hz.size, b.centre_hz.size)
    centre = a.centre_hz[:count]
    axes.semilogx(centre, b.mean_db[:count] - a.mean_db[:count], color="#333333", label="mean")
    axes.semilogx(
        centre, b.quiet_db[:count] - a.quiet_db[:count], "--", color="#333333", label="quietest tenth"
    )
    axes.axhline(0, color="#888888", linewidth=0.8)
    axes.legend(fontsize=8)
    axes.set(ylabel="dB")
    axes.set_title("B less A", loc="left", fontsize=10)


def _hertz(axis: Any, side: Side) -> None:
    highest = side.look.edges_hz[-1]
    shown = [hz for hz in _HERTZ if hz <= highest]
    axis.set_ticks(shown, [f"{hz / 1000:g}k" if hz >= 1000 else f"{hz}" for hz in shown])
    axis.set_minor_locator(_no_ticks())


def _no_ticks() -> Any:
    from matplotlib.ticker import NullLocator  # noqa: PLC0415 - an optional dependency

    return NullLocator()

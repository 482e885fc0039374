"""Charts as SVG in the page's own colours, so that light, dark and paper are served by one drawing.

Each names itself and says in words what it shows, for those who hear it.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...audio.arrays import Array
from ...audio.clock import clock
from ..pictures.looks import Look
from ..pictures.palette_png import COLOURS, level_png, palette
from .markup import Markup, element, joined

# tuned: the layout, by eye, 2026-11-30; units of the drawing
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 960, 62, 14, 22, 32
_SPECTROGRAM_HEIGHT, _CHART_HEIGHT = 210, 300
_RANGE_DB = 80.0  # tuned: by eye, 2026-11-30
_PEAK_SHARE = 0.9995  # tuned: by eye, 2026-11-30; the loudest cells are few
_HERTZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 40_000)  # source: the 1-2-5 series
_STEPS_S = (
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
)  # source: how people divide time
_MOST_TICKS = 10  # tuned: by eye, 2026-11-30
_LOWEST = 20  # source: the lower end of hearing
_LEAST_DB = -200.0  # guard: where there is nothing


@dataclass(frozen=True)
class Line:
    """A line of a chart: its name, its class in the page's style, and its values."""

    name: str
    kind: str
    values: Array


def colour_range(looks: Sequence[Look]) -> tuple[float, float]:
    """Return the levels, dB, between which colours run for all of `looks` alike."""
    top = max(float(np.quantile(look.levels_db, _PEAK_SHARE)) for look in looks)
    high = 5.0 * math.ceil(max(top, _LEAST_DB / 2) / 5)
    return high - _RANGE_DB, high


def spectrogram(look: Look, name: str, levels: tuple[float, float]) -> Markup:
    """Draw a spectrogram: seconds, Hz on a logarithmic scale, dBFS by colour."""
    plot = _Plot(_SPECTROGRAM_HEIGHT)
    data = base64.b64encode(level_png(look.levels_db, *levels)).decode()
    image = element(
        "image", x=plot.left, y=plot.top, width=plot.width, height=plot.height, preserveAspectRatio="none",
        href=f"data:image/png;base64,{data}",
    )  # fmt: skip
    low, high = np.log(look.edges_hz[[0, -1]])
    rows = [(float((np.log(hz) - low) / (high - low)), _hertz(hz)) for hz in _HERTZ if hz < look.edges_hz[-1]]
    loud = float(np.max(look.levels_db))
    says = (
        f"Frequencies from {_LOWEST} Hz to {look.edges_hz[-1] / 1000:.1f} kHz over {_long(look.seconds)}; "
        f"loudest {loud:.0f} dBFS."
    )
    return plot.drawn(name, says, image, plot.across(_times(look.seconds)), plot.up(rows, lines=False))


def scale_of_colours(levels: tuple[float, float]) -> Markup:
    """Draw what the colours of spectrograms mean."""
    low, high = levels
    stops = joined(
        element(
            "stop", offset=f"{index / (COLOURS - 1):.3f}", stop_color="#{:02x}{:02x}{:02x}".format(*colour)
        )
        for index, colour in enumerate(palette())
        if index % 9 == 0
    )
    bar = element("defs", element("linearGradient", stops, id="levels")) + element(
        "rect", x=0, y=4, width=300, height=12, fill="url(#levels)"
    )
    ends = element("text", f"{low:.0f} dBFS", x=0, y=32) + element(
        "text", f"{high:.0f} dBFS", x=300, y=32, text_anchor="end"
    )
    says = f"Colours run from black, {low:.0f} dBFS, to pale yellow, {high:.0f} dBFS"
    return element(
        "svg", Markup(bar + ends), viewBox="0 0 300 38", class_="scale", role="img", aria_label=says
    )


def bands(name: str, says: str, centre_hz: Array, lines: Sequence[Line]) -> Markup:
    """Draw levels by third octaves, dBFS."""
    plot = _Plot(_CHART_HEIGHT)
    known = np.concatenate([line.values[line.values > _LEAST_DB + 1] for line in lines])
    high = 10.0 * math.ceil(known.max(initial=-90.0) / 10)
    low = max(10.0 * math.floor(known.min(initial=high - 20) / 10), high - 120)
    places = np.linspace(0, 1, 2 * centre_hz.size + 1)[1::2]
    shares = [(line, np.clip((line.values - low) / (high - low), 0, 1)) for line in lines]
    drawn = joined(plot.line(places, share, line.kind) for line, share in shares)
    inner = np.log(centre_hz)
    ticks = [
        (float(np.interp(np.log(hz), inner, places)), _hertz(hz))
        for hz in _HERTZ
        if centre_hz[0] <= hz <= centre_hz[-1]
    ]
    levels = [
        ((db - low) / (high - low), f"{db:.0f}")
        for db in np.arange(low, high + 1, 10 if high - low <= 80 else 20)
    ]
    return plot.drawn(
        name, says, plot.across(ticks, lines=True), plot.up(levels), drawn, unit="dBFS"
    ) + _legend(lines)


def steps(name: str, says: str, values: Array, seconds: float, unit: str) -> Markup:
    """Draw values along the recording as bars that touch."""
    plot = _Plot(_CHART_HEIGHT // 2)
    high = _round_up(float(values.max(initial=0.0)))
    bars = joined(
        plot.bar(index / values.size, 1 / values.size, value / high)
        for index, value in enumerate(values)
        if value
    )
    rows = [(share, f"{share * high:g}") for share in (0.0, 0.5, 1.0)]
    return plot.drawn(name, says, plot.across(_times(seconds)), plot.up(rows), bars, unit=unit)


def counts(name: str, says: str, values: Array, labels: Sequence[str], unit: str) -> Markup:
    """Draw counts as bars with a gap, each named beneath."""
    plot = _Plot(_CHART_HEIGHT // 2)
    high = _round_up(float(values.max(initial=0.0)))
    wide = 1 / max(values.size, 1)
    bars = joined(
        plot.bar((index + 0.1) * wide, 0.8 * wide, value / high)
        for index, value in enumerate(values)
        if value
    )
    ticks = [((index + 0.5) * wide, label) for index, label in enumerate(labels)]
    rows = [(share, f"{share * high:g}") for share in (0.0, 0.5, 1.0)]
    return plot.drawn(name, says, plot.across(ticks), plot.up(rows), bars, unit=unit)


def thumbnail(look: Look, levels: tuple[float, float], rows: int = 48, columns: int = 180) -> str:
    """Return a small spectrogram as a data address."""
    by_row = np.linspace(0, look.levels_db.shape[0] - 1, rows).astype(int)
    by_column = np.linspace(0, look.levels_db.shape[1] - 1, columns).astype(int)
    small = look.levels_db[np.ix_(by_row, by_column)]
    return "data:image/png;base64," + base64.b64encode(level_png(small, *levels)).decode()


def _legend(lines: Sequence[Line]) -> Markup:
    keys = joined(element("li", element("span", class_=f"key {line.kind}"), line.name) for line in lines)
    return element("ul", keys, class_="legend")


class _Plot:
    """A frame with ticks; places in it are shares of its width and height, from the lower left."""

    def __init__(self, height: int) -> None:
        self.left, self.top = _LEFT, _TOP
        self.width, self.height = _WIDTH - _LEFT - _RIGHT, height
        self._whole = height + _TOP + _BOTTOM

    def _x(self, share: float) -> float:
        return round(self.left + share * self.width, 1)

    def _y(self, share: float) -> float:
        return round(self.top + (1 - share) * self.height, 1)

    def across(self, ticks: Sequence[tuple[float, str]], *, lines: bool = False) -> Markup:
        """Name places along the width."""
        low, high = self._y(0), self._y(1)
        return joined(
            _grid(self._x(at), low, self._x(at), high if lines else low + 5)
            + element("text", label, x=self._x(at), y=low + 19, text_anchor="middle")
            for at, label in ticks
        )

    def up(self, ticks: Sequence[tuple[float, str]], *, lines: bool = True) -> Markup:
        """Name places along the height."""
        far = self._x(1) if lines else self.left
        return joined(
            _grid(self.left - 5, self._y(at), far, self._y(at))
            + element("text", label, x=self.left - 8, y=self._y(at) + 4, text_anchor="end")
            for at, label in ticks
        )

    def line(self, places: Array, shares: Array, kind: str) -> Markup:
        points = " ".join(
            f"{self._x(x)},{self._y(y)}" for x, y in zip(places.tolist(), shares.tolist(), strict=True)
        )
        return element("polyline", points=points, class_=f"line {kind}")

    def bar(self, at: float, wide: float, share: float) -> Markup:
        top = self._y(min(share, 1.0))
        return element(
            "rect", x=self._x(at), y=top, class_="bar",
            width=round(max(wide * self.width, 0.5), 1), height=round(self._y(0) - top, 1),
        )  # fmt: skip

    def drawn(self, name: str, says: str, *parts: Markup, unit: str = "") -> Markup:
        """Return the drawing; `unit` stands at its upper end, `says` is what is heard of it."""
        words = element("text", unit, x=self.left, y=self.top - 9) if unit else Markup("")
        inside = joined((element("title", name), element("desc", says), *parts, words))
        box = f"0 0 {_WIDTH} {self._whole}"
        return element("svg", inside, viewBox=box, role="img", aria_label=f"{name}. {says}", class_="chart")


def _grid(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return element("path", d=f"M{x1} {y1}L{x2} {y2}", class_="grid")


def _times(seconds: float) -> list[tuple[float, str]]:
    """Return round times along a recording, as shares of it."""
    step = next((one for one in _STEPS_S if seconds / one <= _MOST_TICKS), None)
    if step is None:
        step = _STEPS_S[-1] * math.ceil(seconds / _STEPS_S[-1] / _MOST_TICKS)
    ticks = np.arange(0.0, seconds, step)
    return [(float(tick / seconds), _time(float(tick), step)) for tick in ticks]


def _time(seconds: float, step: float) -> str:
    written = clock(round(10 * seconds), 10)
    return written[:-2] if step < 1 else written.partition(".")[0]


def _long(seconds: float) -> str:
    return clock(round(1000 * seconds), 1000).partition(".")[0] + " minutes"


def _hertz(hz: float) -> str:
    return f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}"


def _round_up(value: float) -> float:
    """Return the next number of the 1-2-5 series."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))

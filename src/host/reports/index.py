"""The index page of many reports: a row each, the worst first, sorted otherwise by a few lines of script.

Rows wait in a temporary file until their order is known: memory holds no more than where each lies.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import numpy as np

from ...audio.clock import clock
from .charts import colour_range, thumbnail
from .gathering import Gathered
from .markup import Markup, element, joined, void
from .page import document

_LEAST_DB = -200.0  # guard: sorts what cannot be said behind what can
_HEADS = (
    "Recording",
    "Original and restored",
    "Length",
    "Removed, dB",
    "Events a minute",
    "Change, LU",
    "Warnings",
)
_SCRIPT = """
const table = document.querySelector("table"), body = table.tBodies[0];
table.tHead.querySelectorAll("th[data-sort]").forEach((head) => {
  const button = document.createElement("button");
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending", at = head.cellIndex;
    const value = (row) => row.cells[at].dataset.v;
    const numbers = head.dataset.sort === "n";
    const rows = [...body.rows].sort((a, b) =>
      numbers ? value(a) - value(b) : value(a).localeCompare(value(b), undefined, {numeric: true}));
    body.append(...(down ? rows.reverse() : rows));
    table.tHead.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  });
});
"""


@dataclass(frozen=True)
class Row:
    """A row: its markup, how bad it is (greater is worse), and its error where it failed."""

    name: str
    markup: str
    badness: tuple[float, ...]
    error: str = ""

    @classmethod
    def failed(cls, name: str, error: str) -> Self:
        """Return the row of what could not be restored, or not be reported on."""
        cells = [element("td", "failed: ", error, colspan=1), *[_figure(None, "–") for _ in range(5)]]
        return cls(name, element("tr", _name(name, name), *cells), (2.0, 0.0), error)


def row_of(gathered: Gathered, name: str, link: str) -> Row:
    """Return the row of one render whose page is at `link`, from the index page."""
    told, changed = gathered.told, gathered.changed
    rate = told.files["output"].sample_rate or 1
    minutes = told.frames / rate / 60
    share = gathered.removal.share_db if gathered.removal else float("nan")
    a_minute = gathered.events_told / minutes if minutes else 0.0
    loud = [told.loudness.get(part, {}).get("integrated_lufs") for part in ("input", "output")]
    change = float("nan") if None in loud else loud[1] - loud[0]  # type: ignore[operator]
    warnings = len(told.warnings) + len(changed)
    shown = [gathered.looks[one] for one in ("original", "restored") if one in gathered.looks]
    levels = colour_range(shown)
    pictures = joined(
        void(
            "img",
            src=thumbnail(look, levels),
            alt=f"Spectrogram of {name}, {kind}",
            class_="small",
            loading="lazy",
        )
        for look, kind in zip(shown, ("original", "restored")[-len(shown) :], strict=True)
    )
    anchor = element("a", name, href="/".join(quote(part, errors="replace") for part in Path(link).parts))
    cells = (
        element("td", pictures),
        _figure(minutes, clock(told.frames, rate).partition(".")[0]),
        _figure(share, f"{share:.1f}"),
        _figure(a_minute, f"{a_minute:.1f}"),
        _figure(change, f"{round(change, 1) + 0.0:+.1f}"),
        _figure(warnings, f"{warnings}{' changed since' if changed else ''}"),
    )
    badness = (1.0 if changed else 0.0, share if np.isfinite(share) else _LEAST_DB)
    return Row(name, element("tr", _name(name, anchor), *cells), badness)


def _name(name: str, inside: object) -> Markup:
    return element("th", inside, scope="row", class_="f", data_v=name)


def _figure(value: float | None, shown: str) -> Markup:
    known = value is not None and np.isfinite(value)
    return element("td", shown if known else "–", class_="n", data_v=f"{value if known else _LEAST_DB:.6g}")


class Index:
    """Rows on their way into an index page."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._places: list[tuple[int, int]] = []
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the index

    def add(self, row: Row) -> None:
        """Take one more row."""
        data = row.markup.encode("utf-8")
        self._places.append((self._file.tell(), len(data)))
        self._file.write(data)
        self.rows.append(Row(row.name, "", row.badness, row.error))

    def write(self, path: Path, title: str) -> None:
        """Write the page, the worst first; `rows` are in that order then."""
        order = sorted(
            range(len(self.rows)), key=lambda one: (self.rows[one].badness, self.rows[one].name), reverse=True
        )
        digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
        policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
        cut = Markup("<!-- rows -->")
        before, after = document(
            f"{title}: restoration reports", _frame(title, self.rows, cut), policy
        ).split(cut, 1)
        with path.open("wb") as file:
            file.write(before.encode())
            for one in order:
                at, length = self._places[one]
                self._file.seek(at)
                file.write(self._file.read(length))
            file.write(after.encode())
        self.rows = [self.rows[one] for one in order]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def _frame(title: str, rows: list[Row], inside: Markup) -> Markup:
    failed = sum(bool(row.error) for row in rows)
    lead = (
        f"{len(rows)} recordings, {failed} failed. Those of which most was removed come first, "
        "behind what failed or changed."
    )
    kinds = ("t", None, "n", "n", "n", "n", "n")
    heads = joined(
        element("th", head, scope="col", data_sort=kind, class_="n" if kind == "n" else None)
        for head, kind in zip(_HEADS, kinds, strict=True)
    )
    caption = element(
        "caption", "Removed: its loudness beside the original's. Change: of programme loudness."
    )
    table = element("table", caption, element("thead", element("tr", heads)), element("tbody", inside))
    return joined(
        (
            element("h1", title),
            element("p", lead, class_="lead"),
            element("div", table, class_="wide"),
            element("script", Markup(_SCRIPT)),
        )
    )

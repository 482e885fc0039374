"""The page of one render: a single HTML file that needs nothing else, neither a network nor a script."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from importlib import resources

import numpy as np

from ...analysis.program.octaves import nominal
from ...audio.clock import clock
from .charts import Line, bands, colour_range, counts, scale_of_colours, spectrogram, steps
from .gathering import Gathered
from .markup import Markup, element, joined, table, void
from .signals import AS_TOLD, CHANGED
from .told import harm_words

_FIGURES = {
    "integrated_lufs": ("Programme loudness", "LUFS"),
    "range_lu": ("Loudness range", "LU"),
    "true_peak_dbtp": ("True peak", "dBTP"),
    "momentary_lufs": ("Loudest 0.4 s", "LUFS"),
    "short_term_lufs": ("Loudest 3 s", "LUFS"),
}
_PARTS = {"input": "original", "output": "restored", "removed": "removed", "list": "list beside it"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"


def page(gathered: Gathered) -> str:
    """Return the page of one render as HTML."""
    sections = (
        _head, _done, _harm, _spectrograms, _spectra, _events, _moments, _loudness, _settings, _files,
    )  # fmt: skip
    return document(
        f"{gathered.rendered.name}: restoration report",
        joined(section(gathered) for section in sections),
        _POLICY,
    )


def document(title: str, body: Markup, policy: str) -> str:
    """Return a whole HTML file; what it may load and run is said by `policy`."""
    style = resources.files(__package__).joinpath("report.css").read_text("utf-8")
    head = joined(
        (
            void("meta", charset="utf-8"),
            void("meta", http_equiv="Content-Security-Policy", content=policy),
            void("meta", name="viewport", content="width=device-width, initial-scale=1"),
            void("meta", name="generator", content="wavemend"),
            element("title", title),
            element("style", Markup(style)),
        )
    )
    whole = element("html", element("head", head), element("body", element("main", body)), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _head(gathered: Gathered) -> Markup:
    told, output = gathered.told, gathered.told.files["output"]
    facts = {
        "Length": clock(told.frames, output.sample_rate or 1).partition(".")[0] if told.frames else "none",
        "Loudness": _change(gathered, "integrated_lufs", "LUFS"),
        "True peak": _change(gathered, "true_peak_dbtp", "dBTP"),
        "Events repaired": f"{gathered.events_told:,}",
    }
    if gathered.removal and np.isfinite(gathered.removal.share_db):
        facts["Removed, beside the original"] = f"{gathered.removal.share_db:.1f} dB"
    entries = joined(
        element("div", element("dt", name), element("dd", value)) for name, value in facts.items()
    )
    source = told.files["input"]
    lead = f"Restored from {source.name} ({source.describe()}) into {output.describe()}."
    return joined(
        (
            element("h1", output.name),
            element("p", lead, class_="lead"),
            element("dl", entries, class_="facts"),
            _alarm(gathered),
        )
    )


def _change(gathered: Gathered, figure: str, unit: str) -> str:
    before, after = (gathered.told.loudness.get(part, {}).get(figure) for part in ("input", "output"))
    shown = ["none" if value is None else f"{value:.1f}" for value in (before, after)]
    return f"{shown[0]} → {shown[1]} {unit}"


def _alarm(gathered: Gathered) -> Markup:
    """Say what a person must not overlook: files that changed, and the render's own warnings."""
    changed = [f"{one.told.name} is no longer the file that the report is of." for one in gathered.changed]
    warnings = [*changed, *gathered.told.warnings]
    if not warnings:
        return Markup("")
    items = element("ul", joined(element("li", one) for one in warnings))
    return element("section", element("strong", "To know"), items, class_="alarm", aria_label="Warnings")


def _done(gathered: Gathered) -> Markup:
    """Return what was found and done, a row a slot."""
    told = gathered.told
    rows = []
    for slot in told.slots:
        found, done = told.found_by(slot), told.done_by(slot)
        off = "bypassed" if slot.bypass else ""
        rows.append((slot.number, slot.name, "; ".join(found) or "–", off or "; ".join(done) or "ran"))
    if not rows:
        return Markup("")
    heads = ("Slot", "Stage", "Found", "Done")
    chain = table("Each stage, in the order of the chain", heads, rows, kept=(1, 3))
    return element("h2", "What was found and done") + chain


def _harm(gathered: Gathered) -> Markup:
    """Return where the repair itself harmed: the worst moments, at the times of the source."""
    told = gathered.told
    if told.harmed is None:
        return Markup("")
    lines = harm_words(told)
    rate = told.files["input"].sample_rate or 1
    rows = [
        (
            f"{clock(one.position, rate)} to {clock(one.position + one.length, rate)}",
            one.kind,
            str(one.channel + 1),
            f"{100 * one.severity:.0f} %",
        )
        for one in told.worst
    ]
    heads = ("In the source", "What", "Channel", "Severity")
    worst = table("The worst moments", heads, rows, numbers=(2, 3)) if rows else Markup("")
    return joined(
        (
            element("h2", "Where the repair may have harmed"),
            joined(element("p", line, class_="note") for line in lines),
            worst,
        )
    )


def _spectrograms(gathered: Gathered) -> Markup:
    looks = gathered.looks
    levels = colour_range([*looks.values()])
    figures = joined(
        element("figure", element("h3", name.capitalize()), spectrogram(look, f"Spectrogram: {name}", levels))
        for name, look in looks.items()
    )
    caption = element("p", "Hz over minutes and seconds; one scale of colours for all.", class_="note")
    notes = joined(element("p", note, class_="note") for note in gathered.notes)
    return joined((element("h2", "Spectrograms"), caption, figures, scale_of_colours(levels), notes))


def _spectra(gathered: Gathered) -> Markup:
    looks = {name: gathered.looks[name] for name in ("original", "restored") if name in gathered.looks}
    kinds = {"original": "before", "restored": "after"}
    lines = [
        line
        for name, look in looks.items()
        for line in (
            Line(f"{name}, mean", kinds[name], look.mean_db),
            Line(f"{name}, quietest tenth", f"{kinds[name]} quiet", look.quiet_db),
        )
    ]
    says = (
        "Levels by third octaves, of the whole recording and of its noise floor; the table has the figures."
    )
    chart = bands("Spectra and noise floor", says, looks["restored"].centre_hz, lines)
    rows = [
        (f"{hz:g}", *(f"{line.values[index]:.1f}" for line in lines))
        for index, hz in enumerate(nominal(looks["restored"].centre_hz).tolist())
    ]
    figures = table(
        "dBFS in bands of a third octave", ("Hz", *(line.name for line in lines)), rows, numbers=range(1, 5)
    )
    note = (
        "The floor is the level that each band stays below in a tenth of the recording, digital silence "
        "left out: in most recordings that is their pauses, and so their noise."
    )
    return joined(
        (
            element("h2", "Spectra and noise floor"),
            element("figure", chart, element("figcaption", note)),
            element("details", element("summary", "Figures"), figures),
        )
    )


def _events(gathered: Gathered) -> Markup:
    events = gathered.events
    if events is None:
        return Markup("")
    kinds = ", ".join(f"{count:,} {kind}{'s' * (count != 1)}" for kind, count in events.kinds.most_common())
    seconds = events.column_s * events.per_minute.size
    edges = [f"{edge:g}" for edge in events.edges_ms[1:-1]] + ["more"]
    most = int(np.argmax(events.per_minute))
    place = clock(round(most * events.column_s * 10), 10).partition(".")[0]
    along = steps(
        "Events along the recording", f"{kinds}; most around {place}.", events.per_minute, seconds, "a minute"
    )
    longest = counts(
        "How long they were", "Events by their length in milliseconds.", events.lengths, edges, "events"
    )
    cut = f" Line {events.cut} of the list and what follows cannot be read." if events.cut else ""
    return joined(
        (
            element("h2", "Events"),
            element("p", f"{kinds}.{cut}"),
            element("figure", along, element("figcaption", "Events a minute along the recording.")),
            element(
                "figure", longest, element("figcaption", "How many were up to so many milliseconds long.")
            ),
        )
    )


def _moments(gathered: Gathered) -> Markup:
    if not gathered.moments:
        return Markup("")
    rate = gathered.told.files["output"].sample_rate or 1
    names = list(gathered.moments[0].flac)
    rows = []
    for moment in gathered.moments:
        at = clock(moment.position, rate)[:-2]
        players = [_player(moment.flac[name], f"{name}, {at}") for name in names]
        rows.append((at, f"{moment.removed_lufs:.1f}", *players))
    heads = ("At", "Removed, LUFS", *(name.capitalize() for name in names))
    seconds = gathered.moments[0].length / rate
    caption = (
        f"Where most was removed, by loudness: {seconds:.1f} s each, at the level that they have, in 16 bits"
    )
    body = element("h2", "To listen to") + table(caption, heads, rows, numbers=(1,))
    return element("section", Markup(body), class_="listen", aria_label="To listen to")


def _player(flac: bytes, name: str) -> Markup:
    kind = "flac" if flac.startswith(b"fLaC") else "wav"
    data = f"data:audio/{kind};base64,{base64.b64encode(flac).decode()}"
    return element("audio", controls="", preload="none", src=data, aria_label=name)


def _loudness(gathered: Gathered) -> Markup:
    told = gathered.told.loudness
    rows = []
    for figure, (name, unit) in _FIGURES.items():
        values = [told.get(part, {}).get(figure) for part in ("input", "output")]
        shown = ["none" if value is None else f"{value:.1f}" for value in values]
        change = f"{round(values[1] - values[0], 1) + 0.0:+.1f}" if None not in values else "–"  # type: ignore[operator]
        rows.append((f"{name}, {unit}", *shown, change))
    heads = ("", "Original", "Restored", "Change")
    caption = "As measured by the render: ITU-R BS.1770-4, EBU Tech 3341 and 3342"
    return element("h2", "Loudness") + table(caption, heads, rows, numbers=(1, 2, 3))


def _settings(gathered: Gathered) -> Markup:
    told = gathered.told

    def rows() -> Iterator[tuple[str, str, str]]:
        for slot in told.slots:
            words = [f"{name} = {value or '–'}" for name, value in slot.settings.items()]
            yield slot.number, slot.name + (" (bypassed)" if slot.bypass else ""), ", ".join(words) or "–"

    asked = table("Of the render", ("Option", "Value"), told.options.items())
    chain = table("Of each stage", ("Slot", "Stage", "Settings"), rows(), kept=(1,)) if told.slots else ""
    return joined((element("h2", "Settings"), chain, asked))


def _files(gathered: Gathered) -> Markup:
    rows = [
        (one.told.name, _PARTS[one.part], element("code", one.told.sha256), _state(one.state))
        for one in gathered.files
    ]
    hashes = table(
        "SHA-256 as of the render, compared with the files now",
        ("File", "Part", "SHA-256", "Now"),
        rows,
        kept=(1, 3),
    )
    versions = table("What the render was made with", ("Package", "Version"), gathered.told.versions.items())
    return joined((element("h2", "Files and versions"), hashes, versions))


def _state(state: str) -> Markup:
    """Say what a file is now, and mark what is not as it was."""
    if state == CHANGED:
        return element("strong", f"✗ {state}")
    return element("span", f"✓ {state}" if state == AS_TOLD else state)

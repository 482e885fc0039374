"""What an engineer writes into a recording document from the command line: times as people say them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...analysis.noise.ranges import check_print_ranges
from ...audio.clock import clock
from ...contract.marks import Mark
from ...errors import FindingsError, ParameterError
from ..storage.strict_json import clip
from .document import EventMark, RecordingDocument, Span
from .document_json import MOST_MARKS, MOST_RANGES

POINT_S = 0.01
"""guard: length of the stretch that a single time stands for: an event that touches it is meant."""

_MOST_LABEL_BYTES = 32 * 2**20  # guard: of a text file
# No longer than any recording is: a number of thousands of digits is no time.
_TIME = re.compile(r"(?:([0-9]{1,9}):)?(?:([0-9]{1,9}):)?([0-9]{1,9}(?:\.[0-9]{0,30})?)")


@dataclass(frozen=True)
class Decisions:
    """Times, and ranges of times, as they were typed; see `decided`."""

    prints: Sequence[str] = ()
    vetoes: Sequence[str] = ()
    forced: Sequence[str] = ()
    trim: str | None = None
    stage: str = "wavemend.declick"
    channel: int | None = None
    clear: Sequence[str] = ()


CLEARABLE = {
    "prints": {"print_ranges": ()},
    "vetoes": {"vetoed_events": ()},
    "forced": {"forced_events": ()},
    "trim": {"trim": None},
}
"""What `Decisions.clear` may name, and what that empties."""


def decided(document: RecordingDocument, decisions: Decisions) -> RecordingDocument:
    """Return `document` with more decisions in it.

    Raises
    ------
    ParameterError
        A time that is none, a range that ends before it begins or lies outside the recording, a channel that
        the recording does not have, or print ranges that no print can be made from.
    """
    for name in decisions.clear:
        if name not in CLEARABLE:
            raise ParameterError(f"--clear {name}: there is {', '.join(CLEARABLE)}")
        document = replace(document, **CLEARABLE[name])  # type: ignore[arg-type]
    channels = document.audio.channels
    if decisions.channel is not None and not 1 <= decisions.channel <= channels:
        raise ParameterError(f"--channel {decisions.channel}: the recording has channels 1 to {channels}")
    channel = None if decisions.channel is None else decisions.channel - 1

    def marks(texts: Sequence[str]) -> tuple[EventMark, ...]:
        spans = (span_of(text, document) for text in texts)
        return tuple(EventMark(decisions.stage, Mark(s.position, s.length, channel)) for s in spans)

    prints = tuple(span_of(text, document, point=False) for text in decisions.prints)
    return replace(
        document,
        print_ranges=_with_prints(document, prints) if prints else document.print_ranges,
        vetoed_events=_added(document.vetoed_events, marks(decisions.vetoes)),
        forced_events=_added(document.forced_events, marks(decisions.forced)),
        trim=span_of(decisions.trim, document, point=False) if decisions.trim else document.trim,
    )


def span_of(text: str, document: RecordingDocument, *, point: bool = True) -> Span:
    """Read ``START-END``, or where `point` is True a single time, in seconds, m:s or h:m:s."""
    first, dash, last = text.partition("-")
    rate, frames = document.audio.sample_rate, document.audio.frames
    start = seconds_of(first, text)
    if dash:
        end = seconds_of(last, text)
    elif point:
        start, end = max(start - POINT_S / 2, 0.0), start + POINT_S / 2
    else:
        raise ParameterError(f"{text!r} is one time; write START-END, such as 0:12.5-0:14")
    position, stop = round(start * rate), min(round(end * rate), frames)
    if position >= frames or end * rate > frames + rate:
        raise ParameterError(f"{text!r} lies beyond the recording, which ends at {clock(frames, rate)}")
    if stop <= position:
        raise ParameterError(f"{text!r} ends before it begins; write START-END, such as 0:12.5-0:14")
    return Span(position, stop - position)


def seconds_of(text: str, whole: str) -> float:
    """Read seconds, m:s or h:m:s."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ParameterError(f"{whole!r}: {text!r} is no time; write seconds, 1:23.45, or 1:02:03.4")
    first, second, seconds = match.groups()
    minutes = int(second or first or 0)
    hours = int(first) if second is not None else 0
    return 3600 * hours + 60 * minutes + float(seconds)


def labelled(path: Path) -> Decisions:
    """Read decisions from an Audacity label track.

    Labels whose text begins with ``veto``, ``force``, ``print`` or ``trim`` are meant (those of ``--labels``,
    say, with their texts changed); the others are left out.

    Raises
    ------
    ParameterError
        The file cannot be read, or a line is no label.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_LABEL_BYTES + 1)
        lines = data.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise ParameterError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ParameterError(f"{path}: is no label track: it is not text in UTF-8") from None
    if len(data) > _MOST_LABEL_BYTES:
        raise ParameterError(
            f"{path}: larger than {_MOST_LABEL_BYTES // 2**20} MB; leave out the labels that are not meant"
        )
    found: dict[str, list[str]] = {word: [] for word in ("veto", "force", "print", "trim")}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("\\"):  # the line after a label may give its frequencies
            continue
        fields = line.split("\t")
        word = fields[2].split(maxsplit=1)[:1] if len(fields) > 2 else None
        if word is None or not all(_TIME.fullmatch(time) for time in fields[:2]):
            raise ParameterError(
                f"{path}: line {number} is no label (start and end in seconds, and text, between tabs)"
            )
        for name in found.keys() & {part.lower() for part in word}:
            same = seconds_of(fields[0], fields[0]) == seconds_of(fields[1], fields[1])
            found[name].append(fields[0] if same else f"{fields[0]}-{fields[1]}")
    if len(found["trim"]) > 1:
        raise ParameterError(f"{path}: holds {len(found['trim'])} trim labels; one says what renders keep")
    trim = found["trim"][0] if found["trim"] else None
    return Decisions(found["print"], found["veto"], found["force"], trim)


def described(document: RecordingDocument) -> list[tuple[str, str]]:
    """Return what the document decides, as rows for people."""
    rate = document.audio.sample_rate

    def place(span: Span | Mark) -> str:
        return f"{clock(span.position, rate)}-{clock(span.position + span.length, rate)}"

    rows = [
        ("unread", f"findings of another version, or of a finder that is not installed: {clip(name)}")
        for name in document.unread
    ]
    if document.trim:
        rows.append(("trim", place(document.trim)))
    rows += [("print", place(span)) for span in document.print_ranges]
    for word, events in (("veto", document.vetoed_events), ("force", document.forced_events)):
        for event in events:
            where = "" if event.mark.channel is None else f", channel {event.mark.channel + 1}"
            rows.append((word, f"{place(event.mark)}{where}, {event.stage}"))
    return rows


def _with_prints(document: RecordingDocument, more: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return all print ranges, refused here where the render, perhaps hours later, would refuse them."""
    spans = tuple(sorted({*document.print_ranges, *more}, key=lambda span: span.position))
    if len(spans) > MOST_RANGES:
        raise ParameterError(f"{len(spans)} print ranges; a document holds at most {MOST_RANGES}")
    try:
        check_print_ranges([(span.position, span.stop) for span in spans], document.audio.sample_rate)
    except FindingsError as error:
        raise ParameterError(f"{error}; --clear prints forgets those said before") from None
    return spans


def _added(before: tuple[EventMark, ...], more: tuple[EventMark, ...]) -> tuple[EventMark, ...]:
    events = dict.fromkeys((*before, *more))
    if len(events) > MOST_MARKS:
        raise ParameterError(f"{len(events)} vetoed or forced events; a document holds at most {MOST_MARKS}")
    return tuple(sorted(events, key=lambda event: event.mark.position))

"""Recording documents as JSON: read strictly, for they may be strangers'; written to be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...analysis.finders import finder
from ...contract.findings import Findings
from ...contract.marks import Mark
from ...errors import DocumentError, FindingsError, PluginError, StrictJsonError
from ..storage.strict_json import check_fields, has_control_characters, parse_object, short
from .document import EventMark, RecordingDocument, Span
from .identity import AudioIdentity

FORMAT = "wavemend-recording"
FORMAT_VERSION = 1  # source: this format's own count

MOST_BYTES = 32 * 2**20  # guard: of a text file
MOST_MARKS = 200_000  # guard: more than a person decides about
MOST_RANGES = 32  # guard: more than a person decides about
_LONGEST_STAGE = 256  # guard: of a stage's id
_LAST_SAMPLE = 2**53  # source: IEEE 754: every whole number up to it is a float
_TOP_FIELDS = {
    "format", "format_version", "audio", "trim", "print_ranges", "vetoed_events", "forced_events", "findings",
}  # fmt: skip
_AUDIO_FIELDS = {"name", "sha256", "sample_rate", "channels", "frames"}
_SPAN_FIELDS = {"position", "length"}
_EVENT_FIELDS = {"stage", "position", "length", "channel"}


def document_text(document: RecordingDocument) -> str:
    """Return the text of a document's file, with a line for each event, span and finding."""
    return _one_line_each(document_to_json(document))


def _one_line_each(top: Mapping[str, Any]) -> str:
    """Write JSON with a line for each event, span and finding: to be read, edited and compared."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    def lines(value: Any) -> str:
        if isinstance(value, list) and value:
            return "[\n" + ",\n".join(f"    {line(item)}" for item in value) + "\n  ]"
        if isinstance(value, dict) and any(isinstance(item, dict) for item in value.values()):
            rows = (f"    {line(name)}: {line(item)}" for name, item in value.items())
            return "{\n" + ",\n".join(rows) + "\n  }"
        return line(value)

    return "{\n" + ",\n".join(f"  {line(name)}: {lines(value)}" for name, value in top.items()) + "\n}\n"


def document_to_json(document: RecordingDocument) -> dict[str, Any]:
    """Return the JSON object that stands for `document`."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "audio": vars(document.audio),
        "trim": vars(document.trim) if document.trim else None,
        "print_ranges": [vars(span) for span in document.print_ranges],
        "vetoed_events": [{"stage": e.stage, **vars(e.mark)} for e in document.vetoed_events],
        "forced_events": [{"stage": e.stage, **vars(e.mark)} for e in document.forced_events],
        "findings": {name: found.to_json() for name, found in document.findings.items()},
    }


def parse_document(data: bytes, source: str) -> RecordingDocument:
    """Parse the bytes of a document; `source` is what errors call it by. Raises `DocumentError`."""
    try:
        if len(data) > MOST_BYTES:
            raise StrictJsonError(f"larger than {MOST_BYTES // 2**20} MB; a document is a text file")
        top = parse_object(data, "a recording document")
        check_fields(top, "the document", _TOP_FIELDS, _TOP_FIELDS)
        if top["format"] != FORMAT or top["format_version"] != FORMAT_VERSION:
            raise StrictJsonError(
                f"is {short(top['format'])} version {short(top['format_version'])}; this wavemend reads "
                f"{FORMAT!r} version {FORMAT_VERSION}"
            )
        audio = _parse_audio(top["audio"])
        findings, unread = _parse_findings(top["findings"])
        return RecordingDocument(
            audio=audio,
            trim=None if top["trim"] is None else _parse_span(top["trim"], "trim", audio),
            print_ranges=tuple(
                _parse_span(span, f"print_ranges {number}", audio)
                for number, span in enumerate(_list(top, "print_ranges", MOST_RANGES), start=1)
            ),
            vetoed_events=_parse_events(top, "vetoed_events", audio),
            forced_events=_parse_events(top, "forced_events", audio),
            findings=findings,
            unread=unread,
        )
    except StrictJsonError as error:
        raise DocumentError(f"{source}: {error}") from None


def _parse_audio(data: Any) -> AudioIdentity:
    check_fields(data, "audio", _AUDIO_FIELDS, _AUDIO_FIELDS)
    name, sha256 = data["name"], data["sha256"]
    if not isinstance(name, str):
        raise StrictJsonError(f"audio: name is {short(name)}; it must be text")
    if not (isinstance(sha256, str) and len(sha256) == 64 and set(sha256) <= set("0123456789abcdef")):
        raise StrictJsonError(f"audio: sha256 is {short(sha256)}; it must be 64 hexadecimal digits")
    numbers = {key: _whole(data[key], f"audio: {key}", 1) for key in ("sample_rate", "channels", "frames")}
    return AudioIdentity(name, sha256, **numbers)


def _parse_span(data: Any, where: str, audio: AudioIdentity) -> Span:
    check_fields(data, where, _SPAN_FIELDS, _SPAN_FIELDS)
    return Span(*_place(data, where, audio))


def _parse_events(top: Mapping[str, Any], name: str, audio: AudioIdentity) -> tuple[EventMark, ...]:
    events = []
    for number, data in enumerate(_list(top, name, MOST_MARKS), start=1):
        where = f"{name} {number}"
        check_fields(data, where, _EVENT_FIELDS, _EVENT_FIELDS)
        stage = data["stage"]
        if not isinstance(stage, str) or len(stage) > _LONGEST_STAGE or has_control_characters(stage):
            raise StrictJsonError(f"{where}: stage is {short(stage)}; it must be the id of a stage")
        position, length = _place(data, where, audio)
        channel = data["channel"]
        if channel is not None and _whole(channel, f"{where}: channel", 0) >= audio.channels:
            raise StrictJsonError(f"{where}: channel {channel} is not among {audio.channels}, counted from 0")
        events.append(EventMark(stage, Mark(position, length, channel)))
    return tuple(events)


def _place(data: Mapping[str, Any], where: str, audio: AudioIdentity) -> tuple[int, int]:
    position = _whole(data["position"], f"{where}: position", 0)
    length = _whole(data["length"], f"{where}: length", 1)
    if position + length > audio.frames:
        raise StrictJsonError(
            f"{where}: ends at sample {position + length}, but the recording has {audio.frames}"
        )
    return position, length


def _whole(value: Any, where: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _LAST_SAMPLE:
        raise StrictJsonError(f"{where} is {short(value)}; it must be a whole number from {least}")
    return value


def _list(top: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = top[name]
    if not isinstance(value, list) or len(value) > most:
        raise StrictJsonError(f"{name} must be a list of at most {most}; leave out what is not needed")
    return value


def _parse_findings(data: Any) -> tuple[dict[str, Findings], tuple[str, ...]]:
    """Read findings; name those of another version, or of a finder that is not installed."""
    if not isinstance(data, dict):
        raise StrictJsonError(f"findings must be a JSON object, not {short(data)}")
    findings, unread = {}, []
    for name, values in data.items():
        try:
            findings[name] = finder(name).findings_type().from_json(values)
        except (FindingsError, PluginError):
            unread.append(name)
    return findings, tuple(unread)

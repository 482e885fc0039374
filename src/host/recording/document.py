"""The recording document: what belongs to one recording and to no other.

::

    side1.wav                       the recording, never changed
    side1.wav.wavemend.json         what was found in it, and what an engineer decided about it

It is keyed by a hash of the decoded samples, so it survives new tags and another lossless container, and is
refused for any other audio. `render` obeys it when it is there. Documents may also share one folder, where
recordings of the same name have one each. Like a preset a document may come from a stranger: it is data, and
can name neither a file nor anything to run.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from ...analysis.survey import FINDERS
from ...audio.arrays import Audio
from ...contract.findings import Findings
from ...contract.marks import Mark, Marks
from ...errors import AudioFileError, DocumentError, FindingsError, StrictJsonError
from ..chain.guidance import Guidance
from ..files.audio_format import AudioFormat
from ..storage.file_names import fitted
from ..storage.publishing import Publication
from ..storage.strict_json import check_fields, clip, has_control_characters, parse_object, short

FORMAT = "wavemend-recording"
FORMAT_VERSION = 1

SUFFIX = ".wavemend.json"
_HASH_DIGITS = 12
_MOST_BYTES = 32 * 2**20
MOST_MARKS = 200_000
_LONGEST_STAGE = 256
MOST_RANGES = 32
_LAST_SAMPLE = 2**53
_TOP_FIELDS = {
    "format", "format_version", "audio", "trim", "print_ranges", "vetoed_events", "forced_events", "findings",
}  # fmt: skip
_AUDIO_FIELDS = {"name", "sha256", "sample_rate", "channels", "frames"}
_SPAN_FIELDS = {"position", "length"}
_EVENT_FIELDS = {"stage", "position", "length", "channel"}


@dataclass(frozen=True)
class AudioIdentity:
    """Which audio a document belongs to; `name` is for people, and does not count."""

    name: str = field(compare=False)
    sha256: str
    sample_rate: int
    channels: int
    frames: int


@dataclass(frozen=True)
class Span:
    """A stretch of the recording, in samples."""

    position: int
    length: int

    @property
    def stop(self) -> int:
        """One past the last sample."""
        return self.position + self.length


@dataclass(frozen=True)
class EventMark:
    """A vetoed or forced event: the stage it is for, and where it is."""

    stage: str
    mark: Mark


@dataclass(frozen=True)
class RecordingDocument:
    """What belongs to one recording.

    Attributes
    ----------
    audio
        The recording.
    trim
        The part that renders keep; None: all of it.
    print_ranges
        Where noise is heard alone: what Denoise learns from.
    vetoed_events, forced_events
        Events that must not, or must, be repaired.
    findings
        What the analysis found, by the names of `wavemend.analysis.survey.FINDERS`.
    unread
        Names of findings in the file that this version of wavemend cannot read; analyse again for them.
    """

    audio: AudioIdentity
    trim: Span | None = None
    print_ranges: tuple[Span, ...] = ()
    vetoed_events: tuple[EventMark, ...] = ()
    forced_events: tuple[EventMark, ...] = ()
    findings: Mapping[str, Findings] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    def guidance(self) -> Guidance:
        """Return what a render must obey."""
        vetoed, forced = (_by_stage(events) for events in (self.vetoed_events, self.forced_events))
        return Guidance(
            marks={
                stage: Marks(tuple(vetoed.get(stage, ())), tuple(forced.get(stage, ())))
                for stage in sorted({*vetoed, *forced})
            },
            print_ranges=tuple((span.position, span.stop) for span in self.print_ranges),
        )

    def for_audio(self, audio: AudioIdentity, where: str) -> RecordingDocument:
        """Return this document, refused with `DocumentError` where it belongs to other audio."""
        if self.audio != audio:
            raise DocumentError(
                f"{where}: belongs to other audio ({clip(self.audio.name)}, {self.audio.frames} samples, "
                f"hash {self.audio.sha256[:12]}), not to {audio.name} ({audio.frames} samples, "
                f"hash {audio.sha256[:12]}); move it away, or render with --no-document"
            )
        return replace(self, audio=audio)


def _by_stage(events: Iterable[EventMark]) -> dict[str, list[Mark]]:
    marks: dict[str, list[Mark]] = {}
    for event in events:
        marks.setdefault(event.stage, []).append(event.mark)
    return marks


def document_path(source: Path, folder: Path | None = None) -> Path:
    """Return where the document of `source` lies: beside it, or in `folder`.

    The whole file name is kept, so that ``side.wav`` and ``side.flac`` have a document each.
    """
    return (folder or source.parent) / fitted(source.name, SUFFIX)


def _hash_suffix(sha256: str) -> str:
    """Return how documents of a shared folder end whose plain name belongs to another recording."""
    return f".{sha256[:_HASH_DIGITS]}{SUFFIX}"


def recording_name(path: Path, document: RecordingDocument) -> str:
    """Return the name of the recording that the document at `path` is for."""
    hashed = _hash_suffix(document.audio.sha256)
    return path.name.removesuffix(hashed if path.name.endswith(hashed) else SUFFIX)


def find_document(
    source: Path, folder: Path | None, identify: Callable[[], AudioIdentity]
) -> tuple[Path, RecordingDocument | None]:
    """Find the document of `source` beside it, or among those that share `folder`.

    In a shared folder the plain name may belong to another recording of the same name; then this one's own
    has twelve digits of its hash in its name, ``side.wav.0123456789ab.wavemend.json``.

    Parameters
    ----------
    source
        The recording.
    folder
        Folder that documents share; None: they lie beside the recordings.
    identify
        Says which audio the recording is; called only where a document may be its own.

    Returns
    -------
    Path
        Where the document is, or would be written to.
    RecordingDocument or None
        What it says; None: there is none.

    Raises
    ------
    DocumentError
        The document cannot be used; or it belongs to other audio, and its name is this recording's alone.
    """
    plain = document_path(source, folder)
    first = load_document(plain) if plain.exists() else None  # a damaged one is refused before any listening
    if folder is None:
        return plain, first and first.for_audio(identify(), str(plain))
    if first is None and not _has_hashed(source, folder):
        return plain, None
    audio = identify()
    if first is not None and first.audio == audio:
        return plain, first.for_audio(audio, str(plain))
    own = folder / fitted(source.name, _hash_suffix(audio.sha256))
    if own.exists():
        return own, load_document(own).for_audio(audio, str(own))
    return (own if first is not None else plain), None


def _has_hashed(source: Path, folder: Path) -> bool:
    """Whether `folder` holds any document for a recording of this name, but for the plain one."""
    like = _hash_suffix("?" * _HASH_DIGITS)
    name = fitted(source.name, like).removesuffix(like)
    return any(folder.glob(glob.escape(name) + like))


class AudioHash:
    """Recognises a recording by its samples: SHA-256 of float64, little-endian, channels interleaved."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._frames = 0

    def push(self, audio: Audio) -> None:
        """Hear the next block, shape (channels, n)."""
        self._digest.update(audio.T.astype("<f8").tobytes())
        self._frames += audio.shape[1]

    def identity(self, name: str, form: AudioFormat) -> AudioIdentity:
        """Return which audio it was."""
        return AudioIdentity(name, self._digest.hexdigest(), form.sample_rate, form.channels, self._frames)


def load_document(path: str | os.PathLike[str]) -> RecordingDocument:
    """Read a document; raises `DocumentError`, whatever is wrong with it."""
    if Path(path).exists() and not Path(path).is_file():  # to open a pipe would wait for ever
        raise DocumentError(f"{path}: is no file; a recording document is one")
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror or error}") from None
    return parse_document(data, str(path))


def save_document(
    document: RecordingDocument, path: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Write `document` to `path` as JSON, whole or not at all.

    Raises
    ------
    DocumentError
        It cannot be written, or is there already and `overwrite` is False.
    """
    try:
        text = _one_line_each(document_to_json(document))
        with Publication(overwrite=overwrite) as publication:
            publication.part_of(Path(path)).write_text(text, encoding="utf-8", errors="backslashreplace")
            publication.publish()
    except AudioFileError as error:
        raise DocumentError(str(error)) from None


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
        if len(data) > _MOST_BYTES:
            raise StrictJsonError(f"larger than {_MOST_BYTES // 2**20} MB; a document is a text file")
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
    """Read findings; name those of another version, which a new analysis brings back."""
    if not isinstance(data, dict):
        raise StrictJsonError(f"findings must be a JSON object, not {short(data)}")
    findings, unread = {}, []
    for name, values in data.items():
        try:
            if name not in FINDERS:
                raise FindingsError(f"there is no finder {name}")
            findings[name] = _findings_class(name).from_json(values)
        except FindingsError:
            unread.append(name)
    return findings, tuple(unread)


def _findings_class(finder: str) -> type[Findings]:
    """Return the class of what a finder finds: the argument of the `Analyser` that it derives from."""
    for base in getattr(FINDERS[finder], "__orig_bases__", ()):
        for argument in get_args(base):
            return argument  # type: ignore[no-any-return]
    raise TypeError(f"{FINDERS[finder].__name__} must derive from Analyser[its findings]")

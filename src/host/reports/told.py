"""What the JSON report of a render says, read as a stranger's: every value is checked, none is obeyed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import DocumentError, StrictJsonError
from ..rendering.report import REPORT_FORMAT
from ..storage.file_names import LONGEST_BYTES
from ..storage.strict_json import clip, parse_object, short

PARTS = ("input", "output", "removed")
_MOST_BYTES = 16 * 2**20  # guard: of a text file
_MOST_ITEMS = 2000  # guard: slots, findings, warnings on a page
_MOST_RATE, _MOST_CHANNELS, _MOST_FRAMES = 768_000, 64, 2**53  # guard: as readers of sound have it
_LONGEST_TEXT = 4000  # guard: of one text on a page
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class ToldFile:
    """A file of the render: what it was called and held then."""

    name: str
    sha256: str
    container: str = ""
    subtype: str = ""
    sample_rate: int = 0
    channels: int = 0

    def describe(self) -> str:
        """Return its format in words."""
        return f"{self.container} {self.subtype}, {self.sample_rate} Hz, {self.channels} channels"


@dataclass(frozen=True)
class ToldSlot:
    """A member of the chain: its number, its name, whether it was bypassed, its settings as text."""

    number: str
    name: str
    bypass: bool
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ToldFinding:
    """What one stage found: slot, stage, whether it was anything, in words."""

    slot: str
    stage: str
    found: bool
    summary: str


@dataclass(frozen=True)
class ToldEvents:
    """How many events of one kind a stage told."""

    slot: str
    stage: str
    kind: str
    count: int


@dataclass(frozen=True)
class ToldArtifact:
    """A place where the repair itself harmed: kind, first sample, length, channel from 0, severity to 1."""

    kind: str
    position: int
    length: int
    channel: int
    severity: float


@dataclass(frozen=True)
class Told:
    """The report of one render.

    Attributes
    ----------
    files
        By their part: ``input``, ``output`` and, where it was written, ``removed``.
    beside
        Lists that were written beside the output.
    frames
        Length of the output, samples.
    begins
        Sample of the input that the output begins with.
    gain
        By which the whole recording was turned down, so that nothing passes full scale.
    adds_up
        Whether restored and removed samples add up to the original's.
    options
        What was asked for, by its name.
    loudness
        Figures by part and name.
    slots, findings, events, warnings, versions
        As told.
    harmed
        How many artifacts of each kind there are; None where nobody looked for any.
    worst
        The worst of them.
    eased
        In how many places the guard eased the repair; None where it was not asked to.
    """

    files: Mapping[str, ToldFile]
    beside: Sequence[ToldFile]
    frames: int
    begins: int
    gain: float
    adds_up: bool
    options: Mapping[str, str]
    loudness: Mapping[str, Mapping[str, float]]
    slots: Sequence[ToldSlot]
    findings: Sequence[ToldFinding]
    events: Sequence[ToldEvents]
    warnings: Sequence[str]
    versions: Mapping[str, str]
    harmed: Mapping[str, int] | None = None
    worst: Sequence[ToldArtifact] = ()
    eased: int | None = None

    def found_by(self, slot: ToldSlot) -> list[str]:
        """Return what a member of the chain found, in words."""
        return [one.summary for one in self.findings if one.slot == slot.number]

    def done_by(self, slot: ToldSlot) -> list[str]:
        """Return how many events of which kinds a member of the chain told."""
        return [
            f"{one.count:,} {one.kind}{'s' * (one.count != 1)}"
            for one in self.events
            if one.slot == slot.number
        ]


def harm_words(told: Told) -> list[str]:
    """Say in lines how many artifacts there are, and what the guard did; none where nobody looked."""
    if told.harmed is None:
        return []
    counts = ", ".join(f"{count:,} of {kind}" for kind, count in sorted(told.harmed.items()))
    lines = [f"Artifacts of the repair: {counts or 'none found'}."]
    if told.eased is not None:
        lines.append(f"The guard eased the repair in {told.eased:,} place{'s' * (told.eased != 1)}.")
    return lines


def read_report(path: Path) -> Told:
    """Read the report at `path`.

    Raises
    ------
    DocumentError
        It is none of ours, or is damaged.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror or error}; check the name") from None
    if len(data) > _MOST_BYTES:
        raise DocumentError(f"{path}: has more than {_MOST_BYTES >> 20} MB; that is no report of a render")
    try:
        return _told(parse_object(data, "a report"))
    except StrictJsonError as error:
        raise DocumentError(f"{path}: {error}") from None


def _told(top: Any) -> Told:
    if not isinstance(top, dict) or top.get("format") != REPORT_FORMAT:
        raise StrictJsonError(
            f"is no report of a render; wavemend writes one with the format {REPORT_FORMAT!r}"
        )
    if top.get("format_version") != 1:
        raise StrictJsonError(f"is of version {short(top.get('format_version'))}; this wavemend reads 1")
    trim = top.get("trim") or {}
    harm = _dict(top.get("artifacts", {}), "artifacts")
    counts = _dict(harm.get("counts", {}), "counts")
    return Told(
        files={part: _file(top[part], part) for part in PARTS if part in top or part != "removed"},
        beside=[_file(one, "beside") for one in _list(top, "beside")],
        frames=_whole(top, "frames", _MOST_FRAMES),
        begins=_whole(trim, "position", _MOST_FRAMES) if trim else 0,
        gain=_number(top.get("headroom_gain", 1.0), "headroom_gain", 1e-6, 1.0),
        adds_up=top.get("restored_plus_removed_is_original") is True,
        options=_options(top),
        loudness={
            part: {_text(name): _number(value, name) for name, value in _dict(figures, part).items()}
            for part, figures in _dict(top.get("loudness", {}), "loudness").items()
        },
        slots=[
            slot for number, one in enumerate(_list(top, "chain"), 1) for slot in _slots(one, str(number))
        ],
        findings=[
            ToldFinding(_text(one["slot"]), _text(one["stage"]), one["found"] is True, _text(one["summary"]))
            for one in _objects(top, "findings", ("slot", "stage", "found", "summary"))
        ],
        events=[
            ToldEvents(
                _text(one["slot"]),
                _text(one["stage"]),
                _text(one["kind"]),
                _whole(one, "count", _MOST_FRAMES),
            )
            for one in _objects(top, "events", ("slot", "stage", "kind", "count"))
        ],
        warnings=[_text(one) for one in _list(top, "warnings")],
        versions={
            _text(name): _text(one) for name, one in _dict(top.get("versions", {}), "versions").items()
        },
        harmed={_text(kind): _whole(counts, kind, _MOST_FRAMES) for kind in counts} if harm else None,
        worst=[_artifact(one) for one in _objects(harm, "worst", ("kind", "severity"))],
        eased=len(_list(_dict(top["guard"], "guard"), "spans")) if "guard" in top else None,
    )


def _options(top: Mapping[str, Any]) -> dict[str, str]:
    """Return what was asked for, in words; what says nothing is left out."""
    words = {
        "strength": "strength, %",
        "lossy_easing": "eased for a lossy source, %",
        "seed": "seed",
        "headroom_gain": "headroom gain, a factor",
        "source_over_db": "source over full scale, dB",
        "document": "recording document",
        "trim": "kept of the source, samples",
    }
    found = {words[name]: top[name] for name in words if top.get(name) is not None}
    return {name: _pairs(value) if isinstance(value, dict) else _text(value) for name, value in found.items()}


def _artifact(one: Mapping[str, Any]) -> ToldArtifact:
    return ToldArtifact(
        _text(one["kind"]),
        _whole(one, "position", _MOST_FRAMES),
        _whole(one, "length", _MOST_FRAMES),
        _whole(one, "channel", _MOST_CHANNELS),
        _number(one["severity"], "severity", 0.0, 1.0),
    )


def _pairs(value: Mapping[str, Any]) -> str:
    return _text(
        ", ".join(f"{str(name)[:100]}: {str(held)[:500]}" for name, held in list(value.items())[:20])
    )


def _slots(one: Any, number: str) -> list[ToldSlot]:
    """Return a slot and those nested in it."""
    if not isinstance(one, dict):
        return [ToldSlot(number, _text(one), False)]
    name = _text(one.get("plugin") or one.get("vst3") or one.get("name") or "chain")
    settings: dict[str, str] = {}
    for key, value in one.items():
        if key == "parameters" and isinstance(value, dict):
            settings |= {_text(inner): _text(held) for inner, held in value.items()}
        elif key not in ("plugin", "bypass", "chain", "state"):
            settings[_text(key)] = _text(value)
    slots = [ToldSlot(number, name, one.get("bypass") is True, settings)]
    inside = one.get("chain")
    for index, inner in enumerate(inside if isinstance(inside, list) else [], 1):
        slots += _slots(inner, f"{number}.{index}")
    return slots


def _file(one: Any, where: str) -> ToldFile:
    found = _dict(one, where)
    name, sha256 = found.get("name"), found.get("sha256")
    if not isinstance(name, str) or not _is_plain(name):
        raise StrictJsonError(f"{where}: {short(name)} is no name of a file")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise StrictJsonError(f"{where}: {short(sha256)} is no SHA-256")
    if where == "beside":
        return ToldFile(name, sha256)
    return ToldFile(
        name, sha256, _text(found.get("container", "")), _text(found.get("subtype", "")),
        _whole(found, "sample_rate", _MOST_RATE), _whole(found, "channels", _MOST_CHANNELS),
    )  # fmt: skip


def _is_plain(name: str) -> bool:
    """Whether a name leads to no other folder, on any system."""
    return (
        bool(name) and name not in (".", "..") and not set(name) & set("/\\\0") and len(name) <= LONGEST_BYTES
    )


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return clip(value[:_LONGEST_TEXT] if isinstance(value, str) else str(value)[:_LONGEST_TEXT])


def _dict(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > _MOST_ITEMS:
        raise StrictJsonError(f"{where} must be an object, not {short(value)}")
    return value


def _list(top: Mapping[str, Any], where: str) -> list[Any]:
    value = top.get(where, [])
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        raise StrictJsonError(f"{where} must be a list of at most {_MOST_ITEMS}, not {short(value)}")
    return value


def _objects(top: Mapping[str, Any], where: str, needed: Sequence[str]) -> list[dict[str, Any]]:
    found = [_dict(one, where) for one in _list(top, where)]
    if any(name not in one for one in found for name in needed):
        raise StrictJsonError(f"{where}: each needs {', '.join(needed)}")
    return found


def _whole(found: Mapping[str, Any], name: str, most: int) -> int:
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise StrictJsonError(f"{name}={short(value)} is not allowed; it must be a whole number to {most}")
    return value


def _number(value: Any, name: str, low: float = -1e6, high: float = 1e6) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise StrictJsonError(f"{clip(name)}={short(value)} is not allowed; it must be a number")
    return float(value)

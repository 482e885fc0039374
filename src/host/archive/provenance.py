"""What was done to each recording of a collection, as METS with PREMIS: objects, events, agents.

A restored file is an access copy, never a master (IASA-TC 03): it says so, what it was made of, and by what.
Needs metsrw, of the extra ``wavemend[archive]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import metsrw
from metsrw.plugins import premisrw

from ..storage.strict_json import printable
from .manifest import Entry, Output
from .recipe import Recipe
from .transcribing import transcripts_of

_VERSION = "3.0"  # source: PREMIS 3.0 (2015)
_EVENT_TYPE = "modification"  # source: id.loc.gov/vocabulary/preservation/eventType
_CHECKSUM = "SHA-256"  # source: METS 1.12, CHECKSUMTYPE
_MEASURED = {
    "integrated_lufs": ("integrated loudness (ITU-R BS.1770-4)", "LUFS"),
    "range_lu": ("loudness range (EBU Tech 3342)", "LU"),
    "true_peak_dbtp": ("true peak (ITU-R BS.1770-4)", "dBTP"),
}
_NAMES = uuid5(NAMESPACE_URL, "https://wavemend.org/collection")  # names that are the same every time


@dataclass(frozen=True)
class Provenance:
    """What is told: recordings that are done, the recipes they were made by, and when the last one was."""

    entries: Sequence[Entry]
    recipes: Mapping[str, Recipe]
    ended: str

    def to_mets(self, folder: str) -> Any:
        """Return a ``metsrw.METSDocument`` of the files, which lie in `folder` below it."""
        document = metsrw.METSDocument()
        document.createdate = self.ended
        root = metsrw.FSEntry(path=folder, label=folder, type="Directory")
        places = {PurePosixPath("."): root}
        for entry in self.entries:
            for output in entry.outputs:
                path = PurePosixPath(printable(output.path))
                item = self._item(entry, output, f"{folder}/{path}")
                _place(path.parent, places, folder).add_child(item)
        document.append_file(root)
        return document

    def _item(self, entry: Entry, output: Output, path: str) -> Any:
        item = metsrw.FSEntry(
            path=path,
            label=PurePosixPath(path).name,
            type="Item",
            use="access" if _is_restored(entry, output) else "metadata",
            file_uuid=str(_uuid("file", output.path, output.sha256)),
            checksum=output.sha256,
            checksumtype=_CHECKSUM,
        )
        recipe = self.recipes[entry.recipe]
        item.add_premis_object(_object(output, path, entry.loudness if _is_restored(entry, output) else {}))
        item.add_premis_event(_event(entry, output, recipe))
        for agent in _agents(recipe):
            item.add_premis_agent(_agent(*agent))
        return item


def _is_restored(entry: Entry, output: Output) -> bool:
    """Whether it is the restored file itself, which may be called .wav for .flac where it is of floats."""
    return PurePosixPath(output.path).with_suffix("") == PurePosixPath(entry.path).with_suffix("")


def _place(folder: PurePosixPath, places: dict[PurePosixPath, Any], above: str) -> Any:
    """Return the entry of a folder, made where it is not there yet."""
    if folder not in places:
        parent = _place(folder.parent, places, above)
        places[folder] = metsrw.FSEntry(path=f"{above}/{folder}", label=folder.name, type="Directory")
        parent.add_child(places[folder])
    return places[folder]


def _object(output: Output, path: str, loudness: Mapping[str, float]) -> Any:
    return _premis(
        "object",
        ("object_identifier", *_identified("object", "UUID", _uuid("file", output.path, output.sha256))),
        *(
            (
                "significant_properties",
                ("significant_properties_type", name),
                ("significant_properties_value", said),
            )
            for name, said in _properties(loudness, "output")
        ),
        (
            "object_characteristics",
            ("composition_level", "0"),
            ("fixity", ("message_digest_algorithm", _CHECKSUM), ("message_digest", output.sha256)),
            ("size", str(output.bytes)),
            ("format", ("format_designation", ("format_name", PurePosixPath(path).suffix[1:] or "unknown"))),
        ),
        ("original_name", path),
        kind="premis:file",
    )


def _properties(loudness: Mapping[str, float], part: str) -> list[tuple[str, str]]:
    """Return what was measured of a part of a render: what it is called, and its value with its unit."""
    return [
        (said, f"{loudness[f'{part} {name}']:.2f} {unit}")
        for name, (said, unit) in _MEASURED.items()
        if f"{part} {name}" in loudness
    ]


def _event(entry: Entry, output: Output, recipe: Recipe) -> Any:
    found = [f"{slot}: {said}" for slot, said in entry.findings.items()]
    counted = [f"{count} of {what}" for what, count in entry.events.items()]
    detail = (
        f"restored for access by preset {recipe.preset}; recipe SHA-256 {recipe.sha256}; "
        f"made of {PurePosixPath(entry.source).name}, SHA-256 {entry.source_sha256}"
    )
    if entry.speech and output in transcripts_of(entry):
        detail = (
            f"transcribed by a machine, not checked by a person, from the restored file, SHA-256 "
            f"{entry.speech.restored_sha256}; by {entry.speech.made_by}"
        )
    levels = [f"{name} of the recording: {said}" for name, said in _properties(entry.loudness, "input")]
    note = " | ".join((*found, *counted, *levels, *entry.warnings)) or "nothing found"
    return _premis(
        "event",
        ("event_identifier", *_identified("event", "UUID", _uuid("event", output.path, output.sha256))),
        ("event_type", _EVENT_TYPE),
        ("event_date_time", entry.ended),
        ("event_detail_information", ("event_detail", detail)),
        (
            "event_outcome_information",
            ("event_outcome", "success with warnings" if entry.warnings else "success"),
            ("event_outcome_detail", ("event_outcome_detail_note", note)),
        ),
        *(
            ("linking_agent_identifier", *_identified("linking_agent", kind, value))
            for kind, value, _ in _agents(recipe)
        ),
    )


def _agents(recipe: Recipe) -> list[tuple[str, str, str]]:
    """Return what worked: kind of identifier, identifier, name."""
    program = f"wavemend {recipe.version}"
    return [("software", program, program), ("recipe SHA-256", recipe.sha256, f"preset {recipe.preset}")]


def _agent(kind: str, value: str, name: str) -> Any:
    identifier = ("agent_identifier", *_identified("agent", kind, value))
    return _premis("agent", identifier, ("agent_name", name), ("agent_type", "software"))


def _identified(what: str, kind: str, value: object) -> tuple[tuple[str, str], tuple[str, str]]:
    return (f"{what}_identifier_type", kind), (f"{what}_identifier_value", str(value))


def _premis(name: str, *content: Any, kind: str = "") -> Any:
    """Return an element of PREMIS as lxml has it; text that XML cannot hold is escaped."""
    attributes = dict(premisrw.PREMIS_3_0_META) | ({"xsi:type": kind} if kind else {})
    return premisrw.data_to_premis((name, attributes, *map(_printed, content)), premis_version=_VERSION)


def _printed(content: Any) -> Any:
    return printable(content) if isinstance(content, str) else tuple(map(_printed, content))


def _uuid(*parts: str) -> UUID:
    return uuid5(_NAMES, "\n".join(parts))

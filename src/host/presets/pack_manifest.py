"""What a pack says of itself: who made it with what, its files, and how it sounded there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from ...contract.stage import Stage
from ...errors import PresetError
from ..chain.chain import Chain
from ..chain.path import slot_number
from ..storage.json_text import json_text
from ..storage.strict_json import check_fields, has_control_characters, parse_object, printable, short
from ..vst3.plugin import VST3
from .fingerprint import RenderFingerprint
from .pack_file import MANIFEST

FORMAT = "wavemend-pack"
FORMAT_VERSION = 1  # source: this format's own count
_MOST_BYTES = 2**20  # guard: of a manifest
# guard: of what people write
_LONGEST = {"author": 200, "licence": 200, "notes": 10_000}
_MOST_PLUGINS = 256  # guard: of a preset's slots
_PACKAGES = ("wavemend", "numpy", "scipy", "numba", "pedalboard", "onnxruntime")
_TABLES = ("made_with", "plugins", "documents", "files")
_FIELDS = {
    "format", "format_version", "author", "licence", "notes", "made_with", "plugins", "documents", "files",
    "fingerprint",
}  # fmt: skip


@dataclass(frozen=True)
class Manifest:
    """What a pack says of itself.

    Attributes
    ----------
    author, licence, notes
        For people.
    made_with
        Versions of packages by name.
    plugins
        Versions of what processes sound, by slot and name: ``"4 Dehum"``.
    documents
        Names that documents had, by their place in the pack.
    files
        SHA-256 of every other file, by its place in the pack.
    fingerprint
        How the preset sounded where the pack was made.
    """

    author: str
    licence: str
    notes: str
    fingerprint: RenderFingerprint
    made_with: dict[str, str]
    plugins: dict[str, str]
    documents: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        """Return the bytes of its file."""
        top = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            **{
                name: getattr(self, name)
                for name in sorted(_FIELDS - {"format", "format_version", "fingerprint"})
            },
            "fingerprint": self.fingerprint.to_json(),
        }
        return (json_text(top, indent=1) + "\n").encode()

    def changes(self, plugins: dict[str, str]) -> list[str]:
        """Say which versions are other ones here: plugins first; packages where no plugin's is."""
        here = {name: _installed(name) for name in self.made_with}
        told = _changed(self.plugins, plugins)
        return told or _changed(self.made_with, here)


def _changed(before: dict[str, str], now: dict[str, str]) -> list[str]:
    both = [(name, before[name], now[name]) for name in before if name in now and before[name] != now[name]]
    return list(dict.fromkeys(f"{name.partition(' ')[2] or name} {old} -> {new}" for name, old, new in both))


def _installed(package: str) -> str:
    return version(package) if package in _PACKAGES else "not known"


def packages() -> dict[str, str]:
    """Return the versions of the packages that sound depends on."""
    return {package: version(package) for package in _PACKAGES}


def plugin_versions(chain: Chain) -> dict[str, str]:
    """Return the versions of a chain's stages and VST3s, by slot and name."""
    found = {}
    for path, slot in chain.walk():
        if isinstance(slot.member, Stage):
            found[f"{slot_number(path)} {type(slot.member).__name__}"] = str(slot.member.version)
        elif isinstance(slot.member, VST3):
            found[f"{slot_number(path)} {slot.member.name}"] = slot.member.version
    return found


def check_words(author: str, licence: str, notes: str) -> None:
    """Refuse what people wrote where it is too long, or no plain text; raises `PresetError`."""
    for name, text in (("author", author), ("licence", licence), ("notes", notes)):
        if not isinstance(text, str) or len(text) > _LONGEST[name] or has_control_characters(text):
            raise PresetError(f"{name} must be plain text of at most {_LONGEST[name]} characters")


def parse_manifest(members: dict[str, bytes]) -> Manifest:
    """Read the manifest of a pack's files, and check every file by it.

    Raises
    ------
    PresetError, StrictJsonError
        It is none, or a file is another than it says.
    """
    data = members[MANIFEST]
    if len(data) > _MOST_BYTES:
        raise PresetError(f"{MANIFEST} is larger than {_MOST_BYTES >> 20} MB")
    top = parse_object(data, "a pack's manifest")
    check_fields(top, MANIFEST, _FIELDS, {"format", "format_version"})
    if top["format"] != FORMAT or top["format_version"] != FORMAT_VERSION:
        said = f"{short(top['format'])} version {short(top['format_version'])}"
        raise PresetError(f"{MANIFEST} is {said}; this wavemend reads {FORMAT!r} version {FORMAT_VERSION}")
    check_fields(top, MANIFEST, _FIELDS, _FIELDS)
    check_words(top["author"], top["licence"], top["notes"])
    made_with, plugins, documents, files = (_texts(top, name) for name in _TABLES)
    _check_files(files, members)
    if set(documents) != {name for name in members if name.startswith("documents/")}:
        raise PresetError(f"{MANIFEST} names other documents than there are")
    fingerprint = RenderFingerprint.from_json(top["fingerprint"])
    return Manifest(
        top["author"], top["licence"], top["notes"], fingerprint, made_with, plugins, documents, files
    )


def _texts(top: dict[str, Any], name: str) -> dict[str, str]:
    value = top[name]
    good = isinstance(value, dict) and len(value) <= _MOST_PLUGINS
    if not good or not all(
        isinstance(text, str) and len(key) + len(text) < 1000 for key, text in value.items()
    ):
        raise PresetError(f"{MANIFEST}: {name} must hold at most {_MOST_PLUGINS} short texts by name")
    if any(printable(key + text) != key + text for key, text in value.items()):
        raise PresetError(f"{MANIFEST}: {name} must not hold control characters, nor line breaks")
    return dict(value)


def _check_files(files: dict[str, str], members: dict[str, bytes]) -> None:
    others = {name: data for name, data in members.items() if name != MANIFEST}
    if set(files) != set(others):
        raise PresetError(f"{MANIFEST} names other files than there are")
    for name, data in others.items():
        if sha256(data).hexdigest() != files[name]:
            raise PresetError(f"{name} is another file than {MANIFEST} says; ask for the pack again")
        model = re.fullmatch(r"models/([0-9a-f]{64})\.onnx", name)
        if model and model[1] != files[name]:
            raise PresetError(f"{name} is another model than its name says; ask for the pack again")

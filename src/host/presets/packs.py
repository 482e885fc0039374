"""Packs: a preset with all that it needs to sound the same elsewhere, and how it sounded, in one file."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ...contract.parameters.fingerprint import Fingerprint
from ...errors import AudioFileError, PresetError, StrictJsonError, WavemendError
from ...inference.own import models_folder
from ..chain.chain import Chain
from ..chain.path import slot_number
from ..storage.folders import published_folder
from ..storage.json_text import json_text
from ..storage.publishing import clear_leftovers, published
from ..storage.strict_json import clip, parse_object, printable, short
from ..vst3.plugin import VST3
from .fingerprint import render_fingerprint
from .pack_file import MANIFEST, PRESET, SUFFIX, pack_bytes, read_pack_file
from .pack_manifest import Manifest, check_words, packages, parse_manifest, plugin_versions
from .preset import Preset, load_preset, parse_preset, preset_to_json
from .slots import Loading, absences, check_models

_DOCUMENT_FORMAT = "wavemend-recording"
# guard: memory, against hostile packs
_MOST_DOCUMENTS, _MOST_DOCUMENT_BYTES = 32, 8 * 2**20


@dataclass(frozen=True)
class Pack:
    """A pack that was read and checked, of which nothing was run yet.

    Attributes
    ----------
    preset
        Looked at: nothing need be installed.
    manifest
        What it says of itself.
    members
        Its files by their place in it.
    """

    preset: Preset
    manifest: Manifest
    members: Mapping[str, bytes]


def write_pack(
    preset: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    author: str = "",
    licence: str = "",
    notes: str = "",
    documents: Sequence[str | os.PathLike[str]] = (),
    overwrite: bool = False,
) -> Manifest:
    """Pack a preset with the models and states that it needs, and how it sounds here.

    Parameters
    ----------
    preset
        As `load_preset` takes it; everything that it names must be here.
    path
        File for the pack: the same bytes for the same content.
    author, licence, notes
        For people.
    documents
        Recording documents, with noise prints and the like, to go with it.
    overwrite
        Whether an existing file may be replaced.

    Raises
    ------
    PresetError, PluginError, ModelError
        The preset cannot be used here, or something cannot be packed.
    AudioFileError
        The file cannot be written.
    """
    if Path(path).suffix != SUFFIX:
        raise PresetError(f"{path}: a pack's name ends in {SUFFIX}: {Path(path).stem}{SUFFIX}")
    check_words(author, licence, notes)
    if len(documents) > _MOST_DOCUMENTS:
        raise PresetError(f"{len(documents)} documents are too many; a pack holds {_MOST_DOCUMENTS}")
    loaded = load_preset(preset)
    check_models(loaded.chain, os.fspath(preset))
    numbered = {f"documents/{number:02}.json": Path(one) for number, one in enumerate(documents, start=1)}
    members = {PRESET: (json_text(preset_to_json(loaded), indent=2) + "\n").encode()}
    members |= {place: _document(one) for place, one in numbered.items()}
    members |= _models(loaded.chain) | _states(loaded.chain)
    manifest = Manifest(
        author,
        licence,
        notes,
        render_fingerprint(loaded.chain),
        packages(),
        plugin_versions(loaded.chain),
        {place: printable(one.name) for place, one in numbered.items()},
        {place: sha256(data).hexdigest() for place, data in members.items()},
    )
    members = {MANIFEST: manifest.data(), **members}
    _checked(members, f"{path}: cannot be packed")  # as whoever gets it will
    data = pack_bytes(members)
    with published(Path(path), overwrite=overwrite) as part:
        part.write_bytes(data)
    return manifest


def _document(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_DOCUMENT_BYTES + 1)
    except OSError as error:
        raise PresetError(f"{path}: cannot be read: {error.strerror or error}") from None
    _check_document(data, str(path))
    return data


def _check_document(data: bytes, called: str) -> None:
    if len(data) > _MOST_DOCUMENT_BYTES:
        raise PresetError(f"{called}: larger than {_MOST_DOCUMENT_BYTES >> 20} MB, the most in a pack")
    try:
        top = parse_object(data, "a recording document")
    except StrictJsonError as error:
        raise PresetError(f"{called}: {error}") from None
    if not isinstance(top, dict) or top.get("format") != _DOCUMENT_FORMAT:
        raise PresetError(f"{called}: is no recording document")


def _models(chain: Chain) -> dict[str, bytes]:
    """Return the files of the models of one's own that a chain names, bypassed or not."""
    found = {}
    for _, slot in chain.walk():
        for name, parameter in getattr(slot.member, "schema", {}).items():
            named = getattr(slot.member, name) if isinstance(parameter, Fingerprint) else ""
            if named:
                path = models_folder() / f"{named}.onnx"
                try:
                    found[f"models/{named}.onnx"] = path.read_bytes()
                except OSError as error:
                    raise PresetError(f"{path}: cannot be read: {error.strerror or error}") from None
    return found


def _states(chain: Chain) -> dict[str, bytes]:
    """Return the states of a chain's VST3s as other hosts read them."""
    plugins = [(path, slot.member) for path, slot in chain.walk() if isinstance(slot.member, VST3)]
    return {f"states/{slot_number(path)}.vstpreset": one.hosted().vstpreset() for path, one in plugins}


def read_pack(path: str | os.PathLike[str]) -> Pack:
    """Read a pack and check all of it; nothing in it is run, and nothing is written.

    Raises
    ------
    PresetError
        It cannot be read, is none, or something in it is not what it says.
    """
    return _checked(read_pack_file(path), os.fspath(path))


def _checked(members: dict[str, bytes], called: str) -> Pack:
    try:
        manifest = parse_manifest(members)
        for name in manifest.documents:
            _check_document(members[name], name)
        preset = parse_preset(members[PRESET], PRESET, Loading(look_only=True))
    except (PresetError, StrictJsonError) as error:
        raise PresetError(f"{called}: {clip(str(error))}") from None
    return Pack(preset, manifest, members)


def unpack(pack: Pack, folder: str | os.PathLike[str]) -> list[Path]:
    """Write the files of a pack into a new folder, whole or not at all; return them.

    Raises
    ------
    AudioFileError
        Something is there already, which is never written to, or the folder cannot be made.
    """
    target = Path(folder)
    if os.path.lexists(target):
        raise AudioFileError(f"{target}: is there already, and is never written over; choose another with -o")
    try:
        clear_leftovers(target.parent)
        with published_folder(target) as made:
            for name, data in pack.members.items():
                file = made / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
    except OSError as error:
        there = error.errno in (errno.ENOTEMPTY, errno.EEXIST)
        why = (
            "is there already; somebody wrote it just now"
            if there
            else f"cannot be written: {error.strerror}"
        )
        raise AudioFileError(f"{target}: {why}") from None
    return [target / name for name in pack.members]


def sound_here(pack: Pack) -> str:
    """Render the standard signal through a pack's preset, and say how that compares with where it was made.

    What cannot be rendered here is said; where VST3s are missing, how it sounds without them, and with what
    the preset names in their place.
    """
    try:
        chain = parse_preset(pack.members[PRESET], PRESET).chain
        check_models(chain, PRESET)
        now = render_fingerprint(chain)
    except WavemendError as error:
        instead = [sentence for policy in ("bypass", "substitute") if (sentence := _sound_with(pack, policy))]
        return "; ".join([f"not compared: {clip(str(error))}", *instead])
    return clip(pack.manifest.fingerprint.compared(now, pack.manifest.changes(plugin_versions(chain))))


def _sound_with(pack: Pack, policy: str) -> str:
    """Say by how much a pack's preset differs without what is missing here; empty where nothing is."""
    then = pack.manifest.fingerprint
    try:
        chain = parse_preset(pack.members[PRESET], PRESET, Loading(policy)).chain
        done_without = [slot for _, slot in chain.walk() if slot.stands_for is not None and not slot.bypass]
        if not done_without:
            return ""
        check_models(chain, PRESET)
        now = render_fingerprint(chain, whole=False)
    except WavemendError:  # nothing stands in for one of them, or something else is wrong, which was said
        return ""
    if not then.is_of(now):
        return ""
    return f"with --missing {policy} it differs by up to {then.distance_db(now):.1f} dB"


def described(pack: Pack) -> list[tuple[str, str]]:
    """Return what a pack says of itself, for people."""
    said = pack.manifest
    rows = [("author", said.author), ("licence", said.licence), ("notes", said.notes)]
    rows.append(("made with", ", ".join(f"{name} {number}" for name, number in said.made_with.items())))
    rows += [("plugin", f"slot {name}, version {number}") for name, number in said.plugins.items()]
    rows += [("document", f"{name} ({place})") for place, name in said.documents.items()]
    rows += [("missing", f"slot {number}: {why}") for number, why in absences(pack.preset.chain)]
    for name in pack.members:
        if name.startswith("models/"):
            rows.append(("model", f"add it: wavemend models add {name}"))
        elif name.startswith("states/"):
            rows.append(("state", name))
    return [(what, short(text).strip("'") if "\n" in text else clip(text)) for what, text in rows if text]

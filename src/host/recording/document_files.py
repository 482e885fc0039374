"""Where recording documents lie, and how they are read and written there."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...errors import AudioFileError, DocumentError
from ..storage.file_names import fitted
from ..storage.outputs import make_folder
from ..storage.publishing import published
from .document import RecordingDocument
from .document_json import MOST_BYTES, document_text, parse_document
from .identity import AudioIdentity

SUFFIX = ".wavemend.json"
_HASH_DIGITS = 12  # derived: 48 bits, so that recordings of a folder do not share them


@dataclass(frozen=True)
class Kept:
    """The document of one recording, and where it is kept.

    Attributes
    ----------
    path
        Where it lies, or would be written to.
    document
        What it says; where it is not there, it is empty.
    is_there
        Whether it is.
    """

    path: Path
    document: RecordingDocument
    is_there: bool

    def save(self, document: RecordingDocument) -> Kept:
        """Keep `document` instead; raises `DocumentError` where it cannot be written."""
        make_folder(self.path.parent)
        save_document(document, self.path, overwrite=self.is_there)
        return Kept(self.path, document, is_there=True)


def kept_document(source: Path, folder: Path | None, audio: AudioIdentity) -> Kept:
    """Return the document of `source`, which is known to be `audio`; see `find_document`."""
    path, found = find_document(source, folder, lambda: audio)
    return Kept(path, found or RecordingDocument(audio), found is not None)


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


def load_document(path: str | os.PathLike[str]) -> RecordingDocument:
    """Read a document; raises `DocumentError`, whatever is wrong with it."""
    if Path(path).exists() and not Path(path).is_file():  # to open a pipe would wait for ever
        raise DocumentError(f"{path}: is no file; a recording document is one")
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
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
        with published(Path(path), overwrite=overwrite) as part:
            part.write_text(document_text(document), encoding="utf-8", errors="backslashreplace")
    except AudioFileError as error:
        raise DocumentError(str(error)) from None

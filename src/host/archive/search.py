"""``wavemend search``: where in a collection something is said."""

from __future__ import annotations

import os
import re

from ...errors import PlanError
from .manifest import Manifest
from .remote.keeping import folder_of
from .speech import Place

_MOST_CHARACTERS = 1000  # guard: of what is looked for
_PART = re.compile(r'"([^"]*)"(\*?)|([^\s"]+)')


def search(target: str | os.PathLike[str], words: str) -> list[Place]:
    """Return where in the transcripts of a collection all of `words` are said, in one segment.

    Parameters
    ----------
    target
        Folder that ``wavemend batch --transcribe`` restored into, or its URL.
    words
        Neither case nor accents count. Words in double quotes must follow each other; ``*`` at the end of a
        word stands for any ending.

    Returns
    -------
    list of Place
        By recording and time: ``path`` and ``name`` of the recording, ``start_s`` and ``end_s``, and a
        ``snippet`` with the words in brackets.

    Raises
    ------
    PlanError
        `words` holds none.
    ManifestError
        There is no manifest, or it holds no transcripts.
    RemoteError
        Nobody knows what lies behind the URL.
    """
    asked = _query(words)
    with folder_of(os.fspath(target)) as folder, Manifest(folder) as manifest:
        return manifest.places(asked)


def _query(words: str) -> str:
    """Return what FTS5 takes: quoted, so that nothing in it means anything but words."""
    if len(words) > _MOST_CHARACTERS:
        raise PlanError(f"{len(words)} characters are asked for; at most {_MOST_CHARACTERS} are looked for")
    plain = words.encode("utf-8", "replace").decode("utf-8")  # an argument may hold any bytes
    parts = []
    for phrase, any_ending, word in _PART.findall(plain.replace("\0", " ")):
        text = phrase or word.rstrip("*")
        if any(letter.isalnum() for letter in text):
            parts.append(f'"{text}"' + "*" * bool(any_ending or word.endswith("*")))
    if not parts:
        raise PlanError(f"{words!r} holds no word to look for")
    return " ".join(parts)

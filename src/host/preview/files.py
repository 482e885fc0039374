"""Files that the page may name: by numbers that were made up for it, never by paths."""

from __future__ import annotations

import secrets
from pathlib import Path

from ...errors import ParameterError
from ..files.audio_format import AUDIO_SUFFIXES

_MOST = 500  # guard: of a list that people read


class Shelf:
    """The sound files of one folder, and those that were named on the command line.

    Parameters
    ----------
    folder
        Whose sound files may be opened.
    named
        Others that may be.
    """

    def __init__(self, folder: Path, named: list[Path]) -> None:
        beside = sorted(path for path in folder.iterdir() if path.suffix.lower() in AUDIO_SUFFIXES)
        paths = dict.fromkeys([*named, *[path for path in beside if path.is_file()][:_MOST]])
        self._paths = {secrets.token_hex(8): path for path in paths}

    def path(self, number: str) -> Path:
        """Return the file; raises `ParameterError` where there is none of that number."""
        if number not in self._paths:
            raise ParameterError("there is no such file in this session")
        return self._paths[number]

    def listed(self) -> list[dict[str, str]]:
        """Return names and numbers."""
        return [{"file": number, "name": path.name} for number, path in self._paths.items()]

"""A recording behind a URL as an open file: for its head alone, so that planning fetches nothing whole."""

from __future__ import annotations

import threading
from pathlib import Path

from ...files.source_file import SourceFile
from .objects import system_of, telling

_BLOCK = 1 << 18  # guard: bytes a request; heads and tags are smaller as a rule
_BLOCKS = 16  # guard: memory for each of those that are looked at at once


class RemoteHead(SourceFile):
    """A `SourceFile` of what is read in pieces from behind a URL.

    Parameters
    ----------
    url
        Of the recording.
    path
        What stands for it here; its ending counts.
    size
        In bytes, as it was listed.

    Raises
    ------
    RemoteError
        It cannot be opened.
    """

    def __init__(self, url: str, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self.url = url
        self._failure = None
        self._lock = threading.Lock()
        with telling(url):
            system, name = system_of(url)
            self._remote = system.open(
                name, "rb", block_size=_BLOCK, cache_type="blockcache", cache_options={"maxblocks": _BLOCKS}
            )

    def read_into(self, room: memoryview, position: int) -> int:
        """Fill `room` with the bytes from `position` on; return how many there are."""
        with self._lock, telling(self.url):
            self._remote.seek(position)
            found: bytes = self._remote.read(len(room))
        room[: len(found)] = found
        return len(found)

    def is_at(self, path: Path) -> bool:
        """Whether `path` leads to this very file: none does."""
        return False

    def check(self) -> None:
        """Do nothing: it is fetched whole before it is restored."""

    def close(self) -> None:
        """Close it."""
        self._remote.close()

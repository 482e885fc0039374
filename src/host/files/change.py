"""How the samples of a restored file differ from those of its source."""

from __future__ import annotations

from typing import NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

_NAMES = uuid5(NAMESPACE_URL, "https://wavemend.org/file")  # names that are the same every time


class Cut(NamedTuple):
    """The part of a recording that is kept, in samples."""

    start: int
    length: int

    def place(self, position: int) -> int:
        """Where a position comes to lie; one in what was cut off on the nearest sample that is left."""
        return min(max(position - self.start, 0), self.length)

    def span(self, position: int, length: int) -> int:
        """How much is left of a stretch."""
        return self.place(position + length) - self.place(position)


class Change(NamedTuple):
    """What was done to the samples of one file.

    Attributes
    ----------
    history
        Line for the coding history of a Broadcast Wave, as `coding_line` makes it.
    source_sha256
        Of the file that they were made of.
    cut
        The part that is kept; None: all of it.
    sample_rate
        Hz.
    """

    history: str
    source_sha256: str
    cut: Cut | None
    sample_rate: int

    @property
    def uid(self) -> UUID:
        """Name of the new file: the same for the same source, processing and trim, for no other."""
        return uuid5(_NAMES, f"{self.source_sha256}\n{self.history}\n{self.cut}")

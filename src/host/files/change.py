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
        Line for the coding history of a Broadcast Wave, as `coding_line` makes it; empty: none.
    cut
        The part that is kept; None: all of it.
    loudness
        Of the new samples: integrated LUFS, range LU, true peak dBTP, highest momentary and short-term LUFS,
        None for each that there is none of. None: not measured.
    source_sha256
        Of the file that they were made of.
    sample_rate, bits
        Of the new file: Hz, and bits of a sample.
    """

    history: str = ""
    cut: Cut | None = None
    loudness: tuple[float | None, ...] | None = None
    source_sha256: str = ""
    sample_rate: int = 1
    bits: int = 16

    @property
    def uid(self) -> UUID:
        """Name of the new file: the same for the same source, processing and trim, for no other."""
        return uuid5(_NAMES, f"{self.source_sha256}\n{self.history}\n{self.cut}")


NO_MORE_KNOWN = Change()
"""What is done to samples where nobody says what it was."""

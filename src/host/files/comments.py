"""What a sound file says about itself that every container can say in its own way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .change import Cut

_MOST_CHUNK_BYTES = 64 << 20  # guard: memory that chunks of one file take
_MOST_PAIRS = 10_000  # guard: as said beneath
"""Of one file; a tag of a few hundred kilobytes can claim far more, and each would be written again."""


class CuePoint(NamedTuple):
    """A place in a recording: samples from its beginning, what it is called, and how far a region reaches."""

    position: int
    label: str = ""
    note: str = ""
    length: int = 0

    def within(self, cut: Cut) -> CuePoint:
        """Return it as it lies in the part that is kept."""
        return self._replace(position=cut.place(self.position), length=cut.span(self.position, self.length))


class ForeignChunk(NamedTuple):
    """A chunk of a WAV that no comment can hold."""

    identifier: bytes
    payload: bytes

    @property
    def name(self) -> str:
        """Its name as people write it."""
        return self.identifier.decode("ascii", "replace").strip()


@dataclass
class Comments:
    """What can be translated between containers: pairs as Vorbis has them, and pictures."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    """Key, upper case mostly, and value; a key may come more than once."""
    pictures: list[Any] = field(default_factory=list)
    """As `mutagen.flac.Picture`."""
    flac_blocks: list[Any] = field(default_factory=list)
    """Cue sheets and other programs' blocks: FLAC to FLAC only."""
    chunks: list[ForeignChunk] = field(default_factory=list)
    """Chunks of a WAV that a WAV and a FLAC can hold, those with cue points among them."""
    points: list[CuePoint] = field(default_factory=list)
    """Places in the recording."""
    point_chunks: dict[bytes, list[bytes]] = field(default_factory=dict)
    """The chunks that say so, by their names, as long as they are being read."""
    lost: list[str] = field(default_factory=list)
    """One line for each thing that could not be translated."""

    _known: set[tuple[str, str]] = field(default_factory=set)
    _said: set[str] = field(default_factory=set)

    def add(self, key: str, values: Iterable[object]) -> None:
        """Add what is neither empty nor known already."""
        for value in values:
            text = str(value).strip("\0 ")
            if text and (key, text) not in self._known:
                self.append(key, text)

    def append(self, key: str, text: str) -> None:
        """Add a pair as it is; said once where there are too many."""
        if len(self.pairs) < _MOST_PAIRS:
            self.pairs.append((key, text))
            self._known.add((key, text))
        else:
            self.lose(f"tags beyond the first {_MOST_PAIRS} were not carried over")

    def keep(self, chunk: ForeignChunk) -> None:
        """Add a chunk; said where there are too many bytes of them."""
        if sum(len(one.payload) for one in self.chunks) + len(chunk.payload) <= _MOST_CHUNK_BYTES:
            self.chunks.append(chunk)
        else:
            most = _MOST_CHUNK_BYTES >> 20
            self.lose(f"chunk '{chunk.name}' was not carried over: {most} MB of chunks are, at most")

    def lose(self, line: str) -> None:
        """Note what could not be translated; the same is noted once."""
        if line not in self._said:
            self._said.add(line)
            self.lost.append(line)

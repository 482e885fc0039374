"""What a sound file says about itself that every container can say in its own way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Comments:
    """What can be translated between containers: pairs as Vorbis has them, and pictures."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    """Key, upper case mostly, and value; a key may come more than once."""
    pictures: list[Any] = field(default_factory=list)
    """As `mutagen.flac.Picture`."""
    flac_blocks: list[Any] = field(default_factory=list)
    """Cue sheets and other programs' blocks: FLAC to FLAC only."""
    lost: list[str] = field(default_factory=list)
    """One line for each thing that could not be translated."""

    def add(self, key: str, values: Iterable[object]) -> None:
        """Add what is neither empty nor known already."""
        for value in values:
            text = str(value).strip("\0 ")
            if text and (key, text) not in self.pairs:
                self.pairs.append((key, text))

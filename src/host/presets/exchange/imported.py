"""What became of somebody else's chain: what was carried over, and what could not be."""

from __future__ import annotations

from dataclasses import dataclass, field

from ....errors import PresetError
from ...chain.chain import Chain
from ...storage.strict_json import clip


@dataclass(frozen=True)
class Imported:
    """A chain that was made of another program's.

    Attributes
    ----------
    chain
        What could be carried over.
    told
        What became of each thing, a sentence each.
    left_out
        What could not be, and why, a sentence each.
    """

    chain: Chain
    told: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def demand_whole(self, source: str) -> None:
        """Refuse what is not whole; raises `PresetError` that names each thing."""
        if self.left_out:
            raise PresetError(
                f"{source}: {'; '.join(map(clip, self.left_out))}: say --allow-missing for a preset without"
            )
        self.demand_some(source)

    def demand_some(self, source: str) -> None:
        """Refuse a chain in which nothing is left; raises `PresetError`."""
        if not len(self.chain):
            raise PresetError(f"{source}: nothing in it can sit in a preset")

"""What goes along a chain: samples, and what is told of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...audio.arrays import Audio
from ...contract.stage import Event
from .path import ChainSink, Path


class Load(NamedTuple):
    """What goes along a chain.

    Attributes
    ----------
    audio, removed
        The next samples, and what earlier parts of the chain took from them, each of shape (channels, n).
    sink
        Called with each event; None: nobody wants to know.
    ends
        Whether the recording ends with them.
    """

    audio: Audio
    removed: Audio
    sink: ChainSink | None
    ends: bool = False


def nothing(shape: tuple[int, ...]) -> Audio:
    """Return zeros that take no memory, for what nobody asks for: they cannot be written to."""
    return np.broadcast_to(np.zeros(()), shape)


class Told:
    """Takes the events of one load, until who has it last tells them: in one order, whoever worked on it."""

    def __init__(self) -> None:
        self.events: list[tuple[Path, Event]] = []

    def __call__(self, path: Path, event: Event) -> None:
        """See `ChainSink`."""
        self.events.append((path, event))

    def tell(self, sink: ChainSink) -> None:
        """Tell all of them."""
        for path, event in self.events:
            sink(path, event)

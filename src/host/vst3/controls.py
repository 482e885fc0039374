"""What a parameter, and a stream, know of a `VST3`: its controls and its settings, not the class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self

from .process.hosting import Hosted, Places


class Controls(Protocol):
    """A plugin whose parameters can be read and moved."""

    @property
    def name(self) -> str:
        """As it calls itself."""

    def hosted(self) -> Hosted:
        """Return the instance that answers for the settings."""

    def move(self, name: str, place: float) -> None:
        """Move a parameter to a place between 0 and 1."""


class Settings(Controls, Protocol):
    """A plugin's settings, for a stream."""

    @property
    def base(self) -> tuple[Any, ...]:
        """What a running stream cannot follow a change of."""

    @property
    def places(self) -> Places:
        """Parameters that were moved since the state was set."""

    @property
    def takes(self) -> Sequence[int]:
        """Channel counts, of 1 and 2, that it takes as they are."""

    @property
    def block_size(self) -> int:
        """Samples the plugin is given at once."""

    def delays(self, sample_rate: float) -> tuple[int, int | None]:
        """Return the delay that it reports, and the one that was measured."""

    def copy(self) -> Self:
        """Return an independent object with the same settings."""


class Loadable(Settings, Protocol):
    """A plugin that streams can be opened in."""

    @property
    def state(self) -> bytes:
        """Everything it remembers of its settings."""

    def new_instance(self) -> Hosted:
        """Load one more, without any of the settings."""

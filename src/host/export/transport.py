"""How an engine reaches its shell: all that differs between systems, in a module for each.

`platform.hpp` is the same on the shell's side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, Protocol

# source: the shell's transport; places of the two bells in the memory, in bytes
DOORBELL_AT, ANSWER_AT = 64, 384
ANSWER_S = 30.0  # guard: for a message that was announced, or to be read

Work = Callable[[bool, Callable[[], None]], NoReturn]
"""Called with whether it takes the place of one that was killed, and with what tells that it has begun."""


class Transport(Protocol):
    """One engine's end; it is the engine of a shell as soon as it is made."""

    @property
    def memory(self) -> memoryview:
        """What both share."""

    def wake_shell(self) -> None:
        """Wake the shell, whose bell was rung."""

    def wait(self, bell: int, seconds: float | None) -> None:
        """Wait until the engine's bell is not `bell` any more, or the time is over; it may return early."""

    def fence(self) -> None:
        """Have what was written before be seen before what is written after."""

    def peek(self) -> None:
        """Wait until there are bytes, and leave them there; also until the shell is gone."""

    def receive(self, most: int) -> bytes:
        """Wait for bytes; none where the shell is gone, TimeoutError where none come."""

    def send(self, data: bytes) -> None:
        """Send all of it; EOFError where the shell is gone."""

    def keep_at_work(self, work: Work) -> NoReturn:
        """Do the work, as often as it takes."""

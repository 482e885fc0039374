"""What an effect's shell and its engine say to each other beside the sound: messages on a line of their own.

::

    kind | number | size | 0 | payload        four numbers of 32 bits, little-endian

No pickle, and no JSON for the shell: what the engine learned is bytes to it. A process that is killed in the
midst of a message leaves one that nobody can go on with: whoever takes its place is told.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ...errors import PluginError
from .transport import Transport

# source: the shell's transport
STATE, LEARNED, TEXT, CURVE, READY = 1, 16, 17, 18, 19
MOST_BYTES = 64 * 2**20  # guard: of one message
_MOST_TEXT = 4096  # source: the shell's transport
_HEADER = struct.Struct("<IIII")


class Message(NamedTuple):
    """One message."""

    kind: int
    number: int
    payload: bytes


class Messages:
    """The engine's end of the line.

    Parameters
    ----------
    transport
        To the shell.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._torn = mmap.mmap(-1, mmap.PAGESIZE)  # seen by forks

    @property
    def torn(self) -> bool:
        """Whether a message was begun, by this process or one that it was forked from, and not ended."""
        return bool(self._torn[0])

    def receive(self) -> Message:
        """Wait for the next message; `PluginError` where none comes, EOFError where the shell is gone."""
        try:
            self._transport.peek()  # it may take its time to begin
            with self._whole():
                kind, number, size, _ = _HEADER.unpack(self._read(_HEADER.size))
                if size > MOST_BYTES:
                    raise PluginError(f"a message of {size} bytes came; at most {MOST_BYTES} are taken")
                return Message(kind, number, self._read(size))
        except TimeoutError:
            raise PluginError("a message that was announced did not come") from None

    def send(self, kind: int, payload: bytes = b"", number: int = 0) -> None:
        """Send a message; EOFError where the shell is gone."""
        with self._whole():
            self._transport.send(_HEADER.pack(kind, number, len(payload), 0) + payload)

    def say(self, text: str) -> None:
        """Send a line for people; an empty one withdraws the last."""
        self.send(TEXT, text.encode()[:_MOST_TEXT].decode(errors="ignore").encode())

    @contextmanager
    def _whole(self) -> Iterator[None]:
        self._torn[0] = 1
        yield
        self._torn[0] = 0

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._transport.receive(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

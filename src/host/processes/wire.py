"""Messages between the host and a worker: a fixed header, JSON, and bytes.

No pickle: what a worker says is data, whatever the plugin in it has done to it.
"""

from __future__ import annotations

import json
import struct
from typing import Any, NamedTuple

HEADER = struct.Struct("<II")
"""Bytes of JSON, and bytes of the attachment. None of either: a block of audio lies in the shared memory."""

MOST_BYTES = 64 * 2**20  # guard: of one message: a plugin's state is in it


class Message(NamedTuple):
    """JSON and an attachment.

    Attributes
    ----------
    content
        Anything JSON can hold.
    attachment
        Bytes that go along, such as a plugin's state.
    """

    content: Any
    attachment: bytes = b""


def pack(message: Message) -> bytes:
    """Bytes of a message."""
    content = json.dumps(message.content).encode()
    return HEADER.pack(len(content), len(message.attachment)) + content + message.attachment


def unpack(content: bytes, attachment: bytes) -> Message:
    """Read a message's two parts; raises `ValueError` where they are none."""
    return Message(json.loads(content), attachment)

"""``.vstpreset`` files: whose they are, told before any plugin sees them.

Steinberg, VST 3 SDK documentation, "Preset Format": ``VST3``, a version, the class id in 32 characters, then
chunks.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path

from ....errors import AudioFileError, PresetError
from ...storage.publishing import published
from .identity import IDENTIFIER, Identity

_MOST_BYTES = 32 * 2**20  # guard: of a state
_HEAD_BYTES = 48  # source: Steinberg's .vstpreset format, version 1
_MOST_CHUNKS = 256  # guard: against hostile files
_CHUNK = struct.Struct("<4sqq")
CLASS_ID = slice(8, 40)
"""Where the class id lies."""


def read_vstpreset(path: str | os.PathLike[str], identity: Identity) -> bytes:
    """Return the bytes of a ``.vstpreset`` file that belongs to the plugin `identity`.

    Raises
    ------
    PresetError
        It cannot be read, is none, or is another plugin's.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise PresetError(f"{path}: cannot be read: {error.strerror or error}") from None
    owner = data[CLASS_ID].decode("ascii", "replace").upper()
    if len(data) > _MOST_BYTES or data[:4] != b"VST3" or not re.fullmatch(IDENTIFIER, owner):
        raise PresetError(f"{path}: is no .vstpreset file")
    if owner != identity.identifier:
        raise PresetError(f"{path}: belongs to the plugin {owner}; {identity.name} is {identity.identifier}")
    return data


def vstpreset_bytes(identifier: str, chunks: Mapping[bytes, bytes]) -> bytes:
    """Return a ``.vstpreset`` file of a plugin: its class id, and chunks by their names of four letters."""
    ends = [*accumulate(map(len, chunks.values()), initial=_HEAD_BYTES)]
    head = b"VST3" + struct.pack("<i32sq", 1, identifier.encode("ascii"), ends[-1])
    listed = [
        _CHUNK.pack(name, at, len(chunk)) for at, (name, chunk) in zip(ends, chunks.items(), strict=False)
    ]
    return head + b"".join(chunks.values()) + b"List" + struct.pack("<i", len(chunks)) + b"".join(listed)


def vstpreset_chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a ``.vstpreset`` file by their names; raises `PresetError` where it is none."""
    try:
        (at,) = struct.unpack_from("<q", data, CLASS_ID.stop)
        (count,) = struct.unpack_from("<i", data, at + 4)
        if data[:4] != b"VST3" or data[at : at + 4] != b"List" or not 0 <= count <= _MOST_CHUNKS:
            raise ValueError
        listed = [_CHUNK.unpack_from(data, at + 8 + _CHUNK.size * number) for number in range(count)]
        if any(start < 0 or size < 0 or start + size > len(data) for _, start, size in listed):
            raise ValueError
    except (ValueError, struct.error):
        raise PresetError("is no .vstpreset file") from None
    return {name: data[start : start + size] for name, start, size in listed}


def stateless_vstpreset(identifier: str) -> bytes:
    """Return the ``.vstpreset`` file of a plugin that remembers nothing: its states are there, and empty."""
    return vstpreset_bytes(identifier, {b"Comp": b"", b"Cont": b""})


def write_vstpreset(path: str | os.PathLike[str], data: bytes, *, overwrite: bool) -> None:
    """Write a ``.vstpreset`` file, whole or not at all; raises `PresetError`."""
    try:
        with published(Path(path), overwrite=overwrite) as part:
            part.write_bytes(data)
    except AudioFileError as error:
        raise PresetError(str(error)) from None

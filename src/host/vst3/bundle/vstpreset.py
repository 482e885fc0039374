"""``.vstpreset`` files: whose they are, told before any plugin sees them.

Steinberg, VST 3 SDK documentation, "Preset Format": ``VST3``, a version, the class id in 32 characters, then
chunks.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

from ....errors import AudioFileError, PresetError
from ...storage.publishing import published
from .identity import IDENTIFIER, Identity

_MOST_BYTES = 32 * 2**20  # guard: of a state
_HEAD_BYTES = 48  # source: Steinberg's .vstpreset format, version 1
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


def stateless_vstpreset(identifier: str) -> bytes:
    """Return the ``.vstpreset`` file of a plugin that remembers nothing: its states are there, and empty."""
    head = b"VST3" + struct.pack("<i32sq", 1, identifier.encode("ascii"), _HEAD_BYTES)
    chunks = [struct.pack("<4sqq", name, _HEAD_BYTES, 0) for name in (b"Comp", b"Cont")]
    return head + b"List" + struct.pack("<i", len(chunks)) + b"".join(chunks)


def write_vstpreset(path: str | os.PathLike[str], data: bytes, *, overwrite: bool) -> None:
    """Write a ``.vstpreset`` file, whole or not at all; raises `PresetError`."""
    try:
        with published(Path(path), overwrite=overwrite) as part:
            part.write_bytes(data)
    except AudioFileError as error:
        raise PresetError(str(error)) from None

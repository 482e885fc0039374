"""``.vstpreset`` files: whose they are, told before any plugin sees them.

Steinberg, VST 3 SDK documentation, "Preset Format": ``VST3``, a version, the class id in 32 characters, then
chunks.
"""

from __future__ import annotations

import os
import re
import stat
import struct
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path

from ....errors import AudioFileError, PresetError
from ...storage.publishing import published
from .identity import IDENTIFIER, Identity

_MOST_BYTES = 32 * 2**20  # guard: of a state
_MOST_CHUNKS = 256  # guard: against hostile files
# source: Steinberg's .vstpreset format, version 1
_VERSION = 1
_HEAD, _LIST, _CHUNK = struct.Struct("<4si32sq"), struct.Struct("<4si"), struct.Struct("<4sqq")
_COMPONENT = b"Comp"
_NONE = "is no .vstpreset file, or a damaged one"
CLASS_ID = slice(8, 40)
"""Where the class id lies."""


def read_vstpreset(path: str | os.PathLike[str]) -> tuple[str, bytes]:
    """Return the class id of the plugin that a ``.vstpreset`` file belongs to, and its bytes, all checked.

    Raises
    ------
    PresetError
        It cannot be read, or is none.
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):  # a pipe would wait for its writer
            raise PresetError(f"{path}: is no file")
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise PresetError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(data) > _MOST_BYTES:
        raise PresetError(f"{path}: larger than {_MOST_BYTES >> 20} MB; no plugin's settings are")
    try:
        if _COMPONENT not in vstpreset_chunks(data):
            raise PresetError("is a .vstpreset file without a plugin's state")
    except PresetError as error:
        raise PresetError(f"{path}: {error}") from None
    return data[CLASS_ID].decode("ascii").upper(), data


def read_own_vstpreset(path: str | os.PathLike[str], identity: Identity) -> bytes:
    """Return the bytes of a ``.vstpreset`` file that belongs to the plugin `identity`.

    Raises
    ------
    PresetError
        It cannot be read, is none, or is another plugin's.
    """
    owner, data = read_vstpreset(path)
    if owner != identity.identifier:
        raise PresetError(f"{path}: belongs to the plugin {owner}; {identity.name} is {identity.identifier}")
    return data


def vstpreset_bytes(identifier: str, chunks: Mapping[bytes, bytes]) -> bytes:
    """Return a ``.vstpreset`` file of a plugin: its class id, and chunks by their names of four letters."""
    ends = [*accumulate(map(len, chunks.values()), initial=_HEAD.size)]
    head = _HEAD.pack(b"VST3", _VERSION, identifier.encode("ascii"), ends[-1])
    listed = [
        _CHUNK.pack(name, at, len(chunk)) for at, (name, chunk) in zip(ends, chunks.items(), strict=False)
    ]
    return head + b"".join(chunks.values()) + _LIST.pack(b"List", len(chunks)) + b"".join(listed)


def vstpreset_chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a ``.vstpreset`` file by their names; raises `PresetError` where it is none."""
    try:
        mark, version, owner, at = _HEAD.unpack_from(data)
        listing, count = _LIST.unpack_from(data, at) if at >= _HEAD.size else (b"", 0)
        listed = [
            _CHUNK.unpack_from(data, at + _LIST.size + _CHUNK.size * number)
            for number in range(min(count, _MOST_CHUNKS))
        ]
    except (struct.error, OverflowError):
        raise PresetError(_NONE) from None
    if mark == b"VST3" and version != _VERSION:
        raise PresetError(f"is a .vstpreset file of version {version}; this wavemend reads {_VERSION}")
    named = re.fullmatch(IDENTIFIER.encode(), owner.upper())
    within = all(start >= _HEAD.size and 0 <= size <= len(data) - start for _, start, size in listed)
    if not (mark == b"VST3" and named and listing == b"List" and 0 <= count == len(listed) and within):
        raise PresetError(_NONE)
    if len({name for name, _, _ in listed}) < count:
        raise PresetError("is a .vstpreset file that holds a chunk twice")
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

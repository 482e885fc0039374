"""The file of a pack: a zip of a fixed layout, the same bytes for the same content, read as a stranger's.

Members are stored, not deflated, so that nothing grows while it is read, and the same pack has the same bytes
wherever it is made. What a file is and how large, its manifest says with a hash.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from ...errors import PresetError
from ..storage.strict_json import short

SUFFIX = ".wavemend"
PACK_MARK = b"PK\3\4"  # source: PKWARE APPNOTE 4.3.7, what a zip begins with
MANIFEST, PRESET = "pack.json", "preset.json"
MOST_BYTES = 64 * 2**20  # guard: memory, against hostile packs
_MOST_MEMBERS = 64  # guard: memory
_MOST_DIRECTORY = 2**14  # guard: memory; derived: 64 members of names under 100 bytes take less
_END = struct.Struct("<4s4H2LH")  # source: PKWARE APPNOTE 4.3.16, end of central directory record
_LOCATOR_BYTES = 20  # source: PKWARE APPNOTE 4.3.15, Zip64 locator
_EPOCH = (1980, 1, 1, 0, 0, 0)  # source: the first date that a zip knows
_LAYOUT = re.compile(
    r"pack\.json|preset\.json|documents/[0-9]{2}\.json|models/[0-9a-f]{64}\.onnx|states/[0-9]{1,3}(\.[0-9]{1,3}){0,8}\.vstpreset"
)


def pack_bytes(members: Mapping[str, bytes]) -> bytes:
    """Return the file of a pack; raises `PresetError` where `read_pack_file` would refuse it."""
    names = sorted(members, key=lambda name: (name != MANIFEST, name != PRESET, name))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3  # Unix, on every system
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, members[name])
    data = held.getvalue()
    if parse_pack(data) != dict(members):
        raise PresetError("the pack cannot be read back")
    return data


def read_pack_file(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """Return the members of a pack by name; nothing is written.

    Raises
    ------
    PresetError
        It cannot be read, is none, or holds what no pack holds.
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):  # a pipe would wait for its writer
            raise PresetError(f"{path}: is no file")
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        return parse_pack(data)
    except OSError as error:
        raise PresetError(f"{path}: cannot be read: {error.strerror or error}") from None
    except PresetError as error:
        raise PresetError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None


def parse_pack(data: bytes) -> dict[str, bytes]:
    """Return the members of the bytes of a pack; errors as `read_pack_file`."""
    if len(data) > MOST_BYTES:
        raise PresetError(
            f"larger than {MOST_BYTES >> 20} MB; a pack holds a preset, prints and small models"
        )
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            for info in infos:
                _check_member(info)
            names = [info.filename for info in infos]
            if len(set(names)) < len(names):
                raise PresetError("holds a file twice")
            if sum(info.file_size for info in infos) > len(data):
                raise PresetError("holds files that lie over each other")
            members = {info.filename: archive.read(info) for info in infos}
    except PresetError:
        raise
    except (
        zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
        ValueError,
        struct.error,
    ) as error:
        raise PresetError(f"is a damaged pack: {short(str(error))}") from None
    for name in (MANIFEST, PRESET):
        if name not in members:
            raise PresetError(f"holds no {name}, so it is no pack")
    return members


def _check_directory(data: bytes) -> None:
    """Refuse what a zip says about itself, before anything is made of it."""
    if len(data) < _END.size or not data.startswith(PACK_MARK):
        raise PresetError("is no pack: a pack is a file that `wavemend presets pack` wrote")
    mark, disk, first_disk, here, count, size, start, comment = _END.unpack(data[-_END.size :])
    if mark != b"PK\5\6" or comment or disk or first_disk or here != count:
        raise PresetError("is a damaged pack: it does not end as one")
    if data[-_END.size - _LOCATOR_BYTES :][:4] == b"PK\6\7":
        raise PresetError("is a Zip64 file; a pack is none")
    if count > _MOST_MEMBERS or size > _MOST_DIRECTORY:
        raise PresetError(f"holds more than {_MOST_MEMBERS} files, or too long names")
    if start + size + _END.size != len(data):
        raise PresetError("is a damaged pack: something lies before or within it that is no part of it")


def _check_member(info: zipfile.ZipInfo) -> None:
    if not _LAYOUT.fullmatch(info.filename) or info.filename != info.orig_filename:
        raise PresetError(f"holds {short(info.orig_filename)}, which is no place in a pack")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise PresetError(f"holds {info.filename} as a link or a folder; a pack holds files alone")
    if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & ~0x800:
        raise PresetError(
            f"holds {info.filename} compressed or encrypted; repack it with `wavemend presets pack`"
        )
    if info.extra:
        raise PresetError(f"holds {info.filename} with extra fields, such as Zip64's; a pack has none")
    if info.file_size != info.compress_size:
        raise PresetError(f"holds {info.filename} with two sizes")

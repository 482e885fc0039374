"""Mutated packs: what is in them, what their zip says of it, and their bytes."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from wavemend.errors import WavemendError
from wavemend.host.chain.chain import Chain
from wavemend.host.presets.fingerprint import render_fingerprint
from wavemend.host.presets.pack_manifest import Manifest, packages
from wavemend.host.presets.packs import read_pack

from .json_mutations import Generator, mutated_json
from .judge import Case, Command, Run
from .mutations import duplicate, flip, leave_out, lengthen, overwrite, truncate
from .presets import LOOK_SECONDS, preset_tree

_NAMES = (
    "../x", "/tmp/x", "C:\\x", "a/../../x", "documents/01.json/", "documents/1.json", "models/x.onnx",
    "PACK.JSON", "states/..vstpreset", "states/1.1.1.vstpreset", "pack.json",
    "\u202egnp.json", "x" * 5000, "", ".", "con",
)  # fmt: skip
_BYTES = (flip, flip, overwrite, truncate, lengthen, duplicate, leave_out)
_CHEAP = {
    "format": "wavemend-preset", "format_version": 1, "name": "Theirs", "description": "",
    "chain": [
        {
            "plugin": "wavemend.rumble", "version": 1,
            "parameters": {"cutoff_hz": 30.0, "slope_db_per_octave": "24"},
        },
        {"plugin": "pedalboard.Gain", "parameters": {"gain_db": -3.0}, "mix": 0.5},
    ],
}  # fmt: skip


class Packs:
    """Packs of made-up presets, mutated."""

    name = "packs"

    def case(self, seed: int, index: int, folder: Path) -> Case:
        """See `Kind.case`."""
        rng = np.random.default_rng([seed, index])
        data, cheap, done = pack_data(rng)
        pack, target = folder / "theirs.wavemend", folder / "out"
        pack.write_bytes(data)
        commands = [Command(("presets", "unpack", str(pack), "--look", *(("--json",) * (index % 2))))]
        if cheap:  # what any chain costs to render is not the pack's to say
            commands.append(Command(("presets", "unpack", str(pack), "-o", str(target)), target))
        return Case(commands, _Check(pack).left_by, done)


class _Check:
    def __init__(self, pack: Path) -> None:
        self._pack = pack

    def left_by(self, run: Run) -> list[str]:
        """See `Case.check`."""
        target = run.command.target
        if run.seconds > LOOK_SECONDS:
            return [f"{run.seconds:.1f} s to read it"]
        if target is None:
            return []
        there = {path.relative_to(target).as_posix() for path in target.rglob("*") if not path.is_dir()}
        if run.code != 0:
            return [f"code {run.code} left {sorted(there)}"] if target.exists() else []
        try:
            expected = set(read_pack(self._pack).members)
        except WavemendError as error:
            return [f"was unpacked, and is refused: {error!s:.300}"]
        return [] if there == expected else [f"unpacked {sorted(there)}"]


def pack_data(rng: Generator) -> tuple[bytes, bool, str]:
    """Return a mutated pack, whether its preset is cheap to render, and what was done."""
    cheap = rng.random() < 0.6
    tree: Any = _CHEAP if cheap else preset_tree(rng)[0]
    done = []
    if rng.random() < 0.5:
        preset, said = mutated_json(rng, tree)
        done.append(f"preset: {said}")
        cheap = cheap and len(preset) < 10_000
    else:
        preset = json.dumps(tree, default=str).encode()
    members = {"preset.json": preset, "documents/01.json": b'{"format": "wavemend-recording"}'}
    model = rng.bytes(int(rng.integers(5000)))
    members[f"models/{sha256(model).hexdigest()}.onnx"] = model
    members["states/2.vstpreset"] = rng.bytes(int(rng.integers(5000)))
    manifest = json.loads(_manifest())
    manifest["files"] = {name: sha256(data).hexdigest() for name, data in members.items()}
    head = json.dumps(manifest).encode()
    if rng.random() < 0.4:
        head, said = mutated_json(rng, manifest)
        done.append(f"manifest: {said}")
    files = [("pack.json", head), *members.items()]
    data, said = _zipped(rng, files)
    done += [said] if said else []
    if rng.random() < 0.3:
        change: Callable[..., bytes] = _BYTES[int(rng.integers(len(_BYTES)))]
        data = change(rng, data)
        done.append(change.__name__)
    if rng.random() < 0.15:
        data, said = _directory_lie(rng, data)
        done.append(said)
    return data, cheap, "; ".join(done) or "as it is"


@cache
def _manifest() -> bytes:
    sound = render_fingerprint(Chain([]))
    words = ("Them", "CC0-1.0", "Two\nlines")
    documents = {"documents/01.json": "side.json"}
    return Manifest(*words, sound, packages(), {"1 Rumble": "1"}, documents).data()


def _zipped(rng: Generator, files: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    """Make a zip, now and then one that no pack is."""
    said = ""
    infos = [(zipfile.ZipInfo(name), data) for name, data in files]
    lie = int(rng.integers(12))
    if lie == 0:
        infos.append((zipfile.ZipInfo(str(rng.choice(_NAMES)) or "x"), b"x"))
        said = f"and a file {infos[-1][0].filename!r:.40}"
    elif lie == 1:
        infos[int(rng.integers(len(infos)))][0].external_attr = (stat.S_IFLNK | 0o777) << 16
        said = "a link"
    elif lie == 2:
        infos += [
            (zipfile.ZipInfo(f"documents/{n:02}.json"), b"{}") for n in range(int(rng.integers(2, 3000)))
        ]
        said = "many files"
    elif lie == 3:
        infos.append(infos[int(rng.integers(len(infos)))])
        said = "a file twice"
    elif lie == 4:
        infos[-1] = (infos[-1][0], bytes(20_000_000))
        said = "a bomb"
    kind = zipfile.ZIP_DEFLATED if lie in (4, 5) else zipfile.ZIP_STORED
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive._didModify = True  # type: ignore[attr-defined]  # an empty one is written too
        for info, data in infos:
            if info.filename in archive.NameToInfo:
                archive.NameToInfo.pop(info.filename)  # no warning of a double
            archive.writestr(info, data, kind)
        archive.comment = b"x" * 70 if lie == 6 else b""
    return held.getvalue(), said or ("deflated" if lie == 5 else "a comment" if lie == 6 else "")


def _directory_lie(rng: Generator, data: bytes) -> tuple[bytes, str]:
    """Change a number in the directory of a zip, or in its end."""
    made = bytearray(data)
    mark = (b"PK\1\2", b"PK\5\6", b"PK\3\4")[rng.integers(3)]
    places = [at for at in range(len(made) - 46) if made[at : at + 4] == mark] or [0]
    at = int(rng.choice(places)) + int(rng.integers(4, 44))
    value = int(rng.choice([0, 1, 8, 99, 0xFFFF, 0xFFFFFFFF, rng.integers(2**32)]))
    struct.pack_into("<I", made, min(at, max(len(made) - 4, 0)), value) if len(made) >= 4 else None
    return bytes(made), f"{value:#x} at {at}"

"""Makes the golden packs: what each version of a stage stored, and what it made of the standard signal.

``python -m tests.host.presets.golden`` packs every stage of a version that has no golden pack yet: before a
version is raised, so that the next one can say how it differs. One that was forgotten is made of the history:
``python -m tests.host.presets.golden COMMIT wavemend.dehum=2 ...`` runs the code of that commit. Where that
runs no more beside today's libraries, ``--values`` keeps what was stored alone, as a preset.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from wavemend.contract.parameters.number import Number
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.contract.stage import Stage
from wavemend.host.chain.chain import Chain
from wavemend.host.presets.fingerprint import RenderFingerprint, fingerprint_of, render_fingerprint
from wavemend.host.presets.pack_file import pack_bytes
from wavemend.host.presets.pack_manifest import Manifest, packages, plugin_versions
from wavemend.host.presets.preset import Preset, preset_to_json
from wavemend.host.presets.standard_signal import RATE, standard_signal

FOLDER = Path(__file__).parent / "golden"
_ROOT = Path(__file__).parents[3]
_HEAR = """
import sys, warnings, numpy
warnings.simplefilter("ignore")
from wavemend import load_preset
chain = load_preset(sys.argv[1]).chain
numpy.save(sys.argv[3], chain(numpy.load(sys.argv[2]), int(sys.argv[4])))
"""


def golden_pack(identifier: str, version: int) -> Path:
    """Return where the golden pack of a stage's version lies."""
    return FOLDER / f"{identifier.partition('.')[2]}-{version}.wavemend"


def typical(kind: type[Stage]) -> Stage:
    """Return a stage whose numbers are not those of a new one."""
    stage = kind()
    for name, parameter in kind.schema.items():
        if isinstance(parameter, Number):
            place = (parameter.to_raw(parameter.default) + 0.5) / 2
            setattr(stage, name, round(parameter.from_raw(place), 3))
    return stage


def write(preset: dict[str, Any], sound: RenderFingerprint, versions: dict[str, str], path: Path) -> None:
    """Write a golden pack; one that is there stays."""
    data = (json.dumps(preset, indent=2) + "\n").encode()
    files = {"preset.json": sha256(data).hexdigest()}
    manifest = Manifest("wavemend", "CC0-1.0", "golden", sound, packages(), versions, {}, files)
    with path.open("xb") as file:
        file.write(pack_bytes({"pack.json": manifest.data(), "preset.json": data}))
    print(f"wrote {path.name}")


def of_now() -> None:
    """Pack every stage of this checkout whose version has no golden pack."""
    for identifier in stage_ids():
        kind = stage_class(identifier)
        path = golden_pack(identifier, kind.version)
        if not path.exists():
            chain = Chain([typical(kind)])
            preset = preset_to_json(Preset(kind.name, "", chain))
            write(preset, render_fingerprint(chain), plugin_versions(chain), path)


def of_history(commit: str, identifier: str, version: int, *, values: bool) -> None:
    """Pack what a commit's first preset that holds the stage says of it, as that commit's code sounds.

    With `values` it is not rendered, and a preset and no pack.
    """
    preset, slot = _stored(commit, identifier)
    if slot["version"] != version:
        raise SystemExit(f"{commit} has version {slot['version']} of {identifier}")
    preset = {
        **preset,
        "name": f"{stage_class(identifier).name} {version}",
        "description": "",
        "chain": [slot],
    }
    if values:
        path = golden_pack(identifier, version).with_suffix(".json")
        path.write_text(json.dumps(preset, indent=2) + "\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        _check_out(commit, Path(folder) / "wavemend")
        said, signal, heard = (Path(folder) / name for name in ("preset.json", "signal.npy", "heard.npy"))
        said.write_text(json.dumps(preset))
        np.save(signal, standard_signal())
        command = [sys.executable, "-c", _HEAR, said, signal, heard, str(RATE)]
        own = {"PYTHONPATH": folder, "NUMBA_CACHE_DIR": f"{folder}/cache"}
        subprocess.run(command, check=True, env=os.environ | own, cwd=folder)
        sound = fingerprint_of(np.load(heard))
    versions = {f"1 {stage_class(identifier).__name__}": str(version)}
    write(preset, sound, versions, golden_pack(identifier, version))


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, check=True).stdout


def _stored(commit: str, identifier: str) -> tuple[dict[str, Any], dict[str, Any]]:
    for name in _git("ls-tree", "--name-only", commit, "presets/").decode().split():
        preset = json.loads(_git("show", f"{commit}:{name}")) if name.endswith(".json") else {}
        chain = preset.get("chain", []) if "schema" not in name else []
        for slot in chain:
            if slot.get("plugin") == identifier:
                return preset, slot | {"bypass": False}
    raise SystemExit(f"no preset of {commit} holds {identifier}")


def _check_out(commit: str, package: Path) -> None:
    """Put the package of a commit together as an installation has it."""
    package.mkdir()
    for source, target in (
        ("src", package),
        ("presets", package / "presets"),
        ("models", package / "models"),
    ):
        target.mkdir(exist_ok=True)
        archive = _git("archive", f"{commit}:{source}")
        subprocess.run(["tar", "-x", "-C", target], input=archive, check=True)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    if len(sys.argv) == 1:
        of_now()
    for stage in (word for word in sys.argv[2:] if word != "--values"):
        identifier, _, number = stage.partition("=")
        of_history(sys.argv[1], identifier, int(number), values="--values" in sys.argv)

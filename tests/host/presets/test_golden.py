"""Presets of every version that a stage had still load, keep their values, and say how they sound by now.

What is in ``golden``, and how it is made, `golden` says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.host.chain.chain import Chain
from wavemend.host.presets.packs import read_pack, sound_here
from wavemend.host.presets.preset import parse_preset

from .golden import FOLDER, golden_pack

# Another kind of processor designs a filter otherwise in its last bits. With poles close to 1, as Rumble has
# them, a hash of samples shows it, and nobody hears it.
SAME = ("identical", "same within 0.01 dB")
OLD = sorted(
    path for path in FOLDER.iterdir() if not path.stem.endswith(f"-{stage_class(path.stem[:-2]).version}")
)


def stored(path: Path) -> tuple[dict[str, Any], Chain]:
    """Return the first slot that a golden file stores, and the chain that is loaded of it."""
    data = path.read_bytes() if path.suffix == ".json" else read_pack(path).members["preset.json"]
    slot: dict[str, Any] = json.loads(data)["chain"][0]
    return slot, parse_preset(data, path.name).chain


@pytest.mark.parametrize("identifier", stage_ids())
def test_no_older_version_is_forgotten(identifier: str) -> None:
    versions = range(1, stage_class(identifier).version)
    packs = [golden_pack(identifier, version) for version in versions]
    missing = [path.name for path in packs if not (path.exists() or path.with_suffix(".json").exists())]
    assert not missing, "run: python -m tests.host.presets.golden COMMIT STAGE=VERSION"


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_values_are_those_that_were_stored(path: Path) -> None:
    slot, chain = stored(path)
    values = chain[0].values()
    assert {name: values[name] for name in slot["parameters"]} == slot["parameters"]
    assert len(chain.warnings()) == (path in OLD)


@pytest.mark.parametrize(
    "path", [path for path in sorted(FOLDER.iterdir()) if path not in OLD], ids=lambda p: p.name
)
def test_the_sound_of_a_version_stays_what_it_was(path: Path) -> None:
    said = sound_here(read_pack(path))
    assert said.startswith(SAME), f"{said}: raise the version, after python -m tests.host.presets.golden"


@pytest.mark.parametrize("path", [path for path in OLD if path.suffix == ".wavemend"], ids=lambda p: p.name)
def test_an_older_sound_is_compared_and_its_version_named(path: Path) -> None:
    said = sound_here(read_pack(path))
    name, version = type(stored(path)[1][0]).__name__, path.stem[-1]
    assert said.startswith(("identical", "same within ", "differs by up to "))
    assert f"{name} {version} -> " in said

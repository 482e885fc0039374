"""Calls in any order with any values, and mutated manifests: no crash, under sanitizers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from .bundles import Host, bundle, manifest, state
from .conftest import Loaded

CALLS = 400
PROGRAMS = {"soft.state": state({10: 0.25}), "hard.state": state({10: 0.75})}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("engine", ["gain=0.5", "crash=3000", "fault=3000"])
def test_no_order_of_calls_crashes_a_host(loaded: Loaded, seed: int, engine: str) -> None:
    lines = manifest(500, engine=[engine], programs=["Soft", "Hard"])
    limits = {"WAVEMEND_ENGINE_ANSWER_S": "0.2", "WAVEMEND_ENGINE_WAIT_S": "2"}
    host = loaded(lines, None, PROGRAMS, **limits)
    assert host.ask("fuzz", seed, CALLS) == "survived"
    host.end()


def test_no_manifest_crashes_a_host(host_binary: Path, loaded: Loaded, tmp_path: Path) -> None:
    random = np.random.default_rng(11)
    original = "".join(f"{line}\n" for line in manifest(programs=["Soft"])).encode()
    placed = bundle(tmp_path / "mutated", host_binary, manifest())
    written = placed.parents[1] / "Resources" / "manifest.tsv"
    (written.parent / "soft.state").write_bytes(PROGRAMS["soft.state"])

    for _ in range(25):
        changed = bytearray(original)
        for _ in range(random.integers(1, 4)):
            place, kind = int(random.integers(len(changed))), random.integers(4)
            if kind == 0:
                changed[place] = int(random.integers(256))
            elif kind == 1:
                del changed[place : place + int(random.integers(1, 40))]
            elif kind == 2:
                changed[place:place] = changed[place : place + 30]
            else:
                changed[place:place] = bytes(random.choice(list(b"0123456789.-\t\n\xf0\x9f"), 3).tolist())
        written.write_bytes(bytes(changed))
        with Host(placed) as host:
            if host.ask("class") != "none":
                host.ask("parameters")
                host.ask("units")
                host.ask("text", 10, 0.3)
            host.end()

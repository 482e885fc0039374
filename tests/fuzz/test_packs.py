"""Mutated packs are read or refused, at little cost; thousands by ``make fuzz KIND=packs``."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from wavemend.errors import PresetError
from wavemend.host.presets.packs import described, read_pack, unpack

from .judge import snapshot
from .packs import Packs, pack_data
from .presets import LOOK_SECONDS

_MEGABYTES = 200
_PARTS, _CASES = 10, 30
_WHOLE = 20


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


@pytest.mark.parametrize("part", range(_PARTS))
def test_a_strangers_pack_is_read_or_refused_in_little_time_and_memory(tmp_path: Path, part: int) -> None:
    outcomes = {True: 0, False: 0}
    pack, elsewhere = tmp_path / "theirs.wavemend", tmp_path / "elsewhere"
    elsewhere.write_text("not theirs")
    peak = 0.0
    for index in range(part * _CASES, (part + 1) * _CASES):
        data, _, made_by = pack_data(np.random.default_rng([5, index]))
        pack.write_bytes(data)
        before, began = snapshot(tmp_path), time.process_time()
        peak = peak or _peak_megabytes()
        try:
            read = read_pack(pack)
            described(read)
            files = unpack(read, tmp_path / f"out{index}")
        except PresetError as error:  # and nothing else
            said, files = str(error), []
        else:
            said = str(pack)
        assert "\n" not in said and said.startswith(str(pack)), made_by
        outcomes[bool(files)] += 1
        assert time.process_time() - began < LOOK_SECONDS, made_by
        after = {path: text for path, text in snapshot(tmp_path).items() if f"out{index}" not in path.parts}
        assert after == before, made_by
    assert _peak_megabytes() - peak < _MEGABYTES
    assert min(outcomes.values()) > 0  # both come


def test_commands_keep_what_all_do(faults_of: Callable[[str, int, range], list[str]]) -> None:
    assert faults_of(Packs.name, 12, range(_WHOLE)) == []

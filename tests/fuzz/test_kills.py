"""Killed at any moment, a run over many recordings is done by the next one as if nothing had been."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import pytest
from wavemend import Chain
from wavemend.host.presets.preset import Preset, save_preset
from wavemend.plugins.declick.stage import Declick

from .kills import Kill, Scene, kills


@pytest.mark.whole
@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_the_next_run_makes_what_an_undisturbed_one_makes(tmp_path: Path) -> None:
    # One stage and one process: what a run loads is most of its time.
    save_preset(Preset("clicks", "", Chain([Declick()])), tmp_path / "clicks.json")
    scene = Scene(tmp_path / "scene", 3, seconds=0.2, preset=str(tmp_path / "clicks.json"))
    for kill in (Kill(1, True, None, 0.4), Kill(1, False, 0.3, 0.0)):
        fate = scene.suffer(kill)
        assert fate.faults == []
        # The steps of a first run are more: it keeps the kernels that it compiles.
        assert kill.share is not None or fate.state in ("1 of 3 done", "2 of 3 done")


def test_a_seed_gives_every_kind_of_kill_and_the_same_each_time() -> None:
    some = list(islice(kills(3), 16))
    assert some == list(islice(kills(3), 16)) != list(islice(kills(4), 16))
    assert len({(kill.jobs, kill.overwrite, kill.share is None) for kill in some[:8]}) == 8

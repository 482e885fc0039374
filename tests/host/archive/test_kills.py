"""A run over a collection that is killed at random moments, or whose workers are, ends as if undisturbed."""

import sys

import pytest

from .kills import kill_and_resume


@pytest.mark.whole
@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
def test_a_killed_run_is_resumed_to_the_same_bytes(tmp_path):
    result = kill_and_resume(
        tmp_path, preset="prepare", recordings=16, seconds=(1.0, 8.0), kills=4, seed=int.from_bytes(b"wm")
    )
    assert result["killed"] >= 2

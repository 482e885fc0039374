"""A hundred mutated sound files; `make fuzz` does thousands."""

from __future__ import annotations

import pytest

CASES, A_TEST = 120, 20


@pytest.mark.parametrize("first", range(0, CASES, A_TEST))
def test_no_sound_file_gives_more_than_one_clear_line(faults_of, first) -> None:
    assert faults_of("sounds", 0, range(first, first + A_TEST)) == []

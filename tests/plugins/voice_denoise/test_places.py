"""Where a recording is a voice's is told second by second, from what is around."""

from __future__ import annotations

import numpy as np
from wavemend.analysis.program.program import Program
from wavemend.plugins.voice_denoise.places import Places, shares


def program(*segments: tuple[float, int, float, float]) -> Program:
    """Segments of so many seconds, of a kind, with chances of speech and of music."""
    ends = np.cumsum([seconds for seconds, *_ in segments])
    return Program(
        np.concatenate([[0.0], ends[:-1]]), ends, np.array([kind for _, kind, *_ in segments]),
        np.array([one[2] for one in segments]), np.array([one[3] for one in segments]), 0.9,
    )  # fmt: skip


def test_a_stretch_that_is_misjudged_is_a_voices_still() -> None:
    assert shares(program((30.0, 1, 0.9, 0.1), (3.0, 2, 0.4, 0.6), (30.0, 1, 0.9, 0.1))).all()


def test_music_before_a_voice_is_left_alone() -> None:
    found = shares(program((60.0, 2, 0.1, 0.9), (60.0, 1, 0.9, 0.1)))
    assert not found[:50].any()
    assert found[70:].all()


def test_what_is_neither_goes_with_what_is_around() -> None:
    assert shares(program((10.0, 1, 0.9, 0.1), (6.0, 0, 0.0, 0.0), (10.0, 1, 0.9, 0.1))).all()
    assert not Places(program((30.0, 0, 0.0, 0.0))).any


def test_nothing_heard_is_no_voice() -> None:
    empty = np.empty(0)
    nothing = Places(Program(empty, empty, np.empty(0, np.int64), empty, empty, 0.0))
    assert not nothing.any
    assert not nothing.at(np.array([1.0])).any()


def test_shares_follow_a_line_between_seconds() -> None:
    places = Places(program((60.0, 2, 0.1, 0.9), (60.0, 1, 0.9, 0.1)))
    at = places.at(np.linspace(0, 120, 1000))
    assert np.max(np.abs(np.diff(at))) < 0.2

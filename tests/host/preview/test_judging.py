"""Artifacts of the stretch that is heard are those that the guard finds in the whole."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from wavemend.analysis.artifacts.artifacts import find_artifacts
from wavemend.errors import Cancelled
from wavemend.host.preview.excerpt import Made, Piece
from wavemend.host.preview.judging import judged
from wavemend.host.preview.recordings import Recording

from .worn import worn, write_worn

RATE = 16_000


def test_a_stretch_is_judged_with_the_original_around_it_for_its_floor(tmp_path: Path) -> None:
    audio = worn(16.0, RATE, clicks_a_second=0.0).astype(np.float32).astype(np.float64)
    start, stop = 6 * RATE, 10 * RATE
    removed = 0.9 * audio[:, start:stop]  # the music itself
    nothing = threading.Event()
    with Recording(write_worn(tmp_path / "side.wav", audio, RATE)) as recording:
        taken = Made(Piece(start, audio[:, start:stop] - removed, removed), {}, ())
        found = judged(recording, taken, start, stop, nothing)
        kept = judged(
            recording, Made(Piece(start, audio[:, start:stop], 0 * removed), {}, ()), start, stop, nothing
        )
        nothing.set()
        with pytest.raises(Cancelled):
            judged(recording, taken, start, stop, nothing)
    assert not kept
    assert {one.kind for one in found} & {"lost program", "hollow"}
    assert all(one.stop > start and one.position < stop for one in found)
    whole = list(find_artifacts([(audio, 0.1 * audio)], RATE, 1))
    worst = max(one.severity for one in found)
    assert worst == pytest.approx(max(one.severity for one in whole), abs=0.1)

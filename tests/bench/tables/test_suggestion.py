"""The made-up recordings are what they say, and what is suggested for them can be run."""

from __future__ import annotations

import numpy as np
import pytest
from bench.material.takes import Take
from wavemend import load_preset

from bench.material import media
from bench.tables import suggestion as suggestion_table

RATE = 44_100


def take(seconds: float = 4.0) -> Take:
    """A chord over an octave of bass, in stereo."""
    time = np.arange(int(seconds * RATE)) / RATE
    notes = sum(np.sin(2 * np.pi * f * time) / f for f in (98, 220, 277, 330, 1760, 5280))
    audio = np.stack([notes, 0.8 * np.roll(notes, 40)])
    return Take("chord", audio / np.abs(audio).max(), RATE)


@pytest.mark.parametrize("situation", suggestion_table.SITUATIONS, ids=lambda s: s.name)
def test_every_right_answer_is_a_factory_preset_and_every_medium_is_the_same_each_time(situation) -> None:
    if situation.right:
        assert load_preset(situation.right).chain.slots
    first, second = (media.recorded(situation.medium(take(), np.random.default_rng(3))) for _ in range(2))
    assert (first == second).all()
    assert np.abs(first).max() <= 10 ** (media.PEAK_DBFS / 20) + 2**-23
    assert (first * 2**23 == np.round(first * 2**23)).all()


def test_a_medium_damages_what_it_says() -> None:
    clean = take()
    worn = media.shellac(clean, np.random.default_rng(1))
    assert worn.shape[0] in (1, 2) and (worn == worn[:1]).all()
    assert (media.studio(clean, np.random.default_rng(1)) == clean.audio).all()
    offset = media.studio_with_offset(clean, np.random.default_rng(1)) - clean.audio
    assert -50 < 20 * np.log10(offset.mean()) < -30

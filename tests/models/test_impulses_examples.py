"""What the judge learns from: planted clicks are clicks, what surrounds them and clean sound is none."""

from __future__ import annotations

import numpy as np
from models.training.impulses.damage import Damage
from models.training.impulses.examples import BLOCKS, CONTEXT, QUANTUM, WHOLE, examples_of
from scipy.signal import lfilter
from wavemend.analysis.clicks.judge import offsets_of
from wavemend.kernels.impulses.candidates import NEAR
from wavemend.kernels.impulses.features import BLOCK, PADDING

RATE = 44_100.0
FIRST, LAST = PADDING + CONTEXT, PADDING + BLOCKS * BLOCK - CONTEXT


def sound() -> np.ndarray:
    noise = np.random.default_rng(1).standard_normal((1, WHOLE))
    return lfilter([1.0], [1.0, -1.6, 0.8], 0.01 * noise)


def damaged(height: float) -> Damage:
    damage = Damage(sound()[0], RATE, np.random.default_rng(8))
    for start in range(FIRST + 2000, LAST - 2000, 4000):
        damage.place(start, np.array([1.0, -0.7, 0.4]), height)
    return damage


def examples(damage: Damage):
    (found,) = examples_of(sound() + damage.added, [damage], np.random.default_rng(0))
    return found


def test_every_plain_click_is_an_example_and_its_wake_is_none() -> None:
    damage = damaged(2.0)
    found = examples(damage)
    clicks = found.label > 0
    assert len(damage.events) <= clicks.sum() <= 3 * len(damage.events)
    assert np.all(np.abs(found.near[clicks, 1, NEAR].astype(float)) > QUANTUM)
    assert np.any(found.label == 0)


def test_offsets_lead_to_the_events_ends() -> None:
    found = examples(damaged(2.0))
    back, on = offsets_of(found.offsets[found.label > 0]).round().T
    assert set(back + on) == {3.0}  # samples of an event


def test_what_nobody_hears_is_not_asked_for() -> None:
    assert not examples(damaged(1e-4)).label.any()


def test_clean_sound_has_no_clicks() -> None:
    clean = examples(Damage(sound()[0], RATE, np.random.default_rng(0)))
    assert not clean.label.any()

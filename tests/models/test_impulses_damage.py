"""The training's damage and labels: seeded, where they say they are, and silent about what nobody hears."""

from __future__ import annotations

import numpy as np
import pytest
from bench.material.fetch_audio import GROOVES
from models.training.impulses import scores
from models.training.impulses.damage import PULSES, Damage, drawn_damage
from models.training.impulses.material import BANDS
from scipy.signal import lfilter

RATE = 44_100.0
LENGTH = 40_000


def sound(seed: int = 1) -> np.ndarray:
    return lfilter([1.0], [1.0, -1.6, 0.8], 0.01 * np.random.default_rng(seed).standard_normal(LENGTH))


@pytest.mark.parametrize("kind", PULSES)
def test_clicks_lie_in_their_events(kind: str) -> None:
    damage = Damage(sound(), RATE, np.random.default_rng(4))
    damage.clicks(20.0, (kind,), (5.0, 5.0))
    outside = np.ones(LENGTH, bool)
    for event in damage.events:
        assert event.start < event.body_stop <= event.stop
        outside[event.start : event.stop] = False
    assert damage.events
    # what leads up to an event is under a tenth of it, what rings on after it under a hundredth
    assert np.max(np.abs(damage.added[outside])) < 0.1 * np.max(np.abs(damage.added))


def test_glitches_change_their_samples_alone() -> None:
    damage = Damage(sound(), RATE, np.random.default_rng(5))
    damage.glitches(10.0)
    inside = np.zeros(LENGTH, bool)
    for event in damage.events:
        inside[event.start : event.stop] = True
    assert damage.events
    assert not damage.added[~inside].any()


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (1.0, 40, 400)])
def test_a_share_of_the_clicks_is_in_the_other_channel_too(share: float, least: int, most: int) -> None:
    one, other = (Damage(sound(seed), RATE, np.random.default_rng(seed)) for seed in (1, 2))
    one.clicks(60.0, ("tick",), (5.0, 5.0))
    one.shared_with(other, share)
    assert least <= len(other.events) <= most
    assert {event.start for event in other.events} <= {event.start for event in one.events}


def test_the_same_seed_draws_the_same_damage() -> None:
    stereo = np.stack([sound(1), sound(2)])
    one, again, other = (drawn_damage(stereo, RATE, np.random.default_rng(seed)) for seed in (6, 6, 7))
    for left, right in zip(one, again, strict=True):
        assert np.array_equal(left.added, right.added)
        assert left.events == right.events
    assert not np.array_equal(one[0].added, other[0].added)


def test_no_groove_is_the_benchmarks() -> None:
    assert not {groove.lower() for groove in GROOVES} & set(BANDS)


def test_scores_are_midi_files_drawn_by_seed() -> None:
    one = scores.solo(1, 24, 5.0)
    assert one == scores.solo(1, 24, 5.0)
    assert one != scores.solo(2, 24, 5.0)
    everything = (
        one,
        scores.drums(1, scores.KIT, 5.0),
        scores.kit(1, 24, 5.0),
        scores.with_drums(1, 5.0),
        scores.orchestra(1, 5.0),
    )
    for score in everything:
        assert score[:4] == b"MThd"
        assert int.from_bytes(score[18:22], "big") == len(score) - 22
        assert score.endswith(b"\x00\xff\x2f\x00")

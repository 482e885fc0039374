"""The training's damage and labels: seeded, where they say they are, and silent about what nobody hears."""

from __future__ import annotations

import numpy as np
import pytest
from bench.fetch_audio import GROOVES
from models.training.impulses import scores
from models.training.impulses.damage import PULSES, Damage, drawn_damage
from models.training.impulses.material import BANDS
from models.training.impulses.stretches import SAMPLES, WHOLE, labelled
from scipy.signal import lfilter
from wavemend.kernels.impulse_features import PADDING

RATE = 44_100.0


def sound() -> np.ndarray:
    return lfilter([1.0], [1.0, -1.6, 0.8], 0.01 * np.random.default_rng(1).standard_normal(WHOLE))


@pytest.mark.parametrize("kind", PULSES)
def test_clicks_lie_in_their_events(kind: str) -> None:
    damage = Damage(sound(), RATE, np.random.default_rng(4))
    damage.clicks(20.0, (kind,), (5.0, 5.0))
    outside = np.ones(WHOLE, bool)
    for event in damage.events:
        assert event.start < event.body_stop <= event.stop
        outside[event.start : event.stop] = False
    assert damage.events
    # what leads up to an event is under a tenth of it, what rings on after it under a hundredth
    assert np.max(np.abs(damage.added[outside])) < 0.1 * np.max(np.abs(damage.added))


def test_glitches_change_their_samples_alone() -> None:
    damage = Damage(sound(), RATE, np.random.default_rng(5))
    damage.glitches(10.0)
    inside = np.zeros(WHOLE, bool)
    for event in damage.events:
        inside[event.start : event.stop] = True
    assert damage.events
    assert not damage.added[~inside].any()


def test_the_same_seed_draws_the_same_damage() -> None:
    one, again, other = (drawn_damage(sound(), RATE, np.random.default_rng(seed)) for seed in (6, 6, 7))
    assert np.array_equal(one.added, again.added)
    assert one.events == again.events
    assert not np.array_equal(one.added, other.added)


def test_labels_are_where_a_plain_click_is() -> None:
    damage = Damage(sound(), RATE, np.random.default_rng(8))
    damage.clicks(3.0, ("tick",), (20.0, 20.0))
    stretch = labelled(damage.clean + damage.added, damage)
    event = next(e for e in damage.events if PADDING < e.start < PADDING + SAMPLES - 1000)
    start = event.start - PADDING
    assert stretch.labels[start] == 1.0
    assert stretch.weights[start] > 0.2
    assert stretch.labels.mean() < 0.05


def test_what_nobody_hears_is_not_asked_for() -> None:
    damage = Damage(sound(), RATE, np.random.default_rng(9))
    damage.clicks(20.0, ("tick", "edge"), (1e-3, 1e-3))
    stretch = labelled(damage.clean + damage.added, damage)
    assert damage.events
    assert not stretch.labels.any()
    assert (stretch.weights == 0.0).any()


def test_clean_sound_has_no_labels_and_counts_everywhere() -> None:
    stretch = labelled(sound(), Damage(sound(), RATE, np.random.default_rng(0)))
    assert not stretch.labels.any()
    assert (stretch.weights == 1.0).all()
    assert np.isfinite(stretch.features).all()


def test_no_groove_is_the_benchmarks() -> None:
    assert not {groove.lower() for groove in GROOVES} & set(BANDS)


def test_scores_are_midi_files_drawn_by_seed() -> None:
    one = scores.solo(1, 24, 5.0)
    assert one == scores.solo(1, 24, 5.0)
    assert one != scores.solo(2, 24, 5.0)
    for score in (one, scores.drums(1, scores.KIT, 5.0), scores.orchestra(1, 5.0)):
        assert score[:4] == b"MThd"
        assert int.from_bytes(score[18:22], "big") == len(score) - 22
        assert score.endswith(b"\x00\xff\x2f\x00")

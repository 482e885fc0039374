"""What the live network sees is of the past alone, in any parts, at any level."""

from __future__ import annotations

import numpy as np
from wavemend.analysis.noise.voice_gains import BANDS, BINS
from wavemend.analysis.noise.voice_live import AROUND, CHANNELS, MEMORY, Shown


def power(frames: int = 100, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).exponential(size=(frames, BINS))


def test_levels_do_not_matter() -> None:
    one, other = Shown().hear(power())[0], Shown().hear(1e-6 * power())[0]
    assert one.shape == (CHANNELS, 100, BANDS)
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_frame_by_frame_it_is_the_same() -> None:
    whole, known, count = Shown().hear(power(60))
    shown = Shown()
    each = [shown.hear(power(60)[frame : frame + 1]) for frame in range(60)]
    assert np.array_equal(np.concatenate([one[0] for one in each], axis=1), whole)
    assert np.array_equal(np.concatenate([one[1] for one in each]), known)
    assert np.array_equal(np.concatenate([one[2] for one in each]), count)


def test_what_comes_later_changes_nothing_before() -> None:
    one, other = power(80), power(80)
    other[50:] *= 100.0
    assert np.array_equal(Shown().hear(one)[0][:, :50], Shown().hear(other)[0][:, :50])


def test_what_is_older_than_the_memory_does_not_count() -> None:
    tail = power(MEMORY + AROUND, seed=3)
    ends = []
    for seed in (1, 2):
        shown = Shown()
        shown.hear(10.0**seed * power(50, seed))
        ends.append(shown.hear(tail)[0][:, -1])
    assert np.array_equal(*ends)


def test_the_floor_that_follows_follows_in_a_second() -> None:
    shown = Shown()
    shown.hear(power(400))
    louder = shown.hear(100.0 * power(120))[0]
    assert louder[0, -1].mean() > 0.8  # over the floor of 4.5 s by 16 dB and more
    assert abs(louder[3, -1].mean()) < 0.2


def test_digital_silence_is_told_and_does_not_lower_the_floor() -> None:
    features, known, count = Shown().hear(np.zeros((40, BINS)))
    assert not features.any()
    assert not known.any()
    assert not count.any()
    begun, alone = Shown(), Shown()
    begun.hear(np.zeros((40, BINS)))
    found, known, count = begun.hear(power())
    assert known.all()
    assert count[-1] == 100 - AROUND + 1
    assert np.array_equal(found, alone.hear(power())[0])

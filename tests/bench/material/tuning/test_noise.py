"""Noise to tune on: as loud as said, alone where it is said to be, and the same every time."""

import numpy as np
import pytest
from bench.material.tuning.noise import COURSES, FADES_S, noisy
from bench.measuring.measures import active_level_db

from .test_transfer import RATE, music

MADE = ("hiss", "AM", "SSB", "static", "motor", "crinkle", "swish")


@pytest.mark.parametrize("kind", MADE)
def test_it_is_the_same_every_time_and_as_loud_as_said(kind):
    one, again = (noisy(music(), RATE, kind=kind, below_db=20, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one.audio, again.audio)
    level, _ = active_level_db(music(), RATE)
    assert 10 * np.log10(np.mean((one.audio - one.clean) ** 2)) == pytest.approx(level - 20, abs=0.1)


@pytest.mark.parametrize("course", [course for course in COURSES if course not in FADES_S])
def test_where_noise_is_alone_nothing_else_is(course):
    one = noisy(music(), RATE, kind="hiss", below_db=20, seed=1, course=course)
    inside = slice(one.alone.start + RATE // 50, one.alone.stop - RATE // 50)
    assert np.abs(one.clean[:, inside]).max() < 1e-9
    assert np.mean(one.audio[:, inside] ** 2) > 0


@pytest.mark.parametrize("course", FADES_S)
def test_fades_take_noise_and_program_alike(course):
    one, as_it_was = (
        noisy(music(), RATE, kind="hiss", below_db=20, seed=1, course=name) for name in (course, "lead")
    )
    gain = one.audio / as_it_was.audio
    assert gain.max() <= 1 + 1e-9
    assert min(gain[0, 0], gain[0, -1]) < 1e-3

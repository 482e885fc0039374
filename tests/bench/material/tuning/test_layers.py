"""Layered damage is the same each time, and is what its medium has."""

import numpy as np
import pytest
from bench.material.layered import CARRIES, WEAR
from bench.material.takes import Take
from bench.material.tuning.layers import LEAD_S, MEDIA, layers

RATE = 44_100


def take(seconds=0.6):
    draw = np.random.default_rng(3)
    return Take("noise", 0.1 * draw.standard_normal((2, round(seconds * RATE))), RATE)


@pytest.mark.parametrize("medium", ["vinyl-heavy", "wire", "prepare"])
def test_a_medium_adds_the_same_each_time_and_more_where_it_is_worn(medium):
    first, again = (layers(medium, take(), "heavy", 3) for _ in range(2))
    assert (first.audio == again.audio).all() and (first.clean == again.clean).all()
    assert first.program == slice(round(LEAD_S * RATE), first.audio.shape[1])
    assert np.allclose(first.clean + first.added, first.audio)
    assert not np.any(first.clean[:, : first.program.start - RATE // 20])
    light = layers(medium, take(), WEAR[0], 3)
    assert medium == "prepare" or np.sum(light.added**2) < np.sum(first.added**2)


def test_there_is_a_medium_for_every_preset_of_the_table():
    assert MEDIA.keys() | {"prepare"} == CARRIES.keys()


def test_noise_ends_where_a_broadcast_does():
    made = layers("am-radio", take(), "heavy", 1)
    power = np.abs(np.fft.rfft(made.added[0])) ** 2
    hz = np.fft.rfftfreq(made.added.shape[1], 1 / RATE)
    assert made.program.start == 0
    assert power[(hz > 2000) & (hz < 4000)].mean() > 1e3 * power[(hz > 6000) & (hz < 8000)].mean()

"""Lost samples are told from silence, crests, clipped waves and coarse grids."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.kernels.samples.lost import lost_spans

RATE = 44_100
ALL = (0, RATE)


def sound(seed: int = 1) -> np.ndarray:
    time = np.arange(RATE) / RATE
    notes = sum(np.sin(2 * np.pi * 220 * k * time + k) / k for k in range(1, 12))
    return np.asarray(0.1 * notes + 1e-3 * np.random.default_rng(seed).standard_normal(RATE))


def spans(x: np.ndarray, longest: int = 1100) -> list[list[int]]:
    return [list(map(int, row)) for row in lost_spans(x, ALL, ALL, RATE, longest)]


@pytest.mark.parametrize("length", [10, 100, 900])
def test_zeros_are_lost_and_so_is_what_repeats_the_last_sample(length: int) -> None:
    x = sound()
    x[10_000 : 10_000 + length] = 0.0
    x[30_001 : 30_000 + length] = x[30_000] = 0.03
    assert spans(x) == [[10_000, 10_000 + length], [30_001, 30_000 + length]]


@pytest.mark.parametrize(
    "why", ["sound", "coarse", "clipped", "a fade", "the beginning", "the end", "too long", "silence"]
)
def test_what_has_another_reason_is_not(why: str) -> None:
    x = sound()
    place = np.arange(RATE)
    x = {
        "sound": x,
        "coarse": np.round(x * 30) / 30,
        "clipped": np.clip(x, -0.1, 0.1),
        "a fade": x * np.where(place < 20_000, np.exp(-place / 2_000), place > 20_500),
        "the beginning": x * (place > 500),
        "the end": x * (place < RATE - 500),
        "too long": x * ((place < 20_000) | (place > 21_500)),
        "silence": np.zeros(RATE),
    }[why]
    assert not spans(x)


def test_one_that_begins_outside_the_zone_is_anothers() -> None:
    x = sound()
    x[10_000:10_050] = 0.0
    assert lost_spans(x, (10_000, 10_001), ALL, RATE, 1100).size
    assert not lost_spans(x, (10_001, 20_000), ALL, RATE, 1100).size
    assert not lost_spans(x, (0, 10_000), ALL, RATE, 1100).size

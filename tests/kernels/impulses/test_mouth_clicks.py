"""What stands alone in time and band is a mouth click; what comes again, or lasts, is none."""

from __future__ import annotations

import numpy as np
from wavemend.kernels.impulses.mouth_clicks import (
    BANDS,
    FAR,
    LONGEST,
    Around,
    band_sections,
    find_mouth_clicks,
)

CELLS = 600
AT = 300
LOUD = 1e-2
"""Power of the speech's loud parts; what is around lies 50 dB under it."""


def background(seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    level = np.array([1e-9, 5e-10, 1e-10, 1e-7])[:, np.newaxis]
    return np.asarray(level * draw.chisquare(12, (BANDS, CELLS)) / 12)


def struck(power: np.ndarray, at: int, cells: int = 4, height: float = 1e-6) -> np.ndarray:
    power = power.copy()
    colour = np.array([0.8, 1.0, 0.15])[:, np.newaxis]
    power[:3, at : at + cells] += height * colour * np.exp(-np.arange(cells) / 1.5)
    return power


def found(power: np.ndarray, loud: float = LOUD, first: int = FAR + LONGEST, after: int = 0) -> np.ndarray:
    last = CELLS - FAR - 2 * LONGEST
    rows = np.empty((CELLS, 3))
    count, _ = find_mouth_clicks(Around(power, first, last, 0, CELLS, after, loud), 0.0, rows)
    return rows[:count]


def test_a_burst_that_stands_alone_is_found_where_it_is() -> None:
    for seed in range(5):
        (row,) = found(struck(background(seed), AT))
        assert AT - 3 <= row[0] <= AT < row[1] <= AT + 10


def test_noise_alone_has_none() -> None:
    assert not any(len(found(background(seed))) for seed in range(20))


def test_a_train_of_pulses_is_none() -> None:
    power = background()
    for at in range(40, CELLS - 10, 25):
        power = struck(power, at)
    assert len(found(power)) == 0


def test_what_lasts_is_none() -> None:
    power = background()
    power[:3, AT : AT + 120] += 1e-6
    assert len(found(power)) == 0


def test_in_a_loud_part_there_is_none() -> None:
    assert len(found(struck(background(), AT), loud=1e-7)) == 0


def test_what_an_earlier_search_followed_is_not_found_twice() -> None:
    assert len(found(struck(background(), AT), after=AT + 4)) == 0


def test_near_the_ends_of_a_recording_there_is_none() -> None:
    power = struck(background(), 60)
    assert len(found(power, first=0 + LONGEST + 8)) == 0


def test_bands_pass_their_own_at_every_rate() -> None:
    for rate in (8_000, 16_000, 22_050, 44_100, 60_000):
        sections, gain = band_sections(rate)
        assert sections.shape == (BANDS, 2, 5)
        assert np.isfinite(sections).all()
        assert (gain > 0).all()

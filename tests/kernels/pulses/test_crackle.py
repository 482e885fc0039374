"""Additions are evidence of crackle, a sound's own impulses are not; what is chosen depends on the prior."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from wavemend.kernels.prediction.models import hann
from wavemend.kernels.pulses.crackle import (
    NEVER_SOFT_YET,
    Band,
    CrackleSearch,
    Rooms,
    find_crackle,
    is_soft,
)
from wavemend.kernels.pulses.crackle_taking import Prior, is_crackle, is_stroke
from wavemend.kernels.pulses.stretches import REACH, SHARP, SOFT, Stretch

BLOCK, ORDER = 1_024, 32
MODEL = np.poly([0.97 * np.exp(0.1j), 0.97 * np.exp(-0.1j), 0.9 * np.exp(0.9j), 0.9 * np.exp(-0.9j)]).real
BELL = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / 2.0) ** 2)
SWELL = np.exp(-0.5 * (np.arange(-60, 61) / 4.0) ** 2) * np.cos(0.5 * np.arange(-60, 61))
PLACES = np.array([1_100, 1_400, 1_700, 2_000])


def room() -> Stretch:
    size = 2 * BLOCK
    return Stretch(
        np.empty(ORDER + 1), np.empty(size), np.empty(2 * REACH + 1), np.ones(1), np.zeros(size),
        np.zeros((size, 2), np.int64), np.zeros((size, 2), np.int64), np.empty(size), np.empty(size),
        np.empty(size), np.zeros(5, np.int64),
    )  # fmt: skip


def search(added: float, driven: float) -> tuple[int, float, Stretch, np.ndarray, np.ndarray]:
    """Search the second block of a sound with impulses of these heights, for what `find_crackle` finds."""
    excitation = 1e-3 * np.random.default_rng(0).standard_normal(4 * BLOCK)
    excitation[PLACES] += driven
    x = lfilter([1.0], MODEL, excitation)
    x[PLACES] += added
    found, without = room(), x.copy()
    bounds = np.array([0, x.size])
    band = Band(np.ones(2), np.zeros(2, np.int64), np.array(NEVER_SOFT_YET))
    how = CrackleSearch(BLOCK, 3, 13.0, 2.0**-16, hann(2 * BLOCK), BELL)
    evident, tallest, _ = find_crackle(without, BLOCK, bounds, how, band, Rooms(found, room()))
    return evident, tallest, found, x, without


def test_additions_are_evidence_and_go() -> None:
    evident, tallest, found, x, without = search(added=0.05, driven=0.0)
    assert evident == PLACES.size
    assert tallest == pytest.approx(0.05, rel=0.1)
    assert found.place[3] == PLACES.size
    assert np.allclose((x - without)[PLACES], 0.05, rtol=0.1)


def test_what_drives_the_sound_is_no_evidence() -> None:
    assert search(added=0.0, driven=0.05)[0] == 0


def test_a_sound_alone_stays_to_the_bit() -> None:
    evident, _, found, x, without = search(added=0.0, driven=0.0)
    assert evident == found.place[3] == 0
    assert np.array_equal(x, without)


@pytest.mark.parametrize(
    ("odds", "stands_out", "tallest", "skew", "struck", "taken"),
    [
        (1.0, 1.0, 0.05, 0.0, False, True),  # likelier added than not
        (-1.0, 2.0, 0.05, 0.0, False, False),
        (-1.0, 4.0, 0.05, 0.0, False, True),  # plain
        (1.0, 1.0, 0.05, 0.5, False, False),  # under the music's level
        (1.0, 1.0, 0.20, 0.5, False, True),  # over it
        (1.0, 4.0, 0.05, 0.0, True, False),  # beside a stroke
        (30.0, 4.0, 0.05, 0.0, True, True),  # and yet evident
        (30.0, 4.0, 0.005, 0.0, True, False),  # far fainter than crackle usually is,
        (30.0, 4.0, 0.005, 0.0, False, True),  # which elsewhere is no matter
    ],
)
def test_the_prior_chooses(
    odds: float, stands_out: float, tallest: float, skew: float, struck: bool, taken: bool
) -> None:
    found = room()
    found.odds[0], found.stands_out[0], found.tallest[0] = odds, stands_out, tallest
    assert is_crackle(found, 0, 0.1, Prior(a_block=2.0, height=0.06, skew=skew, doubt=0.0), struck) == taken


@pytest.mark.parametrize(
    ("off", "odds", "stands_out", "tallest", "stroke"),
    [
        (3, 20.0, 5.0, 0.05, False),
        (40, 99.0, 50.0, 0.05, True),  # so many samples are no grain's
        (3, 20.0, 5.0, 0.5, True),  # far taller than the crackle usually is,
        (3, 80.0, 8.0, 0.5, False),  # and yet sure,
        (20, 80.0, 8.0, 0.5, True),  # but not with so many samples
    ],
)
def test_strokes_and_clicks_are_tall_or_long(
    off: int, odds: float, stands_out: float, tallest: float, stroke: bool
) -> None:
    found = room()
    found.off[:off], found.runs[0] = 1.0, (0, off)
    found.odds[0], found.stands_out[0], found.tallest[0] = odds, stands_out, tallest
    assert is_stroke(found, 0, Prior(a_block=2.0, height=0.06, skew=0.0, doubt=0.0)) == stroke


@pytest.mark.parametrize(
    ("odds", "tallest", "level", "doubt", "taken"),
    [
        (30.0, 0.06, 0.1, 0.2, True),  # crackle has some such too
        (30.0, 0.06, 0.1, 0.5, False),  # but where half are such, the music's own are among them
        (70.0, 0.06, 0.1, 0.5, True),  # evident for one as tall as usual,
        (70.0, 0.12, 0.1, 0.5, False),  # not for a taller one
        (130.0, 0.12, 0.1, 0.5, True),
        (30.0, 0.06, 0.01, 0.5, True),  # nothing of the music is as tall
    ],
)
def test_where_much_is_in_doubt_what_is_tall_must_be_evident(
    odds: float, tallest: float, level: float, doubt: float, taken: bool
) -> None:
    found = room()
    found.odds[0], found.stands_out[0], found.tallest[0] = odds, 5.0, tallest
    assert is_crackle(found, 0, level, Prior(2.0, 0.06, 0.0, doubt), False) == taken


def test_where_many_overlap_odds_mean_nothing() -> None:
    found = room()
    found.odds[0], found.stands_out[0], found.tallest[0] = -5.0, 1.0, 0.05
    assert is_crackle(found, 0, 0.1, Prior(a_block=20.0, height=0.06, skew=0.0, doubt=0.0), False)


def compared(pulse: np.ndarray, blocks: int) -> tuple[np.ndarray, Stretch, Stretch]:
    """Search so many blocks with such pulses; return what they say together, and the last one both ways."""
    band = Band(np.ones(2), np.zeros(2, np.int64), np.array(NEVER_SOFT_YET))
    how = CrackleSearch(BLOCK, 3, 13.0, 2.0**-16, hann(2 * BLOCK), BELL)
    rooms = Rooms(room(), room())
    for block in range(blocks):
        x = lfilter([1.0], MODEL, 1e-3 * np.random.default_rng(block).standard_normal(4 * BLOCK))
        for place in PLACES:
            x[place - 60 : place - 60 + pulse.size] += 30.0 * np.std(x) * pulse
        _, _, swapped = find_crackle(x, BLOCK, np.array([0, x.size]), how, band, rooms)
    return band.softness, *(reversed(rooms) if swapped else rooms)


def test_crackle_is_soft_where_bells_say_more_than_samples() -> None:
    assert is_soft(compared(SWELL, 20)[0])
    assert not is_soft(compared(1.0 * (np.arange(-60, 61) == 0), 20)[0])


def test_a_few_impulses_make_no_crackle_soft() -> None:
    assert not is_soft(np.array(NEVER_SOFT_YET))
    assert not is_soft(compared(SWELL, 1)[0])


def test_soft_crackle_no_taller_than_the_music_stays_sharp() -> None:
    assert is_soft(np.array([0.0, 20.0, 20.0]))
    assert not is_soft(np.array([0.0, 2.0, 20.0]))


def test_what_is_soft_is_taken_as_bells() -> None:
    _, taken, other = compared(SWELL, 20)
    assert taken.place[4] == SOFT
    assert taken.place[3] >= PLACES.size
    assert other.place[4] == SHARP

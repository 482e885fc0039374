"""When samples of a film's sound are heard."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.host.files.video.timeline import Timeline

RATE, BLOCK = 44_100, 1024
MILLISECOND = Fraction(1, 1000)


def told(true_time, blocks, unit=MILLISECOND):
    """A timeline of blocks whose first samples are heard at `true_time(sample)`, rounded to `unit`."""
    line = Timeline(unit, RATE)
    for number in range(blocks):
        assert line.place(round(true_time(number * BLOCK) / unit), BLOCK) == (0, 0)
    return line


def test_stamps_of_a_coarse_clock_move_nothing():
    line = told(lambda at: Fraction(at, RATE) + 3, 5000)
    times = np.array([float(line.time(at)) for at in range(-BLOCK, 5000 * BLOCK, 9973)])
    steps = np.diff(times) - 9973 / RATE
    assert np.abs(steps).max() < 1e-9
    assert abs(times[0] - (3 - BLOCK / RATE)) <= 0.0005


@pytest.mark.parametrize("unit", [MILLISECOND, Fraction(1, 90_000), Fraction(1, RATE)])
@pytest.mark.parametrize("drift", [300e-6, -300e-6])
def test_a_drifting_clock_is_followed_within_a_millisecond_and_nothing_is_put_in(unit, drift):
    def true_time(at):
        return Fraction(at, RATE) * Fraction(1 + drift) + 1

    line = told(true_time, 26_000, unit)  # ten minutes
    apart = [abs(line.time(at) - true_time(at)) for at in range(0, line.samples, 50_021)]
    assert max(apart) <= max(unit, Fraction(1, RATE)) + Fraction(BLOCK, RATE) * Fraction(300e-6) + unit / 2


def test_a_pause_is_silence_and_what_follows_is_heard_when_it_was():
    line = told(lambda at: Fraction(at, RATE), 40)
    silence, drop = line.place(40 * 1024_000 // RATE + 1 + 250, BLOCK)
    assert (round(silence / RATE, 2), drop) == (0.25, 0)
    begun = line.samples - BLOCK
    assert abs(line.time(begun) - Fraction(40 * 1024_000 // RATE + 251, 1000)) < MILLISECOND
    assert (line.silence, line.dropped) == (silence, 0)


def test_what_was_stamped_twice_is_left_out():
    line = told(lambda at: Fraction(at, RATE), 100)
    assert line.place(round(Fraction(90 * BLOCK, RATE) * 1000), BLOCK) == (0, BLOCK)
    assert line.samples == 100 * BLOCK
    assert line.dropped == BLOCK


def test_in_the_place_of_something_damaged_there_is_silence_however_short():
    line = told(lambda at: Fraction(at, RATE), 10)
    silence, _ = line.place(round(Fraction(11 * BLOCK, RATE) * 1000), BLOCK, lost=True)
    assert abs(silence - BLOCK) <= RATE // 1000


def test_a_pause_that_lies_is_not_made():
    line = told(lambda at: Fraction(at, RATE), 10)
    assert line.place(10**9, BLOCK) is None
    many = Timeline(MILLISECOND, RATE)  # nor many that add up
    stamps = (many.place(300_000 * number, BLOCK) for number in range(10))
    assert None in stamps


def test_a_first_block_without_a_stamp_is_counted_back_to():
    line = Timeline(MILLISECOND, RATE)
    assert line.time(5) == Fraction(5, RATE)
    line.place(None, RATE)
    line.place(3000, BLOCK)
    assert line.time(0) == 2


@given(st.lists(st.tuples(st.none() | st.integers(-(2**40), 2**40), st.integers(1, 5000)), max_size=30))
def test_whatever_stamps_say_samples_are_counted(blocks):
    line, total = Timeline(Fraction(1, 90_000), 8_000), 0
    for stamp, count in blocks:
        placed = line.place(stamp, count)
        if placed is None:
            break
        silence, drop = placed
        assert silence >= 0
        assert 0 <= drop <= count
        total += silence + count - drop
    assert line.samples == total
    assert line.silence <= max(600 * 8_000, total)

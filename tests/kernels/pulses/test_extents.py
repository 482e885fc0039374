"""Of a click that was seen in part all goes; one that was seen whole is taken for no longer than it is."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.kernels.pulses.click_repair import BURST, CLICK, GROUP
from wavemend.kernels.pulses.extents import further
from wavemend.kernels.pulses.sound_models import empty_sounds, use_model

from tests.kernels.pulses.test_click_repair import THUMPS, left_of, repair
from tests.kernels.pulses.test_clicks import (
    AT,
    CLICKS,
    MODEL,
    RATE,
    SEARCH,
    SIGMA,
    SIZE,
    burst_in,
    pop,
    sound,
    span_of,
    struck,
)

TICK = 600.0 * pop(4_000.0, 0.1e-3, size=60)


def seen(x: np.ndarray, span: tuple[int, int], limits: tuple[int, int] = (0, SIZE)) -> tuple[int, int]:
    """Look beyond a span of which nothing was taken."""
    sounds = empty_sounds(MODEL.size - 1, np.empty((0, 2), np.int64))
    use_model(sounds, AT, MODEL, SIGMA**2, 0.0)
    return further(x, (*span, SIZE), limits, sounds, SEARCH, 12.0, np.zeros(1))


def test_a_span_grows_to_the_sides_on_which_there_is_more_and_no_further_than_it_may() -> None:
    x = struck(struck(sound(), TICK, AT - 35), TICK, AT + 30)
    first, last = seen(x, (AT, AT + 10))
    assert AT - 45 < first <= AT - 35 and AT + 40 < last < AT + 90
    assert seen(x, (AT, AT + 10), (AT - 20, AT + 34)) == (AT - 20, AT + 34)
    assert seen(x, (AT, AT + 10), (AT + 1, AT + 9)) == (AT, AT + 10)


@pytest.mark.parametrize("seed", range(4))
def test_a_span_beside_which_there_is_sound_alone_stays_as_it_was(seed: int) -> None:
    assert seen(sound(seed=seed), (AT, AT + 10)) == (AT, AT + 10)


def test_what_goes_on_for_long_is_sound_however_loud() -> None:
    """A note begins, or a stroke drives the sound: it is as loud beyond the reach of a click."""
    x = sound()
    x[AT:] += 8.0 * sound(seed=1)[AT:]
    assert seen(x, (AT, AT + 10)) == (AT, AT + 10)


@pytest.mark.parametrize("apart", [40, 80])
def test_a_small_click_beside_the_one_that_was_found_goes_with_it(apart: int) -> None:
    clean = sound()
    damaged = struck(struck(clean, TICK), 0.4 * TICK, AT + apart)
    repaired, [[first, last]] = repair(damaged, [AT - 3, AT + 25])
    beside = slice(AT + apart, AT + apart + 60)
    assert left_of(clean[beside], damaged[beside], repaired[beside]) < 0.15
    assert np.array_equal(repaired[:first], damaged[:first]) and np.array_equal(
        repaired[last:], damaged[last:]
    )


@pytest.mark.parametrize("name", CLICKS)
def test_what_must_not_change_stays_beside_a_click_that_would_go_further(name: str) -> None:
    start, stop = span_of(name)
    damaged = struck(struck(sound(), CLICKS[name][0]), TICK, stop + 5)
    repaired = repair(damaged, [start, stop], until=stop + 4, since=start).x
    assert np.array_equal(repaired[:start], damaged[:start])
    assert np.array_equal(repaired[stop + 4 :], damaged[stop + 4 :])


def test_clicks_that_were_taken_for_a_burst_of_noise_lose_as_much_as_a_group() -> None:
    clean = sound()
    damaged = clean
    for at, height in ((0, 1.0), (45, -0.7), (90, 0.5), (120, 0.9)):
        damaged = struck(damaged, height * TICK, AT + at)
    span = [AT - 3, AT + 160]
    burst, group = (left_of(clean, damaged, repair(damaged, span, kind=kind).x) for kind in (BURST, GROUP))
    assert burst < 1.2 * group < 0.5


def test_a_thump_goes_that_begins_in_noise_which_was_taken_for_one_click() -> None:
    at = THUMPS.past + 500
    clean = sound(at + THUMPS.longest + 500)
    damaged = clean + 4.0 * (burst_in(clean, at=at)[1] - clean)
    t = np.arange(clean.size - at - 60)
    damaged[at + 60 :] += 0.2 * np.exp(-t / 500.0) * np.sin(2 * np.pi * 60.0 / RATE * t)
    for kind in (CLICK, GROUP):
        repaired, [[_, last]] = repair(damaged, [at - 20, at + 180], kind=kind)
        assert last > at + 1_500
        assert left_of(clean, damaged, repaired) < 0.2

"""Crackle has the rate, the heights, the shapes and the walls that it says, at every rate, every time."""

from functools import partial

import numpy as np
import pytest
from bench.material.reporting.channel import RATE, ROUTES, cartridge
from bench.material.reporting.clicks import Faulty, Heard, beyond
from bench.material.reporting.crackle import DISCS, MOST, arrivals, crackle, drawn_shapes, walls
from bench.material.takes import Take

both_discs = pytest.mark.parametrize("disc", DISCS)


def take(channels: int = 2, seconds: float = 4.0) -> Take:
    time = np.arange(round(seconds * RATE)) / RATE
    notes = sum(np.sin(2 * np.pi * hz * time) / hz for hz in (98, 220, 277, 330, 1760))
    return Take("notes", 30 * np.stack([notes, 0.8 * notes][:channels]), RATE)


def made(disc: str, per_second: float, strength: float, *, route: str = "44.1", channels: int = 2) -> Faulty:
    if ROUTES[route].missing:
        pytest.skip(ROUTES[route].missing)
    heard = Heard(take(channels), ROUTES[route], groove=True, seed=2)
    return crackle(heard, disc, per_second, strength, 2)


def over_rms(damaged: Faulty) -> np.ndarray:
    return np.abs(damaged.audio - damaged.clean) / np.sqrt(np.mean(damaged.clean**2))


@both_discs
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_the_same_every_time_and_where_it_says(disc: str, channels: int) -> None:
    one, other = (made(disc, 50, 8.0, channels=channels) for _ in range(2))
    assert (one.audio == other.audio).all() and (one.starts == other.starts).all()
    assert (one.stops > one.starts).all() and one.stops.max() <= one.audio.shape[1]
    error = one.audio - one.clean
    whole = np.sum(error**2)
    for start, stop in zip(one.starts, one.stops, strict=True):
        error[:, start:stop] = 0
    assert np.sum(error**2) < 0.002 * whole
    assert np.median(one.stops - one.starts) < 0.001 * RATE


@both_discs
@pytest.mark.parametrize(("per_second", "strength"), [(50, 8.0), (1000, 0.5)])
def test_it_has_its_rate_and_its_height(disc: str, per_second: int, strength: float) -> None:
    damaged = made(disc, per_second, strength)
    assert len(damaged.starts) == pytest.approx(4 * per_second, rel=0.2)
    assert 0.9 * strength < over_rms(damaged).max() < 2 * MOST * strength  # they may lie on each other
    assert np.abs(damaged.audio).max() < 0.85


@both_discs
def test_heights_have_a_heavy_tail_whose_strongest_hundredth_is_over_one(disc: str) -> None:
    heights = DISCS[disc].heights(np.random.default_rng(0), 100_000)
    assert np.mean(heights > 1) == pytest.approx(0.01, rel=0.1)
    assert 0.05 < np.median(heights) < 0.3
    assert np.quantile(heights, 0.999) > 1.3


@both_discs
def test_impulses_come_once_a_turn_more_often_and_in_groups(disc: str) -> None:
    turns, draw = DISCS[disc].turns_per_s, np.random.default_rng(0)
    times = arrivals(DISCS[disc], 200, 60, draw)
    assert (np.diff(times) >= 0).all() and times[0] >= 0 and times[-1] < 60
    # of Poisson arrivals at a steady rate this is 1 in the mean, at any frequency
    swing, other = (abs(np.exp(2j * np.pi * hz * times).sum()) ** 2 / len(times) for hz in (turns, 7.3))
    assert swing > 20 > other
    counts = np.bincount((10 * times).astype(int))
    assert counts.var() > 1.3 * counts.mean()
    gaps = np.diff(arrivals(DISCS[disc], 5, 300, draw))
    assert 0.05 < np.mean(gaps < 0.004) < 0.2  # a steady rate: 0.02


@pytest.mark.parametrize("curve", sorted({curve for disc in DISCS.values() for curve in disc.curves}))
def test_impulses_look_like_those_of_a_real_record(curve: str) -> None:
    route = ROUTES["44.1"]
    passed = partial(route.analogue(cartridge(15_000, 1.2)).pulses, through=beyond(route, curve))
    pulses, _ = passed(drawn_shapes(passed, np.random.default_rng(1)).waves)
    assert np.abs(pulses).max(axis=1) == pytest.approx(np.ones(len(pulses)))
    peaks = np.argmax(np.abs(pulses), axis=1)
    around = np.stack([pulse[peak - 44 : peak + 88] for pulse, peak in zip(pulses, peaks, strict=True)])
    energy = np.cumsum(np.abs(np.fft.rfft(around * np.hanning(132), 1024)) ** 2, axis=1)
    below = np.sum(energy < 0.95 * energy[:, -1:], axis=1) * RATE / 1024
    low, median, high = np.quantile(below, (0.1, 0.5, 0.9))
    assert 3000 < low < 6000 and 7000 < median < 10_000 and 10_000 < high < 15_000
    before, after = np.sum(around[:, 18:44] ** 2, axis=1), np.sum(around[:, 45:71] ** 2, axis=1)
    assert 1 < np.median(10 * np.log10(after / before)) < 6
    signs = np.sign(around[:, 44])
    assert abs(signs.mean()) < 0.7


@pytest.mark.whole
@both_discs
@pytest.mark.parametrize("route", ["48 sox", "96 sox", "to 12 kHz", "to 16 kHz"])
def test_it_is_as_high_and_as_long_after_a_route(disc: str, route: str) -> None:
    straight, damaged = made(disc, 50, 2.0), made(disc, 50, 2.0, route=route)
    assert damaged.starts / damaged.sample_rate == pytest.approx(straight.starts / RATE, abs=0.001)
    assert over_rms(damaged).max() == pytest.approx(over_rms(straight).max(), rel=0.25)
    powers = [10 * np.log10(np.mean(over_rms(one) ** 2)) for one in (straight, damaged)]
    assert powers[1] == pytest.approx(powers[0], abs=1.5)


def test_a_limit_before_the_converter_leaves_nothing_of_it_above() -> None:
    damaged = made("vinyl", 200, 8.0, route="to 12 kHz")
    power = np.abs(np.fft.rfft(damaged.audio - damaged.clean, axis=1)) ** 2
    edge = round(12_600 * damaged.audio.shape[1] / RATE)
    assert 10 * np.log10(power[:, edge:].mean() / power[:, :edge].mean()) < -35


@both_discs
def test_impulses_are_in_both_walls_against_each_other_or_in_one(disc: str) -> None:
    kind = DISCS[disc]
    gains = walls(kind, 2, 10_000, np.random.default_rng(0))
    assert (gains.max(axis=0) == 1).all()
    less = gains.min(axis=0)
    shares = [np.mean(less > 0), np.mean(less < 0), np.mean(less == 0)]
    assert shares == pytest.approx([kind.lateral, kind.vertical, 1 - kind.lateral - kind.vertical], abs=0.02)
    assert np.abs(less[less != 0]).min() > 0.6
    assert np.mean(gains[0] == 1) == pytest.approx(0.5, abs=0.02)
    assert (walls(kind, 1, 100, np.random.default_rng(0)) == 1).all()


@pytest.mark.whole
def test_the_crackle_subtracted_is_near_the_clean_take_after_a_codec() -> None:
    damaged = made("vinyl", 200, 8.0, route="MP3 320")
    before = np.sum((damaged.audio - damaged.clean) ** 2)
    assert np.sum((damaged.subtracted - damaged.clean) ** 2) < 0.05 * before


def test_a_disc_that_is_none_is_said() -> None:
    with pytest.raises(ValueError, match="disc='wax' must be one of vinyl, shellac"):
        made("wax", 50, 2.0)

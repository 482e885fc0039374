"""Clicks have the height and the place that their truth says, at every rate, the same every time."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE, ROUTES
from bench.material.reporting.clicks import RECIPES, Faulty, Heard, crackled, faulty
from bench.material.takes import Take

CLICKS = [kind for kind, recipe in RECIPES.items() if recipe.draw is not None and not recipe.clips]


def take(seconds: float = 4.0, channels: int = 2) -> Take:
    """Notes that swell and fade, so that there are soft parts."""
    time = np.arange(round(seconds * RATE)) / RATE
    notes = sum(np.sin(2 * np.pi * hz * time) / hz for hz in (98, 220, 277, 330, 1760))
    notes *= 0.6 + 0.4 * np.sin(2 * np.pi * 0.5 * time)
    return Take("notes", 0.3 * np.stack([notes, 0.8 * notes][:channels]) / np.abs(notes).max(), RATE)


def made(kind: str, strength: float = 5.0, route: str = "44.1", channels: int = 2) -> Faulty:
    heard = Heard(take(channels=channels), ROUTES[route], groove=RECIPES[kind].groove, seed=3)
    return faulty(heard, kind, strength, 3)


@pytest.mark.parametrize("kind", RECIPES)
def test_kinds_are_the_same_every_time_and_damage_what_they_say(kind: str) -> None:
    strength = 15.0 if RECIPES[kind].clips else 5.0
    one, other = made(kind, strength), made(kind, strength)
    assert (one.audio == other.audio).all() and (one.starts == other.starts).all()
    assert len(one.starts) >= 2 and (one.stops > one.starts).all()
    error = np.abs(one.audio - one.clean).max(axis=0)
    for start, stop in zip(one.starts, one.stops, strict=True):
        assert error[start:stop].max() > 1e-3
        error[start - RATE // 1000 : stop + RATE // 50] = 0
    assert error.max() < 0.02 * np.abs(one.audio - one.clean).max()


@pytest.mark.parametrize("kind", CLICKS)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_click_peaks_at_its_strength_times_the_sound_nearby(kind: str, channels: int) -> None:
    damaged = made(kind, 5.0, channels=channels)
    error = damaged.audio - damaged.clean
    ratios = []
    for start, stop in zip(damaged.starts, damaged.stops, strict=True):
        window = np.abs(error[:, start - 30 : stop + 30])
        hit = window.max(axis=1) > 0.3 * window.max()
        at = start - 30 + int(np.argmax(window.max(axis=0)))
        rms = np.sqrt(np.mean(damaged.clean[hit, at - 441 : at + 441] ** 2))
        ratios.append(window.max() / rms)
    assert ratios == pytest.approx([5.0] * len(ratios), rel=0.05)


@pytest.mark.whole
@pytest.mark.parametrize("route", ["48 sox", "96 sox", "to 12 kHz", "to 16 kHz"])
@pytest.mark.parametrize("kind", ["tick", "glitch"])
def test_a_click_is_as_high_and_where_it_was_after_a_route(kind: str, route: str) -> None:
    if ROUTES[route].missing:
        pytest.skip(ROUTES[route].missing)
    straight, damaged = made(kind), made(kind, route=route)
    assert damaged.starts / damaged.sample_rate == pytest.approx(straight.starts / RATE, abs=1 / RATE)
    for start in damaged.starts:
        window = slice(start - damaged.sample_rate // 500, start + damaged.sample_rate // 500)
        peaks = np.abs(damaged.audio - damaged.clean)[:, window].max()
        first = slice(*(round(edge * RATE / damaged.sample_rate) for edge in (window.start, window.stop)))
        gain = np.max(np.abs(damaged.clean)) / np.max(np.abs(straight.clean))
        expected = gain * np.abs(straight.audio - straight.clean)[:, first].max()
        assert peaks == pytest.approx(expected, rel=0.35)


def test_clipped_pops_are_at_full_scale_and_the_music_is_not() -> None:
    damaged = made("clipped", 15.0)
    assert np.abs(damaged.clean).max() < 0.9
    for start, stop in zip(damaged.starts, damaged.stops, strict=True):
        span = damaged.audio[:, start:stop]
        assert np.max(np.sum((span == span.max()) | (span == span.min()), axis=1)) >= 3
        assert np.abs(span).max() >= 1 - 2.0**-15


def test_zeros_are_zeros_and_dropouts_fall() -> None:
    zeros, dropouts = made("zeros"), made("dropout")
    for start, stop in zip(zeros.starts, zeros.stops, strict=True):
        assert (zeros.audio[:, start:stop] == 0).all()
    for start, stop in zip(dropouts.starts, dropouts.stops, strict=True):
        middle = slice((start + stop) // 2 - 2, (start + stop) // 2 + 3)
        assert np.abs(dropouts.audio[:, middle]).max() < 0.15 * np.abs(dropouts.clean).max()


def test_some_clicks_are_in_both_channels_some_in_one() -> None:
    damaged = made("tick")
    error = np.abs(damaged.audio - damaged.clean)
    peaks = np.array([error[:, a : a + 60].max(axis=1) for a in damaged.starts])
    balance = peaks.min(axis=1) / peaks.max(axis=1)
    assert (balance < 0.05).any() and (balance > 0.6).any()


@pytest.mark.parametrize(("per_second", "strength"), [(50, 8.0), (1000, 0.5)])
def test_crackle_has_its_density_and_height(per_second: int, strength: float) -> None:
    heard = Heard(take(), ROUTES["44.1"], groove=True, seed=2)
    damaged = crackled(heard, per_second, strength, 2)
    assert len(damaged.starts) == pytest.approx(4 * per_second, rel=0.25)
    highest = np.abs(damaged.audio - damaged.clean).max() / np.sqrt(np.mean(damaged.clean**2))
    assert 0.6 * strength < highest < 4 * strength  # they may lie on each other


def test_what_cannot_be_made_is_said() -> None:
    heard = Heard(take(1.0), ROUTES["44.1"], groove=True, seed=0)
    with pytest.raises(ValueError, match="kind='thud' must be one of tick"):
        faulty(heard, "thud", 5, 0)
    with pytest.raises(ValueError, match="sample_rate=48000 of notes must be 44100"):
        Heard(Take("notes", take(1.0).audio, 48_000), ROUTES["44.1"], groove=True, seed=0)


@pytest.mark.whole
@pytest.mark.parametrize("kind", ["tick", "clipped", "glitch", "dropout"])
def test_the_click_subtracted_is_near_the_clean_take_after_a_codec(kind: str) -> None:
    if ROUTES["MP3 320"].missing:
        pytest.skip(ROUTES["MP3 320"].missing)
    damaged = made(kind, 15.0, route="MP3 320")
    before = np.sum((damaged.audio - damaged.clean) ** 2)
    assert np.sum((damaged.subtracted - damaged.clean) ** 2) < 0.05 * before

"""The recipes: what comes back is the truth, and has the level, the spacing and the spectrum that it says."""

import numpy as np
import pytest
from bench.material.damage import CLICKS, clicks, crackle, hum, noise, noise_spectrum
from bench.measuring.measures import active_level_db, sdr_db
from bench.measuring.yardsticks import additive_pulse, exact_span_lsar, oracle_wiener, two_pass_wiener

RATE = 44100


def partials(seconds=3.0, channels=2, seed=0):
    """A few steady partials over a faint noise floor: easy music."""
    draw = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    tones = sum(
        np.sin(2 * np.pi * f * t + draw.uniform(0, 6)) / (k + 1) for k, f in enumerate((220, 557, 1310, 2805))
    )
    return 0.1 * tones + 1e-4 * draw.standard_normal((channels, len(t)))


RECIPES = {
    **{kind: lambda x, seed, kind=kind: clicks(x, RATE, kind=kind, strength=5, seed=seed) for kind in CLICKS},
    "crackle": lambda x, seed: crackle(x, RATE, per_second=50, strength=2, seed=seed),
    "mains": lambda x, seed: hum(x, RATE, kind="mains", seed=seed, splices=True, level_steps=True),
    "buzz": lambda x, seed: hum(x, RATE, kind="buzz", seed=seed, mains_hz=60),
    "hiss": lambda x, seed: noise(x, RATE, kind="white", below_db=10, seed=seed),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_truth_adds_up_and_is_seeded(recipe):
    music = partials(2.0)
    once, again, other = recipe(music, 3), recipe(music, 3), recipe(music, 4)
    np.testing.assert_array_equal(once.audio, once.clean + once.added)
    np.testing.assert_array_equal(once.clean[:, once.program], music)
    np.testing.assert_array_equal(once.audio, again.audio)
    assert not np.array_equal(once.audio, other.audio)


@pytest.mark.parametrize("kind", CLICKS)
def test_strength_only_scales_the_clicks(kind):
    music = partials()
    weak, strong = (clicks(music, RATE, kind=kind, strength=k, seed=1) for k in (2, 6))
    np.testing.assert_allclose(strong.added, 3 * weak.added, rtol=1e-12)
    np.testing.assert_array_equal(strong.starts, weak.starts)


@pytest.mark.parametrize("kind", CLICKS)
def test_clicks_peak_at_their_strength_over_the_local_rms(kind):
    music = np.full((1, 3 * RATE), 0.1) * (-1.0) ** np.arange(3 * RATE)  # 0.1 everywhere, at any window
    found = clicks(music, RATE, kind=kind, strength=5, seed=1)
    peaks = [np.max(np.abs(found.added[0, a:b])) for a, b in zip(found.starts, found.stops, strict=True)]
    np.testing.assert_allclose(peaks, 0.5, rtol=1e-9)


def test_clicks_are_spaced_and_struck_as_the_truth_says():
    found = clicks(partials(10.0), RATE, kind="tick", strength=5, seed=2)
    assert np.diff(found.starts).min() >= 0.25 * RATE - 1
    assert np.diff(found.starts).max() <= 0.45 * RATE + 1
    assert 0.2 < np.mean(found.struck.all(axis=1)) < 0.8
    assert found.struck.any(axis=1).all()
    assert not found.added[found.variance == 0].any()
    assert np.sum(found.added[found.mask()] ** 2) > (1 - 1e-4) * np.sum(found.added**2)


def test_no_click_where_the_take_is_silent():
    music = partials()
    music[:, RATE : 2 * RATE] = 0.0
    found = clicks(music, RATE, kind="tick", strength=5, seed=0)
    assert not ((found.starts > 1.02 * RATE) & (found.starts < 1.98 * RATE)).any()
    assert not clicks(np.zeros((1, RATE)), RATE, kind="tick", strength=5, seed=0).added.any()


def test_crackle_has_its_rate_and_peaks():
    music = partials(10.0, channels=1)
    found = crackle(music, RATE, per_second=200, strength=2, seed=0)
    assert len(found.starts) == pytest.approx(2000, abs=200)
    rms = np.sqrt(np.mean(music**2))
    alone = np.flatnonzero(
        (np.diff(found.starts, prepend=-999) > 99) & (np.diff(found.starts, append=10**9) > 99)
    )
    peaks = np.array([np.max(np.abs(found.added[0, found.starts[k] : found.stops[k]])) for k in alone]) / rms
    assert 0.4 - 1e-9 <= peaks.min() < 0.5 < 1.6 < peaks.max() <= 2.0 + 1e-9


@pytest.mark.parametrize(("below_db", "kind"), [(10, "white"), (25, "pink"), (10, "tape")])
def test_noise_lies_under_the_active_level(below_db, kind):
    music = partials()
    noisy = noise(music, RATE, kind=kind, below_db=below_db, seed=0)
    assert sdr_db(music, noisy.audio[:, noisy.program]) == pytest.approx(below_db, abs=0.01)
    assert noisy.program == slice(round(1.5 * RATE), round(1.5 * RATE) + music.shape[1])
    assert noisy.audio.shape[1] - noisy.program.stop == RATE


def test_noise_spectra():
    f = np.array([50.0, 100.0, 1000.0, 2000.0, 8000.0])
    np.testing.assert_allclose(
        10 * np.log10(noise_spectrum("pink", f) / noise_spectrum("pink", 2 * f)), 3.01, atol=0.01
    )
    tape = 10 * np.log10(noise_spectrum("tape", f))
    assert abs(tape[3] - tape[2]) < 1.0  # even below the 50 us corner at 3.2 kHz, and rising above it
    assert 2.0 < tape[4] - tape[2] < 4.0


@pytest.mark.parametrize("kind", ["mains", "buzz"])
def test_hum_is_harmonics_of_the_mains(kind):
    music = partials(5.0, channels=1)
    found = hum(music, RATE, kind=kind, seed=0, below_db=20)
    level, _ = active_level_db(music, RATE)
    assert 10 * np.log10(np.mean(found.added[:, found.program] ** 2)) == pytest.approx(level - 20)
    power = np.abs(np.fft.rfft(found.added[0] * np.hanning(found.added.shape[1]))) ** 2
    f = np.fft.rfftfreq(found.added.shape[1], 1 / RATE)
    off = np.abs(f - 50 * np.round(f / 50))
    near = off <= 0.4 + 0.1 * np.round(f / 50)  # 0.08 Hz times the harmonic's number, and the window's width
    assert power[near].sum() > 0.999 * power.sum()


@pytest.mark.parametrize(
    "bad",
    [lambda x: hum(x, RATE, kind="drone", seed=0), lambda x: noise(x, RATE, kind="red", below_db=3, seed=0)],
)
def test_unknown_kinds_are_refused(bad):
    with pytest.raises(ValueError, match="must be"):
        bad(partials(1.0))


def test_span_yardstick_leaves_the_rest_alone_and_repairs_partials():
    found = clicks(partials(), RATE, kind="glitch", strength=5, seed=5)
    repaired = exact_span_lsar(found)
    np.testing.assert_array_equal(repaired[~found.mask()], found.audio[~found.mask()])
    assert sdr_db(found.clean, repaired) > sdr_db(found.clean, found.audio) + 25


def test_additive_yardstick_beats_spans_on_weak_crackle():
    found = crackle(partials(2.0), RATE, per_second=100, strength=0.5, seed=0)
    before, spans, additive = (
        sdr_db(found.clean, x) for x in (found.audio, exact_span_lsar(found), additive_pulse(found))
    )
    assert additive > max(before, spans) + 3


def test_noise_yardsticks_gain_and_the_oracle_gains_most():
    noisy = noise(partials(), RATE, kind="tape", below_db=10, seed=0)
    before, two_pass, oracle = (
        sdr_db(noisy.clean[:, noisy.program], x[:, noisy.program])
        for x in (noisy.audio, two_pass_wiener(noisy.audio, noisy.program.start), oracle_wiener(noisy))
    )
    assert oracle > two_pass > before + 3

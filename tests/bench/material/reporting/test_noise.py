"""Noise under a take has the level that it states and the course that its kind says, every time."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE
from bench.material.reporting.noise import KINDS, Noisy, noisy
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

from bench.material.reporting import grounds

PLAIN = [k for k, kind in KINDS.items() if not (kind.fade_s or kind.rides or kind.gated or kind.route.codec)]


def take(seconds: float = 4.0) -> Take:
    """Notes with a rest in them."""
    time = np.arange(round(seconds * RATE)) / RATE
    notes = sum(np.sin(2 * np.pi * hz * time) / hz for hz in (98, 220, 277, 330, 1760))
    notes *= np.abs(time - seconds / 2) > 0.4
    return Take("notes", 0.3 * np.stack([notes, 0.8 * notes]) / np.abs(notes).max(), RATE)


def level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(audio**2) + 1e-15))


def per_band(noise: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the power of a band in frames of 20 ms."""
    spectrum = np.fft.rfft(noise[0])
    hz = np.fft.rfftfreq(noise.shape[1], 1 / RATE)
    band = np.fft.irfft(np.where((hz >= low) & (hz < high), spectrum, 0), noise.shape[1])
    return np.mean(band[: len(band) // 882 * 882].reshape(-1, 882) ** 2, axis=1)


@pytest.mark.parametrize("kind", [k for k, kind in KINDS.items() if not kind.route.codec])
def test_kinds_are_the_same_every_time_and_differ_by_seed(kind: str) -> None:
    same_and_different(kind)


@pytest.mark.whole
@pytest.mark.parametrize("kind", [k for k, kind in KINDS.items() if kind.route.codec])
def test_coded_noise_is_the_same_every_time_and_aligned(kind: str) -> None:
    if KINDS[kind].route.missing:
        pytest.skip(KINDS[kind].route.missing)
    same_and_different(kind)
    made = noisy(take(), KINDS[kind], 30.0, 0)
    lags = np.fft.irfft(np.conj(np.fft.rfft(made.clean[0])) * np.fft.rfft(made.audio[0]))
    assert np.argmax(lags) == 0
    straight = noisy(take(), KINDS["tape hiss"], 30.0, 0).clean
    if made.sample_rate == RATE:
        lags = np.fft.irfft(np.conj(np.fft.rfft(straight[0])) * np.fft.rfft(made.clean[0]))
        assert np.argmax(lags) == 0


def same_and_different(kind: str) -> None:
    one, again, other = (noisy(take(2.0), KINDS[kind], 10.0, seed) for seed in (0, 0, 1))
    assert one.audio.tobytes() == again.audio.tobytes() and one.clean.tobytes() == again.clean.tobytes()
    assert one.audio.tobytes() != other.audio.tobytes()
    assert one.audio.shape == one.clean.shape and np.abs(one.audio).max() < 1


@pytest.mark.parametrize("below_db", [10.0, 20.0])
@pytest.mark.parametrize("kind", PLAIN)
def test_the_stated_ratio_is_met(kind: str, below_db: float) -> None:
    made = noisy(take(), KINDS[kind], below_db, 2)
    noise = made.audio - made.clean
    level, _ = active_level_db(made.clean, RATE)
    assert level - level_db(noise) == pytest.approx(below_db, abs=0.2)


@pytest.mark.parametrize("kind", [k for k, kind in KINDS.items() if not kind.route.codec])
def test_noise_is_alone_where_it_says(kind: str) -> None:
    made = noisy(take(), KINDS[kind], 20.0, 1)
    assert level_db(made.clean[:, made.alone]) < -80 < -60 < level_db(made.audio[:, made.alone])
    assert made.program.stop <= made.audio.shape[1] and made.program.stop - made.program.start >= 3 * RATE


def course_at(made: Noisy, per_s: float, low: float, high: float) -> float:
    """Return the swing of a band's level at a frequency, in dB."""
    power = per_band(made.audio - made.clean, low, high)
    level = 10 * np.log10(power)
    return 2 * abs(
        np.mean((level - level.mean()) * np.exp(-2j * np.pi * per_s * 0.02 * np.arange(len(level))))
    )


@pytest.mark.parametrize(
    ("kind", "per_s"), [("swish 33", 100 / 180), ("swish 45", 0.75), ("swish 78", 78.26 / 60)]
)
def test_a_swish_turns_with_the_disc_in_level_and_colour(kind: str, per_s: float) -> None:
    made = noisy(take(8.0), KINDS[kind], 10.0, 0)
    low, high = course_at(made, per_s, 200, 1500), course_at(made, per_s, 5000, 12_000)
    assert max(low, high) > 2.5 and max(low, high) > 3 * course_at(made, 0.37 * per_s, 200, 1500)
    assert abs(low - high) > 0.3


@pytest.mark.parametrize(("kind", "per_s"), [("78 surface", 78.26 / 60), ("cylinder", 160 / 60)])
def test_a_groove_comes_back_with_every_turn(kind: str, per_s: float) -> None:
    made = noisy(take(8.0), KINDS[kind], 10.0, 0)
    noise = (made.audio - made.clean)[0]
    period = round(RATE / per_s)
    assert np.corrcoef(noise[:-period], noise[period:])[0, 1] > 0.2
    assert abs(np.corrcoef(noise[: -period - 500], noise[period + 500 :])[0, 1]) < 0.1


def test_a_gate_closes_in_pauses_and_a_fade_ends_in_silence() -> None:
    gated = noisy(take(), KINDS["gated"], 10.0, 0)
    rest = slice(gated.program.start + round(1.95 * RATE), gated.program.start + round(2.05 * RATE))
    assert level_db(gated.audio[:, rest]) < -80
    faded = noisy(take(), KINDS["fade 12 s"], 10.0, 0)
    assert level_db(faded.audio[:, -RATE // 4 :]) < -80
    first, last = (level_db((faded.audio - faded.clean)[:, at : at + RATE]) for at in (0, 3 * RATE))
    assert first - last > 10


def test_an_automatic_gain_lifts_the_noise_in_rests() -> None:
    made = noisy(take(), KINDS["automatic gain"], 20.0, 0)
    noise = made.audio - made.clean
    assert level_db(noise[:, made.alone]) - level_db(noise[:, RATE + RATE // 2 :][:, : RATE // 2]) > 3


def test_pauses_are_as_long_as_they_say() -> None:
    for kind, seconds in (("pause 0.3 s", 0.3), ("pause 1 s", 1.0)):
        made = noisy(take(), KINDS[kind], 10.0, 0)
        assert (made.alone.stop - made.alone.start) / RATE == pytest.approx(seconds)
        assert made.audio.shape[1] == pytest.approx((4 + 3 * seconds) * RATE, abs=3)


def test_drifting_noise_ends_at_another_level_and_colour() -> None:
    noise = grounds.drifting(take().audio, np.random.default_rng(0))
    ratios = [per_band(noise, low, high) for low, high in ((100, 1000), (6000, 15_000))]
    moves = [10 * np.log10(np.mean(power[-50:]) / np.mean(power[:50])) for power in ratios]
    assert abs(moves[0]) > 4 and abs(moves[0] - moves[1]) > 3


def test_a_take_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="2 s or longer"):
        noisy(take(1.0), KINDS["tape hiss"], 10.0, 0)

"""The measures against cases whose answer is known."""

import numpy as np
import pytest
from bench.measuring.measures import (
    ClickScore,
    active_level_db,
    click_gains_db,
    fall_db,
    harm,
    musical_noise,
    octave_gains_db,
    pesq_mos,
    phase_inversion,
    sdr_db,
    worse_share,
    zimtohrli_distance,
)

RATE = 44100


def hiss(seconds=2.0, channels=2, seed=0):
    return np.random.default_rng(seed).standard_normal((channels, int(seconds * RATE)))


def test_active_level_skips_the_silence():
    tone = 0.1 * np.sqrt(2) * np.sin(2 * np.pi * 1000 / RATE * np.arange(RATE))
    level, active = active_level_db(np.stack([np.concatenate([tone, 0 * tone])]), RATE)
    assert level == pytest.approx(-20, abs=0.01)
    assert active == pytest.approx(0.5)
    assert active_level_db(np.zeros((1, RATE)), RATE) == (-np.inf, 0.0)


def test_sdr_and_fall():
    x = hiss()
    assert sdr_db(x, 1.1 * x) == pytest.approx(20)
    assert sdr_db(x, x) == np.inf
    assert fall_db(x, 0.1 * x) == pytest.approx(20)


def test_click_gains_see_only_their_window():
    clean, starts = np.zeros((2, RATE)), np.array([10000, 20000, 30000])
    stops = starts + 10
    damaged = clean.copy()
    for start, stop in zip(starts, stops, strict=True):
        damaged[0, start:stop] = 0.5
    output = damaged.copy()
    output[0, 10000:10010] = 0.05  # 20 dB less
    output[1, 20000:20010] = 0.5  # harmed in the other channel: twice the error
    output[0, 30000:30010] = 0.0  # all gone
    output[0, 30010 + round(0.02 * RATE)] = 0.5  # outside the window
    where = {"starts": starts, "stops": stops, "sample_rate": RATE}
    gains = click_gains_db(clean, damaged, output, **where)
    np.testing.assert_allclose(gains, [20, -3.0103, 120], atol=1e-3)
    score = ClickScore.of(gains)
    assert score.median_db == pytest.approx(20)
    assert (score.gone_share, score.worse_share) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert score.tenth_percentile_db == pytest.approx(np.percentile(gains, 10))
    np.testing.assert_allclose(click_gains_db(clean, damaged, damaged, **where), 0.0, atol=1e-12)


def test_what_was_left_alone_gains_exactly_nothing_however_it_lies_in_memory():
    clean = np.asfortranarray(hiss())
    damaged = np.asfortranarray(clean + hiss(seed=1))
    starts = np.arange(1000, 80_000, 997)
    where = {"starts": starts, "stops": starts + 13, "sample_rate": RATE}
    gains = click_gains_db(clean, damaged, np.ascontiguousarray(damaged), **where)
    assert (gains == 0).all() and not np.signbit(gains).any()


def test_harm():
    x = 0.1 * hiss()
    untouched = harm(x, x, RATE)
    assert (untouched.moved_share, untouched.error_db, untouched.worst_db) == (0.0, -np.inf, -np.inf)
    y = x.copy()
    y[:, : RATE // 10] *= 1.1
    found = harm(x, y, RATE)
    assert found.worst_db == pytest.approx(-20, abs=0.01)
    assert found.error_db == pytest.approx(-20 - 13, abs=0.2)  # a twentieth of the take
    assert found.moved_share == pytest.approx(0.05, abs=0.001)
    assert harm(x, x + 2.0**-16, RATE).moved_share == 0.0


def test_octave_gains_tell_the_band():
    x = hiss()
    spectrum = np.fft.rfft(0.1 * hiss(seed=1))
    f = np.fft.rfftfreq(x.shape[1], 1 / RATE)
    added = np.fft.irfft(spectrum, x.shape[1])
    halved = np.fft.irfft(np.where((f > 2828) & (f < 5657), spectrum / 2, spectrum), x.shape[1])
    gains = octave_gains_db(x, x + added, x + halved, RATE)
    assert sorted(gains)[0] == 31.25
    assert sorted(gains)[-1] == 16000
    assert gains.pop(4000) == pytest.approx(6.02, abs=0.1)
    np.testing.assert_allclose(list(gains.values()), 0.0, atol=0.1)


def test_musical_noise_is_zero_for_scaling_and_not_for_twitter():
    noise = hiss()
    assert musical_noise(noise, 0.1 * noise, RATE) == pytest.approx(0.0, abs=1e-9)
    coloured = noise[:, 1:] + noise[:, :-1]
    assert musical_noise(noise, coloured, RATE) == pytest.approx(0.0, abs=0.05)
    assert musical_noise(noise, np.zeros_like(noise), RATE) == pytest.approx(0.0, abs=0.2)
    draw = np.random.default_rng(1)
    t = np.arange(1024)
    twitter = 1e-3 * noise
    for _ in range(100):  # short tones at random times and frequencies
        at = draw.integers(noise.shape[1] - 1024)
        twitter[:, at : at + 1024] += np.hanning(1024) * np.sin(2 * np.pi * draw.uniform(0.01, 0.4) * t)
    assert musical_noise(noise, twitter, RATE) > 1.0


def test_phase_inversion_tells_program_from_residue():
    program, added = hiss(), 0.1 * hiss(seed=1)
    heard = phase_inversion(lambda x: 0.5 * x, program, added)
    np.testing.assert_allclose(heard.program, 0.5 * program, atol=1e-12)
    np.testing.assert_allclose(heard.residue, 0.5 * added, atol=1e-12)
    np.testing.assert_allclose(heard.output, 0.5 * (program + added), atol=1e-12)


def test_zimtohrli_distance_grows_with_the_noise():
    pytest.importorskip("zimtohrli")
    t = np.arange(2 * RATE) / RATE
    x = 0.2 * np.stack([np.sin(2 * np.pi * 440 * t) * np.exp(-t), np.sin(2 * np.pi * 660 * t) * np.exp(-t)])
    assert zimtohrli_distance(x, x, RATE) == pytest.approx(0.0, abs=1e-6)
    faint, loud = (zimtohrli_distance(x, x + a * hiss(), RATE) for a in (0.001, 0.05))
    assert 0 < faint < loud


def test_pesq_falls_with_the_noise():
    pytest.importorskip("pesq")
    t = np.arange(2 * RATE) / RATE
    voiced = sum(np.sin(2 * np.pi * 120 * h * t) / h for h in range(1, 30))
    x = 0.05 * (voiced * np.clip(np.sin(2 * np.pi * 2 * t), 0, 1))[np.newaxis]
    assert pesq_mos(x, x, RATE) > 4.5
    faint, loud = (pesq_mos(x, x + a * hiss(channels=1), RATE) for a in (0.001, 0.02))
    assert 1 <= loud < faint < 4.5


def test_a_tenth_of_a_second_is_worse_where_its_error_grew_and_is_heard():
    x, noise = 0.1 * hiss(channels=1), 0.1 * hiss(channels=1, seed=1)
    before, after = x + 0.1 * noise, x + 0.1 * noise
    assert worse_share(x, before, after, RATE) == 0.0
    after = after.copy()
    after[:, : RATE // 2] += 0.2 * noise[:, : RATE // 2]
    assert worse_share(x, before, after, RATE) == pytest.approx(0.25)
    assert worse_share(x, x, x + 1e-3 * noise, RATE) == 0.0

"""The noise print is the noise's spectrum, whatever the rate, and nothing where there is no noise."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from wavemend.analysis.noise.noise_print import NO_NOISE, NoisePrint, NoisePrintAnalyser
from wavemend.errors import FindingsError

RATE = 22050


def analyse(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    analyser = NoisePrintAnalyser(rate, len(audio))
    analyser.push(audio)
    return analyser.result()


def noise(seconds, rate=RATE, channels=1, level_db=-50.0, seed=0):
    """White noise of the same density at any rate: its level grows with the bandwidth."""
    scale = 10 ** (level_db / 20) * np.sqrt(rate / RATE)
    return scale * np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))


def coloured(white):
    return lfilter([1.0, -0.6], [1.0, -0.3], white)


def melody(seconds, rate=RATE, level=0.1):
    """Notes of 0.3 s with eight partials, decaying; no pause."""
    draw = np.random.default_rng(1)
    t = np.arange(round(0.3 * rate)) / rate
    notes = []
    for _ in range(int(np.ceil(seconds / 0.3))):
        pitch = 220 * 2 ** (draw.integers(0, 24) / 12)
        partials = [np.sin(2 * np.pi * pitch * h * t) / h for h in range(1, 9) if pitch * h < rate / 2]
        notes.append(np.sum(partials, axis=0) * np.exp(-3 * t) * np.minimum(t / 0.005, 1))
    return level * np.concatenate(notes)[np.newaxis, : round(seconds * rate)]


def density_of(print_, low, high):
    inside = (print_.frequency_hz > low) & (print_.frequency_hz < high)
    return print_.density_dbfs_hz[:, inside].mean(axis=1)


@pytest.mark.parametrize("rate", [4000, 8000, 44100, 192000])
def test_density_of_known_noise_is_found_at_any_rate(rate):
    print_ = analyse(noise(3, rate, channels=2), rate)
    expected = -50 - 10 * np.log10(RATE / 2)
    assert print_.found
    np.testing.assert_allclose(density_of(print_, 100, 0.45 * rate), expected, atol=0.4)
    assert np.sqrt(np.mean((print_.density_dbfs_hz - expected) ** 2)) < 0.7
    assert print_.frequency_hz[-1] == pytest.approx(rate / 2)


def test_noise_in_a_pause_is_found_and_where():
    hiss = coloured(noise(8, seed=3))
    audio = hiss + np.pad(melody(5), ((0, 0), (2 * RATE, RATE)))
    found, alone = analyse(audio), analyse(hiss)
    assert np.abs(found.density_dbfs_hz - alone.density_dbfs_hz).mean() < 0.5
    assert found.confidence > 0.7
    assert all(end <= 2.1 or start >= 6.9 for start, end in zip(found.start_s, found.end_s, strict=True))


def test_one_pause_of_half_a_second_is_enough():
    hiss = coloured(noise(10.5, seed=4))
    program = np.concatenate([melody(5), np.zeros((1, RATE // 2)), melody(5)], axis=1)
    found, alone = analyse(hiss + program), analyse(hiss)
    assert np.abs(found.density_dbfs_hz - alone.density_dbfs_hz).mean() < 1.0


@pytest.mark.parametrize("seconds", [0.35, 0.6, 20])
def test_a_selection_of_noise_alone_is_learned(seconds):
    np.testing.assert_allclose(density_of(analyse(noise(seconds)), 100, 10000), -50 - 40.42, atol=0.7)


def test_noise_under_a_program_that_never_pauses_is_found_with_less_confidence():
    hiss = noise(12, level_db=-40)
    draw = np.random.default_rng(0)
    t = np.arange(hiss.shape[1]) / RATE
    wobble = 1 + 0.5 * np.sin(2 * np.pi * 3 * t)
    drone = (
        0.05 * wobble * np.sum([np.sin(2 * np.pi * 110 * h * t + draw.random()) for h in range(1, 8)], axis=0)
    )
    found = analyse(hiss + drone)
    assert found.found
    assert 0 < found.confidence < 0.7
    np.testing.assert_allclose(density_of(found, 2000, 10000), -40 - 10 * np.log10(RATE / 2), atol=1.0)
    # where the drone is, noise is rather left than the drone taken; what is expected is another matter
    assert density_of(found, 100, 700) < -40 - 10 * np.log10(RATE / 2) + 3
    assert (found.expected_dbfs_hz >= found.density_dbfs_hz).all()
    octaves = np.searchsorted(found.frequency_hz, 1000 * 2.0 ** np.arange(-3, 4))
    np.testing.assert_allclose(found.expected_dbfs_hz[:, octaves], -40 - 10 * np.log10(RATE / 2), atol=3)


TIME = np.arange(5 * RATE) / RATE


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros((2, 0)),
        np.ones((1, 1)),
        np.zeros((2, 5 * RATE)),
        np.full((1, 5 * RATE), 0.5),
        np.sin(2 * np.pi * 1000 * TIME)[np.newaxis],
        np.sin(2 * np.pi * 50 * TIME)[np.newaxis],
        np.sum([np.sin(2 * np.pi * f * TIME) / 3 for f in (220, 277.2, 329.6)], axis=0)[np.newaxis],
        np.pad(melody(6), ((0, 0), (RATE, RATE))),
        np.round(np.pad(melody(6), ((0, 0), (RATE, RATE))) * 2**15) / 2**15,
        np.eye(1, RATE),
        1e-6 * np.random.default_rng(0).standard_normal((1, 2 * RATE)),
    ],
    ids=[
        *("empty", "one", "silence", "offset", "sine", "low-sine"),
        *("chord", "music", "music-16-bit", "click", "faint"),
    ],
)
def test_no_noise_nothing_found(audio):
    found = analyse(audio)
    assert not found.found
    assert found.confidence == 0
    assert found.density_dbfs_hz.shape == (len(audio), 0)
    assert found == NoisePrint.from_json(json.loads(json.dumps(found.to_json())))
    assert found.describe() == "no steady noise"


def test_digital_silence_is_not_taken_for_the_noise():
    hiss = noise(5)
    hiss[:, : 2 * RATE] = 0
    np.testing.assert_allclose(density_of(analyse(hiss), 100, 10000), -50 - 10 * np.log10(RATE / 2), atol=0.3)


def test_what_is_heard_in_pauses_is_what_is_expected():
    found = analyse(noise(3))
    assert np.array_equal(found.expected_dbfs_hz, found.density_dbfs_hz)


def test_a_silent_channel_has_no_noise():
    both = np.concatenate([noise(3), np.zeros((1, 3 * RATE))])
    found = analyse(both)
    assert found.noisy.tolist() == [True, False]
    assert (found.density_dbfs_hz[1] == NO_NOISE).all()


def test_a_whistle_in_the_noise_stays_a_line():
    t = np.arange(4 * RATE) / RATE
    found = analyse(noise(4) + 10 ** (-45 / 20) * np.sin(2 * np.pi * 5000 * t))
    line = np.argmin(np.abs(found.frequency_hz - 5000))
    assert found.density_dbfs_hz[0, line] > found.density_dbfs_hz[0, line - 6] + 15


def test_gain_shifts_the_print_and_nothing_else():
    audio = coloured(noise(4, level_db=-40))
    loud, soft = analyse(audio), analyse(audio / 10)
    np.testing.assert_allclose(loud.density_dbfs_hz, soft.density_dbfs_hz + 20, atol=0.011)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 9000), max_size=8))
def test_findings_do_not_depend_on_the_partition(sizes):
    audio = noise(2, channels=2)
    analyser = NoisePrintAnalyser(RATE, 2)
    for block in np.split(audio, np.minimum(np.cumsum(sizes), audio.shape[1]).astype(int), axis=1):
        analyser.push(block)
    assert analyser.result() == analyse(audio)


@pytest.mark.parametrize("loud", [1e6, 1e150, 1e300])
def test_samples_far_over_full_scale_do_no_harm(loud):
    assert analyse(loud * noise(1)).confidence <= 1


def test_print_survives_json():
    found = analyse(noise(2, channels=2))
    assert NoisePrint.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_bin_power_is_what_noise_has_in_a_window():
    rate, window = 48000, np.hanning(1000)
    print_ = analyse(noise(4, 44100), 44100)
    frames = noise(20, rate, seed=9)[0].reshape(-1, 1000)
    expected = np.mean(np.abs(np.fft.rfft(frames * window)) ** 2, axis=0)
    power = print_.bin_power(rate, window)[0]
    known = np.fft.rfftfreq(1000, 1 / rate) <= 22050
    assert abs(10 * np.log10(power[known][3:] / expected[known][3:])).mean() < 0.5
    assert (power[~known] == 0).all()


def test_levels_are_the_noise_s():
    found = analyse(noise(4, 48000, level_db=-50), 48000)
    assert found.level_dbfs == pytest.approx(-50 + 10 * np.log10(48000 / RATE), abs=0.2)
    assert found.level_dbfs_a[0] < found.level_dbfs[0]
    assert f"{found.level_dbfs_a[0]:.0f} dBFS (A)" in found.describe()


def test_a_weighting_is_0_db_at_1_khz():
    none = np.empty(0)
    density = np.full((1, 3), -60.0)
    at_1_khz = NoisePrint(np.array([990.0, 1000, 1010]), density, density, none, none, 0.5)
    assert at_1_khz.level_dbfs_a == pytest.approx(at_1_khz.level_dbfs, abs=0.01)


GOOD = {
    "frequency_hz": [0.0, 100.0],
    "density_dbfs_hz": [[-100.0, -110.0]],
    "expected_dbfs_hz": [[-100.0, -109.0]],
    "start_s": [0.0],
    "end_s": [0.5],
    "confidence": 0.5,
}


@pytest.mark.parametrize(
    "bad",
    [
        {"frequency_hz": [100.0, 0.0]},
        {"frequency_hz": [-1.0, 0.0]},
        {"frequency_hz": [0.0]},
        {"frequency_hz": [0.0, float("nan")]},
        {"frequency_hz": "0 100"},
        {"frequency_hz": None},
        {
            "frequency_hz": list(range(70_000)),
            "density_dbfs_hz": [[-100.0] * 70_000],
            "expected_dbfs_hz": [[-100.0] * 70_000],
        },
        {"density_dbfs_hz": [-100.0, -110.0]},
        {"density_dbfs_hz": [[-100.0, 31.0]]},
        {"density_dbfs_hz": [[-100.0, -201.0]]},
        {"density_dbfs_hz": [[-100.0], [-100.0, -110.0]]},
        {"density_dbfs_hz": [["a", "b"]]},
        {"density_dbfs_hz": [[-100.0, -110.0]] * 65, "expected_dbfs_hz": [[-100.0, -110.0]] * 65},
        {"density_dbfs_hz": []},
        {"expected_dbfs_hz": [[-100.0]]},
        {"expected_dbfs_hz": [[-100.0, 31.0]]},
        {"start_s": [0.0, 1.0]},
        {"start_s": [-1.0]},
        {"start_s": [0.5]},
        {"start_s": [0.0] * 5000, "end_s": [1.0] * 5000},
        {"confidence": 1.5},
        {"confidence": None},
        {"confidence": [0.5]},
    ],
)
def test_damaged_findings_are_refused(bad):
    assert NoisePrint.from_json(GOOD).found
    with pytest.raises(FindingsError):
        NoisePrint.from_json({**GOOD, **bad})

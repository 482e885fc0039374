"""Denoise lowers noise by its print, and changes nothing where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend import Denoise
from wavemend.analysis.noise.noise_print import NoisePrint, NoisePrintAnalyser
from wavemend.analysis.noise.segments import NoiseSegments
from wavemend.errors import FindingsError

RATE = 16000
TIME = np.arange(4 * RATE) / RATE


def noise(seconds=4.0, channels=1, level_db=-50.0, rate=RATE, seed=0):
    draw = np.random.default_rng(seed)
    return 10 ** (level_db / 20) * draw.standard_normal((channels, round(seconds * rate)))


def tone():
    """A chord from 1 s to 3 s."""
    on = (TIME >= 1) & (TIME < 3)
    return on * np.sum([0.1 * np.sin(2 * np.pi * f * TIME) for f in (440, 554.4, 659.3)], axis=0)[np.newaxis]


def level_db(audio):
    return 10 * np.log10(np.mean(audio**2))


@pytest.fixture(params=["fast", "high"])
def quality(request):
    return request.param


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("reduction_db", [3.0, 12.0, 20.0])
def test_noise_alone_falls_by_the_reduction(quality, reduction_db, channels):
    audio = noise(channels=channels)
    out = Denoise(quality=quality, reduction_db=reduction_db).process(audio, RATE)
    inside = slice(RATE // 2, -RATE // 2)
    fall = level_db(audio[:, inside]) - level_db(out[:, inside])
    assert 0.85 * reduction_db < fall < reduction_db + 0.01


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_chord_under_noise_comes_nearer_to_the_clean_one(quality, channels):
    clean = np.repeat(tone(), channels, axis=0)
    noisy = clean + noise(channels=channels, level_db=-35)
    out = Denoise(quality=quality).process(noisy, RATE)
    middle = slice(RATE, 3 * RATE)
    assert level_db((noisy - clean)[:, middle]) - level_db((out - clean)[:, middle]) > 8


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_noise_that_both_channels_share_falls_as_other_noise_does(quality, sign):
    clean = np.concatenate([tone(), 0.5 * tone()])
    clean[1] = np.roll(clean[1], 400)
    hiss = noise(channels=2, level_db=-35)
    shared = np.stack([hiss[0], sign * hiss[0]])
    stage = Denoise(quality=quality)
    stage.learn(hiss, RATE)
    middle = slice(RATE, 3 * RATE)
    left = [level_db((stage.process(clean + added, RATE) - clean)[:, middle]) for added in (hiss, shared)]
    assert left[1] < left[0] + 0.3


@pytest.mark.parametrize("error_db", [-3.0, 3.0])
def test_a_print_that_is_off_costs_little(quality, error_db):
    clean, hiss = tone(), noise(level_db=-35)
    stage = Denoise(quality=quality)
    found = stage.learn(hiss, RATE)
    middle = slice(RATE, 3 * RATE)
    right = level_db((stage.process(clean + hiss, RATE) - clean)[:, middle])
    stage.findings = replace(found, density_dbfs_hz=found.density_dbfs_hz + error_db)
    wrong = level_db((stage.process(clean + hiss, RATE) - clean)[:, middle])
    assert wrong < right + 1.2


def test_no_noise_no_sample_changed(quality):
    for audio in (tone(), np.zeros((2, RATE)), np.full((1, RATE), 0.3), np.ones((1, 1)), np.zeros((2, 0))):
        assert np.array_equal(Denoise(quality=quality).process(audio, RATE), audio)


def test_no_reduction_no_sample_changed(quality):
    audio = noise(channels=2) + tone()
    assert np.array_equal(Denoise(quality=quality, reduction_db=0).process(audio, RATE), audio)


def test_values_of_version_1_keep_the_classical_estimator():
    assert Denoise.version == 4
    old = {"output": "repaired", "reduction_db": 8.0, "threshold_db": 0.0, "smoothing": 0.5}
    assert Denoise.upgrade(1, old) == {**old, "quality": "fast"}


def test_noise_does_not_stay_up_after_an_end_or_before_an_onset(quality):
    sound = 0.1 * np.random.default_rng(5).standard_normal((1, 4 * RATE))
    sound[:, : RATE * 3 // 2], sound[:, RATE * 5 // 2 :] = 0, 0
    hiss = noise(level_db=-50)
    stage = Denoise(quality=quality)
    stage.learn(hiss, RATE)
    out = stage.process(sound + hiss, RATE)
    for beside in (
        slice(RATE * 3 // 2 - 1800, RATE * 3 // 2 - 900),
        slice(RATE * 5 // 2 + 900, RATE * 5 // 2 + 1800),
    ):
        assert level_db(hiss[:, beside]) - level_db(out[:, beside]) > 9


def test_a_channel_without_noise_keeps_its_bits(quality):
    both = np.concatenate([noise() + tone(), tone()])
    out = Denoise(quality=quality).process(both, RATE)
    assert np.array_equal(out[1], both[1])
    assert not np.array_equal(out[0], both[0])


def test_removed_is_input_minus_output():
    audio = noise() + tone()
    removed = Denoise(output="removed").process(audio, RATE)
    assert np.array_equal(removed, audio - Denoise().process(audio, RATE))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 6000), max_size=8))
def test_any_partition_gives_the_same_bits(sizes):
    for quality in ("fast", "high"):
        partitioned(Denoise(quality=quality), sizes)


def partitioned(stage, sizes):
    audio = noise(1.5, channels=2)
    findings = stage.analyse(audio, RATE)
    stream = stage.stream(RATE, 2, findings)
    blocks = np.split(audio, np.minimum(np.cumsum(sizes), audio.shape[1]).astype(int), axis=1)
    out = np.concatenate([*(stream.step(block) for block in blocks), stream.flush()], axis=1)
    assert np.array_equal(out, stage.process(audio, RATE))


SEGMENTS = NoiseSegments(
    start_s=np.array([0.0, 2.0]),
    end_s=np.array([2.0, 4.0]),
    frequency_hz=np.array([0.0, RATE / 2]),
    density_dbfs_hz=np.array([[[-80.0, -80.0]], [[-60.0, -60.0]]]),
    print_confidence=np.array([0.9, 0.9]),
    pauses_s=np.array([1.0, 1.0]),
    confidence=0.9,
)


def streamed(stage, audio, findings, blocks=()):
    stream = stage.stream(RATE, len(audio), findings)
    parts = np.split(audio, blocks, axis=1)
    return np.concatenate([*(stream.step(part) for part in parts), stream.flush()], axis=1)


def test_one_print_given_is_what_the_analysis_of_steady_noise_gives():
    audio = noise() + tone()
    stage = Denoise()
    analyser = NoisePrintAnalyser(RATE, 1)
    analyser.push(audio)
    assert np.array_equal(streamed(stage, audio, analyser.result()), stage.process(audio, RATE))
    stage.findings = analyser.result()
    assert np.array_equal(stage.process(audio, RATE), Denoise().process(audio, RATE))


def test_prints_along_the_recording_meet_the_noise_at_its_time(quality):
    # 20 dB between the prints, as the noise has: it falls as far everywhere; one print leaves or takes more
    drift_db = 20 * SEGMENTS.place(TIME)
    audio = noise(level_db=-80 + 10 * np.log10(RATE / 2)) * 10 ** (drift_db / 20)
    out = streamed(Denoise(quality=quality), audio, SEGMENTS)
    falls = [
        level_db(audio[:, a : a + 4000]) - level_db(out[:, a : a + 4000]) for a in range(4000, 60000, 4000)
    ]
    assert min(falls) > 10.5
    first = streamed(Denoise(quality=quality), audio, SEGMENTS.print_of(0))
    assert level_db(audio[:, -8000:]) - level_db(first[:, -8000:]) < 1


def test_any_partition_gives_the_same_bits_where_the_noise_shifts(quality):
    audio = noise()
    stage = Denoise(quality=quality)
    whole = streamed(stage, audio, SEGMENTS)
    for blocks in ([1, 2, 700], [16000, 33333], range(0, 64000, 4999)):
        assert np.array_equal(streamed(stage, audio, SEGMENTS, blocks), whole)


def test_a_print_serves_another_rate():
    stage = Denoise()
    stage.learn(noise(rate=RATE), RATE)
    audio = noise(rate=2 * RATE, level_db=-50 + 10 * np.log10(2))  # the same density, twice the band
    out = stage.process(audio, 2 * RATE)
    frequency = np.fft.rfftfreq(audio.shape[1], 1 / (2 * RATE))

    def fall(low, high):
        inside = (frequency > low) & (frequency < high)
        return level_db(np.abs(np.fft.rfft(audio)[:, inside])) - level_db(np.abs(np.fft.rfft(out)[:, inside]))

    assert fall(200, 7800) > 11
    assert abs(fall(8300, 16000)) < 0.05  # nothing is known of the noise there


def test_sound_scales_with_the_recording(quality):
    audio = noise() + tone()
    half, whole = (Denoise(quality=quality).process(x, RATE) for x in (audio / 2, audio))
    # prints are rounded to 0.01 dB
    assert level_db(half - whole / 2) < level_db(audio) - 60


def test_threshold_takes_more_for_noise():
    audio = noise() + 0.01 * tone()
    stage = Denoise()
    findings = stage.analyse(audio, RATE)
    left = []
    for threshold in (-6.0, 0.0, 6.0):
        stream = Denoise(threshold_db=threshold).stream(RATE, 1, findings)
        left.append(level_db(np.concatenate([stream.step(audio), stream.flush()], axis=1)))
    assert left[0] > left[1] > left[2]


def test_smoothing_lowers_musical_noise():
    audio = noise(seconds=6)

    def kurtosis(smoothing):
        out = Denoise(smoothing=smoothing).process(audio, RATE)[0, RATE:-RATE]
        power = np.abs(np.fft.rfft(out[: out.size // 512 * 512].reshape(-1, 512) * np.hanning(512))) ** 2
        return np.mean(power**4) / np.mean(power**2) ** 2

    assert kurtosis(0.0) > 1.2 * kurtosis(0.5) > kurtosis(1.0)


def test_the_stereo_image_stands_still(quality):
    left = tone()
    clean = np.concatenate([left, 0.3 * left])
    out = Denoise(quality=quality).process(clean + noise(channels=2, level_db=-45), RATE)
    frames = out[:, RATE + 3200 : 3 * RATE - 3200].reshape(2, -1, 1600)
    difference = 10 * np.log10(np.mean(frames[1] ** 2, axis=1) / np.mean(frames[0] ** 2, axis=1))
    np.testing.assert_allclose(difference, 20 * np.log10(0.3), atol=0.3)


def test_an_onset_stays_sharp(quality):
    clean = np.zeros((1, 4 * RATE))
    clean[:, 2 * RATE :: 4000] = 0.5
    audio = clean + noise(level_db=-45)
    out = Denoise(quality=quality).process(audio, RATE)
    # its spectrum lies 14 dB over the noise's, where Wiener's gain is 0.96
    assert (out[clean == 0.5] > 0.85 * audio[clean == 0.5]).all()
    before = slice(2 * RATE - 1600, 2 * RATE - 800)  # 100 to 50 ms before the first click
    assert level_db(out[:, before]) < level_db(audio[:, before]) - 6


def test_a_print_of_one_channel_does_not_serve_two():
    stage = Denoise()
    stage.learn(noise(), RATE)
    with pytest.raises(FindingsError, match="1 channels cannot serve 2 channels"):
        stage.process(noise(channels=2), RATE)
    with pytest.raises(FindingsError, match="2 channels"):
        Denoise().stream(RATE, 1, NoisePrint.nothing(2))


@pytest.mark.parametrize("rate", [4000, 44100, 768000])
def test_latency_is_the_same_time_at_any_rate(rate):
    framing = Denoise().framing(rate)
    assert 0.06 < framing.latency / rate < 0.07
    assert 0.19 < framing.hop / rate < 0.22
    assert 0.22 < Denoise(quality="high").framing(rate).latency / rate < 0.24


@pytest.mark.parametrize(("rate", "channels"), [(4000, 8), (192000, 1)])
def test_noise_falls_at_any_rate_and_in_any_number_of_channels(quality, rate, channels):
    audio = noise(2, channels=channels, rate=rate)
    out = Denoise(quality=quality).process(audio, rate)
    assert level_db(audio) - level_db(out) > 8


@pytest.mark.parametrize("loud", [1e-3, 1e3, 1e150])
def test_samples_far_from_full_scale_are_finite(quality, loud):
    stage = Denoise(quality=quality)
    stage.learn(noise(), RATE)
    assert np.isfinite(stage.process(loud * noise(1.0), RATE)).all()

"""The learned detector: the same bits for any partition, planted clicks found where they are, at any rate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import lfilter
from wavemend.analysis.clicks.detector import Impulse, ImpulseDetector
from wavemend.errors import AudioShapeError, AudioValueError

Audio = npt.NDArray[np.float64]


def tones(rate: float, seconds: float = 1.5, channels: int = 1) -> Audio:
    """A chord over a little noise, every channel with its own."""
    draw = np.random.default_rng(3)
    t = np.arange(round(seconds * rate)) / rate
    chord = sum(np.sin(2 * np.pi * f * t + k) / (k + 1) for k, f in enumerate((220.0, 277.2, 329.6, 440.0)))
    noise = draw.standard_normal((channels, t.size))
    return 0.1 * chord + 1e-3 * lfilter([1.0], [1.0, -0.7], noise, axis=1)


def with_clicks(audio: Audio, rate: float, channel: int = 0) -> tuple[Audio, list[int]]:
    """Ticks of 0.1 ms ringing at a tenth of the rate, every quarter of a second."""
    damaged, places = audio.copy(), []
    t = np.arange(round(0.5e-3 * rate) + 2)
    tick = np.cos(2 * np.pi * 0.1 * t) * np.exp(-t / (1e-4 * rate))
    for place in np.arange(0.2, audio.shape[1] / rate - 0.2, 0.25):
        start = round(place * rate)
        damaged[channel, start : start + t.size] += 0.8 * tick
        places.append(start)
    return damaged, places


def spans(audio: Audio, rate: float, cuts: list[int] | None = None) -> list[Impulse]:
    detector = ImpulseDetector(rate, len(audio))
    found = [span for part in np.split(audio, cuts or [], axis=1) for span in detector.push(part)]
    return found + detector.finish()


@pytest.mark.parametrize("rate", [16_000, 32_000, 44_100, 96_000])
def test_any_partition_gives_the_same_bits(rate: int) -> None:
    audio, _ = with_clicks(tones(rate, channels=2), rate, channel=1)
    cuts = np.sort(np.random.default_rng(rate).integers(0, audio.shape[1], 12)).tolist()
    assert spans(audio, rate) == spans(audio, rate, cuts)


def test_a_click_in_one_channel_is_of_that_channel() -> None:
    audio, places = with_clicks(tones(44_100, channels=2), 44_100, channel=1)
    found = spans(audio, 44_100)
    assert [span.channel for span in found] == [1] * len(places)


def test_a_click_in_both_channels_is_found_in_both() -> None:
    audio, places = with_clicks(tones(44_100), 44_100)
    found = spans(np.concatenate([audio, 0.7 * audio]), 44_100)
    assert [span.channel for span in found].count(0) == len(places)
    assert [span.channel for span in found].count(1) == len(places)


@pytest.mark.parametrize("rate", [16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
def test_clicks_are_found_where_they_are_at_any_rate(rate: int) -> None:
    audio, places = with_clicks(tones(rate), rate)
    found = spans(audio, rate)
    assert len(found) == len(places)
    for span, place in zip(found, places, strict=True):
        # Resampled upwards, a click spreads in the band that holds no sound.
        assert abs(span.start - place) <= (0.5e-3 if rate >= 30_000 else 1.5e-3) * rate
        assert place < span.stop <= place + 2e-3 * rate
        assert 0.5 < span.confidence <= 1.0


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_nothing_is_found_in_clean_tones(rate: int) -> None:
    assert not spans(tones(rate, 3.0), rate)


def test_nothing_is_found_in_silence_or_in_noise() -> None:
    noise = 0.05 * np.random.default_rng(2).standard_normal((1, 3 * 44_100))
    assert not spans(np.zeros((1, 44_100)), 44_100)
    assert not spans(noise, 44_100)


@pytest.mark.parametrize("length", [0, 1, 63, 5000])
def test_short_recordings_are_no_trouble(length: int) -> None:
    detector = ImpulseDetector(44_100, 1)
    assert not detector.push(tones(44_100)[:, :length])
    assert not detector.finish()


def test_clicks_are_told_within_the_latency() -> None:
    audio, _ = with_clicks(tones(44_100, 3.0), 44_100)
    detector = ImpulseDetector(44_100, 1)
    late = [
        start + 256 - span.stop
        for start in range(0, audio.shape[1] - 256, 256)
        for span in detector.push(audio[:, start : start + 256])
    ]
    assert late
    assert max(late) <= detector.latency + 256


def test_bad_rates_and_blocks_are_refused() -> None:
    with pytest.raises(AudioValueError, match="3999"):
        ImpulseDetector(3999, 1)
    detector = ImpulseDetector(44_100, 2)
    with pytest.raises(AudioShapeError):
        detector.push(np.zeros((1, 100)))
    with pytest.raises(AudioValueError, match="sample 5 of channel 2"):
        detector.push(np.where(np.arange(20).reshape(2, 10) == 15, np.nan, 0.0))

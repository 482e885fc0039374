"""Every route gives its output aligned to the sample, and music and clicks pass the same channel."""

import numpy as np
import pytest
from bench.material.reporting.channel import (
    CURVES,
    FINE,
    RATE,
    ROUTES,
    Analogue,
    Route,
    cartridge,
    convert,
    playback,
    resampled,
)
from scipy.signal import correlate


def band_noise(seconds: float = 1.0, below_hz: float = 6000.0) -> np.ndarray:
    length = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(length))
    hz = np.fft.rfftfreq(length, 1 / RATE)
    audio = np.fft.irfft(spectrum * ((hz > 50) & (hz < below_hz)), length)
    return 0.1 * audio[None] / audio.std()


@pytest.mark.whole
@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES)
def test_a_route_is_aligned_to_the_sample(route: Route) -> None:
    if route.missing:
        pytest.skip(route.missing)
    audio = band_noise()
    expected, output = resampled(audio, route.rate)[0], route.journey(audio)[0]
    assert len(output) == len(expected)
    lags = correlate(output, expected, "full", "fft")
    best = int(np.argmax(lags))
    before, at, after = lags[best - 1 : best + 2]
    fraction = 0.5 * (before - after) / (before - 2 * at + after)
    assert abs(best - (len(expected) - 1) + fraction) < 0.05


def test_curves_are_those_of_the_standards() -> None:
    gains = 20 * np.log10(np.abs(playback("riaa")(np.array([100.0, 1000.0, 10_000.0, 20_000.0]))))
    assert gains == pytest.approx([13.09 - 0.17, 0.0, -13.73, -19.62], abs=0.05)  # IEC 60098, with its pole
    for curve in CURVES:
        low, middle, high = np.abs(playback(curve)(np.array([50.0, 1000.0, 10_000.0])))
        assert low > 3 * middle > 9 * high


def test_a_pulse_at_the_fine_rate_passes_as_music_does() -> None:
    analogue = Analogue([cartridge(15_000, 1.2)])
    length = 4410
    wave = np.exp(-0.5 * ((np.arange(FINE * length) / FINE - 2000) / 4) ** 2)  # within the band
    pulse, onset = analogue.pulses(wave)
    music = analogue.music(wave[None, ::FINE])[0]
    assert pulse[onset : onset + length] == pytest.approx(music, abs=1e-6)


def test_a_band_limit_before_the_converter_leaves_its_dither_alone_above() -> None:
    route = ROUTES["to 12 kHz"]
    white = 0.1 * np.random.default_rng(1).standard_normal((1, RATE))
    converted = convert(route.analogue().music(white), 16, 0)[0]
    power = np.abs(np.fft.rfft(np.hanning(RATE) * converted)) ** 2
    inside, above = power[1000:11_000].mean(), power[13_000:].mean()
    assert 10 * np.log10(inside / above) == pytest.approx(-20 + 96.3, abs=1)  # three twelfths of a step


def test_a_converter_clips_and_dithers_the_same_every_time() -> None:
    audio = np.linspace(-1.5, 1.5, 1000)[None]
    once, again = convert(audio, 16, 7), convert(audio, 16, 7)
    assert (once == again).all()
    assert once.min() == -1 and once.max() == 1 - 2.0**-15
    inside = np.abs(audio) < 0.99
    assert np.abs(once - audio)[inside].max() < 2 * 2.0**-15

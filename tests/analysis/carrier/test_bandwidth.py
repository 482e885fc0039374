"""Ends of a band are found where filters put them, at any rate and level; a full band has none."""

import numpy as np
import pytest
from scipy.signal import butter, ellip, sosfilt
from wavemend.analysis.carrier.bandwidth import Bandwidth, BandwidthAnalyser
from wavemend.errors import FindingsError

from tests.analysis.sounds import RATE, heard, music


def analyse(audio, rate=RATE):
    audio = np.atleast_2d(audio)
    return heard(BandwidthAnalyser(rate, len(audio)), audio)


@pytest.mark.parametrize(
    "damage",
    [
        {"lower_hz": [0.0]},
        {"upper_hz": [1e9, 1e9]},
        {"upper_hz": [-1.0, 5.0]},
        {"lower_hz": [30000.0, 30000.0]},
        {"nyquist_hz": 0.0},
        {"upper_drop_db": [[1.0], [2.0]]},
        {"upper_error": [-0.1, 0.0]},
        {"lower_error": [0.0]},
        {"confidence": 1.5},
        {"confidence": float("nan")},
        {"confidence": "high"},
        {"stranger": 1},
    ],
)
def test_hostile_data_is_refused(damage):
    with pytest.raises(FindingsError):
        Bandwidth.from_json(analyse(music(2, channels=2)).to_json() | damage)


def white(seconds, rate=RATE):
    return 0.1 * np.random.default_rng(2).standard_normal((1, round(seconds * rate)))


def with_floor(audio, below_db=50):
    floor = np.random.default_rng(3).standard_normal(audio.shape)
    return audio + floor * np.std(audio) * 10 ** (-below_db / 20)


@pytest.mark.parametrize("rate", [11025, 44100, 96000])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_brick_wall_is_found_at_any_rate(rate, share):
    cutoff = share * rate / 2
    found = analyse(
        with_floor(sosfilt(ellip(10, 0.1, 80, cutoff, fs=rate, output="sos"), white(5, rate))), rate
    )
    assert found.upper_hz[0] == pytest.approx(cutoff, rel=0.03)
    assert found.brick_wall[0]
    assert found.lower_hz[0] == 0
    assert found.confidence > 0.7


def test_both_ends_and_slopes_of_a_band():
    order = 8
    sections = butter(order, [300, 3400], "band", fs=RATE, output="sos")
    found = analyse(with_floor(sosfilt(sections, white(8))))
    assert found.upper_hz[0] == pytest.approx(3400, rel=0.05)
    assert found.lower_hz[0] == pytest.approx(300, rel=0.08)
    assert found.upper_db_octave[0] == pytest.approx(6.02 * order, rel=0.3)


def test_a_full_band_has_no_limit():
    found = analyse(white(5))
    assert not found.found
    assert found.upper_hz[0] == RATE / 2


def test_level_does_not_matter():
    audio = with_floor(sosfilt(ellip(10, 0.1, 80, 8000, fs=RATE, output="sos"), white(5)))
    loud, faint = analyse(audio), analyse(audio * 1e-2)
    np.testing.assert_allclose(loud.upper_hz, faint.upper_hz, rtol=0.01)


def test_a_click_changes_nothing():
    audio = with_floor(sosfilt(ellip(10, 0.1, 80, 8000, fs=RATE, output="sos"), white(6)))
    clicked = audio.copy()
    clicked[0, 100_000] = 1.0
    np.testing.assert_allclose(analyse(clicked).upper_hz, analyse(audio).upper_hz, rtol=0.02)


def test_a_gentle_slope_is_placed_less_surely_and_says_so():
    """The truth lies within two of the standard errors that are claimed, and these grow as slopes fall."""
    claimed = []
    for order in (16, 8, 4):
        sections = butter(order, 6000, fs=RATE, output="sos")
        found = analyse(with_floor(sosfilt(sections, white(6)), 60))
        assert abs(found.upper_hz[0] / 6000 - 1) < 2 * found.upper_error[0]
        claimed.append(found.upper_error[0])
    assert claimed == sorted(claimed)
    assert claimed[0] < 0.05 < claimed[-1]


def test_confidence_falls_with_the_slope():
    steep = analyse(with_floor(sosfilt(ellip(10, 0.1, 80, 6000, fs=RATE, output="sos"), white(6))))
    gentle = analyse(with_floor(sosfilt(butter(4, 6000, fs=RATE, output="sos"), white(6)), 60))
    assert steep.confidence > 0.75 > 0.6 > gentle.confidence > 0.3
    assert "give or take" in gentle.describe()
    assert "give or take" not in steep.describe()


def sung(seconds=8, top_hz=20_000):
    """A voice on one note after the other: between its lower partials there is nothing for an octave."""
    t = np.arange(seconds * RATE) / RATE
    wave = np.zeros(t.size)
    for second in range(seconds):
        inside = (t >= second) & (t < second + 0.9)
        f0 = (247, 262, 247, 277)[second % 4]
        for h in range(1, int(min(9000, top_hz) / f0)):
            wave[inside] += np.sin(2 * np.pi * f0 * h * t[inside]) / h
    return (0.1 * wave)[np.newaxis]


def test_the_gap_between_partials_is_no_end():
    """LPs of singers were called 78s, for a band that ended at 250 Hz."""
    assert (analyse(with_floor(sung(), 70)).upper_hz > 3000).all()


def test_a_copy_at_a_higher_rate_ends_where_the_program_does():
    """Dither up to the converter's filter has an end as well, and a steeper one."""
    wall = ellip(8, 0.2, 70, 4700, fs=RATE, output="sos")
    whole = ellip(10, 0.1, 90, 20_000, fs=RATE, output="sos")
    swell = 0.02 + np.abs(np.sin(np.arange(8 * RATE) / RATE * 2))
    found = analyse(sosfilt(whole, sosfilt(wall, white(8) * swell) + 1e-4 * white(8) / 0.1))
    assert found.upper_hz[0] == pytest.approx(4700, rel=0.05)


def test_a_program_that_sinks_into_noise_has_no_known_end():
    draw = np.random.default_rng(4)
    swell = 0.02 + np.abs(np.sin(np.arange(8 * RATE) / RATE * 2))
    program = sosfilt(butter(2, 1500, fs=RATE, output="sos"), white(8) * swell)
    noise = 0.003 * draw.standard_normal(program.shape)
    found = analyse(sosfilt(ellip(10, 0.1, 90, 18_000, fs=RATE, output="sos"), program + noise))
    assert found.upper_error[0] > 0.1 and "give or take" in found.describe()

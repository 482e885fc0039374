"""Single lines of no comb: found where they hold still all along, and no note is one."""

import numpy as np
import pytest
from wavemend.analysis.hum.found import Hum
from wavemend.analysis.hum.tones import ToneListener

RATE = 16_000
WINDOW = 12_000
SECONDS = np.arange(15 * RATE) / RATE


def bursts():
    """Noise that comes and goes once a second."""
    noise = 0.1 * np.random.default_rng(0).standard_normal(SECONDS.size)
    return noise * np.clip(np.sin(2 * np.pi * SECONDS), 0.01, 1.0)


def tone(hz, level=0.01):
    return level * np.sin(2 * np.pi * hz * SECONDS)


def found(audio, hums=()):
    listener = ToneListener(RATE, 1, WINDOW)
    for start in range(0, audio.size - WINDOW + 1, WINDOW):
        listener.hear(audio[np.newaxis, start : start + WINDOW])
    return listener.conclude(hums)


def test_a_line_is_found_with_its_level():
    (line,) = found(bursts() + tone(1234.5))
    assert line.frequency_hz == pytest.approx(1234.5, abs=0.06)
    assert line.is_line
    assert line.level_dbfs[0, 0] == pytest.approx(-43.0, abs=1.0)


def test_lines_are_told_the_strongest_first():
    lines = found(bursts() + tone(1000.0, 0.006) + tone(6250.0, 0.01))
    assert [round(line.frequency_hz) for line in lines] == [6250, 1000]


def test_no_line_in_noise_alone():
    assert found(bursts()) == []
    assert found(np.zeros(SECONDS.size)) == []


@pytest.mark.parametrize(
    "note",
    [
        tone(440.0) + tone(880.0, 0.005),  # with its octave
        tone(440.0) * np.exp(-0.5 * (SECONDS % 3.0)),  # that dies away
        tone(440.0) * (SECONDS < 9.0),
        0.01 * np.sin(2 * np.pi * 440.0 * SECONDS + 3.0 * np.sin(2 * np.pi * 0.7 * SECONDS)),
    ],
    ids=["octave", "decay", "held", "vibrato"],
)
def test_a_note_is_no_line(note):
    assert found(bursts() + note) == []


def test_a_harmonic_of_a_hum_is_no_line_of_its_own():
    hum = Hum(50.0, 0.0, np.arange(1, 5), np.full((1, 4), -40.0), 1.0, 0.9)
    assert found(bursts() + tone(400.0), [hum]) == []


def test_a_recording_of_tones_has_no_line():
    assert found(tone(1000.0)) == []
    assert found(tone(1000.0, 0.1) + tone(3000.0, 0.003) + tone(7000.0, 0.001)) == []
    assert (
        found(
            tone(440.0, 0.1)
            + tone(1210.0, 0.02)
            + 1e-4 * np.random.default_rng(1).standard_normal(SECONDS.size)
        )
        == []
    )


def test_a_drone_under_music_is_no_line():
    """It has partials that are hidden, and others that stand free."""
    for hz in (110.0, 196.0, 523.25):
        drone = sum(tone(hz * n, 0.02 / n) for n in range(1, 14))
        assert found(bursts() + drone) == []


def test_a_line_lies_far_under_the_program():
    rest = bursts()
    level = np.sqrt(2 * np.mean(rest**2))
    assert found(rest + tone(1234.5, 0.25 * level)) == []
    assert len(found(rest + tone(1234.5, 0.1 * level))) == 1


def test_more_lines_than_defects_have_are_a_program():
    hz = (211.3, 317.9, 547.1, 977.7, 1877.3, 3463.9)
    assert found(bursts() + sum(tone(one, 0.009) for one in hz)) == []
    assert len(found(bursts() + sum(tone(one, 0.009) for one in hz[3:]))) == 3


def test_lines_that_a_pause_bares_are_lines():
    """What counts is the level of the whole program, though half minutes of it are quiet."""
    rest = np.tile(bursts(), 8)
    rest[rest.size // 2 :] *= 1e-3
    line = 0.006 * np.sin(2 * np.pi * 1234.5 * np.arange(rest.size) / RATE)
    assert len(found(rest + line)) == 1


def received(audio, top_hz=3500.0):
    """Through a receiver's filter, over faint noise."""
    spectrum = np.fft.rfft(audio)
    spectrum[np.fft.rfftfreq(audio.size, 1 / RATE) > top_hz] = 0.0
    return np.fft.irfft(spectrum, audio.size) + 1e-5 * np.random.default_rng(1).standard_normal(audio.size)


def test_what_whistles_within_a_receivers_band_is_no_line():
    heard = received(bursts()) + received(tone(1234.5, 0.005))
    hiss = 5e-3 * np.random.default_rng(2).standard_normal(SECONDS.size)
    assert found(heard) == []
    assert len(found(heard + hiss)) == 1  # where noise goes on above the band, it is no receiver's


@pytest.mark.parametrize("hz", [120.0, 6250.0], ids=["where mains hum", "outside the band"])
def test_a_line_that_came_after_the_receiver_is_found(hz):
    (line,) = found(received(bursts()) + tone(hz, 0.005))
    assert line.frequency_hz == pytest.approx(hz, abs=0.1)

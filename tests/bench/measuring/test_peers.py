"""The other programs' outputs lie on their inputs; each test is skipped where its program is missing."""

import shutil

import numpy as np
import pytest
from bench.material.damage import noise
from scipy.signal import correlate

from bench.measuring import peers, programs

RATES = (44100, 48000)
AFFTDN = peers.tracking(12)
FILTERS = (peers.ADECLICK, AFFTDN, *peers.VINYL_FILTERS, peers.vinyl_chain(AFFTDN))
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
needs_sox = pytest.mark.skipif(not shutil.which("sox"), reason="needs sox")


def swelling(sample_rate):
    """Return noise that swells and falls: 1.5 s, an odd number of samples, stereo."""
    n = int(1.5 * sample_rate) + 123
    envelope = 1 + np.sin(2 * np.pi * 1.3 * np.arange(n) / sample_rate)
    return 0.1 * envelope * np.random.default_rng(0).standard_normal((2, n))


def delay(x, y):
    return int(np.argmax(correlate(y[0], x[0], method="fft"))) - (x.shape[1] - 1)


@pytest.mark.whole
@needs_ffmpeg
@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize(
    "filters",
    [peers.ADECLICK, peers.tracking(12), *peers.VINYL_FILTERS, peers.vinyl_chain(peers.tracking(8))],
)
def test_ffmpeg_is_aligned(filters, sample_rate):
    x = swelling(sample_rate)
    y = peers.ffmpeg(x, sample_rate, filters)
    assert y.shape == x.shape
    assert delay(x, y) == 0


@pytest.mark.whole
@needs_ffmpeg
def test_ffmpeg_taught_by_the_lead_is_aligned_and_gains():
    noisy = noise(swelling(44100), 44100, kind="white", below_db=10, seed=0)
    y = peers.learned_system("", 12).run(noisy, 44100)
    assert delay(noisy.clean, y) == 0
    assert np.sum(y[:, :44100] ** 2) < 0.5 * np.sum(noisy.audio[:, :44100] ** 2)


@pytest.mark.whole
@needs_sox
@pytest.mark.parametrize("sample_rate", RATES)
def test_sox_is_aligned_to_its_last_sample(sample_rate):
    x = np.concatenate([0.001 * swelling(sample_rate), swelling(sample_rate)], axis=1)
    y = peers.sox_noisered(x, sample_rate, x.shape[1] // 2, 0.25)
    assert y.shape == x.shape
    assert delay(x, y) == 0
    np.testing.assert_allclose(y[:, -100:], x[:, -100:], atol=0.01)


def test_a_missing_program_gives_a_named_system_that_cannot_run(monkeypatch):
    monkeypatch.setattr(programs.shutil, "which", lambda name: None)
    assert peers.ffmpeg_system("ffmpeg", peers.ADECLICK).missing == "ffmpeg is not installed"
    assert peers.sox_system("sox").missing == "sox is not installed"
    assert peers.learned_system("ffmpeg", 12).missing == "ffmpeg is not installed"


@pytest.mark.whole
@needs_ffmpeg
def test_a_filter_that_is_not_there_is_told():
    assert peers.ffmpeg_system("", "no_such_filter").missing.startswith("ffmpeg failed: ")

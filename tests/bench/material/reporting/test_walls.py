"""A mono disc has one music and two noises; its pops are on one wall, as high as they say."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE, ROUTES
from bench.material.reporting.walls import mono_disc, true_stereo
from bench.material.takes import Take


def take(seconds: float = 4.0) -> Take:
    time = np.arange(round(seconds * RATE)) / RATE
    left, right = (
        sum(np.sin(2 * np.pi * hz * time) / hz for hz in notes) for notes in ((98, 277), (220, 330))
    )
    return Take("notes", 30 * np.stack([left, right]), RATE)


def test_a_mono_disc_has_one_music_two_noises_and_pops_on_one_wall() -> None:
    played = mono_disc(take(), ROUTES["44.1"], -45.0, 5.0, 1)
    assert (played.audio == mono_disc(take(), ROUTES["44.1"], -45.0, 5.0, 1).audio).all()
    left, right = played.clean
    gain = left @ right / (right @ right)
    assert 0.9 < gain < 1.1
    assert np.mean((left - gain * right) ** 2) < 1e-4 * np.mean(left**2)
    noise = played.noisy - played.clean
    assert abs(np.corrcoef(noise)[0, 1]) < 0.1
    pops = played.audio - played.noisy
    assert len(played.starts) > 5 and set(played.walls) == {0, 1}
    for start, stop, wall in zip(played.starts, played.stops, played.walls, strict=True):
        rms = np.sqrt(np.mean(played.clean[wall, start - 441 : start + 441] ** 2))
        assert np.abs(pops[wall, start - 50 : stop + 50]).max() == pytest.approx(5 * rms, rel=0.05)
        assert np.abs(pops[1 - wall, start - 50 : stop + 50]).max() <= 2.0**-14


def test_surface_noise_has_its_level_over_rumble() -> None:
    played = mono_disc(take(), ROUTES["44.1, 24 bits"], -45.0, 2.0, 0)
    spectra = [np.abs(np.fft.rfft(x, axis=1)) ** 2 for x in (played.noisy - played.clean, played.clean)]
    first = round(100 * played.clean.shape[1] / RATE)
    assert 10 * np.log10(spectra[0][:, first:].sum() / spectra[1].sum()) == pytest.approx(-45, abs=0.5)


def test_true_stereo_keeps_its_channels() -> None:
    played = true_stereo(take(), ROUTES["44.1"], -45.0, 0)
    assert abs(np.corrcoef(played.clean)[0, 1]) < 0.3
    assert len(played.starts) == 0 and (played.audio == played.noisy).all()

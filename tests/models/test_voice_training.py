"""What VoiceDenoise's network is trained on, and that its ONNX file is the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from models.training.voice import speakers
from models.training.voice.examples import example
from models.training.voice.material import FRAMES, SAMPLES, WEIGHTS, spectra_of
from models.training.voice.noises import RATE, noise
from wavemend.analysis.noise.voice_gains import BANDS, BINS, CHANNELS
from wavemend.inference.packaged import load_model


@pytest.mark.parametrize("seed", range(8))
def test_noises_are_seeded_and_as_loud_as_each_other(seed: int) -> None:
    made = noise(2 * RATE, np.random.default_rng(seed))
    assert made.shape == (2 * RATE,)
    assert abs(np.mean(made**2) - 1) < 1e-6
    assert np.array_equal(made, noise(2 * RATE, np.random.default_rng(seed)))


def test_an_example_is_a_voice_with_noise_over_it() -> None:
    draw = np.random.default_rng(1)
    voices = np.stack([spectra_of(noise(SAMPLES, draw)) for _ in range(2)])
    spectra = {"voices": voices, "noises": voices, "music": voices}
    for seed in range(20):
        features, clean, noisy = example(spectra, np.random.default_rng(seed))
        assert features.shape == (CHANNELS, FRAMES, BANDS)
        assert clean.shape == noisy.shape == (FRAMES, BINS)
        assert np.isfinite(features).all() and not np.array_equal(clean, noisy)
    again = example(spectra, np.random.default_rng(19))
    assert all(np.array_equal(*each) for each in zip(again, (features, clean, noisy), strict=True))


def test_speakers_are_drawn_by_their_weights_and_music_is_one_stretch_in_twenty() -> None:
    assert set(WEIGHTS) == set(speakers._SECONDS)
    music = np.full((1, FRAMES, BINS), 1e3, np.complex64)
    quiet = np.full((1, FRAMES, BINS), 1.0, np.complex64)
    spectra = {"voices": quiet, "noises": quiet, "music": music}
    passed = [example(spectra, np.random.default_rng(seed)) for seed in range(200)]
    close = [np.abs(noisy - clean).sum() < 0.01 * np.abs(clean).sum() for _, clean, noisy in passed]
    assert 0.1 < np.mean(close) < 0.35  # that share, and clean voices


def test_a_network_takes_over_the_weights_of_a_file(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from models.training.voice.network import VoiceGains, export, load

    torch.manual_seed(0)
    first, second = VoiceGains().eval(), VoiceGains().eval()
    export(first, tmp_path / "voice.onnx")
    load(second, tmp_path / "voice.onnx")
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_file_is_the_network(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from models.training.voice.network import VoiceGains, export

    torch.manual_seed(0)
    network = VoiceGains().eval()
    export(network, tmp_path / "voice.onnx")
    shown = np.random.default_rng(0).standard_normal((1, CHANNELS, 20, BANDS)).astype(np.float32)
    (answer,) = load_model((tmp_path / "voice.onnx").read_bytes(), "voice").run({"features": shown})
    with torch.no_grad():
        wanted = network(torch.from_numpy(shown)).numpy()
    np.testing.assert_allclose(answer[:, 0], wanted, atol=1e-5)

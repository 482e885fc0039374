"""The live network hears nothing that comes later, and its ONNX file, frame by frame, is the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from wavemend.analysis.noise.voice_gains import BANDS
from wavemend.analysis.noise.voice_live import CHANNELS
from wavemend.inference.packaged import load_model

FRAMES = 20


def shown() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((1, CHANNELS, FRAMES, BANDS)).astype(np.float32)


def test_what_comes_later_changes_nothing_before() -> None:
    torch = pytest.importorskip("torch")
    from models.training.voice_live.network import LiveGains

    torch.manual_seed(0)
    network = LiveGains().eval()
    other = shown()
    other[:, :, 12:] = 3.0
    with torch.no_grad():
        one, two = (network(torch.from_numpy(each)).numpy() for each in (shown(), other))
    np.testing.assert_allclose(one[:, :12], two[:, :12], atol=1e-6)
    assert np.abs(one[:, 12:] - two[:, 12:]).max() > 0.01


def test_the_file_is_the_network(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from models.training.voice_live.network import SHOWN, STATE, LiveGains, export

    torch.manual_seed(0)
    network = LiveGains().eval()
    export(network, tmp_path / "live.onnx")
    model = load_model((tmp_path / "live.onnx").read_bytes(), "live")
    with torch.no_grad():
        wanted = network(torch.from_numpy(shown())).numpy()
    before = np.concatenate([np.zeros_like(shown()[:, :, : SHOWN - 1]), shown()], axis=2)
    state = np.zeros((1, 1, STATE), np.float32)
    for frame in range(FRAMES):
        latest = np.ascontiguousarray(before[:, :, frame : frame + SHOWN])
        gains, state = model.run({"features": latest, "state": state})
        np.testing.assert_allclose(gains.ravel(), wanted[0, frame], atol=1e-5)


def test_it_starts_from_the_network_that_looks_ahead(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from models.training.voice import network as ahead
    from models.training.voice_live.network import LiveGains, load

    torch.manual_seed(0)
    other = ahead.VoiceGains()
    ahead.export(other, tmp_path / "voice.onnx")
    network = LiveGains()
    load(network, tmp_path / "voice.onnx")
    first, theirs = network.down[0].weight, other.down[0].weight
    assert torch.allclose(first[:, :3].sum(dim=2), theirs.sum(dim=2), atol=1e-5)
    assert not first[:, 3:].any()
    assert torch.equal(network.memory.weight_hh_l0[: ahead.STATE, : ahead.STATE],
                       other.memory.weight_hh_l0[: ahead.STATE])  # fmt: skip

"""Peaks that are known tell how far rebuilt ones may be believed: rounded waves are not blown up."""

from __future__ import annotations

import numpy as np
import pytest
from wavemend.analysis.carrier.flat_tops import FlatTops
from wavemend.plugins.declip import Declip
from wavemend.plugins.declip.rebuild import Rebuilder
from wavemend.plugins.declip.trial import try_out

RATE = 22_050


def voice(seconds: float = 3.0, seed: int = 1) -> np.ndarray:
    """Vowels of a made-up voice, whose pitch and level wander, shape (1, n), 1 at most."""
    draw = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = 130 * (1 + 0.2 * np.sin(2 * np.pi * 0.7 * time + draw.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    level = 0.55 + 0.45 * np.sin(2 * np.pi * 1.9 * time + draw.uniform(0, 6))
    formants = ((600.0, 150.0, 1.0), (1200.0, 200.0, 0.5), (2500.0, 300.0, 0.25))
    sound = np.zeros_like(time)
    for number in range(1, 25):
        strength = sum(s / (1 + ((number * 130 - f) / w) ** 2) for f, w, s in formants)
        sound += strength * np.sin(number * phase + draw.uniform(0, 6))
    sound *= level
    return np.asarray(sound / np.abs(sound).max())[None]


def found(audio: np.ndarray, block: int = 10**6) -> FlatTops:
    analyser = Declip().analyser(RATE, audio.shape[0])
    for start in range(0, audio.shape[1], block):
        analyser.push(audio[:, start : start + block])
    tops: FlatTops = analyser.result()
    return tops


def gain_db(clean: np.ndarray, cut: np.ndarray) -> float:
    out = Declip()(cut, RATE)
    kept = np.abs(cut) < np.abs(cut).max()
    assert np.array_equal(out[kept], cut[kept]), "what was not clipped stays, to the bit"
    return float(10 * np.log10(np.sum((clean - cut) ** 2) / np.sum((clean - out) ** 2)))


@pytest.mark.parametrize("share", [0.4, 0.7])
def test_a_natural_wave_is_believed(share: float) -> None:
    cut = np.clip(voice(), -share, share)
    assert found(cut).believed.tolist() == [1.0]
    assert gain_db(voice(), cut) > 10


@pytest.mark.parametrize("drive", [4.0, 10.0])
def test_a_rounded_wave_gains_or_is_left_alone(drive: float) -> None:
    rounded = np.tanh(drive * voice())
    ceiling = 0.8 * np.abs(rounded).max()
    cut = np.clip(rounded, -ceiling, ceiling)
    tops = found(cut)
    assert 0 <= tops.believed[0] < 0.6
    assert "rounded before they were cut" in tops.describe()
    assert gain_db(rounded, cut) >= 0


def test_each_channel_is_tried_by_itself() -> None:
    rounded = np.tanh(10 * voice())
    both = np.concatenate([np.clip(voice(), -0.5, 0.5), np.clip(rounded, -0.8, 0.8), voice()])
    believed = found(both).believed
    assert believed[0] == believed[2] == 1.0
    assert believed[1] < 0.6


def test_blocks_do_not_matter() -> None:
    cut = np.clip(np.tanh(10 * voice()), -0.8, 0.8)
    assert found(cut) == found(cut, 997) == found(cut, 30_011)


def test_few_stretches_of_a_long_recording_are_kept() -> None:
    cut = np.clip(voice(), -0.5, 0.5)
    analyser = Declip().analyser(RATE, 1)
    for _ in range(30):
        analyser.push(cut)
    assert len(analyser._kept[0]) == 8
    assert analyser.result().believed.tolist() == [1.0]


def test_where_no_peak_is_known_all_is_believed() -> None:
    time = np.arange(2 * RATE) / RATE
    cut = np.clip(np.sin(2 * np.pi * 217.3 * time), -0.6, 0.6)[None]
    tops = found(cut)
    assert tops.found
    assert tops.believed.tolist() == [1.0]
    assert try_out(Rebuilder.at(RATE), [], (0.5, 0.5)) == (1.0, 0)
    assert found(np.zeros((1, 100))).believed.tolist() == [1.0]

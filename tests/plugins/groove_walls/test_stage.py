"""Damage on one groove wall goes; the music, the other wall and true stereo stay."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import maximum_filter1d
from scipy.signal import lfilter
from wavemend.contract.marks import NO_MARKS, Mark, Marks
from wavemend.contract.stage import Event
from wavemend.errors import ParameterError
from wavemend.plugins.groove_walls import GrooveWalls

RATE = 44_100
SECONDS = 4


def music(seed: int = 1, rate: int = RATE) -> np.ndarray:
    """Notes that swell and fade, and breath: one channel, at about -20 dBFS."""
    draw = np.random.default_rng(seed)
    time = np.arange(SECONDS * rate) / rate
    breath = lfilter([1.0], [1.0, -0.95], draw.standard_normal(time.size)) * 0.004
    notes = sum(
        np.sin(2 * np.pi * 220 * 2 ** (semitone / 12) * k * time) / k**2
        for semitone in (0, 4, 7)
        for k in range(1, 12)
    )
    swell = 0.55 + 0.45 * np.sin(2 * np.pi * 0.7 * time)
    return np.asarray(swell * (0.08 * notes + breath))


def disc(seed: int = 1, *, noise_db: float = -55.0, gain_db: float = 0.5, rate: int = RATE) -> np.ndarray:
    """Cut one signal into both walls; the second is louder, and each has noise of its own."""
    draw = np.random.default_rng(seed + 100)
    signal = music(seed, rate)
    noise = 10 ** (noise_db / 20) * draw.standard_normal((2, signal.size))
    return np.stack([signal, 10 ** (gain_db / 20) * signal]) + noise


def pops(
    samples: int, peak: float, rate: int = RATE, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Damped sines on one wall each: what is added, shape (2, samples), where they start, and the walls."""
    draw = np.random.default_rng(seed)
    starts = np.arange(int(0.3 * rate), samples - int(0.2 * rate), int(0.3 * rate))
    walls = draw.integers(0, 2, starts.size)
    added = np.zeros((2, samples))
    time = np.arange(int(0.01 * rate)) / rate
    for start, wall in zip(starts, walls, strict=True):
        ring = np.sin(2 * np.pi * draw.uniform(400, 1500) * time) * np.exp(-time / 0.8e-3)
        added[wall, start : start + time.size] = draw.choice([-1, 1]) * peak * ring / np.abs(ring).max()
    return added, starts, walls


def run(
    audio: np.ndarray, rate: int = RATE, marks: Marks = NO_MARKS, **values: object
) -> tuple[np.ndarray, list[Event]]:
    stage = GrooveWalls(**values)
    stage.findings = stage.analyse(audio, rate)
    events: list[Event] = []
    stream = stage.stream(rate, audio.shape[0], marks=marks)
    return np.concatenate([stream.step(audio, events.append), stream.flush(events.append)], axis=1), events


def gone_db(before: np.ndarray, after: np.ndarray, starts: np.ndarray, rate: int) -> np.ndarray:
    """Energy of the errors around each click, before over after, in dB."""
    parts = [slice(start - rate // 1000, start + rate // 50) for start in starts]
    return np.array([10 * np.log10(np.sum(before[p] ** 2) / np.sum(after[p] ** 2)) for p in parts])


@pytest.mark.parametrize("rate", [22_050, 44_100, 96_000])
@pytest.mark.parametrize(("peak", "least"), [(0.1, 15.0), (0.5, 25.0)])
def test_pops_on_one_wall_go(peak: float, least: float, rate: int) -> None:
    clean = disc(rate=rate, noise_db=-65.0)
    added, starts, _ = pops(clean.shape[1], peak, rate)
    out, _ = run(clean + added, rate)
    mean = music(rate=rate) * (1 + 10 ** (0.5 / 20)) / 2
    gains = gone_db((clean + added).mean(axis=0) - mean, out[0] - mean, starts, rate)
    assert np.median(gains) > least
    assert gains.min() > least / 3
    assert np.array_equal(out[0], out[1]), "one signal"


def test_events_name_the_damaged_wall() -> None:
    clean = disc()
    added, starts, walls = pops(clean.shape[1], 0.3)
    _, events = run(clean + added)
    found = {}
    for event in events:
        nearest = int(np.argmin(np.abs(starts - event.position)))
        if abs(starts[nearest] - event.position) < 0.008 * RATE and event.confidence > 0.5:
            found[nearest] = event.channel
    assert len(found) >= 0.9 * starts.size
    assert np.mean([walls[nearest] == channel for nearest, channel in found.items()]) == 1.0


def test_what_changes_is_never_more_than_half_the_difference() -> None:
    clean = disc()
    added, _, _ = pops(clean.shape[1], 0.5)
    audio = clean + added
    out, _ = run(audio, blend=False)
    change = np.abs(out[0] - audio.mean(axis=0))
    # the filters that put both walls on one scale reach so far, and the second wall is 0.5 dB louder
    reach = 2 * int(8e-3 * RATE) + 1
    near = maximum_filter1d(np.abs(audio[0] - audio[1]), reach)
    assert (change <= 0.5 * 10 ** (0.5 / 20) * near).all()


def test_between_clicks_it_is_the_mean_of_both() -> None:
    clean = disc(noise_db=-70.0)
    out, events = run(clean, blend=False)
    assert not events
    assert np.abs(out - clean.mean(axis=0)).max() < 1e-12


def test_the_quieter_wall_counts_for_more() -> None:
    """One wall with ten times the noise: the blend is nearer to the music than the mean."""
    draw = np.random.default_rng(9)
    signal = music()
    signal[RATE : 2 * RATE] *= 0.01
    noise = draw.standard_normal((2, signal.size)) * [[0.01], [0.001]]
    audio = signal + noise
    error = {blend: np.std(run(audio, blend=blend)[0][0] - signal) for blend in (False, True)}
    assert error[True] < 0.75 * error[False]


def test_true_stereo_stays() -> None:
    left, right = music(1), music(2)
    for width in (1.0, 0.3, 0.1):
        mid, side = (left + right) / 2, width * (left - right) / 2
        audio = np.stack([mid + side, mid - side])
        assert np.array_equal(run(audio)[0], audio)


@pytest.mark.parametrize("channels", [1, 3])
def test_other_numbers_of_channels_stay(channels: int) -> None:
    audio = np.tile(disc()[:1], (channels, 1))
    assert np.array_equal(run(audio)[0], audio)


def test_both_channels_alike_to_the_bit_stay() -> None:
    audio = np.tile(disc()[:1], (2, 1))
    assert np.array_equal(run(audio)[0], audio)


def test_vetoed_clicks_stay() -> None:
    clean = disc()
    added, starts, walls = pops(clean.shape[1], 0.3)
    audio = clean + added
    start, wall = int(starts[3]), int(walls[3])
    marks = Marks(vetoed=(Mark(start, 10, wall),))
    out, _ = run(audio, marks=marks, blend=False)
    free, _ = run(audio, blend=False)
    here = slice(start, start + 40)
    mean = audio.mean(axis=0)
    assert np.abs(out[0, here] - mean[here]).max() < 1e-12
    assert np.abs(free[0, here] - mean[here]).max() > 0.05


def test_forced_clicks_are_refused() -> None:
    with pytest.raises(ParameterError, match="vetoes alone"):
        GrooveWalls().check_marks(Marks(forced=(Mark(0, 10, 0),)), RATE, 2)

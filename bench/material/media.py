"""Made-up recordings: a take as it would sound from a medium, with what that medium does to sound.

Every figure that a medium draws (how worn, how noisy, how narrow) comes from a seeded generator, so that a
case is the same every time. None of the finders was tuned on these.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt

from bench.material.damage import Damaged, clicks, crackle, hum, noise
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

Audio = np.ndarray
Medium = Callable[[Take, np.random.Generator], Audio]

PEAK_DBFS = -6.0  # of what is recorded; tuned: by hand, no record
# 33.33 and not 33 1/3, which the finders look for: figures were measured on material made so.
LP_TURN_S, SHELLAC_TURN_S = 60 / 33.33, 60 / 78.26  # source: IEC 98's 33 1/3 rpm; American 78s ran at 78.26

# tuned: by hand, so that each part of the worn disc is heard and none is drowned; no record
RUMBLE_HZ = (4.0, 14.0)
RUMBLE_BELOW_DB = 20.0
TAPE_HISS_BELOW_DB = 30.0
HEADROOM_DB = 6.0  # the limiter must have nothing to do on the clean take


def lp(take: Take, draw: np.random.Generator) -> Audio:
    """Return a worn LP: ticks and pops, some of them once a turn, light crackle, surface noise, rumble."""
    rate = take.sample_rate
    hissing = noise(take.audio, rate, kind="pink", below_db=draw.uniform(32, 45), seed=_seed(draw))
    level_db = active_level_db(hissing.audio, rate)[0] - draw.uniform(20, 35)
    audio = hissing.audio + rumble(hissing.audio.shape, rate, (4, 25), level_db, draw)
    for kind in ("tick", "pop"):
        audio = clicks(audio, rate, kind=kind, strength=draw.uniform(4, 15), seed=_seed(draw)).audio
    audio = crackle(
        audio, rate, per_second=draw.uniform(2, 30), strength=draw.uniform(1, 3), seed=_seed(draw)
    ).audio
    return _turning(audio, rate, LP_TURN_S, draw)


def shellac(take: Take, draw: np.random.Generator) -> Audio:
    """Return a 78: one channel, a narrow band, dense crackle, loud surface noise, a crack once a turn."""
    rate = take.sample_rate
    band = (draw.uniform(80, 200), draw.uniform(4000, 7000))
    program = sosfilt(
        butter(4, band, "bandpass", fs=rate, output="sos"), take.audio.mean(axis=0, keepdims=True)
    )
    worn = noise(program, rate, kind="white", below_db=draw.uniform(18, 32), seed=_seed(draw)).audio
    worn = sosfilt(butter(2, 11_000, fs=rate, output="sos"), worn)
    worn = crackle(
        worn, rate, per_second=draw.uniform(30, 300), strength=draw.uniform(1.5, 5), seed=_seed(draw)
    ).audio
    worn = _turning(worn, rate, SHELLAC_TURN_S, draw)
    return np.repeat(worn, 2, axis=0) if draw.random() < 0.5 else worn


def tape(take: Take, draw: np.random.Generator) -> Audio:
    """Return a cassette or a reel: hiss, and little treble."""
    rate = take.sample_rate
    dull = sosfilt(butter(2, draw.uniform(8_000, 15_000), fs=rate, output="sos"), take.audio)
    return noise(dull, rate, kind="tape", below_db=draw.uniform(18, 38), seed=_seed(draw)).audio


def humming_tape(take: Take, draw: np.random.Generator) -> Audio:
    """Return a tape played through a badly earthed machine."""
    rate = take.sample_rate
    kind = "mains" if draw.random() < 0.5 else "buzz"
    mains = float(draw.choice((50.0, 60.0)))
    audio = hum(
        take.audio, rate, kind=kind, mains_hz=mains, below_db=draw.uniform(25, 38), seed=_seed(draw)
    ).audio
    return tape(Take(take.name, audio, rate), draw)


def studio_with_hum(take: Take, draw: np.random.Generator) -> Audio:
    """Return a clean recording with mains hum on it."""
    kind = "mains" if draw.random() < 0.5 else "buzz"
    mains = float(draw.choice((50.0, 60.0)))
    below = draw.uniform(20, 35)
    return hum(
        take.audio, take.sample_rate, kind=kind, mains_hz=mains, below_db=below, seed=_seed(draw)
    ).audio


def studio(take: Take, draw: np.random.Generator) -> Audio:
    """Return the take: nothing is wrong."""
    return take.audio


def studio_with_offset(take: Take, draw: np.random.Generator) -> Audio:
    """Return a clean recording from a converter with an offset."""
    return take.audio + 10 ** (draw.uniform(-50, -30) / 20)


def recorded(audio: Audio, bits: int = 24) -> Audio:
    """Return what a converter makes of it: peaks at `PEAK_DBFS`, words of so many bits."""
    scaled = audio * (10 ** (PEAK_DBFS / 20) / np.max(np.abs(audio)))
    return np.round(scaled * 2 ** (bits - 1)) / 2 ** (bits - 1)


def worn_disc(take: Take, seed: int, *, crackling: bool = True) -> Damaged:
    """Add tape hiss of the master, clicks, crackle and rumble to a take, with the hiss alone before it."""
    rate = take.sample_rate
    audio = take.audio * (10 ** (-HEADROOM_DB / 20) / np.max(np.abs(take.audio)))
    hissing = noise(audio, rate, kind="tape", below_db=TAPE_HISS_BELOW_DB, seed=seed)
    clean, level_db = hissing.clean, active_level_db(audio, rate)[0] - RUMBLE_BELOW_DB
    added = hissing.added + rumble(clean.shape, rate, RUMBLE_HZ, level_db, np.random.default_rng([seed, 1]))
    added += clicks(clean, rate, kind="tick", strength=5, seed=seed).added
    added += clicks(clean, rate, kind="pop", strength=5, seed=seed + 1000).added
    if crackling:
        added += crackle(clean, rate, per_second=50, strength=2, seed=seed).added
    return Damaged(clean + added, clean, added, hissing.program)


def rumble(
    shape: tuple[int, ...],
    rate: int,
    band_hz: tuple[float, float],
    level_db: float,
    draw: np.random.Generator,
) -> Audio:
    """Draw noise in a band, independent in each channel, whose mean square is so many dB."""
    white = draw.standard_normal(shape)
    low = sosfilt(butter(2, band_hz, "bandpass", fs=rate, output="sos"), white, axis=-1)
    return low * (10 ** (level_db / 20) / np.sqrt(np.mean(low**2)))


def _seed(draw: np.random.Generator) -> int:
    return int(draw.integers(2**31))


def _turning(audio: Audio, rate: int, turn_s: float, draw: np.random.Generator) -> Audio:
    """Add one crack that comes back once a turn, as a scratch across the groove does."""
    level = 10 ** (active_level_db(audio, rate)[0] / 20) * draw.uniform(3, 8)
    result = audio.copy()
    at = draw.uniform(0, turn_s)
    length = round(2e-3 * rate)
    shape = np.exp(-np.arange(length) / (2e-4 * rate)) * np.sin(2 * np.pi * 3500 / rate * np.arange(length))
    while (start := int(at * rate)) + length < audio.shape[1]:
        result[:, start : start + length] += level * draw.uniform(0.7, 1.3) * shape
        at += turn_s
    return result

"""Noise over speech as old recordings have it, for the table of voices: apart from what is trained on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt
from wavemend.plugins.declick import Declick

from bench.material.damage import LEAD_S, TAIL_S, Damaged, add_below, crackle, noise
from bench.material.takes import Take

# source: bench/README.md, where a recipe had to choose
TELEPHONE_HZ = (300.0, 3400.0)  # source: ITU-T G.712
TURNOVER_HZ, ROLL_OFF_HZ = 500.0, 3000.0  # of a disc's playback curve
CRACKLE_A_SECOND, CRACKLE_STRENGTH = 100.0, 2.0
SHIFT_DB = 10.0
"""How much louder the second half's noise is where it shifts."""


def tape(take: Take, below_db: float, seed: int) -> Damaged:
    """Return hiss of tape under a take."""
    return noise(take.audio, take.sample_rate, kind="tape", below_db=below_db, seed=seed)


def shellac(take: Take, below_db: float, seed: int) -> Damaged:
    """Return a disc's surface, which swells once a turn, and crackle, after Declick."""
    rate = take.sample_rate
    lead, tail = (round(seconds * rate) for seconds in (LEAD_S, TAIL_S))
    count = lead + take.audio.shape[1] + tail
    draw = np.random.default_rng([seed, 78])
    hz = np.maximum(np.fft.rfftfreq(count, 1 / rate), 20.0)
    curve = np.sqrt((1 + (TURNOVER_HZ / hz) ** 2) / (1 + (hz / ROLL_OFF_HZ) ** 2))
    hiss = np.fft.irfft(np.fft.rfft(draw.standard_normal((len(take.audio), count))) * curve, count)
    hiss *= 1 + 0.3 * np.sin(2 * np.pi * 78.26 / 60 * np.arange(count) / rate)
    made = add_below(take.audio, hiss, rate, below_db, lead=lead, tail=tail)
    level = 10 ** (-below_db / 20)
    grains = crackle(
        made.clean, rate, per_second=CRACKLE_A_SECOND, strength=CRACKLE_STRENGTH * level, seed=seed
    ).added
    audio = Declick().process(made.audio + grains, rate)
    return Damaged(audio, made.clean, audio - made.clean, made.program)


def telephone(take: Take, below_db: float, seed: int) -> Damaged:
    """Return a telephone's band, and hiss of the line in it; what is clean has passed the band too."""
    band = butter(4, TELEPHONE_HZ, "bandpass", fs=take.sample_rate, output="sos")
    narrow = Take(take.name, sosfilt(band, take.audio, axis=1), take.sample_rate)
    made = noise(narrow.audio, take.sample_rate, kind="white", below_db=below_db, seed=seed)
    added = sosfilt(band, made.added, axis=1)
    level = np.sqrt(np.mean(made.added[:, made.program] ** 2) / np.mean(added[:, made.program] ** 2))
    return Damaged(made.clean + level * added, made.clean, level * added, made.program)


def shifting(take: Take, below_db: float, seed: int) -> Damaged:
    """Return hiss of tape, and from the take's middle on another one's, which is louder and duller."""
    one = tape(take, below_db, seed)
    other = noise(take.audio, take.sample_rate, kind="pink", below_db=below_db - SHIFT_DB, seed=seed + 1)
    middle = (one.program.start + one.program.stop) // 2
    added = np.concatenate([one.added[:, :middle], other.added[:, middle:]], axis=1)
    return Damaged(one.clean + added, one.clean, added, one.program)


CARRIERS: dict[str, Callable[[Take, float, int], Damaged]] = {
    "tape": tape, "shellac after Declick": shellac, "telephone": telephone,
}  # fmt: skip

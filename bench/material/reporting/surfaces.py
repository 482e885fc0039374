"""The surface of a real record, alone and under clean takes, and the clicks that are audible in it.

The recording is beside the checkout (``../shared/real``); where it is not, what needs it says so. It is for
measuring alone, never for training.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.ndimage import percentile_filter
from scipy.signal import butter, sosfiltfilt

from bench.material.reporting.channel import Route
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

REAL = Path(__file__).parents[4] / "shared" / "real"
DISC = "vinyl_surface_sonicpi.flac"

# source: the recordings' own description, for the envelope, the factor, the quantile and the count of bands.
ENVELOPE_S = 0.0005
OVER_SIDES = 5.0
SIDES_PERCENT = 90
LEAST_BANDS = 2
# tuned: so that 31 of that description's 32 clicks of the disc are found, and three more
BANDS_HZ = ((1500.0, 3000.0), (3000.0, 6000.0), (6000.0, 12_000.0), (12_000.0, 18_000.0))
SIDE_S, GAP_S = 0.020, 0.003
APART_S = 0.010
RUMBLE_HZ = 200.0  # source: the real surface's density falls by 20 dB from 60 Hz to here


@dataclass(frozen=True)
class Under:
    """A take with noise under it.

    Attributes
    ----------
    audio, clean : np.ndarray [shape=(channels, n)]
    sample_rate : int
    """

    audio: np.ndarray
    clean: np.ndarray
    sample_rate: int


def missing() -> str:
    """Return why there is no real surface here; "" where there is."""
    return "" if (REAL / DISC).exists() else f"{REAL / DISC} is not there"


def disc() -> tuple[np.ndarray, int]:
    """Return the surface of a real record, shape (channels, n), and its rate in Hz.

    Raises
    ------
    FileNotFoundError
        It is not beside the checkout.
    """
    if missing():
        raise FileNotFoundError(missing())
    audio, rate = soundfile.read(REAL / DISC, always_2d=True)
    return audio.T, rate


def over_rumble(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return audio over 200 Hz: rumble has nearly all of a surface's power, and none of its clicks."""
    return sosfiltfilt(butter(2, RUMBLE_HZ, "highpass", fs=sample_rate, output="sos"), audio, axis=1)


def under(take: Take, below_db: float, route: Route) -> Under:
    """Return a take, as long as the surface, with that surface under its active level, through a route.

    The level of both is that over 200 Hz. They are added at 44.1 kHz, halved, and pass the rest of the route
    together.
    """
    surface, rate = disc()
    if rate != take.sample_rate:
        raise ValueError(f"sample_rate={take.sample_rate} of {take.name} must be {rate}")
    length = min(surface.shape[1], take.audio.shape[1])
    clean, noise = take.audio[:, :length], surface[: len(take.audio), :length]
    level, _ = active_level_db(over_rumble(clean, rate), rate)
    noise = noise * 10 ** ((level - below_db) / 20) / np.sqrt(np.mean(over_rumble(noise, rate) ** 2))
    return Under(route.journey((clean + noise) / 2), route.journey(clean / 2), route.rate)


def audible_clicks(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Return where clicks are heard, in seconds: short, over both sides, in several bands at once.

    All channels together, as their mean. A limit of the band leaves fewer bands to be asked.
    """
    hop = round(ENVELOPE_S * sample_rate)
    frames = audio.shape[1] // hop
    over = np.zeros((len(BANDS_HZ), frames))
    for band, (low, high) in enumerate(BANDS_HZ):
        sections = butter(3, (low, min(high, 0.45 * sample_rate)), "bandpass", fs=sample_rate, output="sos")
        filtered = sosfiltfilt(sections, np.mean(audio, axis=0))[: frames * hop]
        envelope = np.max(np.abs(filtered.reshape(frames, hop)), axis=1)
        over[band] = envelope / np.maximum(_both_sides(envelope), 1e-9)
    many = np.sort(over, axis=0)[-LEAST_BANDS]
    found: list[int] = []
    for frame in np.argsort(-many):
        if many[frame] <= OVER_SIDES:
            break
        if all(abs(frame - other) * ENVELOPE_S > APART_S for other in found):
            found.append(int(frame))
    return (np.sort(np.array(found, dtype=int)) + 0.5) * hop / sample_rate


def _both_sides(envelope: np.ndarray) -> np.ndarray:
    """Return the larger of the quantiles before and after each frame, a gap between."""
    side, gap = round(SIDE_S / ENVELOPE_S), round(GAP_S / ENVELOPE_S)
    centred = percentile_filter(envelope, SIDES_PERCENT, size=side, mode="nearest")
    shift = side // 2 + gap
    padded = np.pad(centred, shift, mode="edge")
    return np.maximum(padded[: len(envelope)], padded[2 * shift :])

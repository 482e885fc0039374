"""Clean takes and clicks transferred together, with the truth: what came out with them, less without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import resample_poly

from bench.material.tuning.routes import ROUTES
from bench.material.tuning.shapes import GROOVE, SHAPES, played_back
from bench.measuring.measures import SILENCE_DB, active_level_db

FINER = 4
"""Times the recording's rate at which clicks are drawn; tuned: by hand, no record."""

# source: this material's own definitions, as in `bench.material.damage`
SPAN_END = 1e-2  # a click's span ends where it stays 40 dB under its peak,
LONGEST_SPAN_S = 0.01  # or here: slow tails and thumps go on
_CLIPPED_AT = (0.3, 0.6)  # of a clipped click's peak
SOFT_DB, SOFTEST_DB = -10.0, -70.0  # of a take's level, and dBFS: mouths click in pauses and soft parts


@dataclass(frozen=True)
class Transferred:
    """A transfer of a take with clicks, beside the same transfer without them.

    Attributes
    ----------
    audio, clean : np.ndarray [shape=(channels, n)]
        With and without clicks, through the same route.
    sample_rate : int
        In Hz, what the route left it at.
    starts, stops : np.ndarray [shape=(events,), dtype=int]
        The clicks' spans, at that rate.
    kinds : tuple of str
    struck : np.ndarray [shape=(events, channels), dtype=bool]
    """

    audio: np.ndarray
    clean: np.ndarray
    sample_rate: int
    starts: np.ndarray
    stops: np.ndarray
    kinds: tuple[str, ...]
    struck: np.ndarray


def transferred(
    audio: np.ndarray, sample_rate: int, *, kinds: tuple[str, ...], strength: float, route: str, seed: int
) -> Transferred:
    """Add a click of one of the kinds every 0.25 to 0.45 s, and send the recording on its way.

    Each peaks at `strength` times the RMS within 10 ms, before the route, either sign, where that is over
    -60 dBFS; mouth clicks where it is over -70 dBFS and 10 dB or more under the take's, and the sound's
    slope as well: in pauses and soft parts, not in fricatives. In stereo half of the clicks are in both
    channels and the others in one. "clipped" ones, with the music under them, are cut off at 0.3 to 0.6 of
    their peaks, but never lower than the music alone.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    kinds : tuple of str
        Of `SHAPES`.
    strength : float
    route : str
        Of `ROUTES`.
    seed : int
        The same one draws the same clicks at every strength and for every route.
    """
    draw = np.random.default_rng(seed)
    rms = _local_rms(audio, sample_rate)
    slope = _local_rms(np.diff(audio, axis=1, prepend=0.0), sample_rate)
    bright = float(np.sqrt(np.mean(np.diff(audio, axis=1) ** 2) / np.mean(audio**2)))
    loudness = 10 ** (active_level_db(audio, sample_rate)[0] / 20)
    damaged = audio.copy()
    spans, told, struck_in = [], [], []
    at = 0.1
    while (at := at + draw.uniform(0.25, 0.45)) * sample_rate < audio.shape[1]:
        start = int(at * sample_rate)
        own = np.random.default_rng(draw.integers(2**63))
        kind = kinds[int(own.integers(len(kinds)))]
        pulse = _pulse(kind, own, sample_rate)
        sign, rail = own.choice((-1.0, 1.0)), own.uniform(*_CLIPPED_AT)
        struck = np.ones(len(audio), dtype=bool)
        if len(audio) > 1 and own.random() < 0.5:
            struck[:] = np.arange(len(audio)) == own.integers(len(audio))
        stop = start + pulse.size
        low, high = 10 ** (SILENCE_DB / 20), np.inf
        if kind == "mouth":
            low, high = 10 ** (SOFTEST_DB / 20), 10 ** (SOFT_DB / 20) * loudness
        here, hissing = rms[struck, start], slope[struck, start]
        if stop > audio.shape[1] or not np.all((here > low) & (here < high) & (hissing < high * bright)):
            continue
        for channel in np.flatnonzero(struck):
            height = strength * rms[channel, start]
            damaged[channel, start:stop] += sign * height * pulse
            if kind == "clipped":
                most = max(rail * height, np.max(np.abs(audio[channel, start:stop])))
                damaged[channel, start:stop] = np.clip(damaged[channel, start:stop], -most, most)
        heard = np.flatnonzero(np.abs(pulse) >= SPAN_END)
        spans.append(
            (start + heard[0], min(start + heard[-1] + 1, start + round(LONGEST_SPAN_S * sample_rate)))
        )
        told.append(kind)
        struck_in.append(struck)
    with_clicks, rate = ROUTES[route](damaged, sample_rate)
    clean, _ = ROUTES[route](audio, sample_rate)
    bounds = np.array(spans, dtype=int).reshape(-1, 2) * rate // sample_rate
    return Transferred(
        with_clicks, clean, rate, bounds[:, 0], bounds[:, 1] + 1, tuple(told),
        np.array(struck_in, dtype=bool).reshape(-1, len(audio)),
    )  # fmt: skip


def _local_rms(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    power = uniform_filter1d(audio**2, 2 * round(0.01 * sample_rate) + 1, axis=1, mode="nearest")
    return np.sqrt(np.maximum(power, 0.0))


def _pulse(kind: str, draw: np.random.Generator, sample_rate: int) -> np.ndarray:
    fine = FINER * sample_rate
    lead = round(1e-3 * fine)  # room for what the converter's low-pass rings before
    heard = played_back(SHAPES[kind](draw, fine), fine, draw, groove=kind in GROOVE)
    pulse = resample_poly(np.concatenate([np.zeros(lead), heard]), 1, FINER)
    return pulse / np.max(np.abs(pulse))

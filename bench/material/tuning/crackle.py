"""Crackle transferred together with the music, with the truth: what came out with it, less without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.signal import resample_poly

from bench.material.tuning.routes import ROUTES
from bench.material.tuning.shapes import GROOVE, SHAPES, Shape, played_back
from bench.material.tuning.transfer import FINER, Transferred

_GRAINS = 192  # shapes that a recording's impulses are drawn from; tuned: by hand, for speed
_SPREAD = 5.0  # source: the recipe of published comparisons: heights from a fifth of the tallest on


def _small_ring(draw: np.random.Generator, rate: float) -> Shape:
    """Draw a ring of 2 to 8 kHz that is over after 0.03 to 0.15 ms, half of them with a soft onset."""
    frequency_hz, constant_s = draw.uniform(2e3, 8e3), draw.uniform(0.03e-3, 0.15e-3)
    rise_s = draw.choice((0.0, draw.uniform(0.03e-3, 0.12e-3)))
    t = np.arange(round((rise_s + 7.0 * constant_s) * rate)) / rate
    envelope = np.exp(-np.maximum(t - rise_s, 0.0) / constant_s)
    envelope *= np.sin(0.5 * np.pi * np.minimum(t / rise_s, 1.0)) ** 2 if rise_s else 1.0
    return envelope * np.cos(2.0 * np.pi * frequency_hz * t + draw.uniform(0.0, 2.0 * np.pi))


GRAINS: dict[str, Callable[[np.random.Generator, float], Shape]] = {
    "spike": SHAPES["spike"],
    "riaa": SHAPES["riaa"],
    "ring": _small_ring,
}


def _swell(draw: np.random.Generator, rate: float) -> Shape:
    """Draw what swells and fades about its peak, as surfaces have it: a pulse, noise, or a tone."""
    rise_s, fall_s = draw.uniform(0.03e-3, 0.1e-3), draw.uniform(0.04e-3, 0.3e-3)
    t = np.arange(-6.0 * rise_s, 7.0 * fall_s, 1.0 / rate)
    envelope = np.exp(-np.where(t < 0.0, 0.5 * (t / rise_s) ** 2, t / fall_s))
    inside = draw.choice(("pulse", "noise", "tone"))
    if inside == "pulse":
        return envelope
    if inside == "tone":
        return envelope * np.cos(2.0 * np.pi * (draw.uniform(1e3, 6e3) * t + draw.random()))
    slower = 2 * FINER  # its noise ends at a quarter of the recording's rate
    return envelope * resample_poly(draw.standard_normal(-(-t.size // slower)), slower, 1)[: t.size]


# Without a sharp beginning: half of the energy is under 3 kHz, 95 % under 11
SOFT_GRAINS: dict[str, Callable[[np.random.Generator, float], Shape]] = {"swell": _swell}


def crackled(
    audio: np.ndarray, sample_rate: int, *, per_second: float, strength: float, route: str, seed: int,
    grains: Mapping[str, Callable[[np.random.Generator, float], Shape]] = GRAINS,
) -> Transferred:  # fmt: skip
    """Add small impulses at Poisson times in each channel, and send the recording on its way.

    Each peaks, before the route, at ``strength / 5`` to ``strength`` times the take's RMS, log-uniformly,
    with either sign: spikes, a groove's grains as the playback curve leaves them, and short rings.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    per_second, strength : float
    route : str
        Of `ROUTES`.
    seed : int
        The same one draws the same crackle at every strength and for every route.
    grains : mapping
        What is drawn from: `GRAINS`, or `SOFT_GRAINS`, of which far less is found.

    Returns
    -------
    Transferred
        Its spans are where impulses begin, and a sample more.
    """
    draw = np.random.default_rng(seed)
    names = [str(draw.choice(list(grains))) for _ in range(_GRAINS)]
    played = [_grain(grains[name], draw, sample_rate, groove=name in GROOVE) for name in names]
    rms = float(np.sqrt(np.mean(audio**2)))
    damaged = audio.copy()
    events = []
    for channel in range(len(audio)):
        for start in draw.integers(
            audio.shape[1], size=draw.poisson(per_second * audio.shape[1] / sample_rate)
        ):
            which, sign = int(draw.integers(_GRAINS)), draw.choice((-1.0, 1.0))
            height = sign * strength * rms * _SPREAD ** -draw.random()
            grain = played[which][: audio.shape[1] - start]
            damaged[channel, start : start + grain.size] += height * grain
            events.append((int(start), channel, names[which]))
    with_crackle, rate = ROUTES[route](damaged, sample_rate)
    clean, _ = ROUTES[route](audio, sample_rate)
    events.sort()
    starts = np.array([start * rate // sample_rate for start, _, _ in events], dtype=int)
    struck = np.array([np.arange(len(audio)) == channel for _, channel, _ in events], dtype=bool)
    return Transferred(
        with_crackle, clean, rate, starts, starts + 1, tuple(kind for *_, kind in events),
        struck.reshape(-1, len(audio)),
    )  # fmt: skip


def _grain(
    shape: Callable[[np.random.Generator, float], Shape],
    draw: np.random.Generator,
    sample_rate: int,
    *,
    groove: bool,
) -> Shape:
    """Draw an impulse as a cartridge plays it, band-limited to the recording's rate."""
    fine = FINER * sample_rate
    lead = round(0.5e-3 * fine)  # room for what the converter's low-pass rings before
    heard = played_back(shape(draw, fine), fine, draw, groove=groove)
    grain = resample_poly(np.concatenate([np.zeros(lead), heard]), 1, FINER)
    return grain / np.max(np.abs(grain))

"""Mono discs played with a stereo cartridge: one music on both walls of the groove, on each its own noise.

Each wall has its own surface noise, its own pops, a slightly different gain, and by the error of azimuth it
is read a little earlier or later than the other. True stereo takes go the same way, with the same noise: a
stage that chooses between walls must leave them alone to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.material.reporting import shapes
from bench.material.reporting.channel import FINE, RATE, Response, Route, cartridge, convert
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

# source: the benchmark's recipe, as that of other clicks.
SPACING_S = (0.25, 0.45)
NEAR_S = 0.010
LEAST_RMS = 1e-3

ROOM_S = 0.15  # from the edges of a take; guard: every pop fits
GAIN_DB = (
    0.5  # the second wall's may differ by as much either way; tuned: by hand, cartridges' data sheets say 1
)
AZIMUTH_S = 3e-6  # derived: two degrees of azimuth over 40 um between the contacts, at 0.4 m/s
RESONANCE_HZ = (12_000.0, 20_000.0)  # source: cartridges' data sheets
RESONANCE_Q = (0.9, 1.6)  # tuned: by hand, as that of other clicks
POPS = (shapes.pop, shapes.soft, shapes.noise, shapes.two_mode, shapes.cut)
SPAN_DOWN = 0.01  # source: the README's convention for the truth
HEADROOM = 0.8  # of full scale; guard: no resampler clips between samples

# source: the density of a real record's surface between its clicks, dB at Hz
SURFACE = ((20.0, -54.0), (60.0, -56.0), (250.0, -71.0), (720.0, -76.7), (1400.0, -80.0), (2800.0, -86.0),
           (5600.0, -93.7), (9800.0, -100.0), (14_000.0, -105.0), (17_500.0, -106.5))  # fmt: skip
ABOVE_HZ = (
    100.0  # the level of the noise is over this: rumble is not what walls differ in most; source: IEC 60098
)


@dataclass(frozen=True)
class Played:
    """A disc as two walls gave it.

    Attributes
    ----------
    audio : np.ndarray [shape=(2, n)]
        Music, noise and pops.
    noisy : np.ndarray [shape=(2, n)]
        Music and noise.
    clean : np.ndarray [shape=(2, n)]
        The music as each wall gave it.
    starts, stops, walls : np.ndarray [shape=(pops,)]
        Spans in samples, and on which wall each pop is.
    sample_rate : int
    """

    audio: np.ndarray
    noisy: np.ndarray
    clean: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    walls: np.ndarray
    sample_rate: int


def mono_disc(take: Take, route: Route, noise_db: float, strength: float, seed: int) -> Played:
    """Return a take in mono as a stereo cartridge plays it, with pops on one wall or the other.

    Parameters
    ----------
    take : Take
        At 44.1 kHz; its channels are averaged.
    route : Route
    noise_db : float
        Level of each wall's noise over 100 Hz, relative to the take's active level.
    strength : float
        Peak of a pop over the RMS of the music nearby, on its wall.
    seed : int
    """
    draw = np.random.default_rng([seed, 4])
    music = np.mean(take.audio, axis=0, keepdims=True)
    clean = _both_walls(music, route, draw)
    noise = _surface_noise(clean, noise_db, draw)
    added = np.zeros_like(clean)
    pops = []
    at = round(ROOM_S * RATE)
    near = round(NEAR_S * RATE)
    while (at := at + round(draw.uniform(*SPACING_S) * RATE)) < clean.shape[1] - round(ROOM_S * RATE):
        wall = int(draw.integers(2))
        pulse, onset = _pop(route, draw)
        rms = np.sqrt(np.mean(clean[wall, at - near : at + near] ** 2))
        if rms > LEAST_RMS:
            first = at - onset
            pulse = pulse[max(-first, 0) :][: clean.shape[1] - max(first, 0)]
            added[wall, max(first, 0) :][: len(pulse)] += strength * rms * draw.choice((-1, 1)) * pulse
            stop = np.flatnonzero(np.abs(pulse) > SPAN_DOWN)[-1] + 1
            pops.append((at, max(first, 0) + int(stop), wall))
    return _played(clean, noise, added, pops=pops, route=route, seed=seed)


def true_stereo(take: Take, route: Route, noise_db: float, seed: int) -> Played:
    """Return a stereo take with each wall's own noise and no pops."""
    draw = np.random.default_rng([seed, 5])
    pickup = cartridge(draw.uniform(*RESONANCE_HZ), draw.uniform(*RESONANCE_Q))
    clean = route.analogue(pickup).music(take.audio)
    noise = _surface_noise(clean, noise_db, draw)
    return _played(clean, noise, np.zeros_like(clean), pops=[], route=route, seed=seed)


def _both_walls(music: np.ndarray, route: Route, draw: np.random.Generator) -> np.ndarray:
    """Return music of shape (1, n) as each wall gives it: through one pickup, at two gains, at two times."""
    pickup = cartridge(draw.uniform(*RESONANCE_HZ), draw.uniform(*RESONANCE_Q))
    late = draw.uniform(-AZIMUTH_S, AZIMUTH_S)
    gain = 10 ** (draw.uniform(-GAIN_DB, GAIN_DB) / 20)
    each = [route.analogue(pickup, _later(sign * late / 2)).music(music)[0] for sign in (-1, 1)]
    return np.stack([each[0], gain * each[1]])


def _later(seconds: float) -> Response:
    return lambda hz: np.exp(-2j * np.pi * hz * seconds)


def _pop(route: Route, draw: np.random.Generator) -> tuple[np.ndarray, int]:
    """Draw a pop whose peak is 1, and where it begins."""
    shape = POPS[draw.integers(len(POPS))]
    wave = np.pad(shape(draw), (draw.integers(FINE), 0))
    pulse, onset = route.analogue().pulses(wave)
    return pulse / np.max(np.abs(pulse)), onset


def _surface_noise(clean: np.ndarray, noise_db: float, draw: np.random.Generator) -> np.ndarray:
    """Return independent noise for each wall, as coloured as a real surface."""
    length = clean.shape[1]
    hz = np.fft.rfftfreq(length, 1 / RATE)
    at, density = np.array(SURFACE).T
    shape = 10 ** (np.interp(np.log(np.maximum(hz, at[0])), np.log(at), density) / 20)
    shape[hz < at[0]] = 0
    noise = np.fft.irfft(np.fft.rfft(draw.standard_normal(clean.shape)) * shape, length)
    share = np.sum(shape[hz > ABOVE_HZ] ** 2) / np.sum(shape**2)
    level, _ = active_level_db(clean, RATE)
    return noise / np.sqrt(share * np.mean(noise**2)) * 10 ** ((level + noise_db) / 20)


def _played(
    clean: np.ndarray,
    noise: np.ndarray,
    added: np.ndarray,
    *,
    pops: list[tuple[int, int, int]],
    route: Route,
    seed: int,
) -> Played:
    """Send music, noise and pops along the route, with room for the highest pop."""
    noisy = clean + noise
    gain = HEADROOM / np.max(np.abs(noisy + added))
    audio, before, music = (
        route.journey(convert(gain * x, route.bits, seed)) for x in (noisy + added, noisy, clean)
    )
    table = np.array(pops, dtype=int).reshape(-1, 3)
    starts, stops = np.round(table[:, :2].T * route.rate / RATE).astype(int)
    return Played(audio, before, music, starts, stops, table[:, 2], route.rate)

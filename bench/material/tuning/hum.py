"""Hum as recordings have it, added to takes: wandering as mains and transports do, two at once, part-way.

Of the kinds "capstan", "odd" and "few", and of the courses "gates", are for a check only: nothing is tuned
on them.

A recording may carry the hum of its medium, made when it was recorded and played back with the medium's own
speed and wow, and that of the mains where it is transferred. A course says where it is heard: hum begins or
ends part-way, and a transfer is faded in, or gated, with the program.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from bench.material.tuning.routes import ROUTES
from bench.measuring.measures import active_level_db

# source: eight recordings of one grid, standard deviation within 10 s; they moved by 0.0018 Hz in a second
MAINS_WANDER_HZ = (0.002, 0.003)
_MAINS_SECONDS = 4.0  # derived: time constant of a walk that moves by 0.0018 Hz a second at 0.0025 Hz
# source: this material's own definitions
MAINS_OFF_HZ = 0.03
SPEED = (0.93, 1.07)  # of transfers off their speed
TURNS_S = (60 / 33.333, 60 / 45, 60 / 78.26, 0.2)  # discs, and a capstan with its idlers
WOW = (0.0002, 0.002)  # of the frequency, at the turn
DRIFT = (0.0003, 0.002)  # of the frequency, standard deviation, slowly
_DRIFT_SECONDS = 6.0
RAILWAYS_HZ = (16.7, 25.0)
LINE_HZ = (90.0, 800.0)
LINES_HZ = (100.0, 150.0, 1000.0, 15_625.0)  # source: rectifiers, a test tone, a television's lines
WOWS_HZ, CAPSTAN_HZ = (0.55, 1.3), (6.0, 14.0)  # of discs, walking about these rates, and of capstans
DIMMER_HZ = 10_000.0
BASS_HZ = (0.97, 1.03)  # of the mains' frequency
KINDS = (
    "mains", "buzz", "dimmer", "odd", "few", "transport", "wow", "capstan", "railway", "line", "lines",
)  # fmt: skip
COURSES = ("throughout", "begins", "ends", "passage", "faded", "gated", "gates")
FADE_S, GATE_S, PASSAGE_S, GATES_S = (1.0, 5.0), (1.0, 4.0), (3.0, 6.0), (0.3, 1.0)


@dataclass(frozen=True)
class Humming:
    """A take with hum, beside the same take without it, both by the same route.

    Attributes
    ----------
    audio, clean, added : np.ndarray [shape=(channels, n)]
        With and without hum, and the hum alone by that route; of a linear route ``audio = clean + added``.
    sample_rate : int
        In Hz, what the route left it at.
    base_hz : tuple of float
        Mean fundamental of each hum.
    there : slice
        Where the hum is, in samples.
    """

    audio: np.ndarray
    clean: np.ndarray
    added: np.ndarray
    sample_rate: int
    base_hz: tuple[float, ...]
    there: slice


def humming(
    audio: np.ndarray,
    sample_rate: int,
    *,
    kinds: tuple[str, ...],
    below_db: float,
    seed: int,
    mains_hz: float = 50.0,
    course: str = "throughout",
    route: str = "as it is",
    bass: bool = False,
    swung: bool = False,
) -> Humming:
    """Add hum of each of the kinds, each so far under the take's active level.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    kinds : tuple of str
        Of `KINDS`: mains and buzz wander as the grid does, so do "dimmer", that is a sine cut at its phase,
        "odd" harmonics and a "few" alone; "transport" is mains 1 to 7 % off, with wow and drift in
        proportion, "wow" and "capstan" the same with these; "railway" 16.7 or 25 Hz, "line" a single steady
        line, "lines" three of `LINES_HZ`.
    below_db : float
        10 to 40 of old recordings.
    seed : int
    mains_hz : float
        50 or 60.
    course : str
        Of `COURSES`: hum that begins or ends half-way, or passes in 3 to 6 s; a whole transfer that fades in
        within 1 to 5 s, or that digital silence comes before for 1 to 4 s, or interrupts.
    route : str
        Of `ROUTES`.
    bass : bool
        Notes within 3 % of the mains' frequency belong to the take, one a second.
    swung : bool
        One transport swings all of the hums.
    """
    draw = np.random.default_rng(seed)
    n = audio.shape[1]
    level, _ = active_level_db(audio, sample_rate)
    program = audio + bass_notes(n, sample_rate, mains_hz, level - 10.0, draw) if bass else audio
    added, bases = np.zeros_like(audio), []
    share = transport_wander(n, sample_rate, draw) if swung else None
    for kind in kinds:
        wave, base_hz = _hum(kind, n, sample_rate, mains_hz, draw=draw, share=share)
        wave = draw.uniform(0.5, 1.0, size=(len(audio), 1)) * wave
        added += wave * (10 ** ((level - below_db) / 20) / np.sqrt(np.mean(wave**2)))
        bases.append(base_hz)
    gain, there = _course(course, n, sample_rate, draw)
    if course in ("begins", "ends", "passage"):
        added = added * gain
    else:
        program, added = program * gain, added * gain
    heard, rate = ROUTES[route](program + added, sample_rate)
    clean, _ = ROUTES[route](program, sample_rate)
    alone, _ = ROUTES[route](added, sample_rate)
    there = slice(there.start * rate // sample_rate, there.stop * rate // sample_rate)
    return Humming(heard, clean, alone, rate, tuple(bases), there)


def mains_wander(n: int, sample_rate: int, draw: np.random.Generator) -> np.ndarray:
    """Draw by how many Hz the grid is off its mean: a smooth walk of 0.002 to 0.003 Hz within 10 s."""
    return draw.uniform(*MAINS_WANDER_HZ) * _walk(n, sample_rate, _MAINS_SECONDS, draw)


def transport_wander(
    n: int, sample_rate: int, draw: np.random.Generator, kind: str = "transport"
) -> np.ndarray:
    """Draw by what share of itself every frequency is off its mean: a slow drift, and wow at the turn."""
    drift = draw.uniform(*DRIFT) * _walk(n, sample_rate, _DRIFT_SECONDS, draw)
    seconds = np.arange(n) / sample_rate
    if kind == "wow":
        rate = draw.choice(WOWS_HZ) * (1.0 + 0.05 * _walk(n, sample_rate, _DRIFT_SECONDS, draw))
        turns = np.cumsum(rate) / sample_rate
    else:
        turns = seconds * (draw.uniform(*CAPSTAN_HZ) if kind == "capstan" else 1.0 / draw.choice(TURNS_S))
    return drift + draw.uniform(*WOW) * np.sin(2 * np.pi * (turns + draw.random()))


def bass_notes(
    n: int, sample_rate: int, about_hz: float, level_db: float, draw: np.random.Generator
) -> np.ndarray:
    """Draw notes near a frequency, one a second, each within 3 % of it and as loud as said."""
    seconds = np.arange(n) / sample_rate
    since = seconds % 1.0
    hz = about_hz * draw.uniform(*BASS_HZ, size=n // sample_rate + 1)[seconds.astype(int)]
    envelope = np.clip(since / 0.02, 0.0, 1.0) * np.exp(-2.0 * since) * np.clip((0.9 - since) / 0.1, 0.0, 1.0)
    wave = envelope * sum(np.sin(2 * np.pi * hz * h * since) / h**1.5 for h in range(1, 7))
    return 10 ** (level_db / 20) / np.sqrt(np.mean(wave**2)) * wave[np.newaxis]


def _hum(
    kind: str,
    n: int,
    sample_rate: int,
    mains_hz: float,
    *,
    draw: np.random.Generator,
    share: np.ndarray | None,
) -> tuple[np.ndarray, float]:
    """Draw one channel of a hum, and its mean fundamental in Hz; `share` swings it, where given."""
    off = mains_wander(n, sample_rate, draw)
    if kind == "lines":
        chosen = draw.choice(LINES_HZ, size=3, replace=False)
        seconds = np.arange(n) / sample_rate
        return np.sum([np.sin(2 * np.pi * hz * seconds + draw.uniform(0, 6.0)) for hz in chosen], axis=0), 0.0
    base = {"line": draw.uniform(*LINE_HZ), "railway": draw.choice(RAILWAYS_HZ)}.get(kind)
    base = mains_hz + draw.uniform(-1, 1) * MAINS_OFF_HZ if base is None else base
    heights = _heights(kind, base, sample_rate, draw)
    if kind in ("transport", "wow", "capstan"):
        speed = draw.uniform(*SPEED)
        speed += 0.01 * np.sign(speed - 1.0) if abs(speed - 1.0) < 0.01 else 0.0
        base *= speed
        off = np.zeros(n)
        if share is None:
            share = transport_wander(n, sample_rate, draw, kind)
    if share is not None:
        off = off + base * share
    frequency = base + off
    phase = 2 * np.pi * np.cumsum(frequency) / sample_rate
    wave = np.zeros(n)
    for h in np.flatnonzero(heights):
        wave += heights[h] * np.sin((h + 1) * phase + draw.uniform(0, 2 * np.pi))
    return wave, float(np.mean(frequency))


def _heights(kind: str, base: float, sample_rate: int, draw: np.random.Generator) -> np.ndarray:
    """Draw each harmonic's amplitude, the fundamental's first."""
    if kind == "line":
        return np.ones(1)
    if kind == "few":
        heights = np.zeros(6)
        heights[draw.choice(6, size=draw.integers(1, 4), replace=False)] = draw.uniform(0.3, 1.0)
        return heights
    highest = {"buzz": 8000.0, "dimmer": DIMMER_HZ}.get(kind)
    numbers = np.arange(1, 13 if highest is None else int(min(highest, 0.45 * sample_rate) / base))
    if kind == "buzz":
        return np.where(numbers % 2, 1.0, 0.3) / np.sqrt(numbers) / np.hypot(1, numbers * base / 3000)
    if kind == "dimmer":
        cycle = np.arange(4096) / 4096
        cut = draw.uniform(0.1, 0.4)
        wave = np.sin(2 * np.pi * cycle) * (cycle % 0.5 > cut) * np.where(cycle < 0.5, 1.0, 0.9)
        return np.asarray(np.abs(np.fft.rfft(wave))[1 : numbers.size + 1])
    heights = numbers ** -draw.uniform(0.7, 1.5) * 10 ** (draw.uniform(-6.0, 6.0, numbers.size) / 20)
    return np.where(numbers % 2, heights, 0.0) if kind == "odd" else heights


def _walk(n: int, sample_rate: int, seconds: float, draw: np.random.Generator) -> np.ndarray:
    """Draw a smooth walk with this time constant, twice over, of standard deviation 1 over what is drawn."""
    step = max(sample_rate // 50, 1)
    settled = round(10 * seconds * sample_rate / step)
    pole = np.exp(-step / (seconds * sample_rate))
    steps = draw.standard_normal(n // step + 2 + settled)
    walk = lfilter([1.0], [1.0, -2 * pole, pole**2], steps)
    walk /= np.std(walk)
    return np.interp(np.arange(n), step * np.arange(n // step + 2), walk[settled:])


def _course(course: str, n: int, sample_rate: int, draw: np.random.Generator) -> tuple[np.ndarray, slice]:
    """Draw the gain along the recording, and where it is above 0."""
    gain = np.ones(n)
    if course == "throughout":
        return gain, slice(0, n)
    if course in ("begins", "ends"):
        at = round(draw.uniform(0.4, 0.6) * n)
        there = slice(at, n) if course == "begins" else slice(0, at)
        gain[:] = 0.0
        gain[there] = 1.0
        return gain, there
    if course == "passage":
        size = min(round(draw.uniform(*PASSAGE_S) * sample_rate), n)
        at = int(draw.integers(n - size + 1))
        gain[:at] = gain[at + size :] = 0.0
        return gain, slice(at, at + size)
    if course == "gates":
        for at in draw.integers(n, size=3):
            gain[at : at + round(draw.uniform(*GATES_S) * sample_rate)] = 0.0
        return gain, slice(0, n)
    if course == "faded":
        size = round(draw.uniform(*FADE_S) * sample_rate)
        gain[:] = np.minimum(np.arange(n) / size, 1.0) ** 2
        return gain, slice(0, n)
    if course != "gated":
        raise ValueError(f"course={course!r} must be one of {', '.join(COURSES)}")
    at = min(round(draw.uniform(*GATE_S) * sample_rate), n // 2)
    gain[:at] = 0.0
    return gain, slice(at, n)

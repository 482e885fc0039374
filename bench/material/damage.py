"""Damage with known truth: clicks, crackle, hum and steady noise, added to clean takes.

Every recipe is seeded, and a strength only scales: the same seed puts the same clicks at every strength.
What was added, where and of which kind comes back with the damaged audio. Audio is float64 of shape
(channels, n).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import lfilter

from bench.measuring.measures import SILENCE_DB, active_level_db

# source: bench/README.md, where a recipe had to choose
PULSE_END = 1e-3  # a decaying pulse is drawn until its envelope is 60 dB down,
SPAN_END = 1e-2  # and counts as a span until it is 40 dB down
LEAD_S, TAIL_S = 1.5, 1.0  # of noise alone, before a take and after it
HUM_LEAD_S = 3  # of hum alone


@dataclass(frozen=True)
class Damaged:
    """A damaged take beside the truth.

    Attributes
    ----------
    audio, clean, added : np.ndarray [shape=(channels, n)]
        ``audio = clean + added``; all three include the noise-only lead and tail where the recipe has them.
    program : slice
        Where the take itself lies in them.
    """

    audio: np.ndarray
    clean: np.ndarray
    added: np.ndarray
    program: slice


@dataclass(frozen=True)
class Clicked(Damaged):
    """A take with clicks or crackle in it.

    Attributes
    ----------
    starts, stops : np.ndarray [shape=(events,), dtype=int]
        The span of each event, ``stops`` exclusive, in order of starts. A decaying pulse rings on after its
        span, more than 40 dB under its peak.
    kinds : tuple of str
        The kind of each event.
    struck : np.ndarray [shape=(events, channels), dtype=bool]
        The channels that each event is in.
    variance : np.ndarray [shape=(channels, n)]
        The variance of what was added, the square of each pulse's envelope; 0 outside the events.
    """

    starts: np.ndarray
    stops: np.ndarray
    kinds: tuple[str, ...]
    struck: np.ndarray
    variance: np.ndarray

    def mask(self) -> np.ndarray:
        """Return the samples that lie in a span, as booleans of shape (channels, n)."""
        inside = np.zeros(self.audio.shape, dtype=bool)
        for start, stop, struck in zip(self.starts, self.stops, self.struck, strict=True):
            inside[struck, start:stop] = True
        return inside


@dataclass(frozen=True)
class Pulse:
    """One click before scaling: a waveform that peaks at 1, and its envelope."""

    waveform: np.ndarray
    envelope: np.ndarray

    @classmethod
    def of(cls, waveform: np.ndarray, envelope: np.ndarray) -> Pulse:
        """Scale both so that the waveform peaks at 1."""
        peak = np.max(np.abs(waveform))
        return cls(waveform / peak, envelope / peak)

    @property
    def span(self) -> int:
        """The samples from the first one until the envelope is 40 dB down for good."""
        return int(np.flatnonzero(self.envelope >= SPAN_END * np.max(self.envelope))[-1]) + 1


def tick(draw: np.random.Generator, sample_rate: int, decay_ms: tuple[float, float] = (0.05, 0.3)) -> Pulse:
    """Draw an impulse that rings at 2 to 8 kHz and decays with a time constant within ``decay_ms``."""
    highest = min(8000.0, 0.45 * sample_rate)
    return _ring(draw.uniform(2000.0, highest), draw.uniform(*decay_ms), np.pi / 2, sample_rate)


def pop(draw: np.random.Generator, sample_rate: int) -> Pulse:
    """Draw a damped sine of 300 to 1500 Hz with a time constant of 0.3 to 1 ms."""
    return _ring(draw.uniform(300.0, 1500.0), draw.uniform(0.3, 1.0), 0.0, sample_rate)


def glitch(draw: np.random.Generator, sample_rate: int, longest: int = 8) -> Pulse:
    """Draw one to ``longest`` samples that are off, each by its own amount."""
    waveform = draw.uniform(-1.0, 1.0, size=draw.integers(1, longest, endpoint=True))
    return Pulse.of(waveform, np.ones(len(waveform)))


def spike(draw: np.random.Generator, sample_rate: int) -> Pulse:
    """Draw a jump that decays with a time constant of one to three samples."""
    envelope = _envelope(draw.uniform(1.0, 3.0))
    return Pulse.of(envelope, envelope)


def scratch(draw: np.random.Generator, sample_rate: int) -> Pulse:
    """Draw 2 to 6 ms of noise, then a thump: 30 to 90 Hz, half as high, a tenth of it after 20 to 40 ms."""
    noise = draw.standard_normal(round(draw.uniform(0.002, 0.006) * sample_rate))
    thump = _ring(draw.uniform(30.0, 90.0), draw.uniform(20.0, 40.0) / np.log(10.0), 0.0, sample_rate)
    half = 0.5 * np.max(np.abs(noise))
    waveform = np.concatenate([noise, half * thump.waveform])
    return Pulse.of(waveform, np.concatenate([np.ones(len(noise)), half * thump.envelope]))


CLICKS: dict[str, Callable[[np.random.Generator, int], Pulse]] = {
    draw.__name__: draw for draw in (tick, pop, glitch, spike, scratch)
}


def _envelope(decay_samples: float) -> np.ndarray:
    return np.exp(-np.arange(int(np.log(1 / PULSE_END) * decay_samples) + 1) / decay_samples)


def _ring(frequency_hz: float, decay_ms: float, phase: float, sample_rate: int) -> Pulse:
    envelope = _envelope(decay_ms * 1e-3 * sample_rate)
    turns = 2 * np.pi * frequency_hz / sample_rate * np.arange(len(envelope))
    return Pulse.of(envelope * np.sin(turns + phase), envelope)


def clicks(audio: np.ndarray, sample_rate: int, *, kind: str, strength: float, seed: int) -> Clicked:
    """Add a click every 0.25 to 0.45 s, of either sign, peaking at ``strength`` times the RMS within 10 ms.

    None where that RMS is below -60 dBFS. In stereo half of the clicks are in both channels, each scaled by
    its own channel's RMS, and the others in one.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    kind : {"tick", "pop", "glitch", "spike", "scratch"}
    strength : float
        2 is hard to hear in loud music, 15 is plain.
    seed : int
    """
    draw = np.random.default_rng(seed)
    power = uniform_filter1d(audio**2, 2 * round(0.01 * sample_rate) + 1, axis=1, mode="nearest")
    rms = np.sqrt(np.maximum(power, 0.0))  # its running sum goes below 0 by rounding
    events, at = [], 0.0
    while (at := at + draw.uniform(0.25, 0.45)) * sample_rate < audio.shape[1]:
        start = int(at * sample_rate)
        pulse, sign = CLICKS[kind](draw, sample_rate), draw.choice((-1.0, 1.0))
        struck = np.ones(len(audio), dtype=bool)
        if len(audio) > 1 and draw.random() < 0.5:
            struck[:] = np.arange(len(audio)) == draw.integers(len(audio))
        local = rms[:, start]
        if start + len(pulse.waveform) <= audio.shape[1] and np.all(local[struck] > 10 ** (SILENCE_DB / 20)):
            events.append((start, kind, pulse, np.where(struck, sign * strength * local, 0.0)))
    return _add_events(audio, events)


def crackle(audio: np.ndarray, sample_rate: int, *, per_second: float, strength: float, seed: int) -> Clicked:
    """Add impulses at Poisson times, independently in each channel.

    Half are one to three samples off, half are ticks decaying in 0.03 to 0.15 ms; each peaks at ``strength
    / 5`` to ``strength`` times the take's RMS, log-uniformly, with either sign.
    """
    draw = np.random.default_rng(seed)
    rms = np.sqrt(np.mean(audio**2))
    events = []
    for channel in np.eye(len(audio)):
        count = draw.poisson(per_second * audio.shape[1] / sample_rate)
        for start in draw.integers(audio.shape[1], size=count):
            if draw.random() < 0.5:
                kind, pulse = "glitch", glitch(draw, sample_rate, longest=3)
            else:
                kind, pulse = "tick", tick(draw, sample_rate, decay_ms=(0.03, 0.15))
            peak = strength * rms * 5.0 ** -draw.random() * draw.choice((-1.0, 1.0))
            if start + len(pulse.waveform) <= audio.shape[1]:
                events.append((int(start), kind, pulse, peak * channel))
    return _add_events(audio, events)


def _add_events(audio: np.ndarray, events: list[tuple[int, str, Pulse, np.ndarray]]) -> Clicked:
    events = sorted(events, key=lambda event: event[0])
    added, variance = np.zeros_like(audio), np.zeros_like(audio)
    for start, _, pulse, height in events:
        span = slice(start, start + len(pulse.waveform))
        added[:, span] += height[:, None] * pulse.waveform
        variance[:, span] += (height[:, None] * pulse.envelope) ** 2
    return Clicked(
        audio=audio + added,
        clean=audio,
        added=added,
        program=slice(0, audio.shape[1]),
        starts=np.array([start for start, *_ in events], dtype=int),
        stops=np.array([start + pulse.span for start, _, pulse, _ in events], dtype=int),
        kinds=tuple(kind for _, kind, _, _ in events),
        struck=np.array([height != 0.0 for *_, height in events]).reshape(len(events), len(audio)),
        variance=variance,
    )


def hum(
    audio: np.ndarray,
    sample_rate: int,
    *,
    kind: str,
    seed: int,
    mains_hz: float = 50.0,
    below_db: float = 20.0,
    wander_hz: float = 0.05,
    level_steps: bool = False,
    splices: bool = False,
) -> Damaged:
    """Add mains hum, 3 s of it alone before the take.

    The frequency lies within 0.03 Hz of the mains' and wanders with a time constant of 4 s; every harmonic
    has a random phase and drifts by 10 % with a period of 10 s. Channels hum in phase, at different levels.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    kind : {"mains", "buzz"}
        mains: harmonics 1 to 12 at 1/h. buzz: odd ones at h^-0.5, even ones at 0.3 h^-0.5, up to 8 kHz,
        through a first-order roll-off at 3 kHz.
    seed : int
    mains_hz : float
        50 or 60.
    below_db : float
        How far its RMS lies under the take's active level.
    wander_hz : float
        The farthest the frequency wanders; 0.2 for a drifting machine.
    level_steps : bool
        The level steps by up to 6 dB every 2 to 5 s.
    splices : bool
        The phase jumps every 2 to 5 s, as at a tape splice.
    """
    draw = np.random.default_rng(seed)
    lead = HUM_LEAD_S * sample_rate
    n = lead + audio.shape[1]
    frequency = mains_hz + draw.uniform(-0.03, 0.03) + _wander(draw, n, sample_rate, wander_hz)
    phase = 2 * np.pi * np.cumsum(frequency) / sample_rate
    if splices:
        phase += _steps(draw, n, sample_rate, np.pi)
    seconds = np.arange(n) / sample_rate
    wave = np.zeros(n)
    for harmonic, height in _harmonics(kind, mains_hz, sample_rate):
        drift = 1.0 + 0.1 * np.sin(2 * np.pi * (seconds / 10.0 + draw.random()))
        wave += height * drift * np.sin(harmonic * phase + draw.uniform(0.0, 2 * np.pi))
    if level_steps:
        wave *= 10 ** (_steps(draw, n, sample_rate, 6.0) / 20)
    added = draw.uniform(0.5, 1.0, size=(len(audio), 1)) * wave
    return add_below(audio, added, sample_rate, below_db, lead=lead)


def _harmonics(kind: str, mains_hz: float, sample_rate: int) -> list[tuple[int, float]]:
    if kind == "mains":
        return [(h, 1.0 / h) for h in range(1, 13)]
    if kind != "buzz":
        raise ValueError(f"kind={kind!r} must be 'mains' or 'buzz'")
    highest = int(min(8000.0, 0.45 * sample_rate) / mains_hz)
    numbers = np.arange(1, highest + 1)
    heights = np.where(numbers % 2, 1.0, 0.3) / np.sqrt(numbers) / np.hypot(1.0, numbers * mains_hz / 3000.0)
    return list(zip(numbers.tolist(), heights.tolist(), strict=True))


def _wander(draw: np.random.Generator, n: int, sample_rate: int, farthest: float) -> np.ndarray:
    """Draw a first-order random walk with a time constant of 4 s, scaled to reach ``farthest``."""
    step = 100  # samples: the walk is slow, so it is drawn sparsely and interpolated
    pole = np.exp(-step / (4.0 * sample_rate))
    walk = lfilter([1.0], [1.0, -pole], draw.standard_normal(n // step + 2))
    walk *= farthest / np.max(np.abs(walk))
    return np.interp(np.arange(n), step * np.arange(len(walk)), walk)


def _steps(draw: np.random.Generator, n: int, sample_rate: int, farthest: float) -> np.ndarray:
    steps, at = np.zeros(n), 0.0
    while (at := at + draw.uniform(2.0, 5.0)) * sample_rate < n:
        steps[int(at * sample_rate) :] = draw.uniform(-farthest, farthest)
    return steps


def noise(audio: np.ndarray, sample_rate: int, *, kind: str, below_db: float, seed: int) -> Damaged:
    """Add steady noise, independent in each channel, with 1.5 s of it alone before the take and 1 s after.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    kind : {"white", "pink", "tape"}
        See `noise_spectrum`.
    below_db : float
        How far its RMS lies under the take's active level.
    seed : int
    """
    draw = np.random.default_rng(seed)
    lead, tail = (round(seconds * sample_rate) for seconds in (LEAD_S, TAIL_S))
    n = lead + audio.shape[1] + tail
    shape = np.sqrt(noise_spectrum(kind, np.fft.rfftfreq(n, 1.0 / sample_rate)))
    added = np.fft.irfft(np.fft.rfft(draw.standard_normal((len(audio), n))) * shape, n)
    return add_below(audio, added, sample_rate, below_db, lead=lead, tail=tail)


def noise_spectrum(kind: str, frequency_hz: np.ndarray) -> np.ndarray:
    """Return the power spectral density of a kind of noise, up to a factor.

    Pink is 1/f above 20 Hz. Tape is the noise of erased tape, |k| (1 - exp(-2 |k| thickness)) at the head
    (Mallinson, Maximum signal-to-noise ratio of a tape recorder, 1969), through NAB playback equalisation
    (3180 and 50 microseconds) at 19 cm/s; the head's own losses count as equalised.
    """
    f = np.maximum(frequency_hz, 1e-3)
    if kind == "white":
        return np.ones_like(f)
    if kind == "pink":
        return np.where(f >= 20.0, 1.0 / f, 0.0)
    if kind != "tape":
        raise ValueError(f"kind={kind!r} must be 'white', 'pink' or 'tape'")
    speed, thickness = 0.1905, 10e-6  # m/s and m
    wave_number = 2 * np.pi * f / speed
    at_head = wave_number * -np.expm1(-2 * wave_number * thickness)
    low, high = 2 * np.pi * f * 3180e-6, 2 * np.pi * f * 50e-6
    return at_head * (1 + high**2) / (1 + low**2)


def add_below(
    audio: np.ndarray, added: np.ndarray, sample_rate: int, below_db: float, *, lead: int, tail: int = 0
) -> Damaged:
    """Add what is ``lead`` and ``tail`` samples longer than a take, scaled to lie under its active level."""
    level, _ = active_level_db(audio, sample_rate)
    clean = np.pad(audio, ((0, 0), (lead, tail)))
    program = slice(lead, lead + audio.shape[1])
    added = added * (10 ** ((level - below_db) / 20) / np.sqrt(np.mean(added[:, program] ** 2)))
    return Damaged(clean + added, clean, added, program)

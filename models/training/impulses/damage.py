"""Damage to learn from, wider than the benchmark's and drawn by code of its own.

Each event comes as a waveform that peaks at 1, placed at a height relative to the sound around it or to the
whole stretch. What was added is returned beside where it was, so that labels follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, lfilter, sosfilt

Draw = np.random.Generator

# source: this model's own definition of an event
BODY = 0.1  # part of its peak down to which a pulse is the event's body,
TAIL = 0.01  # and down to which it is its tail


@dataclass(frozen=True)
class Event:
    """Where an event lies: its body is ``[start, body_stop)``, and it is over at `stop`."""

    start: int
    body_stop: int
    stop: int


def tick(draw: Draw, rate: float) -> np.ndarray:
    """Draw one to three rings of 0.8 to 16 kHz, decaying in 0.02 to 0.5 ms, at times with a short rise."""
    decay = 1e-3 * rate * np.exp(draw.uniform(np.log(0.02), np.log(0.5)))
    t = np.arange(max(int(7 * decay), 2))
    wave = np.zeros(t.size)
    for _ in range(int(draw.integers(1, 4))):
        frequency = np.exp(draw.uniform(np.log(800.0), np.log(min(16_000.0, 0.48 * rate))))
        phase = draw.uniform(0.0, 2 * np.pi)
        wave += draw.uniform(0.3, 1.0) * np.cos(2 * np.pi * frequency / rate * t + phase)
    wave *= np.exp(-t / decay)
    if draw.random() < 0.3:
        wave *= 1.0 - np.exp(-(t + 0.5) / draw.uniform(0.5, 3.0))
    return wave


def pop(draw: Draw, rate: float) -> np.ndarray:
    """Draw a damped ring of 120 to 2500 Hz, of 0.2 to 2 ms, or a half-wave of 0.2 to 3 ms."""
    if draw.random() < 0.3:
        length = max(int(draw.uniform(0.2e-3, 3e-3) * rate), 3)
        return np.sin(np.pi * (np.arange(length) + 0.5) / length) ** draw.uniform(0.7, 3.0)
    decay = 1e-3 * rate * np.exp(draw.uniform(np.log(0.2), np.log(2.0)))
    t = np.arange(int(7 * decay) + 2)
    frequency = np.exp(draw.uniform(np.log(120.0), np.log(2500.0)))
    phase = draw.choice((0.0, draw.uniform(0.0, 2 * np.pi)))
    return np.exp(-t / decay) * np.sin(2 * np.pi * frequency / rate * (t + 0.5) + phase)


def edge(draw: Draw, rate: float) -> np.ndarray:
    """Draw a jump that decays within a few samples, or one sample alone."""
    length = draw.uniform(0.2, 6.0)
    wave = np.exp(-np.arange(int(5 * length) + 1) / length)
    return wave * draw.choice((-1.0, 1.0), size=wave.size) if draw.random() < 0.2 else wave


def scratch(draw: Draw, rate: float) -> np.ndarray:
    """Draw 0.5 to 8 ms of coloured noise that may rise and fall, most often with a thump after it."""
    length = max(int(draw.uniform(0.5e-3, 8e-3) * rate), 8)
    noise = lfilter([1.0], [1.0, -draw.uniform(-0.5, 0.95)], draw.standard_normal(length))
    noise /= np.max(np.abs(noise))
    shape = draw.integers(3)
    if shape == 1:
        noise *= np.exp(-np.arange(length) / (draw.uniform(0.2, 0.6) * length))
    elif shape == 2:
        noise *= np.sin(np.pi * (np.arange(length) + 0.5) / length)
    return noise


def thump(draw: Draw, rate: float) -> np.ndarray:
    """Draw what the pickup does after a scratch: 20 to 120 Hz, decaying in 4 to 30 ms."""
    decay = draw.uniform(0.004, 0.03) * rate
    t = np.arange(int(5 * decay))
    rise = 1.0 - np.exp(-t / (0.0005 * rate))
    return rise * np.exp(-t / decay) * np.sin(2 * np.pi * draw.uniform(20.0, 120.0) / rate * t)


PULSES: dict[str, Callable[[Draw, float], np.ndarray]] = {"tick": tick, "pop": pop, "edge": edge}


class Damage:
    """Damage that is put onto one channel, event by event; `pulses` is what was added, and where.

    Parameters
    ----------
    clean : np.ndarray [shape=(n,)]
    rate : float
        In Hz.
    draw
        The generator that everything is drawn from.
    """

    def __init__(self, clean: np.ndarray, rate: float, draw: Draw) -> None:
        self.clean, self.rate, self.draw = clean, rate, draw
        self.added = np.zeros_like(clean)
        self.events: list[Event] = []
        self.pulses: list[tuple[int, np.ndarray]] = []
        self.local = np.sqrt(np.maximum(uniform_filter1d(clean**2, int(0.02 * rate) | 1), 1e-12))
        self._overall = float(np.sqrt(np.mean(clean**2)) + 1e-6)
        self._pulse_filter = _pickup(draw, rate)

    def clicks(self, per_second: float, kinds: tuple[str, ...], heights: tuple[float, float]) -> None:
        """Add single clicks, some in groups, at Poisson times."""
        for start in self._times(per_second):
            group = int(self.draw.choice((1, 1, 1, 2, 4)))
            for at in start + np.sort(self.draw.integers(0, int(0.015 * self.rate), size=group)) * (
                group > 1
            ):
                kind = str(self.draw.choice(kinds))
                self.place(int(at), self._pulse(kind), self._height(int(at), heights))

    def crackle(self, per_second: float, heights: tuple[float, float]) -> None:
        """Add short pulses at Poisson times, relative to the whole stretch's level."""
        bank = [self._pulse("tick" if self.draw.random() < 0.6 else "edge", 0.12) for _ in range(40)]
        low, high = np.log(heights)
        tilt = self.draw.uniform(1.0, 3.0)  # most are small
        for start in self._times(per_second):
            height = self._overall * np.exp(low + (high - low) * self.draw.random() ** tilt)
            self.place(int(start), bank[self.draw.integers(40)], height)

    def scratches(self, per_second: float, heights: tuple[float, float]) -> None:
        """Add scratches; the thump belongs to no event, being nothing that a gap could be cut for."""
        for start in self._times(per_second):
            height = self._height(int(start), heights)
            burst = self._normal(scratch(self.draw, self.rate))
            self.place(int(start), burst, height)
            if self.draw.random() < 0.8:
                low = height * self.draw.uniform(0.1, 0.8) * self._normal(thump(self.draw, self.rate))
                at = min(int(start) + int(self.draw.uniform(0.0, 1.0) * burst.size), self.added.size)
                rest = self.added[at : at + low.size]
                rest += low[: rest.size]

    def shared_with(self, other: Damage, share: float) -> None:
        """Put a share of the pulses into another channel too, each at a height of its own there."""
        for start, wave in tuple(self.pulses):
            if self.draw.random() >= share:
                continue
            levels = (
                other.local[min(start, other.local.size - 1)],
                self.local[min(start, self.local.size - 1)],
            )
            ratio = levels[0] / levels[1] if self.draw.random() < 0.5 else self.draw.uniform(0.2, 1.5)
            peak = max(float(np.max(np.abs(wave))), 1e-12)
            other.place(start, wave / peak, peak * float(np.clip(ratio, 0.05, 20.0)))

    def glitches(self, per_second: float) -> None:
        """Replace one to twenty samples: silence, a held sample, a repeat, a flipped sign, a wrong bit."""
        for start in self._times(per_second):
            length = min(int(np.exp(self.draw.uniform(0.0, 3.0))), self.clean.size - int(start))
            span = slice(int(start), int(start) + length)
            now = self.clean[span] + self.added[span]
            kind = self.draw.integers(5)
            if kind == 0:
                new = np.zeros(length)
            elif kind == 1:
                new = np.full(length, now[0] + self._height(int(start), (0.3, 10.0)) * 0.5)
            elif kind == 2:
                new = (self.clean + self.added)[max(span.start - 97, 0) :][:length]
            elif kind == 3:
                new = -now
            else:
                new = now + self.draw.choice((-1.0, 1.0), size=length) * 2.0 ** -self.draw.integers(1, 9)
            self.added[span] += new - now
            self.events.append(Event(span.start, span.stop, span.stop))

    def _times(self, per_second: float) -> np.ndarray:
        count = self.draw.poisson(per_second * self.clean.size / self.rate)
        return np.sort(self.draw.integers(0, self.clean.size, size=count))

    def _height(self, at: int, heights: tuple[float, float]) -> float:
        around = self.local[min(at, self.local.size - 1)] if self.draw.random() < 0.8 else self._overall
        return float(around * np.exp(self.draw.uniform(*np.log(heights))))

    def _pulse(self, kind: str, longest_ms: float = np.inf) -> np.ndarray:
        wave = PULSES[kind](self.draw, self.rate)
        wave = wave[: max(int(min(longest_ms * 7e-3 * self.rate, wave.size)), 1)]
        return self._normal(self._pulse_filter(wave))

    @staticmethod
    def _normal(wave: np.ndarray) -> np.ndarray:
        return wave / max(float(np.max(np.abs(wave))), 1e-9)

    def place(self, start: int, wave: np.ndarray, height: float) -> None:
        """Add a wave that peaks at 1, at a height and with either sign, as one event."""
        wave = wave[: max(self.added.size - start, 0)]
        if not wave.size:
            return
        pulse = height * self.draw.choice((-1.0, 1.0)) * wave
        self.added[start : start + wave.size] += pulse
        self.pulses.append((start, pulse))
        magnitude = np.abs(wave)
        body = np.flatnonzero(magnitude >= BODY)
        tail = np.flatnonzero(magnitude >= TAIL)
        if body.size:
            self.events.append(
                Event(start + int(body[0]), start + int(body[-1]) + 1, start + int(tail[-1]) + 1)
            )


def _pickup(draw: Draw, rate: float) -> Callable[[np.ndarray], np.ndarray]:
    """Draw what the way to the file does to every pulse: nothing, a playback curve, or a band limit."""
    kind = draw.choice(("none", "curve", "band"), p=(0.5, 0.3, 0.2))
    if kind == "none":
        return lambda wave: wave
    if kind == "curve":  # a phono filter: RIAA's treble and bass corners, or others near them
        poles = np.exp(-2 * np.pi * np.array([draw.uniform(30, 70), draw.uniform(1500, 4000)]) / rate)
        zero = np.exp(-2 * np.pi * draw.uniform(250, 800) / rate)
        return lambda wave: lfilter([1.0, -zero], np.poly(poles), np.pad(wave, (0, 40)))
    band = butter(int(draw.integers(1, 5)), draw.uniform(3000.0, 0.45 * rate), fs=rate, output="sos")
    return lambda wave: sosfilt(band, np.pad(wave, (0, 24)))


def drawn_damage(clean: np.ndarray, rate: float, draw: Draw) -> list[Damage]:
    """Put one or two kinds of damage onto a stretch of shape (channels, n); return each channel's.

    Crackle is each channel's own. The other pulses are in one channel, in all, or some in each way.
    """
    damages = [Damage(channel, rate, draw) for channel in clean]
    everything = tuple(PULSES)
    for _ in range(int(draw.choice((1, 2), p=(0.6, 0.4)))):
        kind = draw.choice(("clicks", "crackle", "scratches", "glitches"), p=(0.5, 0.25, 0.13, 0.12))
        kinds = everything if draw.random() < 0.4 else (str(draw.choice(everything, p=(0.3, 0.5, 0.2))),)
        per_second = draw.uniform(2.0, 12.0)
        heights = (0.05, draw.uniform(1.0, 10.0))
        crackle = np.exp(draw.uniform(np.log(5.0), np.log(3000.0)))
        for damage in damages:
            if kind == "clicks":
                damage.clicks(per_second, kinds, (0.7, 25.0))
            elif kind == "crackle":
                damage.crackle(crackle, heights)
            elif kind == "scratches":
                damage.scratches(per_second / 3.0, (0.7, 20.0))
            else:
                damage.glitches(per_second)
        if kind != "crackle" and len(damages) > 1:
            share = float(draw.choice((0.0, 0.5, 1.0)))
            damages[0].shared_with(damages[1], share)
    return damages

"""Shapes of clicks as a groove, a stylus and a converter leave them, drawn finely before any band limit.

A shape is what the stylus sees: a velocity, where the playback curve shapes it (`GROOVE`), or else what the
preamplifier gives out. Each is drawn at a rate of its own, far over the recording's, and peaks at 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import bilinear, lfilter

Draw = np.random.Generator
Shape = np.ndarray

END = 1e-3  # decays are drawn until they are 60 dB down; source: as in `bench.material.damage`
MOUTH_END = 1e-2  # of a burst's beginning: where it counts as over; source: this material's own definition
RIAA_S = (3180e-6, 318e-6, 75e-6)  # the playback curve's time constants; source: IEC 98


def tick(draw: Draw, rate: float) -> Shape:
    """Draw an impulse that rings at 2 to 8 kHz for 0.05 to 0.3 ms."""
    return _ring(draw.uniform(2000.0, 8000.0), draw.uniform(0.05e-3, 0.3e-3), np.pi / 2, rate)


def pop(draw: Draw, rate: float) -> Shape:
    """Draw a damped sine of 300 to 1500 Hz with a time constant of 0.3 to 1 ms."""
    return _ring(draw.uniform(300.0, 1500.0), draw.uniform(0.3e-3, 1e-3), 0.0, rate)


def spike(draw: Draw, rate: float) -> Shape:
    """Draw a jump that is over after 20 to 70 microseconds."""
    return _decay(draw.uniform(20e-6, 70e-6), rate)


def soft(draw: Draw, rate: float) -> Shape:
    """Draw a tick or a pop whose envelope rises for 0.1 to 0.3 ms, as a raised cosine does."""
    if draw.random() < 0.5:
        frequency_hz, constant_s = draw.uniform(2000.0, 8000.0), draw.uniform(0.05e-3, 0.3e-3)
    else:
        frequency_hz, constant_s = draw.uniform(300.0, 1500.0), draw.uniform(0.3e-3, 1e-3)
    rise = round(draw.uniform(0.1e-3, 0.3e-3) * rate)
    swelling = np.sin(np.linspace(0.0, np.pi / 2, rise, endpoint=False)) ** 2
    envelope = np.concatenate([swelling, _decay(constant_s, rate)])
    turns = 2.0 * np.pi * frequency_hz / rate * np.arange(envelope.size)
    return _peaking(envelope * np.sin(turns + draw.uniform(0.0, 2.0 * np.pi)))


def two_sided(draw: Draw, rate: float) -> Shape:
    """Draw a ring that swells before its peak, 4 to 9 dB less of it than there is after it."""
    shape = _ring(draw.uniform(1500.0, 7000.0), draw.uniform(0.05e-3, 0.3e-3), np.pi / 2, rate)
    before = _ring(draw.uniform(1500.0, 7000.0), draw.uniform(0.05e-3, 0.25e-3), np.pi / 2, rate)
    before *= np.sqrt(10 ** (-draw.uniform(4.0, 9.0) / 10) * np.sum(shape**2) / np.sum(before**2))
    before *= min(1.0, 1.0 / np.max(np.abs(before)))
    return np.concatenate([before[:0:-1], shape])


def riaa(draw: Draw, rate: float) -> Shape:
    """Draw the velocity of a stylus over a grain: one way for 15 to 60 us, and half of them back."""
    width = max(round(draw.uniform(15e-6, 60e-6) * rate), 2)
    there = np.sin(np.linspace(0.0, np.pi, width)) ** 2
    if draw.random() < 0.5:
        return there
    return np.concatenate([there, -there])


def noise(draw: Draw, rate: float) -> Shape:
    """Draw noise of up to 3 to 10 kHz that decays in 0.1 to 0.6 ms."""
    decay = _decay(draw.uniform(0.1e-3, 0.6e-3), rate)
    return _dull(draw, decay.size, draw.uniform(3e3, 10e3), rate) * decay


def group(draw: Draw, rate: float) -> Shape:
    """Draw 3 to 8 small ticks within 2 to 6 ms, each 0.3 to 1 of the highest."""
    whole = np.zeros(round(draw.uniform(2e-3, 6e-3) * rate) + round(3e-3 * rate))
    room = whole.size - round(3e-3 * rate)
    for at in draw.integers(room, size=draw.integers(3, 9)):
        one = _ring(draw.uniform(1500.0, 7000.0), draw.uniform(0.03e-3, 0.15e-3), np.pi / 2, rate)
        one = one[: whole.size - at]
        whole[at : at + one.size] += draw.choice((-1.0, 1.0)) * draw.uniform(0.3, 1.0) * one
    return whole


def two_modes(draw: Draw, rate: float) -> Shape:
    """Draw a ring of 2.5 to 9 kHz on one of 0.3 to 1.5 kHz, as tip and cartridge ring together."""
    fast = _ring(draw.uniform(2500.0, 9000.0), draw.uniform(0.05e-3, 0.2e-3), np.pi / 2, rate)
    slow = _ring(draw.uniform(300.0, 1500.0), draw.uniform(0.3e-3, 1e-3), 0.0, rate)
    whole = np.zeros(max(fast.size, slow.size))
    whole[: slow.size] = draw.uniform(0.3, 1.0) * slow
    whole[: fast.size] += fast
    return whole


def cut(draw: Draw, rate: float) -> Shape:
    """Draw a tick or a pop that ends at once after 1 to 3 time constants, as an edit or a gate leaves it."""
    shape = tick(draw, rate) if draw.random() < 0.5 else pop(draw, rate)
    constant = shape.size / np.log(1.0 / END)
    return shape[: max(round(draw.uniform(1.0, 3.0) * constant), 2)]


def swell(draw: Draw, rate: float) -> Shape:
    """Draw 2 to 6 ms of noise that swells and fades, and inside it a thump of 30 to 90 Hz begins."""
    size = round(draw.uniform(2e-3, 6e-3) * rate)
    peak = draw.uniform(0.3, 0.7)
    place = np.arange(size) / size
    envelope = np.where(place < peak, place / peak, (1.0 - place) / (1.0 - peak)) ** draw.uniform(0.5, 1.5)
    burst = _dull(draw, size, draw.uniform(5e3, 12e3), rate) * envelope
    thump = _ring(draw.uniform(30.0, 90.0), draw.uniform(20e-3, 40e-3) / np.log(10.0), 0.0, rate)
    begin = round(draw.uniform(0.2, 0.8) * size)
    whole = np.zeros(max(begin + thump.size, size))
    whole[begin : begin + thump.size] = draw.uniform(0.2, 0.6) * thump
    whole[:size] += burst / np.max(np.abs(burst))
    return whole


def mouth(draw: Draw, rate: float) -> Shape:
    """Draw 1 to 3 damped bursts of 1.5 to 5 kHz within 5 ms, each 0.3 to 1.5 ms long: a wet mouth opens."""
    count = int(draw.integers(1, 4))
    whole = np.zeros(round(6.5e-3 * rate))
    for at in np.sort(draw.uniform(0.0, 5e-3, count)) * rate:
        long_s, rise = draw.uniform(0.3e-3, 1.5e-3), max(draw.uniform(-0.3, 0.3), 0.0)
        place = np.arange(round(long_s * rate)) / (long_s * rate)
        envelope = np.exp(-np.log(1.0 / MOUTH_END) * place)
        envelope *= np.sin(np.pi / 2 * np.minimum(place / rise, 1.0)) ** 2 if rise > 0.0 else 1.0
        turns = 2.0 * np.pi * draw.uniform(1.5e3, 5e3) * long_s * place
        burst = _peaking(envelope * np.sin(turns + draw.uniform(0.0, 2.0 * np.pi)))
        burst = burst[: whole.size - round(at)] * draw.choice((-1.0, 1.0)) * draw.uniform(0.4, 1.0)
        whole[round(at) : round(at) + burst.size] += burst
    return _peaking(np.trim_zeros(whole))


SHAPES: dict[str, Callable[[Draw, float], Shape]] = {
    draw.__name__: draw
    for draw in (tick, pop, spike, soft, two_sided, riaa, noise, group, two_modes, cut, swell, mouth)
}
SHAPES["clipped"] = pop
GROOVE = ("riaa",)
"""Shapes that are velocities: the playback curve comes after them."""


def played_back(shape: Shape, rate: float, draw: Draw, *, groove: bool) -> Shape:
    """Return what a cartridge, and for a `groove`'s velocity the RIAA curve, make of a shape.

    The cartridge is a low-pass of second order at 11 to 20 kHz with a resonance of up to 4 dB.
    """
    tail = round(60e-3 * rate) if groove else round(0.5e-3 * rate)
    heard = np.concatenate([shape, np.zeros(tail)])
    if groove:
        slow, middle, fast = RIAA_S
        heard = lfilter(*bilinear([middle, 1.0], np.convolve([slow, 1.0], [fast, 1.0]), rate), heard)
        rumble = 1.0 / (2.0 * np.pi * 20.0)  # the amendment of IEC 60098: nothing below 20 Hz
        heard = lfilter(*bilinear([rumble, 0.0], [rumble, 1.0], rate), heard)
    turn, q = 2.0 * np.pi * draw.uniform(11e3, 20e3), draw.uniform(0.6, 1.6)
    heard = lfilter(*bilinear([turn**2], [1.0, turn / q, turn**2], rate), heard)
    return _peaking(heard)


def _decay(constant_s: float, rate: float) -> Shape:
    samples = constant_s * rate
    return np.exp(-np.arange(int(np.log(1.0 / END) * samples) + 1) / samples)


def _ring(frequency_hz: float, constant_s: float, phase: float, rate: float) -> Shape:
    envelope = _decay(constant_s, rate)
    ring = envelope * np.sin(2.0 * np.pi * frequency_hz / rate * np.arange(envelope.size) + phase)
    return _peaking(ring)


def _peaking(shape: Shape) -> Shape:
    return shape / np.max(np.abs(shape))


def _dull(draw: Draw, size: int, highest_hz: float, rate: float) -> Shape:
    """Draw noise through a first-order low-pass, twice."""
    pole = np.exp(-2.0 * np.pi * highest_hz / rate)
    once = lfilter([1.0 - pole], [1.0, -pole], draw.standard_normal(size))
    return lfilter([1.0 - pole], [1.0, -pole], once)

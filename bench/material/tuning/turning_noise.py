"""Surface noise that turns with its disc or cylinder, by construction, under takes or alone.

A hiss that stays, and a second noise of its own colour whose level is a course over the revolution: it
swells smoothly, or sounds in a sector of the turn alone. The machine is off its speed, and drifts. Grains of
dust may lie on it, most where the swish is loud.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.material.tuning.routes import ROUTES
from bench.measuring.measures import active_level_db

# source: this material's own definitions
RPM = {
    "LP": 100 / 3,
    "single": 45.0,
    "78": 78.26,
    "acoustic": 0.0,
    "cylinder": 160.0,
    "transcription": 50 / 3,
}
ACOUSTIC_RPM = (66.0, 88.0)
SHAPES = ("smooth", "sector", "two sectors")
SPEED_OFF = 0.03
DRIFT = 0.001  # of the speed, standard deviation, slowly
_DRIFT_SECONDS = 5.0
TILT_DB = (-5.0, -1.0)  # an octave, of the hiss
SWISH_TILT_DB = (-3.0, 1.0)
SWELL_DB = (3.0, 10.0)  # of the swish over the hiss, in its own band
SECTOR = (0.12, 0.5)  # of a turn
LOW_PASS_HZ = (6000.0, 16000.0)
GRAINS = (20.0, 200.0)  # a second


@dataclass(frozen=True)
class Turning:
    """A take with the noise of a surface, beside the same take without it, both by the same route.

    Attributes
    ----------
    audio, clean, added : np.ndarray [shape=(channels, n)]
        With and without the noise, and the noise alone, by that route.
    sample_rate : int
        In Hz, what the route left it at.
    turn_s : float
        Seconds a turn, on average.
    program : slice
        Where the take lies in them.
    """

    audio: np.ndarray
    clean: np.ndarray
    added: np.ndarray
    sample_rate: int
    turn_s: float
    program: slice


def turning(
    audio: np.ndarray,
    sample_rate: int,
    *,
    medium: str,
    shape: str,
    below_db: float,
    seed: int,
    route: str = "as it is",
    alone_s: tuple[float, float] = (1.5, 1.0),
    dusty: bool = False,
) -> Turning:
    """Lay the noise of a surface under a take, some of it alone before and after.

    Parameters
    ----------
    audio : np.ndarray [shape=(channels, n)]
    sample_rate : int
        In Hz.
    medium : str
        Of `RPM`; "acoustic" discs turn at 66 to 88 a minute.
    shape : {"smooth", "sector", "two sectors"}
        Of the swish over the turn.
    below_db : float
        How far the noise's RMS lies under the take's active level.
    seed : int
    route : str
        Of `ROUTES`.
    alone_s : tuple of float
        Seconds of noise alone before and after the take.
    dusty : bool
        Whether grains lie on the surface, too many and too small to be clicks.
    """
    draw = np.random.default_rng(seed)
    lead, tail = (round(seconds * sample_rate) for seconds in alone_s)
    clean = np.pad(audio, ((0, 0), (lead, tail)))
    added, turn_s = surface(clean.shape, sample_rate, medium=medium, shape=shape, dusty=dusty, draw=draw)
    level, _ = active_level_db(audio, sample_rate)
    within = added[:, lead : lead + audio.shape[1]]
    added = added * 10 ** ((level - below_db) / 20) / np.sqrt(np.mean(within**2))
    heard, rate = ROUTES[route](clean + added, sample_rate)
    routed, _ = ROUTES[route](clean, sample_rate)
    alone, _ = ROUTES[route](added, sample_rate)
    program = slice(lead * rate // sample_rate, (lead + audio.shape[1]) * rate // sample_rate)
    return Turning(heard, routed, alone, rate, turn_s, program)


def surface(
    size: tuple[int, int],
    sample_rate: int,
    *,
    medium: str,
    shape: str,
    dusty: bool,
    draw: np.random.Generator,
) -> tuple[np.ndarray, float]:
    """Draw the noise alone, shape `size`, at no level in particular, and the seconds of a turn."""
    n = size[1]
    rpm = RPM[medium] or draw.uniform(*ACOUSTIC_RPM)
    rpm *= 1 + draw.uniform(-SPEED_OFF, SPEED_OFF)
    steps = np.arange(0, n + 2 * sample_rate, sample_rate // 10)
    walk = np.cumsum(draw.standard_normal(steps.size)) / 10
    walk -= np.interp(steps, steps[:: max(steps.size - 1, 1)], walk[:: max(steps.size - 1, 1)])
    speed = 1 + DRIFT * np.interp(np.arange(n), steps, walk) / _DRIFT_SECONDS
    phase = np.cumsum(speed) * (rpm / 60 / sample_rate) + draw.random()
    power = _course(phase, shape, draw)
    low_pass = draw.uniform(*LOW_PASS_HZ)
    shared = draw.uniform(0.0, 0.7)
    hiss = _noise(
        size, sample_rate, shared, draw, tilt_db=draw.uniform(*TILT_DB), between_hz=(30.0, low_pass)
    )
    swish = _noise(
        size,
        sample_rate,
        shared,
        draw,
        tilt_db=draw.uniform(*SWISH_TILT_DB),
        between_hz=(draw.uniform(300.0, 2500.0), low_pass),
    )
    # where the swish is, it lies so far over the hiss
    freq = np.fft.rfftfreq(n, 1 / sample_rate)
    band = (freq > 2000) & (freq < low_pass)
    apart = [np.mean(np.abs(np.fft.rfft(one)[:, band]) ** 2) for one in (hiss, swish)]
    swish *= np.sqrt(apart[0] / apart[1]) * 10 ** (draw.uniform(*SWELL_DB) / 20)
    noise = hiss + np.sqrt(power) * swish
    if dusty:
        rate = draw.uniform(*GRAINS) * (0.3 + power / max(float(np.mean(power)), 1e-9))
        struck = draw.random(n) < rate / sample_rate
        heights = np.where(struck, draw.laplace(size=n), 0.0) * 12 * np.sqrt(np.mean(noise**2))
        grain = np.exp(-np.arange(64) / 6) * np.sin(np.arange(64) * draw.uniform(0.3, 0.9))
        noise += np.convolve(heights, grain)[:n]
    return noise, float(n / sample_rate / (phase[-1] - phase[0]))


def _course(phase: np.ndarray, shape: str, draw: np.random.Generator) -> np.ndarray:
    """Draw the swish's power over the turn, 0 to 1."""
    if shape == "smooth":
        return (0.5 + 0.5 * np.cos(2 * np.pi * phase)) ** draw.uniform(1.0, 3.0)
    if shape not in SHAPES:
        raise ValueError(f"shape={shape!r} must be one of {', '.join(SHAPES)}")
    power = np.zeros_like(phase)
    for at in (0.0, draw.uniform(0.3, 0.7))[: SHAPES.index(shape)]:
        width, edge = draw.uniform(*SECTOR) / SHAPES.index(shape), draw.uniform(0.01, 0.06)
        off = np.abs((phase - at + 0.5) % 1.0 - 0.5)
        power = np.maximum(power, np.clip((width / 2 - off) / edge + 0.5, 0.0, 1.0) * draw.uniform(0.4, 1.0))
    return power


def _noise(
    size: tuple[int, int],
    sample_rate: int,
    shared: float,
    draw: np.random.Generator,
    *,
    tilt_db: float,
    between_hz: tuple[float, float],
) -> np.ndarray:
    """Draw Gaussian noise, a share of it alike in all channels, with a tilt in dB an octave."""
    own, alike = draw.standard_normal(size), draw.standard_normal((1, size[1]))
    white = own * np.sqrt(1 - shared) + alike * np.sqrt(shared)
    freq = np.fft.rfftfreq(size[1], 1 / sample_rate)
    low_hz, high_hz = between_hz
    gain = (np.maximum(freq, 30.0) / 1000) ** (tilt_db / 20 / np.log10(2))
    gain *= 1 / np.hypot(1, (low_hz / np.maximum(freq, 1.0)) ** 2) / np.hypot(1, (freq / high_hz) ** 3)
    return np.fft.irfft(np.fft.rfft(white) * gain, size[1])

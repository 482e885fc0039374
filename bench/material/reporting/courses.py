"""How what hums moves: a grid's frequency, made up and recorded, and a transport's speed, every 0.1 s."""

from __future__ import annotations

from functools import cache

import numpy as np
import soundfile
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, sosfiltfilt

from bench.material.reporting.surfaces import REAL

GRID_S = 0.1  # of what changes slowly; guard: far finer than the quickest, a turn of 0.4 s
WINDOW_S = 10.0  # source: what the wander is stated within
WANDER_HZ = (0.002, 0.003)  # source: eight recordings of one grid, standard deviation within 10 s
WANDER_S = 2.0  # of the rate of change; derived: range within 10 s over deviation, as a recorded grid's
STEADY_S = 100.0  # shortest course that is drawn; guard: several windows

# tuned: by hand, to machines of 0.05 to 0.2 % wow; no record
TRANSPORT = 5e-4  # standard deviation of a transport's slow drift
TURN = (5e-4, 2e-3)  # swing once a turn
LEAST_COURSES = 10  # of a slow course's own time are drawn; guard: its mean and deviation are its own
TRANSPORT_S = 3.0  # of that drift; tuned: by hand, as the above
TURNS_PER_S = (100 / 180, 78.26 / 60)  # source: IEC 60098
GRID = "mains_50hz_400sps_001.flac"
GRID_BAND_HZ = 1.0  # of what counts as its frequency; guard: hundreds of times the wander


def wander(seconds: float, draw: np.random.Generator) -> np.ndarray:
    """Return how a grid's frequency moves, in Hz every 0.1 s: its deviation within 10 s is as stated."""
    count = round(max(seconds, STEADY_S) / GRID_S) + 1
    rate = gaussian_filter1d(draw.standard_normal(count), WANDER_S / GRID_S)
    course = np.cumsum(rate - rate.mean())
    course *= draw.uniform(*WANDER_HZ) / deviation_within(course)
    return course[: round(seconds / GRID_S) + 2] - course[0]


def deviation_within(course: np.ndarray) -> float:
    """Return the mean of a course's standard deviations within ten seconds."""
    window = round(WINDOW_S / GRID_S)
    whole = course[: len(course) // window * window]
    return float(np.mean(np.std(whole.reshape(-1, window), axis=1)))


def transport(seconds: float, draw: np.random.Generator) -> np.ndarray:
    """Return a transport's speed over its nominal one every 0.1 s: slow drift, and a swing once a turn."""
    count = round(seconds / GRID_S) + 2
    turn = 2 * np.pi * draw.choice(TURNS_PER_S) * GRID_S * np.arange(count)
    swing = draw.uniform(*TURN) * np.cos(turn + draw.uniform(0, 2 * np.pi))
    return 1 + TRANSPORT * slow(count, TRANSPORT_S, draw) + swing


def slow(count: int, within_s: float, draw: np.random.Generator) -> np.ndarray:
    """Return a course of mean 0 and standard deviation 1 that changes within seconds."""
    steps = max(count, round(LEAST_COURSES * within_s / GRID_S))
    course = gaussian_filter1d(draw.standard_normal(steps), within_s / GRID_S)
    return ((course - course.mean()) / course.std())[:count]


def missing_grid() -> str:
    """Return why there is no recorded grid here; "" where there is."""
    return "" if (REAL / GRID).exists() else f"{REAL / GRID} is not there"


@cache
def recorded_grid() -> np.ndarray:
    """Return how a real 50 Hz grid's frequency moved in eight minutes, in Hz off 50.

    Raises
    ------
    FileNotFoundError
        It is not beside the checkout.
    """
    if missing_grid():
        raise FileNotFoundError(missing_grid())
    voltage, rate = soundfile.read(REAL / GRID)
    turned = voltage * np.exp(-2j * np.pi * 50 * np.arange(len(voltage)) / rate)
    low = butter(4, GRID_BAND_HZ, fs=rate, output="sos")
    phase = np.unwrap(np.angle(sosfiltfilt(low, turned.real) + 1j * sosfiltfilt(low, turned.imag)))
    step = round(GRID_S * rate)
    return np.diff(phase[rate:-rate:step]) / (2 * np.pi * GRID_S)

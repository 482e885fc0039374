"""Takes of speech as two microphones hear them in made-up rooms: shoeboxes, by their image sources."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import fftconvolve

from bench.material.takes import Take

# source: this table's own rooms: from a study to a small hall
SIDES_M = ((4.0, 8.0), (3.0, 6.0), (2.4, 3.2))
DISTANCE_M = (1.0, 2.0)  # from the mouth to the microphones
MOUTH_M = (1.1, 1.7)  # over the floor
WALL_M = 0.4  # at least between a microphone and a wall
APART_M = (0.12, 0.05, 0.0)  # from one microphone to the other
MOST_REFLECTIONS = 60  # guard: the image sources' number grows with the cube


@dataclass(frozen=True)
class Reverberant:
    """A take in a room.

    Attributes
    ----------
    audio : np.ndarray [shape=(2, n)]
        What each microphone hears, at the take's level.
    clean : np.ndarray [shape=(1, n)]
        The take.
    """

    audio: np.ndarray
    clean: np.ndarray


def in_a_room(take: Take, decay_s: float, seed: int) -> Reverberant:
    """Return a take in a room that falls by 60 dB in so many seconds, by Sabine's formula.

    Parameters
    ----------
    take : Take
        Its first channel is what is said.
    decay_s : float
    seed : int
        Of the room's sides, of where one speaks and where the microphones stand.

    Raises
    ------
    ModuleNotFoundError
        pyroomacoustics is not installed (``pip install wavemend[bench]``).
    """
    clean = take.audio[:1]
    responses = _responses(decay_s, seed, take.sample_rate)
    heard = np.stack([fftconvolve(clean[0], one)[: clean.shape[1]] for one in responses])
    heard *= np.sqrt(np.mean(clean**2) / np.mean(heard[0] ** 2))
    return Reverberant(heard, clean)


def _responses(decay_s: float, seed: int, sample_rate: int) -> list[np.ndarray]:
    import pyroomacoustics  # noqa: PLC0415 -- a benchmark's dependency alone

    draw = np.random.default_rng([seed, round(1000 * decay_s)])
    sides = np.array([draw.uniform(*limits) for limits in SIDES_M])
    absorbed, reflections = pyroomacoustics.inverse_sabine(decay_s, sides)
    room = pyroomacoustics.ShoeBox(
        sides,
        fs=sample_rate,
        materials=pyroomacoustics.Material(absorbed),
        max_order=min(reflections, MOST_REFLECTIONS),
    )
    mouth = draw.uniform(2 * WALL_M, sides - 2 * WALL_M)
    mouth[2] = draw.uniform(*MOUTH_M)
    while True:
        angle, distance = draw.uniform(0, 2 * np.pi), draw.uniform(*DISTANCE_M)
        away = [distance * np.cos(angle), distance * np.sin(angle), draw.uniform(-0.3, 0.3)]
        at = mouth + np.array(away)
        if np.all(at > WALL_M) and np.all(at < sides - WALL_M):
            break
    room.add_source(mouth)
    room.add_microphone_array(np.stack([at, at + APART_M], axis=1))
    room.compute_rir()
    return [np.asarray(of_microphone[0]) for of_microphone in room.rir]

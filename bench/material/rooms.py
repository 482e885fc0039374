"""Recordings with a background and holes in it: what fills the holes can be held to the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.material.damage import noise_spectrum
from bench.material.surfaces import surface
from bench.material.takes import SAMPLE_RATE, Take
from bench.measuring.measures import active_level_db

MADE = ("white", "pink", "tape")
SHARED = ("pink, shared", 0.5)  # derived: half of its power in both channels alike
BREATHING = ("pink, breathing", 3.0, 0.8)  # dB, s; tuned: by ear, as a ventilation that hunts
SURFACES = (
    "Noise",
    "Static",
    "Rumble",
)  # loops of real surfaces; source: calf-plugins, as `surfaces` has them
BACKGROUNDS = (*MADE, SHARED[0], BREATHING[0], *SURFACES)
STEADY = (*MADE, SHARED[0], SURFACES[0])
BELOW_DB = 30.0  # of the program; derived: about where a room lies under speech

LEAD_S, TAIL_S = 4.0, 8.0  # of background alone; derived: the holes and as much beside them
HOLES_S = ((1.2, 1.5), (2.2, 2.3), (3.0, 3.4))  # in the lead; derived: muted coughs
LONG_S = (1.5, 6.5)  # in the tail, from its beginning; derived: long enough for a loop to come back


@dataclass(frozen=True)
class Room:
    """A recording with holes.

    Attributes
    ----------
    audio, background : np.ndarray [shape=(channels, n)]
        What is heard, and the background alone without a hole.
    holes : list of slice
        Samples that were muted; the last one is the long one.
    alone : list of slice
        Where there is background alone, holes left out.
    sample_rate : int
        In Hz.
    """

    audio: np.ndarray
    background: np.ndarray
    holes: list[slice]
    alone: list[slice]
    sample_rate: int


def room(take: Take, kind: str, seed: int) -> Room:
    """Put a background of `BACKGROUNDS` under a take, alone before and behind it; mute the holes."""
    lead, tail = round(LEAD_S * SAMPLE_RATE), round(TAIL_S * SAMPLE_RATE)
    program = np.pad(np.broadcast_to(take.audio, (2, take.audio.shape[1])), ((0, 0), (lead, tail)))
    background = _background(kind, program.shape[1], seed)
    level, _ = active_level_db(take.audio, take.sample_rate)
    background *= 10 ** ((level - BELOW_DB) / 20) / np.sqrt(np.mean(background**2))
    behind = lead + take.audio.shape[1]
    holes = [_samples(0, *hole) for hole in HOLES_S] + [_samples(behind, *LONG_S)]
    edges = [0, *(edge for hole in holes[:-1] for edge in (hole.start, hole.stop)), lead]
    alone = [slice(*pair) for pair in zip(edges[::2], edges[1::2], strict=True)]
    alone += [slice(behind, holes[-1].start), slice(holes[-1].stop, program.shape[1])]
    audio = program + background
    for hole in holes:
        audio[:, hole] = 0.0
    return Room(audio, background, holes, alone, take.sample_rate)


def _samples(begin: int, start_s: float, stop_s: float) -> slice:
    return slice(begin + round(start_s * SAMPLE_RATE), begin + round(stop_s * SAMPLE_RATE))


def _background(kind: str, samples: int, seed: int) -> np.ndarray:
    if kind in SURFACES:
        return surface(kind, samples).copy()
    draw = np.random.default_rng(seed)
    white = draw.standard_normal((3, samples))
    both = np.sqrt(SHARED[1]) if kind == SHARED[0] else 0.0
    mixed = both * white[2] + np.sqrt(1 - both**2) * white[:2]
    shape = np.sqrt(noise_spectrum(kind.partition(",")[0], np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)))
    made = np.fft.irfft(np.fft.rfft(mixed) * shape, samples)
    return made * _breath(samples, draw) if kind == BREATHING[0] else made


def _breath(samples: int, draw: np.random.Generator) -> np.ndarray:
    """Return a gain whose level wanders."""
    _, swing_db, seconds = BREATHING
    hz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    slow = np.fft.irfft(np.fft.rfft(draw.standard_normal(samples)) * np.exp(-((hz * seconds) ** 2)), samples)
    return 10 ** (swing_db * slow / slow.std() / 20)

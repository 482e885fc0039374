"""What the table of presets is made of: takes with all of a medium's damage at once, and without any.

There are two generators, one to tune on and one to report from, which share this and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bench.material.damage import Damaged
from bench.material.takes import Take

WEAR = ("light", "heavy")
"""How much a copy has suffered."""

CARRIES = {
    "vinyl-light": ("music",),
    "vinyl": ("music",),
    "vinyl-heavy": ("music",),
    "shellac-electric": ("music", "speech"),
    "shellac-acoustic": ("music", "speech"),
    "lacquer": ("music", "speech"),
    "reel-interview": ("speech",),
    "cassette-music": ("music",),
    "cassette-voice": ("speech",),
    "wire": ("music", "speech"),
    "dictaphone": ("speech",),
    "am-radio": ("music", "speech"),
    "telephone": ("speech",),
    "film-optical": ("music", "speech"),
    "hum": ("music", "speech"),
    "prepare": ("music", "speech"),
}
"""Media, each by the name of the preset that is made for it, and the kinds of takes that they carry."""


@dataclass(frozen=True)
class Layered(Damaged):
    """A take as a medium left it; ``clean`` has passed the medium's band and speed, and has no damage.

    Attributes
    ----------
    sample_rate : int
        In Hz.
    hum_hz : float
        Fundamental of what hums; 0 where nothing does. For peers, who have to be told.
    """

    sample_rate: int = 0
    hum_hz: float = 0.0


Layers = Callable[[str, Take, str, int], Layered]
"""``layers(medium, take, wear, seed)``: a medium of `CARRIES`, a take, one of `WEAR`; the same every time."""


def layered(clean: np.ndarray, audio: np.ndarray, rate: int, lead: int, hum_hz: float = 0.0) -> Layered:
    """Return what belongs together, shape (channels, n); the first `lead` samples are damage alone."""
    program = slice(lead, audio.shape[1])
    return Layered(audio, clean, audio - clean, program, sample_rate=rate, hum_hz=hum_hz)

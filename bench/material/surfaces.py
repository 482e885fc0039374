"""The recorded surface of discs: hiss, static, rumble and crackle, none of them made by us."""

from __future__ import annotations

import numpy as np
import soundfile

from bench.material.damage import LEAD_S, TAIL_S, Damaged, add_below
from bench.material.fetch_audio import CACHE
from bench.material.takes import SAMPLE_RATE, Take

SURFACES = ("Noise", "Static", "Rumble", "Crackle")
"""Loops of calf-plugins' vinyl simulator."""
BELOW_DB = 20.0
"""How far under a take they lie; tuned: by hand, no record."""

_FADE_S = 0.05  # from a loop's end into its beginning; tuned: by ear, no record


def surface(name: str, samples: int) -> np.ndarray:
    """Return a vinyl simulator's loop (calf-plugins), over and over, of shape (2, samples) at 44.1 kHz."""
    found = [
        soundfile.read(CACHE / "calf-plugins" / f"{name}-{channel}-{name}{side}.flac")[0]
        for channel, side in enumerate("LR")
    ]
    once, fade = np.stack(found), round(_FADE_S * SAMPLE_RATE)
    turn = np.linspace(0.0, np.pi / 2, fade)
    loop = once[:, :-fade].copy()
    loop[:, :fade] = loop[:, :fade] * np.sin(turn) + once[:, -fade:] * np.cos(turn)
    return np.tile(loop, samples // loop.shape[1] + 1)[:, :samples]


def played(take: Take, name: str) -> Damaged:
    """Return a take with a disc's surface 20 dB under it, 1.5 s of that alone before and 1 s after."""
    lead, tail = (round(seconds * take.sample_rate) for seconds in (LEAD_S, TAIL_S))
    added = surface(name, lead + take.audio.shape[1] + tail)[: len(take.audio)]
    return add_below(take.audio, added, take.sample_rate, BELOW_DB, lead=lead, tail=tail)

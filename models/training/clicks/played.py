"""Instruments whose notes begin at once, played by FluidSynth with the FluidR3 GM sound font (MIT).

What they play is drawn by a seed: this is no music, but its onsets are real ones.
"""

from __future__ import annotations

import struct
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile
from bench.material.fetch_audio import SOUND_FONT
from scipy.signal import resample_poly

from bench.material import takes

Array = npt.NDArray[np.float64]

# source: this training's own material
RATE = 44_100
TICKS_A_SECOND = 960  # source: Standard MIDI File; 480 a quarter at its 120 a minute
DRUMS = 9  # source: General MIDI; channel of percussion
# source: this training's own material
LEVEL_DB = (-24.0, -14.0)  # of a piece, its root mean square
STEPS_S = (0.08, 0.6)
LOWEST_HZ_NOTE, HIGHEST_HZ_NOTE = 36, 88


class Family(NamedTuple):
    """Programs and percussion keys of General MIDI."""

    programs: tuple[int, ...]
    keys: tuple[int, ...] = ()


FAMILIES = {
    "guitars": Family((24, 25, 26, 27, 28, 31)),
    "driven guitars": Family((29, 30, 29, 30, 34)),
    "harpsichords": Family((6, 7, 3, 6)),
    "strings plucked": Family((46, 107, 105, 104, 106, 15, 45)),
    "basses": Family((32, 33, 34, 36, 37)),
    "mallets": Family((8, 9, 10, 11, 12, 13, 14, 108, 114)),
    "wood": Family((115, 24), (85, 75, 76, 77, 31, 33, 37, 39, 85, 75)),
    "kit": Family((33, 116), (35, 36, 38, 40, 42, 44, 46, 49, 51, 54, 70, 82)),
    "hands": Family((112, 117), (60, 61, 62, 63, 64, 65, 66, 67, 68, 73, 74, 80, 81, 56)),
    "brass": Family((56, 57, 58, 59, 60, 61, 62, 65, 66, 68)),
    "voices": Family((52, 53, 54, 85, 91, 19, 22)),
    "synthesisers": Family((80, 81, 84, 87, 38, 39, 90, 118)),
}


def _length(ticks: int) -> bytes:
    """Return a length as Standard MIDI Files have it: seven bits a byte, the highest first."""
    out = bytes([ticks & 0x7F])
    while ticks := ticks >> 7:
        out = bytes([ticks & 0x7F | 0x80]) + out
    return out


def score(family: Family, seed: int, seconds: float) -> bytes:
    """Return a Standard MIDI File of one to three parts of a family."""
    draw = np.random.default_rng(seed)
    events: list[tuple[int, bytes]] = []
    for part in range(int(draw.integers(1, 4))):
        drums = bool(family.keys) and draw.random() < 0.7
        channel = DRUMS if drums else part
        events.append((0, bytes([0xC0 | channel, 0 if drums else int(draw.choice(family.programs))])))
        step = np.exp(draw.uniform(*np.log(STEPS_S)))
        at, centre = 0.2, int(draw.integers(LOWEST_HZ_NOTE + 10, HIGHEST_HZ_NOTE - 10))
        own = draw.choice(family.keys, 3) if drums else np.zeros(3)
        while at < seconds - 0.3:
            for _ in range(1 if drums else int(draw.integers(1, 4))):
                note = int(draw.choice(own)) if drums else int(centre + draw.integers(-12, 13))
                note = note if drums else min(max(note, LOWEST_HZ_NOTE), HIGHEST_HZ_NOTE)
                tick, last = round(at * TICKS_A_SECOND), round(at + draw.uniform(0.5, 3.0) * step)
                last = tick + max(round(draw.uniform(0.5, 3.0) * step * TICKS_A_SECOND), 1)
                events.append((tick, bytes([0x90 | channel, note, int(draw.integers(50, 128))])))
                events.append((last, bytes([0x80 | channel, note, 0])))
            at += step * float(draw.choice((0.5, 1.0, 1.0, 2.0)))
    body, before = b"", 0
    for tick, event in sorted(events):
        body += _length(tick - before) + event
        before = tick
    body += b"\x00\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_A_SECOND // 2)
    return head + b"MTrk" + struct.pack(">I", len(body)) + body


def played(name: str, seed: int, seconds: float) -> takes.Take:
    """Return a piece of a family of instruments, half of them without reverberation, in stereo."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder, "piece.mid"), Path(folder, "piece.wav")
        midi.write_bytes(score(FAMILIES[name], seed, seconds))
        room = ("-R", str(seed % 2), "-C", "0")
        command = ("fluidsynth", "-niq", "-r", str(RATE), "-g", "0.3", *room, "-O", "float", "-F")
        subprocess.run([*command, wave, SOUND_FONT, midi], check=True, capture_output=True)  # noqa: S603 -- our own words
        audio, _ = soundfile.read(wave, dtype="float64", always_2d=True, frames=round(seconds * RATE))
    return takes.Take(f"{name} {seed}", _levelled(audio.T, seed), RATE)


def _levelled(audio: Array, seed: int) -> Array:
    level = 10 ** (np.random.default_rng([seed, 1]).uniform(*LEVEL_DB) / 20.0)
    louder = level / (np.sqrt(np.mean(audio**2)) + 1e-9)
    return np.asarray(audio * min(louder, 0.95 / (np.max(np.abs(audio)) + 1e-9)))


def single_strokes(split: str) -> list[Callable[[np.random.Generator, int], Array]]:
    """Return what strikes with the single sounds (CC0) of one half of the sonic-pi-samples, in four lots."""
    paths = [
        path
        for name, path in takes._files("sonic-pi-samples", split, "*.flac")
        if not path.name.startswith(("loop_", "ambi_", "vinyl_"))
    ]
    lots = (("elec", "glitch", "mehackit"), ("bd", "drum", "sn"), ("tabla", "perc"), ("bass", "guit", "elec"))
    return [_striking([path for path in paths if path.name.startswith(lot)]) for lot in lots]


def _striking(paths: list[Path]) -> Callable[[np.random.Generator, int], Array]:
    def stroke(draw: np.random.Generator, rate: int) -> Array:
        path = paths[int(draw.integers(len(paths)))]
        audio, own = soundfile.read(path, always_2d=True)
        sound = resample_poly(audio.mean(axis=1)[:own], rate, own) if own != rate else audio.mean(axis=1)
        sound = sound[: round(0.8 * rate)]
        return np.asarray(sound / (np.max(np.abs(sound)) + 1e-9))

    return stroke

"""Scores whose instruments a click detector mistakes for clicks: solos, drums and small orchestras.

Written as standard MIDI files and drawn by seed, so that training needs no recording that cannot be shipped.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

# source: General MIDI
TICKS_A_BEAT = 480
DRUMS = 9  # the channel of General MIDI's percussion

# source: General MIDI programs, counted from 0, and its percussion key map
PLUCKED = (0, 6, 24, 25, 26, 28, 36, 45, 46, 105, 106, 107, 108)
STRUCK = (9, 12, 13, 14, 47, 114, 115, 116)
BRASS = (56, 57, 58, 59, 60, 61, 65, 66, 70)
DISTORTED = (29, 30, 81, 84)
SUSTAINED = (19, 21, 22, 40, 41, 42, 44, 48, 52, 68, 71, 73, 75, 109)
BASSES = (32, 33, 34, 37)  # slapped ones among them
NOISES = (120, 121, 126)  # fret noise, breath, applause
HAND_DRUMS = (37, 39, 54, 56, 60, 61, 62, 65, 67, 69, 70, 73, 75, 76, 77, 80, 82, 85)
KITS = (0, 8, 16, 24, 25, 32, 40, 48)  # standard, room, power, electronic, TR-808, jazz, brush, orchestra
KIT = (35, 36, 38, 40, 41, 42, 44, 45, 46, 48, 49, 51, 53, 55)


@dataclass(frozen=True)
class Note:
    """One note: when and how long in beats, its channel, key and velocity."""

    start: float
    length: float
    channel: int
    key: int
    velocity: int


def solo(seed: int, program: int, seconds: float = 40.0) -> bytes:
    """Draw one instrument alone: runs, repeated notes, chords and rests."""
    draw = np.random.default_rng([1, seed])
    beats = _beats(seconds)
    return _file([(0, program)], _line(draw, 0, beats, low=40, high=88, chords=program in PLUCKED), 120)


def drums(seed: int, keys: tuple[int, ...], seconds: float = 40.0) -> bytes:
    """Draw drums alone, mostly on the grid, with rolls."""
    draw = np.random.default_rng([2, seed])
    return _file([], _strokes(draw, keys, _beats(seconds)), 120)


def kit(seed: int, program: int, seconds: float = 40.0) -> bytes:
    """Draw one of the font's kits: fixed patterns, swung or straight, at times with hand drums."""
    draw = np.random.default_rng([4, seed])
    tempo = int(draw.integers(70, 190))
    beats = seconds * tempo / 60.0
    notes = _strokes(draw, KIT, beats)
    if draw.random() < 0.6:
        notes += _strokes(draw, HAND_DRUMS, beats)
    steps = (0.0, 1.0, 2 / 3 if draw.random() < 0.5 else 0.5)
    cymbal = int(draw.choice((42, 44, 46, 51, 53, 59)))
    for beat in range(int(beats)):
        for step in steps[: 1 + 2 * (beat % 2)]:
            if step < 1.0:
                notes.append(Note(beat + step, 0.1, DRUMS, cymbal, int(draw.integers(40, 110))))
        backbeat = 38 if beat % 2 else 36
        notes.append(Note(beat, 0.1, DRUMS, backbeat, int(draw.integers(60, 127))))
    return _file([(DRUMS, program)], notes, tempo)


def with_drums(seed: int, seconds: float = 40.0) -> bytes:
    """Draw two or three plucked, blown or bowed instruments over one of the kits."""
    draw = np.random.default_rng([5, seed])
    tempo = int(draw.integers(70, 190))
    beats = seconds * tempo / 60.0
    families = (PLUCKED, BASSES, BRASS + SUSTAINED)
    programs = [
        (k, int(draw.choice(family))) for k, family in enumerate(families[: int(draw.integers(2, 4))])
    ]
    notes: list[Note] = []
    for channel, _ in programs:
        low = 28 if channel == 1 else int(draw.integers(45, 66))
        notes += _line(draw, channel, beats, low=low, high=low + 24, chords=channel == 0)
    notes += _strokes(draw, KIT, beats)
    programs.append((DRUMS, int(draw.choice(KITS))))
    return _file(programs, notes, tempo)


def orchestra(seed: int, seconds: float = 40.0) -> bytes:
    """Draw four to six instruments of different families, at times with drums."""
    draw = np.random.default_rng([3, seed])
    families = (SUSTAINED, SUSTAINED, PLUCKED, BRASS, SUSTAINED, STRUCK)
    count = int(draw.integers(4, 7))
    programs = [(channel, int(draw.choice(families[channel]))) for channel in range(count)]
    beats = _beats(seconds)
    notes: list[Note] = []
    for channel, _ in programs:
        low = int(draw.integers(36, 66))
        notes += _line(draw, channel, beats, low=low, high=low + 24, chords=channel == 1)
    if draw.random() < 0.4:
        notes += _strokes(draw, KIT, beats)
    return _file(programs, notes, int(draw.integers(70, 170)))


def _beats(seconds: float) -> float:
    return seconds * 2.0  # at 120 beats a minute


def _line(
    draw: np.random.Generator, channel: int, beats: float, *, low: int, high: int, chords: bool
) -> list[Note]:
    scale = [key for key in range(low, high) if key % 12 in (0, 2, 4, 5, 7, 9, 11)]
    at, place, notes = 0.0, len(scale) // 2, []
    while at < beats:
        length = float(draw.choice((0.125, 0.25, 0.5, 1.0, 2.0), p=(0.1, 0.3, 0.3, 0.2, 0.1)))
        if draw.random() < 0.1:
            at += length
            continue
        place = int(np.clip(place + draw.integers(-3, 4), 0, len(scale) - 5))
        velocity = int(draw.integers(30, 127))
        stack = (0, 2, 4) if chords and draw.random() < 0.3 else (0,)
        held = length * draw.uniform(0.3, 1.1)
        notes += [Note(at, held, channel, scale[place + step], velocity) for step in stack]
        at += length
    return notes


def _strokes(draw: np.random.Generator, keys: tuple[int, ...], beats: float) -> list[Note]:
    notes = []
    for key in draw.choice(keys, size=min(len(keys), int(draw.integers(2, 6))), replace=False):
        pattern = draw.random(16) < draw.uniform(0.1, 0.6)
        for step in range(int(4 * beats)):
            if pattern[step % 16] and draw.random() < 0.9:
                strokes = int(draw.choice((1, 2, 4), p=(0.9, 0.06, 0.04)))
                for stroke in range(strokes):
                    start = 0.25 * (step + stroke / strokes) + draw.uniform(0.0, 0.01)
                    notes.append(Note(start, 0.1, DRUMS, int(key), int(draw.integers(30, 127))))
    return notes


def _file(programs: list[tuple[int, int]], notes: list[Note], beats_a_minute: int) -> bytes:
    """Return a standard MIDI file of format 0."""
    events = [(0, bytes([0xC0 | channel, program])) for channel, program in programs]
    for note in notes:
        on = round(note.start * TICKS_A_BEAT)
        off = max(round((note.start + note.length) * TICKS_A_BEAT), on + 1)
        events.append((on, bytes([0x90 | note.channel, note.key, note.velocity])))
        events.append((off, bytes([0x80 | note.channel, note.key, 0])))
    events.sort(key=lambda event: event[0])
    tempo = round(60e6 / beats_a_minute)
    track = b"\x00\xff\x51\x03" + tempo.to_bytes(3, "big")
    before = 0
    for tick, message in events:
        track += _variable_length(tick - before) + message
        before = tick
    track += b"\x00\xff\x2f\x00"
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_A_BEAT)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


def _variable_length(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | (value & 0x7F))
    return bytes(reversed(digits))

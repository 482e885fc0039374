"""Twelve seconds of speech, of music, of both and of neither, as old recordings and radios might hold them.

Speech: `models.training.voice`'s people and synthetic speakers. Music: dance bands (our own renders), and
loops and sounds of sonic-pi-samples (CC0); of the sounds also riffs, overdriven, with drums and with growled
voices, for metal itself may not be trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from bench.material.fetch_audio import CACHE
from bench.material.takes import split_of
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

from ..voice.material import PACKAGES
from ..voice.noises import RATE, hum, noise
from ..voice.speakers import render_speakers

# tuned: by hand, on the tuning takes, 2026-11-30; models/places-1.md has the outcome
SECONDS = 12
COUNT = SECONDS * RATE
PEOPLE = 0.4  # share of the speech that is of people
LEVEL = 0.1

Draw = np.random.Generator
Audio = np.ndarray


class Material:
    """Recordings of the tuning set and synthetic speakers, by what they are."""

    def __init__(self, work: Path, seed: int) -> None:
        self._people = [_read(package) for package in PACKAGES]
        self._synthetic = [[soundfile.read(clip)[0] for clip in clips]
                           for clips in render_speakers(work, seed).values()]  # fmt: skip
        self._bands = _read("dance-band")
        sounds = "sonic-pi-samples"
        self._loops = _read(sounds, ("loop_",))
        self._sounds = _read(sounds, ("ambi_", "bass_", "guit_"))
        self._strings = _read(sounds, ("bass_", "guit_"))

    def speech(self, draw: Draw) -> Audio:
        """Return speech of one voice, with pauses."""
        group = self._people if draw.random() < PEOPLE else self._synthetic
        clips, speed = group[draw.integers(len(group))], 2 ** draw.uniform(-0.45, 0.5)
        parts, length, pause_s = [], 0, draw.uniform(0.1, 0.5)
        while length < COUNT + RATE:
            clip = _speed(clips[draw.integers(len(clips))], speed)
            clip = levelled(clip) * 10 ** (draw.uniform(-9, 0) / 20)
            parts += [clip, np.zeros(int(draw.exponential(pause_s) * RATE))]
            length += clip.size + parts[-1].size
        return levelled(_cut(np.concatenate(parts), draw))

    def music(self, draw: Draw) -> Audio:
        """Return bands, loops and sounds, clean or overdriven, or metal of our own making."""
        chance = draw.random()
        if chance < 0.55:
            return self._played(draw)
        if chance < 0.67:
            return levelled(np.tanh(self._played(draw) / LEVEL * draw.uniform(1, 15)))
        made = self._riff(draw)
        if chance > 0.84:
            made = levelled(made + 10 ** (draw.uniform(-12, 3) / 20) * self._growl(draw))
        return made

    def both(self, draw: Draw) -> Audio:
        """Return speech over music."""
        return levelled(self.speech(draw) + 10 ** (-draw.uniform(-3, 12) / 20) * self._played(draw))

    def neither(self, draw: Draw) -> Audio:
        """Return noise."""
        return levelled(noise(COUNT, draw))

    def _played(self, draw: Draw) -> Audio:
        chance = draw.random()
        if chance < 0.5:
            band = self._bands[draw.integers(len(self._bands))]
            start = draw.integers(band.size - 2 * COUNT)
            return levelled(_cut(_speed(band[start : start + 2 * COUNT], draw.uniform(0.8, 1.25)), draw))
        pool = self._loops if chance < 0.75 else self._sounds
        one = _speed(pool[draw.integers(len(pool))], draw.uniform(0.8, 1.25))
        if chance >= 0.75:  # chords and layers of held sounds, as in an orchestra
            for _ in range(draw.integers(4)):
                other = _speed(pool[draw.integers(len(pool))], 2 ** (draw.integers(-7, 8) / 12))
                length = max(one.size, other.size)
                one = np.resize(levelled(one), length) + np.resize(levelled(other), length)
        return levelled(_cut(np.tile(one, 2 * COUNT // one.size + 1), draw))

    def _riff(self, draw: Draw) -> Audio:
        """Return fifths in a rhythm, overdriven, with drums."""
        beat = int(RATE * 60 / draw.uniform(90, 230) / draw.choice((1, 2, 2, 4)))
        struck = draw.random(16) < draw.uniform(0.4, 1)
        notes = draw.integers(-12, 0) + draw.choice((0, 0, 0, 1, 3, 5, 6, 7), 16)
        string = self._strings[draw.integers(len(self._strings))]
        made = np.zeros(COUNT + 4 * beat)
        for number in range(COUNT // beat):
            if struck[number % 16]:
                root = 2 ** (notes[number % 16] / 12)
                length = beat * (1 if draw.random() < 0.8 else 4)
                tone = sum(levelled(np.resize(_speed(string, root * each), length)) for each in (1.0, 1.498))
                fallen = np.exp(-np.arange(length) / RATE * draw.choice((0, 3, 10)))
                made[number * beat : number * beat + length] += (tone * fallen)[: made.size - number * beat]
        driven = levelled(np.tanh(made[:COUNT] / max(np.std(made), 1e-9) * draw.uniform(1, 20)))
        if draw.random() < 0.3:
            return driven
        drums = np.resize(_speed(self._loops[draw.integers(len(self._loops))], draw.uniform(0.8, 1.6)), COUNT)
        return levelled(driven + 10 ** (draw.uniform(-12, 6) / 20) * levelled(drums))

    def _growl(self, draw: Draw) -> Audio:
        """Return a voice that is driven, and noise that follows it."""
        voice = self.speech(draw)
        rough = sosfilt(butter(2, [400, 3000], "band", fs=RATE, output="sos"), draw.standard_normal(COUNT))
        follows = lfilter([0.004], [1, -0.996], np.abs(voice))
        driven = np.tanh(voice / np.std(voice) * draw.uniform(1, 8))
        return levelled(levelled(driven) + levelled(rough * follows) * draw.uniform(0.3, 2))


KINDS: dict[str, Callable[[Material, Draw], Audio]] = {
    "neither": Material.neither, "speech": Material.speech, "music": Material.music, "both": Material.both,
}  # fmt: skip


def spoiled(audio: Audio, draw: Draw) -> Audio:
    """Return it as an old recording, or a radio, might hold it."""
    if draw.random() < 0.3:  # a room
        t = np.arange(int(draw.uniform(0.1, 1.0) * RATE)) / RATE
        wet = levelled(fftconvolve(audio, draw.standard_normal(t.size) * 10 ** (-3 * t / t[-1]))[:COUNT])
        audio = levelled(audio + draw.uniform(0.1, 0.7) * wet)
    if draw.random() < 0.3:  # an equaliser of a pole and a zero
        pole, zero = draw.uniform(-0.9, 0.9, 2)
        audio = levelled(lfilter([1, -zero], [1, -pole], audio))
    chance = draw.random()
    if chance < 0.25:
        audio = _radio(audio, draw)
    else:
        if chance < 0.5:
            edges = [draw.uniform(100, 400), draw.uniform(2800, 7900)]
            audio = levelled(sosfilt(butter(4, edges, "band", fs=RATE, output="sos"), audio))
        if draw.random() < 0.7:
            audio = audio + 10 ** (-draw.triangular(-4, 2, 45) / 20) * LEVEL * noise(COUNT, draw)
    return audio * 10 ** (-draw.uniform(0, 30) / 20)


def _radio(audio: Audio, draw: Draw) -> Audio:
    """Return it from a receiver: a narrow band, buzz and noise, and most often an automatic gain."""
    edges = [draw.uniform(150, 400), draw.uniform(2200, 4000)]
    audio = levelled(sosfilt(butter(int(draw.integers(2, 5)), edges, "band", fs=RATE, output="sos"), audio))
    if draw.random() < 0.6:
        audio = audio + 10 ** (-draw.uniform(0, 30) / 20) * LEVEL * hum(COUNT, draw)
    audio = audio + 10 ** (-draw.uniform(3, 30) / 20) * LEVEL * noise(COUNT, draw)
    audio = sosfilt(butter(2, edges, "band", fs=RATE, output="sos"), audio)
    if draw.random() < 0.6:
        loud = np.sqrt(lfilter([1e-3], [1, -0.999], audio**2) + 1e-8)
        audio = audio / loud ** draw.uniform(0.3, 0.9)
    return levelled(audio)


def levelled(audio: Audio) -> Audio:
    """Return it at an RMS of LEVEL."""
    return LEVEL * audio / max(float(np.sqrt(np.mean(audio**2))), 1e-9)


def _read(package: str, beginnings: tuple[str, ...] = ("",)) -> list[Audio]:
    folder, found = CACHE / package, []
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: python -m bench.material.fetch_audio {package}")
    for path in sorted(folder.rglob("*.flac")):
        name = f"{package}/{path.relative_to(folder).with_suffix('')}"
        if split_of(name) == "tuning" and path.stem.startswith(beginnings):
            audio, rate = soundfile.read(path, always_2d=True)
            mono = audio.mean(axis=1)
            if mono.size > rate // 2:
                found.append(mono if rate == RATE else resample_poly(mono, RATE // 100, rate // 100))
    return found


def _speed(audio: Audio, speed: float) -> Audio:
    return np.interp(np.arange(0, audio.size - 1, speed), np.arange(audio.size), audio)


def _cut(audio: Audio, draw: Draw) -> Audio:
    start = draw.integers(max(audio.size - COUNT, 1))
    return np.resize(audio[start : start + COUNT], COUNT)

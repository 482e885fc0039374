"""Speech and music for training, and stretches of them and of noise as spectra, kept on disk.

Sources: festvox-ru (BSD-like), asterisk-core-sounds-it-g722 and -ru-g722 (CC-BY); of each, what
`bench.material.takes` has in its tuning set; the synthetic speakers of `.speakers`; the tuning set's dance
bands (our own renders) and drum loops of sonic-pi-samples (CC0). A twentieth of the recordings is held out.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import soundfile
from bench.material.fetch_audio import CACHE
from bench.material.takes import split_of
from scipy.signal import fftconvolve, resample_poly
from wavemend.analysis.noise.voice_gains import BINS, FRAME_SECONDS
from wavemend.kernels.spectra.stft import OVERLAP, forward, hann, hop_length

from .noises import RATE, noise
from .speakers import render_speakers

PACKAGES = ("festvox-ru", "asterisk-core-sounds-it-g722", "asterisk-core-sounds-ru-g722")
# tuned: memory and time on one core, by hand, 2026-11-30
HOP = hop_length(RATE, FRAME_SECONDS)
FRAMES = 448
SAMPLES = (FRAMES - 1) * HOP + OVERLAP * HOP
LEVEL = 0.1  # of speech while it is loud; tuned: by hand, no record
STRETCHES = {"voices": 2000, "noises": 1200, "music": 160}
HELD_OUT = {"voices": 64, "noises": 48, "music": 8}
SPOKEN = 0.45  # of the stretches are of people, the rest of synthetic speakers; tuned: by hand, 2026-11-30
WEIGHTS = {"kokoro": 3.0, "hibari": 6.0, "pico": 2.0, "flite": 1.5, "kdlpc": 1.0}
"""How often each synthetic speaker is heard, the nearer to people the oftener; tuned: by hand, 2026-11-30."""
MUSIC = ("dance-band", "sonic-pi-samples")

Draw = np.random.Generator
Audio = np.ndarray


def prepared(work: Path, seed: int) -> dict[str, np.ndarray]:
    """Return spectra of voices, noises and music, shape (stretches, FRAMES, BINS), drawn if not there."""
    found = {}
    speakers = render_speakers(work, seed)
    for held, counts in (("", STRETCHES), ("held-", HELD_OUT)):
        for at, (name, count) in enumerate(counts.items()):
            path = work / f"{held}{name}-{count}-{seed}.npy"
            if not path.exists():
                draw = np.random.default_rng([seed, at, len(held)])
                stretch = _source(name, bool(held), speakers)
                spectra = np.empty((count, FRAMES, BINS), np.complex64)
                for one in range(count):
                    spectra[one] = spectra_of(stretch(draw))
                part = path.with_suffix(".part.npy")
                np.save(part, spectra)
                part.replace(path)
            found[f"{held}{name}"] = np.load(path, mmap_mode="r")
    return found


def _source(name: str, held_out: bool, speakers: dict[str, list[Path]]) -> Callable[[Draw], Audio]:
    if name == "voices":
        return Reader(held_out, speakers).stretch
    if name == "music":
        return Player(held_out).stretch
    return lambda draw: noise(SAMPLES, draw)


def spectra_of(audio: Audio) -> np.ndarray:
    """Return the spectra of a stretch, shape (FRAMES, BINS)."""
    return forward(audio[np.newaxis], hann(OVERLAP * HOP), HOP)[0, :, :BINS]


class Reader:
    """Speakers of the tuning set and synthetic ones, read in and played at other speeds."""

    def __init__(self, held_out: bool, speakers: dict[str, list[Path]]) -> None:
        self._voices, self._chances = [], []
        for package in PACKAGES:
            self._voices.append([_read(path) for path in _recordings(package, held_out)])
            self._chances.append(SPOKEN / len(PACKAGES))
        weights = {name: WEIGHTS[name.partition("-")[0]] for name in speakers}
        for name, clips in speakers.items():
            named = ((f"{name}/{path.stem}", path) for path in clips)
            self._voices.append([_read(path) for one, path in named if _is_held_out(one) == held_out]
                                or [_read(clips[0])])  # fmt: skip
            self._chances.append((1 - SPOKEN) * weights[name] / sum(weights.values()))
        self._voices = [[clip for clip in clips if clip.size > RATE // 3] for clips in self._voices]

    def stretch(self, draw: Draw) -> Audio:
        """Return speech of one voice, with pauses."""
        clips = self._voices[draw.choice(len(self._voices), p=self._chances)]
        speed, parts, length = 2 ** draw.uniform(-0.42, 0.42), [], -int(draw.integers(RATE))
        while length < SAMPLES:
            clip = _speed(clips[draw.integers(len(clips))], speed)
            clip = clip / max(_loudness(clip), 1e-6) * LEVEL * 10 ** (draw.uniform(-10, 0) / 20)
            parts += [clip, np.zeros(int(draw.exponential(0.3) * RATE))]
            length += clip.size + parts[-1].size
        audio = np.concatenate(parts)
        start = draw.integers(audio.size - SAMPLES + 1)
        audio = _in_a_room(audio[start : start + SAMPLES], draw)
        if draw.random() < 0.3:  # so softly recorded that its own noise is heard is another matter
            audio = np.tanh(audio * draw.uniform(1, 4)) / 3
        return audio * LEVEL / max(_loudness(audio), 1e-6)


class Player:
    """Dance bands and drum loops of the tuning set, some through an amplifier that is far overdriven."""

    def __init__(self, held_out: bool) -> None:
        self._kinds = [[_read(path) for path in _recordings(package, held_out)] for package in MUSIC]
        self._kinds = [[clip for clip in clips if clip.size > RATE] for clips in self._kinds if clips]

    def stretch(self, draw: Draw) -> Audio:
        """Return music, at another speed."""
        clips = self._kinds[draw.integers(len(self._kinds))]
        clip = clips[draw.integers(len(clips))]
        start = draw.integers(max(clip.size - 2 * SAMPLES, 1))
        part = _speed(clip[start : start + 2 * SAMPLES], 2 ** draw.uniform(-0.3, 0.3))
        part = np.tile(part, SAMPLES // part.size + 1)[:SAMPLES]
        part = part / max(_loudness(part), 1e-6)
        if draw.random() < 0.4:
            part = np.tanh(part * draw.uniform(2, 30))
        return part * LEVEL / max(_loudness(part), 1e-6)


def _recordings(package: str, held_out: bool) -> list[Path]:
    folder = CACHE / package
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: python -m bench.material.fetch_audio {package}")
    named = [(f"{package}/{path.relative_to(folder).with_suffix('')}", path)
             for path in sorted(folder.rglob("*.flac"))]  # fmt: skip
    return [path for name, path in named if split_of(name) == "tuning" and _is_held_out(name) == held_out]


def _is_held_out(name: str) -> bool:
    return sha256(name.encode()).digest()[1] < 13


def _read(path: Path) -> Audio:
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    return mono if rate == RATE else resample_poly(mono, RATE, rate).astype(np.float32)


def _speed(audio: Audio, speed: float) -> Audio:
    """Play it at another speed; band-limited, by a polyphase filter."""
    up = 100
    return resample_poly(audio, up, max(round(up * speed), 1)).astype(np.float64)


def _loudness(audio: Audio) -> float:
    """RMS of the louder half of its hundredths of a second."""
    whole = audio[: audio.size // 160 * 160].reshape(-1, 160)
    power = np.sort(np.mean(whole**2, axis=1))
    return float(np.sqrt(np.mean(power[power.size // 2 :])))


def _in_a_room(audio: Audio, draw: Draw) -> Audio:
    if draw.random() > 0.3:
        return audio
    seconds = draw.uniform(0.1, 0.8)
    t = np.arange(int(seconds * RATE)) / RATE
    tail = draw.standard_normal(t.size) * 10 ** (-3 * t / seconds)
    wet = fftconvolve(audio, tail)[: audio.size]
    scale = np.sqrt(np.mean(audio**2) / max(np.mean(wet**2), 1e-12))
    return audio + draw.uniform(0.1, 0.6) * scale * wet

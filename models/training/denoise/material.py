"""Clean sound for training: rendered bands and orchestras, one reader, instruments.

Sources, all of the tuning set where the bench uses them: renders of our own scores with mma and the FluidR3
GM sound font (MIT), grooves that the bench has none of among them; festvox-ru (BSD-like); sonic-pi-samples
(CC0). The renders are kept in ``bench/cache/denoise-training``.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
from bench.material.fetch_audio import CACHE, SOUND_FONT, dance_band_score
from bench.material.takes import split_of
from scipy.signal import fftconvolve, lfilter, resample_poly

RATE = 44100  # source: bench/material/takes.py
RENDERS = CACHE / "denoise-training"
RENDER_TIMEOUT_S = 60  # guard: some MIDI files never end
GROOVES = (
    "Hymn", "StringBallad", "PianoBallad", "Lullaby", "BWMarch", "Bolero", "Calypso", "Samba", "Mambo",
    "MellowJazz", "EasySwing", "Folk", "JazzGuitar", "GuitarBallad", "Spiritual", "Strut", "SoftShoe",
    "ShowTune", "SlowBlues", "Zydeco", "Broadway", "Jive",
)  # fmt: skip
ORCHESTRAS = 28  # tuned: by hand, no record; see models/denoise-1.md
HELD = ("SlowStrings", "Strings", "ChoirAahs", "FrenchHorn", "BrassSection", "ChurchOrgan", "ReedOrgan",
        "Accordion", "TremoloStrings")  # fmt: skip
MOVING = ("Flute", "Oboe", "Clarinet", "Violin", "Trumpet", "OrchestralHarp", "PizzicatoStrings", "Piano1",
          "Viola", "Bassoon", "Celesta", "NylonGuitar")  # fmt: skip
LOW = ("Cello", "ContraBass", "Tuba", "Bassoon", "Trombone", "AcousticBass")

Draw = np.random.Generator
Audio = np.ndarray


def orchestra_score(seed: int, bars: int = 24) -> str:
    """Return a score for mma: held chords, a moving part or two and a bass, without drums, drawn by seed."""
    draw = random.Random(seed)  # noqa: S311 -- a score, not a secret
    lines = [f"RndSeed {seed + 1}", f"Tempo {draw.randint(50, 130)}", "SeqSize 1"]

    def part(track: str, voices: tuple[str, ...], sequence: str) -> None:
        octave = draw.randint(2, 3) if track.startswith("Walk") else draw.randint(4, 6)
        lines.extend([f"Begin {track}", f"  Voice {draw.choice(voices)}", f"  Sequence {{{sequence}}}",
                      f"  Octave {octave}", f"  Volume {draw.choice(('mp', 'mf', 'f'))}",
                      "  Articulate 95", "End"])  # fmt: skip

    for at in range(draw.randint(1, 3)):
        part(f"Chord-{at}", HELD, draw.choice(("1 1 90", "1 2 80; 3 2 75", "1 2. 80; 4 4 60")))
    for at in range(draw.randint(0, 2)):
        part(f"Arpeggio-{at}", MOVING, draw.choice(("1 8 70 * 8", "1 4 80 * 4", "1 16 60 * 16")))
    part("Walk", LOW, draw.choice(("1 4 90 * 4", "1 2 90; 3 2 80")))
    harmony = dance_band_score(seed, "none", bars).splitlines()[3:]
    return "\n".join([*lines, *harmony]) + "\n"


def render() -> None:
    """Render what is not there yet with mma and fluidsynth; a piece that fails is left out with a message."""
    RENDERS.mkdir(parents=True, exist_ok=True)
    scores = {f"band-{groove.lower()}": dance_band_score(1000 + at, groove, 32)
              for at, groove in enumerate(GROOVES)}  # fmt: skip
    scores |= {f"orchestra-{at:02d}": orchestra_score(2000 + at) for at in range(ORCHESTRAS)}
    for name, score in scores.items():
        piece = RENDERS / f"{name}.flac"
        if piece.exists():
            continue
        score_file, midi, wave = (piece.with_suffix(suffix) for suffix in (".mma", ".mid", ".wav"))
        score_file.write_text(score, encoding="utf-8")
        commands = (
            ["mma", str(score_file), "-f", str(midi)],
            ["fluidsynth", "-niq", "-r", str(RATE), "-g", "0.5", "-O", "float", "-F", str(wave),
             str(SOUND_FONT), str(midi)],
        )  # fmt: skip
        try:
            for command in commands:
                subprocess.run(command, capture_output=True, check=True, timeout=RENDER_TIMEOUT_S)  # noqa: S603
            audio, _ = soundfile.read(wave, dtype="float64")
            soundfile.write(piece, audio / max(1.0, np.abs(audio).max()), RATE, subtype="PCM_16")
        except (subprocess.SubprocessError, OSError) as error:
            print(f"{name} left out: {error}", file=sys.stderr)
        finally:
            midi.unlink(missing_ok=True)
            wave.unlink(missing_ok=True)


class Material:
    """Recordings of the tuning set, float32 of shape (channels, n)."""

    def __init__(self) -> None:
        self.music = [
            *_read(sorted(RENDERS.glob("*.flac"))),
            *_read(_tuning("dance-band", "*.flac")),
        ]
        self.sounds = _read([p for p in _tuning("sonic-pi-samples", "*.flac") if "vinyl" not in p.name])
        self.speech = _read(_tuning("festvox-ru", "*.flac"))

    def stretch(self, count: int, draw: Draw) -> Audio:
        """Return `count` samples of one or two channels, shape (channels, count), float64, RMS 0.1."""
        which = draw.random()
        if which < 0.62:
            audio = self._music(count, draw)
        elif which < 0.80:
            audio = self._layers(count, draw)
        else:
            audio = self._reader(count, draw)
        return _coloured(_level(audio), draw)

    def _music(self, count: int, draw: Draw) -> Audio:
        audio = _piece(self.music, count, draw)
        if draw.random() < 0.3:
            audio = _level(audio) + draw.uniform(0.1, 1.0) * _level(_piece(self.music, count, draw))
        return audio if draw.random() < 0.7 else audio.mean(axis=0, keepdims=True)

    def _layers(self, count: int, draw: Draw) -> Audio:
        audio = np.zeros((2, count))
        for _ in range(draw.integers(1, 5)):
            audio += draw.uniform(0.2, 1.0, (2, 1)) * _level(_piece(self.sounds, count, draw))
        return audio

    def _reader(self, count: int, draw: Draw) -> Audio:
        """One reader, made smaller or larger, with pauses."""
        speed, parts, length = draw.uniform(0.72, 1.45), [], -int(draw.integers(RATE))
        while length < count:
            one = _speed(self.speech[draw.integers(len(self.speech))], speed) * draw.uniform(0.4, 1.0)
            gap = np.zeros((1, int(draw.exponential(0.25) * RATE)))
            parts += [one, gap]
            length += one.shape[1] + gap.shape[1]
        audio = np.concatenate(parts, axis=1)
        start = draw.integers(audio.shape[1] - count + 1)
        return audio[:, start : start + count]


def _tuning(package: str, pattern: str) -> list[Path]:
    paths = sorted((CACHE / package).glob(pattern))
    return [path for path in paths if split_of(f"{package}/{path.stem}") == "tuning"]


def _read(paths: list[Path]) -> list[Audio]:
    found = []
    for path in paths:
        audio, rate = soundfile.read(path, always_2d=True, dtype="float32")
        if rate != RATE:
            common = np.gcd(rate, RATE)
            audio = resample_poly(audio, RATE // common, rate // common, axis=0)
        found.append(np.ascontiguousarray(audio.T, dtype=np.float32))
    return found


def _piece(pool: list[Audio], count: int, draw: Draw) -> Audio:
    """Return `count` samples from a recording of a pool, at another speed, in two channels."""
    speed = 2 ** draw.uniform(-0.5, 0.5)
    one = pool[draw.integers(len(pool))]
    need = int(count * speed) + 2
    if one.shape[1] < need:  # short sounds come again and again, after pauses
        one = np.pad(one, ((0, 0), (0, int(draw.integers(RATE)))))
        one = np.tile(one, (1, need // one.shape[1] + 2))
    start = draw.integers(one.shape[1] - need + 1)
    audio = _speed(one[:, start : start + need], speed)[:, :count]
    return np.broadcast_to(audio, (2, count))


def _speed(audio: Audio, speed: float) -> Audio:
    places = np.arange(0, audio.shape[1] - 1, speed)
    known = np.arange(audio.shape[1])
    return np.stack([np.interp(places, known, channel) for channel in audio])


def _level(audio: Audio) -> Audio:
    return 0.1 * audio / max(float(np.sqrt(np.mean(audio**2))), 1e-6)


def _coloured(audio: Audio, draw: Draw) -> Audio:
    """Return a stretch in a room, through an equaliser, or with the band limits of its time."""
    if draw.random() < 0.3:
        seconds = draw.uniform(0.2, 2.0)
        t = np.arange(int(seconds * RATE)) / RATE
        tail = draw.standard_normal((len(audio), t.size)) * 10 ** (-3 * t / seconds)
        wet = fftconvolve(audio, tail, axes=1)[:, : audio.shape[1]]
        audio = audio + draw.uniform(0.1, 0.8) * _level(wet)
    if draw.random() < 0.3:
        pole, zero = draw.uniform(-0.9, 0.9, 2)
        audio = lfilter([1.0, -zero], [1.0, -pole], audio, axis=1)
    if draw.random() < 0.35:
        highest = 2 ** draw.uniform(np.log2(2500), np.log2(14000))
        spectrum = np.fft.rfft(audio, axis=1)
        frequency = np.fft.rfftfreq(audio.shape[1], 1 / RATE)
        audio = np.fft.irfft(spectrum / (1 + (frequency / highest) ** 8), audio.shape[1], axis=1)
    return _level(audio)

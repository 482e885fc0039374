"""Train the speech and music weights: ``python -m models.training.program.train`` from the repository's root.

Material: the tuning halves of festvox-ru (BSD-like), sonic-pi-samples (CC0) and dance-band renders (mma
with FluidR3 GM, MIT) from ``bench/cache``, and noise made here. Nothing else goes into the weights. One
reader and few players are made many by changes of speed; band limits, equalisers, hiss, surface noise, rooms
and levels are drawn anew for each stretch. Seeded: the same material gives the same weights.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from bench.material.fetch_audio import CACHE
from bench.material.takes import split_of
from scipy.optimize import minimize
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt
from wavemend.analysis.program import features as program_features
from wavemend.analysis.program import program

# tuned: on the tuning takes, 2026-11-21; models/program-1.md has the outcome
RATE = 44100
SECONDS = 3.0
STRETCHES = {"neither": 250, "speech": 1000, "music": 1300, "both": 500}
PENALTY = 400.0  # one reader must not be learned by heart: chosen on the tuning takes
SEED = 20240229
TARGET = Path(__file__).parents[3] / "src" / "analysis" / "program_weights.py"

Draw = np.random.Generator


def main() -> int:
    """Draw the stretches, fit, and write the module of weights."""
    parser = argparse.ArgumentParser(prog="python -m models.training.program.train", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=SEED, help=f"of the stretches; the packaged one is {SEED}"
    )
    parser.add_argument("--target", type=Path, default=TARGET, help="module to write")
    given = parser.parse_args()
    draw = np.random.default_rng(given.seed)
    material = Material()
    described, kinds = [], []
    for at, (kind, count) in enumerate(STRETCHES.items()):
        while kinds.count(at) < count:
            found = describe(spoiled(material.stretch(kind, draw), draw))
            if found is not None:
                described.append(found)
                kinds.append(at)
        print(f"{kind}: {count}", file=sys.stderr)
    given.target.write_text(module(*fit(np.array(described), np.array(kinds))), encoding="utf-8")
    return 0


class Material:
    """Recordings of the tuning set, by what they are."""

    def __init__(self) -> None:
        self.speech = _read("festvox-ru", lambda name: True)
        self.band = _read("dance-band", lambda name: True)
        self.loops = _read("sonic-pi-samples", lambda name: name.startswith("loop_"))
        self.sounds = _read("sonic-pi-samples", lambda name: name.startswith(("ambi_", "bass_", "guit_")))

    def stretch(self, kind: str, draw: Draw) -> np.ndarray:
        """Return three seconds of a kind, shape (n,), of RMS 0.1."""
        if kind == "speech":
            return self._speech(draw)
        if kind == "music":
            return self._music(draw)
        if kind == "both":
            over_db = draw.uniform(-3.0, 12.0)
            return self._speech(draw) + 10 ** (-over_db / 20) * self._music(draw)
        return _level(_noise(draw, draw.uniform(0.0, 12.0)) + draw.uniform(0, 2) * _surface(draw))

    def _speech(self, draw: Draw) -> np.ndarray:
        """Join sentences of one reader, who is made smaller or larger, slower or faster."""
        speed = draw.uniform(0.72, 1.45)
        parts, length = [], 0
        while length < SECONDS * RATE + RATE:
            one = _speed(self.speech[draw.integers(len(self.speech))], speed)
            gap = np.zeros(int(draw.exponential(0.35) * RATE)) if draw.random() < 0.8 else np.zeros(0)
            parts += [one * 10 ** (draw.uniform(-9.0, 0.0) / 20), gap]  # nobody acts at one level
            length += one.size + gap.size
        return _level(_cut(np.concatenate(parts), draw))

    def _music(self, draw: Draw) -> np.ndarray:
        which = draw.random()
        if which < 0.55:
            one = self.band[draw.integers(len(self.band))]
            start = draw.integers(one.size - 6 * RATE)
            return _level(_cut(_speed(one[start : start + 6 * RATE], draw.uniform(0.8, 1.25)), draw))
        pool = self.loops if which < 0.8 else self.sounds
        one = _speed(pool[draw.integers(len(pool))], draw.uniform(0.8, 1.25))
        if which >= 0.8:  # chords and layers of held sounds, as in an orchestra
            for _ in range(draw.integers(4)):
                other = _speed(pool[draw.integers(len(pool))], 2 ** (draw.integers(-7, 8) / 12))
                one = _over(one, other)
        return _level(_cut(np.tile(one, int(np.ceil(6 * RATE / one.size))), draw))


def _read(package: str, wanted: Callable[[str], bool]) -> list[np.ndarray]:
    found = []
    for path in sorted((CACHE / package).glob("*.flac")):
        if split_of(f"{package}/{path.stem}") == "tuning" and wanted(path.stem):
            audio, rate = soundfile.read(path, always_2d=True)
            mono = audio.mean(axis=1)
            found.append(mono if rate == RATE else resample_poly(mono, RATE // 100, rate // 100))
    return found


def _speed(audio: np.ndarray, speed: float) -> np.ndarray:
    places = np.arange(0, audio.size - 1, speed)
    return np.interp(places, np.arange(audio.size), audio)


def _cut(audio: np.ndarray, draw: Draw) -> np.ndarray:
    count = round(SECONDS * RATE)
    start = draw.integers(max(audio.size - count, 1))
    return np.resize(audio[start : start + count], count)


def _over(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    length = max(one.size, other.size)
    return np.resize(one, length) / np.std(one) + np.resize(other, length) / max(np.std(other), 1e-9)


def _level(audio: np.ndarray) -> np.ndarray:
    return 0.1 * audio / max(float(np.sqrt(np.mean(audio**2))), 1e-9)


def _noise(draw: Draw, fall_db: float) -> np.ndarray:
    """Noise that falls by so many dB an octave beyond 1 kHz, of RMS 0.1."""
    count = round(SECONDS * RATE)
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    shape = (1 + (frequency / 1000) ** 2) ** (-fall_db / 12.04)
    return _level(np.fft.irfft(np.fft.rfft(draw.standard_normal(count)) * shape, count))


def _surface(draw: Draw) -> np.ndarray:
    """Crackle and ticks of a shellac side, pulsed once a revolution, of RMS 0.1."""
    count = round(SECONDS * RATE)
    impulses = np.zeros(count)
    for rate, scale in ((draw.uniform(50, 500), 1.0), (draw.uniform(0, 8), 10.0)):
        at = draw.integers(0, count, draw.poisson(rate * SECONDS))
        np.add.at(impulses, at, scale * draw.standard_normal(at.size))
    pole = np.exp(-1 / (RATE * draw.uniform(0.00005, 0.0003)))
    turns = 1 + 0.5 * np.sin(2 * np.pi * draw.uniform(0.5, 1.4) * np.arange(count) / RATE)
    return _level(lfilter([1.0, -1.0], [1.0, -pole], impulses) * turns + 0.3 * _noise(draw, 6.0))


def spoiled(audio: np.ndarray, draw: Draw) -> np.ndarray:
    """Return a stretch as an old recording might hold it."""
    if draw.random() < 0.4:  # a room
        seconds = draw.uniform(0.1, 1.2)
        t = np.arange(int(seconds * RATE)) / RATE
        tail = draw.standard_normal(t.size) * 10 ** (-3 * t / seconds)
        wet = _level(fftconvolve(audio, tail)[: audio.size])
        audio = _level(audio + draw.uniform(0.1, 0.7) * wet)
    if draw.random() < 0.3:  # an equaliser of a pole and a zero
        pole, zero = draw.uniform(-0.9, 0.9, 2)
        audio = _level(lfilter([1.0, -zero], [1.0, -pole], audio))
    if draw.random() < 0.4:
        edges = [draw.uniform(100, 400), draw.uniform(2800, 8000)]
        audio = _level(sosfilt(butter(4, edges, "band", fs=RATE, output="sos"), audio))
    if draw.random() < 0.5:
        audio = audio + 10 ** (-draw.uniform(12, 45) / 20) * _noise(draw, draw.uniform(0, 9))
    if draw.random() < 0.3:
        audio = audio + 10 ** (-draw.uniform(8, 40) / 20) * _surface(draw)
    return audio * 10 ** (-draw.uniform(0, 30) / 20)


def describe(audio: np.ndarray) -> np.ndarray | None:
    """Features of a stretch, as the analyser takes them."""
    analyser = program.ProgramAnalyser(RATE, 1)
    heard: list[np.ndarray] = []
    analyser._judge = lambda power, end_s: heard.append(power)  # type: ignore[method-assign]
    analyser.push(audio[np.newaxis])
    analyser.result()
    return program_features.features(heard[-1], analyser._bins)


def fit(described: np.ndarray, kinds: np.ndarray) -> tuple[np.ndarray, ...]:
    """Fit a multinomial logistic regression with a ridge penalty, each kind weighing the same."""
    mean, scale = described.mean(axis=0), described.std(axis=0)
    standard = np.clip((described - mean) / scale, -3.0, 3.0)
    truth = np.eye(len(STRETCHES))[kinds]
    weight = 1 / np.bincount(kinds)[kinds] * len(kinds) / len(STRETCHES)
    shape = (len(STRETCHES), standard.shape[1] + 1)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape)
        score = standard @ weights[:, :-1].T + weights[:, -1]
        score -= score.max(axis=1, keepdims=True)
        log = score - np.log(np.exp(score).sum(axis=1, keepdims=True))
        off = (np.exp(log) - truth) * weight[:, np.newaxis]
        gradient = np.concatenate([off.T @ standard, off.sum(axis=0)[:, np.newaxis]], axis=1)
        gradient[:, :-1] += PENALTY * weights[:, :-1]
        ridge = 0.5 * PENALTY * np.sum(weights[:, :-1] ** 2)
        return float(-np.sum(weight[:, np.newaxis] * truth * log) + ridge), gradient.ravel()

    found = minimize(loss, np.zeros(np.prod(shape)), jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    weights = found.x.reshape(shape)
    right = np.argmax(standard @ weights[:, :-1].T + weights[:, -1], axis=1) == kinds
    print(f"right on the training stretches: {100 * right.mean():.1f} %", file=sys.stderr)
    return mean, scale, weights[:, :-1], weights[:, -1]


def module(mean: np.ndarray, scale: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> str:
    """Return the source of the module of weights."""
    rows = zip(mean, scale, *weights, program_features.NAMES, strict=True)
    lines = [f"        [{', '.join(f'{v:8.4f}' for v in row)}],  # {name}" for *row, name in rows]
    text = ", ".join(f"{value:.4f}" for value in bias)
    return HEAD.format(count=sum(STRETCHES.values()), rows="\n".join(lines), bias=text)


HEAD = '''"""Weights of the speech and music finder: written by models/training/program/train.py, not by hand.

Trained on {count} stretches of three seconds drawn from the tuning halves of festvox-ru (BSD-like),
sonic-pi-samples (CC0) and dance bands rendered with mma and FluidR3 GM (MIT), and on noise made for it.
"""

import numpy as np

# source: models/training/program/train.py
# fmt: off
_TABLE = np.array(
    [   # mean, standard deviation, weight for neither, speech, music, both: the order of program.KINDS
{rows}
    ]
)
# fmt: on
MEAN, SCALE = _TABLE[:, 0], _TABLE[:, 1]
WEIGHTS = _TABLE[:, 2:].T
BIAS = np.array([{bias}])
'''


if __name__ == "__main__":
    sys.exit(main())

"""Stretches to learn from: clean sound, in mono or stereo, through all sorts of recording chains."""

from __future__ import annotations

import numpy as np
import soundfile
from scipy.signal import butter, lfilter, resample_poly, sosfilt

from .damage import Draw
from .material import Recording

# tuned: by hand; what a click finder mistakes for clicks is well represented, 2026-11-21
SHARES = {
    "band": 0.18,
    "combo": 0.08,
    "orchestra": 0.13,
    "solo": 0.14,
    "drums": 0.06,
    "kit": 0.12,
    "strokes": 0.1,
    "texture": 0.03,
    "speech": 0.16,
}
DRUMS = ("drums", "kit", "strokes")
LAYOUTS = ("stereo", "mono", "dual")
LAYOUT_SHARES = (0.6, 0.25, 0.15)  # tuned: by hand, no record


class Stretches:
    """Draws stretches, the training or the validation recordings' own.

    Parameters
    ----------
    recordings
        What `material.recordings` returns, or a part of it.
    samples
        Length of a stretch.
    """

    def __init__(self, recordings: list[Recording], samples: int) -> None:
        self._samples = samples
        self._by_kind: dict[str, list[Recording]] = {}
        for recording in recordings:
            self._by_kind.setdefault(recording.kind, []).append(recording)
        self._kinds = [kind for kind in SHARES if kind in self._by_kind]
        self._shares = np.array([SHARES[kind] for kind in self._kinds])
        self._shares /= self._shares.sum()
        self._drums = [kind for kind in DRUMS if kind in self._by_kind]
        self._read: dict[str, np.ndarray] = {}

    def draw(self, draw: Draw) -> tuple[np.ndarray, float]:
        """Draw clean sound of shape (1 or 2, samples), and the rate in Hz that it then has."""
        sound = self._excerpt(str(draw.choice(self._kinds, p=self._shares)), draw)
        if draw.random() < 0.25:
            drums = self._drums and draw.random() < 0.6
            other = str(draw.choice(self._drums if drums else self._kinds, p=None if drums else self._shares))
            sound = sound + self._excerpt(other, draw) * draw.uniform(0.1, 1.2)
        layout = draw.choice(LAYOUTS, p=LAYOUT_SHARES)
        if layout == "mono":
            sound = sound[draw.integers(2)][np.newaxis]
        elif layout == "dual":
            sound = np.mean(sound, axis=0) * np.array([[1.0], [draw.choice((1.0, draw.uniform(0.5, 1.5)))]])
        rate = draw.uniform(40_000.0, 50_000.0)
        sound = _through_a_chain(sound, draw)
        sound *= 10 ** (draw.uniform(-40.0, -8.0) / 20) / max(float(np.sqrt(np.mean(sound**2))), 1e-4)
        if draw.random() < 0.12:  # clipped peaks
            sound = np.clip(sound, -1.0, 1.0) if draw.random() < 0.5 else _clipped(sound, draw)
        if draw.random() < 0.06:  # a recording begins, or a track after a pause
            sound[:, : draw.integers(self._samples)] = 0.0
        return _with_noise(sound, rate, draw), rate

    def _excerpt(self, kind: str, draw: Draw) -> np.ndarray:
        some = self._by_kind[kind]
        parts, length = [], 0
        while length < self._samples:  # clips and single strokes follow each other
            audio = self._audio(some[draw.integers(len(some))])
            if audio.shape[1] > self._samples:
                start = int(draw.integers(audio.shape[1] - self._samples))
                audio = audio[:, start : start + self._samples]
            part = np.broadcast_to(audio.astype(np.float64), (2, audio.shape[1])).copy()
            fade = min(part.shape[1] // 4, 400)
            part[:, part.shape[1] - fade :] *= np.linspace(1.0, 0.0, fade)
            if parts:
                part[:, :20] *= np.linspace(0.0, 1.0, 20)[: part.shape[1]]
            parts.append(part)
            length += part.shape[1]
        sound = np.concatenate(parts, axis=1)[:, : self._samples]
        return sound[::-1] if draw.random() < 0.5 else sound

    def _audio(self, recording: Recording) -> np.ndarray:
        if recording.name not in self._read:
            audio, rate = soundfile.read(recording.path, dtype="float32", always_2d=True)
            if rate < 40_000:  # as the detector does: the least whole factor
                audio = resample_poly(audio, -(-40_000 // rate), 1, axis=0)
            self._read[recording.name] = np.ascontiguousarray(audio[:, :2].T.astype(np.float16))
        return self._read[recording.name]


def at_16_bits(sound: np.ndarray, draw: Draw) -> np.ndarray:
    """Round to 16 bits, most often with triangular dither."""
    dither = draw.random(sound.shape) - draw.random(sound.shape) if draw.random() < 0.7 else 0.0
    return np.round(sound * 2.0**15 + dither) / 2.0**15


def _through_a_chain(sound: np.ndarray, draw: Draw) -> np.ndarray:
    """Distort, equalise, band-limit, or leave as it is."""
    if draw.random() < 0.1:
        drive = np.exp(draw.uniform(0.0, 3.5)) / max(float(np.std(sound)), 1e-4)
        sound = np.tanh(drive * sound * 0.3 + draw.uniform(-0.2, 0.2))
        sound -= sound.mean(axis=1, keepdims=True)
    if draw.random() < 0.35:  # a tilt
        sound = lfilter([1.0, -draw.uniform(-0.6, 0.9)], [1.0, -draw.uniform(-0.6, 0.9)], sound)
    if draw.random() < 0.35:
        highest = np.exp(draw.uniform(np.log(0.15), np.log(0.95)))
        sound = sosfilt(butter(int(draw.integers(1, 9)), highest, output="sos"), sound)
    if draw.random() < 0.2:
        sound = sosfilt(butter(2, draw.uniform(0.001, 0.02), "high", output="sos"), sound)
    return sound


def _clipped(sound: np.ndarray, draw: Draw) -> np.ndarray:
    limit = float(np.quantile(np.abs(sound), draw.uniform(0.95, 0.9995))) + 1e-4
    return np.clip(sound, -limit, limit)


def _with_noise(sound: np.ndarray, rate: float, draw: Draw) -> np.ndarray:
    level = float(np.sqrt(np.mean(sound**2)))
    if draw.random() < 0.5:
        noise = lfilter([1.0], [1.0, -draw.uniform(-0.4, 0.9)], draw.standard_normal(sound.shape))
        sound = sound + noise * (level / noise.std()) * 10 ** (draw.uniform(-75.0, -15.0) / 20)
    if draw.random() < 0.15:
        turns = 2 * np.pi * draw.choice((50.0, 60.0)) / rate * np.arange(sound.shape[1])
        for harmonic in range(1, int(draw.integers(2, 30))):
            height = draw.uniform(0.0, 1.0) / harmonic ** draw.uniform(0.3, 1.5)
            sound = sound + 0.3 * level * height * np.sin(harmonic * turns + draw.uniform(0.0, 6.28))
    return sound

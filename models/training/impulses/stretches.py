"""Stretches to learn from: clean sound through all sorts of recording chains, damage, features and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soundfile
from scipy.signal import butter, lfilter, resample_poly, sosfilt
from wavemend.kernels.impulse_features import (
    BLOCK,
    CELL,
    ORDER,
    PADDING,
    impulse_features,
    prediction_errors,
)

from .damage import Damage, Draw, drawn_damage
from .material import Recording

SAMPLES = 40 * BLOCK
WHOLE = SAMPLES + 2 * PADDING
CLEAN_SHARE = 0.3
UNHEARD, HEARD = 2.5, 5.0  # scales that an event stands out of the prediction error: below, none is asked for
# How often each kind of sound is drawn; what a click finder mistakes for clicks is well represented.
SHARES = {
    "band": 0.22,
    "orchestra": 0.18,
    "solo": 0.2,
    "drums": 0.1,
    "strokes": 0.08,
    "texture": 0.04,
    "speech": 0.18,
}


@dataclass(frozen=True)
class Stretch:
    """Features of shape (3, n), labels of shape (n,), and how much each sample counts, shape (n,)."""

    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


class Stretches:
    """Draws stretches, the training or the validation recordings' own.

    Parameters
    ----------
    recordings
        What `material.recordings` returns, or a part of it.
    """

    def __init__(self, recordings: list[Recording]) -> None:
        self._by_kind: dict[str, list[Recording]] = {}
        for recording in recordings:
            self._by_kind.setdefault(recording.kind, []).append(recording)
        self._kinds = [kind for kind in SHARES if kind in self._by_kind]
        self._shares = np.array([SHARES[kind] for kind in self._kinds])
        self._shares /= self._shares.sum()
        self._read: dict[str, tuple[np.ndarray, int]] = {}

    def draw(self, draw: Draw, *, clean: bool | None = None) -> Stretch:
        """Draw one stretch: damaged, clean, or, by default, either."""
        sound, rate = self.clean(draw)
        if clean is None:
            clean = draw.random() < CLEAN_SHARE
        damage = Damage(sound, rate, draw) if clean else drawn_damage(sound, rate, draw)
        damaged = sound + damage.added
        if draw.random() < 0.6:
            damaged = _at_16_bits(damaged, draw)
        return labelled(damaged, damage)

    def clean(self, draw: Draw) -> tuple[np.ndarray, float]:
        """Draw clean sound of `WHOLE` samples, and the rate in Hz that it then has."""
        sound = self._excerpt(str(draw.choice(self._kinds, p=self._shares)), draw)
        if draw.random() < 0.1:
            other = self._excerpt(str(draw.choice(self._kinds, p=self._shares)), draw)
            sound = sound + other * draw.uniform(0.1, 1.0)
        rate = draw.uniform(40_000.0, 50_000.0)
        sound = _through_a_chain(sound, draw)
        sound *= 10 ** (draw.uniform(-40.0, -6.0) / 20) / max(float(np.sqrt(np.mean(sound**2))), 1e-4)
        if draw.random() < 0.12:  # clipped peaks
            sound = np.clip(sound, -1.0, 1.0) if draw.random() < 0.5 else _clipped(sound, draw)
        return _with_noise(sound, rate, draw), rate

    def _excerpt(self, kind: str, draw: Draw) -> np.ndarray:
        some = self._by_kind[kind]
        parts, length = [], 0
        while length < WHOLE:  # clips and single strokes follow each other
            audio, _ = self._audio(some[draw.integers(len(some))])
            channel = audio[draw.integers(len(audio))]
            if channel.size > WHOLE:
                start = int(draw.integers(channel.size - WHOLE))
                channel = channel[start : start + WHOLE]
            channel = channel.astype(np.float64)
            fade = min(channel.size // 4, 400)
            channel[channel.size - fade :] *= np.linspace(1.0, 0.0, fade)
            if parts:
                channel[:20] *= np.linspace(0.0, 1.0, min(20, channel.size))
            parts.append(channel)
            length += channel.size
        return np.concatenate(parts)[:WHOLE]

    def _audio(self, recording: Recording) -> tuple[np.ndarray, int]:
        if recording.name not in self._read:
            audio, rate = soundfile.read(recording.path, dtype="float32", always_2d=True)
            if rate < 40_000:  # as the detector does: the least whole factor
                audio = resample_poly(audio, -(-40_000 // rate), 1, axis=0)
            self._read[recording.name] = np.ascontiguousarray(audio.T.astype(np.float16)), rate
        return self._read[recording.name]


def _through_a_chain(sound: np.ndarray, draw: Draw) -> np.ndarray:
    """Distort, equalise, band-limit, or leave as it is."""
    if draw.random() < 0.12:
        drive = np.exp(draw.uniform(0.0, 3.5)) / max(float(np.std(sound)), 1e-4)
        sound = np.tanh(drive * sound * 0.3 + draw.uniform(-0.2, 0.2))
        sound -= sound.mean()
    if draw.random() < 0.4:  # a tilt
        sound = lfilter([1.0, -draw.uniform(-0.6, 0.9)], [1.0, -draw.uniform(-0.6, 0.9)], sound)
    if draw.random() < 0.4:
        band = butter(
            int(draw.integers(1, 9)), np.exp(draw.uniform(np.log(0.15), np.log(0.95))), output="sos"
        )
        sound = sosfilt(band, sound)
    if draw.random() < 0.2:
        sound = sosfilt(butter(2, draw.uniform(0.001, 0.02), "high", output="sos"), sound)
    return sound


def _clipped(sound: np.ndarray, draw: Draw) -> np.ndarray:
    limit = float(np.quantile(np.abs(sound), draw.uniform(0.95, 0.9995))) + 1e-4
    return np.clip(sound, -limit, limit)


def _with_noise(sound: np.ndarray, rate: float, draw: Draw) -> np.ndarray:
    level = float(np.sqrt(np.mean(sound**2)))
    if draw.random() < 0.6:
        noise = lfilter([1.0], [1.0, -draw.uniform(-0.4, 0.9)], draw.standard_normal(sound.size))
        sound = sound + noise * (level / noise.std()) * 10 ** (draw.uniform(-70.0, -10.0) / 20)
    if draw.random() < 0.2:
        turns = 2 * np.pi * draw.choice((50.0, 60.0)) / rate * np.arange(sound.size)
        for harmonic in range(1, int(draw.integers(2, 30))):
            height = draw.uniform(0.0, 1.0) / harmonic ** draw.uniform(0.3, 1.5)
            sound = sound + 0.3 * level * height * np.sin(harmonic * turns + draw.uniform(0.0, 6.28))
    return sound


def _at_16_bits(sound: np.ndarray, draw: Draw) -> np.ndarray:
    dither = draw.random(sound.size) - draw.random(sound.size) if draw.random() < 0.7 else 0.0
    return np.round(sound * 2.0**15 + dither) / 2.0**15


def labelled(damaged: np.ndarray, damage: Damage) -> Stretch:
    """Return the features of a damaged stretch, with what they should tell.

    An event's body is asked for where it stands out of the prediction error, its tail is left open, and so
    is an event that nobody could hear or see. Short events count for as much as long ones.
    """
    blocks = SAMPLES // BLOCK
    models, scale = np.empty((blocks + 2, ORDER + 1)), np.empty(SAMPLES // CELL)
    features = np.empty((3, SAMPLES), np.float32)
    impulse_features(damaged, models, scale, features)
    shown = np.empty((2, (blocks + 2) * BLOCK))
    prediction_errors(damage.added, models, shown[0], shown[1])
    seen = np.max(np.abs(shown), axis=0)[BLOCK:-BLOCK] / np.repeat(scale, CELL)
    labels, weights = np.zeros(SAMPLES, np.float32), np.ones(SAMPLES, np.float32)
    events = [
        (event.start - PADDING, event.body_stop - PADDING, event.stop - PADDING) for event in damage.events
    ]
    events = [event for event in events if event[2] > 0 and event[0] < SAMPLES]
    for start, _, stop in events:
        weights[max(start - 1, 0) : stop + 2] = 0.0
    for start, body_stop, _ in events:
        body = slice(max(start, 0), max(body_stop, 1))
        if body.start >= SAMPLES:
            continue
        heard = (np.max(seen[body]) - UNHEARD) / (HEARD - UNHEARD)
        if heard <= 0.0:
            continue
        length = min(body.stop, SAMPLES) - body.start
        weight = min(heard, 1.0) * np.clip(24.0 / length, 0.25, 6.0)
        labels[body] = 1.0
        weights[body] = np.maximum(weights[body], weight)
    return Stretch(features, labels, weights)

"""The hysteresis: chosen on validation recordings, for the most events with hardly a false alarm in music.

Damaged stretches are drawn as for training, hard negatives and all, so that precision counts what is taken
for a click there; alarms are counted on the benchmark's tuning takes of clean music.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from bench.takes import Take, takes
from wavemend.analysis.impulse_detector import ImpulseDetector
from wavemend.analysis.inference import Model
from wavemend.kernels.impulse_features import probable_runs

from .stretches import SAMPLES, Stretch, Stretches

RATE = 45_000.0  # the middle of what the detector resamples to
GAP_MS = 0.25
APART_S = 2e-3
MOST_ALARMS = 15.0  # a minute and channel of clean music: under 1 would cost a third of the events
DAMAGED = 200  # stretches of 0.9 s
TAKES = 16
HIGHS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
LOWS = (0.1, 0.2, 0.3)


@dataclass(frozen=True)
class Choice:
    """The thresholds, and what they reach on the validation recordings."""

    high: float
    low: float
    precision: float
    recall: float
    alarms_a_minute: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def choose(network: Model, held_out: Stretches, seed: int) -> Choice:
    """Return the best pair of thresholds whose false alarms are few; of the fewest where none is."""
    draw = np.random.default_rng([seed, 7])
    damaged = [held_out.draw(draw, clean=False) for _ in range(DAMAGED)]
    heard = [_probability(network, stretch) for stretch in damaged]
    clean = takes("tuning", "music", TAKES)
    minutes = sum(take.audio.size / take.sample_rate for take in clean) / 60
    choices = []
    for low in LOWS:
        false = np.concatenate([_confidences(network, take, low) for take in clean])
        for high in (high for high in HIGHS if high > low):
            counts = sum(
                (_counts(s, _runs(p, low, high)) for s, p in zip(damaged, heard, strict=True)), np.zeros(4)
            )
            asked, found, told, true = counts
            alarms = float(np.sum(false >= high)) / minutes
            choices.append(
                Choice(high, low, float(true / max(told, 1)), float(found / max(asked, 1)), alarms)
            )
            print(choices[-1], f"F1 {choices[-1].f1:.3f}", file=sys.stderr)
    few = [choice for choice in choices if choice.alarms_a_minute <= MOST_ALARMS]
    return max(few, key=lambda c: c.f1) if few else min(choices, key=lambda c: c.alarms_a_minute)


def _confidences(network: Model, take: Take, low: float) -> np.ndarray:
    detector = ImpulseDetector(take.sample_rate, len(take.audio), high=low, low=low, network=network)
    return np.array([span.confidence for span in detector.push(take.audio) + detector.finish()])


def _probability(network: Model, stretch: Stretch) -> np.ndarray:
    return network.run({"features": stretch.features[np.newaxis]})[0][0]


def _runs(probability: np.ndarray, low: float, high: float) -> np.ndarray:
    gap = round(GAP_MS * 1e-3 * RATE)
    state, runs = np.array([0.0, -1.0, 0.0]), np.empty((SAMPLES + 1, 3))
    ended = np.pad(probability, (0, gap + 1))
    count = probable_runs(ended, 0, low, high, gap, state, runs)
    return runs[:count, :2].astype(int)


def _counts(stretch: Stretch, told: np.ndarray) -> np.ndarray:
    """Count asked for, found, told and true; what lies where nothing is asked for is neither."""
    edges = np.flatnonzero(np.diff(stretch.labels > 0, prepend=False, append=False))
    spans = edges.reshape(-1, 2)
    asked = np.array([np.max(stretch.weights[start:stop]) >= 1.0 for start, stop in spans], bool)
    open_to_doubt = np.array([stretch.weights[start:stop].min() < 1.0 for start, stop in told], bool)
    overlap = (spans[:, None, 0] < told[None, :, 1]) & (told[None, :, 0] < spans[:, None, 1])
    same = overlap & (np.abs(spans.sum(1)[:, None] - told.sum(1)[None]) <= 2 * APART_S * RATE)
    true = same.any(axis=0)
    counted = true | ~open_to_doubt
    return np.array([asked.sum(), same.any(axis=1)[asked].sum(), counted.sum(), true.sum()], float)

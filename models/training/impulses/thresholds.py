"""The threshold: the least one with hardly a false alarm in clean music that was not trained on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
from bench.material.takes import takes
from wavemend.analysis.clicks.detector import ImpulseDetector
from wavemend.inference.packaged import Model

from .material import Recording

MUSIC = ("band", "combo", "orchestra", "solo")
# source: models/impulses-2.md, which says how the threshold is chosen
SECONDS = 20
TAKES = 8  # of the benchmark's tuning set
MOST_ALARMS = 0.9  # a minute and channel, on the validation recordings and on the takes
LEAST, STEP = 0.5, 0.01


@dataclass(frozen=True)
class Choice:
    """A threshold, and false alarms a minute and channel on validation recordings and on tuning takes."""

    threshold: float
    validation_alarms: float
    tuning_alarms: float


def choose(network: Model, held_out: list[Recording]) -> Choice:
    """Return the least threshold with few false alarms on both."""
    validation = _confidences(network, _validation(held_out))
    tuning = _confidences(
        network, ((take.audio, take.sample_rate) for take in takes("tuning", "music", TAKES))
    )
    for threshold in np.arange(LEAST, 1.0, STEP).round(2).tolist():
        alarms = [float(np.sum(found >= threshold)) / minutes for found, minutes in (validation, tuning)]
        choice = Choice(threshold, *alarms)
        print(choice, file=sys.stderr)
        if max(alarms) <= MOST_ALARMS:
            break
    return choice


def _confidences(network: Model, recordings: Iterator[tuple[np.ndarray, int]]) -> tuple[np.ndarray, float]:
    confidences, minutes = [], 0.0
    for audio, rate in recordings:
        detector = ImpulseDetector(rate, len(audio), threshold=LEAST, network=network)
        found = detector.push(audio) + detector.finish()
        confidences += [span.confidence for span in found]
        minutes += audio.size / rate / 60.0
    return np.array(confidences), minutes


def _validation(held_out: list[Recording]) -> Iterator[tuple[np.ndarray, int]]:
    for recording in held_out:
        if recording.kind in MUSIC:
            frames = SECONDS * 44_100
            audio, rate = soundfile.read(recording.path, frames=frames, dtype="float64", always_2d=True)
            yield np.ascontiguousarray(audio.T), rate

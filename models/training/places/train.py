"""Train where VoiceDenoise works: ``python -m models.training places``, a quarter of an hour on one core.

A perceptron over the features of `wavemend.analysis.program`, as `ProgramUnderNoiseAnalyser` hears them: of
three seconds without the floor of their noise. Seeded: the same material gives the same weights.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from wavemend.analysis.program import features as program_features
from wavemend.analysis.program.under_noise import ProgramUnderNoiseAnalyser

from ..voice.noises import RATE
from .material import KINDS, Material, spoiled

# tuned: by hand, on the tuning takes, 2026-11-30; models/places-1.md has the outcome
STRETCHES = {"neither": 60, "speech": 400, "music": 500, "both": 120}
HIDDEN = 16
PENALTY = 10.0
FARTHEST = 3.0  # source: `wavemend.analysis.program.program`
STEPS = 600
SEED, VOICES_SEED = 20261130, 20261130
ROOT = Path(__file__).parents[3]
TARGET = ROOT / "src" / "analysis" / "program" / "under_noise_weights.py"
WORK = ROOT / "build" / "training" / "voice"

Arrays = list[np.ndarray]


def main() -> int:
    """Draw the stretches, fit, and write the module of weights."""
    parser = argparse.ArgumentParser(prog="python -m models.training places", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=SEED, help=f"of the stretches; the packaged one is {SEED}"
    )
    parser.add_argument("--target", type=Path, default=TARGET, help="module to write")
    parser.add_argument("--work", type=Path, default=WORK, help="folder of synthetic speakers")
    given = parser.parse_args()
    draw = np.random.default_rng(given.seed)
    material = Material(given.work, VOICES_SEED)
    found: Arrays = []
    kinds: list[int] = []
    for at, (kind, count) in enumerate(STRETCHES.items()):
        for _ in range(count):
            seen = described(spoiled(KINDS[kind](material, draw), draw))
            found.append(seen)
            kinds += [at] * len(seen)
        print(f"{kind}: {kinds.count(at)}", file=sys.stderr, flush=True)
    given.target.write_text(module(fit(np.concatenate(found), np.array(kinds)), len(kinds)), encoding="utf-8")
    return 0


def described(audio: np.ndarray, rate: int = RATE) -> np.ndarray:
    """Return the features of each three seconds, as the analyser takes them, shape (stretches, features)."""
    heard: Arrays = []

    def take(features: np.ndarray) -> np.ndarray:
        heard.append(features)
        return np.eye(len(KINDS))[0]

    analyser = ProgramUnderNoiseAnalyser(rate, len(np.atleast_2d(audio)), take)
    analyser.push(np.atleast_2d(audio))
    analyser.result()
    return np.array(heard).reshape(-1, len(program_features.NAMES))


def fit(found: np.ndarray, kinds: np.ndarray) -> Arrays:
    """Fit a perceptron with a ridge penalty, each kind weighing the same: mean, scale, four arrays."""
    mean, scale = found.mean(axis=0), found.std(axis=0)
    shown = np.clip((found - mean) / scale, -FARTHEST, FARTHEST)
    truth = np.eye(len(KINDS))[kinds]
    weight = (1 / np.bincount(kinds)[kinds] * len(kinds) / len(KINDS))[:, np.newaxis]
    shapes = [(shown.shape[1], HIDDEN), (HIDDEN,), (HIDDEN, len(KINDS)), (len(KINDS),)]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])

    def parted(flat: np.ndarray) -> Arrays:
        parts = np.split(flat, ends[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        first, first_bias, second, bias = parted(flat)
        hidden = np.tanh(shown @ first + first_bias)
        score = hidden @ second + bias
        score -= score.max(axis=1, keepdims=True)
        log = score - np.log(np.exp(score).sum(axis=1, keepdims=True))
        off = (np.exp(log) - truth) * weight
        back = (off @ second.T) * (1 - hidden**2)
        gradients = (shown.T @ back + PENALTY * first, back.sum(axis=0),
                     hidden.T @ off + PENALTY * second, off.sum(axis=0))  # fmt: skip
        ridge = 0.5 * PENALTY * (np.sum(first**2) + np.sum(second**2))
        return float(-np.sum(weight * truth * log) + ridge), np.concatenate([g.ravel() for g in gradients])

    start = 0.2 * np.random.default_rng(0).standard_normal(int(ends[-1]))
    weights = parted(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x)
    return [mean, scale, *weights]


def module(arrays: Arrays, count: int) -> str:
    """Return the source of the module of weights."""
    names = ("MEAN", "SCALE", "FIRST", "FIRST_BIAS", "SECOND", "BIAS")
    turned = [each.T for each in arrays]
    body = "".join(_assigned(name, each) for name, each in zip(names, turned, strict=True))
    return HEAD.format(count=count, body=body)


def _assigned(name: str, values: np.ndarray) -> str:
    figures = [f"{value:.4f}" for value in values.ravel()]
    lines = [f"    {', '.join(figures[at : at + 10])},\n" for at in range(0, len(figures), 10)]
    return f"{name} = np.array([\n{''.join(lines)}]).reshape({values.shape})\n"


HEAD = '''"""Weights that tell speech from music under noise: written by models/training/places, not by hand.

Trained on {count} stretches of three seconds; on what: models/places-1.md. One row of `FIRST` for each hidden
unit, its columns in the order of `features.NAMES`; one of `SECOND` for each of `program.KINDS`.
"""

import numpy as np

# source: models/training/places/train.py
# fmt: off
{body}# fmt: on
'''


if __name__ == "__main__":
    sys.exit(main())

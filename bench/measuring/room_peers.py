"""What others have for rooms: NARA-WPE (``nara-wpe``, MIT), where it is installed; at 16 kHz."""

from __future__ import annotations

from importlib.util import find_spec
from math import gcd

import numpy as np
from scipy.signal import resample_poly

from bench.material.reverberant import Reverberant
from bench.measuring.systems import System

RATE = 16_000  # source: nara-wpe's own examples
SIZE, SHIFT = 512, 128  # source: the same
DELAY, ITERATIONS = 3, 3  # source: the same
TAPS = {1: 30, 2: 10}  # tuned: one channel's on two takes of the tuning set, 2026-11-30; 10 is its default
NAME = "nara-wpe"


def room_peer() -> System:
    """Return the peer; a named system that cannot run where it is not installed."""
    return System(NAME, _run, missing="" if find_spec("nara_wpe") else "pip install nara-wpe")


def _run(made: Reverberant, sample_rate: int) -> np.ndarray:
    from nara_wpe.utils import istft, stft  # noqa: PLC0415 -- a benchmark's dependency alone
    from nara_wpe.wpe import wpe_v8  # noqa: PLC0415

    common = gcd(RATE, sample_rate)
    heard = resample_poly(made.audio, RATE // common, sample_rate // common, axis=1)
    spectra = stft(heard, size=SIZE, shift=SHIFT).transpose(2, 0, 1)
    done = wpe_v8(spectra, taps=TAPS[len(heard)], delay=DELAY, iterations=ITERATIONS)
    back = istft(done.transpose(1, 2, 0), size=SIZE, shift=SHIFT)
    back = resample_poly(back, sample_rate // common, RATE // common, axis=1)
    return np.asarray(np.pad(back, ((0, 0), (0, sample_rate)))[:, : made.audio.shape[1]])

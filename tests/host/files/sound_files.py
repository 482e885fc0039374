"""Sound files in every container, and the disks they go wrong on, for the host's tests."""

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavemend.errors import AudioFileError
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.files.audio_reader import AudioReader
from wavemend.host.files.audio_writer import AudioWriter

RATE = 44100
BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
LOSSLESS = [
    (container, subtype, endian)
    for container in ("WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "FLAC", "AU")
    for subtype in (*BITS, "FLOAT", "DOUBLE")
    for endian in ("FILE", "LITTLE", "BIG")
    if soundfile.check_format(container, subtype, endian)
]


def random_audio(subtype: str, shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Samples on the grid of a subtype over its whole range, both extremes included."""
    rng = np.random.default_rng(seed)
    bits = BITS.get(subtype)
    if bits:
        words = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), shape)
        words[:, :2] = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        return words / 2.0 ** (bits - 1)
    audio = rng.standard_normal(shape) * 3
    if subtype == "FLOAT":
        audio = audio.astype(np.float32).astype(float)
        audio[:, :4] = 1e-45, -0.0, 3.4e38, 2.5
        return audio.astype(np.float32).astype(float)
    audio[:, :4] = 5e-324, -0.0, 1.7e308, 2.5
    return audio


def store(path: Path, audio: np.ndarray, container: str, subtype: str, endian: str = "FILE") -> None:
    """Write with soundfile itself, so that our writer is not tested against itself."""
    with soundfile.SoundFile(path, "w", RATE, audio.shape[0], subtype, endian, container) as file:
        if subtype not in ("FLOAT", "DOUBLE"):
            file.write(np.ascontiguousarray((audio.T * 2.0**31).astype(np.int32)))
        else:
            file.write(np.ascontiguousarray(audio.T))


def encoded(path: Path, container: str, subtype: str, audio: np.ndarray) -> None:
    # libsndfile's lossy encoders crash on very long calls.
    rate = 48000 if subtype == "OPUS" else RATE
    with soundfile.SoundFile(path, "w", rate, audio.shape[0], subtype, None, container) as file:
        for start in range(0, audio.shape[1], 8192):
            file.write(np.ascontiguousarray(audio[:, start : start + 8192].T))


def copy(source: Path, target: Path, size: int = 700) -> AudioFormat:
    with AudioReader(source) as reader:
        form = reader.format.lossless_output(reader.frames)
        with AudioWriter(target, form, reader.frames) as writer:
            for block in reader.blocks(size):
                writer.write(block)
    return form


def refusal(path: Path) -> str:
    with pytest.raises(AudioFileError) as caught, AudioReader(path) as reader:
        for _ in reader.blocks(1000):
            pass
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Permissions do not bind root, so be someone else for a while."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if was == 0:
            os.seteuid(was)


@contextlib.contextmanager
def disk_of(room: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: what a full disk is like, without being root."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

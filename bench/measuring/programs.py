"""Programs beside Python, ffmpeg and SoX, as subprocesses on float WAVs."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import soundfile


class PeerError(Exception):
    """A peer is missing or failed; the message is its own last line."""


@cache
def peer_version(program: str) -> str:
    """Return the version as the program itself tells it, or that it is not installed."""
    if not shutil.which(program):
        return f"{program} not installed"
    option = {"ffmpeg": "-version", "sox": "--version"}[program]
    words = called(program, option).splitlines()[0].replace("SoX", "").split()
    return f"{program} {words[2] if program == 'ffmpeg' else words[-1].lstrip('v')}"


def called(*command: str | Path) -> str:
    """Run a program and return what it prints.

    Raises
    ------
    PeerError
        It is not installed or failed.
    """
    words = [str(word) for word in command]
    if not shutil.which(words[0]):
        raise PeerError(f"{words[0]} is not installed")
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise PeerError(f"{words[0]} failed: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    return done.stdout


def write(path: Path, audio: np.ndarray, sample_rate: int) -> None:
    """Write audio of shape (channels, n) as a WAV of 32-bit floats."""
    soundfile.write(path, audio.T, sample_rate, subtype="FLOAT")


def read(path: Path, length: int, delay: int = 0) -> np.ndarray:
    """Return ``length`` samples from ``delay`` on; what the peer lost at the end is silence."""
    audio = soundfile.read(path, always_2d=True)[0].T[:, delay : delay + length]
    return np.pad(audio, ((0, 0), (0, length - audio.shape[1])))

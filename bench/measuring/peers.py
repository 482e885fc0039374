"""ffmpeg and SoX as systems: subprocesses on float WAVs, their delay compensated.

A program that is missing, or that does not know a filter, gives a named system that cannot run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt

from bench.material.damage import Damaged
from bench.measuring.programs import PeerError, called, read, write
from bench.measuring.systems import System

ADECLICK = "adeclick"
SOX_HEADROOM = 0.25  # guard: SoX computes with integers and clips what a click takes over full scale
SOX_WINDOW = 2048  # source: SoX's noisered.c, WINDOWSIZE

# The steps of the vinyl preset with its shelf on. A fourth-order Butterworth is two sections of these Q.
VINYL_FILTERS = (
    "highpass=f=20:t=q:w=0.5412,highpass=f=20:t=q:w=1.3066",
    "highshelf=f=8000:t=q:w=0.7:g=1.5",
    "alimiter=limit=0.966:attack=5:release=100:level=false:latency=true",
)
VINYL_WITHOUT_REPAIRS = ",".join(VINYL_FILTERS)
VINYL_REDUCTION_DB = 8  # source: the preset `vinyl`, which this stands beside


def tracking(reduction_db: float) -> str:
    """Return afftdn following the noise by itself, its other settings as ffmpeg has them."""
    return f"afftdn=nr={reduction_db}:tn=1"


def learned(reduction_db: float, damaged: Damaged, sample_rate: int) -> str:
    """Return afftdn as an expert would set it: its floor to the lead's level, its print from the lead."""
    rumble_filter = butter(4, 30.0, "highpass", fs=sample_rate, output="sos")
    lead = sosfilt(rumble_filter, damaged.audio[:, : damaged.program.start], axis=1)
    floor = np.clip(10 * np.log10(np.mean(lead[:, lead.shape[1] // 2 :] ** 2) + 1e-12), -80.0, -20.0)
    stop = damaged.program.start / sample_rate - 0.1
    return (
        f"asendcmd=c='0.2 afftdn sn start; {stop:.3f} afftdn sn stop',afftdn=nr={reduction_db}:nf={floor:.1f}"
    )


def vinyl_chain(afftdn: str) -> str:
    """Return the steps of the vinyl preset with its shelf on, around an afftdn."""
    return ",".join((ADECLICK, VINYL_FILTERS[0], afftdn, *VINYL_FILTERS[1:]))


def afftdn_delay(sample_rate: int) -> int:
    """Return the samples by which ffmpeg's afftdn lags: half its window of 50 ms."""
    return sample_rate // 40


def ffmpeg(audio: np.ndarray, sample_rate: int, filters: str) -> np.ndarray:
    """Return audio of shape (channels, n) through ffmpeg's filters.

    Of the filters used here only afftdn lags: adeclick and the limiter compensate for themselves.
    """
    delay = afftdn_delay(sample_rate) if "afftdn" in filters else 0
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.wav"), Path(folder, "out.wav")
        write(source, np.pad(audio, ((0, 0), (0, delay))), sample_rate)
        called(*ffmpeg_command(source, filters), "-c:a", "pcm_f32le", target)
        return read(target, audio.shape[1], delay)


def ffmpeg_command(source: Path, filters: str) -> list[str | Path]:
    """Return the command up to the output's options: one thread, overwriting, silent."""
    return [
        "ffmpeg", "-y", "-nostdin", "-v", "error", "-threads", "1", "-filter_threads", "1",
        "-i", source, "-af", filters,
    ]  # fmt: skip


def sox_noisered(audio: np.ndarray, sample_rate: int, lead: int, amount: float) -> np.ndarray:
    """Return audio through SoX's noisered, its profile learned from the first ``lead`` samples.

    Each channel by itself, with a window more at its end: noisered loses the last one, and of a different
    length in each channel.
    """
    output = np.empty_like(audio)
    with tempfile.TemporaryDirectory() as folder:
        source, noise, profile, target = (
            Path(folder, name) for name in ("in.wav", "noise.wav", "p", "out.wav")
        )
        for channel, x in enumerate(audio * SOX_HEADROOM):
            write(noise, x[None, :lead], sample_rate)
            write(source, np.pad(x, (0, 2 * SOX_WINDOW))[None], sample_rate)
            called("sox", "-V1", noise, "-n", "noiseprof", profile)
            called("sox", "-V1", "-D", source, target, "noisered", profile, str(amount))
            output[channel] = read(target, len(x))[0]
    return output / SOX_HEADROOM


def ffmpeg_system(name: str, filters: str) -> System:
    """Make a column of ffmpeg's filters."""
    return _probed(name, lambda damaged, rate: ffmpeg(damaged.audio, rate, filters))


def learned_system(
    name: str, reduction_db: float, chain: Callable[[str], str] = lambda afftdn: afftdn
) -> System:
    """Make a column of ffmpeg with the noise learned from before the program, alone or in a chain."""

    def run(damaged: Damaged, sample_rate: int) -> np.ndarray:
        return ffmpeg(damaged.audio, sample_rate, chain(learned(reduction_db, damaged, sample_rate)))

    return _probed(name, run)


def sox_system(name: str, amount: float = 0.25) -> System:
    """Make a column of SoX's noisered, which is told that noise is alone before the program."""

    def run(damaged: Damaged, sample_rate: int) -> np.ndarray:
        return sox_noisered(damaged.audio, sample_rate, damaged.program.start, amount)

    return _probed(name, run)


def missing_ffmpeg(filters: str) -> str:
    """Return why ffmpeg cannot run these filters, "" where it can."""
    return ffmpeg_system("", filters).missing


def _probed(name: str, run: Callable[[Damaged, int], np.ndarray]) -> System:
    """Try the peer on half a second of noise, so that a long benchmark does not fail on it later."""
    x = 1e-3 * np.random.default_rng(0).standard_normal((1, 22050))
    try:
        run(Damaged(x, x, 0 * x, slice(11025, 22050)), 44100)
    except PeerError as error:
        return System(name, run, missing=str(error))
    return System(name, run)

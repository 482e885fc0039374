"""Spectrograms one above the other, to see what a restoration did."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from scipy import signal

from ...audio.arrays import Audio
from ...errors import WavemendError
from ..files.audio_reader import AudioReader

MAX_SECONDS = 60.0  # guard: more has no detail at a picture's width
FLOOR_DB, CEILING_DB = -110.0, -30.0  # tuned: by eye, no record


def spectrograms(recordings: dict[str, Path], picture: BinaryIO) -> None:
    """Draw a spectrogram of each recording (its first minute) as PNG into `picture`.

    Parameters
    ----------
    recordings
        Sound files by title.
    picture
        Open binary file.

    Raises
    ------
    WavemendError
        matplotlib is not installed.
    """
    figure = new_figure(width=11, height=3.1 * len(recordings))
    axes = figure.subplots(len(recordings), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    image = None
    for axis, (title, path) in zip(axes, recordings.items(), strict=True):
        with AudioReader(path) as reader:
            rate = reader.format.sample_rate
            audio = reader.read(0, int(MAX_SECONDS * rate))
        levels, frequencies, times = _levels(audio, rate)
        image = axis.pcolormesh(
            times, frequencies / 1000, levels, vmin=FLOOR_DB, vmax=CEILING_DB, cmap="magma", rasterized=True
        )
        axis.set_title(title, loc="left")
        axis.set_ylabel("kHz")
    axes[-1].set_xlabel("seconds")
    if image is not None:
        figure.colorbar(image, ax=list(axes), label="dBFS", shrink=0.6)
    figure.savefig(picture, dpi=110, metadata={"Software": None})


def require_matplotlib() -> None:
    """Raise `WavemendError` where matplotlib is not installed: to be asked before long work."""
    if find_spec("matplotlib") is None:
        raise WavemendError("pictures need matplotlib; install it with: pip install 'wavemend[demo]'")


def new_figure(width: float, height: float) -> Any:
    """Make an empty matplotlib figure, sizes in inches, that needs no screen.

    Raises
    ------
    WavemendError
        matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an optional dependency
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _levels(audio: Audio, rate: int) -> tuple[Audio, Audio, Audio]:
    """Power of all channels in dBFS, shape (frequencies, frames), with its two scales."""
    size = 2048 if rate < 64_000 else 4096
    hop = max(size // 4, audio.shape[1] // 1600)
    if audio.shape[1] < size:
        audio = np.pad(audio, ((0, 0), (0, size - audio.shape[1])))
    frequencies, times, power = signal.spectrogram(
        audio, rate, "hann", size, size - min(hop, size), scaling="spectrum", axis=-1
    )
    return 10 * np.log10(power.mean(axis=0) + 1e-15), frequencies, times

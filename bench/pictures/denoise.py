"""``python -m bench.pictures.denoise``: tape hiss in dance-band music; before, after, and what was removed.

Writes ``docs/images/denoise.png``. The music is rendered from MMA's own styles (see bench/cache/dance-band).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import stft
from wavemend import Denoise

from bench.material.damage import noise
from bench.material.takes import SAMPLE_RATE, takes

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "denoise.png"
# tuned: the picture, by eye
TAKES = 8
BELOW_DB = 15.0
SHOWN_S = (0.5, 4.0)  # the hiss alone, and the music from 1.5 s on
FLOOR_DB, CEILING_DB = -105.0, -40.0
FRAME, HOP = 4096, 1323
EDGES_KHZ = np.geomspace(0.15, 17.0, 111)
TICKS_KHZ = (0.2, 0.5, 1, 2, 5, 10)


def main() -> None:
    """Draw the picture."""
    IMAGE.parent.mkdir(exist_ok=True)
    draw().savefig(IMAGE, dpi=80, metadata={"Software": None})


def draw() -> Figure:
    """Draw three spectrograms of the same seconds on one scale."""
    take = next(take for take in takes("report", "music", TAKES) if take.name.startswith("dance-band"))
    noisy = noise(take.audio, SAMPLE_RATE, kind="tape", below_db=BELOW_DB, seed=0)
    repaired = Denoise(quality="high").process(noisy.audio, SAMPLE_RATE)
    figure = Figure(figsize=(10.0, 3.6), layout="constrained")
    parts = {"before": noisy.audio, "after": repaired, "removed": noisy.audio - repaired}
    axes = figure.subplots(1, len(parts), sharey=True)
    for axis, (name, audio) in zip(axes, parts.items(), strict=True):
        image = draw_spectrum(axis, audio[0])
        axis.set_title(name, loc="left", fontsize=11)
        axis.set_xlabel("s")
    axes[0].set_ylabel("kHz")
    figure.colorbar(image, ax=axes[-1], label="dBFS")
    return figure


def draw_spectrum(axis: Axes, audio: np.ndarray) -> object:
    """Draw the seconds shown of one channel, mean power over bands of a sixteenth of an octave."""
    first, last = (round(second * SAMPLE_RATE) for second in SHOWN_S)
    frequency, _, spectrum = stft(
        audio[first - FRAME // 2 : last + FRAME // 2], SAMPLE_RATE, nperseg=FRAME, noverlap=FRAME - HOP,
        boundary=None, padded=False,
    )  # fmt: skip
    edges = np.interp(1e3 * EDGES_KHZ, frequency, np.arange(frequency.size))
    total = np.vstack([np.zeros(spectrum.shape[1]), np.cumsum(np.abs(spectrum) ** 2, axis=0)])
    at = [np.interp(edges + 0.5, np.arange(len(total)), column) for column in total.T]
    power = np.diff(np.stack(at, axis=1), axis=0) / np.diff(edges)[:, np.newaxis]
    time = np.linspace(*SHOWN_S, power.shape[1] + 1)
    axis.set_yscale("log")
    axis.set_yticks(TICKS_KHZ, [f"{tick:g}" for tick in TICKS_KHZ])
    axis.minorticks_off()
    level = 10 * np.log10(power + 1e-18)
    return axis.pcolormesh(
        time, EDGES_KHZ, level, cmap="magma", vmin=FLOOR_DB, vmax=CEILING_DB, rasterized=True
    )


if __name__ == "__main__":
    main()

"""``python -m bench.pictures.guard``: what an over-driven Denoise removed, and where the guard names harm.

Writes ``docs/images/guard.png``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.signal import stft
from wavemend import Denoise
from wavemend.analysis.artifacts.artifacts import find_artifacts

from bench.material.damage import noise
from bench.material.takes import SAMPLE_RATE, takes

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "guard.png"
# tuned: the picture, by eye
TAKES = 8
BELOW_DB = 25.0
FLOOR_DB, CEILING_DB = -105.0, -45.0
FRAME, HOP = 2048, 1024
HIGHEST_HZ = 8000
COLOURS = {
    "lost program": "#d55e00",
    "hollow": "#cc79a7",
    "lost transient": "#0072b2",
    "musical noise": "#009e73",
    "pumping": "#e69f00",
}


def main() -> None:
    """Draw the picture."""
    IMAGE.parent.mkdir(exist_ok=True)
    draw().savefig(IMAGE, dpi=80, metadata={"Software": None})


def draw() -> Figure:
    """Draw what a gentle and an over-driven Denoise remove of the same speech, artifacts above each."""
    take = takes("report", "speech", TAKES)[0]
    noisy = noise(take.audio, SAMPLE_RATE, kind="tape", below_db=BELOW_DB, seed=0).audio
    runs = {
        "removed at 13 dB, as it comes": Denoise(),
        "removed at 40 dB, the print raised by 12 dB": Denoise(reduction_db=40.0, threshold_db=12.0),
    }
    figure = Figure(figsize=(10.0, 4.4), layout="constrained")
    panels = figure.subplots(4, 1, sharex=True, height_ratios=[0.35, 1, 0.35, 1])
    for number, (title, stage) in enumerate(runs.items()):
        after = stage.process(noisy, SAMPLE_RATE)
        above, axis = panels[2 * number], panels[2 * number + 1]
        found = list(find_artifacts([(noisy, after)], SAMPLE_RATE, len(noisy)))
        for row, (kind, colour) in enumerate(COLOURS.items()):
            places = [(a.position / SAMPLE_RATE, a.length / SAMPLE_RATE) for a in found if a.kind == kind]
            above.broken_barh(places, (-row - 0.8, 0.8), color=colour, label=kind)
        above.set(ylim=(-len(COLOURS), 0), yticks=[])
        above.set_title(title, loc="left", fontsize=10)
        frequency, time, spectrum = stft((noisy - after)[0], SAMPLE_RATE, nperseg=FRAME, noverlap=FRAME - HOP)
        shown = frequency <= HIGHEST_HZ
        level = 20 * np.log10(np.abs(spectrum[shown]) + 1e-9)
        image = axis.pcolormesh(
            time, frequency[shown] / 1000, level, cmap="magma", vmin=FLOOR_DB, vmax=CEILING_DB,
            rasterized=True,
        )  # fmt: skip
        axis.set_ylabel("kHz")
    panels[0].legend(ncols=len(COLOURS), fontsize=7, loc="upper right")
    panels[-1].set_xlabel("s")
    figure.colorbar(image, ax=panels[1::2], label="dBFS")
    return figure


if __name__ == "__main__":
    main()

"""``python -m bench.pictures.decrackle``: crackle in dance-band music, before and after.

Writes ``docs/images/decrackle.png``. The music is rendered from MMA's own styles (bench/cache/dance-band).
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import stft
from wavemend import Decrackle

from bench.material.damage import crackle
from bench.material.takes import SAMPLE_RATE, takes
from bench.measuring.measures import sdr_db
from bench.pictures.declick import CLEAN, DAMAGED, IMAGES, REPAIRED, TAKES, save

# tuned: the picture, by eye
PER_SECOND, STRENGTH = 200, 2.0
SPECTRUM_S = (3.0, 4.5)
WAVE_S = (3.62, 3.66)
WINDOW = 256
FLOOR_DB, CEILING_DB = -95.0, -35.0


def main() -> None:
    """Draw the picture."""
    IMAGES.mkdir(exist_ok=True)
    save(draw(), IMAGES / "decrackle.png")


def draw() -> Figure:
    """Draw the waveform of a few impulses above, and spectrograms of a second and a half below."""
    take = next(take for take in takes("report", "music", TAKES) if take.name.startswith("dance-band"))
    damaged = crackle(take.audio, SAMPLE_RATE, per_second=PER_SECOND, strength=STRENGTH, seed=0)
    repaired = Decrackle().process(damaged.audio, SAMPLE_RATE)
    figure = Figure(figsize=(9.0, 5.4), layout="constrained")
    axes = figure.subplot_mosaic([["wave", "wave"], ["before", "after"]])
    draw_waves(axes["wave"], damaged.clean[0], damaged.audio[0], repaired[0])
    image = None
    for name, audio in (("before", damaged.audio), ("after", repaired)):
        image = draw_spectrum(axes[name], audio[0])
        level = sdr_db(damaged.clean, audio)
        axes[name].set_title(f"{name}: the music {level:.0f} dB over what is wrong", loc="left", fontsize=10)
        axes[name].set_xlabel("s")
    axes["before"].set_ylabel("kHz")
    axes["after"].set_yticklabels([])
    figure.colorbar(image, ax=axes["after"], label="dBFS")
    figure.suptitle(f"Crackle, {PER_SECOND} a second, up to twice the music's level", fontsize=12)
    return figure


def draw_waves(axis: Axes, clean: np.ndarray, damaged: np.ndarray, repaired: np.ndarray) -> None:
    """Draw the damaged, the repaired and the clean signal over each other."""
    first, last = (round(second * SAMPLE_RATE) for second in WAVE_S)
    t = 1e3 * np.arange(last - first) / SAMPLE_RATE
    axis.plot(t, damaged[first:last], color=DAMAGED, linewidth=1.0, label="before")
    axis.plot(t, clean[first:last], color=CLEAN, linewidth=4.0, label="the music without crackle")
    axis.plot(t, repaired[first:last], color=REPAIRED, linewidth=1.2, label="after")
    axis.set_xlim(0.0, t[-1])
    axis.set_xlabel("ms")
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=3, fontsize=8, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)


def draw_spectrum(axis: Axes, audio: np.ndarray) -> object:
    """Draw the spectrogram of `SPECTRUM_S`."""
    first, last = (round(second * SAMPLE_RATE) for second in SPECTRUM_S)
    frequency, _, spectrum = stft(
        audio[first:last], SAMPLE_RATE, nperseg=WINDOW, noverlap=WINDOW // 2, boundary=None, padded=False
    )
    level = 20 * np.log10(np.abs(spectrum) + 1e-9)
    return axis.imshow(
        level, origin="lower", aspect="auto", cmap="magma", vmin=FLOOR_DB, vmax=CEILING_DB,
        extent=(*SPECTRUM_S, 0.0, frequency[-1] / 1e3), interpolation="bilinear",
    )  # fmt: skip


if __name__ == "__main__":
    main()

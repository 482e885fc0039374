"""``python -m bench.pictures.declick``: a tick, a pop and a scratch in dance-band music, before and after.

Writes ``docs/images/declick-*.png``. The music is rendered from MMA's own styles (bench/cache/dance-band).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from scipy.signal import stft
from wavemend import Declick

from bench.material.damage import clicks
from bench.material.takes import SAMPLE_RATE, takes

IMAGES = Path(__file__).parents[2] / "docs" / "images"
# tuned: the picture, by eye
TAKES = 8
DPI, COLOURS = 100, 64
CLEAN, DAMAGED, REPAIRED = "#9aa5b1", "#d1495b", "#1d6996"
FLOOR_DB, CEILING_DB = -100.0, -35.0


@dataclass(frozen=True)
class Shown:
    """One kind of click: how strong it is, and what of the recording is shown, in ms around its start."""

    kind: str
    strength: float
    wave_ms: tuple[float, float]
    spectrum_ms: tuple[float, float]
    window: int


SHOWN = (
    Shown("tick", 5.0, (-1.5, 2.5), (-20.0, 25.0), 128),
    Shown("pop", 5.0, (-4.0, 8.0), (-40.0, 50.0), 256),
    Shown("scratch", 5.0, (-6.0, 40.0), (-100.0, 130.0), 512),
)


def main() -> None:
    """Draw every picture."""
    IMAGES.mkdir(exist_ok=True)
    for shown in SHOWN:
        save(draw(shown), IMAGES / f"declick-{shown.kind}.png")


def save(figure: Figure, path: Path) -> None:
    """Write a PNG of few colours: a quarter of the bytes."""
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(DPI)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def draw(shown: Shown) -> Figure:
    """Draw one click: its waveform above, spectrograms of before and after below."""
    take = next(take for take in takes("report", "music", TAKES) if take.name.startswith("dance-band"))
    damaged = clicks(take.audio, SAMPLE_RATE, kind=shown.kind, strength=shown.strength, seed=0)
    repaired = Declick().process(damaged.audio, SAMPLE_RATE)
    event = median_event(damaged.clean, damaged.audio, repaired, damaged.starts)
    start, channel = int(damaged.starts[event]), int(np.argmax(damaged.struck[event]))
    signals = (damaged.clean[channel], damaged.audio[channel], repaired[channel])
    figure = Figure(figsize=(9.0, 5.4), layout="constrained")
    axes = figure.subplot_mosaic([["wave", "wave"], ["before", "after"]], height_ratios=[1.0, 1.0])
    draw_waves(axes["wave"], signals, start, shown.wave_ms)
    image = None
    for name, audio in (("before", signals[1]), ("after", signals[2])):
        image = draw_spectrum(axes[name], audio, start, shown)
        axes[name].set_title(name, loc="left", fontsize=10)
        axes[name].set_xlabel("ms")
    axes["before"].set_ylabel("kHz")
    axes["after"].set_yticklabels([])
    figure.colorbar(image, ax=axes["after"], label="dBFS")
    figure.suptitle(f"A {shown.kind} at {shown.strength:.0f} times the music's level", fontsize=12)
    return figure


def median_event(clean: np.ndarray, damaged: np.ndarray, repaired: np.ndarray, starts: np.ndarray) -> int:
    """Return the click of which as much goes as of half of them: neither the best nor the worst."""
    span = round(0.05 * SAMPLE_RATE)
    left = [
        np.sum((repaired - clean)[:, at : at + span] ** 2) / np.sum((damaged - clean)[:, at : at + span] ** 2)
        for at in starts
    ]
    return int(np.argsort(left)[len(left) // 2])


def draw_waves(axis: Axes, signals: tuple[np.ndarray, ...], start: int, span_ms: tuple[float, float]) -> None:
    """Draw the damaged, the repaired and the clean signal over each other."""
    first, last = (start + round(1e-3 * ms * SAMPLE_RATE) for ms in span_ms)
    t = 1e3 * (np.arange(first, last) - start) / SAMPLE_RATE
    clean, damaged, repaired = (signal[first:last] for signal in signals)
    axis.plot(t, damaged, color=DAMAGED, linewidth=1.0, label="before")
    axis.plot(t, clean, color=CLEAN, linewidth=4.0, label="the music without the click")
    axis.plot(t, repaired, color=REPAIRED, linewidth=1.2, label="after")
    axis.set_xlim(span_ms)
    axis.set_xlabel("ms")
    axis.legend(loc="upper right", fontsize=8, frameon=False)
    axis.spines[["top", "right"]].set_visible(False)


def draw_spectrum(axis: Axes, audio: np.ndarray, start: int, shown: Shown) -> object:
    """Draw the spectrogram around a click."""
    first, last = (start + round(1e-3 * ms * SAMPLE_RATE) for ms in shown.spectrum_ms)
    size = shown.window
    frequency, time, spectrum = stft(
        audio[first - size : last + size], SAMPLE_RATE, nperseg=size, noverlap=size - size // 8,
        nfft=2 * size, boundary=None, padded=False,
    )  # fmt: skip
    level = 20 * np.log10(np.abs(spectrum) + 1e-9)
    t = shown.spectrum_ms[0] + 1e3 * (time - size / SAMPLE_RATE)
    return axis.imshow(
        level, origin="lower", aspect="auto", cmap="magma", vmin=FLOOR_DB, vmax=CEILING_DB,
        extent=(t[0], t[-1], 0.0, frequency[-1] / 1e3), interpolation="bilinear",
    )  # fmt: skip


if __name__ == "__main__":
    main()

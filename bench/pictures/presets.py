"""``python -m bench.pictures.presets``: factory presets on real recordings: before, after, and removed.

Writes ``docs/images/preset-*.png`` where anything is repaired, and prints by how much the quiet and the loud
parts changed. The recordings lie beside the checkout (``../shared/real``), with their licences; where they do
not, there is nothing to draw.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import stft
from wavemend import load_preset

from bench.measuring.chains import without_repairs

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT.parent / "shared" / "real"
IMAGES = ROOT / "docs" / "images"
# tuned: the pictures, by eye
FRAMES_A_WIDTH, BANDS = 230, 96
WINDOW_S = 0.05
DEEPEST_DB, BRIGHTEST = 70.0, 99.7
LOWEST_HZ = 30.0
TICKS_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


@dataclass(frozen=True)
class Shown:
    """A recording, the preset that it is put through, and the seconds that are drawn."""

    recording: str
    preset: str
    seconds: tuple[float, float]


SHOWN = (
    Shown("vinyl_surface_sonicpi", "vinyl-heavy", (1.0, 5.0)),
    Shown("tape_pass_a", "music-on-tape", (0.0, 6.0)),
    Shown("apollo11_surface_voice", "reel-interview", (0.0, 4.2)),
    Shown("aero_am_radio_60hz_buzz", "am-radio", (0.0, 2.7)),
)


def main() -> int:
    """Draw a picture for each recording that is there."""
    missing = [one.recording for one in SHOWN if not path_of(one).is_file()]
    for one in SHOWN:
        if one.recording not in missing:
            parts, rate = heard(one)
            if np.any(parts["removed by repairs"]):
                figure = draw(one, parts, rate)
                figure.savefig(IMAGES / f"preset-{one.preset}.png", dpi=72, metadata={"Software": None})
            quiet, loud = fallen_db(parts["before"], parts["after"], rate)
            print(f"{one.recording}, {one.preset}: quiet {quiet:.1f} dB, loud {loud:.1f} dB lower")
    if missing:
        print(f"not beside the checkout, so not drawn: {', '.join(missing)}", file=sys.stderr)
    return bool(missing)


def path_of(one: Shown) -> Path:
    """Return where the recording lies."""
    return RECORDINGS / f"{one.recording}.flac"


def heard(one: Shown) -> tuple[dict[str, np.ndarray], int]:
    """Return a recording, its restoration and what repairs took, shape (channels, n), and the rate in Hz."""
    recording, rate = soundfile.read(path_of(one), always_2d=True)
    chain = load_preset(f"factory:{one.preset}").chain
    restored = chain.process(recording.T, rate)
    # a filter turns phases, so what it took itself would seem to hold the program
    repaired = without_repairs(chain).process(recording.T, rate) - restored
    return {"before": recording.T, "after": restored, "removed by repairs": repaired}, rate


def fallen_db(before: np.ndarray, after: np.ndarray, rate: int) -> tuple[float, float]:
    """Return by how much the quietest and the loudest tenth of the recording's moments of 50 ms fell."""
    size = round(WINDOW_S * rate)
    was, is_ = (
        np.mean(x[:, : x.shape[1] // size * size].reshape(len(x), -1, size) ** 2, axis=(0, 2))
        for x in (before, after)
    )
    order = np.argsort(was)
    tenth = max(order.size // 10, 1)
    parts = (order[:tenth], order[-tenth:])
    quiet, loud = (10 * np.log10(np.sum(was[part]) / max(np.sum(is_[part]), 1e-20)) for part in parts)
    return float(quiet), float(loud)


def draw(one: Shown, parts: dict[str, np.ndarray], rate: int) -> Figure:
    """Draw three spectrograms of the same seconds on one scale."""
    figure = Figure(figsize=(10.0, 2.7), layout="constrained")
    axes = figure.subplots(1, len(parts), sharey=True)
    loudest = None
    for axis, (name, audio) in zip(axes, parts.items(), strict=True):
        level = levels_db(audio[0], rate, one.seconds)
        loudest = np.percentile(level, BRIGHTEST) if loudest is None else loudest
        image = draw_levels(axis, level, rate, one.seconds, loudest)
        axis.set_title(name, loc="left", fontsize=11)
        axis.set_xlabel("s")
    axes[0].set_ylabel("Hz")
    figure.colorbar(image, ax=axes[-1], label="dBFS")
    return figure


def levels_db(audio: np.ndarray, rate: int, seconds: tuple[float, float]) -> np.ndarray:
    """Return mean powers over bands that are equally wide in octaves, shape (bands, frames)."""
    first, last = (round(second * rate) for second in seconds)
    size = round(WINDOW_S * rate)
    hop = max((last - first) // FRAMES_A_WIDTH, 1)
    hz, _, spectrum = stft(audio[first:last], rate, nperseg=size, noverlap=max(size - hop, 0))
    edges = np.interp(_edges_hz(rate), hz, np.arange(hz.size)) + 0.5
    total = np.vstack([np.zeros(spectrum.shape[1]), np.cumsum(np.abs(spectrum) ** 2, axis=0)])
    at = np.stack([np.interp(edges, np.arange(len(total)), column) for column in total.T], axis=1)
    power: np.ndarray = np.diff(at, axis=0) / np.diff(edges)[:, np.newaxis]
    return 10 * np.log10(power + 1e-14)


def draw_levels(
    axis: Axes, level: np.ndarray, rate: int, seconds: tuple[float, float], loudest: float
) -> object:
    """Draw them, frequencies on a logarithmic scale."""
    edges = _edges_hz(rate)
    axis.set_yscale("log")
    ticks = [tick for tick in TICKS_HZ if edges[0] <= tick <= edges[-1]]
    axis.set_yticks(ticks, [f"{tick / 1000:g}k" if tick >= 1000 else f"{tick}" for tick in ticks])
    axis.minorticks_off()
    time = np.linspace(*seconds, level.shape[1] + 1)
    return axis.pcolormesh(
        time, edges, level, cmap="magma", vmin=loudest - DEEPEST_DB, vmax=loudest, rasterized=True
    )


def _edges_hz(rate: int) -> np.ndarray:
    return np.geomspace(LOWEST_HZ, 0.49 * rate, BANDS + 1)


if __name__ == "__main__":
    sys.exit(main())

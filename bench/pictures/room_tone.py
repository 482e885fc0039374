"""``python -m bench.pictures.room_tone``: a muted pause, filled with a loop and by RoomTone.

Writes ``docs/images/room_tone.png``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from bench.material.rooms import Room, room
from bench.material.takes import SAMPLE_RATE, takes
from bench.tables.room_tone import WAYS

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "room_tone.png"
# tuned: the picture, by eye
KIND, SECONDS = "pink", 8.0
BEFORE_S, SHOWN_S = 2.4, 6.0  # of the program before the long hole, and all that is shown
FRAME, HOP = 2048, 512
FLOOR_DB, CEILING_DB = -110.0, -60.0
EDGES_KHZ = np.geomspace(0.1, 16.0, 97)
TICKS_KHZ = (0.1, 0.2, 0.5, 1, 2, 5, 10)
LONGEST_LAG_S, LEAST_LAG_S = 2.2, 0.02


def main() -> None:
    """Draw the picture."""
    IMAGE.parent.mkdir(exist_ok=True)
    draw().savefig(IMAGE, dpi=80, metadata={"Software": None})


def draw() -> Figure:
    """Draw three spectrograms of the same seconds, and under them how like itself what was filled in is."""
    made = room(takes("report", "speech", 1, SECONDS)[0], KIND, 0)
    heard = {"muted": made.audio, "filled with a loop of 0.5 s": WAYS["loop of 0.5 s"](made)}
    heard["filled by RoomTone"] = WAYS["RoomTone"](made)
    figure = Figure(figsize=(10.0, 4.8), layout="constrained")
    axes = figure.subplots(2, len(heard), sharey="row", height_ratios=(3, 1))
    for (above, below), (name, audio) in zip(axes.T, heard.items(), strict=True):
        image = _spectrum(above, audio[0], made)
        above.set_title(name, loc="left", fontsize=11)
        lag_s, likeness = _likeness(audio[:, made.holes[-1]])
        below.plot(lag_s, likeness, linewidth=0.7, color="tab:purple")
        below.set_ylim(-0.3, 1.05)
        below.set_xlabel("lag, s")
    axes[0, 0].set_ylabel("kHz")
    axes[1, 0].set_ylabel("likeness")
    figure.colorbar(image, ax=axes[0, -1], label="dBFS")
    return figure


def _spectrum(axis: object, audio: np.ndarray, made: Room) -> object:
    """Draw the seconds around the beginning of the long hole, mean power over thirteenths of an octave."""
    first = made.holes[-1].start - round(BEFORE_S * SAMPLE_RATE)
    shown = audio[first : first + round(SHOWN_S * SAMPLE_RATE)]
    frames = np.lib.stride_tricks.sliding_window_view(shown, FRAME)[::HOP] * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames)) ** 2 / (SAMPLE_RATE * FRAME / 4)
    edges = np.interp(1e3 * EDGES_KHZ, np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE), np.arange(power.shape[1]))
    total = np.pad(np.cumsum(power, axis=1), ((0, 0), (1, 0)))
    at = np.array([np.interp(edges, np.arange(row.size), row) for row in total])
    in_bands = np.diff(at, axis=1) / np.diff(edges)
    axis.set_yscale("log")
    axis.set_yticks(TICKS_KHZ, [f"{tick:g}" for tick in TICKS_KHZ])
    axis.minorticks_off()
    axis.set_xlabel("s")
    time = np.linspace(0.0, SHOWN_S, len(frames) + 1)
    level = 10 * np.log10(in_bands.T + 1e-20)
    return axis.pcolormesh(
        time, EDGES_KHZ, level, cmap="magma", vmin=FLOOR_DB, vmax=CEILING_DB, rasterized=True
    )


def _likeness(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return lags, and the autocorrelation of what changes from sample to sample."""
    changes = np.diff(audio[0])
    spectrum = np.abs(np.fft.rfft(changes, 2 * changes.size)) ** 2
    likeness = np.fft.irfft(spectrum)[: round(LONGEST_LAG_S * SAMPLE_RATE)]
    lags = np.arange(likeness.size) / SAMPLE_RATE
    kept = lags > LEAST_LAG_S
    return lags[kept], likeness[kept] / max(likeness[0], 1e-30)


if __name__ == "__main__":
    main()

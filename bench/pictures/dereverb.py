"""``python -m bench.pictures.dereverb``: a voice in a made-up room, before and after.

Writes ``docs/images/dereverb.png``.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import stft
from wavemend import Dereverb

from bench.material.reverberant import in_a_room
from bench.material.takes import SAMPLE_RATE, takes
from bench.pictures.declick import IMAGES, save

# tuned: the picture, by eye
TAKES, TAKE, SEED = 6, 1, 1
DECAY_S = 0.6
SPECTRUM_S = (2.0, 4.5)
WINDOW, HIGHEST_KHZ = 1024, 5.0
FLOOR_DB, CEILING_DB = -90.0, -35.0


def main() -> None:
    """Draw the picture."""
    IMAGES.mkdir(exist_ok=True)
    save(draw(), IMAGES / "dereverb.png")


def draw() -> Figure:
    """Draw spectrograms of the take, of what one microphone hears, and of what two gave back."""
    take = takes("report", "speech", TAKES)[TAKE]
    made = in_a_room(take, DECAY_S, SEED)
    shown = {
        "the voice": made.clean,
        f"in a room that falls by 60 dB in {DECAY_S:g} s": made.audio,
        "after Dereverb, of two microphones": Dereverb()(made.audio, SAMPLE_RATE),
    }
    figure = Figure(figsize=(9.0, 6.4), layout="constrained")
    axes = figure.subplots(len(shown), 1, sharex=True)
    image = None
    for axis, (title, audio) in zip(axes, shown.items(), strict=True):
        image = draw_spectrum(axis, audio[0])
        axis.set_ylim(0.0, HIGHEST_KHZ)
        axis.set_title(title, loc="left", fontsize=10)
        axis.set_ylabel("kHz")
    axes[-1].set_xlabel("s")
    figure.colorbar(image, ax=axes, label="dBFS")
    return figure


def draw_spectrum(axis: Axes, audio: np.ndarray) -> object:
    """Draw the spectrogram of `SPECTRUM_S`."""
    first, last = (round(second * SAMPLE_RATE) for second in SPECTRUM_S)
    frequency, _, spectrum = stft(audio[first:last], SAMPLE_RATE, nperseg=WINDOW, boundary=None, padded=False)

    return axis.imshow(
        20 * np.log10(np.abs(spectrum) + 1e-9), origin="lower", aspect="auto", cmap="magma",
        vmin=FLOOR_DB, vmax=CEILING_DB, extent=(*SPECTRUM_S, 0.0, frequency[-1] / 1e3),
        interpolation="bilinear",
    )  # fmt: skip


if __name__ == "__main__":
    main()

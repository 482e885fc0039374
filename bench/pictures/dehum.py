"""``python -m bench.pictures.dehum``: before, after and what Dehum removed, as docs/images/dehum.png.

A dance band (mma) with 50 Hz buzz that jumps at splices.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import soundfile
from scipy.signal import stft
from wavemend import Dehum

from bench.material.damage import hum
from bench.material.fetch_audio import CACHE

RECORDING = CACHE / "dance-band" / "foxtrot.flac"
# tuned: the picture, by eye
START_SECONDS, SECONDS = 30.0, 9.0
HIGHEST_HZ = 1000.0
DEEPEST_DB = 75.0
TARGET = Path(__file__).parents[2] / "docs" / "images" / "dehum.png"


def main() -> None:
    """Make the picture."""
    rate = soundfile.info(RECORDING).samplerate
    start, frames = round(START_SECONDS * rate), round(SECONDS * rate)
    audio = soundfile.read(RECORDING, start=start, frames=frames, always_2d=True)[0].T
    damaged = hum(audio, rate, kind="buzz", seed=3, mains_hz=50.0, splices=True).audio
    edits: list[float] = []
    stage = Dehum()
    stream = stage.stream(rate, 2, stage.analyse(damaged, rate))

    def sink(event: object) -> None:
        edits.append(event.position / rate)  # type: ignore[attr-defined]

    output = np.concatenate([stream.step(damaged, sink), stream.flush(sink)], axis=1)
    shown = {"before": damaged, "after": output, "removed": damaged - output}
    figure, axes = plt.subplots(1, 3, figsize=(10.5, 3.2), sharey=True, layout="constrained")
    loudest = None
    for axis, (name, heard) in zip(axes, shown.items(), strict=True):
        hz, seconds, spectrum = stft(heard[0], rate, nperseg=8192, noverlap=4096)
        kept = hz <= HIGHEST_HZ
        level = 20 * np.log10(np.abs(spectrum[kept]) + 1e-9)
        loudest = level.max() if loudest is None else loudest
        mesh = axis.pcolormesh(
            seconds, hz[kept], level, vmin=loudest - DEEPEST_DB, vmax=loudest, cmap="magma", rasterized=True
        )
        axis.set_title(name)
        axis.set_xlabel("seconds")
    for edit in edits:
        axes[2].axvline(edit, color="white", linewidth=0.8, linestyle=":")
    axes[0].set_ylabel("Hz")
    figure.colorbar(mesh, ax=axes, label="dB", pad=0.01)
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, dpi=72, metadata={"Software": None})


if __name__ == "__main__":
    main()

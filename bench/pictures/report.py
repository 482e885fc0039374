"""``python -m bench.pictures.report``: the top of a report's page, of the demo's worn disc through ``vinyl``.

Writes ``docs/images/report.png``; the page is shown by Chromium without a screen (``apt install chromium``).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from wavemend import load_preset, render
from wavemend.host.demo.worn_disc import SAMPLE_RATE, performance, worn_disc
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.files.audio_writer import AudioWriter
from wavemend.host.reports.writing import Wanted, write_report

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "report.png"
WIDTH, HEIGHT = 1100, 1900  # tuned: the picture, by eye
COLOURS = 96  # tuned: the picture, by eye


def main() -> None:
    """Draw the picture."""
    browser = shutil.which("chromium") or sys.exit("needs Chromium: apt install chromium")
    with tempfile.TemporaryDirectory() as name:
        source, restored = Path(name) / "side.wav", Path(name) / "restored.wav"
        damaged = worn_disc(performance())
        with AudioWriter(source, AudioFormat("WAV", "PCM_24", SAMPLE_RATE, 2), damaged.shape[1]) as writer:
            writer.write(damaged)
        render(load_preset("vinyl"), source, restored, removed=True, events=True)
        _, [page] = write_report(restored, Wanted())
        shot = Path(name) / "shot.png"
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={shot}", page.as_uri(),
            ],
            check=True, capture_output=True,
        )  # fmt: skip
        Image.open(shot).convert("RGB").quantize(COLOURS).save(IMAGE, optimize=True)


if __name__ == "__main__":
    main()

"""``python -m bench.pictures.editor``: the editor of an exported Denoise that has learned tape hiss.

Writes ``docs/images/editor.png``. The effect draws it itself, in the tests' own host, without a display.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from tests.host.export.bundles import Host, built, exported

from bench.material.damage import noise

IMAGE = Path(__file__).parents[2] / "docs" / "images" / "editor.png"
# tuned: the picture, by eye
RATE, SECONDS, BLOCK = 48_000, 6, 8192
LEVEL = 0.002
WIDTH, HEIGHT = 800, 610


def main() -> None:
    """Draw the picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        placed = exported("denoise", folder, built(folder))
        with Host(placed, hiss()) as host:
            learn(host, placed.parents[1] / "Resources" / "manifest.tsv")
            host.ask("editor", WIDTH, HEIGHT)
            assert host.ask("picture", 0, 0, folder / "pixels") == "0"
        pixels = np.fromfile(folder / "pixels", np.uint8).reshape(HEIGHT, WIDTH, 4)
    picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, 2::-1]))
    picture.save(IMAGE, optimize=True)


def hiss() -> np.ndarray:
    """Make some seconds of tape hiss, shape (2, n)."""
    music = np.random.default_rng(0).normal(0, LEVEL, (2, SECONDS * RATE))
    noisy = noise(music, RATE, kind="tape", below_db=0.0, seed=0)
    return np.asarray(noisy.audio - noisy.clean, np.float32)


def learn(host: Host, manifest: Path) -> None:
    """Have the effect listen to all that is played, and wait until it has learned."""
    [switch] = (line.split("\t")[1] for line in manifest.read_text().splitlines() if "\tLearn\t" in line)
    host.start(RATE)
    host.ask("process", BLOCK, 2, f"{switch}:0:1")
    for _ in range(SECONDS * RATE // BLOCK - 2):
        host.ask("process", BLOCK, 2)
    host.ask("process", BLOCK, 2, f"{switch}:0:0")
    while host.word() != "ready":
        host.ask("process", BLOCK, 2)
    time.sleep(1)  # the shell hears of it


if __name__ == "__main__":
    main()

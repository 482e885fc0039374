"""Screenshots of the page for the docs: ``python -m tests.host.preview.screenshots``."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from wavemend.host.demo.worn_disc import SAMPLE_RATE, performance, worn_disc

from .browser import chromium, page_of, preview, wait_exact
from .worn import write_worn

MOST_BYTES = 300_000
_COLOURS = 255
IMAGES = Path(__file__).parents[3] / "docs" / "images"


def take(page: Any, path: Path) -> int:
    """Take a screenshot; return its size in bytes."""
    page.wait_for_timeout(600)
    taken = Image.open(io.BytesIO(page.screenshot()))
    taken.convert("RGB").quantize(_COLOURS, Image.Quantize.FASTOCTREE).save(path, optimize=True)
    return path.stat().st_size


def main() -> None:
    """Write both."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        source = write_worn(folder / "worn-disc.wav", worn_disc(performance()), SAMPLE_RATE)
        with preview(source, "vinyl", data=folder) as address:
            for theme in ("light", "dark"):
                with page_of(browser, address, theme) as page:
                    page.fill("#from", "4")
                    page.press("#from", "Tab")
                    page.fill("#to", "8")
                    page.press("#to", "Enter")
                    page.click("#hear-restored")
                    wait_exact(page)
                    page.wait_for_timeout(2000)
                    size = take(page, IMAGES / f"preview-{theme}.png")
                    print(f"preview-{theme}.png: {size} bytes")


if __name__ == "__main__":
    main()

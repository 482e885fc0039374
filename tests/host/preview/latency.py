"""How soon a change is heard: ``python -m tests.host.preview.latency``.

From the key that moves a control to the first new sample that the page's graph gives, while a 10 s selection
of the made-up worn disc plays in a loop; and until all of it is what a render has there.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from wavemend import Chain, Declick, Dehum, Denoise, save_preset
from wavemend.host.demo.worn_disc import SAMPLE_RATE, performance, worn_disc
from wavemend.host.presets.preset import Preset

from .browser import chromium, page_of, preview, revision, until, wait_exact
from .worn import write_worn

CHANGED = (("Declick", "sensitivity"), ("Dehum", "reduction_db"), ("Denoise", "reduction_db"))
TIMES = 5

_MEASURED = """([id]) => new Promise((resolve) => {
  const { player } = window.wavemend;
  const least = window.wavemend.state.revision;
  const heard = (event) => {
    if (event.detail.revision <= least) return;
    player.removeEventListener("sounded", heard);
    resolve([performance.now() - began, event.detail.quick]);
  };
  player.addEventListener("sounded", heard);
  const slider = document.getElementById(id);
  const began = performance.now();
  slider.value = Number(slider.value) + (Number(slider.value) > 0.6 ? -0.15 : 0.05);
  slider.dispatchEvent(new Event("input"));
})"""


def main() -> None:
    """Print a table."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        audio = worn_disc(performance())
        source = write_worn(folder / "worn-disc.wav", audio, SAMPLE_RATE)
        save_preset(Preset("Three", "", Chain([Declick(), Dehum(), Denoise()])), folder / "three.json")
        print(f"{audio.shape[0]} channels, {SAMPLE_RATE} Hz, {audio.shape[1] / SAMPLE_RATE:.0f} s")
        with (
            preview(source, folder / "three.json", data=folder) as address,
            page_of(browser, address) as page,
        ):
            page.fill("#from", "1")
            page.press("#from", "Tab")
            page.fill("#to", "11")
            page.press("#to", "Enter")
            wait_exact(page)
            page.click("#hear-restored")
            page.click("#play")
            until(page, "window.wavemend.player.playing && !window.wavemend.player.holding")
            cards = {card["name"]: card["seat"] for card in page.evaluate("window.wavemend.state.cards")}
            for stage, parameter in CHANGED:
                first, exact = [], []
                for _ in range(TIMES):
                    before = revision(page)
                    began = time.monotonic()
                    heard_ms, _ = page.evaluate(_MEASURED, [f"seat-{cards[stage]}-{parameter}-slider"])
                    wait_exact(page, before + 1)
                    first.append(heard_ms)
                    exact.append(time.monotonic() - began)
                print(
                    f"{stage}: first heard after {statistics.median(first):.0f} ms (of {TIMES}: "
                    f"{min(first):.0f} to {max(first):.0f}), exact after {statistics.median(exact):.1f} s"
                )


if __name__ == "__main__":
    main()

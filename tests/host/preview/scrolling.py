"""How smoothly a long recording is looked at: ``python -m tests.host.preview.scrolling``.

Three hours at 96 kHz in stereo, 24 bits, mostly digital silence (a sparse file) with noise in places: how
soon the page has it, its first tile and its waveform; then some seconds each of scrolling and zooming, with
the frames that the browser drew in them.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from wavemend import Chain, save_preset
from wavemend.host.presets.preset import Preset

from .browser import chromium, page_of, preview, until

RATE, HOURS = 96_000, 3.0
SECONDS = 4.0

# Moves at each frame, as a wheel does, and notes when frames came.
_MOVED = """([seconds, kind]) => new Promise((resolve) => {
  const { view } = window.wavemend;
  const times = [];
  const began = performance.now();
  const canvas = document.getElementById("wave");
  const box = canvas.getBoundingClientRect();
  const wheel = (fields) => canvas.dispatchEvent(new WheelEvent("wheel", {
    clientX: box.left + box.width / 2, clientY: box.top + 20, bubbles: true, cancelable: true, ...fields,
  }));
  const frame = (now) => {
    times.push(now);
    const share = (now - began) / (1000 * seconds);
    if (share >= 1) {
      const steps = times.slice(1).map((time, n) => time - times[n]);
      resolve({ frames: steps.length, longest: Math.max(...steps), seconds: (times.at(-1) - times[0]) / 1000,
                over: steps.filter((step) => step > 50).length });
      return;
    }
    for (let n = 0; n < 3; n += 1) { // mice tell more often than screens show
      if (kind === "scroll") wheel({ deltaX: 20 });
      else wheel({ deltaY: share < 0.5 ? -12 : 12 });
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""


def sparse_wave(path: Path, rate: int, seconds: float, channels: int = 2) -> Path:
    """Write an RF64 of silence that takes no disk, with noise for 2 s of each 10 minutes."""
    frames = round(rate * seconds)
    size = frames * channels * 3
    form = (16).to_bytes(4, "little") + b"".join(
        value.to_bytes(width, "little")
        for value, width in (
            (1, 2), (channels, 2), (rate, 4), (rate * channels * 3, 4), (channels * 3, 2), (24, 2),
        )
    )  # fmt: skip
    whole = size + 72
    sizes = b"ds64" + (28).to_bytes(4, "little") + whole.to_bytes(8, "little")
    sizes += size.to_bytes(8, "little") + frames.to_bytes(8, "little") + bytes(4)
    head = b"RF64" + b"\xff" * 4 + b"WAVE" + sizes + b"fmt " + form + b"data" + b"\xff" * 4
    noise = np.random.default_rng(0).integers(0, 256, 2 * rate * channels * 3, np.uint8)
    noise[2::3] = np.where(noise[2::3] & 1, 255, 0)  # -48 dBFS at most
    with path.open("wb") as file:
        file.write(head)
        for start in range(0, int(seconds) - 2, 600):
            file.seek(len(head) + start * rate * channels * 3)
            file.write(noise.tobytes())
        file.truncate(len(head) + size)
    return path


def busy_s(chrome: Any) -> float:
    """Return the processor time that the page's main thread took, s."""
    metrics = {one["name"]: one["value"] for one in chrome.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def told(page: Any, chrome: Any, kind: str) -> None:
    """Print what frames came."""
    before = busy_s(chrome)
    found = page.evaluate(_MOVED, [SECONDS, kind])
    busy = 1000 * (busy_s(chrome) - before) / found["frames"]
    rate = found["frames"] / found["seconds"]
    print(
        f"  {kind}: {rate:.0f} frames a second over {found['seconds']:.1f} s, "
        f"the longest {found['longest']:.0f} ms, {found['over']} over 50 ms; "
        f"{busy:.1f} ms of the page's thread a frame"
    )


def main() -> None:
    """Print figures."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        source = sparse_wave(folder / "long.wav", RATE, 3600 * HOURS)
        save_preset(Preset("None", "", Chain([])), folder / "none.json")
        began = time.monotonic()
        with preview(source, folder / "none.json", data=folder) as address:
            print(f"address printed after {time.monotonic() - began:.1f} s")
            opening = time.monotonic()
            with page_of(browser, address) as page:
                print(
                    f"page has the recording {time.monotonic() - opening:.2f} s after the address is opened"
                )
                chrome = page.context.new_cdp_session(page)
                chrome.send("Performance.enable", {"timeDomain": "threadTicks"})
                until(page, "[...window.wavemend.view.tiles.kept.values()].some((tile) => tile.levels)")
                print(f"first tile after {time.monotonic() - opening:.2f} s")
                until(page, "window.wavemend.view.waves.has('overview')")
                print(f"waveform of all of it (a glance) after {time.monotonic() - opening:.2f} s")
                for span, words in ((30.0, "30 s"), (600.0, "10 min"), (3600 * HOURS, "all")):
                    page.evaluate("([at, span]) => window.wavemend.view.show(at, span)", [0, span * RATE])
                    page.wait_for_timeout(1500)
                    print(f"{words} in view:")
                    told(page, chrome, "scroll")
                    told(page, chrome, "zoom")
                moved = time.monotonic()
                page.evaluate("window.wavemend.view.show(5000 * 96000, 30 * 96000)")
                until(
                    page, "!window.wavemend.view.tiles.running && !window.wavemend.view.tiles.waiting.length"
                )
                print(f"all tiles of another place after {time.monotonic() - moved:.2f} s")


if __name__ == "__main__":
    main()

"""A browser that does what a person does, over `wavemend preview` in a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright
from wavemend.audio.arrays import Audio

CHROMIUM = shutil.which("chromium")
EXACT = "#state[data-state=exact]:text('exact')"
WAIT_MS = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium without a screen."""
    with sync_playwright() as playwright:
        root = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=root)
        yield browser
        browser.close()


@contextmanager
def preview(*arguments: str | Path, data: Path) -> Iterator[str]:
    """Run ``wavemend preview``; gives its address, and ends it with Ctrl-C, after which nothing is said."""
    command = [sys.executable, "-m", "wavemend", "preview", *map(str, arguments), "--no-browser"]
    environment = {**os.environ, "XDG_DATA_HOME": str(data)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=data
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), process.stderr and process.stderr.read()
        try:
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        assert not said, said
        assert process.returncode == 0


@contextmanager
def page_of(browser: Browser, address: str, theme: str = "light") -> Iterator[Page]:
    """Open the page; whatever it asks for must lie on 127.0.0.1, and it may complain of nothing."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text))
    page.goto(address)
    until(page, "window.wavemend?.state?.recording")
    yield page
    place = address.partition("/?")[0].removeprefix("http://")
    away = [url for url in asked if url.split("/")[2] != place and not url.startswith("blob:")]
    assert not away
    # of a recording that is closed while it is fetched, the page is told so
    grave = [text for text in complaints if "Failed to load" not in text or "400" not in text]
    assert not grave, grave
    context.close()


def until(page: Page, expression: str) -> None:
    """Wait until something is so. (The page's own policy lets Playwright evaluate nothing over and over.)"""
    ends = time.monotonic() + WAIT_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < ends, f"never so: {expression}"
        page.wait_for_timeout(50)


def wait_exact(page: Page, revision: int = 0) -> None:
    """Wait until what is heard is what a render has there."""
    until(page, f"window.wavemend.state.revision >= {revision} && !window.wavemend.state.unlearned")
    page.wait_for_selector(EXACT, timeout=WAIT_MS)


def revision(page: Page) -> int:
    """Return the number of the state that the page shows."""
    return int(page.evaluate("window.wavemend.state.revision"))


class Captured(NamedTuple):
    """What the page's graph gave.

    Attributes
    ----------
    audio
        Shape (channels, n).
    at
        Sample of the recording that each of them is, shape (n,).
    runs
        Which of them were given while the position went on, shape (n,).
    """

    audio: Audio
    at: NDArray[np.int64]
    runs: NDArray[np.bool_]


def captured(page: Page, seconds: float, loop: tuple[int, int], act: str = "") -> Captured:
    """Return what the graph gives for so long in a loop; `act` is clicked meanwhile."""
    told: dict[str, Any] = page.evaluate(
        """async ([seconds, act]) => {
          const waiting = window.wavemend.player.capture(seconds);
          if (act) setTimeout(() => document.getElementById(act).click(), 1000 * seconds / 2);
          const { parts, positions } = await waiting;
          const channels = parts[0].map((_, c) => parts.flatMap((part) => [...part[c]]));
          return { channels, positions };
        }""",
        [seconds, act],
    )
    audio, positions = np.array(told["channels"]), np.array(told["positions"], np.int64)
    size, (start, stop) = audio.shape[1] // (positions.size - 1), loop
    steps = np.arange(size)
    at = start + (positions[:-1, np.newaxis] - start + steps) % (stop - start)
    runs = (positions[1:] - positions[:-1] - size) % (stop - start) == 0
    return Captured(audio, at.ravel(), np.repeat(runs, size))

"""The editor in the window of a host that knows nothing of us: pedalboard's, which is JUCE's."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from wavemend.errors import PluginError
from wavemend.host.export.bundle import export_vst3
from wavemend.host.export.effects import effect_of
from wavemend.host.export.shell_code import shell_code

from ..vst3.requirements import skip_or_fail
from .bundles import Host
from .display import Desktop, Display

pytestmark = pytest.mark.whole

SHOW = """
import sys, threading
import numpy as np, pedalboard

plugin = pedalboard.load_plugin(sys.argv[1])
for _ in range(2):
    closing = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), closing.set()), daemon=True).start()
    print("open", flush=True)
    plugin.show_editor(closing)
    print(plugin.cutoff_hz, plugin.slope_db_per_octave, flush=True)
out = plugin.process(np.zeros((2, 4096), np.float32), 48000)
print(out.shape, plugin.dropouts, flush=True)
"""
"""Opens the editor twice, until it reads a line; says what the parameters are then."""

STEPS = 20


def test_it_is_shown_and_turned(host_binary: Path, screen: Display, desktop: Desktop, tmp_path: Path) -> None:
    try:
        shell_code()
    except PluginError as error:
        skip_or_fail(str(error))
    bundle = export_vst3("rumble", tmp_path).path
    cutoff, slope = (control.id for control in effect_of("rumble").controls)
    places = where(bundle, host_binary, cutoff, slope)
    with subprocess.Popen(
        [sys.executable, "-c", SHOW, bundle], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"DISPLAY": screen.name}, text=True,
    ) as shown:  # fmt: skip
        assert shown.stdin is not None
        assert shown.stdout is not None
        seen = []
        for _ in range(2):
            assert shown.stdout.readline() == "open\n"
            time.sleep(2)  # it does not say when its window is there
            drag(desktop, places[cutoff], 0.2)
            click(desktop, places[slope], 0.95)
            time.sleep(0.5)
            shown.stdin.write("\n")
            shown.stdin.flush()
            seen.append(shown.stdout.readline().split())
        assert shown.stdout.readline() == "(2, 4096) 0.0\n"
    assert shown.returncode == 0
    before = effect_of("rumble").controls[0].value
    assert before < float(seen[0][0]) < float(seen[1][0])
    assert seen[0][1] == seen[1][1] != str(effect_of("rumble").controls[1].value)


def where(bundle: Path, host_binary: Path, *parameters: int) -> dict[int, list[float]]:
    """Return where parameters are turned, as our own host sees the same bundle."""
    placed = bundle / "Contents" / f"{platform.machine()}-linux" / "host"
    shutil.copy(host_binary, placed)
    with Host(placed) as host:
        size = host.ask("editor", 0).split()
        places = {one: [float(x) for x in host.ask("where", one, *size).split()] for one in parameters}
    placed.unlink()
    return places


def drag(desktop: Desktop, place: list[float], far: float) -> None:
    left, top, width, height = place
    desktop.move(left + width / 2, top + height / 2)
    desktop.press()
    for step in range(1, STEPS + 1):
        desktop.move(left + width / 2 + far * width * step / STEPS, top + height / 2)
        time.sleep(0.01)
    desktop.release()


def click(desktop: Desktop, place: list[float], part: float) -> None:
    left, top, width, height = place
    desktop.move(left + part * width, top + height / 2)
    desktop.press()
    desktop.release()

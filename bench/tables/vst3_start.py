"""What chains of many VST3s cost before the first sample: in worker processes beside in this process.

Each figure is taken in a new interpreter, `python -m bench.tables.vst3_start PRESET in-process|isolated`, on
all cores. It prints seconds as JSON: what the first and the second file take, from the preset to the end of
one second of audio.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from wavemend import VST3, Chain, Preset, load_preset, save_preset
from wavemend.errors import PluginError
from wavemend.host.vst3.installed.catalogue import Catalogue

from bench.measuring.plan import Plan, markdown, verdict

# Debian's zam-plugins, without ZamVerb: it computes its reverberation for a second, wherever it runs.
PLUGINS = (
    "ZamCompX2",
    "ZaMaximX2",
    "ZamEQ2",
    "ZamGateX2",
    "ZamHeadX2",
    "ZaMultiCompX2",
    "ZamTube",
    "ZamDelay",
    "ZamGEQ31",
    "ZamPhono",
)
COUNTS = (1, 5, 20)  # source: this table's own conditions
WAYS = ("in-process", "isolated")
# source: this table's own conditions
SAMPLE_RATE = 44_100
REPEATS = 5
MOST_FIRST_S, MOST_NEXT_S = 6.0, 1.0


class Start(NamedTuple):
    """Seconds for a second of audio: of the first file in a new process, and of the next."""

    first_s: float
    next_s: float


def tables(plan: Plan) -> Iterator[str]:
    """Yield the time chains of 1, 5 and 20 slots need to start, and whether that is as little as promised."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"XDG_DATA_HOME": folder}
        presets = _presets(Path(folder), environment)
        if not presets:
            yield "No VST3s to measure: `apt-get install --no-install-recommends zam-plugins`."
            return
        starts: dict[tuple[int, str], list[Start]] = {}
        for repeat in range(1 if plan.quick else REPEATS):
            for count, preset in presets.items():
                for way in WAYS:
                    plan.tell(f"vst3_start: {count} slots, {way}, {repeat + 1}")
                    starts.setdefault((count, way), []).append(_measured(preset, way, environment))
    medians = {
        key: Start(*(median(column) for column in zip(*found, strict=True))) for key, found in starts.items()
    }
    yield _table(medians)
    worst = medians[COUNTS[-1], "isolated"]
    yield "\n".join(
        [
            verdict(
                f"Under {MOST_FIRST_S:g} s for the first second through {COUNTS[-1]} isolated slots",
                f"{worst.first_s:.2f} s",
                worst.first_s < MOST_FIRST_S,
            ),
            verdict(
                f"Under {MOST_NEXT_S:g} s for that of the next file",
                f"{worst.next_s:.2f} s",
                worst.next_s < MOST_NEXT_S,
            ),
        ]
    )


def _presets(folder: Path, environment: dict[str, str]) -> dict[int, Path]:
    """Scan, and write a preset for each count, in a process of its own; empty where there are no plugins."""
    subprocess.run(_command(str(folder), "presets"), check=True, env=environment)
    paths = {count: folder / f"{count}.json" for count in COUNTS}
    return {count: path for count, path in paths.items() if path.exists()}


def _measured(preset: Path, way: str, environment: dict[str, str]) -> Start:
    ran = subprocess.run(
        _command(str(preset), way), check=True, env=environment, capture_output=True, text=True
    )
    return Start(*json.loads(ran.stdout.splitlines()[-1]))


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench.tables.vst3_start", *arguments]


def write_presets(folder: Path) -> None:
    """Write a preset of so many slots for each count, every slot with settings of its own."""
    Catalogue().scan()
    try:
        plugins = [VST3(name) for name in PLUGINS]
    except PluginError:
        return
    for count in COUNTS:
        members = []
        for number in range(count):
            plugin = plugins[number % len(plugins)].copy()
            if number >= len(plugins):
                plugin.move(next(iter(plugin.parameters)), 0.25)
            members.append(plugin)
        save_preset(Preset(f"{count} slots", "", Chain(members)), folder / f"{count}.json")


def measure(preset: Path, way: str) -> Start:
    """Load the preset and play a second of audio through it, twice, as a batch does with its files."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))  # the other tables use one
    noise = np.random.default_rng(0).standard_normal((2, SAMPLE_RATE))
    audio = (0.1 * noise).astype(np.float32)
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        chain = load_preset(preset).chain
        if way == "in-process":
            chain = Chain([_in_process(slot.member) for slot in chain.slots])
        chain(audio, SAMPLE_RATE)
        seconds.append(time.perf_counter() - begin)
    return Start(*seconds)


def _in_process(plugin: VST3) -> VST3:
    own = VST3(plugin.identifier, isolated=False)
    own.take(plugin.state, plugin.places)
    return own


def _table(starts: dict[tuple[int, str], Start]) -> str:
    rows = []
    for count in COUNTS:
        figures = [f"{figure:.2f}" for way in WAYS for figure in starts[count, way]]
        rows.append([str(count), *figures])
    note = (
        "Seconds from the preset to the end of one second of stereo at 44.1 kHz, in a new process (imports "
        f"not counted), then for the next file; median of {REPEATS}, on all cores. Slots hold ten of "
        "zam-plugins in turn, those after the tenth with another value. What an in-process chain reads from "
        "the preset, its values included, is read in a worker all the same."
    )
    head = ("slots", "in process, first", "in process, next", "isolated, first", "isolated, next")
    return markdown("Start of many VST3s", head, rows, note)


if __name__ == "__main__":
    if sys.argv[2] == "presets":
        write_presets(Path(sys.argv[1]))
    else:
        print(json.dumps(measure(Path(sys.argv[1]), sys.argv[2])))

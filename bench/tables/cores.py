"""One long recording on one core and on two: how much sooner it is done, and that its bytes are the same."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from wavemend.host.storage.hashing import sha256_of

from bench.measuring.plan import Plan, markdown, verdict
from bench.tables.memory import FIRST_MINUTES, SAMPLE_RATE, write_recording

# source: this table's own conditions
PRESETS = ("vinyl", "cassette-music")
MINUTES, QUICK_MINUTES, LONG_MINUTES = 40.0, 16.0, 180.0
CORES = (1, 2)
LEAST = 1.7  # source: what is aimed at

# Every table is pinned to one core, and so is what it starts.
RENDER = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, range(os.cpu_count()))
from wavemend import render
render(sys.argv[1], sys.argv[2], sys.argv[3], overwrite=True, jobs=int(sys.argv[4]))
"""


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table, and whether two cores are worth it."""
    minutes = LONG_MINUTES if plan.long else QUICK_MINUTES if plan.quick else MINUTES
    with tempfile.TemporaryDirectory() as folder:
        first, source = (Path(folder, name) for name in ("first.wav", "long.wav"))
        write_recording(first, plan.takes("music")[0], FIRST_MINUTES)  # compiles what is not yet
        write_recording(source, plan.takes("music")[0], minutes)
        rows, told = [], []
        for preset in PRESETS:
            _seconds(preset, first, 1)
            wall, hashes = {}, set()
            for cores in CORES:
                plan.tell(f"cores: {preset}, {cores}")
                wall[cores] = _seconds(preset, source, cores)
                hashes.add(sha256_of(source.with_name("out.wav")))
            times = wall[CORES[0]] / wall[CORES[-1]]
            speeds = [f"{60 * minutes / wall[cores]:.1f}" for cores in CORES]
            rows.append([preset, *speeds, f"{times:.2f}"])
            told.append(verdict(f"{preset}: two cores over one", f"{times:.2f} times", times >= LEAST))
            told.append(verdict(f"{preset}: the same bytes", f"{len(hashes)} file", len(hashes) == 1))
    head = ["preset", *(f"{cores} core{'s' * (cores > 1)}, x real time" for cores in CORES), "times as fast"]
    note = (
        f"Wall clock of a program that renders {minutes:.0f} minutes of {SAMPLE_RATE / 1000:g} kHz stereo, "
        f"start included; a machine of {os.cpu_count()} cores."
    )
    yield markdown("One long recording", head, rows, note)
    yield "\n".join(told)


def _seconds(preset: str, source: Path, cores: int) -> float:
    """Return the wall time of one render."""
    target = source.with_name("out.wav")
    start = time.perf_counter()
    command = [sys.executable, "-c", RENDER, preset, str(source), str(target), str(cores)]
    subprocess.run(command, check=True)
    return time.perf_counter() - start

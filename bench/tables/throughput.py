"""How many recordings an hour a collection's run restores, in one process and in two; memory of a worker."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.measuring.plan import Plan, markdown, verdict
from bench.tables.memory import write_recording

# source: this table's own conditions
PRESET = "vinyl"
PROCESSES = (1, 2)
RECORDINGS, MINUTES = 40, 1.0
QUICK_RECORDINGS, QUICK_MINUTES = 4, 0.1
LOOK_SECONDS = 0.1  # the kernel keeps the most that a process had, so that only its last moments are missed

LEAST_GAIN, MOST_MB = 1.8, 500.0  # source: what is asked of two processes, and of a worker


@dataclass(frozen=True)
class Run:
    """One run over all recordings: wall time in s, and the most memory of any process that renders, in MB."""

    seconds: float
    peak_mb: float


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table, and whether two processes are worth it and small."""
    count, minutes = (QUICK_RECORDINGS, QUICK_MINUTES) if plan.quick else (RECORDINGS, MINUTES)
    takes = plan.takes("music")
    with tempfile.TemporaryDirectory(prefix="wavemend-throughput-") as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for number in range(count):
            write_recording(folder / "in" / f"side {number}.wav", takes[number % len(takes)], minutes)
        plan.tell("throughput: a first run, which compiles")
        restored(folder / "in" / "side 0.wav", folder / "first", 1)
        runs = {}
        for processes in PROCESSES:
            plan.tell(f"throughput: {count} recordings in {processes} processes")
            runs[processes] = restored(folder / "in", folder / str(processes), processes)
    yield _table(runs, count, minutes)
    gain = runs[1].seconds / runs[2].seconds
    peak = max(run.peak_mb for run in runs.values())
    faster = f"Two processes at least {LEAST_GAIN:g} times as fast as one"
    promises = [
        verdict(faster, f"{gain:.2f}", gain >= LEAST_GAIN),
        verdict(f"A worker under {MOST_MB:.0f} MB", f"{peak:.0f} MB", peak < MOST_MB),
    ]
    yield "\n".join(promises)


def _table(runs: dict[int, Run], count: int, minutes: float) -> str:
    head = (
        "processes",
        "recordings an hour",
        "x real time",
        "times one process",
        "peak memory of a worker, MB",
    )
    rows = [
        [
            str(processes),
            f"{3600 * count / run.seconds:.0f}",
            f"{60 * minutes * count / run.seconds:.1f}",
            f"{runs[1].seconds / run.seconds:.2f}",
            f"{run.peak_mb:.0f}",
        ]
        for processes, run in runs.items()
    ]
    note = (
        f"`wavemend batch {PRESET}` over {count} recordings of {minutes:g} min (96 kHz, stereo, 24 bits), "
        f"start, hashes and manifest included, on {os.cpu_count()} cores; of one process its own memory."
    )
    return markdown("Throughput", head, rows, note)


def restored(source: Path, target: Path, processes: int) -> Run:
    """Run the command line over `source` on all cores, and watch the processes that render."""
    command = [sys.executable, "-m", "wavemend", "batch", PRESET, str(source), "-o", str(target)]
    began = time.perf_counter()
    run = subprocess.Popen([*command, "-j", str(processes), "--quiet"])
    os.sched_setaffinity(run.pid, range(os.cpu_count() or 1))  # undoes the pinning of the tables
    peaks: dict[int, float] = {}
    while run.poll() is None:
        for process in _workers(run.pid) if processes > 1 else [run.pid]:
            peaks[process] = max(_peak_mb(process), peaks.get(process, 0.0))
        time.sleep(LOOK_SECONDS)
    if run.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {run.returncode}")
    return Run(time.perf_counter() - began, max(peaks.values()))


def _workers(process: int) -> list[int]:
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return [int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]
    except OSError:  # one of them just ended
        return []


def _peak_mb(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    peaks = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return max(peaks, default=0) * 1024 / 1e6

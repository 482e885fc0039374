"""How much memory the vinyl preset takes, and that a longer file takes no more."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from bench.damage import clicks
from bench.tables import Plan, markdown, verdict
from bench.takes import Take

SAMPLE_RATE = 96000
MINUTES = (1.0, 10.0)
QUICK_MINUTES = (0.25, 1.0)
FIRST_MINUTES = 0.1  # rendered first: compiling the kernels takes memory once
MOST_MB = 500.0
MOST_GROWTH = 0.05
HISS = 1e-3

# The kernel's own figure for the program that runs: ru_maxrss starts at what its parent had.
CHILD = """
import sys
from pathlib import Path
from wavemend import Chain, render
chain = Chain.from_preset("vinyl")
for slot in chain.slots:
    slot.bypass = False
render(chain, sys.argv[1], sys.argv[2])
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table, and whether memory stays small and does not grow."""
    lengths = (*(QUICK_MINUTES if plan.quick else MINUTES), *((60.0,) if plan.long else ()))
    rows, peaks = [], []
    take = plan.takes("music")[0]
    _render(take, FIRST_MINUTES)
    for minutes in lengths:
        plan.tell(f"memory: {minutes:g} minutes")
        size, megabytes, seconds = _render(take, minutes)
        peaks.append(megabytes)
        speed, ratio = 60 * minutes / seconds, megabytes / peaks[0]
        rows.append([f"{minutes:g} min", f"{size:.0f}", f"{megabytes:.0f}", f"{ratio:.3f}", f"{speed:.1f}"])
    head = ("length", "file, MB", "peak memory, MB", "times the shortest's", "x real time, start included")
    note = "Of a process that renders the vinyl preset with its shelf on; 96 kHz, stereo, 24 bits."
    yield markdown("Memory", head, rows, note)
    growth = peaks[-1] / peaks[-2] - 1.0
    grown = f"The peak of {lengths[-1]:g} min within {MOST_GROWTH:.0%} of that of {lengths[-2]:g} min"
    yield "\n".join(
        [
            verdict(f"Under {MOST_MB:.0f} MB", f"{max(peaks):.0f} MB", max(peaks) < MOST_MB),
            verdict(grown, f"{growth:+.1%}", growth <= MOST_GROWTH),
        ]
    )


def _render(take: Take, minutes: float) -> tuple[float, float, float]:
    """Render a recording of this length; return its size in MB, the peak in MB, and the wall time in s."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.wav")
        write_recording(source, take, minutes)
        return source.stat().st_size / 1e6, *peak_memory(source, Path(folder, "out.wav"))


def write_recording(path: Path, take: Take, minutes: float) -> None:
    """Write a 24-bit file of a clicked take repeated, under noise that never does."""
    clicked = clicks(take.audio, take.sample_rate, kind="tick", strength=5, seed=0).audio / 2
    block = np.clip(resample_poly(clicked, SAMPLE_RATE, take.sample_rate, axis=1), -0.9, 0.9).T
    left = round(minutes * 60 * SAMPLE_RATE)
    draw = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, block.shape[1], "PCM_24") as file:
        while left:
            part = block[:left]
            file.write(part + HISS * draw.standard_normal(part.shape))
            left -= len(part)


def peak_memory(source: Path, target: Path) -> tuple[float, float]:
    """Render in a process of its own; return its peak resident memory in MB, and the wall time in s."""
    start = time.perf_counter()
    command = [sys.executable, "-c", CHILD, str(source), str(target)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout) * 1024 / 1e6, time.perf_counter() - start

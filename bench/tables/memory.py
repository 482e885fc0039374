"""How much memory a preset and the analysis take, and that a longer file takes no more."""

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

from bench.material.damage import clicks
from bench.material.takes import Take
from bench.measuring.plan import Plan, markdown, verdict

# source: this table's own conditions
SAMPLE_RATE = 96000
MINUTES = (1.0, 10.0)
QUICK_MINUTES = (0.25, 1.0)
FIRST_MINUTES = 0.1  # rendered first: compiling the kernels takes memory once
MOST_GROWTH = 0.05
HISS = 1e-3

# The kernel's own figure for the program that runs: ru_maxrss starts at what its parent had.
TELL = """
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""
PROGRAMS = {
    "vinyl preset": """
import sys
from pathlib import Path
from wavemend import load_preset, render
chain = load_preset("vinyl").new_chain()
for slot in chain.slots:
    slot.bypass = False
render(chain, sys.argv[1], Path(sys.argv[1]).with_name("out.wav"))
""",
    "analysis": """
import sys
from pathlib import Path
from wavemend import analyse
analyse(sys.argv[1])
""",
}
MOST_MB = {"vinyl preset": 500.0, "analysis": 400.0}  # source: what docs/benchmarks.md promises


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table, and whether memory stays small and does not grow."""
    lengths = (*(QUICK_MINUTES if plan.quick else MINUTES), *((60.0,) if plan.long else ()))
    take = plan.takes("music")[0]
    _measure(take, FIRST_MINUTES)
    rows = []
    peaks: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for minutes in lengths:
        plan.tell(f"memory: {minutes:g} minutes")
        size, measured = _measure(take, minutes)
        for name, (megabytes, seconds) in measured.items():
            peaks[name].append(megabytes)
            speed, ratio = 60 * minutes / seconds, megabytes / peaks[name][0]
            figures = (f"{size:.0f}", f"{megabytes:.0f}", f"{ratio:.3f}", f"{speed:.1f}")
            rows.append([f"{name}, {minutes:g} min", *figures])
    head = (
        "work, length",
        "file, MB",
        "peak memory, MB",
        "times the shortest's",
        "x real time, start included",
    )
    note = "Of a process that does it; 96 kHz, stereo, 24 bits. The vinyl preset has its shelf on."
    yield markdown("Memory", head, rows, note)
    yield "\n".join(line for name in PROGRAMS for line in _promises(name, peaks[name], lengths))


def _promises(name: str, peaks: list[float], lengths: tuple[float, ...]) -> Iterator[str]:
    growth = peaks[-1] / peaks[-2] - 1.0
    grown = (
        f"The {name}'s peak of {lengths[-1]:g} min within {MOST_GROWTH:.0%} of that of {lengths[-2]:g} min"
    )
    most = MOST_MB[name]
    yield verdict(f"The {name} under {most:.0f} MB", f"{max(peaks):.0f} MB", max(peaks) < most)
    yield verdict(grown, f"{growth:+.1%}", growth <= MOST_GROWTH)


def _measure(take: Take, minutes: float) -> tuple[float, dict[str, tuple[float, float]]]:
    """Return a recording's size in MB, and peak in MB and wall time in s of each program over it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.wav")
        write_recording(source, take, minutes)
        measured = {name: peak_memory(program, source) for name, program in PROGRAMS.items()}
        return source.stat().st_size / 1e6, measured


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


def peak_memory(program: str, source: Path) -> tuple[float, float]:
    """Run a program in a process of its own; return its peak resident memory in MB, and wall time in s."""
    start = time.perf_counter()
    command = [sys.executable, "-c", program + TELL, str(source)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout) * 1024 / 1e6, time.perf_counter() - start

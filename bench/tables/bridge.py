"""What the bridge of an exported effect costs: a block's way to the engine and back, and a live run.

The host is the tests' own, built without sanitizers. ``--long``: ten minutes live instead of half a minute.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tests.host.export.bundles import HERE, SHELL, Host, bundle, manifest

from bench.measuring.plan import Plan, markdown, verdict

# source: this table's own conditions, and what is promised of the bridge
BLOCKS = (64, 512, 8192)
PROMISED_BLOCK, MOST_US = 512, 20.0
CHAIN, SAMPLE_RATE = "vinyl", 48_000
LEARNED_BLOCKS = 60
LIVE_SECONDS, LONG_SECONDS, QUICK_SECONDS = 30, 600, 3


def tables(plan: Plan) -> Iterator[str]:
    """Yield the round trip of blocks through an engine that only multiplies, and dropouts of a live chain."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))  # the other tables use one core
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan.tell("bridge: building the host")
        binary = built(folder)
        plan.tell("bridge: round trips")
        times = {block: round_trip_us(folder / str(block), binary, block, plan.quick) for block in BLOCKS}
        rows = [[f"{block}", f"{p50:.1f}", f"{p99:.1f}"] for block, (p50, p99) in times.items()]
        head = ["stereo block", "µs, median", "µs, 99th percentile"]
        yield markdown(
            "A block to the engine and back", head, rows, "The host and the engine on a core each."
        )
        p50 = times[PROMISED_BLOCK][0]
        promise = f"A block of {PROMISED_BLOCK} there and back in under {MOST_US:.0f} µs, median"
        yield verdict(promise, f"{p50:.1f} µs", p50 < MOST_US)
        seconds = LONG_SECONDS if plan.long else QUICK_SECONDS if plan.quick else LIVE_SECONDS
        plan.tell(f"bridge: {seconds} s live")
        dropouts, worst_ms = live(folder, binary, seconds)
        promise = f"{CHAIN}, live for {seconds} s in blocks of {PROMISED_BLOCK}: no dropout"
        yield verdict(promise, f"{dropouts}; the longest block took {worst_ms:.1f} ms", dropouts == 0)


def built(folder: Path) -> Path:
    """Build the host with the shell inside, as it is built for use."""
    binary = folder / "host"
    sources = [*sorted(SHELL.glob("*.cpp")), HERE / "host.cpp"]
    options = ["-std=c++17", "-O2", f"-I{SHELL}", f"-I{HERE}", "-pthread", "-ldl"]
    subprocess.run(["c++", *sources, *options, "-o", binary], check=True)
    return binary


def round_trip_us(folder: Path, binary: Path, block: int, quick: bool) -> tuple[float, float]:
    """Return median and 99th percentile of blocks that wait for their own answer."""
    with Host(bundle(folder, binary, manifest(latency=0))) as host:
        host.start()
        host.ask("bench", block, 200)
        p50, p99 = host.ask("bench", block, 500 if quick else 20_000).split()
    return float(p50), float(p99)


def live(folder: Path, binary: Path, seconds: int) -> tuple[int, float]:
    """Play noise to a chain that learned from it, at a sound card's pace: dropouts, longest block in ms."""
    command = [sys.executable, "-m", "wavemend", "export-vst3", CHAIN, "--output", folder]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    [library] = folder.glob("*.vst3/Contents/*-linux/*.so")
    placed = library.with_name("host")
    placed.write_bytes(binary.read_bytes())
    placed.chmod(0o755)
    lines = (placed.parents[1] / "Resources" / "manifest.tsv").read_text().splitlines()
    [learn] = (line.split("\t")[1] for line in lines if "\tLearn\t" in line)
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 10 * SAMPLE_RATE)).astype(np.float32)
    with Host(placed, noise) as host:
        host.start(rate=SAMPLE_RATE)
        for place in (1, *[1] * LEARNED_BLOCKS, 0):
            host.ask("process", 8192, 2, f"{learn}:0:{place}")
        if host.word() != "ready":
            raise RuntimeError(f"the chain did not learn: {host.errors.read_text()}")
        worst_ms = float(host.ask("live", PROMISED_BLOCK, seconds * SAMPLE_RATE // PROMISED_BLOCK, "unheard"))
        return host.dropouts(), worst_ms

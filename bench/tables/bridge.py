"""What the bridge of an exported effect costs: a block's way to the engine and back, and a live run.

The host is the tests' own, built without sanitizers. ``--long``: ten minutes live instead of half a minute.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.host.export.bundles import Host, built, bundle, exported, living, manifest
from tests.host.export.material import recording, rendered, state_with
from wavemend.host.export.effects import effect_of
from wavemend.host.export.state import Learned

from bench.measuring.plan import Plan, markdown, verdict

# source: this table's own conditions, and what is promised of the bridge
BLOCKS = (64, 512, 8192)
PROMISED_BLOCK, MOST_US = 512, 20.0
CHAIN, SAMPLE_RATE = "vinyl", 48_000
KNOWN_SECONDS = 10
INSTANCES = ("rumble", "declick", "denoise", CHAIN)
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
        plan.tell("bridge: instances")
        costs = {what: cost(folder / what, binary, what) for what in INSTANCES[: 1 if plan.quick else None]}
        rows = [[what, f"{start:.1f}", f"{mib:.0f}"] for what, (start, mib) in costs.items()]
        head = ["effect", "s until it is ready", "MiB"]
        note = (
            "What the engine's three processes have of their own together, 10 s into a recording; the code "
            "of libraries, which all instances share, is not in it."
        )
        yield markdown("What an instance costs", head, rows, note)
        seconds = LONG_SECONDS if plan.long else QUICK_SECONDS if plan.quick else LIVE_SECONDS
        plan.tell(f"bridge: {seconds} s live")
        dropouts, worst_ms = live(folder, binary, seconds)
        promise = f"{CHAIN}, live for {seconds} s in blocks of {PROMISED_BLOCK}: no dropout"
        yield verdict(promise, f"{dropouts}; the longest block took {worst_ms:.1f} ms", dropouts == 0)


def round_trip_us(folder: Path, binary: Path, block: int, quick: bool) -> tuple[float, float]:
    """Return median and 99th percentile of blocks that wait for their own answer."""
    with Host(bundle(folder, binary, manifest(latency=0))) as host:
        host.start()
        host.ask("bench", block, 200)
        p50, p99 = host.ask("bench", block, 500 if quick else 20_000).split()
    return float(p50), float(p99)


def cost(folder: Path, binary: Path, what: str) -> tuple[float, float]:
    """Return seconds from its first activation until an effect is ready, and its engine's memory in MiB."""
    folder.mkdir()
    with Host(exported(what, folder, binary), recording(KNOWN_SECONDS, SAMPLE_RATE)) as host:
        begin = time.monotonic()
        host.start(rate=SAMPLE_RATE)
        took = time.monotonic() - begin
        for _ in range(KNOWN_SECONDS * SAMPLE_RATE // 8192):
            host.ask("process", 8192, 2)
        sizes = [own_kib(pid) for pid in living(host.engines()[0])]
        return took, sum(sizes) / 1024


def own_kib(pid: int) -> int:
    """Return a process's memory without files; what a few share is divided among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Pss_Anon:", "Pss_Shmem:")))


def live(folder: Path, binary: Path, seconds: int) -> tuple[int, float]:
    """Play a chain that knows its recording, at a sound card's pace: dropouts, longest block in ms."""
    effect, audio = effect_of(CHAIN), recording(KNOWN_SECONDS, SAMPLE_RATE)
    _, findings = rendered(effect.preset, audio, SAMPLE_RATE, folder)
    state = folder / "state"
    state.write_bytes(state_with(effect, Learned(findings, KNOWN_SECONDS)))
    with Host(exported(CHAIN, folder, binary), audio) as host:
        if host.ask("load", state) != "0":
            raise RuntimeError("the state was not taken")
        host.start(rate=SAMPLE_RATE)
        host.ask("process", 8192, 2)
        if host.word() != "ready":
            raise RuntimeError(f"the chain does not know its recording: {host.errors.read_text()}")
        worst_ms, _ = host.live(PROMISED_BLOCK, seconds * SAMPLE_RATE // PROMISED_BLOCK, "unheard")
        return host.dropouts(), worst_ms

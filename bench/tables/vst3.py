"""What isolation costs: VST3s in a worker process beside the same ones in this process, on one core."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import mean

import numpy as np
import soundfile
from wavemend import VST3, Chain, render
from wavemend.errors import PluginError
from wavemend.host.vst3.installed.catalogue import Catalogue

from bench.material.takes import SAMPLE_RATE, Take
from bench.measuring.plan import Plan, markdown, verdict

# Debian's zam-plugins: stereo, stereo with latency, and mono, of which a stereo recording needs two.
PLUGINS = ("ZamCompX2", "ZaMaximX2", "ZamEQ2")
CHEAP = ("ZamCompX2", "ZamEQ2")  # over whole files: the less a plugin does, the larger the share of the rest
# source: this table's own conditions, and what docs/benchmarks.md promises
SIDE_SECONDS, QUICK_SECONDS = 1200.0, 20.0
BLOCK, WHOLE_FILE_BLOCK = 512, 8192
MOST_BLOCK_US, MOST_SHARE = 60.0, 0.15
REPEATS = 2


def tables(plan: Plan) -> Iterator[str]:
    """Yield time a block and time a file, and whether isolation costs as little as promised."""
    with _catalogue() as known:
        if not known:
            yield "No VST3s to measure: `apt-get install --no-install-recommends zam-plugins`."
            return
        plan.tell("vst3: blocks")
        take = plan.takes("music")[0]
        blocks = {name: block_times_us(name, take, 300 if plan.quick else 3000) for name in PLUGINS}
        yield _block_table(blocks)
        files = {}
        seconds = QUICK_SECONDS if plan.quick else SIDE_SECONDS
        for name in CHEAP:
            plan.tell(f"vst3: files through {name}")
            files[name] = file_times(name, take, seconds)
        yield _file_table(files, seconds)
    dearest = max(worker[0] - own[0] for own, worker in blocks.values())
    slowest = max(worker[0] / own[0] - 1 for own, worker in files.values())
    yield "\n".join(
        [
            verdict(
                f"Under {MOST_BLOCK_US:.0f} µs more for a stereo block of {BLOCK}",
                f"{dearest:.0f} µs at most",
                dearest < MOST_BLOCK_US,
            ),
            verdict(
                f"Under {MOST_SHARE:.0%} more CPU time for a whole file in blocks of {WHOLE_FILE_BLOCK}",
                f"{slowest:+.1%} at most",
                slowest < MOST_SHARE,
            ),
        ]
    )


@contextmanager
def _catalogue() -> Iterator[bool]:
    """Scan into a catalogue of its own; whether it has what is measured."""
    before = os.environ.get("XDG_DATA_HOME")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder
        try:
            Catalogue().scan()
            for name in PLUGINS:
                VST3(name)
        except PluginError:
            yield False
        else:
            yield True
        finally:
            if before is None:
                del os.environ["XDG_DATA_HOME"]
            else:
                os.environ["XDG_DATA_HOME"] = before


Times = tuple[list[float], list[float]]


def block_times_us(name: str, take: Take, count: int) -> Times:
    """Return the 10th percentile and the median of a block's time in µs: in this process, in a worker."""
    audio = np.resize(take.audio, (2, BLOCK))
    streams = [
        VST3(name, block_size=BLOCK, isolated=isolated).stream(SAMPLE_RATE, 2) for isolated in (False, True)
    ]
    times: Times = ([], [])
    for _ in range(count):
        for stream, spent in zip(streams, times, strict=True):
            start = time.perf_counter()
            stream.step(audio)
            spent.append(1e6 * (time.perf_counter() - start))
    own, worker = (np.percentile(spent, (10, 50)).tolist() for spent in times)
    return own, worker


FileTimes = tuple[tuple[float, float], tuple[float, float]]


def file_times(name: str, take: Take, seconds: float) -> FileTimes:
    """Return CPU time and wall time in s of a render, start included: in this process, in a worker."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.wav"), Path(folder, "out.wav")
        with soundfile.SoundFile(source, "w", SAMPLE_RATE, 2, "PCM_16") as file:
            while file.tell() < seconds * SAMPLE_RATE:
                file.write(take.audio.T / 2)
        state = VST3(name).state
        cpu: Times = ([], [])
        wall: Times = ([], [])
        for _ in range(1 + REPEATS):
            for kind, isolated in enumerate((False, True)):
                # As a batch does it: a new object for each file, its state from a preset.
                chain = Chain([VST3(name, state=state, block_size=WHOLE_FILE_BLOCK, isolated=isolated)])
                started, begin = _cpu_seconds(), time.perf_counter()
                render(chain, source, target, overwrite=True)
                cpu[kind].append(_cpu_seconds() - started)
                wall[kind].append(time.perf_counter() - begin)
    own, worker = ((mean(c[1:]), mean(w[1:])) for c, w in zip(cpu, wall, strict=True))
    return own, worker


def _cpu_seconds() -> float:
    """CPU time of this process, of children that ended, and of those of a living child: workers have one."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == os.getpid():
                ticks += sum(map(int, fields[11:15]))  # its own, and its children's: see proc(5)
    used = sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, who))
    return used + ticks / os.sysconf("SC_CLK_TCK")


def _block_table(times: dict[str, Times]) -> str:
    rows = []
    for name, (own, worker) in times.items():
        cells = [f"{figure:.0f}" for figure in (own[0], worker[0], worker[0] - own[0], own[1], worker[1])]
        rows.append([name, *cells])
    head = ("plugin", "in process", "in a worker", "more", "in process, median", "in a worker, median")
    note = (
        f"Time of a stereo block of {BLOCK} samples in µs, through the stream that chains use: the 10th "
        "percentile, which others on this core hardly disturb, then the median."
    )
    return markdown("VST3s block by block", head, rows, note)


def _file_table(times: dict[str, FileTimes], seconds: float) -> str:
    rows = []
    for name, (own, worker) in times.items():
        figures = [f"{figure:.2f}" for figure in (own[0], worker[0], own[1], worker[1])]
        rows.append([name, *figures[:2], f"{worker[0] / own[0] - 1:+.1%}", *figures[2:]])
    note = (
        f"Seconds for a stereo WAV of {seconds:g} s, rendered in blocks of {WHOLE_FILE_BLOCK}, report and "
        f"the worker's start included; mean of {REPEATS}. CPU time is the worker's too."
    )
    head = ("plugin", "CPU, in process", "CPU, in a worker", "more", "wall, in process", "wall, in a worker")
    return markdown("VST3s over whole files", head, rows, note)

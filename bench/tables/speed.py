"""How fast: every stage, the vinyl preset, and ffmpeg's chain of the same steps, on one core."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import soundfile
from wavemend import (
    Chain,
    DcOffset,
    Declick,
    Decrackle,
    Dehum,
    Denoise,
    DropoutRepair,
    Rumble,
    analyse,
    render,
)

from bench.material.damage import clicks, crackle, noise
from bench.material.takes import SAMPLE_RATE, Take
from bench.measuring.peers import (
    ADECLICK,
    VINYL_REDUCTION_DB,
    ffmpeg_command,
    missing_ffmpeg,
    tracking,
    vinyl_chain,
)
from bench.measuring.plan import NOTHING, Plan, markdown, verdict
from bench.tables.vinyl import vinyl

# source: this table's own conditions
REPEATS = 3
HISS_BELOW_DB = 35.0
PRESET, FFMPEG_CHAIN = "vinyl preset, shelf on: WAV to WAV", "ffmpeg, the same steps: WAV to WAV"
ANALYSIS, LEAST_ANALYSIS = (
    "analysis, every finder: from WAV",
    60.0,
)  # source: what docs/benchmarks.md promises
Times = tuple[float, float]


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table, and whether the preset is as fast as ffmpeg's chain."""
    seconds = 15.0 if plan.quick else 60.0
    with tempfile.TemporaryDirectory() as folder:
        files = {
            name: _written(Path(folder, f"{name}.wav"), _clicked(plan.takes("music"), seconds, name))
            for name in ("light", "heavy")
        }
        times = {name: measure(plan, file) for name, file in files.items()}
        found = {name: _found(file) for name, file in files.items()}
    yield _table(times, seconds)
    yield "\n".join(f"- What the preset found, {name}: {what}." for name, what in found.items())
    yield "\n".join(_analysed(times[name], name) for name in times)
    if times["light"][FFMPEG_CHAIN] is not None:
        yield "\n".join(_promise(times[name], name) for name in times)


def _found(source: Path) -> str:
    """Say what the preset repairs in a file: where it finds no noise, Denoise has little to do."""
    rendered = render(as_it_comes(), source, source.with_name("out.wav"), overwrite=True)
    counts = [f"{count} {kind}s" for (_, kind), count in rendered.events.items()]
    return "; ".join([*counts, *(findings.describe() for findings in rendered.findings.values())])


def _clicked(takes: list[Take], seconds: float, amount: str) -> np.ndarray:
    """Join takes, with hiss; "light" has a click every 0.35 s, "heavy" loud pops and dense crackle too."""
    length = round(seconds * SAMPLE_RATE)
    joined = np.concatenate([take.audio for take in takes], axis=1)
    music = np.tile(joined, -(-length // joined.shape[1]))[:, :length] / 2
    hissing = noise(music, SAMPLE_RATE, kind="tape", below_db=HISS_BELOW_DB, seed=0)
    audio = hissing.audio[:, hissing.program]
    audio = audio + clicks(music, SAMPLE_RATE, kind="tick", strength=5, seed=0).added
    if amount == "heavy":
        audio = audio + clicks(music, SAMPLE_RATE, kind="pop", strength=15, seed=1).added
        audio = audio + crackle(music, SAMPLE_RATE, per_second=200, strength=2, seed=2).added
    return np.clip(audio, -1.0, 1.0)


def _written(path: Path, audio: np.ndarray) -> Path:
    soundfile.write(path, audio.T, SAMPLE_RATE, subtype="PCM_16")
    return path


def as_it_comes() -> Chain:
    """Return the vinyl preset with its shelf on, for which ffmpeg's chain has a filter, but not Decrackle."""
    chain = vinyl()
    for slot in chain.slots:
        slot.bypass = isinstance(slot.member, Decrackle)
    return chain


def measure(plan: Plan, source: Path) -> dict[str, Times | None]:
    """Return CPU time and wall time a second of audio, by what was run; None where it cannot run."""
    audio, rate = soundfile.read(source, always_2d=True)
    planar, target = np.ascontiguousarray(audio.T), source.with_name("out.wav")
    works: dict[str, Callable[[], object] | None] = {}
    for stage in (DcOffset(), Rumble(), DropoutRepair(), Declick(), Decrackle(), Dehum(), Denoise()):
        works[type(stage).__name__] = lambda stage=stage: stage.process(planar, rate)
    works["Denoise, high"] = lambda: Denoise(quality="high").process(planar, rate)
    works[ANALYSIS] = lambda: analyse(source)
    works[PRESET] = lambda: render(as_it_comes(), source, target, overwrite=True)
    works["the same, Decrackle on"] = lambda: render(vinyl(), source, target, overwrite=True)
    works["Declick, learned"] = lambda: Declick(algorithm="learned").process(planar, rate)
    works["the preset's repairs alone: WAV to WAV"] = lambda: render(
        Chain([Declick(), Denoise()]), source, target, overwrite=True
    )
    for name, filters, output in (
        ("ffmpeg adeclick", ADECLICK, ["-f", "null", "-"]),
        ("ffmpeg afftdn", tracking(VINYL_REDUCTION_DB), ["-f", "null", "-"]),
        (FFMPEG_CHAIN, vinyl_chain(tracking(VINYL_REDUCTION_DB)), [target]),
    ):
        command = [str(word) for word in (*ffmpeg_command(source, filters), *output)]
        runs = not missing_ffmpeg(filters)
        works[name] = (lambda command=command: subprocess.run(command, check=True)) if runs else None
    times: dict[str, Times | None] = {}
    for name, work in works.items():
        plan.tell(f"speed, {source.stem}: {name}")
        times[name] = work and _timed(work, len(audio) / rate)
    return times


def _timed(work: Callable[[], object], seconds: float) -> Times:
    """Return the median CPU and wall time a second of audio, after a first run that compiles."""
    work()
    runs = []
    for _ in range(REPEATS):
        cpu, wall = _cpu_seconds(), time.perf_counter()
        work()
        runs.append((_cpu_seconds() - cpu, time.perf_counter() - wall))
    return median(cpu for cpu, _ in runs) / seconds, median(wall for _, wall in runs) / seconds


def _cpu_seconds() -> float:
    """Return what this process and its finished children have used."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, who))


def _table(times: dict[str, dict[str, Times | None]], seconds: float) -> str:
    head = ["what", *(f"{name}, {kind}" for name in times for kind in ("CPU", "wall"))]
    rows = []
    for what in times["light"]:
        cells = [each[what] for each in times.values()]
        rows.append([what, *(_speed(pair, at) for pair in cells for at in (0, 1))])
    note = (
        f"Times real time on one core, {seconds:.0f} s of 44.1 kHz stereo, median of {REPEATS}. Stages on "
        "arrays, analysis included; ffmpeg's single filters from WAV to nowhere. Light: a tick every 0.35 s; "
        "heavy: loud pops and 200 crackles a second in each channel as well."
    )
    return markdown("Speed", head, rows, note)


def _speed(times: Times | None, at: int) -> str:
    return NOTHING if times is None else f"{1 / max(times[at], 1e-9):.0f}"


def _analysed(times: dict[str, Times | None], name: str) -> str:
    ours, _ = times[ANALYSIS] or (np.inf, 0.0)
    what = f"The analysis is at least {LEAST_ANALYSIS:.0f} x as fast as real time, {name} clicks, by CPU time"
    return verdict(what, f"{1 / ours:.0f} x", 1 / ours >= LEAST_ANALYSIS)


def _promise(times: dict[str, Times | None], name: str) -> str:
    (ours, _), (theirs, _) = times[PRESET] or (np.inf, 0.0), times[FFMPEG_CHAIN] or (0.0, 0.0)
    figure = f"{1 / ours:.0f} x against {1 / theirs:.0f} x real time"
    what = f"The preset is at least as fast as ffmpeg's chain, {name} clicks, by CPU time"
    return verdict(what, figure, ours <= theirs)

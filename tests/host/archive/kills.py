"""Kill a run over a collection, or its workers, again and again, and resume it: it ends as if undisturbed.

``python -m tests.host.archive.kills --recordings 200 --kills 20`` is the long form; a test runs a short one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from wavemend.host.archive.manifest import MANIFEST, Entry, Manifest
from wavemend.host.archive.verifying import verify
from wavemend.host.storage.hashing import sha256_of

from tests.host.recordings import damaged, write


def make_recordings(
    folder: Path, count: int, seconds: tuple[float, float], rng: np.random.Generator, *, channels: int = 2
) -> None:
    """Write recordings of lengths between two, some FLAC, in folders of ten."""
    for number in range(count):
        box = folder / f"box {number // 10}"
        box.mkdir(parents=True, exist_ok=True)
        suffix = ".flac" if number % 3 else ".wav"
        write(box / f"side {number}{suffix}", damaged(rng.uniform(*seconds), channels, seed=number))


def command(preset: str, source: Path, target: Path, workers: int) -> list[str]:
    """Return the command line of a run."""
    run = [sys.executable, "-m", "wavemend", "batch", preset, str(source), "-o", str(target)]
    return [*run, "--jobs", str(workers), "--quiet"]


def killed_run(line: list[str], seconds: float, *, whole: bool, rng: np.random.Generator) -> bool:
    """Start a run and kill it after so long, or but one of its workers; return whether it ended before."""
    process = subprocess.Popen(
        line, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        pass
    if whole:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    workers = workers_of(process.pid)
    if workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(workers[int(rng.integers(len(workers)))], signal.SIGKILL)
    process.wait()
    return False


def workers_of(process: int) -> list[int]:
    """Return the numbers of the worker processes of a run; Linux says so."""
    found = []
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(int(child))
    return found


def lasting(target: Path) -> list[Entry]:
    """Return what the manifest says, without when and how fast."""
    with Manifest(target) as manifest:
        return [replace(entry, took_s=0.0, ended="") for entry in manifest.entries()]


def files(target: Path) -> dict[str, str]:
    """Return the hash of every file below a target but the manifest: the long form's are gigabytes."""
    paths = (path for path in target.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(target).as_posix(): sha256_of(path) for path in paths}


def kill_and_resume(
    folder: Path,
    *,
    preset: str,
    recordings: int,
    seconds: tuple[float, float],
    kills: int,
    seed: int,
    channels: int = 2,
) -> dict[str, float]:
    """Run once undisturbed, once killed at random moments; raise `AssertionError` where the ends differ."""
    rng = np.random.default_rng(seed)
    source, whole, broken = folder / "in", folder / "whole", folder / "broken"
    make_recordings(source, recordings, seconds, rng, channels=channels)
    began = time.monotonic()
    subprocess.run(command(preset, source, whole, 2), check=True)
    took = time.monotonic() - began
    died = 0
    for number in range(kills):
        # where two in three kill it all, about a share of a run is done each time: spread over all of it
        wait = float(rng.uniform(0.3, 1.7)) * took / max(kills, 1) + 1.0
        ended = killed_run(command(preset, source, broken, 2), wait, whole=number % 3 != 2, rng=rng)
        died += not ended
    subprocess.run(command(preset, source, broken, 2), check=True)
    assert files(broken) == files(whole), "outputs differ"
    assert lasting(broken) == lasting(whole), "manifests differ"
    assert not [one for one in verify(broken, sources=True) if one.problem]
    return {"recordings": recordings, "undisturbed_s": took, "killed": died}


def main() -> None:
    """Run the long form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="prepare", help="the faster, the more is killed in a minute")
    parser.add_argument("--recordings", type=int, default=200)
    parser.add_argument("--seconds", type=float, nargs=2, default=(30.0, 300.0))
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wavemend-kills-") as folder:
        print(kill_and_resume(
            Path(folder), preset=asked.preset, recordings=asked.recordings, seconds=tuple(asked.seconds),
            kills=asked.kills, seed=asked.seed, channels=asked.channels,
        ))  # fmt: skip


if __name__ == "__main__":
    main()

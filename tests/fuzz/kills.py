"""``python -m tests.fuzz.kills``: a run over many recordings, killed at any moment, then run again.

A kill takes the whole process group: at a moment of the run's length, or before or behind a step on the disk
(a renaming, say). After the next run of the same command every output has the bytes that an undisturbed run
gives it, nothing else is there, and the originals are as they were.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..host.files.sound_files import encoded
from ..host.recordings import damaged
from .killed import COUNT_INTO, KILL_AT

_SUBTYPES = {"wav": "PCM_16", "flac": "PCM_24", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
_WANTED = ("--removed", "--events", "--labels")
_JOBS = (1, 2)
_POLL_S = 0.005
Tree = dict[str, tuple[int, bytes]]


@dataclass(frozen=True)
class Kill:
    """One kill.

    Attributes
    ----------
    jobs
        Recordings at once.
    overwrite
        Whether the run replaces outputs of other settings; else it skips what is there.
    share
        Of the time from the first file that the run makes to its end; None: by `step`.
    step
        Share of the steps on the disk that one process does; of two, each does about half.
    """

    jobs: int
    overwrite: bool
    share: float | None
    step: float


def kills(seed: int) -> Iterator[Kill]:
    """Yield kills without end: every kind in turn, their moments drawn from `seed`."""
    draw = random.Random(seed)
    while True:
        for jobs in _JOBS:
            for overwrite in (False, True):
                for by_step in (False, True):
                    share, step = draw.random(), draw.random()
                    yield Kill(jobs, overwrite, None if by_step else share, step)


@dataclass(frozen=True)
class Fate:
    """What became of a kill: `faults`, one line each, and how far the run was: `state` and `left` files."""

    faults: list[str]
    state: str
    left: Counter[str]


class Scene:
    """Recordings in folders, and what an undisturbed run makes of them.

    Parameters
    ----------
    folder
        An empty folder.
    count
        How many recordings.
    seconds
        Length of the shortest.
    preset
        What to render them with.
    """

    def __init__(self, folder: Path, count: int, seconds: float = 0.4, preset: str = "vinyl") -> None:
        self._folder = folder
        self._preset = preset
        for number in range(count):
            kind = [*_SUBTYPES][number % len(_SUBTYPES)]
            path = folder / "in" / f"box {number % 3}" / f"side {number}.{kind}"
            path.parent.mkdir(parents=True, exist_ok=True)
            audio = damaged(seconds * (1 + number / 10), seed=number)
            encoded(path, kind.upper(), _SUBTYPES[kind], np.clip(audio, -1, 1))
        self._originals = tree(folder / "in")
        self._seconds = self._run("whole", 1, overwrite=False, **{COUNT_INTO: str(folder / "steps")})
        self._steps = int((folder / "steps").read_text("ascii"))
        self._whole = contents(folder / "whole")
        self._replaced: dict[str, bytes] = {}
        for name in ("whole", "steps"):
            self._delete(name)

    def suffer(self, kill: Kill) -> Fate:
        """Run, kill, run again, and compare."""
        if kill.overwrite:
            self._put_others()
        killed = self._killed(kill)
        left = Counter(
            name.rpartition(".")[2] for name in contents(self._folder / "out") if "/." in f"/{name}"
        )
        state = f"{len(self._done())} of {self._outputs} done"
        faults = []
        try:
            self._run("out", kill.jobs, overwrite=kill.overwrite)
        except RuntimeError as error:
            faults.append(str(error))
        faults += list(self._differences())
        self._delete("out")
        return Fate(faults, state if killed else "ended before", left)

    @property
    def _outputs(self) -> int:
        return sum(name.endswith(".report.json") for name in self._whole)

    def _done(self) -> list[str]:
        made = contents(self._folder / "out").items()
        return [name for name, data in made if name.endswith(".report.json") and data == self._whole[name]]

    def _put_others(self) -> None:
        """Put outputs of other settings where those of the run go."""
        if not self._replaced:
            self._run("out", 1, overwrite=False, settings=("--set", "declick.sensitivity=2"))
            self._replaced = contents(self._folder / "out")
            return
        for name, data in self._replaced.items():
            path = self._folder / "out" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def _killed(self, kill: Kill) -> bool:
        """Start a run and kill it; return whether it still ran."""
        settings = {}
        if kill.share is None:
            settings[KILL_AT] = str(1 + int(kill.step * self._steps / kill.jobs))
        with self._start("out", kill.jobs, overwrite=kill.overwrite, **settings) as process:
            if kill.share is not None:
                self._wait_for_a_part(process, "out")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(kill.share * self._seconds / kill.jobs)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
            return process.wait() == -signal.SIGKILL

    def _wait_for_a_part(self, process: subprocess.Popen[bytes], output: str) -> None:
        while process.poll() is None and not any((self._folder / output).rglob("*.wavemend-part")):
            time.sleep(_POLL_S)

    def _run(
        self, output: str, jobs: int, *, overwrite: bool, settings: tuple[str, ...] = (), **variables: str
    ) -> float:
        """Run undisturbed; return the seconds from when its first file was there to its end."""
        with self._start(output, jobs, overwrite=overwrite, settings=settings, **variables) as process:
            self._wait_for_a_part(process, output)
            first = time.monotonic()
            process.wait()
        if process.returncode:
            said = (self._folder / "said.txt").read_text("utf-8").strip().replace("\n", " | ")
            raise RuntimeError(f"exit code {process.returncode}: {said}")
        return time.monotonic() - first

    @contextlib.contextmanager
    def _start(
        self, output: str, jobs: int, *, overwrite: bool, settings: tuple[str, ...] = (), **variables: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        command = [
            sys.executable, "-m", "tests.fuzz.killed", "render", self._preset, str(self._folder / "in"),
            "-o", str(self._folder / output), *_WANTED, "-j", str(jobs), "--quiet",
            "--overwrite" if overwrite else "--skip-existing", *settings,
        ]  # fmt: skip
        with (
            (self._folder / "said.txt").open("wb") as said,
            subprocess.Popen(
                command, stdout=said, stderr=said, env={**os.environ, **variables}, start_new_session=True
            ) as process,
        ):
            yield process

    def _differences(self) -> Iterator[str]:
        made = contents(self._folder / "out")
        yield from (f"{name}: left there" for name in sorted(made.keys() - self._whole.keys()))
        yield from (f"{name}: missing" for name in sorted(self._whole.keys() - made.keys()))
        for name in sorted(made.keys() & self._whole.keys()):
            if made[name] != self._whole[name]:
                yield f"{name}: other bytes"
        if tree(self._folder / "in") != self._originals:
            yield "an original was touched"
        if stray := {path.name for path in self._folder.iterdir()} - {"in", "out", "said.txt"}:
            yield f"left beside the outputs: {', '.join(sorted(stray))}"

    def _delete(self, name: str) -> None:
        path = self._folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def tree(folder: Path) -> Tree:
    """Time of the last change and bytes of every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of every file below a folder, also while a run makes and deletes some."""
    found = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def main() -> int:
    """Kill, tell of each fault in a line, and sum up."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="kills (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="other moments for another (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="index to begin with (%(default)s)")
    parser.add_argument("--files", type=int, default=24, help="recordings in a run (%(default)s)")
    chosen = parser.parse_args()
    states, left, faulty = Counter[str](), Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="wavemend-kills-") as name:
        scene = Scene(Path(name), chosen.files)
        for index, kill in enumerate(kills(chosen.seed)):
            if index < chosen.first:
                continue
            if index == chosen.first + chosen.count:
                break
            fate = scene.suffer(kill)
            states["ended before" if fate.state == "ended before" else "killed"] += 1
            left += fate.left
            faulty += bool(fate.faults)
            told = " | ".join(fate.faults) or "no fault"
            place = f"KIND=kills SEED={chosen.seed} INDEX={index}"
            print(f"{place}: {kill}: {fate.state}, {dict(fate.left)}: {told}", flush=True)
    place = f"kills, seed {chosen.seed}, from {chosen.first}"
    print(f"{place}: {dict(states)}, {faulty} with faults; left: {dict(left)}", flush=True)
    return int(faulty > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Many cases, judged: each fault is a line that repeats it, beside the files that it came from."""

from __future__ import annotations

import contextlib
import queue
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from .judge import Case, Kind, Run, faults, snapshot
from .watched import Watched

_WARMING = (("presets", "check", "vinyl"),)


@dataclass(frozen=True)
class Judged:
    """What became of one case.

    Attributes
    ----------
    place
        Kind, seed and index: what repeats it.
    faults
        Command, and what was wrong; in order.
    made_by
        What the mutation did.
    codes
        How often each exit code came.
    seconds, megabytes, more
        Most that one of its commands took: processor time, memory, and memory beyond what was held before.
    """

    place: str
    faults: list[str]
    made_by: str
    codes: Counter[int | None] = field(default_factory=Counter)
    seconds: float = 0.0
    megabytes: float = 0.0
    more: float = 0.0

    def line(self) -> str:
        """Say it in one line, which begins with what repeats it."""
        return f"{self.place}: {self.made_by}: {' | '.join(self.faults) or 'no fault'}"


def judge_case(
    kind: Kind, seed: int, index: int, watched: Watched, folder: Path, kept: Path | None = None
) -> Judged:
    """Make case number `index` in a new folder, run it and judge it.

    Where it has faults, the folder as it was made goes to `kept`.
    """
    case_folder, original = folder / "case", folder / "original"
    for path in (case_folder, original):
        shutil.rmtree(path, ignore_errors=True)
    case_folder.mkdir(parents=True)
    case = kind.case(seed, index, case_folder)
    shutil.copytree(case_folder, original, symlinks=True)
    runs, found = _run(case, watched, case_folder)
    judged = Judged(
        place=f"KIND={kind.name} SEED={seed} INDEX={index}",
        faults=found,
        made_by=case.made_by,
        codes=Counter(run.code for run in runs),
        seconds=max(run.seconds for run in runs),
        megabytes=max(run.megabytes for run in runs),
        more=max(run.more for run in runs),
    )
    if found and kept:
        place = kept / f"{kind.name}-{seed}-{index}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(original, place, symlinks=True)
        (place / "faults.txt").write_text(judged.line().replace(" | ", "\n  ") + "\n", encoding="utf-8")
    return judged


def _run(case: Case, watched: Watched, folder: Path) -> tuple[list[Run], list[str]]:
    runs, found = [], []
    for command in case.commands:
        before = snapshot(folder) | snapshot(watched.home)
        run = watched.run(command, folder)
        wrong = faults(run, before, snapshot(folder) | snapshot(watched.home)) + case.check(run)
        shown = " ".join(command.arguments)
        lines = (f"{shown}: {what}".replace(f"{folder}/", "") for what in wrong)
        found += dict.fromkeys(lines)  # each once
        runs.append(run)
    return runs, found


def campaign(
    kind: Kind, seed: int, indices: Iterable[int], *, jobs: int = 1, kept: Path | None = None
) -> Iterator[Judged]:
    """Judge cases in `jobs` processes at once; yield each as it is done."""
    with contextlib.ExitStack() as stack:
        idle: queue.SimpleQueue[tuple[Watched, Path]] = queue.SimpleQueue()
        for _ in range(jobs):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wavemend-fuzz-")))
            idle.put((stack.enter_context(Watched(folder / "process", warming=_WARMING)), folder))

        def judge(index: int) -> Judged:
            watched, folder = idle.get()
            try:
                return judge_case(kind, seed, index, watched, folder, kept)
            finally:
                idle.put((watched, folder))

        pool = stack.enter_context(ThreadPoolExecutor(jobs))
        for done in as_completed([pool.submit(judge, index) for index in indices]):
            yield done.result()

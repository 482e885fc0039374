"""What every table shares: the plan of a run, the heading, markdown, and verdicts."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from bench.material.takes import Take, takes
from bench.measuring.programs import peer_version
from bench.measuring.systems import System

NOTHING = "–"
LIBRARIES = ("numpy", "scipy", "numba", "pedalboard")


def report_takes(kind: str, count: int, seconds: float) -> list[Take]:
    """Return up to ``count`` takes of the report set: as many as there are."""
    return takes_of("report", kind, count, seconds)


def takes_of(split: str, kind: str, count: int, seconds: float) -> list[Take]:
    """Return up to ``count`` takes of a set: as many as there are."""
    while True:
        try:
            return takes(split, kind, count, seconds)
        except ValueError:
            if count <= 1:
                raise
            count -= 1


class ChoiceError(ValueError):
    """What was asked for is none of what there is."""


@dataclass(frozen=True)
class Plan:
    """How much of everything, where the takes come from, and who hears of the progress.

    Attributes
    ----------
    count, seconds : int, float
        Takes of each kind, and how long each is.
    quick : bool
        Fewer conditions and shorter files: to see that it works, not to quote.
    long : bool
        Memory up to one hour.
    split : {"report", "tuning"}
        The set that tables draw from which choose takes of their own; the others ask ``material``.
    material : callable
        ``material(kind, count, seconds)`` returns the takes.
    tell : callable
        Called with what is being done.
    """

    count: int = 8
    seconds: float = 10.0
    quick: bool = False
    long: bool = False
    kinds: Sequence[str] = ()
    routes: Sequence[str] = ()
    split: str = "report"
    material: Callable[[str, int, float], list[Take]] = report_takes
    tell: Callable[[str], None] = lambda doing: None

    def takes(self, kind: str) -> list[Take]:
        """Return the takes of a kind."""
        return self.material(kind, self.count, self.seconds)


def heading(plan: Plan, command: str) -> str:
    """Return the heading of a run: when, on what, with which versions and how many takes."""
    now = datetime.now(UTC)
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    extent = f"Up to {plan.count} takes of {plan.seconds:g} s of each kind, from the {plan.split} set"
    tuned = "nothing was tuned on them" if plan.split == "report" else "**not to be quoted: tuned on them**"
    quick = " **A quick run: not to be quoted.**" if plan.quick else ""
    return "\n".join(
        [
            f"## Measured on {now:%Y-%m-%d}\n",
            f"- Machine: {cpu_model()}, {os.cpu_count()} cores, one of them used; {platform.system()}",
            f"- wavemend {version('wavemend')}{_commit()}; Python {platform.python_version()}, {libraries}",
            f"- Beside it: {peer_version('ffmpeg')}, {peer_version('sox')}",
            f"- {extent}; {tuned}.{quick}",
            f"- Again: `{command}`",
        ]
    )


def cpu_model() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    """Return the commit of this checkout; "" outside one."""
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "src", "presets")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f" ({commit}{' with changes' if changed else ''})"


def _git(*words: str) -> str:
    root = Path(__file__).parents[2]
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def markdown(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> str:
    """Return a titled table; the first column is words, the others figures."""
    lines = [f"### {title}\n"]
    if note:
        lines.append(f"{note}\n")
    lines += [_line(head), _line(["---", *["--:"] * (len(head) - 1)]), *(_line(row) for row in rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def names_of(systems: Iterable[System]) -> list[str]:
    """Return the heads of the systems' columns, with the reason where one is empty."""
    return [f"{system.name} ({system.missing})" if system.missing else system.name for system in systems]


def db(value: float) -> str:
    """Return a figure in dB; infinity is a change that is none."""
    if np.isnan(value):
        return NOTHING
    return "unchanged" if np.isinf(value) else f"{value:.1f}"


def percent(share: float) -> str:
    """Return a share in percent, two figures where it is small."""
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def verdict(what: str, figure: str, holds: bool) -> str:
    """Return one line that says whether a promise holds."""
    return f"- {what}: {figure}. {'**Shown.**' if holds else '**Not shown.**'}"

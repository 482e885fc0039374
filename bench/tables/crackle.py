"""Crackle taken away, against what knows every impulse, and what became of takes that had none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from wavemend import Decrackle

from bench.material.damage import crackle
from bench.material.takes import Take
from bench.measuring.measures import sdr_db
from bench.measuring.peers import ADECLICK, ffmpeg_system
from bench.measuring.plan import NOTHING, Plan, db, markdown, names_of, percent, verdict
from bench.measuring.systems import System, click_finder, click_yardsticks
from bench.tables.clicks import harms

# source: this table's own conditions
STRENGTHS = (0.5, 2, 8)
RATES = (50, 200, 1000)
WANTED_DB = {50: 36.0, 200: 31.0, 1000: 23.0}  # at A = 2
Levels = dict[str, np.ndarray]


def tables(plan: Plan) -> Iterator[str]:
    """Yield both tables, and whether Decrackle keeps its promises."""
    ours = click_finder("Decrackle", Decrackle())
    peer = ffmpeg_system("ffmpeg adeclick", ADECLICK)
    yardsticks = click_yardsticks()
    levels, table = sdrs(plan, [ours, peer, *yardsticks])
    yield table
    shares, table = harms(plan, [ours], "Clean takes through Decrackle")
    yield table
    yield "\n".join(_promises(levels, [system.name for system in yardsticks]))
    moved = max(share for (_, name), share in shares.items() if name == ours.name)
    yield verdict("Under 0.3 % of the samples of any clean take moved", percent(moved), moved < 0.003)


def sdrs(plan: Plan, systems: Sequence[System]) -> tuple[dict[tuple[float, int], Levels], str]:
    """Measure every system at every strength and rate.

    Returns
    -------
    levels : dict
        By strength and rate: the SDR in dB of every take, by the system's name, "in" for what went in.
    table : str
    """
    levels = {}
    rows = []
    takes = plan.takes("music")
    for strength in STRENGTHS:
        for rate in RATES[:2] if plan.quick else RATES:
            plan.tell(f"crackle A={strength:g}, {rate} a second")
            found = levels[strength, rate] = _sdrs(takes, strength, rate, systems)
            cells = [_cell(found.get(name)) for name in ("in", *(system.name for system in systems))]
            rows.append([f"A = {strength:g}, {rate} a second", *cells])
    note = "SDR in dB on music, mean over the takes; in brackets the least that it grew on any take."
    return levels, markdown("Crackle", ["crackle", "in", *names_of(systems)], rows, note)


def _sdrs(takes: Sequence[Take], strength: float, rate: int, systems: Sequence[System]) -> Levels:
    levels: dict[str, list[float]] = {}
    for seed, take in enumerate(takes):
        damaged = crackle(take.audio, take.sample_rate, per_second=rate, strength=strength, seed=seed)
        levels.setdefault("in", []).append(sdr_db(damaged.clean, damaged.audio))
        for system in systems:
            if not system.missing:
                output = system.run(damaged, take.sample_rate)
                levels.setdefault(system.name, []).append(sdr_db(damaged.clean, output))
    before = np.array(levels["in"])
    return {name: np.array([np.mean(each), np.min(np.array(each) - before)]) for name, each in levels.items()}


def _cell(level: np.ndarray | None) -> str:
    if level is None:
        return NOTHING
    return db(level[0]) if level[1] == 0.0 else f"{level[0]:.1f} ({level[1]:+.1f})"


def _promises(levels: dict[tuple[float, int], Levels], yardsticks: Sequence[str]) -> Iterator[str]:
    interpolated, additive = yardsticks
    for (strength, rate), found in levels.items():
        ours, before = found["Decrackle"][0], found["in"][0]
        if strength == 2:
            wanted = min(WANTED_DB[rate], found[additive][0] - 4.0)
        elif strength == 8:
            wanted = found[interpolated][0] + 8.0
        else:
            wanted = before + 4.0
        what = f"A = {strength:g}, {rate} a second: at least {wanted:.1f} dB"
        yield verdict(what, f"{ours:.1f} dB", bool(ours >= wanted))
    worst = min(found["Decrackle"][1] for found in levels.values())
    yield verdict("Never worse than what went in", f"{worst:+.1f} dB on the worst take", bool(worst >= 0.0))

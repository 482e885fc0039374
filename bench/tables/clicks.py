"""Clicks taken away, and what became of takes that had none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from wavemend import Declick

from bench.material.damage import Damaged, clicks
from bench.material.takes import Take
from bench.measuring.measures import ClickScore, click_gains_db, harm
from bench.measuring.peers import ADECLICK, ffmpeg_system
from bench.measuring.plan import NOTHING, Plan, db, markdown, names_of, percent, verdict
from bench.measuring.systems import System, click_finder, click_yardsticks

KINDS = {"tick": "ticks", "pop": "pops", "glitch": "glitches", "scratch": "scratches"}
STRENGTHS = (2, 5, 15)  # source: this table's own conditions
HARM_HEAD = (
    "clean takes", "system", "moved: mean", "moved: worst take", "error, worst take, dB", "worst 100 ms, dB",
    "clicks found a minute",
)  # fmt: skip


def tables(plan: Plan) -> Iterator[str]:
    """Yield both tables, and whether Declick keeps its promises."""
    ours = click_finder("Declick", Declick())
    peer = ffmpeg_system("ffmpeg adeclick", ADECLICK)
    learned = click_finder("Declick, learned", Declick(algorithm="learned"))
    scores, table = gains(plan, [ours, learned, peer, *click_yardsticks()])
    yield table
    shares, table = harms(plan, [ours, learned, peer])
    yield table
    tick = scores["music", "tick", 5, ours.name].median_db
    moved = max(share for (_, name), share in shares.items() if name == ours.name)
    yield "\n".join(
        [
            verdict("At least 12 dB off the median 5x tick in music", f"{tick:.1f} dB", tick >= 12.0),
            verdict("Under 1 % of the samples of any clean take moved", percent(moved), moved < 0.01),
        ]
    )


Scores = dict[tuple[str, str, int, str], ClickScore]


def gains(plan: Plan, systems: Sequence[System]) -> tuple[Scores, str]:
    """Measure every system on every kind and strength of click.

    Returns
    -------
    scores : dict
        By material, kind of click, strength and system's name.
    table : str
    """
    scores: Scores = {}
    rows = []
    for material in ("music", "speech"):
        for kind, plural in KINDS.items():
            for strength in STRENGTHS:
                plan.tell(f"{plural} {strength}x, {material}")
                found = _gains(plan.takes(material), kind, strength, systems)
                scores |= {(material, kind, strength, name): score for name, score in found.items()}
                cells = [_cell(found.get(system.name)) for system in systems]
                rows.append([f"{plural} {strength}x, {material}", *cells])
    note = "Median dB gone / 10th percentile / share of clicks made worse."
    return scores, markdown("Clicks", ["clicks", *names_of(systems)], rows, note)


def _gains(
    takes: Sequence[Take], kind: str, strength: int, systems: Sequence[System]
) -> dict[str, ClickScore]:
    gained: dict[str, list[np.ndarray]] = {system.name: [] for system in systems if not system.missing}
    for seed, take in enumerate(takes):
        rate = take.sample_rate
        damaged = clicks(take.audio, rate, kind=kind, strength=strength, seed=seed)
        where = {"starts": damaged.starts, "stops": damaged.stops, "sample_rate": rate}
        for system in systems:
            if not system.missing and len(damaged.starts):
                output = system.run(damaged, rate)
                gained[system.name].append(click_gains_db(damaged.clean, damaged.audio, output, **where))
    return {name: ClickScore.of(np.concatenate(each)) for name, each in gained.items() if each}


def _cell(score: ClickScore | None) -> str:
    if score is None:
        return NOTHING
    return f"{score.median_db:.1f} / {score.tenth_percentile_db:.1f} / {percent(score.worse_share)}"


def harms(
    plan: Plan, systems: Sequence[System], title: str = "Clean takes through declickers"
) -> tuple[dict[tuple[str, str], float], str]:
    """Measure what systems do to clean takes.

    Returns
    -------
    moved : dict
        The largest share of samples moved, by material and system's name.
    table : str
    """
    moved: dict[tuple[str, str], float] = {}
    rows = []
    head = HARM_HEAD if any(system.count for system in systems) else HARM_HEAD[:-1]
    for material in ("music", "hard", "speech"):
        for system in systems:
            plan.tell(f"clean {material}, {system.name}")
            if system.missing:
                rows.append([material, *names_of([system]), *[NOTHING] * (len(head) - 2)])
                continue
            takes = plan.takes(material)
            each = [
                harm(take.audio, system.run(_undamaged(take), take.sample_rate), take.sample_rate)
                for take in takes
            ]
            moved[material, system.name] = max(one.moved_share for one in each)
            cells = [
                percent(float(np.mean([one.moved_share for one in each]))),
                percent(moved[material, system.name]),
                db(max(one.error_db for one in each)),
                db(max(one.worst_db for one in each)),
                _found_a_minute(system, takes),
            ]
            rows.append([f"{material} ({len(takes)})", system.name, *cells][: len(head)])
    note = "Samples moved by more than 2^-15, and the change in dB under the sound."
    return moved, markdown(title, head, rows, note)


def _undamaged(take: Take) -> Damaged:
    return Damaged(take.audio, take.audio, np.zeros_like(take.audio), slice(0, take.audio.shape[1]))


def _found_a_minute(system: System, takes: Sequence[Take]) -> str:
    if system.count is None:
        return NOTHING
    found = sum(system.count(take.audio, take.sample_rate) for take in takes)
    return f"{60 * found / sum(take.audio.shape[1] / take.sample_rate for take in takes):.0f}"

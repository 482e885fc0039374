"""Clean takes through the stages that look for clicks, by way of every route."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from wavemend import Declick, Decrackle, DropoutRepair, MouthClick

from bench.material.reporting.channel import Route
from bench.material.reporting.clicks import Heard
from bench.material.takes import Take
from bench.measuring.measures import Harm, harm
from bench.measuring.peers import ADECLICK, ffmpeg_system
from bench.measuring.plan import Plan, db, markdown, percent
from bench.measuring.systems import System, stage_system
from bench.tables.real_clicks import Chosen

HARD = 8  # guard: no fewer than there are in the report set
BRASS = ("dixie", "charleston", "slowjazz", "bigband")
# source: what stages are held to: unchanged, or at most this.
MOST_MOVED, MOST_DB, MOST_WORST_DB = 0.001, -50.0, -25.0


@dataclass(frozen=True)
class Clean:
    """A take that needs nothing, as systems hear it."""

    audio: np.ndarray


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table of each system, and the rows that hold what is asked of ours."""
    chosen = Chosen.of(plan)
    each = (Declick(), Decrackle(), DropoutRepair(), MouthClick())
    stages = [stage_system(type(stage).__name__, stage) for stage in each]
    for system in [*stages, ffmpeg_system("ffmpeg adeclick", ADECLICK)]:
        if system.missing:
            continue
        found = measure(plan, chosen, system)
        yield view(found, chosen, system)
        if system in stages:
            yield promise(found, system)


def clean_takes(plan: Plan) -> dict[str, list[Take]]:
    """Return clean takes by what is hard in them."""
    hard = plan.material("hard", HARD, plan.seconds)
    music = plan.material("music", max(plan.count, HARD), plan.seconds)
    named = {
        "music": music[: plan.count],
        "drums": [take for take in hard if "loop_" in take.name],
        "metal": [take for take in hard if "/song" in take.name],
        "distorted guitar": [take for take in hard if "/guitar" in take.name],
        "brass": [take for take in music if any(name in take.name for name in BRASS)],
        "speech": plan.takes("speech"),
    }
    return {name: takes[: plan.count] for name, takes in named.items() if takes}


def measure(plan: Plan, chosen: Chosen, system: System) -> dict[tuple[str, str], list[Harm]]:
    """Return what a system did to clean takes, by their kind and the route."""
    return {
        (kind, route.name): [_harm_of(plan, route, take, seed, system) for seed, take in enumerate(takes)]
        for kind, takes in clean_takes(plan).items()
        for route in chosen.routes
    }


def _harm_of(plan: Plan, route: Route, take: Take, seed: int, system: System) -> Harm:
    plan.tell(f"{route.name}: {take.name} clean: {system.name}")
    heard = Heard(take, route, groove=True, seed=seed)
    clean = heard.clean(min(1.0, 0.9 / float(np.max(np.abs(heard.audio)))))
    return harm(clean, system.run(Clean(clean), route.rate), route.rate)


def view(found: dict[tuple[str, str], list[Harm]], chosen: Chosen, system: System) -> str:
    """Return the table of one system."""
    kinds = dict.fromkeys(kind for kind, _ in found)
    rows = [[kind, *(_cell(found[kind, route.name]) for route in chosen.routes)] for kind in kinds]
    note = (
        "Samples moved by more than 2^-15 / the change under the sound, dB / the same in the worst 100 ms: "
        "the worst take of each."
    )
    head = ["clean", *(route.name for route in chosen.routes)]
    return markdown(f"Clean takes through the channel: {system.name}", head, rows, note)


def _cell(harms: list[Harm]) -> str:
    moved = max(one.moved_share for one in harms)
    error, worst = max(one.error_db for one in harms), max(one.worst_db for one in harms)
    return "unchanged" if np.isinf(error) else f"{percent(moved)} / {db(error)} / {db(worst)}"


def promise(found: dict[tuple[str, str], list[Harm]], system: System) -> str:
    """Say how many cells are unchanged or as good as that."""
    held = sum(all(_holds(one) for one in harms) for harms in found.values())
    asked = f"unchanged, or under {percent(MOST_MOVED)} moved, {MOST_DB:g} dB, {MOST_WORST_DB:g} dB"
    return f"- {system.name}: clean takes {asked}: {held} of {len(found)} cells."


def _holds(one: Harm) -> bool:
    return one.moved_share < MOST_MOVED and one.error_db < MOST_DB and one.worst_db < MOST_WORST_DB

"""The artifact guard by way of every route, over clicks by a generator of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from wavemend import Chain, Declick, Dehum, Denoise

from bench.material.damage import Damaged, hum, noise
from bench.material.reporting.channel import Route
from bench.material.reporting.clicks import Heard, faulty
from bench.material.takes import Take
from bench.measuring.plan import NOTHING, Plan, markdown, verdict
from bench.tables.guard import (
    BASS_HZ,
    BELOW_DB,
    HUM_BELOW_DB,
    LEAST_FOUND,
    MOST_FALSE,
    NOISES,
    Case,
    Tally,
    judged,
    notched,
    too_sensitive,
    wrong_print,
)
from bench.tables.real_clicks import Chosen

CLICKS = (
    "tick",
    "soft",
    "pop",
    "two modes",
)  # guard: shortest, softest, lowest, longest
STRENGTHS = (5.0, 15.0)  # source: those of `real_clicks` that are to be heard
MATERIAL = ("hard", "music")

NOTE = """Artifacts found of those that there are, as in `guard`, and false flags a minute of the stages at
their defaults. Clicks passed the channel with the sound, by the generator of `real_clicks`; noise and hum
are added behind it, so codecs have none."""
STAGES = ("Declick", "Denoise", "Dehum")


def tables(plan: Plan) -> Iterator[str]:
    """Yield a row for each route, and verdicts."""
    chosen = Chosen.of(plan)
    over: dict[str, list[Tally]] = {stage: [] for stage in STAGES}
    gentle: list[Tally] = []
    rows = []
    for route in chosen.routes:
        driven = {stage: judged(plan, cases(plan, route, stage, driven=True)) for stage in STAGES}
        calm = [judged(plan, cases(plan, route, stage, driven=False)) for stage in STAGES]
        for stage, tally in driven.items():
            over[stage].append(tally)
        gentle += calm
        rows.append([route.name, *(share(one) for one in driven.values()), *(false(one) for one in calm)])
    head = ["route", *(f"{stage} found" for stage in STAGES), *(f"{stage} false" for stage in STAGES)]
    yield markdown("The guard by route", head, rows, NOTE)
    yield "\n".join(verdicts(over, gentle))


def verdicts(over: dict[str, list[Tally]], gentle: list[Tally]) -> Iterator[str]:
    """Say what is held over all routes."""
    for stage, tallies in over.items():
        found, true = sum(one.found for one in tallies), sum(one.true for one in tallies)
        if true:
            figure = f"{100 * found / true:.0f} % of {true}"
            yield verdict(f"At least 90 % of {stage}'s found", figure, found >= LEAST_FOUND * true)
    minutes, flags = sum(one.minutes for one in gentle), sum(one.false for one in gentle)
    if minutes:
        rate = flags / minutes
        yield verdict("Under 1 false flag a minute on gentle renders", f"{rate:.2f}", rate < MOST_FALSE)


def share(one: Tally) -> str:
    """Return how many were found of how many."""
    return f"{one.found} of {one.true}" if one.true else NOTHING


def false(one: Tally) -> str:
    """Return false flags a minute."""
    return f"{one.false / one.minutes:.1f}" if one.minutes else NOTHING


def cases(plan: Plan, route: Route, stage: str, *, driven: bool) -> list[Case]:
    """Return damaged takes behind a route, with a stage far too strong or at its defaults."""
    if stage != "Declick" and route.codec:
        return []
    takes = [take for kind in MATERIAL for take in plan.takes(kind)]
    damage = {"Declick": _clicking, "Denoise": _noisy, "Dehum": _humming}[stage]
    made = []
    for seed, take in enumerate(takes):
        damaged = damage(Heard(take, route, groove=stage == "Declick", seed=seed), route.rate, seed)
        behind = Take(take.name, damaged.clean, route.rate)
        chain = _driven(stage, damaged, behind, seed) if driven else partial(_alone, stage)
        made.append(Case(f"{route.name}: {stage}", behind, damaged, chain, clicks=stage == "Declick"))
    return made


def _driven(stage: str, damaged: Damaged, take: Take, seed: int) -> Callable[[], Chain]:
    if stage == "Declick":
        return too_sensitive
    return partial(wrong_print, damaged, take) if stage == "Denoise" else partial(notched, BASS_HZ[seed % 2])


def _alone(stage: str) -> Chain:
    return Chain([{"Declick": Declick, "Denoise": Denoise, "Dehum": Dehum}[stage]()])


def _clicking(heard: Heard, rate: int, seed: int) -> Damaged:
    kind, strength = CLICKS[seed % len(CLICKS)], STRENGTHS[seed // len(CLICKS) % len(STRENGTHS)]
    one = faulty(heard, kind, strength, seed)
    return Damaged(one.audio, one.clean, one.audio - one.clean, slice(None))


def _noisy(heard: Heard, rate: int, seed: int) -> Damaged:
    kind, below_db = NOISES[seed % len(NOISES)], BELOW_DB[seed % len(BELOW_DB)]
    return noise(_clean(heard), rate, kind=kind, below_db=below_db, seed=seed)


def _humming(heard: Heard, rate: int, seed: int) -> Damaged:
    return hum(_clean(heard), rate, kind=("mains", "buzz")[seed % 2], below_db=HUM_BELOW_DB, seed=seed)


def _clean(heard: Heard) -> np.ndarray:
    return heard.clean(min(1.0, 0.9 / float(np.max(np.abs(heard.audio)))))

"""Clicks that passed the channel with the music, by kind and by route; crackle the same way.

One route is a way from the converter to the file. Figures of a kind that differ between routes are the
stage's, not the click's: it is as high after all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from wavemend import Declick, Decrackle, DropoutRepair, MouthClick

from bench.material.reporting.channel import ROUTES, Route
from bench.material.reporting.clicks import RECIPES, Faulty, Heard, crackled, faulty
from bench.measuring.measures import ClickScore, click_gains_db, sdr_db
from bench.measuring.peers import ADECLICK, ffmpeg_system
from bench.measuring.plan import NOTHING, ChoiceError, Plan, markdown, percent
from bench.measuring.systems import System, stage_system

SHOWN = ("44.1", "48 sox", "96 sox", "96 ffmpeg", "MP3 320", "MP3 128", "to 12 kHz", "to 16 kHz")
SUBTRACTED = "the click subtracted"
MISSING = ("dropout", "zeros")
"""Kinds that take sound away, and add none."""
GAPS = "DropoutRepair"
QUICK_ROUTES = ("44.1", "96 sox")
QUICK_KINDS = ("tick", "soft", "wall", "cut")
# source: the recipe of published comparisons (audiojs/audio), for the strengths and the crackle.
STRENGTHS = (2.0, 5.0, 15.0)
MOUTH_STRENGTHS = (1.0, 2.0, 5.0)
DENSITIES = (50.0, 200.0, 1000.0)
AMPLITUDES = (0.5, 2.0, 8.0)

LEAST_CLICKS = 5  # in a cell, or it is empty; guard: a percentile of fewer says nothing
# source: what this generator was made to hold stages to, by strength: median, for every kind of disc click.
ASKED_DB = {5.0: 12.0, 15.0: 18.0}
ASKED_TENTH_DB, ASKED_WORSE = 5.0, 0.02
MOUTH = "MouthClick"
"""Measured on mouth clicks alone, which are no disc's."""
MOUTH_ASKED_DB = {1.0: 12.0, 2.0: 17.0, 5.0: 23.0}  # source: the same, for mouth clicks
NEAR_DB = 3.0  # tuned: by hand, as far as stages may lie from what a codec's noise allows
MOST_SPREAD_DB = 3.0  # source: the same, between routes

Condition = tuple[str, str, float]  # material, kind, strength
Gains = dict[tuple[Condition, str, str], np.ndarray]  # by condition, route and system


@dataclass(frozen=True)
class Chosen:
    """What of it is measured: routes that can be taken here, kinds, strengths."""

    routes: list[Route]
    kinds: list[str]
    skipped: list[str]

    @classmethod
    def of(cls, plan: Plan) -> Chosen:
        """Choose as the plan says.

        Raises
        ------
        ChoiceError
            An unknown route or kind.
        """
        routes = plan.routes or (QUICK_ROUTES if plan.quick else SHOWN)
        kinds = plan.kinds or (QUICK_KINDS if plan.quick else (*RECIPES, "crackle"))
        for what, names, known in (("routes", routes, ROUTES), ("kinds", kinds, (*RECIPES, "crackle"))):
            if unknown := [name for name in names if name not in known]:
                raise ChoiceError(f"{what}={','.join(unknown)} must be of {', '.join(known)}")
        able = [ROUTES[name] for name in routes if not ROUTES[name].missing]
        skipped = [f"{name}: {ROUTES[name].missing}" for name in routes if ROUTES[name].missing]
        return cls(able, list(kinds), skipped)


def tables(plan: Plan) -> Iterator[str]:
    """Yield a table for each material and system, the spread between routes, and the crackle."""
    chosen = Chosen.of(plan)
    if chosen.skipped:
        yield f"- Routes left out: {'; '.join(chosen.skipped)}."
    ours = stage_system("Declick", Declick())
    systems = [ours, ffmpeg_system("ffmpeg adeclick", ADECLICK), stage_system(MOUTH, MouthClick())]
    systems += [System(SUBTRACTED, lambda damaged, rate: damaged.subtracted)]
    systems += [stage_system(GAPS, DropoutRepair())]
    gains = measure(plan, chosen, systems)
    yield from views(gains, chosen, systems)
    yield "\n".join([*promises(gains, chosen, ours), *mouth_promise(gains, chosen)])
    if "crackle" in chosen.kinds:
        yield crackle_table(plan, chosen)


def strengths_of(kind: str, quick: bool) -> tuple[float, ...]:
    """Return the heights that a kind is measured at; 0 for those that have none."""
    if RECIPES[kind].draw is None:
        return (0.0,)
    strengths = MOUTH_STRENGTHS if kind == "mouth" else STRENGTHS
    return strengths[1:2] if quick else strengths


def measure(plan: Plan, chosen: Chosen, systems: Sequence[System]) -> Gains:
    """Measure every click: by condition, route and system, gains in dB."""
    found: dict[tuple[Condition, str, str], list[np.ndarray]] = {}
    for route in chosen.routes:
        able = [s for s in systems if not s.missing and (route.codec or s.name != SUBTRACTED)]
        for material in ("music", "speech"):
            for seed, take in enumerate(plan.takes(material)):
                heard = {on: Heard(take, route, groove=on, seed=seed) for on in (False, True)}
                for kind, strength in _conditions(chosen, material, plan.quick):
                    damaged = faulty(heard[RECIPES[kind].groove], kind, strength, seed)
                    for system in _of_kind(able, kind) if len(damaged.starts) else ():
                        plan.tell(f"{route.name}: {kind} {strength:g}x under {take.name}: {system.name}")
                        key = (material, kind, strength), route.name, system.name
                        found.setdefault(key, []).append(gains_of(damaged, system))
    return {key: np.concatenate(each) for key, each in found.items()}


def _of_kind(systems: Sequence[System], kind: str) -> Iterator[System]:
    """Give the systems that are for clicks of a kind."""
    for system in systems:
        if (system.name != GAPS or kind in MISSING) and (system.name != MOUTH or kind == "mouth"):
            yield system


def _conditions(chosen: Chosen, material: str, quick: bool) -> Iterator[tuple[str, float]]:
    """Give kinds and strengths, those of one strength after each other: they share the clean take."""
    pairs = [(kind, x) for kind in chosen.kinds if kind != "crackle" for x in strengths_of(kind, quick)]
    for kind, strength in sorted(pairs, key=lambda pair: (pair[1], pair[0])):
        if material == "speech" or kind != "mouth":
            yield kind, strength


def gains_of(damaged: Faulty, system: System) -> np.ndarray:
    """Return what one system takes from each click, dB."""
    return click_gains_db(
        damaged.clean,
        damaged.audio,
        system.run(damaged, damaged.sample_rate),
        starts=damaged.starts,
        stops=damaged.stops,
        sample_rate=damaged.sample_rate,
    )


def views(gains: Gains, chosen: Chosen, systems: Sequence[System]) -> Iterator[str]:
    """Yield what became of the clicks, a table for each material and system."""
    note = "dB gone of each click: median / 10th percentile / made worse."
    for system in systems:
        for material in ("music", "speech"):
            some = [key for key in gains if key[0][0] == material and key[2] == system.name]
            routes = [route.name for route in chosen.routes if any(key[1] == route.name for key in some)]
            conditions = sorted({key[0] for key in some}, key=lambda c: (list(RECIPES).index(c[1]), c[2]))
            rows = [
                [_called(condition), *(cell(gains.get((condition, route, system.name))) for route in routes)]
                for condition in conditions
            ]
            if rows:
                title = f"Clicks through the channel, {material}: {system.name}"
                yield markdown(title, ["kind", *routes], rows, note)


def _called(condition: Condition) -> str:
    _, kind, strength = condition
    return f"{kind} {strength:g}x" if strength else kind


def cell(gains: np.ndarray | None) -> str:
    """Return the figures of one cell."""
    if gains is None or len(gains) < LEAST_CLICKS:
        return NOTHING
    score = ClickScore.of(gains)
    return f"{score.median_db:.1f} / {score.tenth_percentile_db:.1f} / {percent(score.worse_share)}"


def promises(gains: Gains, chosen: Chosen, system: System) -> Iterator[str]:
    """Yield how many cells hold what is asked of every kind of disc click, and the spread between routes."""
    asked = [
        (
            gains[condition, route.name, system.name],
            gains.get((condition, route.name, SUBTRACTED)),
            condition[2],
        )
        for condition in dict.fromkeys(key[0] for key in gains)
        for route in chosen.routes
        if condition[2] in ASKED_DB and RECIPES[condition[1]].groove
        if len(gains.get((condition, route.name, system.name), ())) >= LEAST_CLICKS
    ]
    if asked:
        held = sum(_holds(*cell) for cell in asked)
        what = (
            f"at 5x {ASKED_DB[5.0]:g} dB gone, at 15x {ASKED_DB[15.0]:g} dB and {ASKED_TENTH_DB:g} dB of the"
        )
        yield (
            f"- {what} worst tenth, under {percent(ASKED_WORSE)} made worse (or within {NEAR_DB:g} dB of the "
            f"click subtracted): {held} of {len(asked)} cells."
        )
    yield from _spread(
        gains, [route for route in chosen.routes if not route.codec], system, "without a codec"
    )
    yield from _spread(gains, chosen.routes, system, "over all routes")


def mouth_promise(gains: Gains, chosen: Chosen) -> Iterator[str]:
    """Yield how many cells of mouth clicks hold the median that is asked of their stage."""
    asked = [
        (float(np.median(row)), MOUTH_ASKED_DB[strength])
        for strength in MOUTH_ASKED_DB
        for route in chosen.routes
        if len(row := gains.get((("speech", "mouth", strength), route.name, MOUTH), ())) >= LEAST_CLICKS
    ]
    if asked:
        held = sum(median >= least for median, least in asked)
        what = " / ".join(f"{least:g}" for least in MOUTH_ASKED_DB.values())
        yield f"- Mouth clicks at 1 / 2 / 5 times, {what} dB gone: {held} of {len(asked)} cells."


def _holds(gains: np.ndarray, limit: np.ndarray | None, strength: float) -> bool:
    """Tell whether a cell holds what is asked; no more can be than a codec's own noise allows."""
    score = ClickScore.of(gains)
    median, tenth = ASKED_DB[strength], ASKED_TENTH_DB if strength == max(ASKED_DB) else -np.inf
    if limit is not None:
        most = ClickScore.of(limit)
        median = min(median, most.median_db - NEAR_DB)
        tenth = min(tenth, most.tenth_percentile_db - NEAR_DB)
    return score.median_db >= median and score.tenth_percentile_db > tenth and score.worse_share < ASKED_WORSE


def _spread(gains: Gains, routes: Sequence[Route], system: System, which: str) -> Iterator[str]:
    """Yield how far the medians of a kind lie apart."""
    spreads = {}
    for condition in dict.fromkeys(key[0] for key in gains):
        rows = [gains.get((condition, route.name, system.name), np.empty(0)) for route in routes]
        medians = [float(np.median(row)) for row in rows if len(row) >= LEAST_CLICKS]
        if len(medians) > 1:
            spreads[condition] = max(medians) - min(medians)
    if spreads:
        small = sum(spread < MOST_SPREAD_DB for spread in spreads.values())
        worst = max(spreads, key=lambda condition: spreads[condition])
        yield (
            f"- Medians within {MOST_SPREAD_DB:g} dB {which}: {small} of {len(spreads)} kinds and "
            f"strengths; furthest apart {_called(worst)} in {worst[0]}, {spreads[worst]:.1f} dB."
        )


def crackle_table(plan: Plan, chosen: Chosen) -> str:
    """Return SDR in and out of Decrackle by amplitude, density and route, and the worst take's change."""
    stage = stage_system("Decrackle", Decrackle())
    heard = {
        (material, route.name): [
            Heard(take, route, groove=True, seed=seed) for seed, take in enumerate(plan.takes(material))
        ]
        for material in ("music", "speech")
        for route in chosen.routes
    }
    rows = []
    for material in ("music", "speech"):
        for amplitude in AMPLITUDES:
            for density in DENSITIES[1:2] if plan.quick else DENSITIES:
                row = [f"A = {amplitude:g}, {density:g} a second, {material}"]
                for route in chosen.routes:
                    pairs = []
                    for seed, take in enumerate(heard[material, route.name]):
                        plan.tell(f"{route.name}: {row[0]}")
                        damaged = crackled(take, density, amplitude, seed)
                        output = stage.run(damaged, damaged.sample_rate)
                        pairs.append((sdr_db(damaged.clean, damaged.audio), sdr_db(damaged.clean, output)))
                    before, after = np.array(pairs).T
                    row.append(f"{before.mean():.1f} → {after.mean():.1f} ({(after - before).min():+.1f})")
                rows.append(row)
    note = "SDR in → out, dB, means over the takes (change of the worst take)."
    head = ["crackle", *(route.name for route in chosen.routes)]
    return markdown("Crackle through the channel: Decrackle", head, rows, note)

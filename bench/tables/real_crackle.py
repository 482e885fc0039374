"""Crackle of discs that passed the channel with the music: what is left of it, by height, rate and route.

Takes are played from vinyl and from shellac in turn. Figures of a row that differ between routes are the
stage's, not the crackle's: it is as high after all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d
from wavemend import Chain, Declick, Decrackle, load_preset

from bench.material.reporting.channel import Route
from bench.material.reporting.clicks import Faulty, Heard
from bench.material.reporting.crackle import DISCS, crackle
from bench.material.takes import Take
from bench.measuring.measures import sdr_db
from bench.measuring.peers import ADECLICK, ffmpeg_system
from bench.measuring.plan import NOTHING, Plan, markdown
from bench.measuring.systems import System, stage_system
from bench.measuring.yardsticks import additive_pulse
from bench.tables import real_harm
from bench.tables.real_clicks import Chosen

MATERIALS = ("music", "speech", "distorted guitar")
SUBTRACTED = "the crackle subtracted"
YARDSTICK = "yardstick: additive noise pulse"
YARDSTICK_ROUTE = "44.1"  # the others allow it the same within 2 dB, and it takes as long as all systems
# source: the recipe of published comparisons (audiojs/audio), for heights and rates.
AMPLITUDES = (0.5, 2.0, 8.0)
RATES = (50.0, 200.0, 1000.0)

BEFORE_S, AFTER_S = (
    0.001,
    0.002,
)  # what counts around an impulse; guard: where a codec's long window smears it
COURSE_S = 8e-5  # half of what a yardstick's variance is a mean over; guard: under the length of an impulse
FAINTEST = 1e-6  # of the take's power; guard: 60 dB under it nothing is gained, and much to be solved
LEAST_DB = 0.05  # of a change that is told; derived: half a figure's last place
MOST_SPREAD_DB = 3.0  # between routes; source: what stages are held to for clicks

Row = tuple[str, float, float]  # material, amplitude, rate
Levels = dict[tuple[Row, str, str], np.ndarray]  # by row, route and system: SDR in and out of each take


@dataclass(frozen=True)
class Known:
    """A damaged take, and the variance of what was added at every sample, both of shape (channels, n)."""

    audio: np.ndarray
    variance: np.ndarray


def tables(plan: Plan) -> Iterator[str]:
    """Yield a table for each material and system, what they come to, and the chain's harm to clean takes."""
    chosen = Chosen.of(plan)
    if chosen.skipped:
        yield f"- Routes left out: {'; '.join(chosen.skipped)}."
    chain = stage_system("Declick + Decrackle", vinyl_repairs())
    stages = [stage_system("Decrackle", Decrackle()), chain]
    systems = [*stages, ffmpeg_system("ffmpeg adeclick", ADECLICK)]
    systems += [System(SUBTRACTED, lambda damaged, rate: damaged.subtracted), System(YARDSTICK, noise_pulse)]
    levels = measure(plan, chosen.routes, systems)
    yield from views(levels, chosen.routes, systems)
    yield "\n".join(line for stage in stages for line in summary(levels, chosen.routes, stage))
    harms = real_harm.measure(plan, chosen, chain)
    yield real_harm.view(harms, chosen, chain)
    yield real_harm.promise(harms, chain)


def vinyl_repairs() -> Chain:
    """Return the vinyl preset's Declick and Decrackle, as it has them, and none of its other slots."""
    slots = load_preset("vinyl").new_chain().slots
    return Chain([slot.member for slot in slots if isinstance(slot.member, Declick | Decrackle)])


def noise_pulse(damaged: Faulty, sample_rate: int) -> np.ndarray:
    """Estimate what is under crackle whose course, but not whose sign, is known."""
    power = (damaged.audio - damaged.subtracted) ** 2
    variance = uniform_filter1d(power, 2 * round(COURSE_S * sample_rate) + 1, axis=1)
    variance[variance < FAINTEST * np.mean(damaged.clean**2)] = 0
    known: Any = Known(damaged.audio, variance)
    return additive_pulse(known)


def material_takes(plan: Plan, material: str) -> list[Take]:
    """Return the takes of a material; distorted guitars are few."""
    if material != "distorted guitar":
        return plan.takes(material)
    return real_harm.clean_takes(plan).get(material, [])


def measure(plan: Plan, routes: Sequence[Route], systems: Sequence[System]) -> Levels:
    """Measure every take: by row, route and system, SDR in and out in dB, shape (takes, 2)."""
    found: dict[tuple[Row, str, str], list[tuple[float, float]]] = {}
    amplitudes, rates = (AMPLITUDES[1:2], RATES[1:2]) if plan.quick else (AMPLITUDES, RATES)
    for material in MATERIALS:
        for seed, take in enumerate(material_takes(plan, material)):
            disc = list(DISCS)[seed % len(DISCS)]
            for route in routes:
                heard = Heard(take, route, groove=True, seed=seed)
                for row in ((material, amplitude, rate) for amplitude in amplitudes for rate in rates):
                    damaged = crackle(heard, disc, row[2], row[1], seed)
                    where = counted(damaged, route)
                    before = sdr_db(damaged.clean[:, where], damaged.audio[:, where])
                    for system in (one for one in systems if runs_on(one, route)):
                        plan.tell(f"{route.name}: {_called(row)} on {disc} under {take.name}: {system.name}")
                        output = system.run(damaged, damaged.sample_rate)
                        after = sdr_db(damaged.clean[:, where], output[:, where])
                        found.setdefault((row, route.name, system.name), []).append((before, after))
    return {key: np.array(pairs) for key, pairs in found.items()}


def runs_on(system: System, route: Route) -> bool:
    """Tell whether a system is measured on a route: yardsticks where they say something."""
    if system.missing:
        return False
    only = {SUBTRACTED: route.codec, YARDSTICK: route.name == YARDSTICK_ROUTE}
    return only.get(system.name, True)


def counted(damaged: Faulty, route: Route) -> np.ndarray:
    """Return which samples count, shape (n,): all, but after a codec those around impulses alone."""
    length = damaged.clean.shape[1]
    if not route.codec:
        return np.ones(length, dtype=bool)
    first = np.maximum(damaged.starts - round(BEFORE_S * damaged.sample_rate), 0)
    last = np.minimum(damaged.stops + round(AFTER_S * damaged.sample_rate), length)
    depth = np.bincount(first, minlength=length + 1) - np.bincount(last, minlength=length + 1)
    return np.cumsum(depth)[:length] > 0


def views(levels: Levels, routes: Sequence[Route], systems: Sequence[System]) -> Iterator[str]:
    """Yield what became of the crackle, a table for each material and system."""
    note = "SDR in → out, dB, means over the takes (the least growth of any take)."
    for material in MATERIALS:
        for system in systems:
            some = [key for key in levels if key[0][0] == material and key[2] == system.name]
            names = [route.name for route in routes if any(key[1] == route.name for key in some)]
            rows = [
                [_called(row), *(cell(levels.get((row, name, system.name))) for name in names)]
                for row in dict.fromkeys(key[0] for key in some)
            ]
            if rows:
                count = max(len(levels[key]) for key in some)
                title = f"Crackle through the channel, {material} ({count}): {system.name}"
                yield markdown(title, ["crackle", *names], rows, note)


def _called(row: Row) -> str:
    return f"A = {row[1]:g}, {row[2]:g} a second"


def cell(pairs: np.ndarray | None) -> str:
    """Return the figures of one cell."""
    if pairs is None:
        return NOTHING
    before, after = pairs.T
    return f"{before.mean():.1f} → {after.mean():.1f} ({(after - before).min():+.1f})"


def summary(levels: Levels, routes: Sequence[Route], system: System) -> Iterator[str]:
    """Yield how much a system gains, how often it makes a take worse, and how far routes lie apart."""
    own = {key[:2]: np.diff(pairs)[:, 0] for key, pairs in levels.items() if key[2] == system.name}
    if not own:
        return
    gains = {key: float(np.mean(each)) for key, each in own.items()}
    every = np.concatenate(list(own.values()))
    row, route = min(own, key=lambda key: float(np.min(own[key])))
    yield (
        f"- {system.name}: {np.mean(list(gains.values())):.1f} dB gained, mean over {len(gains)} cells; "
        f"made worse {np.sum(every < -LEAST_DB)} of {len(every)} times; least {np.min(every):+.1f} dB "
        f"({_called(row)}, {row[0]}, {route})."
    )
    straight = [route.name for route in routes if not route.codec]
    spreads = {
        row: np.ptp([gains[row, name] for name in straight if (row, name) in gains])
        for row in dict.fromkeys(key[0] for key in gains)
        if sum((row, name) in gains for name in straight) > 1
    }
    if spreads:
        small = sum(spread < MOST_SPREAD_DB for spread in spreads.values())
        worst = max(spreads, key=lambda row: spreads[row])
        yield (
            f"- {system.name}: gains within {MOST_SPREAD_DB:g} dB without a codec: {small} of {len(spreads)} "
            f"rows; furthest apart {_called(worst)}, {worst[0]}, {spreads[worst]:.1f} dB."
        )

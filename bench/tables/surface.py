"""The recorded surface of discs under music: hiss, static, rumble and crackle, none of them made by us."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from wavemend import Chain, Declick, Denoise

from bench.material.surfaces import BELOW_DB, SURFACES, played
from bench.measuring.measures import sdr_db, zimtohrli_distance
from bench.measuring.plan import NOTHING, Plan, markdown, verdict
from bench.measuring.systems import System, noise_yardsticks, stage_system

CLICKING = ("Crackle",)
QUALITIES = ("fast", "high")


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table, and whether each surface comes out better than it went in."""
    head = ["surface", "distance before"]
    ours = [stage_system(f"Denoise, {quality}", Denoise(quality=quality)) for quality in QUALITIES]
    oracle = noise_yardsticks()[-1]
    rows, verdicts = [], []
    for name in SURFACES:
        clicking = name in CLICKING
        each = {system.name: _scores(plan, name, system) for system in _after_declick(ours, clicking)}
        each[oracle.name] = _scores(plan, name, oracle)
        before = next(iter(each.values()))[:, 1]
        rows.append([f"{name}, after Declick" if clicking else name, _thousandths(before.mean())])
        rows[-1] += [_cell(scores) for scores in each.values()]
        for system in ours:
            gain, _, change = each[system.name].mean(axis=0)
            what = f"{system.name}: {name} better than untreated"
            figure = f"{gain:+.2f} dB, {_thousandths(change)} thousandths"
            verdicts.append(verdict(what, figure, gain > 0 and change < 0))
    head += [*(system.name for system in ours), oracle.name]
    note = (
        f"calf-plugins' loops {BELOW_DB:g} dB under music. Against the untreated take: SDR gain, dB (worst "
        "take); change of the Zimtohrli distance, thousandths (worst take), negative is nearer to the clean."
    )
    yield markdown("Surface of discs under music", head, rows, note)
    yield "\n".join(verdicts)


def _after_declick(systems: list[System], clicking: bool) -> list[System]:
    if not clicking:
        return systems
    chains = [Chain([Declick(), Denoise(quality=quality)]) for quality in QUALITIES]
    return [stage_system(system.name, chain) for system, chain in zip(systems, chains, strict=True)]


def _scores(plan: Plan, name: str, system: System) -> np.ndarray:
    """Return SDR gain, distance before, and its change, of each take: shape (takes, 3)."""
    each = []
    for take in plan.takes("music"):
        plan.tell(f"{name} under {take.name}: {system.name}")
        disc = played(take, name)
        heard = (disc.clean, disc.audio, system.run(disc, take.sample_rate))
        clean, before, after = (audio[:, disc.program] for audio in heard)
        try:
            far, near = (zimtohrli_distance(clean, audio, take.sample_rate) for audio in (before, after))
        except ModuleNotFoundError:
            far = near = np.nan
        each.append([sdr_db(clean, after) - sdr_db(clean, before), far, near - far])
    return np.array(each)


def _cell(scores: np.ndarray) -> str:
    gain, change = scores[:, 0], scores[:, 2]
    heard = f"{_thousandths(change.mean())} ({_thousandths(change.max())})"
    return f"{gain.mean():+.1f} ({gain.min():+.1f}); {heard}"


def _thousandths(distance: float) -> str:
    return NOTHING if np.isnan(distance) else f"{1000 * distance:+.1f}"

"""Factory presets on layered damage: gentle, as they are and strong; ffmpeg's steps; and broadband first.

A chain is compared with the clean take through its own filters and limiter, and so is the untreated take.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import cast

import numpy as np
from wavemend import Chain, Denoise
from wavemend.host.presets.overrides import chain_with

from bench.material.layered import CARRIES, WEAR, Layered, Layers
from bench.material.takes import Take
from bench.measuring.chains import broadband_first, through_ffmpeg, without_repairs
from bench.measuring.measures import MOST_DB, harm, pesq_mos, sdr_db, worse_share, zimtohrli_distance
from bench.measuring.peers import ADECLICK, missing_ffmpeg
from bench.measuring.plan import NOTHING, ChoiceError, Plan, db, markdown, percent, verdict
from bench.measuring.strengths import settings

GENERATORS = {"tuning": "bench.material.tuning.layers", "report": "bench.material.reporting.layers"}
OURS = ("gentle", "medium", "strong")
FIRST, STEPS, NOTCHED = "broadband first", "ffmpeg", "ffmpeg with notches"


@dataclass(frozen=True)
class Score:
    """What one take's damage became.

    Attributes
    ----------
    gain_db : float
        Of the SDR.
    heard : float
        By how much it is nearer to the clean take: PESQ of speech, thousandths of the Zimtohrli distance of
        music.
    worse : float
        Share of tenths of a second that were made worse.
    before_db, before_heard : float
        Untreated: the SDR, and the PESQ or the distance itself.
    """

    gain_db: float
    heard: float
    worse: float
    before_db: float
    before_heard: float


@dataclass(frozen=True)
class Reference:
    """The clean and the untreated program through filters and limiter alone, and how far these are apart."""

    clean: np.ndarray
    before: np.ndarray
    heard: float


Render = Callable[[Layered], np.ndarray]


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table of gains, and what each preset does to clean takes."""
    name = GENERATORS[plan.split]
    if not find_spec(name):
        yield f"### Factory presets\n\nNot measured: the {plan.split} split has no layered damage ({name})."
        return
    made = cast(Layers, import_module(name).layers)
    chosen = plan.kinds or tuple(CARRIES)
    if unknown := set(chosen) - CARRIES.keys():
        raise ChoiceError(f"no preset {', '.join(sorted(unknown))}; there are {', '.join(CARRIES)}")
    rows, scored = [], []
    for preset, kind in [(medium, kind) for medium in chosen for kind in CARRIES[medium]]:
        takes = plan.takes(kind)
        damaged = [made(preset, take, WEAR[i % len(WEAR)], i) for i, take in enumerate(takes)]
        scores = {}
        for bare, renders in _systems(preset):
            plan.tell(f"presets: {preset}, {kind}, {', '.join(renders)}")
            beside = [_reference(bare, one, kind) for one in damaged]
            for name, render in renders.items():
                pairs = zip(beside, damaged, strict=True)
                scores[name] = [_score(render, reference, one, kind) for reference, one in pairs]
        scored.append(scores)
        rows.append([f"{preset}, {kind}", *_cells(scores, kind), _harmed(preset, takes)])
    head = ["medium, program", "untreated", *OURS, FIRST, STEPS, NOTCHED, "clean take changed, worst, dB"]
    note = (
        "Half of the takes are lightly worn, half heavily. Untreated: SDR, dB; PESQ of speech, thousandths "
        "of the Zimtohrli distance of music. Others: SDR gain (worst take); what PESQ gained, or by how much "
        "the distance fell; tenths of a second made worse. Each against the clean take through its own "
        "filters and limiter. ffmpeg is told floor and print where noise is alone first, and what hums. "
        "Last: what the preset does, beyond its filters, to takes without any damage, in the worst 0.1 s."
    )
    yield markdown("Factory presets on layered damage", head, rows, note)
    yield "\n".join(_wins(scored))


def _systems(preset: str) -> Iterator[tuple[Render, dict[str, Render]]]:
    """Yield filters and limiter alone, and what is compared beside them: ours, and ffmpeg's."""
    chains = {name: chain_with(f"factory:{preset}", settings(preset, name)) for name in OURS}
    medium = chains["medium"]
    if any(isinstance(member, Denoise) for member in medium):
        chains[FIRST] = broadband_first(medium)
    yield _ours(without_repairs(medium)), {name: _ours(chain) for name, chain in chains.items()}
    if not missing_ffmpeg(ADECLICK):
        peer = partial(through_ffmpeg, medium)
        steps = {STEPS: partial(peer, repairs=True), NOTCHED: partial(peer, repairs=True, notches=True)}
        yield partial(peer, repairs=False), steps


def _ours(chain: Chain) -> Render:
    def render(damaged: Layered) -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an order that is shown to be worse
            return chain.process(damaged.audio, damaged.sample_rate)

    return render


def _reference(bare: Render, damaged: Layered, kind: str) -> Reference:
    untouched = replace(damaged, audio=damaged.clean, added=0 * damaged.added)
    clean, before = (bare(one)[:, damaged.program] for one in (untouched, damaged))
    return Reference(clean, before, _heard(clean, before, damaged.sample_rate, kind))


def _score(render: Render, beside: Reference, damaged: Layered, kind: str) -> Score:
    clean, before, after = beside.clean, beside.before, render(damaged)[:, damaged.program]
    rate = damaged.sample_rate
    became = _heard(clean, after, rate, kind)
    nearer = became - beside.heard if kind == "speech" else beside.heard - became
    sdr = sdr_db(clean, before)
    worse = worse_share(clean, before, after, rate)
    return Score(min(sdr_db(clean, after), MOST_DB) - sdr, nearer, worse, sdr, beside.heard)


def _heard(clean: np.ndarray, audio: np.ndarray, rate: int, kind: str) -> float:
    try:
        if kind == "speech":
            return pesq_mos(clean, audio, rate)
        return 1000 * zimtohrli_distance(clean, audio, rate)
    except ModuleNotFoundError:
        return np.nan


def _cells(scores: dict[str, list[Score]], kind: str) -> list[str]:
    digits = 2 if kind == "speech" else 1
    first = scores["medium"]
    untreated = f"{_mean(first, 'before_db'):.1f}; {_figure(_mean(first, 'before_heard'), digits, sign='')}"
    cells = [untreated]
    for name in (*OURS, FIRST, STEPS, NOTCHED):
        if name not in scores:
            cells.append(NOTHING)
            continue
        each = scores[name]
        least = min(score.gain_db for score in each)
        heard = _figure(_mean(each, "heard"), digits)
        cells.append(
            f"{_mean(each, 'gain_db'):+.1f} ({least:+.1f}); {heard}; {percent(_mean(each, 'worse'))}"
        )
    return cells


def _figure(value: float, digits: int, sign: str = "+") -> str:
    return NOTHING if np.isnan(value) else f"{value:{sign}.{digits}f}"


def _mean(scores: list[Score], what: str) -> float:
    return float(np.mean([getattr(score, what) for score in scores]))


def _harmed(preset: str, takes: list[Take]) -> str:
    """Return the most that the preset changes, beyond its filters, in a tenth of a second of clean takes."""
    chain = chain_with(f"factory:{preset}", [])
    bare = without_repairs(chain)
    worst = [
        harm(bare.process(t.audio, t.sample_rate), chain.process(t.audio, t.sample_rate), t.sample_rate)
        for t in takes
    ]
    return db(max(one.worst_db for one in worst))


def _wins(rows: list[dict[str, list[Score]]]) -> Iterator[str]:
    """Yield how often the presets as they are do better than what stands beside them."""
    for what, called in (("gain_db", "SDR"), ("heard", "PESQ or Zimtohrli")):
        for other in ("untreated", FIRST, STEPS, NOTCHED):
            pairs = [
                (_mean(row["medium"], what), 0.0 if other == "untreated" else _mean(row[other], what))
                for row in rows
                if other == "untreated" or other in row
            ]
            if not pairs:
                continue
            better = sum(mine > their for mine, their in pairs)
            said = f"{better} of {len(pairs)}"
            if what == "gain_db":
                said += f", by {np.mean([mine - their for mine, their in pairs]):+.1f} dB in the mean"
            yield verdict(f"Better than {other} by {called}", said, better == len(pairs))

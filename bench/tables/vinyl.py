"""A worn disc through the whole vinyl preset, beside ffmpeg's chain of the same steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
from wavemend import Chain, load_preset

from bench.material.damage import Damaged
from bench.material.media import RUMBLE_BELOW_DB, RUMBLE_HZ, TAPE_HISS_BELOW_DB, worn_disc
from bench.measuring.measures import harm, octave_gains_db, sdr_db, zimtohrli_distance
from bench.measuring.peers import (
    VINYL_REDUCTION_DB,
    VINYL_WITHOUT_REPAIRS,
    ffmpeg_system,
    learned_system,
    tracking,
    vinyl_chain,
)
from bench.measuring.plan import NOTHING, Plan, db, markdown, names_of
from bench.measuring.systems import System, stage_system
from bench.tables.surface import tables as surface_tables


def vinyl(*, repairs: bool = True) -> Chain:
    """Return the vinyl preset with every slot on; ``repairs=False`` leaves its filters and its limiter."""
    chain = load_preset("vinyl").new_chain()
    for slot in chain.slots:
        slot.bypass = not repairs and getattr(slot.member, "repairs", False)
    return chain


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table, and that of recorded surfaces."""
    bare = ffmpeg_system("", VINYL_WITHOUT_REPAIRS)
    yield table(
        plan,
        [
            (stage_system("wavemend, vinyl", vinyl()), stage_system("", vinyl(repairs=False))),
            (ffmpeg_system("ffmpeg, tracking", vinyl_chain(tracking(VINYL_REDUCTION_DB))), bare),
            (learned_system("ffmpeg, learned", VINYL_REDUCTION_DB, vinyl_chain), bare),
        ],
    )
    yield from surface_tables(plan)


def table(plan: Plan, chains: list[tuple[System, System]]) -> str:
    """Measure chains, each beside itself without its repairs, which is what the clean take goes through."""
    head = [
        "disc", "system", "SDR before, dB", "after", "gain (worst take)", "worst octave, dB",
        "heard distance before, thousandths", "after", "clean take changed, worst, dB",
    ]  # fmt: skip
    rows = []
    materials = ("music",) if plan.quick else ("music", "speech")
    for material, crackling in product(materials, (False, True)):
        for system, bare in chains:
            disc = f"{material}, {'crackling' if crackling else 'no crackle'}"
            if system.missing or bare.missing:
                rows.append([disc, *names_of([system]), *[NOTHING] * (len(head) - 2)])
                continue
            each = []
            for seed, take in enumerate(plan.takes(material)):
                plan.tell(f"disc, {take.name}: {system.name}")
                damaged = worn_disc(take, seed, crackling=crackling)
                each.append(_measure(damaged, system, bare, take.sample_rate))
            rows.append([disc, system.name, *_cells(np.array(each))])
    hiss = f"tape hiss {TAPE_HISS_BELOW_DB:.0f} dB under"
    rumble = f"rumble {RUMBLE_HZ[0]:.0f} to {RUMBLE_HZ[1]:.0f} Hz {RUMBLE_BELOW_DB:.0f} dB under"
    note = (
        f"Ticks and pops 5x, {hiss}, {rumble}, crackle (50 a second, A = 2) "
        "where it says so; against the clean take through the same filters and limiter. Before: the damaged "
        "take through those alone. Learned: floor and print from the lead; the others find their own."
    )
    return markdown("Vinyl preset", head, rows, note)


def _measure(disc: Damaged, system: System, bare: System, sample_rate: int) -> list[float]:
    """Return SDR before and after, the worst octave's gain, both distances, and the clean take's change."""
    untouched = replace(disc, audio=disc.clean, added=0 * disc.added)
    reference = bare.run(untouched, sample_rate)
    harmed = harm(reference, system.run(untouched, sample_rate), sample_rate).error_db
    heard = (reference, bare.run(disc, sample_rate), system.run(disc, sample_rate))
    clean, before, after = (audio[:, disc.program] for audio in heard)
    octaves = octave_gains_db(clean, before, after, sample_rate)
    try:
        distances = [zimtohrli_distance(clean, audio, sample_rate) for audio in (before, after)]
    except ModuleNotFoundError:
        distances = [np.nan, np.nan]
    return [sdr_db(clean, before), sdr_db(clean, after), min(octaves.values()), *distances, harmed]


def _cells(each: np.ndarray) -> list[str]:
    before, after, octave, far, near, _ = np.mean(each, axis=0)
    gains = each[:, 1] - each[:, 0]
    distances = [NOTHING if np.isnan(x) else f"{1000 * x:.1f}" for x in (far, near)]
    gained = f"{np.mean(gains):.1f} ({np.min(gains):.1f})"
    return [db(before), db(after), gained, db(octave), *distances, db(np.max(each[:, 5]))]

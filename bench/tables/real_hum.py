"""Hum as mains, transports and dimmers give it, through the channel: found and named, and what became of it.

Every take is heard with the hum and with its inverse: half the difference of the outputs is what is left of
the hum, half the sum what became of the program. Nothing in these recordings was edited, so each edit told is
false.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from wavemend import Dehum

from bench.material.reporting.channel import RATE, ROUTES, Route
from bench.material.reporting.courses import missing_grid
from bench.material.reporting.hum import KINDS, Hummed, bass_notes, hummed
from bench.material.takes import Take
from bench.measuring.measures import fall_db, harm, sdr_db
from bench.measuring.plan import NOTHING, ChoiceError, Plan, markdown, percent

# source: the range that hum is asked to be taken at
LEVELS_DB = {"mains": (10.0, 20.0, 30.0, 40.0)}
LEVEL_DB = (20.0,)
PART_S = 60.0  # source: hum from 30 to 60 s of 60
QUICK = ("mains", "part-way", "two hums", "off speed", "gated start")
CODED_HZ, CODED_HARMONICS = 1.5, 12.5  # what counts after a codec; guard: over the codec's own errors
MUCH_DB, LOUDER_DB = 20.0, 0.05  # down, and up; source: what the stage is held to; half a figure's last place
NAMES_HZ = 0.01  # what an engineer can read off a spectrogram; guard: no truth is given away
BASS_NOTES_S = 10.0
CLEAN_NAMED_HZ = (50.0, 60.0)

Case = tuple[str, str, float, str]  # kind, material, level, found or named


@dataclass(frozen=True)
class Done:
    """What became of one take.

    Attributes
    ----------
    down_db, sdr_db, program_sdr_db : float
    edits : int
        Edits told, all of them false.
    changed : bool
    """

    down_db: float
    sdr_db: float
    program_sdr_db: float
    edits: int
    changed: bool


def tables(plan: Plan) -> Iterator[str]:
    """Yield hum by kind and level, by route, what it comes to, and what becomes of takes without hum."""
    kinds = choose(plan)
    if missing_grid():
        yield f"- Left out: a recorded grid ({missing_grid()})."
    done = measure(plan, kinds, ROUTES["44.1"])
    yield from views("Hum", done)
    yield "\n".join(summary(done))
    if not plan.quick:
        yield routes_table(plan)
    yield clean_table(plan)


def choose(plan: Plan) -> list[str]:
    """Return the kinds that the plan asks for and that can be had.

    Raises
    ------
    ChoiceError
        An unknown kind.
    """
    if unknown := [kind for kind in plan.kinds if kind not in KINDS]:
        raise ChoiceError(f"kinds={','.join(unknown)} must be of {', '.join(KINDS)}")
    wanted = plan.kinds or (QUICK if plan.quick else tuple(KINDS))
    return [kind for kind in wanted if kind != "a recorded grid" or not missing_grid()]


def measure(plan: Plan, kinds: Sequence[str], route: Route) -> dict[Case, list[Done]]:
    """Measure every take, its hum left to be found and named."""
    found: dict[Case, list[Done]] = {}
    for kind in kinds:
        for material in ("music", "speech"):
            long = kind == "part-way" and not plan.quick
            takes = plan.material(material, plan.count, PART_S) if long else plan.takes(material)
            for seed, take in enumerate(takes):
                for below_db in LEVEL_DB if plan.quick else LEVELS_DB.get(kind, LEVEL_DB):
                    made = hummed(take, kind, below_db, seed, route)
                    for how, hz in _asked(made):
                        plan.tell(f"{kind}, {below_db:g} dB under {take.name}, {how}")
                        found.setdefault((kind, material, below_db, how), []).append(done_to(made, hz))
    return found


def _asked(made: Hummed) -> Iterator[tuple[str, float]]:
    yield "found", 0.0
    if made.named_hz:
        yield "named", round(made.named_hz / NAMES_HZ) * NAMES_HZ


def done_to(made: Hummed, base_frequency_hz: float) -> Done:
    """Run the stage on the take with its hum and with the inverse."""
    (plus, edits), (minus, _) = (
        through(audio, made.sample_rate, base_frequency_hz) for audio in (made.plus, made.minus)
    )
    hum, left = ((one - other)[:, made.where] / 2 for one, other in ((made.plus, made.minus), (plus, minus)))
    if made.coded and made.named_hz:
        hum, left = (_at_harmonics(audio, made) for audio in (hum, left))
    return Done(
        fall_db(hum, left),
        sdr_db(made.clean, plus),
        sdr_db(made.clean, (plus + minus) / 2),
        edits,
        not np.array_equal(plus, made.plus),
    )


def _at_harmonics(audio: np.ndarray, made: Hummed) -> np.ndarray:
    """Return what of audio is near the first harmonics: elsewhere the errors of a codec are louder."""
    spectrum = np.fft.rfft(audio, axis=1)
    h = np.fft.rfftfreq(audio.shape[1], 1 / made.sample_rate) / made.named_hz
    spectrum[:, (np.abs(h - np.round(h)) * made.named_hz > CODED_HZ) | (h < 0.5) | (h > CODED_HARMONICS)] = 0
    return np.fft.irfft(spectrum, audio.shape[1], axis=1)


def through(audio: np.ndarray, sample_rate: int, base_frequency_hz: float) -> tuple[np.ndarray, int]:
    """Return audio through the stage, and how many edits it tells of."""
    stage = Dehum(base_frequency_hz=base_frequency_hz)
    stage.learn(audio, sample_rate)
    events: list[Any] = []
    stream = stage.stream(sample_rate, len(audio))
    parts = [stream.step(audio, events.append), stream.flush(events.append)]
    return np.concatenate(parts, axis=1), sum(event.kind == "edit" for event in events)


def views(title: str, done: dict[Case, list[Done]]) -> Iterator[str]:
    """Yield what became of the hum, a table a material."""
    note = (
        "Hum down / SDR / SDR of the program alone, dB, medians (least down); takes where hum was found and "
        "taken; edits told, all false. Named: the fundamental given to 0.01 Hz."
    )
    for material in ("music", "speech"):
        rows = []
        for kind, below_db in dict.fromkeys((c[0], c[2]) for c in done if c[1] == material):
            row = [f"{kind}, {below_db:g} dB"]
            for how in ("found", "named"):
                row += list(cells(done.get((kind, material, below_db, how))))
            rows.append(row)
        if rows:
            head = ["hum, under by", "left to be found", "found", "edits", "named", "taken", "edits"]
            yield markdown(f"{title}, {material}", head, rows, note)


def cells(each: Sequence[Done] | None) -> tuple[str, str, str]:
    """Return the figures, how often it was taken, and the false edits of one row."""
    if not each:
        return NOTHING, NOTHING, NOTHING
    down, sdr, program = (
        np.median([getattr(one, name) for one in each]) for name in ("down_db", "sdr_db", "program_sdr_db")
    )
    least = min(one.down_db for one in each)
    taken = sum(one.changed for one in each)
    return (
        f"{down:.1f} / {sdr:.1f} / {program:.1f} ({least:.1f})",
        f"{taken} of {len(each)}",
        str(sum(one.edits for one in each)),
    )


def summary(done: dict[Case, list[Done]]) -> Iterator[str]:
    """Say how often hum is found, how far it falls, and what it costs."""
    for how in ("found", "named"):
        each = [one for case, some in done.items() if case[3] == how for one in some]
        if each:
            down = np.array([one.down_db for one in each])
            changed = float(np.mean([one.changed for one in each]))
            yield (
                f"- Hum {how}: changed {percent(changed)} of {len(each)} takes, down by {MUCH_DB:g} dB in "
                f"{percent(float(np.mean(down >= MUCH_DB)))}, louder in {np.sum(down < -LOUDER_DB)} (least "
                f"{down.min():.1f} dB); false edits {sum(one.edits for one in each)}."
            )
    pairs = [
        (one.down_db, other.down_db)
        for (kind, material, below_db, how), some in done.items()
        if how == "found" and (kind, material, below_db, "named") in done
        for one, other in zip(some, done[kind, material, below_db, "named"], strict=True)
    ]
    if pairs:
        worse = sum(named < found - 1 for found, named in pairs)
        yield f"- Named is more than 1 dB worse than found in {worse} of {len(pairs)} takes."


def routes_table(plan: Plan) -> str:
    """Return mains hum by way of a resampler and of a codec."""
    rows = []
    for name in ("48 sox", "MP3 128"):
        if ROUTES[name].missing:
            rows.append([f"{name}: {ROUTES[name].missing}", *[NOTHING] * 3])
            continue
        takes = plan.takes("music")
        each = [
            done_to(hummed(take, "mains", LEVEL_DB[0], seed, ROUTES[name]), 0.0)
            for seed, take in enumerate(takes)
        ]
        rows.append([name, *cells(each)])
    note = "As above, left to be found. After a codec the SDRs have the codec's own error in them."
    head = ["route", f"mains, {LEVEL_DB[0]:g} dB", "found", "edits"]
    return markdown("Hum by way of a resampler and a codec, music", head, rows, note)


def clean_table(plan: Plan) -> str:
    """Return takes without hum, and bass lines beside the mains: how many are changed, and by how much."""
    bass = bass_notes(round(BASS_NOTES_S * RATE), np.random.default_rng(0))
    materials = {material: plan.takes(material) for material in ("music", "speech")} | {
        "a bass that plays 58.27 Hz": [Take("bass", 0.1 * bass[None] / bass.std() / 4, RATE)]
    }
    rows = []
    for name, takes in materials.items():
        row = [f"{name} ({len(takes)})"]
        for hz in (0.0, *CLEAN_NAMED_HZ):
            harms = []
            for take in takes:
                plan.tell(f"no hum, {take.name}")
                output, _ = through(take.audio, take.sample_rate, hz)
                harms.append(harm(take.audio, output, take.sample_rate))
            moved = [one.error_db for one in harms if not np.isinf(one.error_db)]
            row.append(f"{len(moved)}" + (f", at most {max(moved):.0f} dB" if moved else ""))
        rows.append(row)
    note = "Takes changed, and the greatest change in dB under the sound."
    head = ["takes without hum", "left to be found", *(f"{hz:g} Hz named" for hz in CLEAN_NAMED_HZ)]
    return markdown("Takes without hum", head, rows, note)

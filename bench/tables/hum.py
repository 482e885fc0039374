"""Hum taken away: what is left of it, what became of the program, of clean takes and of held notes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from wavemend import Dehum

from bench.material.damage import Damaged, hum
from bench.measuring.measures import fall_db, phase_inversion, sdr_db
from bench.measuring.peers import ffmpeg_system
from bench.measuring.plan import NOTHING, Plan, markdown, names_of, verdict
from bench.measuring.systems import System, stage_system
from bench.tables.clicks import harms

# source: this table's own conditions
CONDITIONS: dict[str, dict[str, object]] = {
    "mains": {"kind": "mains"},
    "buzz": {"kind": "buzz"},
    "drift": {"kind": "mains", "wander_hz": 0.2},
    "quiet": {"kind": "mains", "below_db": 30.0},
    "level steps": {"kind": "mains", "level_steps": True},
    "splices": {"kind": "mains", "splices": True},
}
NOTES_HZ = (50.0, 60.0, 100.0, 120.0)
NOTE_KINDS: dict[str, tuple[float, ...]] = {"note": (1.0,), "chord": (1.0, 1.25, 1.5), "bass line": (1.0,)}
NOTE_SECONDS = 10.0
BASS_SECONDS = 1.5, 0.5  # at the frequency, and a tone above it
ASKED = (25.0, 33.0, 40.0)


@dataclass(frozen=True)
class HumScore:
    """What one system made of one humming take, over the program.

    Attributes
    ----------
    fall_db : float
        What the hum fell by.
    sdr_db, program_sdr_db : float
        Of the output, and of what became of the program alone.
    """

    fall_db: float
    sdr_db: float
    program_sdr_db: float


Scores = dict[tuple[str, str, str], list[HumScore]]


def tables(plan: Plan) -> Iterator[str]:
    """Yield the tables, and whether Dehum keeps its promises."""
    ours = stage_system("Dehum", Dehum())
    systems = [ours, *notches()]
    scores = measure(plan, systems)
    yield view(scores, systems)
    yield harms(plan, [ours], "Clean takes through Dehum")[1]
    kept, text = held_notes(plan, ours)
    yield text
    each = [score for (_, _, name), some in scores.items() if name == ours.name for score in some]
    yield promises(each, kept)
    yield speed(plan)


def notches() -> list[System]:
    """Return ffmpeg's band-reject filters at twelve harmonics, Q = 30, told the mains' nominal frequency."""
    return [
        ffmpeg_system(
            f"ffmpeg bandreject, {mains:.0f} Hz and 11 harmonics, Q 30",
            ",".join(f"bandreject=f={mains * h:.0f}:t=q:w=30" for h in range(1, 13)),
        )
        for mains in (50.0, 60.0)
    ]


def measure(plan: Plan, systems: Sequence[System]) -> Scores:
    """Measure every system in every condition; by material, condition and system's name, one score a take."""
    scores: Scores = {}
    for material in ("music", "speech"):
        for condition, recipe in list(CONDITIONS.items())[: 2 if plan.quick else None]:
            for seed, take in enumerate(plan.takes(material)):
                mains = (50.0, 60.0)[seed % 2]
                damaged = hum(take.audio, take.sample_rate, seed=seed, mains_hz=mains, **recipe)  # type: ignore[arg-type]
                for system in systems:
                    other = system.name.startswith("ffmpeg") and f"{mains:.0f} Hz" not in system.name
                    if not system.missing and not other:
                        plan.tell(f"{condition} under {take.name}: {system.name}")
                        each = scores.setdefault((material, condition, system.name), [])
                        each.append(score(damaged, system, take.sample_rate))
    return scores


def score(damaged: Damaged, system: System, sample_rate: int) -> HumScore:
    """Measure one system on one humming take."""

    def run(audio: np.ndarray) -> np.ndarray:
        return system.run(replace(damaged, audio=audio, added=audio - damaged.clean), sample_rate)

    heard = phase_inversion(run, damaged.clean, damaged.added)
    clean, added, output, program, residue = (
        x[:, damaged.program]
        for x in (damaged.clean, damaged.added, heard.output, heard.program, heard.residue)
    )
    return HumScore(fall_db(added, residue), sdr_db(clean, output), sdr_db(clean, program))


def view(scores: Scores, systems: Sequence[System]) -> str:
    """Return the table of every condition, and the means."""
    rows = []
    for material in dict.fromkeys(material for material, *_ in scores):
        conditions = list(dict.fromkeys(c for m, c, _ in scores if m == material))
        for condition in conditions:
            rows.append([f"{condition} under {material}", *_cells(scores, systems, material, [condition])])
        rows.append([f"**all under {material}**", *_cells(scores, systems, material, conditions)])
    note = "What the hum fell by / SDR / SDR of the program alone, dB: means over the takes (least fall)."
    return markdown("Hum taken away", ["hum", *names_of(systems)], rows, note)


def _cells(
    scores: Scores, systems: Sequence[System], material: str, conditions: Sequence[str]
) -> Iterator[str]:
    for system in systems:
        each = [one for condition in conditions for one in scores.get((material, condition, system.name), [])]
        yield _cell(each) if each else NOTHING


def _cell(scores: Sequence[HumScore]) -> str:
    fall, sdr, program = mean_of(scores)
    return f"{fall:.1f} / {sdr:.1f} / {program:.1f} ({min(score.fall_db for score in scores):.1f})"


def mean_of(scores: Sequence[HumScore]) -> tuple[float, float, float]:
    """Return the means of the fall, of the SDR and of the program's SDR."""
    fall, sdr, program = np.mean([(s.fall_db, s.sdr_db, s.program_sdr_db) for s in scores], axis=0)
    return float(fall), float(sdr), float(program)


def held_notes(plan: Plan, system: System) -> tuple[float, str]:
    """Measure what becomes of notes held at the mains' frequencies, under hum and without.

    Returns
    -------
    changed : float
        The largest change of a note's level, in dB.
    table : str
    """
    rows, worst = [], 0.0
    seconds = 6.0 if plan.quick else NOTE_SECONDS
    for kind in NOTE_KINDS:
        for hz in NOTES_HZ:
            cells = []
            for humming in (False, True):
                plan.tell(f"a {kind} at {hz:.0f} Hz")
                change = note_change_db(system, hz, seconds, humming=humming, kind=kind)
                worst = max(worst, abs(change))
                cells.append(f"{change:+.2f}")
            rows.append([f"{kind}, {hz:.0f} Hz", *cells])
    note = (
        f"Change of the level at that frequency, dB: {seconds:g} s of a note that begins and ends, harmonics "
        "at 1/h; of a chord with a third and a fifth; of a line that leaves the note again and again."
    )
    return worst, markdown("Notes held where hum is", ["note", "no hum", "under hum at 20 dB"], rows, note)


def note_change_db(system: System, hz: float, seconds: float, *, humming: bool, kind: str = "note") -> float:
    """Return by how much a held note's level changes, its onset and release left out.

    The hum is at the mains whose harmonic the note is; the note comes 5 s after the hum began.
    """
    rate = 44_100
    draw = np.random.default_rng(round(hz))
    n = round((seconds + 4.0) * rate)
    t = np.arange(n) / rate - 2.0
    sounds = (t >= 0.0) & (t < seconds)
    held = (t >= 0.2) & (t < seconds - 0.2)
    note = sum(_tone(hz * ratio, t, draw) for ratio in NOTE_KINDS[kind])
    if kind == "bass line":
        each, other = BASS_SECONDS
        since = t % (each + other)
        higher = since >= each
        low, high = note * _envelope(since, each), _tone(hz * 9 / 8, t, draw) * _envelope(since - each, other)
        note = np.where(higher, high, low)
        held &= (since > 0.2) & (since < each - 0.2)
    else:
        note = note * _envelope(t, seconds)
    program = 0.1 * sounds * note + 1e-4 * draw.standard_normal((2, n))
    mains = 50.0 if hz % 50.0 == 0 else 60.0
    damaged = hum(program, rate, kind="mains", seed=1, mains_hz=mains)
    if humming:
        output = phase_inversion(
            lambda audio: system.run(replace(damaged, audio=audio, added=audio - damaged.clean), rate),
            damaged.clean, damaged.added,
        ).program  # fmt: skip
    else:
        output = system.run(replace(damaged, audio=damaged.clean, added=0 * damaged.added), rate)
    turn = held * np.exp(-2j * np.pi * hz * t)
    before, after = (
        np.abs(np.sum(x[:, damaged.program] * turn, axis=1)).sum() for x in (damaged.clean, output)
    )
    return float(20 * np.log10(after / before))


def _tone(hz: float, t: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    return sum(np.sin(2 * np.pi * hz * h * t + draw.uniform(0, 2 * np.pi)) / h for h in range(1, 13))


def _envelope(t: np.ndarray, seconds: float) -> np.ndarray:
    return np.clip(t / 0.05, 0, 1) * np.clip((seconds - t) / 0.2, 0, 1)


def speed(plan: Plan) -> str:
    """Return how many times faster than real time Dehum is, analysis and all, in seconds of one core."""
    seconds = 15.0 if plan.quick else 60.0
    take = plan.takes("music")[0]
    times = seconds * take.sample_rate / take.audio.shape[1]
    music = np.tile(take.audio, int(np.ceil(times)))[:, : round(seconds * take.sample_rate)]
    lines = []
    for kind in ("mains", "buzz"):
        audio = hum(music, take.sample_rate, kind=kind, seed=0).audio
        spent = []
        for repeat in range(3):
            plan.tell(f"speed, {kind}, {repeat + 1} of 3")
            started = time.process_time()
            Dehum().process(audio, take.sample_rate)
            spent.append(time.process_time() - started)
        speed = audio.shape[1] / take.sample_rate / float(np.median(spent))
        lines.append(verdict(f"30 times real time, {kind}", f"{speed:.0f} times", speed >= 30.0))
    return "\n".join(lines)


def promises(scores: Sequence[HumScore], kept_db: float) -> str:
    """Return whether what was asked is shown."""
    names = ("Hum down by at least 25 dB", "SDR at least 33 dB", "Program SDR at least 40 dB")
    lines = [
        verdict(f"{name}, mean over the conditions", f"{value:.1f} dB", value >= asked)
        for name, value, asked in zip(names, mean_of(scores), ASKED, strict=True)
    ]
    return "\n".join([*lines, verdict("Held notes within 0.5 dB", f"{kept_db:.2f} dB", kept_db <= 0.5)])

"""Steady noise lowered: what is gained, in which octave it loses, and what the rest sounds like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from wavemend import Denoise
from wavemend.analysis.noise.noise_print import NO_NOISE

from bench.material.damage import Damaged, noise
from bench.measuring.measures import (
    fall_db,
    musical_noise,
    octave_gains_db,
    phase_inversion,
    sdr_db,
    zimtohrli_distance,
)
from bench.measuring.peers import ffmpeg_system, learned_system, sox_system, tracking
from bench.measuring.plan import NOTHING, Plan, db, markdown, names_of, verdict
from bench.measuring.systems import System, noise_yardsticks, stage_system
from bench.tables.clicks import harms

KINDS = ("white", "pink", "tape")
# source: this table's own conditions, and what docs/benchmarks.md promises
LEVELS_DB = (10, 25)
PRINT_ERRORS_DB = (-3.0, 3.0)
PROMISED = {"fast": (5.0, 0.6), "high": (5.5, 0.3)}
MOST_PRINT_COST_DB = 0.7
Condition = tuple[str, str, int]


@dataclass(frozen=True)
class NoiseScore:
    """What one system made of one noisy take.

    Attributes
    ----------
    gain_db : float
        SDR gained over the program.
    octaves_db : dict
        The same in each octave band, by its centre in Hz.
    musical, musical_tail : float
        Log kurtosis ratio of the noise under the program, and in the tail.
    fall_db : float
        What the noise fell by in the tail.
    distance : float
        Zimtohrli distance after less that before; NaN where it is not installed.
    """

    gain_db: float
    octaves_db: dict[float, float]
    musical: float
    musical_tail: float
    fall_db: float
    distance: float


Scores = dict[tuple[Condition, str], list[NoiseScore]]


def tables(plan: Plan) -> Iterator[str]:
    """Yield the tables, and whether Denoise keeps its promises."""
    ours = {quality: stage_system(f"Denoise, {quality}", Denoise(quality=quality)) for quality in PROMISED}
    stronger = stage_system("Denoise, fast, reduction 20 dB", Denoise(reduction_db=20.0))
    as_much = round(Denoise().reduction_db)
    afftdn = ffmpeg_system(f"ffmpeg afftdn, {as_much} dB, tracking", tracking(as_much))
    taught = learned_system(f"ffmpeg afftdn, {as_much} dB, floor and print from the lead", as_much)
    sox = sox_system("sox noisered 0.25, learned")
    systems = [*ours.values(), stronger, afftdn, taught, sox, *noise_yardsticks()]
    scores = measure(plan, systems)
    yield from views(scores, systems)
    wrong = wrong_prints(plan)
    yield _wrong_print_table(scores, ours, wrong)
    yield harms(plan, [*ours.values(), stronger, afftdn], "Clean takes through denoisers")[1]
    for quality, system in ours.items():
        gain = _mean_gain(scores, system)
        costs = {error: gain - wrong[quality, error] for error in PRINT_ERRORS_DB}
        yield "\n".join(_promises(scores, system, quality, costs))


def wrong_prints(plan: Plan) -> dict[tuple[str, float], float]:
    """Return the mean SDR gain under music, by quality and by what the print is off by, dB."""
    gains: dict[tuple[str, float], list[float]] = {}
    for kind in KINDS[::2] if plan.quick else KINDS:
        for below in LEVELS_DB[:1] if plan.quick else LEVELS_DB:
            for seed, take in enumerate(plan.takes("music")):
                noisy = noise(take.audio, take.sample_rate, kind=kind, below_db=below, seed=seed)
                found = Denoise().analyse(noisy.audio, take.sample_rate)
                clean, before = noisy.clean[:, noisy.program], noisy.audio[:, noisy.program]
                for error in PRINT_ERRORS_DB:
                    density = np.maximum(found.density_dbfs_hz + error, NO_NOISE)
                    for quality in PROMISED:
                        plan.tell(f"{kind} {below} dB under {take.name}: {quality}, print {error:+g} dB")
                        stage = Denoise(quality=quality)
                        stage.findings = replace(found, density_dbfs_hz=density)
                        after = stage.process(noisy.audio, take.sample_rate)[:, noisy.program]
                        gain = sdr_db(clean, after) - sdr_db(clean, before)
                        gains.setdefault((quality, error), []).append(gain)
    return {which: float(np.mean(each)) for which, each in gains.items()}


def _wrong_print_table(scores: Scores, ours: dict[str, System], wrong: dict[tuple[str, float], float]) -> str:
    rows = [
        [
            system.name,
            *(f"{wrong[quality, error]:.1f}" for error in PRINT_ERRORS_DB),
            f"{_mean_gain(scores, system):.1f}",
        ]
        for quality, system in ours.items()
    ]
    head = ["under music", *(f"print {error:+g} dB" for error in PRINT_ERRORS_DB), "as found"]
    return markdown("Noise: SDR gain with a wrong print, dB", head, rows)


def measure(plan: Plan, systems: Sequence[System]) -> Scores:
    """Measure every system on every noise; by condition and system's name, one score a take."""
    scores: Scores = {}
    for material in ("music", "speech"):
        for kind in KINDS[::2] if plan.quick else KINDS:
            for below in LEVELS_DB[:1] if plan.quick else LEVELS_DB:
                for seed, take in enumerate(plan.takes(material)):
                    noisy = noise(take.audio, take.sample_rate, kind=kind, below_db=below, seed=seed)
                    distance = _distance(noisy, noisy.audio, take.sample_rate)
                    for system in systems:
                        if not system.missing:
                            plan.tell(f"{kind} {below} dB under {take.name}: {system.name}")
                            each = scores.setdefault(((material, kind, below), system.name), [])
                            each.append(score(noisy, system, take.sample_rate, distance))
    return scores


def score(noisy: Damaged, system: System, sample_rate: int, distance_before: float) -> NoiseScore:
    """Measure one system on one noisy take."""

    def run(audio: np.ndarray) -> np.ndarray:
        return system.run(replace(noisy, audio=audio, added=audio - noisy.clean), sample_rate)

    heard = phase_inversion(run, noisy.clean, noisy.added)
    program, tail = noisy.program, slice(noisy.program.stop, None)
    clean, before, after = (x[:, program] for x in (noisy.clean, noisy.audio, heard.output))
    return NoiseScore(
        gain_db=sdr_db(clean, after) - sdr_db(clean, before),
        octaves_db=octave_gains_db(clean, before, after, sample_rate),
        musical=musical_noise(noisy.added[:, program], heard.residue[:, program], sample_rate),
        musical_tail=musical_noise(noisy.added[:, tail], heard.output[:, tail], sample_rate),
        fall_db=fall_db(noisy.added[:, tail], heard.output[:, tail]),
        distance=_distance(noisy, heard.output, sample_rate) - distance_before,
    )


def _distance(noisy: Damaged, output: np.ndarray, sample_rate: int) -> float:
    try:
        return zimtohrli_distance(noisy.clean[:, noisy.program], output[:, noisy.program], sample_rate)
    except ModuleNotFoundError:
        return float("nan")


def views(scores: Scores, systems: Sequence[System]) -> Iterator[str]:
    """Yield one table for each measure."""
    yield _view(scores, systems, "Noise: SDR gain, dB", "Mean (worst take).", _gain)
    note = "In the octave that gains least: mean over the takes, at its centre (worst octave of any take)."
    yield _view(scores, systems, "Noise: worst octave band, dB", note, _octave)
    note = (
        "Log kurtosis ratio, 0 = only scaled: under the program / in the tail / what the noise fell by there."
    )
    yield _view(scores, systems, "Noise: musical noise", note, _musical)
    note = "Change of the Zimtohrli distance, in thousandths; negative is nearer to the clean take."
    yield _view(scores, systems, "Noise: heard distance", note, _heard)


def _view(
    scores: Scores,
    systems: Sequence[System],
    title: str,
    note: str,
    cell: Callable[[Sequence[NoiseScore]], str],
) -> str:
    conditions = list(dict.fromkeys(condition for condition, _ in scores))
    rows = []
    for material in dict.fromkeys(material for material, *_ in conditions):
        within = [condition for condition in conditions if condition[0] == material]
        rows += [
            [f"{kind} {below} dB under {material}", *_cells(scores, systems, [(material, kind, below)], cell)]
            for _, kind, below in within
        ]
        rows.append([f"**all under {material}**", *_cells(scores, systems, within, cell)])
    return markdown(title, ["noise", *names_of(systems)], rows, note)


def _cells(
    scores: Scores,
    systems: Sequence[System],
    conditions: Sequence[Condition],
    cell: Callable[[Sequence[NoiseScore]], str],
) -> Iterator[str]:
    for system in systems:
        each = [one for condition in conditions for one in scores.get((condition, system.name), [])]
        yield cell(each) if each else NOTHING


def _gain(scores: Sequence[NoiseScore]) -> str:
    gains = [score.gain_db for score in scores]
    return f"{np.mean(gains):.1f} ({min(gains):.1f})"


def _octave(scores: Sequence[NoiseScore]) -> str:
    mean, centre = worst_octave(scores)
    return f"{mean:.1f} at {centre:.0f} Hz ({min(min(score.octaves_db.values()) for score in scores):.1f})"


def worst_octave(scores: Sequence[NoiseScore]) -> tuple[float, float]:
    """Return the mean gain over the takes in the octave where it is least, and that octave's centre."""
    return min((float(np.mean([s.octaves_db[at] for s in scores])), at) for at in scores[0].octaves_db)


def _musical(scores: Sequence[NoiseScore]) -> str:
    under, tail, fall = np.mean([(s.musical, s.musical_tail, s.fall_db) for s in scores], axis=0)
    return f"{under:.1f} / {tail:.1f} / {db(fall)}"


def _heard(scores: Sequence[NoiseScore]) -> str:
    mean = np.mean([score.distance for score in scores])
    return NOTHING if np.isnan(mean) else f"{1000 * mean:+.1f}"


def _mean_gain(scores: Scores, system: System) -> float:
    """Return the mean gain under music: over the noises and levels, of the takes."""
    music = [where for where in scores if where[0][0] == "music" and where[1] == system.name]
    each = [score.gain_db for where in music for score in scores[where]]
    return float(np.mean(each))


def _promises(scores: Scores, system: System, quality: str, costs: dict[float, float]) -> Iterator[str]:
    """Yield one line for each promise of a quality."""
    least, most = PROMISED[quality]
    gain = _mean_gain(scores, system)
    yield verdict(f"{system.name}: at least {least:g} dB gained under music", f"{gain:.2f} dB", gain >= least)
    for material in ("music", "speech"):
        cells = {
            where: each
            for (where, name), each in scores.items()
            if name == system.name and where[0] == material
        }
        every = [score for each in cells.values() for score in each]
        musical = float(np.mean([score.musical_tail for score in every]))
        what = f"{system.name}: musical noise after {material} under {most:g}"
        yield verdict(what, f"{musical:.2f}", musical < most)
        octave = min(worst_octave(each)[0] for each in cells.values())
        yield verdict(
            f"{system.name}: no octave band loses under {material}", f"{octave:+.2f} dB", octave >= 0
        )
        distance = max(float(np.mean([score.distance for score in each])) for each in cells.values())
        what = f"{system.name}: nearer to the clean take in every cell, {material}"
        yield verdict(what, f"{1000 * distance:+.1f} thousandths at worst", distance < 0)
        faint = [
            score.gain_db for where, each in cells.items() if where[2] == LEVELS_DB[-1] for score in each
        ]
        if faint:
            what = f"{system.name}: no take of {material} below the input at {LEVELS_DB[-1]} dB"
            yield verdict(what, f"{min(faint):+.2f} dB at worst", min(faint) >= 0)
    for error, cost in costs.items():
        what = f"{system.name}: a print {error:+.0f} dB off costs under {MOST_PRINT_COST_DB:g} dB under music"
        yield verdict(what, f"{cost:.2f} dB", cost < MOST_PRINT_COST_DB)

"""How well clicks, crackle and a record's revolution are counted and named.

``python -m bench click_finder`` prints the tables; ``--split tuning`` is for development.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from wavemend.analysis.clicks.clicks import Clicks, ClicksAnalyser
from wavemend.analysis.clicks.revolutions import PERIODS_S
from wavemend.analysis.speeds import DISCS

from bench.material.damage import CLICKS, clicks, crackle
from bench.material.takes import Take
from bench.measuring.plan import Plan, markdown, percent, takes_of, verdict

# source: this table's own conditions
RATES = (1, 3, 10, 30, 100, 300, 1000, 3000)
JITTER_S = 4e-3
SPEED_OFF = 3e-3
SECONDS = 60.0

Audio = np.ndarray


def analyse(audio: Audio, rate: float) -> Clicks:
    """Return the findings on a whole recording."""
    analyser = ClicksAnalyser(rate, len(audio))
    analyser.push(audio)
    return analyser.result()


@dataclass(frozen=True)
class Planted:
    """A take with impulses, and how many each channel has."""

    audio: Audio
    counts: np.ndarray


def plant(take: Take, times_s: np.ndarray, seed: int, strength: tuple[float, float] = (2.0, 15.0)) -> Planted:
    """Add a tick, pop or glitch at each time, peaking at `strength` (log-uniform) times the RMS within 10 ms.

    Half of them are in all channels, the others in one, as in `damage.clicks`.
    """
    draw = np.random.default_rng(seed)
    audio, counts = take.audio.copy(), np.zeros(len(take.audio), int)
    near = take.sample_rate // 100
    for start in np.round(times_s * take.sample_rate).astype(int):
        pulse = CLICKS[draw.choice(["tick", "pop", "glitch"])](draw, take.sample_rate).waveform
        if start < 0 or start + len(pulse) > audio.shape[1]:
            continue
        struck = np.ones(len(audio), bool)
        if draw.random() < 0.5:
            struck[:] = np.arange(len(audio)) == draw.integers(len(audio))
        local = np.sqrt(np.mean(take.audio[:, max(start - near, 0) : start + near] ** 2, axis=1))
        height = draw.choice((-1.0, 1.0)) * np.exp(draw.uniform(*np.log(strength)))
        audio[struck, start : start + len(pulse)] += height * np.maximum(local[struck], 1e-3)[:, None] * pulse
        counts += struck
    return Planted(audio, counts)


def random_times(take: Take, per_minute: float, seed: int) -> np.ndarray:
    """Return so many times a minute, uniformly distributed: their number is not drawn."""
    length = take.audio.shape[1] / take.sample_rate
    return np.sort(np.random.default_rng(seed).uniform(0.05, length - 0.05, round(per_minute * length / 60)))


def periodic_times(take: Take, period_s: float, seed: int) -> np.ndarray:
    """Return one time a revolution, jittering by up to `JITTER_S`, at a speed up to 0.3 % off."""
    draw = np.random.default_rng(seed)
    period_s *= 1 + draw.uniform(-SPEED_OFF, SPEED_OFF)
    times = np.arange(draw.uniform(0.1, period_s), take.audio.shape[1] / take.sample_rate - 0.1, period_s)
    return times + draw.uniform(-JITTER_S, JITTER_S, times.size)


def total(found: Clicks) -> np.ndarray:
    """Return clicks and crackle a minute together, of each channel."""
    return found.clicks_per_minute + found.crackle_per_minute


def rates(material: list[Take]) -> str:
    """Return the table of rates: planted 2 to 15 times over the local RMS, and 5 to 15 times."""
    rows = []
    for rate in RATES:
        row = [f"{rate}"]
        for strength in ((2.0, 15.0), (5.0, 15.0)):
            sums, within = np.zeros(2), []
            for seed, take in enumerate(material):
                # three quarters of the impulses are in each of two channels
                share = 0.75 if len(take.audio) > 1 else 1.0
                one = plant(take, random_times(take, rate / share, seed), seed, strength)
                minutes = take.audio.shape[1] / take.sample_rate / 60
                there, seen = one.counts.mean() / minutes, total(analyse(one.audio, take.sample_rate)).mean()
                sums += there, seen
                within.append(abs(seen - there) <= 0.15 * there)
            row += [f"{sums[0] / len(material):.1f}", f"{sums[1] / len(material):.1f}",
                    f"{100 * (sums[1] / sums[0] - 1):+.0f} %", percent(float(np.mean(within)))]  # fmt: skip
        rows.append(row)
    head = ["a minute", *(f"{what}, {k}" for k in ("2–15x", "5–15x")
                          for what in ("planted", "found", "error", "takes within 15 %"))]  # fmt: skip
    return markdown("Impulses a minute and channel", head, rows)


def kinds(material: list[Take]) -> str:
    """Return the table of the benchmark's own clicks, by kind and strength."""
    rows = []
    for kind in ("tick", "pop", "glitch"):
        for strength in (2, 5, 15):
            sums, levels = np.zeros(2), []
            for seed, take in enumerate(material):
                one = clicks(take.audio, take.sample_rate, kind=kind, strength=strength, seed=seed)
                minutes = take.audio.shape[1] / take.sample_rate / 60
                found = analyse(one.audio, take.sample_rate)
                sums += one.struck.sum() / len(take.audio) / minutes, total(found).mean()
                levels.append(found.strength_db)
            rows.append([f"{kind}, {strength}x", *(f"{one / len(material):.0f}" for one in sums),
                         f"{100 * (sums[1] / sums[0] - 1):+.0f} %",
                         f"{20 * np.log10(strength):.0f}", f"{np.median(levels):.1f}"])  # fmt: skip
    head = ("kind", "planted a minute", "found", "error", "strength, dB", "found (median)")
    return markdown("Clicks by kind", head, rows)


def crackles(material: list[Take]) -> str:
    """Return the table of crackle."""
    rows = []
    for strength in (2.0, 8.0):
        for per_second in (50, 200, 1000):
            found = []
            for seed, take in enumerate(material):
                one = crackle(
                    take.audio, take.sample_rate, per_second=per_second, strength=strength, seed=seed
                )
                f = analyse(one.audio, take.sample_rate)
                found.append((f.clicks_per_minute.mean(), f.crackle_per_minute.mean()))
            strong, weak = np.mean(found, axis=0)
            off = (strong + weak) / (60 * per_second) - 1
            rows.append([f"A = {strength:g}, {per_second} a second", f"{60 * per_second}", f"{strong:.0f}",
                         f"{weak:.0f}", f"{100 * off:+.0f} %"])  # fmt: skip
    head = ("crackle", "planted a minute", "found as clicks", "found as crackle", "error of both")
    return markdown("Crackle", head, rows)


def false_alarms(material: dict[str, list[Take]]) -> str:
    """Return the table of false alarms on clean takes."""
    rows = []
    for kind, some in material.items():
        found = [analyse(take.audio, take.sample_rate) for take in some]
        each = np.array([total(one).max() for one in found])
        length = sum(take.audio.shape[1] / take.sample_rate for take in some) / 60
        named = sum(one.revolution_rpm > 0 for one in found)
        rows.append(
            [kind, str(len(some)), f"{length:.1f}", f"{each.mean():.2f}", f"{each.max():.1f}", str(named)]
        )
    head = ("clean", "takes", "minutes", "found a minute, mean", "worst take", "revolutions named")
    return markdown("False alarms", head, rows, "Of each take the worse channel.")


def _cases(material: list[Take]) -> Iterator[tuple[float, int, Planted, Take]]:
    seed = 0
    for take in material:
        for period in (*PERIODS_S, 0.0, 0.0):
            for extra in (0, 20, 100, 300):
                seed += 1
                times = random_times(take, extra, seed)
                if period:
                    times = np.concatenate([times, periodic_times(take, period, seed)])
                elif not extra:
                    times = periodic_times(
                        take, np.random.default_rng(seed).choice((0.5, 0.6, 0.9, 1.0)), seed
                    )
                yield period, extra, plant(take, times, seed, (3.0, 15.0)), take


def revolutions(material: list[Take]) -> str:
    """Return the table of revolutions, with lines that say whether what is asked for is reached."""
    hits: dict[tuple[float, int], list[bool]] = {}
    for period, extra, one, take in _cases(material):
        named = analyse(one.audio, take.sample_rate).revolution_rpm
        wanted = DISCS[PERIODS_S.index(period)].rpm if period else 0.0
        hits.setdefault((period, extra), []).append(named == wanted)
    extras = (0, 20, 100, 300)
    rows = [
        [f"{60 / period:.2f} rpm" if period else "none (first column: a beat of 60 to 120 a minute)",
         *(f"{sum(hits[period, extra])} of {len(hits[period, extra])}" for extra in extras)]
        for period in (*PERIODS_S, 0.0)
    ]  # fmt: skip
    right = [hit for (period, _), some in hits.items() if period for hit in some]
    quiet = [hit for (period, _), some in hits.items() if not period for hit in some]
    note = f"A tick, pop or glitch each turn ±{1e3 * JITTER_S:g} ms, and so many random ones a minute."
    return "\n".join([
        markdown("Revolution named right", ["planted", *map(str, extras)], rows, note),
        "",
        verdict("named right", percent(float(np.mean(right))), bool(np.mean(right) >= 0.95)),
        verdict("none named where there is none", percent(float(np.mean(quiet))), all(quiet)),
    ])  # fmt: skip


def speed(take: Take) -> str:
    """Return a line: processor time for a second of the take, after a run that compiles."""
    analyse(take.audio[:, : take.sample_rate], take.sample_rate)
    started = time.process_time()
    analyse(take.audio, take.sample_rate)
    spent = time.process_time() - started
    seconds = take.audio.shape[1] / take.sample_rate
    return f"Speed, {len(take.audio)} channels: {1e3 * spent / seconds:.1f} ms a second."


def tables(plan: Plan) -> Iterator[str]:
    """Yield the tables."""
    music = takes_of(plan.split, "music", 2 if plan.quick else 6, SECONDS)
    clean = {
        "music": music,
        "hard": takes_of(plan.split, "hard", 5, 10.0),
        "speech": takes_of(plan.split, "speech", 8, 10.0),
        "music, 10 s": takes_of(plan.split, "music", 12, 10.0),
    }
    short = clean["music, 10 s"][:6] + clean["hard"][:2]
    for measure, material in (
        (rates, music), (kinds, short), (crackles, short), (false_alarms, clean), (revolutions, music),
    ):  # fmt: skip
        plan.tell(f"click finder: {measure.__name__}")
        yield measure(material)
    yield speed(music[0])

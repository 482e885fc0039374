"""Hum and rumble found: hits, false alarms and errors of the finders, ``python -m bench hum_finder``.

Excerpts of 25 s, several a recording; hum by `bench.material.damage.hum` 35 dB under the program, with the 3
s of hum alone before it and without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, zip_longest

import numpy as np
from wavemend.analysis.hum.hum import Hum, HumAnalyser
from wavemend.analysis.noise.rumble import RumbleAnalyser, RumbleFindings

from bench.material.damage import HUM_LEAD_S, hum
from bench.material.media import rumble
from bench.material.takes import KINDS, SAMPLE_RATE, Take
from bench.measuring.plan import Plan, markdown

# source: this table's own conditions
SECONDS = 25.0
SHORT_SECONDS = 12.0
BELOW_DB = 35.0
LEAD = HUM_LEAD_S * SAMPLE_RATE
RUMBLE_HZ, RUMBLE_BELOW_DB = (8.0, 35.0), (25.0, 35.0)
BASS_HZ = (50.0, 60.0, 100.0, 120.0, 41.2, 49.0, 55.0, 61.74)
EXCERPTS, QUICK_EXCERPTS = 41, 2
HEAD = ("material", "takes", "claimed", "right", "error, median", "error within limit")
Row = tuple[str, int, int, str, str, str]


def find_hum(audio: np.ndarray) -> Hum:
    analyser = HumAnalyser(SAMPLE_RATE, len(audio))
    analyser.push(audio)
    return analyser.result()


def find_rumble(audio: np.ndarray) -> RumbleFindings:
    analyser = RumbleAnalyser(SAMPLE_RATE, len(audio))
    analyser.push(audio)
    return analyser.result()


def excerpts(split: str, kind: str, count: int) -> list[Take]:
    """Return up to ``count`` excerpts of 25 s, one a recording first, then second ones."""
    sources = KINDS[kind][:1] if kind == "hard" else KINDS[kind]  # loops repeat themselves within 25 s
    whole = [source(split, SECONDS) for source in sources]
    longer = [source(split, 2 * SECONDS) for source in sources]
    first = (take for take in chain.from_iterable(zip_longest(*whole)) if take is not None)
    more = (take for take in chain.from_iterable(zip_longest(*longer)) if take is not None)
    half = round(SECONDS * SAMPLE_RATE)
    second = (Take(f"{take.name}+25s", take.audio[:, half:].copy(), SAMPLE_RATE) for take in more)
    return list(islice(chain(first, second), count))


def true_frequency_hz(added: np.ndarray, mains_hz: float) -> float:
    """Return the mean frequency of what was added, from the phase of its fundamental at both ends."""
    seconds = np.arange(added.shape[1]) / SAMPLE_RATE
    turned = added[0] * np.exp(-2j * np.pi * mains_hz * seconds)
    width = SAMPLE_RATE // 10  # five or six periods: every harmonic but the first averages out
    blocks = turned[: turned.size // width * width].reshape(-1, width).mean(axis=1)
    phase = np.unwrap(np.angle(blocks))
    return float(mains_hz + (phase[-1] - phase[0]) / (2 * np.pi * (phase.size - 1) * width / SAMPLE_RATE))


def bass_note(hz: float, seed: int) -> np.ndarray:
    """Return 25 s with a held note of 4 to 10 s, steady between onset and release, and hiss."""
    draw = np.random.default_rng(seed)
    n = round(SECONDS * SAMPLE_RATE)
    seconds = np.arange(n) / SAMPLE_RATE
    audio = 1e-4 * draw.standard_normal((2, n))
    length, start = draw.uniform(4.0, 10.0), draw.uniform(0.5, 12.0)
    envelope = np.clip((seconds - start) / 0.05, 0, 1) * np.clip((start + length - seconds) / 0.2, 0, 1)
    for harmonic in range(1, 13):
        phase = draw.uniform(0, 2 * np.pi)
        audio += 0.1 / harmonic * envelope * np.sin(2 * np.pi * hz * harmonic * seconds + phase)
    return audio


def struck_again(hz: float, seed: int) -> np.ndarray:
    """Return 25 s of one bass note after another at the same pitch, 0.3 to 0.6 s between them, and hiss."""
    draw = np.random.default_rng(seed)
    n = round(SECONDS * SAMPLE_RATE)
    seconds = np.arange(n) / SAMPLE_RATE
    audio = 1e-4 * draw.standard_normal((2, n))
    every, pause = draw.uniform(1.0, 5.0), draw.uniform(0.3, 0.6)
    since = seconds % every
    envelope = np.clip(since / 0.05, 0, 1) * np.clip((every - pause - since) / 0.1, 0, 1)
    for harmonic in range(1, 13):
        phase = draw.uniform(0, 2 * np.pi)
        audio += 0.1 / harmonic * envelope * np.sin(2 * np.pi * hz * harmonic * seconds + phase)
    return audio


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table; "right" is within 0.2 Hz, or nothing where nothing is."""
    plan.tell("hum and rumble finders")
    measured = rows(plan.split, QUICK_EXCERPTS if plan.quick else EXCERPTS)
    yield markdown("Hum and rumble found", HEAD, ([str(cell) for cell in row] for row in measured))


def rows(split: str, count: int) -> Iterator[Row]:
    """Yield the rows as they are measured, false alarms first; ``count`` excerpts of music at most."""
    music = excerpts(split, "music", count)
    cleans = (
        ("music, clean", music),
        ("death metal, clean", excerpts(split, "hard", max(count // 5, 1))),
        ("speech, clean", excerpts(split, "speech", max(count // 3, 1))),
    )
    for name, takes in cleans:
        yield _clean_row(f"hum: {name}", len(takes), sum(find_hum(take.audio).found for take in takes))
        short = round(SHORT_SECONDS * SAMPLE_RATE)
        claimed = sum(find_hum(take.audio[:, :short]).found for take in takes)
        yield _clean_row(f"hum: {name}, its first {SHORT_SECONDS:g} s alone", len(takes), claimed)
    notes = [(hz, seed) for seed in range(max(count // 6, 1)) for hz in BASS_HZ]
    claimed = sum(find_hum(bass_note(hz, seed)).found for hz, seed in notes)
    held = "hum: a held bass note of up to 10 s, at 50, 60, 100, 120 Hz and four others"
    yield _clean_row(held, len(notes), claimed)
    claimed = sum(find_hum(struck_again(hz, seed)).found for hz, seed in notes)
    yield _clean_row("hum: the same notes struck again every 1 to 5 s", len(notes), claimed)
    yield from _rumble_rows(music, cleans)
    yield from _hum_rows(music)


def _clean_row(name: str, takes: int, claimed: int) -> Row:
    return name, takes, claimed, f"{100 * (1 - claimed / max(takes, 1)):.1f} %", "", ""


def _hum_rows(music: list[Take]) -> Iterator[Row]:
    for wander in (0.05, 0.2):
        found: dict[tuple[str, bool], list[tuple[Hum, float]]] = {}
        for seed, take in enumerate(music):
            mains = (50.0, 60.0)[seed % 2]
            for kind in ("mains", "buzz"):
                damaged = hum(
                    take.audio, SAMPLE_RATE, kind=kind, seed=seed, mains_hz=mains, below_db=BELOW_DB,
                    wander_hz=wander,
                )  # fmt: skip
                for skip in (0, LEAD):
                    truth = true_frequency_hz(damaged.added[:, skip:], mains)
                    found.setdefault((kind, skip == 0), []).append((find_hum(damaged.audio[:, skip:]), truth))
        for (kind, lead), each in sorted(found.items(), key=lambda item: (not item[0][1], item[0][0])):
            where = "after 3 s of it alone" if lead else "without a lead"
            yield _hum_row(f"{kind}, wandering ±{wander:g} Hz, {where}", each)


def _hum_row(name: str, each: list[tuple[Hum, float]]) -> Row:
    claimed = [(one, truth) for one, truth in each if one.found]
    errors = np.array([abs(one.frequency_hz - truth) for one, truth in claimed])
    right = errors[errors < 0.2]
    median = f"{np.median(right):.4f} Hz" if right.size else ""
    within = f"{100 * np.mean(right <= 0.02):.0f} % within 0.02 Hz" if right.size else ""
    return name, len(each), len(claimed), f"{100 * right.size / len(each):.1f} %", median, within


def _rumble_rows(music: list[Take], cleans: tuple[tuple[str, list[Take]], ...]) -> Iterator[Row]:
    for below in RUMBLE_BELOW_DB:
        errors = []
        for seed, take in enumerate(music):
            level = 10 * np.log10(np.mean(take.audio**2)) - below
            added = rumble(take.audio.shape[1:], SAMPLE_RATE, RUMBLE_HZ, level, np.random.default_rng(seed))
            found = find_rumble(take.audio + added)
            if found.found:
                errors.append(abs(found.level_dbfs.max() - level))
        share = f"{100 * len(errors) / len(music):.1f} %"
        near = f"{100 * np.mean(np.array(errors) <= 3.0):.0f} % within 3 dB" if errors else ""
        median = f"{np.median(errors):.1f} dB" if errors else ""
        yield f"rumble {below:g} dB under music", len(music), len(errors), share, median, near
    for name, takes in cleans:
        yield _clean_row(f"rumble: {name}", len(takes), sum(find_rumble(take.audio).found for take in takes))

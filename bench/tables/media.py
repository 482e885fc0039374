"""Is the medium told right? Takes and ranges that were held out when the traits and their odds were tuned.

``python -m bench media``; both halves are of the tuning set, so this is a check, and no figure to report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from wavemend.analysis.medium.medium import medium_odds
from wavemend.analysis.survey import Survey
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.survey.analyse import suggest

from bench.material.takes import takes
from bench.material.tuning.media import FAMILIES, MEDIA, Piece, piece, sung
from bench.measuring.plan import Plan, markdown

# source: this table's own conditions
POOLS = {"music": (8, 8.0), "speech": (24, 8.0), "hard": (8, 8.0)}
KINDS = ("music", "speech", "sung", "music", "speech", "hard")
SUNG = 4
WITHIN, SPEED_WITHIN, KNOWN = 0.05, 0.02, 0.1


def drawn(medium: str, count: int, *, held_out: bool = False) -> Iterator[Piece]:
    """Yield pieces of a medium, of the takes and by the ranges that tuning knows, or of those it does not."""
    pools = {
        kind: [
            take.audio for number, take in enumerate(takes("tuning", kind, *size)) if number % 2 == held_out
        ]
        for kind, size in POOLS.items()
    }
    pools["sung"] = [sung(8 + 2 * number, 44_100, 100 * held_out + number) for number in range(SUNG)]
    offset = list(MEDIA).index(medium)
    for case in range(count):
        kind = "speech" if medium == "telephone" else KINDS[case % len(KINDS)]
        pool = pools[kind]
        at = case if medium == "telephone" else case // len(KINDS) + offset
        yield piece(pool[at % len(pool)], 44_100, medium, 1000 * held_out + case, held_out=held_out)


def tables(plan: Plan) -> Iterator[str]:
    """Yield what is told of each medium, and how the preset, the speed and the end of the band are found."""
    rows = []
    total: Counter[str] = Counter()
    for medium in MEDIA:
        plan.tell(f"media: {medium}")
        count: Counter[str] = Counter()
        told: Counter[str] = Counter()
        for made in drawn(medium, plan.count, held_out=True):
            count += verdict(made, FAMILIES[medium], told)
        total += count
        said = ", ".join(f"{name} {times}" for name, times in told.most_common())
        rows.append([medium, *_shares(count), said])
    rows.append(["all", *_shares(total), ""])
    head = ("medium", "family", "preset", "revolution", "band", "told")
    note = "Held-out takes and ranges of the tuning set. Band: within 5 %, or said to be unknown."
    yield markdown("Media", head, rows, note)


def verdict(made: Piece, family: str, told: Counter[str]) -> Counter[str]:
    """Return what is right of a piece, and count what it was taken for."""
    survey = Survey(made.sample_rate, len(made.audio), 16)
    survey.push(made.audio)
    findings = survey.result()
    odds = medium_odds(findings)
    told[odds.likeliest if odds.told else "not told"] += 1
    preset = suggest(AudioFormat("WAV", "PCM_16", made.sample_rate, len(made.audio)), findings).preset
    rpm = findings["surface"].rpm  # type: ignore[attr-defined]
    known = made.known
    speed = abs(rpm / known.rpm - 1) < SPEED_WITHIN if known.rpm else not rpm
    count = Counter(
        {
            "pieces": 1,
            "family": odds.likeliest == family,
            "preset": preset in known.presets,
            "revolution": speed,
        }
    )
    if known.top_hz and np.isfinite(known.top_hz):
        band = findings["bandwidth"]
        ends = zip(band.upper_hz, band.upper_error, strict=True)  # type: ignore[attr-defined]
        right = all(abs(hz / known.top_hz - 1) < WITHIN or error > KNOWN for hz, error in ends)
        count += Counter({"bands": 1, "band": right})
    return count


def _shares(count: Counter[str]) -> list[str]:
    of = {"family": "pieces", "preset": "pieces", "revolution": "pieces", "band": "bands"}
    return [f"{count[what]}/{count[all_of]}" if count[all_of] else "–" for what, all_of in of.items()]

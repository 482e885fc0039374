"""Bandwidth and lossy history: hits, errors and false alarms on takes through old media and through coders.

``python -m bench band_finder`` prints the tables; ``--split tuning`` is for development.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from wavemend.analysis.carrier.bandwidth import Bandwidth, BandwidthAnalyser
from wavemend.analysis.carrier.codec import CodecAnalyser

from bench.material.passbands import MEDIA, ends, old_copy, through
from bench.material.takes import Take
from bench.measuring.plan import Plan, markdown, takes_of
from bench.tables.format_finder import COUNTS, analyse, coded

LOSSLESS = ("dance-band", "sonic-pi", "festvox")
# source: this table's own conditions
LOSSLESS_COUNTS = {"music": 14, "hard": 5, "speech": 32}
OLD_COPIES = 16
MP3_KBPS = (64, 96, 128, 160, 192)
OTHER_CODERS = (("aac", "m4a", 96), ("aac", "m4a", 160), ("libvorbis", "ogg", 112), ("libvorbis", "ogg", 192),
                ("libopus", "opus", 96))  # fmt: skip
NAMES = {"aac": "AAC", "libvorbis": "Vorbis", "libopus": "Opus"}
VISIBLE_DB = -9.0

Audio = np.ndarray


# ---- bandwidth


def bandwidth(material: list[Take]) -> Iterator[str]:
    """Yield tables of both ends; takes whose own band ends within a filter's slope say nothing of it."""
    own = [analyse(BandwidthAnalyser, take.audio) for take in material]
    rows: dict[str, list[list[str]]] = {"upper": [], "lower": []}
    for medium, (design, _, _) in MEDIA.items():
        (low, high), (lowest, highest) = ends(design, -3.01), ends(design, VISIBLE_DB)
        upper, lower = [], []
        for take, itself in zip(material, own, strict=True):
            found = analyse(BandwidthAnalyser, through(take, medium))
            if itself.upper_hz.max() > 1.02 * highest:
                upper.append(_error(found, "upper", high))
            if low and itself.lower_hz.max() < lowest:
                lower.append(_error(found, "lower", low))
        rows["upper"].append([medium, *_errors(upper)])
        if low:
            rows["lower"].append([medium, *_errors(lower)])
    head = ("medium", "takes", "not found", "within 3 %", "median error", "90th percentile",
            "within two standard errors")  # fmt: skip
    note = (
        "Error: distance from the filter's own -3 dB point, where one was found. A take counts where its own "
        f"band reaches beyond the filter's {VISIBLE_DB:g} dB point."
    )
    yield markdown("Bandwidth: upper end", head, rows["upper"], note)
    yield markdown("Bandwidth: lower end", head, rows["lower"])


def _error(found: Bandwidth, end: str, truth: float) -> tuple[float, float] | None:
    """Return distance and claimed standard error, of the channel that reaches furthest; None without one."""
    hz, claimed = getattr(found, f"{end}_hz"), getattr(found, f"{end}_error")
    channel = int(np.argmax(hz) if end == "upper" else np.argmin(hz))
    return (abs(hz[channel] / truth - 1), claimed[channel]) if claimed[channel] else None


def _errors(each: list[tuple[float, float] | None]) -> list[str]:
    errors, claimed = np.array([one for one in each if one] or [(np.nan, np.nan)]).T
    counts = [len(each), each.count(None), np.count_nonzero(errors < 0.03)]
    inside = np.count_nonzero(errors <= 2 * claimed)
    return [*map(str, counts), *(f"{100 * e:.1f} %" for e in np.quantile(errors, [0.5, 0.9])), str(inside)]


# ---- codec


def codec(material: list[Take], lossless: list[Take]) -> Iterator[str]:
    """Yield the tables of lossy history: coded takes, and takes that never were."""
    rows = []
    for kbps in MP3_KBPS:
        said = [_codec(coded(take.audio, "libmp3lame", "mp3", kbps)) for take in material]
        rows.append([f"MP3, {kbps} kbit/s", *_said(said, "MP3")])
    for encoder, extension, kbps in OTHER_CODERS:
        said = [_codec(coded(take.audio, encoder, extension, kbps)) for take in lossless]
        rows.append([f"{NAMES[encoder]}, {kbps} kbit/s", *_said(said, NAMES[encoder])])
    game = [take for take in material if take.name.startswith(("wesnoth", "fretsonfire"))]
    rows.append(["Vorbis, as published", *_said([_codec(take.audio) for take in game], "Vorbis")])
    yield markdown("Lossy history", ("recording", "takes", "right", "lossy, another name", "not found"), rows)
    counts: dict[str, list[str]] = {"lossless, as it is": [_codec(take.audio) for take in lossless]}
    for medium in MEDIA:
        counts[medium] = [_codec(through(take, medium)) for take in lossless]
    counts[f"old copies, {OLD_COPIES} drawn of each take"] = [
        _codec(old_copy(take, 1000 * number + seed))
        for number, take in enumerate(lossless)
        for seed in range(OLD_COPIES)
    ]
    counts["**all**"] = [one for said in counts.values() for one in said]
    rows = [[name, str(len(said)), str(sum(map(bool, said)))] for name, said in counts.items()]
    note = "Lossless material: whatever is said is a false alarm."
    yield markdown("Lossy history: false alarms", ("recording", "takes", "false alarms"), rows, note)


def _codec(audio: Audio) -> str:
    return analyse(CodecAnalyser, audio).codec


def _said(said: list[str], truth: str) -> tuple[str, str, str, str]:
    right = sum(one == truth for one in said)
    other = sum(bool(one and one != truth) for one in said)
    return str(len(said)), str(right), str(other), str(len(said) - right - other)


def tables(plan: Plan) -> Iterator[str]:
    """Yield the tables."""

    def takes(counts: dict[str, int]) -> list[Take]:
        found = [
            take for kind, count in counts.items() for take in takes_of(plan.split, kind, count, plan.seconds)
        ]
        return found[:2] if plan.quick else found

    plan.tell("bandwidth and codec finders")
    yield from bandwidth(takes(COUNTS))
    yield from codec(
        takes(COUNTS), [take for take in takes(LOSSLESS_COUNTS) if take.name.startswith(LOSSLESS)]
    )

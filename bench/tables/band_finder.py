"""Bandwidth and lossy history: hits, errors and false alarms on takes through old media and through coders.

``python -m bench band_finder`` prints the tables; ``--split tuning`` is for development.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.signal import butter, ellip, resample_poly, sosfilt, sosfreqz
from wavemend.analysis.carrier.bandwidth import Bandwidth, BandwidthAnalyser
from wavemend.analysis.carrier.codec import CodecAnalyser

from bench.material.damage import crackle, noise
from bench.material.takes import Take
from bench.measuring.plan import Plan, markdown, takes_of
from bench.tables.format_finder import COUNTS, RATE, analyse, coded, quantised

LOSSLESS = ("dance-band", "sonic-pi", "festvox")
LOSSLESS_COUNTS = {"music": 14, "hard": 5, "speech": 32}
OLD_COPIES = 16
MP3_KBPS = (64, 96, 128, 160, 192)
OTHER_CODERS = (("aac", "m4a", 96), ("aac", "m4a", 160), ("libvorbis", "ogg", 112), ("libvorbis", "ogg", 192),
                ("libopus", "opus", 96))  # fmt: skip
NAMES = {"aac": "AAC", "libvorbis": "Vorbis", "libopus": "Opus"}
VISIBLE_DB = -9.0

Audio = np.ndarray
Design = Callable[[], Audio]


def _brick(cutoff: float | tuple[float, float]) -> Audio:
    return ellip(10, 0.1, 90, cutoff, "low" if np.isscalar(cutoff) else "band", fs=RATE, output="sos")


def _butterworth(order: int, cutoff: float | tuple[float, float]) -> Audio:
    return butter(order, cutoff, "low" if np.isscalar(cutoff) else "band", fs=RATE, output="sos")


MEDIA: dict[str, tuple[Design, str, float]] = {
    "codec's brick wall, 16 kHz": (lambda: _brick(16000.0), "white", 90),
    "22.05 kHz source, 10.3 kHz": (lambda: _brick(10300.0), "white", 70),
    "AM radio, 4.5 kHz, steep": (lambda: _brick(4500.0), "white", 40),
    "telephone channel, 300-3400 Hz, steep": (lambda: _brick((300.0, 3400.0)), "white", 35),
    "telephone, Butterworth 48 dB/octave": (lambda: _butterworth(8, (300, 3400)), "white", 40),
    "acoustic horn, 200-4000 Hz, 24 dB/octave": (lambda: _butterworth(4, (200, 4000)), "white", 30),
    "acoustic horn, 200-4000 Hz, 12 dB/octave": (lambda: _butterworth(2, (200, 4000)), "white", 30),
    "tape, 10 kHz, 24 dB/octave, hiss": (lambda: _butterworth(4, 10000), "tape", 45),
    "tape, 10 kHz, 12 dB/octave": (lambda: _butterworth(2, 10000), "white", 60),
}
"""Filter, and kind and level of the noise under what comes through it, in dB under the program."""


def through(take: Take, medium: str) -> Audio:
    """Return a take through a medium's filter, with noise under it, at 16 bits."""
    design, kind, below_db = MEDIA[medium]
    return quantised(_under(sosfilt(design(), take.audio, axis=1), kind, below_db, 0))


def _under(audio: Audio, kind: str, below_db: float, seed: int) -> Audio:
    """Add noise under the RMS; `noise` puts some before and after, which is left out."""
    noisy = noise(audio, RATE, kind=kind, below_db=below_db, seed=seed)
    return noisy.audio[:, noisy.program]


# ---- bandwidth


def ends(design: Design, level_db: float) -> tuple[float, float]:
    """Return between which frequencies, in Hz, a filter stays above a level; from 0 for a low-pass."""
    frequency, response = sosfreqz(design(), 1 << 17, fs=RATE)
    passed = np.flatnonzero(np.abs(response) > np.abs(response).max() * 10 ** (level_db / 20))
    return float(frequency[passed[0]]), float(frequency[passed[-1]])


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


def old_copy(take: Take, seed: int) -> Audio:
    """Return a take as an old medium might have kept it and a later one copied it, drawn by `seed`.

    A low-pass at 3 to 16 kHz of 12 to 96 dB an octave or a brick wall, half the time a high-pass; tape hiss,
    white noise, or a shellac surface; a third of the time a lower sample rate on the way; 16 bits, with
    dither or without.
    """
    draw = np.random.default_rng((seed, 77))
    cutoff = float(3000 * (16 / 3) ** draw.random())
    order = int(draw.choice([0, 2, 4, 8, 16]))
    audio = sosfilt(_butterworth(order, cutoff) if order else _brick(cutoff), take.audio, axis=1)
    if draw.random() < 0.5:
        audio = sosfilt(butter(2, draw.uniform(50, 400), "high", fs=RATE, output="sos"), audio, axis=1)
    surface = draw.choice(["tape", "white", "shellac", "none"])
    below_db = float(draw.uniform(20, 60))
    if surface == "shellac":
        audio = crackle(audio, RATE, per_second=200, strength=2, seed=seed).audio
    if surface != "none":
        audio = _under(audio, "pink" if surface == "shellac" else str(surface), below_db, seed)
    if draw.random() < 1 / 3:
        up, down = [(160, 441), (1, 2), (320, 441)][draw.integers(3)]
        audio = resample_poly(resample_poly(audio, up, down, axis=1), down, up, axis=1)
    return quantised(0.9 * audio, seed=seed if draw.random() < 0.7 else None)


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

"""A comparison in rows, as ``wavemend compare`` prints it."""

from __future__ import annotations

from ...analysis.program.octaves import nominal
from ...audio.clock import clock
from .compare import Comparison, Side

_SAME_SAMPLES, _SAME_PPM = 0.05, 0.5  # tuned: 2026-11-30; what restored recordings show against their own
HEADS = ("", "A", "B", "B less A")
_FIGURES = (
    ("programme loudness, LUFS", 0), ("loudness range, LU", 1), ("true peak, dBTP", 2),
    ("loudest 0.4 s, LUFS", 3), ("loudest 3 s, LUFS", 4),
)  # fmt: skip
"""Names of levels by their place in `Levels.figures`; source: EBU Tech 3285 v2."""


def rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return the rows of the first table: format, levels, floor."""
    a, b = comparison.a, comparison.b
    return [
        ("format", *(f"{side.format.container} {side.format.subtype}" for side in (a, b)), ""),
        ("rate, Hz", *(str(side.format.sample_rate) for side in (a, b)), ""),
        ("channels", *(str(side.format.channels) for side in (a, b)), ""),
        ("length", _length(a), _length(b), f"{b.look.seconds - a.look.seconds:+.3f} s"),
        *((name, *_pair(a.levels.figures[at], b.levels.figures[at])) for name, at in _FIGURES),
        ("noise floor, dBFS (A)", *_pair(a.floor_dbfs_a, b.floor_dbfs_a)),
    ]


def band_rows(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return the rows of the second table: third octaves, mean and floor."""
    a, b = comparison.a.look, comparison.b.look
    count = min(a.centre_hz.size, b.centre_hz.size)
    return [
        (
            f"{hz:g}",
            *_pair(a.mean_db[band], b.mean_db[band]),
            *_pair(a.quiet_db[band], b.quiet_db[band]),
        )
        for band, hz in enumerate(nominal(a.centre_hz[:count]).tolist())
    ]


BAND_HEADS = ("Hz", "mean A", "mean B", "B less A", "floor A", "floor B", "B less A")


def sentences(comparison: Comparison) -> list[str]:
    """Say how the two lie against each other, and what is left of one less the other."""
    said = []
    rate = comparison.a.format.sample_rate
    if found := comparison.alignment:
        milliseconds = 1000 * abs(found.offset) / rate
        if found.exact and abs(found.offset) < _SAME_SAMPLES:
            said.append("B begins where A does")
        else:
            way = "later" if found.offset > 0 else "earlier"
            samples = f" ({abs(found.offset):.2f} samples)" if found.exact else ", within some milliseconds"
            said.append(f"sounds of A's beginning come {milliseconds:.3f} ms {way} in B{samples}")
        if found.exact and abs(found.speed_ppm) < _SAME_PPM:
            said.append("both run at the same speed")
        else:
            way = "slower" if found.speed_ppm > 0 else "faster"
            said.append(f"B runs {abs(found.speed_ppm) / 1e4:.5f} % {way} ({abs(found.speed_ppm):.1f} ppm)")
        if found.exact and found.alike < 0:
            said.append("B is in opposite polarity")
        of = "samples" if found.exact else "levels"
        pieces = f"{found.pieces[0]} of {found.pieces[1]} found"
        said.append(f"pieces of {of} correlate by {abs(found.alike):.3f}, {pieces}")
    if left := comparison.difference:
        said.append(
            f"brought to A's loudness ({left.gain_db:+.2f} dB), B less A is {left.share_db:.1f} LU beside A"
        )
    return said + [f"note: {note}" for note in comparison.notes]


def _pair(a: float | None, b: float | None) -> tuple[str, str, str]:
    change = "" if a is None or b is None else f"{round(b - a, 1) + 0.0:+.1f}"
    return _one(a), _one(b), change


def _one(value: float | None) -> str:
    return "none" if value is None else f"{value:.1f}"


def _length(side: Side) -> str:
    return clock(side.frames, side.format.sample_rate)

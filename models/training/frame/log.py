"""The log of a training: a line of JSON for each measurement, and their curves as a picture."""

from __future__ import annotations

import json
import sys
from pathlib import Path

_WIDTH, _HEIGHT, _MARGIN = 640, 130, 46  # guard: a picture that fits a page


class Log:
    """Writes ``log.jsonl`` and draws ``curves.svg`` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._file, self._picture = folder / "log.jsonl", folder / "curves.svg"
        self._lines: list[dict[str, float]] = []

    def back_to(self, step: int) -> None:
        """Forget what was logged after a checkpoint's step."""
        if self._file.exists():
            stored = [json.loads(line) for line in self._file.read_text(encoding="utf-8").splitlines()]
            self._lines = [line for line in stored if line["step"] <= step]

    def add(self, step: int, seconds: float, shown: dict[str, float], held_out: dict[str, float]) -> None:
        """Log a measurement: of what was shown, and on held-out material."""
        line = {"step": step, "seconds": round(seconds)}
        line |= {name: round(value, 4) for name, value in shown.items()}
        line |= {f"held out: {name}": round(value, 4) for name, value in held_out.items()}
        self._lines.append(line)
        print(json.dumps(line), file=sys.stderr, flush=True)
        self._file.write_text("".join(json.dumps(one) + "\n" for one in self._lines), encoding="utf-8")
        self._picture.write_text(curves(self._lines), encoding="utf-8")


def curves(lines: list[dict[str, float]]) -> str:
    """Return an SVG with a curve over the steps for each figure."""
    names = [name for name in lines[-1] if name not in ("step", "seconds")]
    height = _HEIGHT * len(names)
    last = max(line["step"] for line in lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="11">'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>'
    ]
    for at, name in enumerate(names):
        points = [(line["step"], line[name]) for line in lines if name in line]
        low, high = min(value for _, value in points), max(value for _, value in points)
        top, bottom = _HEIGHT * at + 20, _HEIGHT * (at + 1) - 14
        places = " ".join(
            f"{_MARGIN + (_WIDTH - 2 * _MARGIN) * step / last:.1f},"
            f"{bottom - (bottom - top) * (value - low) / ((high - low) or 1.0):.1f}"
            for step, value in points
        )
        parts.append(
            f'<text x="{_MARGIN}" y="{top - 6}">{name}, to step {last}: {points[-1][1]:.3f}</text>'
            f'<text x="2" y="{top + 8}">{high:.2f}</text><text x="2" y="{bottom}">{low:.2f}</text>'
            f'<polyline points="{places}" fill="none" stroke="#1f5fa8" stroke-width="1.5"/>'
        )
    return "\n".join([*parts, "</svg>", ""])

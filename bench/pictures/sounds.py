"""``python -m bench.pictures.sounds``: what some stages do, to hear: before, after, and removed, as FLAC.

Writes ``build/examples``, or the folder that is named, with a page, ``index.html``. The takes are of the
report set, which nothing was tuned on; damage is added to them, so `clean` is there too. Nothing of it is
shipped: the recordings have licences of their own, which the page names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from wavemend import Declick, Decrackle, Dehum, Denoise, VoiceDenoise

from bench.material.damage import clicks, crackle, hum, noise
from bench.material.fetch_audio import DANCE_BAND, PACKAGES
from bench.material.reporting.voices import CARRIERS, shifting
from bench.material.takes import SAMPLE_RATE, Take, takes

EXAMPLES = Path(__file__).parents[2] / "build" / "examples"
PARTS = ("clean", "before", "after", "removed")
PEAK = 0.9  # guard: of the loudest part; all parts of an example are played at one level
TAKES = 8  # source: the tables' own
OWN_RENDERS = "our own render (mma, FluidR3 GM: MIT)"

Make = Callable[[Take], Any]


@dataclass(frozen=True)
class Example:
    """A take, what is done to it, and the stage that undoes it; `name` is its files'."""

    name: str
    title: str
    kind: str
    take: str
    make: Make
    stage: Any


def _examples() -> tuple[Example, ...]:
    rate = SAMPLE_RATE
    tape = CARRIERS["tape"]
    return (
        Example("clicks", "Clicks in a dance band; Declick", "music", "dance-band",
                lambda take: clicks(take.audio, rate, kind="pop", strength=8.0, seed=1), Declick()),
        Example("crackle", "Crackle over an orchestra; Decrackle", "music", "wesnoth",
                lambda take: crackle(take.audio, rate, per_second=300, strength=3.0, seed=2), Decrackle()),
        Example("hum", "Hum under a voice; Dehum", "speech", "fillets-ng-data-nl",
                lambda take: hum(take.audio, rate, kind="buzz", below_db=10.0, seed=3), Dehum()),
        Example("hiss", "Tape hiss, 15 dB under a dance band; Denoise (high)", "music", "dance-band",
                lambda take: noise(take.audio, rate, kind="tape", below_db=15.0, seed=4),
                Denoise(quality="high")),
        Example("voice-tape", "Tape hiss, 5 dB under a voice; VoiceDenoise", "speech", "fillets-ng-data-nl",
                lambda take: tape(take, 5.0, 5), VoiceDenoise()),
        Example("voice-shellac", "A voice on shellac, 10 dB, after Declick; VoiceDenoise", "speech",
                "fillets-ng-data-cs", lambda take: CARRIERS["shellac after Declick"](take, 10.0, 6),
                VoiceDenoise()),
        Example("voice-telephone", "A voice on the telephone, 10 dB; VoiceDenoise", "speech", "asterisk",
                lambda take: CARRIERS["telephone"](take, 10.0, 7), VoiceDenoise()),
        Example("voice-shift", "Noise under a voice that becomes louder and duller; VoiceDenoise", "speech",
                "fillets-ng-data-nl", lambda take: shifting(take, 20.0, 8), VoiceDenoise()),
    )  # fmt: skip


def main(argv: Sequence[str] | None = None, examples: Sequence[Example] | None = None) -> int:
    """Write all examples, and the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.pictures.sounds", description=__doc__)
    parser.add_argument("target", nargs="?", type=Path, default=EXAMPLES, help="folder; default: %(default)s")
    target: Path = parser.parse_args(argv).target
    target.mkdir(parents=True, exist_ok=True)
    rows = [write(one, target) for one in examples or _examples()]
    (target / "index.html").write_text(page(rows), encoding="utf-8")
    print(target / "index.html", file=sys.stderr)
    return 0


def write(one: Example, target: Path) -> str:
    """Write an example's parts, and return what the page says of it."""
    print(one.title, file=sys.stderr, flush=True)
    take = next(take for take in takes("report", one.kind, TAKES) if take.name.startswith(one.take))
    made = one.make(take)
    after = one.stage.process(made.audio, SAMPLE_RATE)
    parts = dict(zip(PARTS, (made.clean, made.audio, after, made.audio - after), strict=True))
    gain = PEAK / max(float(np.max(np.abs(part))) for part in parts.values())
    for part, audio in parts.items():
        soundfile.write(target / f"{one.name}-{part}.flac", gain * audio.T, SAMPLE_RATE, "PCM_24")
    return _row(one, take.name)


def licence_of(take: str) -> str:
    """Return the licence of the recording that a take, "PACKAGE/FILE@TIME", is of."""
    package = take.partition("/")[0]
    return OWN_RENDERS if package == DANCE_BAND else PACKAGES[package].licence


def page(rows: Sequence[str]) -> str:
    """Return the page that plays what was written."""
    head = "".join(f"<th>{part}</th>" for part in ("", *PARTS))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sound examples</title>'
        "<style>body{font-family:sans-serif;margin:2em}td,th{padding:.3em .8em;text-align:left}"
        "audio{width:15em}small{color:#555}</style><h1>Sound examples</h1>"
        "<p>Takes that nothing was tuned on, with damage added to them; stages at their defaults. "
        "The parts of a row are equally loud in relation to each other.</p>"
        f"<table><tr>{head}</tr>{''.join(rows)}</table></html>\n"
    )


def _row(one: Example, take: str) -> str:
    said = f"{escape(one.title)}<br><small>{escape(take)}; {escape(licence_of(take))}</small>"
    players = "".join(
        f'<td><audio controls preload="none" src="{escape(one.name)}-{part}.flac"></audio></td>'
        for part in PARTS
    )
    return f"<tr><td>{said}</td>{players}</tr>"


if __name__ == "__main__":
    sys.exit(main())

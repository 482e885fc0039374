"""Is what ``wavemend analyse`` suggests right? Two hundred made-up recordings, medium by damage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from wavemend.analysis.survey import Survey
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.survey.analyse import Suggestion, suggest

from bench.material.media import (
    Medium,
    humming_tape,
    lp,
    recorded,
    shellac,
    studio,
    studio_with_hum,
    studio_with_offset,
    tape,
)
from bench.material.takes import Take
from bench.measuring.plan import Plan, markdown

CASES_A_MEDIUM = 20  # derived: two hundred recordings of ten media


@dataclass(frozen=True)
class Situation:
    """A medium, the kinds of takes that it carries, and the preset that an engineer would reach for."""

    name: str
    medium: Medium
    kinds: tuple[str, ...]
    right: str | None


SITUATIONS = (
    Situation("LP, music", lp, ("music",), "vinyl"),
    Situation("LP, speech", lp, ("speech",), "vinyl"),
    Situation("78, music", shellac, ("music",), "shellac"),
    Situation("tape, speech", tape, ("speech",), "voice-on-tape"),
    Situation("tape, music", tape, ("music",), "music-on-tape"),
    Situation("tape with hum, speech", humming_tape, ("speech",), "voice-on-tape"),
    Situation("tape with hum, music", humming_tape, ("music",), "music-on-tape"),
    Situation("studio with hum", studio_with_hum, ("music", "speech"), "hum"),
    Situation("studio with an offset", studio_with_offset, ("music", "speech"), "prepare"),
    Situation("studio, nothing wrong", studio, ("music", "hard", "speech"), None),
)


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table of suggestions, right and wrong."""
    rows, right, total = [], 0, 0
    for situation in SITUATIONS:
        plan.tell(f"suggestion: {situation.name}")
        given = Counter(s.preset or "nothing" for s in _suggestions(situation, plan))
        hits = given[situation.right or "nothing"]
        right, total = right + hits, total + given.total()
        wrong = ", ".join(
            f"{preset} {count}"
            for preset, count in given.most_common()
            if preset != (situation.right or "nothing")
        )
        rows.append((situation.name, situation.right or "nothing", f"{hits}/{given.total()}", wrong or "–"))
    rows.append(("all", "", f"{right}/{total} ({100 * right / total:.0f} %)", ""))
    note = f"Each case is made from its own take and seed. Right: {100 * right / total:.0f} % of {total}."
    yield markdown("Suggested preset", ("case", "right", "hits", "suggested instead"), rows, note)


def _suggestions(situation: Situation, plan: Plan) -> Iterator[Suggestion]:
    count = max(plan.count // 4, 1) if plan.quick else CASES_A_MEDIUM
    takes = [_takes(plan, kind, count) for kind in situation.kinds]
    for case in range(count):
        pool = takes[case % len(takes)]
        take = pool[case // len(takes) % len(pool)]
        draw = np.random.default_rng([crc32(situation.name.encode()), case])
        yield suggestion_for(recorded(situation.medium(take, draw)), take.sample_rate)


def _takes(plan: Plan, kind: str, count: int) -> list[Take]:
    return plan.material(kind, count, plan.seconds)


def suggestion_for(audio: np.ndarray, sample_rate: int) -> Suggestion:
    """Analyse a recording in memory, shape (channels, n), as if it were a 24-bit WAV file."""
    form = AudioFormat("WAV", "PCM_24", sample_rate, audio.shape[0])
    survey = Survey(sample_rate, audio.shape[0], 24)
    survey.push(audio)
    return suggest(form, survey.result())

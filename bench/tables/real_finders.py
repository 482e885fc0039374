"""What `wavemend analyse` says of pieces whose medium, band, hum and rumble are known, and of real ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from wavemend.analysis.survey import Survey
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.survey.analyse import Suggestion, suggest

from bench.material.reporting.channel import RATE
from bench.material.reporting.hum import KINDS as HUMS
from bench.material.reporting.hum import hummed
from bench.material.reporting.pieces import MEDIA, TAPES, Piece, piece
from bench.material.reporting.surfaces import REAL
from bench.measuring.plan import ChoiceError, Plan, markdown

WITHIN = 0.05  # of where the band ends; source: what finders are held to
SURE = 0.10  # an end known to no better is said to be unknown; source: `Bandwidth.upper_error`
WITHIN_HZ = 0.05  # of the hum; guard: what a transport swings, 0.03 Hz
HUM_DB = 25.0  # tuned: by hand, where hum is plain between notes
HUMS_KNOWN = tuple(
    kind for kind in HUMS if kind not in ("lines", "part-way", "beside a bass", "a recorded grid")
)
REAL_TRUTH: dict[str, tuple[str | None, ...]] = {
    "vinyl_surface_sonicpi": ("vinyl",),
    "tape_pass_a": TAPES,
    "tape_noise_hx": TAPES,
    "aero_am_radio_60hz_buzz": ("voice-on-tape", "hum"),
    "apollo11_surface_voice": ("voice-on-tape",),
}
"""What an engineer would reach for: source: the recordings' own description."""


@dataclass(frozen=True)
class Verdict:
    """What is said of one piece."""

    findings: dict[str, object]
    suggestion: Suggestion

    @classmethod
    def of(cls, audio: np.ndarray, sample_rate: int) -> Verdict:
        """Analyse audio of shape (channels, n) as if it were a 16-bit WAV file."""
        survey = Survey(sample_rate, len(audio), 16)
        survey.push(audio)
        findings = survey.result()
        form = AudioFormat("WAV", "PCM_16", sample_rate, len(audio))
        return cls(findings, suggest(form, findings))


Judge = Callable[[Piece, Verdict], bool | None]


def tables(plan: Plan) -> Iterator[str]:
    """Yield verdicts by medium, hum by kind, and real pieces."""
    if unknown := [name for name in plan.kinds if name not in (*MEDIA, *HUMS)]:
        raise ChoiceError(f"kinds={','.join(unknown)} must be of {', '.join((*MEDIA, *HUMS))}")
    if media := [medium for medium in MEDIA if not plan.kinds or medium in plan.kinds]:
        yield media_table(plan, media)
    if hums := [kind for kind in HUMS_KNOWN if not plan.kinds or kind in plan.kinds]:
        yield hum_table(plan, hums)
    yield real_table(plan)


def right_medium(made: Piece, verdict: Verdict) -> bool:
    """Tell whether what is suggested is what an engineer would reach for."""
    return verdict.suggestion.preset in made.truth.presets


def right_band(made: Piece, verdict: Verdict) -> bool | None:
    """Tell whether the end is where it is, or said to be unknown; None where it is not known."""
    if not made.truth.top_hz:
        return None
    found = verdict.findings["bandwidth"]
    return all(
        _right_end(made.truth.top_hz, upper, error, found.nyquist_hz)  # type: ignore[attr-defined]
        for upper, error in zip(found.upper_hz, found.upper_error, strict=True)  # type: ignore[attr-defined]
    )


def _right_end(truth_hz: float, found_hz: float, error: float, nyquist_hz: float) -> bool:
    claimed = found_hz < 0.95 * nyquist_hz
    if np.isinf(truth_hz):
        return not claimed or error > SURE
    return (claimed and abs(found_hz / truth_hz - 1) < WITHIN) or (claimed and error > SURE)


def right_rumble(made: Piece, verdict: Verdict) -> bool:
    """Tell whether rumble is found where there is some, and nowhere else."""
    return bool(verdict.findings["rumble"].found) == made.truth.rumble  # type: ignore[attr-defined]


def right_turns(made: Piece, verdict: Verdict) -> bool:
    """Tell whether a revolution is named where something turns, within 2 %, and nowhere else."""
    found = verdict.findings["surface"].rpm, verdict.findings["clicks"].revolution_rpm  # type: ignore[attr-defined]
    named = [rpm for rpm in found if rpm]
    if not made.truth.turns_per_minute:
        return not named
    return bool(named) and all(abs(rpm / made.truth.turns_per_minute - 1) < 0.02 for rpm in named)


def right_noise(made: Piece, verdict: Verdict) -> bool | None:
    """Tell whether steady noise is found where there is plenty; None elsewhere."""
    return bool(verdict.findings["noise"].found) if made.truth.noise else None  # type: ignore[attr-defined]


def no_hum(made: Piece, verdict: Verdict) -> bool:
    """Tell whether no hum is claimed: none of these pieces hums."""
    return not verdict.findings["hum"].found  # type: ignore[attr-defined]


JUDGES: dict[str, Judge] = {
    "medium": right_medium,
    "band": right_band,
    "revolution": right_turns,
    "rumble": right_rumble,
    "steady noise": right_noise,
    "no hum": no_hum,
}


def media_table(plan: Plan, media: Sequence[str]) -> str:
    """Return how often each verdict is right, by medium."""
    rows, total = [], Counter[str]()
    for medium in media:
        judged: dict[str, list[bool | None]] = {name: [] for name in JUDGES}
        given = Counter[str]()
        for material in ("music", "speech"):
            for seed, take in enumerate(plan.takes(material)):
                plan.tell(f"{medium}: {take.name}")
                made = piece(take, medium, seed + (0 if material == "music" else 100))
                verdict = Verdict.of(made.audio, RATE)
                given[str(verdict.suggestion.preset or "nothing")] += 1
                for name, judge in JUDGES.items():
                    judged[name].append(judge(made, verdict))
        row = [medium]
        for name, each in judged.items():
            known = [one for one in each if one is not None]
            row.append(f"{sum(known)}/{len(known)}" if known else "–")
            total[name] += sum(known)
            total[f"of {name}"] += len(known)
        rows.append([*row, ", ".join(f"{name} {count}" for name, count in given.most_common())])
    rows.append(["all", *(f"{total[name]}/{total[f'of {name}']}" for name in JUDGES), ""])
    note = (
        f"Right of all. Band: the end within {WITHIN:.0%}, or known to no better than {SURE:.0%}; none "
        "between sung partials. Revolution and rumble: where there are any, and nowhere else."
    )
    return markdown("What is said of known media", ["medium", *JUDGES, "suggested"], rows, note)


def hum_table(plan: Plan, kinds: Sequence[str]) -> str:
    """Return how often hum is found, and at its frequency."""
    rows = []
    for kind in kinds:
        found, near, count = 0, 0, 0
        for material in ("music", "speech"):
            for seed, take in enumerate(plan.takes(material)):
                plan.tell(f"{kind}: {take.name}")
                made = hummed(take, kind, HUM_DB, seed)
                hum = Verdict.of(made.plus, made.sample_rate).findings["hum"]
                count += 1
                found += bool(hum.found)  # type: ignore[attr-defined]
                near += bool(hum.found) and abs(hum.frequency_hz - made.named_hz) < WITHIN_HZ  # type: ignore[attr-defined]
        rows.append([kind, f"{found}/{count}", f"{near}/{count}"])
    head = ["hum", "found", f"within {WITHIN_HZ:g} Hz"]
    return markdown(f"Hum found, {HUM_DB:g} dB under music and speech", head, rows)


def real_table(plan: Plan) -> str:
    """Return what is suggested for real pieces, and what is said of them."""
    rows, right, count = [], 0, 0
    for name, presets in REAL_TRUTH.items():
        path = REAL / f"{name}.flac"
        if not path.exists():
            rows.append([name, "not there", "", "", "", ""])
            continue
        plan.tell(name)
        audio, rate = soundfile.read(path, always_2d=True)
        verdict = Verdict.of(audio.T, rate)
        said = verdict.findings
        hits = verdict.suggestion.preset in presets
        right, count = right + hits, count + 1
        hum, noise, rumble = (said[key] for key in ("hum", "noise", "rumble"))
        rows.append(
            [
                name,
                " or ".join(str(preset) for preset in presets),
                f"{verdict.suggestion.preset or 'nothing'}{'' if hits else ' (wrong)'}",
                f"{hum.frequency_hz:.2f} Hz" if hum.found else "none",  # type: ignore[attr-defined]
                "found" if noise.found else "none",  # type: ignore[attr-defined]
                "found" if rumble.found else "none",  # type: ignore[attr-defined]
            ]
        )
    rows.append(["all", "", f"{right}/{count}", "", "", ""])
    head = ["piece", "right", "suggested", "hum", "steady noise", "rumble"]
    return markdown("What is said of real pieces", head, rows)

"""The artifact guard: what it finds of what over-driven stages harm, what else it flags, what it saves."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import istft, stft
from wavemend import Chain, Declick, Dehum, Denoise, load_preset, render
from wavemend.analysis.artifacts.artifacts import Artifact, find_artifacts
from wavemend.analysis.artifacts.windows import Windows
from wavemend.host.rendering.guard import spans_of
from wavemend.host.rendering.rendered import Rendered

from bench.material.damage import Damaged, clicks, hum, noise
from bench.material.takes import Take
from bench.measuring.artifacts import KINDS, Signals, true_artifacts
from bench.measuring.measures import pesq_mos, zimtohrli_distance
from bench.measuring.plan import NOTHING, Plan, markdown, verdict

LEAST_FOUND, MOST_FALSE, MOST_LOST_DB, LEAST_SPEED = 0.9, 1.0, 1.0, 50.0  # source: what the guard is held to
NOISES = ("white", "pink", "tape")
CLICKS = ("tick", "pop", "spike", "scratch")
# guard: loud enough to be worked on, and to be missed where it is gone
BELOW_DB = (20.0, 30.0)  # of noise, under the take
HUM_BELOW_DB = 25.0
CLICK_STRENGTH = 8.0
PRINT_DB = 12.0  # by which the wrong print is too loud
BASS_HZ = (55.0, 82.4)  # A1 and E2, where no mains hums
MOST_SUBTRACTED = 3.0  # times the print, by the plain subtraction
LEAST_GAIN = 0.03
PRESETS = ("vinyl", "cassette-music", "reel-interview", "hum")

FOUND_NOTE = """Artifacts are windows of half a second of one channel in which the error grew by the
repair, told by the clean take (`bench/measuring/artifacts.py`); found is where the guard, which has no clean
take, names the same window of the same channel, whatever it calls it. Then what they are; one window may be
several."""
FALSE_NOTE = """Flags a minute of audio: places (joined over channels and kinds) that the guard names, and of
those the ones in which no window is an artifact by the clean take."""
GUARD_NOTE = """`render --guard` beside `render`. PESQ for speech (higher is better), Zimtohrli distance in
thousandths for music (lower is better), means over the takes. Elsewhere: by how much the error is larger
than without the guard, dB, at worst, away from what was eased and its fades. Last, how much of the audio was
eased."""


@dataclass(frozen=True)
class Case:
    """One damaged take, and the chain that is to restore it."""

    name: str
    take: Take
    damaged: Damaged
    chain: Callable[[], Chain]
    clicks: bool = False


@dataclass
class Tally:
    """What became of many windows."""

    true: int = 0
    found: int = 0
    kinds: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    flags: int = 0
    false: int = 0
    minutes: float = 0.0


def tables(plan: Plan) -> Iterator[str]:
    """Yield what is found, what is called harm on gentle renders, what the guard saves, and verdicts."""
    driven = {name: judged(plan, cases) for name, cases in overdriven(plan)}
    subtracted = judged(plan, _subtracted(plan))
    rows = [_found_row(name, tally) for name, tally in driven.items()]
    rows.append(_found_row("a plain spectral subtraction", subtracted))
    yield markdown("Artifacts found", ["over-driven", "artifacts", "found", *KINDS], rows, FOUND_NOTE)
    gentle = {name: judged(plan, cases) for name, cases in gentle_cases(plan)}
    rows = [
        [name, f"{one.minutes:.1f}", f"{one.flags / one.minutes:.2f}", f"{one.false / one.minutes:.2f}"]
        for name, one in gentle.items()
    ]
    yield markdown("Gentle renders", ["defaults", "minutes", "flags", "false"], rows, FALSE_NOTE)
    saved = [(name, *_saved(plan, cases)) for name, cases in overdriven(plan)]
    head = ["over-driven", "measure", "damaged", "render", "render --guard", "elsewhere, dB", "eased"]
    yield markdown("What the guard saves", head, [[name, *row] for name, row, _, _ in saved], GUARD_NOTE)
    yield "\n".join(_verdicts(plan, driven, gentle, saved))


def _found_row(name: str, one: Tally) -> list[str]:
    share = f"{100 * one.found / one.true:.0f} %" if one.true else NOTHING
    return [name, f"{one.true}", share, *(f"{one.kinds[kind]}" for kind in KINDS)]


def _verdicts(
    plan: Plan,
    driven: dict[str, Tally],
    gentle: dict[str, Tally],
    saved: Sequence[tuple[str, list[str], float, float]],
) -> Iterator[str]:
    stages = {"Denoise": "denoiser", "Dehum": "dehummer", "Declick": "declicker"}
    for stage, called in stages.items():
        mine = [one for name, one in driven.items() if name.startswith(stage)]
        share = sum(one.found for one in mine) / max(sum(one.true for one in mine), 1)
        yield verdict(f"At least 90 % of the {called}'s found", f"{100 * share:.0f} %", share >= LEAST_FOUND)
    minutes = sum(one.minutes for one in gentle.values())
    rate = sum(one.false for one in gentle.values()) / minutes
    yield verdict("Under 1 false flag a minute on gentle renders", f"{rate:.2f}", rate < MOST_FALSE)
    worse = [name for name, _, gain, _ in saved if gain <= 0]
    figure = f"not of {', '.join(worse)}" if worse else "of all"
    yield verdict("With the guard PESQ or Zimtohrli gains", figure, not worse)
    lost = max(one for *_, one in saved)
    yield verdict("No more than 1 dB lost elsewhere", f"{lost:.2f} dB at worst", lost <= MOST_LOST_DB)
    fast = speed(plan)
    yield verdict("50 times real time", f"{fast:.0f} times", fast >= LEAST_SPEED)


def overdriven(plan: Plan) -> Iterator[tuple[str, list[Case]]]:
    """Yield what is far too strong, or wrong, by name."""
    for kind in ("music", "speech"):
        name = f"Denoise, 40 dB, its print 12 dB too loud, {kind}"
        yield name, [Case(name, *one, partial(wrong_print, one[1], one[0])) for one in _noisy(plan, kind)]
    for kind in ("music", "speech"):
        for base in BASS_HZ:
            name = f"Dehum, notches of 60 dB at {base:g} Hz, {kind}"
            yield name, [Case(name, *one, partial(notched, base)) for one in _humming(plan, kind)]
    for kind in ("hard", "music"):
        name = f"Declick, sensitivity 10, skew 1, 2 ms wider, {kind}"
        yield name, [Case(name, *one, too_sensitive, clicks=True) for one in _clicking(plan, kind)]


def gentle_cases(plan: Plan) -> Iterator[tuple[str, list[Case]]]:
    """Yield the stages as they come on damage that they are for, and presets on the same."""
    for kind in ("music", "speech"):
        name = f"Denoise, {kind}"
        yield name, [Case(name, *one, lambda: Chain([Denoise()])) for one in _noisy(plan, kind)]
        name = f"Dehum, {kind}"
        yield name, [Case(name, *one, lambda: Chain([Dehum()])) for one in _humming(plan, kind)]
    for kind in ("hard", "music"):
        name = f"Declick, {kind}"
        yield (
            name,
            [Case(name, *one, lambda: Chain([Declick()]), clicks=True) for one in _clicking(plan, kind)],
        )
    for preset in PRESETS[::3] if plan.quick else PRESETS:
        kind = "speech" if preset == "reel-interview" else "music"
        name = f"preset {preset}, {kind}"
        yield (
            name,
            [Case(name, *one, lambda p=preset: load_preset(p).new_chain()) for one in _noisy(plan, kind)],
        )


def _damaged(plan: Plan, kind: str, damage: Callable[[Take, int], Damaged]) -> list[tuple[Take, Damaged]]:
    return [(take, damage(take, seed)) for seed, take in enumerate(plan.takes(kind))]


def _noisy(plan: Plan, kind: str) -> list[tuple[Take, Damaged]]:
    def damage(take: Take, seed: int) -> Damaged:
        below_db = BELOW_DB[seed % len(BELOW_DB)]
        return noise(
            take.audio, take.sample_rate, kind=NOISES[seed % len(NOISES)], below_db=below_db, seed=seed
        )

    return _damaged(plan, kind, damage)


def _humming(plan: Plan, kind: str) -> list[tuple[Take, Damaged]]:
    def damage(take: Take, seed: int) -> Damaged:
        what = ("mains", "buzz")[seed % 2]
        return hum(take.audio, take.sample_rate, kind=what, below_db=HUM_BELOW_DB, seed=seed)

    return _damaged(plan, kind, damage)


def _clicking(plan: Plan, kind: str) -> list[tuple[Take, Damaged]]:
    def damage(take: Take, seed: int) -> Damaged:
        what = CLICKS[seed % len(CLICKS)]
        return clicks(take.audio, take.sample_rate, kind=what, strength=CLICK_STRENGTH, seed=seed)

    return _damaged(plan, kind, damage)


def wrong_print(damaged: Damaged, take: Take) -> Chain:
    """Return a denoiser whose print of the damage is far too loud."""
    stage = Denoise(reduction_db=40.0)
    found = stage.analyse(damaged.audio, take.sample_rate)
    stage.findings = replace(found, density_dbfs_hz=np.maximum(found.density_dbfs_hz + PRINT_DB, -200.0))
    return Chain([stage])


def notched(base: float) -> Chain:
    """Return a dehummer with notches where no mains hums."""
    return Chain([Dehum(base_frequency_hz=base, mode="notch", reduction_db=60.0)])


def too_sensitive() -> Chain:
    """Return a declicker that takes far more than clicks."""
    return Chain([Declick(sensitivity=10.0, frequency_skew=1.0, widening_ms=2.0)])


def _subtracted(plan: Plan) -> list[Case]:
    name = "spectral subtraction"
    pairs = [one for kind in ("music", "speech") for one in _noisy(plan, kind)]
    return [Case(name, take, damaged, lambda: Chain([])) for take, damaged in pairs]


def _subtraction(damaged: Damaged, sample_rate: int) -> np.ndarray:
    """Subtract three times the mean power of the lead, frame by frame: what twitters since 1979."""
    spectra = stft(damaged.audio, sample_rate, nperseg=2048, noverlap=1536)[2]
    power = np.abs(spectra) ** 2
    lead = int(damaged.program.start * 0.9) // 512
    mean = power[..., 2:lead].mean(axis=-1, keepdims=True)
    gains = np.sqrt(np.maximum(1 - MOST_SUBTRACTED * mean / np.maximum(power, 1e-20), LEAST_GAIN**2))
    return np.asarray(istft(spectra * gains, sample_rate, nperseg=2048, noverlap=1536)[1])[
        :, : damaged.audio.shape[1]
    ]


def judged(plan: Plan, cases: Sequence[Case]) -> Tally:
    """Restore the cases, and count what was harmed, found and flagged."""
    tally = Tally()
    for case in cases:
        plan.tell(f"{case.name}: {case.take.name}")
        before, rate = case.damaged.audio, case.take.sample_rate
        if case.name == "spectral subtraction":
            after = _subtraction(case.damaged, rate)
            found = list(find_artifacts([(before, after)], rate, len(before)))
        else:
            after, found = _rendered(case)
        _count(tally, case, after, found)
    return tally


def _rendered(case: Case) -> tuple[np.ndarray, Sequence[Artifact]]:
    """Return the input without what the repair stages took, and what the render says they harmed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        soundfile.write(path, case.damaged.audio.T, case.take.sample_rate, "DOUBLE")
        done = render(case.chain(), path, Path(folder) / "b.wav", removed=True, overs="float")
        removed, _ = soundfile.read(done.removed, always_2d=True)
    return case.damaged.audio - removed.T, done.artifacts


def _count(tally: Tally, case: Case, after: np.ndarray, found: Sequence[Artifact]) -> None:
    rate = case.take.sample_rate
    grid = Windows(rate, 1)
    truth = [
        true_artifacts(Signals(*one, rate), grid.hop, grid.length, case.clicks)
        for one in zip(case.damaged.clean, case.damaged.audio, after, strict=True)
    ]
    for channel, windows in enumerate(truth):
        for number, kinds in enumerate(windows):
            at = number * grid.length
            here = any(a.channel == channel and a.position <= at < a.stop for a in found)
            tally.true += bool(kinds)
            tally.found += bool(kinds) and here
            for kind in kinds:
                tally.kinds[kind] += 1
    for span in spans_of(found):
        first, last = span.position // grid.length, -(-span.stop // grid.length)
        tally.flags += 1
        tally.false += not any(kinds for windows in truth for kinds in windows[first:last])
    tally.minutes += after.shape[1] / rate / 60


def _saved(plan: Plan, cases: Sequence[Case]) -> tuple[list[str], float, float]:
    """Return a row, how much better the guarded render is, and the most that it lost elsewhere."""
    speech = cases[0].name.endswith("speech")
    scores, lost, eased = [], [0.0], []
    for case in cases:
        plan.tell(f"guarding {case.name}: {case.take.name}")
        rate, clean = case.take.sample_rate, case.damaged.clean
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.wav"
            soundfile.write(path, case.damaged.audio.T, rate, "DOUBLE")
            full = render(case.chain(), path, Path(folder) / "full.wav", overs="float")
            guarded = render(case.chain(), path, Path(folder) / "guarded.wav", overs="float", guard=True)
            outputs = [soundfile.read(one.output, always_2d=True)[0].T for one in (full, guarded)]
        away = _away(guarded, clean.shape[1], rate)
        eased.append(1 - away.mean())
        if away.any():
            errors = [np.sum((one - clean)[:, away] ** 2) + 1e-12 for one in outputs]
            lost.append(float(10 * np.log10(errors[1] / errors[0])))
        program = case.damaged.program
        measure = pesq_mos if speech else zimtohrli_distance
        heard = [one[:, program] for one in (case.damaged.audio, *outputs)]
        scores.append([measure(clean[:, program], one, rate) for one in heard])
    means = np.mean(scores, axis=0)
    shown = [f"{one:.2f}" if speech else f"{1000 * one:.2f}" for one in means]
    gain = float(means[2] - means[1]) * (1 if speech else -1)
    row = ["PESQ" if speech else "Zimtohrli", *shown, f"{max(lost):.2f}", f"{100 * np.mean(eased):.0f} %"]
    return row, gain, max(lost)


def _away(guarded: Rendered, frames: int, rate: int) -> np.ndarray:
    """Return the samples that are neither eased nor faded."""
    away = np.ones(frames, bool)
    for span in guarded.eased:
        away[max(span.position - rate // 4, 0) : span.stop + rate // 4 + 1] = False
    return away


def speed(plan: Plan) -> float:
    """Return how many times faster than real time two channels are judged, in processor time."""
    take = plan.takes("music")[0]
    noisy = noise(take.audio, take.sample_rate, kind="white", below_db=BELOW_DB[0], seed=0)
    after = Denoise()(noisy.audio, take.sample_rate)
    pair = [(noisy.audio, after)]
    list(find_artifacts(pair, take.sample_rate, len(after)))
    began = time.process_time()
    list(find_artifacts(pair, take.sample_rate, len(after)))
    return after.shape[1] / take.sample_rate / (time.process_time() - began)

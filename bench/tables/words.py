"""Word errors of prompts whose texts are known, under the noise of carriers, and denoised in several ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec

import numpy as np
from wavemend import VoiceDenoise
from wavemend.errors import WavemendError

from bench.material.damage import Damaged
from bench.material.prompts import Spoken, spoken_takes
from bench.material.reporting.voices import CARRIERS
from bench.measuring.plan import NOTHING, Plan, markdown, names_of, percent, verdict
from bench.measuring.systems import System, stage_system
from bench.measuring.words import Hear, Heard, own_ear, score
from bench.tables.voice import OWN, systems

# source: this table's own
LEVELS_DB = (0.0, 5.0, 10.0)
WAYS = ("untreated", "Denoise", OWN, "DeepFilterNet 3")
GENTLE_DB = 10.0
CLEAN = "clean"

Scores = dict[str, dict[str, Heard]]
"""By the row's name and the way."""


def tables(plan: Plan, hear: Hear | None = None) -> Iterator[str]:
    """Yield the tables of word errors and of phrases that a search finds, and the verdicts."""
    title = "Word errors under the noise of carriers"
    try:
        listened = hear or own_ear()
    except WavemendError as error:
        yield f"### {title}\n\nNot measured: {error}."
        return
    if not find_spec("jiwer"):
        yield f"### {title}\n\nNot measured: jiwer is not there."
        return
    ways = [way for way in systems() if way.name in WAYS]
    ways.append(stage_system(f"{OWN}, {GENTLE_DB:g} dB", VoiceDenoise(reduction_db=GENTLE_DB)))
    takes = spoken_takes(plan.split, 1 if plan.quick else plan.count)
    scores = _scores(plan, listened, takes, ways)
    words = next(iter(scores[CLEAN].values())).words
    note = (
        "Word error rate of `faster-whisper`'s `tiny.en`, and the share of phrases of three words that a "
        f"search for them finds. {words} words of English prompts."
    )
    rows = [[name, *(_cell(each.get(way.name)) for way in ways)] for name, each in scores.items()]
    yield markdown(title, ["carrier", *names_of(ways)], rows, note)
    yield "\n".join(_verdicts(scores))


def _scores(plan: Plan, hear: Hear, takes: Sequence[Spoken], ways: Sequence[System]) -> Scores:
    found: Scores = {CLEAN: {}}
    for one in takes:
        audio = one.take.audio
        _hear_all(found[CLEAN], Damaged(audio, audio, 0 * audio, slice(0, audio.shape[1])), one, hear, ways)
    for carrier, make in CARRIERS.items():
        for below_db in LEVELS_DB[:1] if plan.quick else LEVELS_DB:
            row = found.setdefault(f"{carrier}, {below_db:g} dB", {})
            for seed, one in enumerate(takes):
                plan.tell(f"{carrier}, {below_db:g} dB, {one.take.name}")
                _hear_all(row, make(one.take, below_db, seed), one, hear, ways)
    levels = [name for name in found if name != CLEAN]
    found["all but clean"] = {
        way.name: sum((found[name][way.name] for name in levels), Heard()) for way in ways if not way.missing
    }
    return found


def _hear_all(row: dict[str, Heard], made: Damaged, one: Spoken, hear: Hear, ways: Sequence[System]) -> None:
    rate = one.take.sample_rate
    for way in (way for way in ways if not way.missing):
        output = np.asarray(way.run(made, rate))
        row[way.name] = row.get(way.name, Heard()) + score(one.text, hear(output, rate))


def _cell(heard: Heard | None) -> str:
    return f"{percent(heard.wer)} ({percent(heard.found / heard.phrases)})" if heard else NOTHING


def _verdicts(scores: Scores) -> Iterator[str]:
    clean = scores[CLEAN]
    added = clean[OWN].errors - clean["untreated"].errors
    yield verdict(f"no word error added to clean speech by {OWN}", f"{added:+d}", added <= 0)
    for name, each in scores.items():
        if name != CLEAN:
            was, became = each["untreated"], each[OWN]
            said = f"{was.errors} became {became.errors} of {was.words} words"
            yield verdict(f"{name}, fewer word errors through {OWN}", said, became.errors < was.errors)
            said = f"{was.found} became {became.found} of {was.phrases}"
            yield verdict(f"{name}, no fewer phrases found", said, became.found >= was.found)

"""Word errors of transcripts: of prompts whose texts are known, as damaged by a medium, and as restored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from wavemend.errors import WavemendError
from wavemend.host.presets.overrides import chain_with

from bench.material.layered import WEAR, Layered, Layers
from bench.material.prompts import Spoken, spoken_takes
from bench.measuring.plan import ChoiceError, Plan, markdown, percent, verdict
from bench.measuring.words import Hear, Heard, own_ear, score
from bench.tables.presets import GENERATORS

LOUDER_DB = (0.0, 10.0)  # source: this table's own; recognisers hear through all that the generators draw
DEGREES = ("worn", f"{LOUDER_DB[1]:g} dB louder")
DAMAGED, RESTORED = (tuple(f"{degree}, {state}" for degree in DEGREES) for state in ("damaged", "restored"))
STATES = ("clean", *(state for pair in zip(DAMAGED, RESTORED, strict=True) for state in pair))
MEDIA = ("shellac-electric", "shellac-acoustic", "lacquer", "am-radio", "telephone", "film-optical")
"""Media of speech whose damage is added to it: what drops out cannot be louder."""

_MOST_TAKES = 2  # guard: time, five minutes on one core


def tables(plan: Plan, hear: Hear | None = None) -> Iterator[str]:
    """Yield the table of word error rates."""
    if unknown := set(plan.kinds) - set(MEDIA):
        raise ChoiceError(f"no medium {', '.join(sorted(unknown))}; there are {', '.join(MEDIA)}")
    title = "Transcripts of damaged and restored speech"
    name = GENERATORS[plan.split]
    try:
        listened = hear or own_ear()
    except WavemendError as error:
        yield f"### {title}\n\nNot measured: {error}."
        return
    if missing := [needed for needed in (name, "jiwer") if not find_spec(needed)]:
        yield f"### {title}\n\nNot measured: {missing[0]} is not there."
        return
    made = cast(Layers, import_module(name).layers)
    takes = spoken_takes(plan.split, 1 if plan.quick else min(plan.count, _MOST_TAKES))
    plan.tell("transcripts: as recorded")
    before = sum((score(one.text, listened(one.take.audio, one.take.sample_rate)) for one in takes), Heard())
    scores = {}
    for medium in plan.kinds or MEDIA:
        plan.tell(f"transcripts: {medium}")
        scores[medium] = _scores(listened, made, takes, medium)
    whole = _sum(scores.values())
    rows = [
        [name, *(_cell(found[state]) for state in STATES)]
        for name, found in [*scores.items(), ("all", whole)]
    ]
    note = (
        "Word error rate of `faster-whisper`'s `tiny.en`, and the share of words heard right, which a search "
        f"would find, of {before.words} words in {len(takes)} takes of English prompts. Clean: what the "
        "medium could hold, its band and speed, without damage. As recorded, through no medium: "
        f"{percent(before.wer)}. Worn: heavily, as the generators have it; then the same damage "
        f"{LOUDER_DB[1]:g} dB louder. Restored by the factory preset of that name, as it is."
    )
    yield markdown(title, ["medium", *STATES], rows, note)
    yield "\n".join(_verdicts(scores))


def _scores(hear: Hear, made: Layers, takes: Sequence[Spoken], medium: str) -> dict[str, Heard]:
    """Return what is heard of all takes in each state."""
    chain = chain_with(f"factory:{medium}", [])
    found = dict.fromkeys(STATES, Heard())
    for seed, one in enumerate(takes):
        worn: Layered = made(medium, one.take, WEAR[-1], seed)
        sounds = {"clean": worn.clean}
        for damaged, restored, louder_db in zip(DAMAGED, RESTORED, LOUDER_DB, strict=True):
            sounds[damaged] = worn.clean + 10 ** (louder_db / 20) * worn.added
            sounds[restored] = chain.process(sounds[damaged], worn.sample_rate)
        for state, sound in sounds.items():
            found[state] += score(one.text, hear(sound, worn.sample_rate))
    return found


def _sum(scores: Iterable[dict[str, Heard]]) -> dict[str, Heard]:
    each = list(scores)
    return {state: sum((one[state] for one in each), Heard()) for state in STATES}


def _cell(heard_words: Heard) -> str:
    return f"{percent(heard_words.wer)} ({percent(heard_words.right / heard_words.words)})"


def _verdicts(scores: dict[str, dict[str, Heard]]) -> Iterator[str]:
    """Yield in how many media fewer words are wrong once they are restored, and in all of them."""
    whole = _sum(scores.values())
    for damaged, restored, degree in zip(DAMAGED, RESTORED, DEGREES, strict=True):
        fewer = sum(one[restored].errors < one[damaged].errors for one in scores.values())
        more = sum(one[restored].errors > one[damaged].errors for one in scores.values())
        was, became = whole[damaged].errors, whole[restored].errors
        said = (
            f"{was} became {became} of {whole[damaged].words} words; fewer in {fewer} media, more in {more}"
        )
        yield verdict(f"Fewer word errors once restored, {degree}", said, became < was)

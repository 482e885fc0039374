"""Voices in rooms: Dereverb beside NARA-WPE, with VoiceDenoise after it, on dry voices, and on music."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from wavemend import Dereverb, VoiceDenoise

from bench.material.damage import add_below, noise_spectrum
from bench.material.reverberant import Reverberant, in_a_room
from bench.measuring.measures import pesq_mos
from bench.measuring.modulation import modulation_ratio
from bench.measuring.plan import NOTHING, Plan, markdown, names_of, verdict
from bench.measuring.room_peers import NAME as PEER
from bench.measuring.room_peers import room_peer
from bench.measuring.systems import System, stage_system

# source: this table's own rooms
DECAYS_S = (0.3, 0.6, 1.0)
CHANNELS = (1, 2)
NOISE_DB = 20.0  # tape hiss so far under the voice, for VoiceDenoise after it
_LEAST_DRY = 4.5  # PESQ of dry speech through it
_LEAST_SPEED = 10.0
_DECIMALS = 2

BEFORE, OWN, NOISE_ALONE, BOTH = "untreated", "Dereverb", "VoiceDenoise", "Dereverb, VoiceDenoise"


@dataclass(frozen=True)
class Heard:
    """What became of a voice: `pesq_mos` and `modulation_ratio` of its first channel."""

    pesq: float
    ratio: float


Scores = dict[str, dict[str, list[Heard]]]


def tables(plan: Plan) -> Iterator[str]:
    """Yield rooms, rooms under noise, dry voices, music, and speed."""
    first = [System(BEFORE, lambda made, sample_rate: made.audio), room_peer(), stage_system(OWN, Dereverb())]
    rooms = _scores(plan, first, hiss=False)
    yield _table("Voices in rooms", rooms, first, NOTE)
    yield "\n".join(_verdicts(rooms))
    after = [
        first[0],
        stage_system(OWN, Dereverb()),
        stage_system(NOISE_ALONE, VoiceDenoise()),
        System(BOTH, lambda made, rate: VoiceDenoise()(Dereverb()(made.audio, rate), rate)),
    ]
    noisy = _scores(plan, after, hiss=True)
    yield _table(f"The same under tape hiss, {NOISE_DB:g} dB under the voice", noisy, after)
    gains = [_mean(each[BOTH]).pesq - _mean(each[NOISE_ALONE]).pesq for each in noisy.values()]
    yield verdict(
        "With VoiceDenoise after it the gain stays", f"least {min(gains):+.2f} PESQ", min(gains) > 0
    )
    yield _untouched(plan)
    yield "\n".join(_speed(plan, channels) for channels in CHANNELS)


NOTE = (
    "PESQ (wide band) against the take without a room / slow over fast modulation (`measuring/modulation.py`,"
    " after SRMR), of the first microphone; means over the takes, at defaults."
)


def _scores(plan: Plan, ways: Sequence[System], *, hiss: bool) -> Scores:
    found: Scores = {}
    for channels in CHANNELS:
        for decay_s in DECAYS_S[1:2] if plan.quick else DECAYS_S:
            for seed, take in enumerate(plan.takes("speech")):
                made = in_a_room(take, decay_s, seed)
                made = replace(made, audio=made.audio[:channels])
                made = _under_hiss(made, take.sample_rate, seed) if hiss else made
                each = found.setdefault(f"{channels} channel{'s'[: channels - 1]}, {decay_s:g} s", {})
                for way in (way for way in ways if not way.missing):
                    plan.tell(f"{channels}, {decay_s:g} s, {take.name}: {way.name}")
                    output = way.run(made, take.sample_rate)[:1]
                    heard = Heard(
                        pesq_mos(made.clean, output, take.sample_rate),
                        modulation_ratio(output, take.sample_rate),
                    )
                    each.setdefault(way.name, []).append(heard)
    return found


def _under_hiss(made: Reverberant, sample_rate: int, seed: int) -> Reverberant:
    size = made.audio.shape[1]
    hz = np.fft.rfftfreq(size, 1 / sample_rate)
    white = np.random.default_rng([seed, 20]).standard_normal(made.audio.shape)
    hiss = np.fft.irfft(np.fft.rfft(white) * np.sqrt(noise_spectrum("tape", hz)), size)
    return replace(made, audio=add_below(made.audio, hiss, sample_rate, NOISE_DB, lead=0, tail=0).audio)


def _mean(each: Sequence[Heard]) -> Heard:
    return Heard(float(np.mean([one.pesq for one in each])), float(np.mean([one.ratio for one in each])))


def _table(title: str, scores: Scores, ways: Sequence[System], note: str = "") -> str:
    rows = [[room, *(_cell(each.get(way.name)) for way in ways)] for room, each in scores.items()]
    return markdown(title, ["room", *names_of(ways)], rows, note)


def _cell(each: Sequence[Heard] | None) -> str:
    if not each:
        return NOTHING
    mean = _mean(each)
    return f"{mean.pesq:.2f} / {mean.ratio:.2f}"


def _verdicts(scores: Scores) -> Iterator[str]:
    for room, each in scores.items():
        before, mine = _mean(each[BEFORE]), _mean(each[OWN])
        figure = f"{mine.pesq - before.pesq:+.2f} / {mine.ratio - before.ratio:+.2f}"
        yield verdict(
            f"{room}: PESQ and modulation up", figure, mine.pesq > before.pesq and mine.ratio > before.ratio
        )
        if PEER in each:
            peer = _mean(each[PEER]).pesq
            # what is printed is what is compared
            fair = round(mine.pesq, _DECIMALS) >= round(peer, _DECIMALS)
            yield verdict(f"{room}: at least nara-wpe's PESQ", f"{mine.pesq - peer:+.2f}", fair)


def _untouched(plan: Plan) -> str:
    """Return what becomes of takes that are in no room, and of music in one."""
    rows, worst = [], np.inf
    for kind in ("speech", "music", "hard"):
        takes = plan.takes(kind)
        kept = 0
        lowest = np.inf
        for take in takes:
            plan.tell(f"no room, {take.name}")
            output = Dereverb()(take.audio, take.sample_rate)
            same = np.array_equal(output, take.audio)
            kept += same
            if kind == "speech" and not same:
                lowest = min(lowest, pesq_mos(take.audio, output, take.sample_rate))
        worst = min(worst, lowest)
        rows.append([kind, f"{kept} of {len(takes)}", NOTHING if np.isinf(lowest) else f"{lowest:.2f}"])
    takes = plan.takes("music")
    kept = 0
    for seed, take in enumerate(takes):
        plan.tell(f"music in a room, {take.name}")
        audio = in_a_room(take, DECAYS_S[1], seed).audio
        kept += np.array_equal(Dereverb()(audio, take.sample_rate), audio)
    rows.append([f"music in a room, {DECAYS_S[1]:g} s", f"{kept} of {len(takes)}", NOTHING])
    table = markdown(
        "Where nothing should happen", ["takes", "unchanged, to the bit", "lowest PESQ of the others"], rows
    )
    said = "none changed" if np.isinf(worst) else f"lowest {worst:.2f}"
    return "\n\n".join([table, verdict(f"Dry speech, PESQ at least {_LEAST_DRY}", said, worst >= _LEAST_DRY)])


def _speed(plan: Plan, channels: int) -> str:
    """Return how fast it is, analysis included, by processor time."""
    plan.tell(f"speed, {channels}")
    takes = plan.takes("speech")
    audio = np.concatenate([in_a_room(take, DECAYS_S[1], 0).audio[:channels] for take in takes], axis=1)
    rate = takes[0].sample_rate
    Dereverb()(audio[:, : 20 * rate], rate)  # kernels are compiled
    before = time.process_time()
    Dereverb()(audio, rate)
    speed = audio.shape[1] / rate / (time.process_time() - before)
    what = f"44.1 kHz, {channels} channel{'s'[: channels - 1]}"
    said = f"{what}, at least {_LEAST_SPEED:g} times real time on one core"
    return verdict(said, f"{speed:.0f} times (processor time)", speed >= _LEAST_SPEED)

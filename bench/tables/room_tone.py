"""Holes in recordings filled with their own background: beside loops, grains and the background itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from wavemend import RoomTone

from bench.material.rooms import BACKGROUNDS, BELOW_DB, STEADY, Room, room
from bench.measuring.plan import Plan, markdown, verdict
from bench.measuring.seams import flux_db, jump, repetition, step_db, swing_db, thirds_db

QUICK = ("pink", "Noise")
LOOP_S, FADE_S = 0.5, 0.01  # derived: what an editor copies out of a pause, and the stage's own cross-fade
GRAIN_S = 0.1  # derived: long enough for its spectrum, short enough to hide where it is from
EDGE_S = 0.02  # of the long hole left out of its spectrum; guard: no cross-fade in it
HELD = {
    "spectrum": 1.0,
    "step": 0.5,
    "speed": 50.0,
}  # source: what the stage is held to, dB and times real time
HEAD = ("worst third", "mean third", "step", "flux", "jump", "comes back", "image", "swing")

NOTE = f"""Speech with a background {BELOW_DB:g} dB under it, in two channels; three muted stretches of
0.1 to 0.4 s and one of 5 s. The long one against the background over the whole recording: the third
octave from 50 Hz to 16 kHz that differs most, and all of them, dB. At the joins: the step of the level,
0.1 s against 0.1 s (RMS, dB); the change of the spectrum from one 20 ms to the next (mean, dB); the
greatest change from sample to sample over their RMS (the worst). How like itself the long one is at any
lag over 0.1 s, 1 being the same again; the correlation of its channels less the background's; the
standard deviation of its level, dB."""

Fill = Callable[[Room], np.ndarray]


def tables(plan: Plan) -> Iterator[str]:
    """Yield the table, and whether the stage keeps what it is held to."""
    rows: list[list[str]] = []
    ours: dict[bool, list[np.ndarray]] = {True: [], False: []}
    for kind in QUICK if plan.quick else BACKGROUNDS:
        rooms = [room(take, kind, seed) for seed, take in enumerate(plan.takes("speech"))]
        for name, fill in WAYS.items():
            plan.tell(f"{kind}: {name}")
            scores = np.array([score(one, fill(one)) for one in rooms])
            rows.append([f"{kind}: {name}", *cells(scores)])
            if name == "RoomTone":
                ours[kind in STEADY].append(scores)
    yield markdown("Holes filled with room tone", ["background: filled by", *HEAD], rows, NOTE)
    yield "\n".join(
        verdicts({steady: np.concatenate(one) for steady, one in ours.items() if one}, speed(plan))
    )


def cells(scores: np.ndarray) -> list[str]:
    """Return the cells of a row: means over takes; of steps the RMS, of jumps the worst."""
    mean = scores.mean(axis=0)
    step = np.sqrt(np.mean(scores[:, 2] ** 2))
    shown = [*mean[:2], step, mean[3], scores[:, 4].max(), *mean[5:]]
    return [f"{value:.2f}" for value in shown]


def score(made: Room, filled: np.ndarray) -> list[float]:
    """Return what `HEAD` names of one filled recording."""
    rate, edge = made.sample_rate, round(EDGE_S * made.sample_rate)
    long = made.holes[-1]
    inside = filled[:, long.start + edge : long.stop - edge]
    off = thirds_db(inside, rate) - thirds_db(made.background, rate)
    joins = [at for hole in made.holes for at in (hole.start, hole.stop)]
    steps = [step_db(filled, at, rate) for at in joins]
    image = np.corrcoef(inside)[0, 1] - np.corrcoef(made.background)[0, 1]
    return [
        float(np.abs(off.mean(axis=0)).max()),
        float(np.abs(off.mean(axis=0)).mean()),
        float(np.sqrt(np.mean(np.square(steps)))),
        float(np.mean([flux_db(filled, at, rate) for at in joins])),
        max(jump(filled, at, rate) for at in joins),
        repetition(inside, rate),
        float(image),
        swing_db(inside, rate),
    ]


def _truth(made: Room) -> np.ndarray:
    """Return the recording before anything was muted."""
    filled = made.audio.copy()
    for hole in made.holes:
        filled[:, hole] = made.background[:, hole]
    return filled


def _stage(made: Room) -> np.ndarray:
    return RoomTone().process(made.audio, made.sample_rate)


def _looped(made: Room) -> np.ndarray:
    """Fill as is done by hand: half a second of a pause over and over, each time cross-faded."""
    length, fade = (round(seconds * made.sample_rate) for seconds in (LOOP_S, FADE_S))
    source = max(made.alone, key=lambda part: part.stop - part.start)
    piece = made.audio[:, source.start : source.start + length]
    return _pasted(made, lambda draw: piece, fade)


def _grains(made: Room) -> np.ndarray:
    """Fill with grains from anywhere in the pauses, each cross-faded over half of its length."""
    length = round(GRAIN_S * made.sample_rate)
    parts = [part for part in made.alone if part.stop - part.start > length]

    def grain(draw: np.random.Generator) -> np.ndarray:
        part = parts[draw.integers(len(parts))]
        start = draw.integers(part.start, part.stop - length)
        return made.audio[:, start : start + length]

    return _pasted(made, grain, length // 2)


def _pasted(made: Room, piece: Callable[[np.random.Generator], np.ndarray], fade: int) -> np.ndarray:
    """Paste piece after piece into the holes, with cross-fades whose powers add up to one."""
    draw = np.random.default_rng(0)
    filled = made.audio.copy()
    rise = np.sin(np.pi / 2 * (np.arange(fade) + 0.5) / fade)
    outer = round(FADE_S * made.sample_rate)
    join = np.sin(np.pi / 2 * (np.arange(outer) + 0.5) / outer)
    for hole in made.holes:
        start, stop = hole.start - outer, hole.stop + outer
        tone, at = np.zeros((2, stop - start + 4 * fade + made.sample_rate)), 0
        while at < stop - start + fade:
            new = piece(draw).copy()
            new[:, :fade] *= rise
            new[:, -fade:] *= rise[::-1]
            tone[:, at : at + new.shape[1]] += new
            at += new.shape[1] - fade
        tone = tone[:, fade : fade + stop - start]
        gain = np.ones(stop - start)
        gain[:outer], gain[-outer:] = join, join[::-1]
        filled[:, start:stop] = np.sqrt(1 - gain**2) * filled[:, start:stop] + gain * tone
    return filled


WAYS: dict[str, Fill] = {
    "RoomTone": _stage,
    "loop of 0.5 s": _looped,
    "grains of 0.1 s": _grains,
    "the background itself": _truth,
}


def speed(plan: Plan) -> float:
    """Return how many times faster than real time the stage is, analysis and filling, processor time."""
    made = room(plan.takes("speech")[0], BACKGROUNDS[0], 0)
    seconds = []
    for _ in range(3):
        started = time.process_time()
        _stage(made)
        seconds.append(time.process_time() - started)
    return made.audio.shape[1] / made.sample_rate / min(seconds)


def verdicts(ours: dict[bool, np.ndarray], times: float) -> list[str]:
    """Say whether the stage keeps what it is held to, on steady backgrounds and on others."""
    lines = []
    for steady, scores in ours.items():
        kind = "steady backgrounds" if steady else "backgrounds that swell or crackle"
        third, step = scores[:, 0].mean(), float(np.sqrt(np.mean(scores[:, 2] ** 2)))
        figures = {"third octaves": (third, HELD["spectrum"]), "levels at the joins": (step, HELD["step"])}
        for what, (off, most) in figures.items():
            lines.append(verdict(f"{kind}, {what} within {most:g} dB", f"{off:.2f} dB", off <= most))
    least = HELD["speed"]
    return [*lines, verdict(f"{least:g} times real time", f"{times:.0f}", times >= least)]

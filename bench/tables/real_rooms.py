"""Voices in measured rooms and in a second simulator's, at the rates and codecs of files, with room noise.

``python -m bench real_rooms --takes 4``; ``--routes`` and ``--kinds`` (rooms) take a part. Beside what is
gained: dry voices and music through the same routes, halls, a close voice, two who talk, a studio's reverb.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from wavemend import Dereverb, VoiceDenoise

from bench.material.reporting.spaces import (
    NOISE_DB,
    PLATE_DB,
    SPACES,
    WAYS,
    announcer,
    in_space,
    music_in_space,
    through,
    two_talkers,
    under_room_noise,
)
from bench.material.reverberant import Reverberant
from bench.measuring.measures import pesq_mos, sdr_db
from bench.measuring.modulation import modulation_ratio
from bench.measuring.plan import NOTHING, ChoiceError, Plan, db, markdown, names_of, verdict
from bench.measuring.room_peers import room_peer
from bench.measuring.systems import System

# source: this table's own conditions
ROOMS = ("made 0.4 s", "made 0.8 s", "street", "living room")
QUICK_ROUTES = ("44.1", "96 sox")
PLAIN = "44.1"  # the route that others are compared with
LEAST_SHARE = 0.5  # of the gain there
HALLS = ("great hall", "sports hall")
HALL_ROUTES = ("44.1", "MP3 128")
BEFORE, OWN, BOTH = "untreated", "Dereverb", "Dereverb, VoiceDenoise"


@dataclass(frozen=True)
class Heard:
    """What became of a voice: its first channel's PESQ and modulation, and whether it is as it was."""

    pesq: float
    ratio: float
    same: bool


@dataclass(frozen=True)
class Where:
    """A row: a room, how many microphones, and a route."""

    space: str
    channels: int
    route: str


Found = dict[Where, dict[str, list[Heard]]]


def tables(plan: Plan) -> Iterator[str]:
    """Yield rooms through routes, what each route keeps of the gain, and what is harmed."""
    routes, spaces = choose(plan)
    if skipped := [f"{name}: {WAYS[name].missing}" for name in routes if WAYS[name].missing]:
        yield f"- Left out: {'; '.join(skipped)}."
    routes = [name for name in routes if not WAYS[name].missing]
    ways = systems()
    found = measure(plan, routes, spaces, ways)
    yield room_table(found, ways)
    yield route_table(found, ways)
    yield "\n".join(verdicts(found, ways))
    yield harm_table(plan, routes)
    yield special_table(plan)


def choose(plan: Plan) -> tuple[list[str], list[str]]:
    """Return the routes and rooms that the plan asks for.

    Raises
    ------
    ChoiceError
        An unknown one.
    """
    routes = plan.routes or (QUICK_ROUTES if plan.quick else tuple(WAYS))
    spaces = plan.kinds or (ROOMS[:1] if plan.quick else ROOMS)
    for what, names, known in (("routes", routes, WAYS), ("kinds", spaces, SPACES)):
        if unknown := [name for name in names if name not in known]:
            raise ChoiceError(f"{what}={','.join(unknown)} must be of {', '.join(known)}")
    return list(routes), list(spaces)


def systems() -> list[System]:
    """Return what is compared."""

    def both(made: Reverberant, rate: int) -> np.ndarray:
        return VoiceDenoise()(Dereverb()(made.audio, rate), rate)

    return [
        System(BEFORE, lambda made, rate: made.audio),
        room_peer(),
        System(OWN, lambda made, rate: Dereverb()(made.audio, rate)),
        System(BOTH, both),
    ]


def measure(plan: Plan, routes: Sequence[str], spaces: Sequence[str], ways: Sequence[System]) -> Found:
    """Return what every way makes of every take in every row."""
    found: Found = {}
    for space in spaces:
        for channels in range(1, SPACES[space].channels + 1):
            for name in routes:
                where = Where(space, channels, name)
                for seed, take in enumerate(plan.takes("speech")):
                    made = in_space(take, SPACES[space], channels, seed)
                    made = through(_noisy(made, seed), WAYS[name], seed)
                    for way in (way for way in ways if not way.missing):
                        plan.tell(f"{space}, {channels}, {name}, {take.name}: {way.name}")
                        heard = score(made, way.run(made, WAYS[name].rate), WAYS[name].rate)
                        found.setdefault(where, {}).setdefault(way.name, []).append(heard)
    return found


def _noisy(made: Reverberant, seed: int) -> Reverberant:
    return Reverberant(under_room_noise(made.audio, seed), made.clean)


def score(made: Reverberant, output: np.ndarray, rate: int) -> Heard:
    """Return what became of a voice's first channel."""
    return Heard(
        pesq_mos(made.clean, output[:1], rate),
        modulation_ratio(output[:1], rate),
        np.array_equal(output, made.audio),
    )


def mean(each: Sequence[Heard]) -> Heard:
    """Return the means, and whether all are the same to the bit."""
    return Heard(
        float(np.mean([one.pesq for one in each])),
        float(np.mean([one.ratio for one in each])),
        all(one.same for one in each),
    )


def _cell(each: Sequence[Heard] | None) -> str:
    if not each:
        return NOTHING
    of = mean(each)
    return f"{of.pesq:.2f} / {of.ratio:.2f}"


def room_table(found: Found, ways: Sequence[System]) -> str:
    """Return every row, and how many takes Dereverb left to the bit."""
    rows = [
        [
            f"{where.space}, {where.channels} ch., {where.route}",
            *(_cell(each.get(way.name)) for way in ways),
            _left(each[OWN]),
        ]
        for where, each in found.items()
    ]
    note = (
        "PESQ (wide band) against the dry take through the same route / slow over fast modulation,"
        f" of the first microphone; means; room noise {NOISE_DB:g} dB under the voice everywhere."
        f" Measured: {', '.join(name for name in ROOMS if SPACES[name].measured)}."
    )
    return markdown("Voices in rooms, through routes", ["room", *names_of(ways), "left alone"], rows, note)


def _left(each: Sequence[Heard]) -> str:
    return f"{sum(one.same for one in each)} of {len(each)}"


def gain(found: Found, name: str, rows: Sequence[Where]) -> Heard:
    """Return what a way gains over the untreated takes, mean over rows."""
    gains = [(mean(found[where][name]), mean(found[where][BEFORE])) for where in rows]
    return Heard(
        float(np.mean([after.pesq - before.pesq for after, before in gains])),
        float(np.mean([after.ratio - before.ratio for after, before in gains])),
        all(after.same for after, _ in gains),
    )


def route_table(found: Found, ways: Sequence[System]) -> str:
    """Return what each way gains through each route, and in each room, over all else."""
    rows = []
    routes = dict.fromkeys(where.route for where in found)
    spaces = dict.fromkeys((where.space, where.channels) for where in found)
    groups = {name: [where for where in found if where.route == name] for name in routes}
    groups |= {
        f"{space}, {channels} ch.": [w for w in found if (w.space, w.channels) == (space, channels)]
        for space, channels in spaces
    }
    shown = [way for way in ways if not way.missing and way.name != BEFORE]
    for name, group in groups.items():
        gains = [gain(found, way.name, group) for way in shown]
        left = [one for where in group for one in found[where][OWN]]
        rows.append([name, *(f"{of.pesq:+.2f} / {of.ratio:+.2f}" for of in gains), _left(left)])
    return markdown(
        "Gains over the untreated takes", ["mean of", *(way.name for way in shown), "left alone"], rows
    )


def verdicts(found: Found, ways: Sequence[System]) -> Iterator[str]:
    """Yield whether each route keeps half of the gain, whether a row loses, and whether the peer is above."""
    routes = dict.fromkeys(where.route for where in found)
    plain = gain(found, OWN, [where for where in found if where.route == PLAIN]) if PLAIN in routes else None
    for name in routes:
        if plain is None or name == PLAIN:
            continue
        share = gain(found, OWN, [where for where in found if where.route == name]).pesq / plain.pesq
        yield verdict(f"{name}: at least half of the gain at {PLAIN}", f"{share:.0%}", share >= LEAST_SHARE)
    lost = [gain(found, OWN, [where]).pesq for where in found]
    yield verdict("No row loses PESQ", f"least {min(lost):+.2f}", min(lost) >= 0)
    peer = ways[1].name
    rows = [where for where in found if peer in found[where]]
    if rows:
        ahead = [mean(found[w][OWN]).pesq - mean(found[w][peer]).pesq for w in rows]
        above = sum(round(one, 2) >= 0 for one in ahead)
        figure = f"{above} of {len(rows)}, least {min(ahead):+.2f}"
        yield verdict(f"At least {peer}'s PESQ in every row", figure, above == len(rows))


def harm_table(plan: Plan, routes: Sequence[str]) -> str:
    """Return what becomes of what is in no room, or is music in a hall."""
    rows = []
    for kind in ("speech", "music", "hard"):
        for name in routes:
            rows.append(untouched(plan, kind, name))
    rows.append(untouched(plan, "speech", PLAIN, noisy=True))
    for space in HALLS:
        rows += [untouched(plan, "music", name, space) for name in HALL_ROUTES if name in routes]
    head = ["what", "unchanged, to the bit", "most taken, dB under it", "lowest PESQ of the others"]
    return markdown("Where nothing should happen", head, rows)


def untouched(plan: Plan, kind: str, name: str, space: str = "", *, noisy: bool = False) -> list[str]:
    """Return a row of takes that should come back as they were."""
    route, kept, worst, lowest = WAYS[name], 0, np.inf, np.inf
    takes = plan.takes(kind)
    for seed, take in enumerate(takes):
        plan.tell(f"unharmed: {kind} {space}, {name}, {take.name}")
        audio = music_in_space(take, SPACES[space], seed) if space else take.audio
        audio = under_room_noise(audio, seed) if noisy else audio
        audio = through(Reverberant(audio, audio[:1]), route, seed).audio
        output = Dereverb()(audio, route.rate)
        if np.array_equal(output, audio):
            kept += 1
            continue
        worst = min(worst, sdr_db(audio, output))
        lowest = min(lowest, pesq_mos(audio, output, route.rate)) if kind == "speech" else lowest
    words = f"{kind}{f' in the {space}' if space else ''}{', room noise' if noisy else ''}, {name}"
    said = NOTHING if np.isinf(lowest) else f"{lowest:.2f}"
    return [words, f"{kept} of {len(takes)}", NOTHING if np.isinf(worst) else db(worst), said]


def special_table(plan: Plan) -> str:
    """Return what is gained or lost where a room is slight, is shared, or is wanted."""
    rows = []
    for channels in (1, 2):
        for what, made in _specials(plan, channels).items():
            before, after = [], []
            for seed, each in enumerate(made):
                plan.tell(f"{what}, {channels}")
                heard = through(each, WAYS[PLAIN], seed)
                before.append(score(heard, heard.audio, WAYS[PLAIN].rate))
                after.append(score(heard, Dereverb()(heard.audio, WAYS[PLAIN].rate), WAYS[PLAIN].rate))
            least = min(b.pesq - a.pesq for a, b in zip(before, after, strict=True))
            words = f"{what}, {channels} ch."
            rows.append([words, _cell(before), _cell(after), f"{least:+.2f}", _left(after)])
    head = ["what", BEFORE, OWN, "least gain of PESQ", "left alone"]
    note = (
        f"At {PLAIN} kHz, PESQ against the dry take; the studio's reverb is {PLATE_DB:g} dB under the voice."
    )
    return markdown("Without noise, a close voice, two who talk, a studio's reverb", head, rows, note)


def _specials(plan: Plan, channels: int) -> dict[str, list[Reverberant]]:
    takes = plan.takes("speech")
    pairs = list(zip(takes, [*takes[1:], takes[0]], strict=True))
    close = [in_space(take, SPACES["close 0.6 s"], channels, seed) for seed, take in enumerate(takes)]
    found = {
        f"{name}, without noise": [in_space(take, SPACES[name], channels, n) for n, take in enumerate(takes)]
        for name in ROOMS
        if SPACES[name].channels >= channels
    }
    found["close in a room of 0.6 s"] = [_noisy(each, seed) for seed, each in enumerate(close)]
    found["two who talk, dry"] = [two_talkers(*pair, None, channels, n) for n, pair in enumerate(pairs)]
    for name in ROOMS[:2]:
        both = [two_talkers(*pair, SPACES[name], channels, seed) for seed, pair in enumerate(pairs)]
        found[f"two who talk, {name}"] = [_noisy(each, seed) for seed, each in enumerate(both)]
    found["studio's reverb"] = [announcer(take, channels, seed) for seed, take in enumerate(takes)]
    return found

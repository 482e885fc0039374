"""Discs: a real record's surface alone and under clean takes, and mono discs on both walls of the groove."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from wavemend import Chain, Declick, Decrackle, GrooveWalls

from bench.material.reporting import surfaces
from bench.material.reporting.channel import Route
from bench.material.reporting.surfaces import Under, audible_clicks
from bench.material.reporting.walls import Played, mono_disc, true_stereo
from bench.measuring.measures import click_gains_db, sdr_db
from bench.measuring.peers import ADECLICK, ffmpeg_system
from bench.measuring.plan import NOTHING, Plan, db, markdown, names_of
from bench.measuring.systems import System, stage_system
from bench.tables.real_clicks import Chosen, cell

# source: what stages are held to on real surfaces, for this paragraph.
BELOW_DB = (10.0, 20.0)
WALL_NOISE_DB = -45.0
STRENGTHS = (2.0, 5.0, 15.0)

STEREO_SEEDS = 3  # surfaces for each take; guard: enough takes for a share
AROUND_S = (0.002, 0.010)  # of an audible click; source: a real click is down by 30 dB 5 ms after its peak
POP_AROUND_S = 0.001  # what the wall that is clean stands in for; source: the measure's own lead


def tables(plan: Plan) -> Iterator[str]:
    """Yield what becomes of a real surface, and of pops on one wall."""
    routes = Chosen.of(plan).routes
    if surfaces.missing():
        yield f"- No real surface: {surfaces.missing()}."
    else:
        systems = [*ours(), ffmpeg_system("ffmpeg adeclick", ADECLICK)]
        yield surface_table(systems, routes)
        yield under_table(plan, systems, routes)
    yield walls_table(plan, routes[0])
    yield stereo_table(plan, [stage_system("GrooveWalls", GrooveWalls()), *ours()], routes[0])


def ours() -> list[System]:
    """Return Declick, and the click stages of the vinyl preset with its Decrackle on."""
    both = Chain([Declick(), Decrackle()])
    return [stage_system("Declick", Declick()), stage_system("Declick, Decrackle", both)]


def surface_table(systems: Sequence[System], routes: Sequence[Route]) -> str:
    """Return how many of the audible clicks of a real surface are left, and what changed away from them."""
    audio, _ = surfaces.disc()
    rows = []
    for route in routes:
        played = route.journey(audio)
        before = audible_clicks(played, route.rate)
        row = [route.name, str(len(before))]
        for system in systems:
            if system.missing:
                row.append(NOTHING)
                continue
            output = _through(system, played, route)
            left = audible_clicks(output, route.rate)
            still = sum(bool(np.any(np.abs(left - at) < AROUND_S[0])) for at in before)
            row.append(f"{still} / {db(away_db(played, output, before, route.rate))}")
        rows.append(row)
    note = "Audible clicks that are left / what changed away from them, dB under the surface there."
    head = ["a real record's surface", "clicks", *names_of(systems)]
    return markdown("Audible clicks of a real record", head, rows, note)


def away_db(before: np.ndarray, after: np.ndarray, clicks_s: np.ndarray, sample_rate: int) -> float:
    """Return the change outside of all clicks, relative to the sound there; minus infinity for none."""
    away = np.ones(before.shape[1], dtype=bool)
    for at in clicks_s:
        away[round((at - AROUND_S[0]) * sample_rate) : round((at + AROUND_S[1]) * sample_rate)] = False
    return -sdr_db(before[:, away], after[:, away])


def under_table(plan: Plan, systems: Sequence[System], routes: Sequence[Route]) -> str:
    """Return the SDR that systems gain where the real surface is under clean takes."""
    rows = []
    for material in ("music", "speech"):
        for below in BELOW_DB:
            for route in routes:
                row = [f"{below:g} dB under {material}, {route.name}"]
                heard = [surfaces.under(take, below, route) for take in plan.takes(material)]
                for system in systems:
                    plan.tell(f"{row[0]}: {system.name}")
                    row.append(NOTHING if system.missing else _gain(heard, system))
                rows.append(row)
    note = "SDR over 200 Hz gained, dB: mean over the takes (worst take). What is steady noise stays."
    return markdown("A real record's surface under clean takes", ["surface", *names_of(systems)], rows, note)


def _gain(heard: Sequence[Under], system: System) -> str:
    gains = []
    for one in heard:
        output = system.run(one, one.sample_rate)
        clean, before, after = (
            surfaces.over_rumble(x, one.sample_rate) for x in (one.clean, one.audio, output)
        )
        gains.append(sdr_db(clean, after) - sdr_db(clean, before))
    return f"{np.mean(gains):+.2f} ({min(gains):+.2f})"


def walls_table(plan: Plan, route: Route) -> str:
    """Return what goes of pops on one wall of a mono disc, against the music in the mean of both walls."""
    declick, walls = (stage_system(type(stage).__name__, stage) for stage in (Declick(), GrooveWalls()))
    ways: dict[str, Callable[[Played], np.ndarray]] = {
        "mean of both walls": mean_of_walls,
        "GrooveWalls": lambda played: _through(walls, played.audio, route),
        "Declick on the mean": lambda played: _through(declick, mean_of_walls(played), route),
        "Declick on each wall": lambda played: _through(declick, played.audio, route),
        "yardstick: the other wall, spans known": other_wall,
    }
    rows = []
    for strength in STRENGTHS[1:2] if plan.quick else STRENGTHS:
        discs = [
            mono_disc(take, route, WALL_NOISE_DB, strength, seed)
            for seed, take in enumerate(plan.takes("music"))
        ]
        row = [f"{strength:g}x"]
        for name, way in ways.items():
            plan.tell(f"pops on one wall, {strength:g}x: {name}")
            row.append(cell(np.concatenate([wall_gains_db(played, way(played)) for played in discs])))
        rows.append(row)
    note = (
        "dB gone of each pop, against the mean of both walls: median / 10th percentile / made worse. Surface "
        f"noise at {WALL_NOISE_DB:g} dB on each wall; {route.name}."
    )
    return markdown("Pops on one wall of a mono disc", ["pops", *ways], rows, note)


def _through(system: System, audio: np.ndarray, route: Route) -> np.ndarray:
    return system.run(Under(audio, audio, route.rate), route.rate)


def mean_of_walls(played: Played) -> np.ndarray:
    """Return the mean of both walls, shape (1, n)."""
    return np.mean(played.audio, axis=0, keepdims=True)


def other_wall(played: Played) -> np.ndarray:
    """Return the mean of both, and where a pop is on one wall the other alone, at the mean's gain."""
    output = mean_of_walls(played)
    gains = np.sum(played.clean * np.mean(played.clean, axis=0), axis=1) / np.sum(played.clean**2, axis=1)
    margin = round(POP_AROUND_S * played.sample_rate)
    for start, stop, wall in zip(played.starts, played.stops, played.walls, strict=True):
        span = slice(start - margin, stop + margin)
        output[0, span] = gains[1 - wall] * played.audio[1 - wall, span]
    return output


def wall_gains_db(played: Played, output: np.ndarray) -> np.ndarray:
    """Return what went of each pop in the mean of an output's channels, at the gain that fits best."""
    music = np.mean(played.clean, axis=0, keepdims=True)
    gains = click_gains_db(
        music,
        _fitted(mean_of_walls(played), music),
        _fitted(np.mean(output, axis=0, keepdims=True), music),
        starts=played.starts,
        stops=played.stops,
        sample_rate=played.sample_rate,
    )
    return np.round(gains, 1)  # the fit moves with what is repaired elsewhere, by hundredths


def _fitted(audio: np.ndarray, music: np.ndarray) -> np.ndarray:
    return audio * np.sum(music**2) / np.sum(music * audio)


def stereo_table(plan: Plan, systems: Sequence[System], route: Route) -> str:
    """Return in how many true stereo takes with surface noise, and no pops, not one bit is changed."""
    takes = [take for take in plan.takes("music") if len(take.audio) == 2]
    unchanged = dict.fromkeys((system.name for system in systems if not system.missing), 0)
    for seed in range(STEREO_SEEDS):
        for take in takes:
            played = true_stereo(take, route, WALL_NOISE_DB, seed)
            for system in systems:
                plan.tell(f"true stereo, {take.name}: {system.name}")
                if not system.missing:
                    same = np.array_equal(system.run(played, route.rate), played.audio)
                    unchanged[system.name] += same
    rows = [[name, f"{count} of {STEREO_SEEDS * len(takes)}"] for name, count in unchanged.items()]
    note = f"Surface noise at {WALL_NOISE_DB:g} dB on each wall, no pops; {route.name}."
    return markdown("True stereo left as it is, to the bit", ["system", "takes"], rows, note)

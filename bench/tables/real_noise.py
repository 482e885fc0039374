"""Real noise under clean takes, and noise of media through the channel: what denoisers gain and cost.

A stage at its defaults hears the recording and nothing else; `learn`, ffmpeg's print, its floor and the
Wiener filter are given the stretch of noise alone that an engineer would mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from wavemend import Denoise

from bench.material.reporting.noise import KINDS, Kind, Noisy, noisy, real_kind
from bench.material.reporting.real_noises import SOURCES, sources
from bench.material.takes import Take
from bench.measuring.measures import harm, octave_gains_db, sdr_db
from bench.measuring.peers import ffmpeg, learned, missing_ffmpeg
from bench.measuring.plan import NOTHING, ChoiceError, Plan, db, markdown, percent
from bench.measuring.yardsticks import two_pass_wiener

LEVELS_DB = (10.0, 20.0)  # source: what real noise was mixed at when the faults were found
FAINT_DB = 40.0  # source: the same, for what needs hardly anything
REDUCTION_DB = 13.0  # derived: Denoise's own default
FADE_TAKE_S = 24.0  # derived: twice the longest fade
FADES_S = (5.0, 12.0)  # source: fades of 5 to 20 s are asked for
PRINT_S = 1.2  # of noise in front of what is told of noise later; derived: afftdn samples from 0.2 s on
PRINT_GAP_S = 0.1  # before the recording begins again; source: `peers.learned` stops that early
LEAST_SHARE = 1e-3  # of the noise's power, or the program's, in an octave that counts; guard: 30 dB down
LEAST_DB = -0.1  # source: what the stage is held to: none below
LOW_HZ = (31.25, 62.5, 125.0)  # octaves whose loss is told; source: where tonal takes lost by 2 dB
QUICK = ("tape hiss", "swish 33", "78 surface", "radio static", "pause 0.3 s", "gated")

Run = Callable[[Noisy], np.ndarray]
Gains = dict[tuple[str, str, float, str], list["Gain"]]


@dataclass(frozen=True)
class Way:
    """A way to lower noise, and why it cannot be had here."""

    name: str
    run: Run
    missing: str = ""


@dataclass(frozen=True)
class Gain:
    """What one way did to one take, dB: SDR over it, that of its worst octave, loss of low octaves."""

    sdr_db: float
    worst_octave_db: float
    low_octave_db: float


def tables(plan: Plan) -> Iterator[str]:
    """Yield real noises, made ones, the harm, and what fades cost."""
    ways = every_way()
    yield f"- Left out: {'; '.join(left) or 'nothing'}." if (left := missing(ways)) else sets()
    chosen = choose(plan)
    for title, kinds in chosen:
        if kinds:
            gains = measure(plan, kinds, ways)
            yield from views(title, gains, ways)
            yield summary(title, gains, ways)
    yield harm_table(plan, ways)
    if not plan.kinds or any(KINDS[name].fade_s for name in plan.kinds if name in KINDS):
        yield fade_table(plan, ways)


def sets() -> str:
    """Say which real noises are reported on, and which are not."""
    each = {split: ", ".join(s.name for s in SOURCES if s.split == split) for split in ("report", "tuning")}
    return f"- Real noises reported on: {each['report']}. For tuning alone: {each['tuning']}."


def missing(ways: Sequence[Way]) -> list[str]:
    """Return what cannot be had here, and why."""
    noises = [f"{s.name}: {s.missing}" for s in SOURCES if s.split == "report" and s.missing]
    routes = [f"{name}: {kind.route.missing}" for name, kind in KINDS.items() if kind.route.missing]
    return [*noises, *routes, *(f"{way.name}: {way.missing}" for way in ways if way.missing)]


def choose(plan: Plan) -> list[tuple[str, dict[str, Kind]]]:
    """Return the real and the made noises that the plan asks for.

    Raises
    ------
    ChoiceError
        An unknown kind.
    """
    real = {source.name: real_kind(source) for source in sources(plan.split)}
    made = {name: kind for name, kind in KINDS.items() if not kind.fade_s}
    known = {source.name for source in SOURCES} | set(KINDS)
    if unknown := [name for name in plan.kinds if name not in known]:
        raise ChoiceError(f"kinds={','.join(unknown)} must be of {', '.join(sorted(known))}")
    wanted = plan.kinds or ((*QUICK, *real) if plan.quick else (*made, *real))
    both = ("Real noise", real), ("Noise of media through the channel", made)
    return [
        (title, {n: k for n, k in kinds.items() if n in wanted and not k.route.missing})
        for title, kinds in both
    ]


def every_way() -> list[Way]:
    """Return the stage as it is, of high quality and told of a pause, ffmpeg with floor and print, Wiener."""
    missing = missing_ffmpeg("afftdn=nr=13")
    return [
        Way("Denoise", lambda made: Denoise().process(made.audio, made.sample_rate)),
        Way("Denoise, high", lambda made: Denoise(quality="high").process(made.audio, made.sample_rate)),
        Way("Denoise, learn", learnt),
        Way("afftdn, floor", with_floor, missing),
        Way("afftdn, print", with_print, missing),
        Way("two-pass Wiener", wiener),
    ]


def learnt(made: Noisy) -> np.ndarray:
    """Return what the stage makes of it that was told the stretch of noise alone."""
    stage = Denoise()
    stage.learn(made.audio[:, made.alone], made.sample_rate)
    return stage.process(made.audio, made.sample_rate)


def _led(made: Noisy) -> tuple[np.ndarray, int]:
    """Return audio with the noise that is alone in front of it, again and again, and how much that is."""
    noise = made.audio[:, made.alone]
    lead = round((PRINT_S + PRINT_GAP_S) * made.sample_rate)
    before = np.tile(noise, -(-lead // noise.shape[1]))[:, -lead:]
    return np.concatenate([before, made.audio], axis=1), lead


def with_print(made: Noisy) -> np.ndarray:
    """Return afftdn with the floor and the print of the noise that is alone."""
    audio, lead = _led(made)
    told: Any = SimpleNamespace(audio=audio, program=slice(lead, audio.shape[1]))
    return ffmpeg(audio, made.sample_rate, learned(REDUCTION_DB, told, made.sample_rate))[:, lead:]


def with_floor(made: Noisy) -> np.ndarray:
    """Return afftdn with the floor of the noise that is alone, its print as ffmpeg has it."""
    told: Any = SimpleNamespace(audio=_led(made)[0], program=slice(_led(made)[1], None))
    floor = learned(REDUCTION_DB, told, made.sample_rate).partition(",")[2]
    return ffmpeg(made.audio, made.sample_rate, floor)


def wiener(made: Noisy) -> np.ndarray:
    """Return the yardstick with the print of the noise that is alone."""
    audio, lead = _led(made)
    return two_pass_wiener(audio, lead)[:, lead:]


def measure(plan: Plan, kinds: dict[str, Kind], ways: Sequence[Way]) -> Gains:
    """Measure every take: by kind, material, level and way."""
    found: Gains = {}
    for name, kind in kinds.items():
        for material in ("music", "speech"):
            for seed, take in enumerate(plan.takes(material)):
                for below_db in LEVELS_DB[:1] if plan.quick else LEVELS_DB:
                    made = noisy(take, kind, below_db, seed)
                    for way in (way for way in ways if not way.missing):
                        plan.tell(f"{name}, {below_db:g} dB under {take.name}: {way.name}")
                        key = name, material, below_db, way.name
                        found.setdefault(key, []).append(gain_of(made, way.run(made)))
    return found


def gain_of(made: Noisy, output: np.ndarray) -> Gain:
    """Measure one output over the take."""
    clean, before, after = (audio[:, made.program] for audio in (made.clean, made.audio, output))
    octaves = octave_gains_db(clean, before, after, made.sample_rate)
    heard = octaves_with_noise(before - clean, list(octaves), made.sample_rate)
    low = [kept_db(clean, after, hz, made.sample_rate) for hz in LOW_HZ]
    gained = sdr_db(clean, after) - sdr_db(clean, before)
    return Gain(gained, min(octaves[hz] for hz in heard), float(np.nanmin([0, *low])))


def octaves_with_noise(noise: np.ndarray, centres_hz: Sequence[float], sample_rate: int) -> list[float]:
    """Return the octaves that hold a thousandth of a noise: in a void above a band there is none to lower."""
    hz = np.fft.rfftfreq(noise.shape[1], 1 / sample_rate)
    power = np.sum(np.abs(np.fft.rfft(noise, axis=1)) ** 2, axis=0)
    share = {at: power[(hz >= at / np.sqrt(2)) & (hz < at * np.sqrt(2))].sum() for at in centres_hz}
    return [at for at, held in share.items() if held >= LEAST_SHARE * power.sum()]


def kept_db(clean: np.ndarray, output: np.ndarray, centre_hz: float, sample_rate: int) -> float:
    """Return what is left of the program in an octave, as that part of the output which is like it.

    NaN where the program has less than a thousandth of its power there.
    """
    hz = np.fft.rfftfreq(clean.shape[1], 1 / sample_rate)
    band = (hz >= centre_hz / np.sqrt(2)) & (hz < centre_hz * np.sqrt(2))
    spectra = np.fft.rfft(clean, axis=1)
    power = np.sum(np.abs(spectra[:, band]) ** 2)
    if power < LEAST_SHARE * np.sum(np.abs(spectra) ** 2):
        return float("nan")
    like = np.real(np.sum(np.conj(spectra[:, band]) * np.fft.rfft(output, axis=1)[:, band])) / power
    return float(20 * np.log10(max(like, 1e-3)))


def views(title: str, gains: Gains, ways: Sequence[Way]) -> Iterator[str]:
    """Yield the gains, a table a material."""
    names = [way.name for way in ways if not way.missing]
    note = (
        "SDR gain over the take, dB: median (worst take; the worst octave of any; most lost of a low octave)."
    )
    for material in ("music", "speech"):
        rows = [
            [
                f"{kind}, {below_db:g} dB",
                *(cell(gains.get((kind, material, below_db, name))) for name in names),
            ]
            for kind, below_db in dict.fromkeys((k[0], k[2]) for k in gains if k[1] == material)
        ]
        if rows:
            yield markdown(f"{title}, {material}: SDR gain", ["noise, under by", *names], rows, note)


def cell(each: Sequence[Gain] | None) -> str:
    """Return the figures of one cell."""
    if not each:
        return NOTHING
    sdr = [gain.sdr_db for gain in each]
    octave, low = (min(getattr(gain, name) for gain in each) for name in ("worst_octave_db", "low_octave_db"))
    return f"{np.median(sdr):+.1f} ({min(sdr):+.1f}; {octave:+.1f}; {low:+.1f})"


def summary(title: str, gains: Gains, ways: Sequence[Way]) -> str:
    """Say what each way gains on average, how often nothing and how often less."""
    lines = []
    for way in ways:
        each = [gain.sdr_db for key, some in gains.items() if key[3] == way.name for gain in some]
        if each:
            nothing = np.mean(np.abs(each) < abs(LEAST_DB))
            lines.append(
                f"- {title}, {way.name}: {np.mean(each):+.2f} dB, mean of {len(each)} mixes; "
                f"nothing gained in {percent(float(nothing))}, made worse in "
                f"{percent(float(np.mean(np.array(each) < LEAST_DB)))}, least {min(each):+.1f} dB."
            )
    return "\n".join(lines)


def harm_table(plan: Plan, ways: Sequence[Way]) -> str:
    """Return what becomes of clean takes, and of takes with hiss 40 dB under them."""
    able = [way for way in ways if not way.missing]
    rows = []
    for material in ("music", "speech"):
        for name, kind in (("clean", None), (f"hiss {FAINT_DB:g} dB under", KINDS["tape hiss"])):
            row = [f"{name}, {material}"]
            for way in able:
                each = [_harm(plan, take, kind, way, seed) for seed, take in enumerate(plan.takes(material))]
                row.append("; ".join(dict.fromkeys(each)) if kind is None else _median(each))
            rows.append(row)
    note = (
        "Clean takes, which have nothing alone: the change in dB under the sound, and its worst 100 ms, of "
        "each take; whoever must be told of noise is told of the softest second. Faint hiss: median SDR "
        "gain, dB (worst take)."
    )
    return markdown("Harm: clean takes and faint noise", ["takes", *(way.name for way in able)], rows, note)


def _harm(plan: Plan, take: Take, kind: Kind | None, way: Way, seed: int) -> str:
    plan.tell(f"harm, {take.name}: {way.name}")
    if kind:
        made = noisy(take, kind, FAINT_DB, seed)
        return f"{gain_of(made, way.run(made)).sdr_db:+.2f}"
    made = Noisy(take.audio, take.audio, slice(0, take.audio.shape[1]), softest(take), take.sample_rate)
    done = harm(take.audio, way.run(made), take.sample_rate)
    return "unchanged" if np.isinf(done.error_db) else f"{done.error_db:.0f}, {done.worst_db:.0f}"


def _median(gains: Sequence[str]) -> str:
    figures = [float(gain) for gain in gains]
    return f"{np.median(figures):+.1f} ({min(figures):+.1f})"


def softest(take: Take) -> slice:
    """Return the softest second of a take."""
    second = take.sample_rate
    power = np.cumsum(np.sum(take.audio**2, axis=0))
    sums = power[second::100] - power[:-second:100]
    start = int(100 * np.argmin(sums))
    return slice(start, start + second)


def fade_table(plan: Plan, ways: Sequence[Way]) -> str:
    """Return what a fade-out costs before it begins: the gain there with and without it."""
    able = [way for way in ways if not way.missing]
    takes = plan.material("music", plan.count, FADE_TAKE_S)
    rows = []
    for fade_s in FADES_S[-1:] if plan.quick else FADES_S:
        costs: dict[str, list[tuple[float, float]]] = {}
        for seed, take in enumerate(takes):
            made = [
                before_fade(noisy(take, replace(KINDS["tape hiss"], fade_s=s), LEVELS_DB[0], seed), fade_s)
                for s in (0.0, fade_s)
            ]
            for way in able:
                plan.tell(f"fade of {fade_s:g} s, {take.name}: {way.name}")
                without, with_fade = (gain_of(one, way.run(one)).sdr_db for one in made)
                costs.setdefault(way.name, []).append((without, with_fade))
        row = [f"{fade_s:g} s of {FADE_TAKE_S:g}"]
        for way in able:
            before, after = np.median(np.array(costs[way.name]), axis=0)
            row.append(f"{db(before)} → {db(after)}")
        rows.append(row)
    note = "Hiss 10 dB under music; median SDR gain before the fade, dB: without it → with it."
    return markdown("What a fade-out costs elsewhere", ["fade", *(way.name for way in able)], rows, note)


def before_fade(made: Noisy, fade_s: float) -> Noisy:
    """Return the same, counted only before the fade."""
    stop = made.program.stop - round(fade_s * made.sample_rate)
    return replace(made, program=slice(made.program.start, stop))

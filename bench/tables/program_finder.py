"""Finders of loudness, speech and music, and shifting noise: what they find of what was planted.

``python -m bench program_finder`` prints markdown. ``pyloudnorm`` has to be installed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from scipy.signal import butter, sosfilt
from wavemend import Denoise
from wavemend.analysis.noise.noise_print import NoisePrint
from wavemend.analysis.noise.segments import NoiseSegments, NoiseSegmentsAnalyser
from wavemend.analysis.program.loudness import Loudness, LoudnessAnalyser
from wavemend.analysis.program.program import STRETCH_SECONDS, ProgramAnalyser
from wavemend.contract.findings import Analyser

from bench.material.damage import crackle, noise_spectrum
from bench.material.takes import SAMPLE_RATE, Take
from bench.measuring.measures import sdr_db
from bench.measuring.plan import Plan, markdown, percent

# source: this table's own conditions; bands by IEC 61260
STEP_DB = 6.0
STEP_S = 65.0
DRIFT_MINUTES = 10.0
THIRD_OCTAVES_HZ = 1000 * 2 ** (np.arange(-13.5, 15.0) / 3)  # edges


def tables(plan: Plan) -> Iterator[str]:
    """Yield the tables; a few takes of each kind, half as many of the hard ones."""
    count = 4 if plan.quick else 16
    music, hard = plan.material("music", count, plan.seconds), plan.material("hard", count // 2, plan.seconds)
    speech = plan.material("speech", 2 * count, plan.seconds)
    long = plan.material("music", count // 4, 60.0)
    plan.tell("loudness, program and noise finders")
    yield loudness_table(music + hard + speech)
    yield program_table(music + hard, speech)
    yield noise_table(long)
    yield drift_table(long)
    yield speed_table(music[0])


def _run(analyser: Analyser, audio: np.ndarray) -> object:
    for start in range(0, audio.shape[1], SAMPLE_RATE):
        analyser.push(audio[:, start : start + SAMPLE_RATE])
    return analyser.result()


def loudness_table(takes: list[Take]) -> str:
    """Integrated loudness beside pyloudnorm's."""
    import pyloudnorm  # noqa: PLC0415 -- a development tool

    meter, off, over = pyloudnorm.Meter(SAMPLE_RATE), [], []
    for take in takes:
        found = _run(LoudnessAnalyser(SAMPLE_RATE, len(take.audio)), take.audio)
        assert isinstance(found, Loudness)
        off.append(abs((found.integrated_lufs or -99.0) - meter.integrated_loudness(take.audio.T)))
        over.append(float(np.max(found.true_peak_dbtp - found.sample_peak_dbfs)))
    rows = [[str(len(takes)), f"{np.median(off):.3f}", f"{max(off):.3f}", f"{max(over):.2f}"]]
    head = ["takes", "median off, LU", "most, LU", "most true over sample peak, dB"]
    return markdown("Loudness beside pyloudnorm", head, rows)


def program_table(music: list[Take], speech: list[Take]) -> str:
    """Three-second stretches, each analysed alone."""
    heard: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for kind, takes in (("music", music), ("speech", speech)):
        for seed, take in enumerate(takes):
            for condition, audio in _conditions(take.audio, seed):
                source = f"{kind}: {take.name.partition('/')[0]}"
                heard.setdefault((source, condition), []).extend(_judged(audio, kind))
    conditions = list(dict.fromkeys(condition for _, condition in heard))
    sources = sorted({source for source, _ in heard})
    rows = [
        [f"{source} ({len(heard[source, conditions[0]])})", *(_right(heard[source, c]) for c in conditions)]
        for source in sources
    ]
    everything = [[one for source in sources for one in heard[source, c]] for c in conditions]
    rows.append([f"**all** ({len(everything[0])})", *(_right(each) for each in everything)])
    note = (
        "Right: the likelier of speech and music; in brackets: and not taken for both. Stretches in brackets."
    )
    return markdown("Speech or music", ["source", *conditions], rows, note)


def _conditions(audio: np.ndarray, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    draw = np.random.default_rng(seed)
    hiss = np.sqrt(np.mean(audio**2)) * draw.standard_normal(audio.shape)
    telephone = butter(4, [300, 3400], "band", fs=SAMPLE_RATE, output="sos")
    yield "clean", audio
    yield "300-3400 Hz", sosfilt(telephone, audio, axis=1)
    yield "hiss 20 dB", audio + 0.1 * hiss
    surface = crackle(audio, SAMPLE_RATE, per_second=200, strength=2, seed=seed).audio + 0.05 * hiss
    yield "crackle, hiss 26 dB", surface


def _judged(audio: np.ndarray, kind: str) -> Iterator[tuple[bool, bool]]:
    length = round(STRETCH_SECONDS * SAMPLE_RATE)
    for start in range(0, audio.shape[1] - length + 1, length):
        analyser = ProgramAnalyser(SAMPLE_RATE, len(audio))
        analyser.push(audio[:, start : start + length])
        found = analyser.result()
        speech, music = found.speech_probability[-1], found.music_probability[-1]
        yield (speech > music) == (kind == "speech"), found.share(kind) == 1.0


def _right(each: list[tuple[bool, bool]]) -> str:
    likelier, alone = (np.mean([one[at] for one in each]) for at in (0, 1))
    return f"{percent(likelier)} ({percent(alone)})"


def noise_table(takes: list[Take]) -> str:
    """Tape hiss 30 dB under two minutes of music, steady or with a step, with short pauses or none."""
    rows = []
    for pauses in (True, False):
        for step_db in (0.0, STEP_DB):
            errors, expected, right = [], [], 0
            for seed, take in enumerate(takes):
                music = _with_pauses(np.tile(take.audio, 2), pauses)
                level_db = 20 * np.log10(np.sqrt(np.mean(take.audio**2))) - 30
                hiss = tape_hiss(music.shape, level_db, seed)
                hiss[:, round(STEP_S * SAMPLE_RATE) :] *= 10 ** (step_db / 20)
                found, print_ = _heard(music + hiss)
                errors += _spectrum_errors(found, level_db, step_db)
                if print_.found and not step_db:
                    expected.append(_error(print_.expected_dbfs_hz, print_.frequency_hz, level_db))
                near = abs(found.start_s[1:] - STEP_S) <= 30.0
                right += bool(near.any() and near.all()) if step_db else found.start_s.size == 1
            level = f"step of {step_db:g} dB" if step_db else "steady"
            name = f"{'pauses of 0.5 s' if pauses else 'no pause'}, {level}"
            rows.append([name, f"{right} of {len(takes)}", *_spread(errors), *_spread(expected)])
    note = (
        "Segments right: one where steady, else a boundary within one window of the step and no other. "
        "Error: median over third octaves of each print; the median and the largest of the prints. Expected: "
        "the same of what the recording's one print expects."
    )
    head = ["noise", "segments right", "median dB", "most dB", "expected: median dB", "most dB"]
    return markdown("Noise along the recording", head, rows, note)


def drift_table(takes: list[Take]) -> str:
    """SDR gain of Denoise in ten minutes of mono music under tape hiss: steady, drifting, stepping."""
    level = 0.05
    each = [take.audio[:1] * level / np.sqrt(np.mean(take.audio[:1] ** 2)) for take in takes]
    samples = round(DRIFT_MINUTES * 60 * SAMPLE_RATE)
    music = np.tile(np.concatenate(each, axis=1), -(-samples // sum(x.shape[1] for x in each)))[:, :samples]
    along = np.linspace(-0.5, 0.5, samples)
    unit = tape_hiss(music.shape, 0.0, 0)
    courses = {"steady": 0.0 * along, "drift": along, "step": np.sign(along - 0.05) / 2}
    rows = []
    for pauses in (True, False):
        program = _with_pauses(music.copy(), pauses)
        for below_db in (10, 25):
            hiss = unit * level * 10 ** (-below_db / 20)
            gains = []
            for course in courses.values():
                noise = hiss * 10 ** (STEP_DB * course / 20)
                noise *= np.sqrt(np.mean(hiss**2) / np.mean(noise**2))
                for findings in _heard(program + noise):
                    stream = Denoise().stream(SAMPLE_RATE, len(noise), findings)
                    out = np.concatenate([stream.step(program + noise), stream.flush()], axis=1)
                    gains.append(sdr_db(program, out) - sdr_db(program, program + noise))
            name = f"{below_db} dB under it, {'pauses of 0.5 s' if pauses else 'no pause'}"
            rows.append([name, *(f"{gain:.2f}" for gain in gains)])
    head = [
        "noise",
        *(f"{course}: {kind}" for course in courses for kind in ("prints along it", "one print")),
    ]
    note = f"Drift and step of {STEP_DB:g} dB at the same mean power, {DRIFT_MINUTES:g} minutes; defaults."
    return markdown("Denoise where the noise shifts: SDR gain, dB", head, rows, note)


def _heard(audio: np.ndarray) -> tuple[NoiseSegments, NoisePrint]:
    analyser = NoiseSegmentsAnalyser(SAMPLE_RATE, len(audio))
    found = _run(analyser, audio)
    assert isinstance(found, NoiseSegments)
    return found, analyser.noise_print()


def _with_pauses(music: np.ndarray, pauses: bool) -> np.ndarray:
    if pauses:
        for second in np.arange(8.0, music.shape[1] / SAMPLE_RATE - 1, 12.0):
            music[:, round(second * SAMPLE_RATE) : round((second + 0.5) * SAMPLE_RATE)] = 0.0
    return music


def tape_hiss(shape: tuple[int, ...], level_db: float, seed: int) -> np.ndarray:
    """Draw noise of tape's colour, minute by minute, at a level of dB over a mean square of 1."""
    draw, minute = np.random.default_rng(seed), 60 * SAMPLE_RATE
    colour = _shape(np.fft.rfftfreq(minute, 1 / SAMPLE_RATE))
    minutes = [
        np.fft.irfft(np.fft.rfft(draw.standard_normal((shape[0], minute)), axis=1) * colour, minute, axis=1)
        for _ in range(-(-shape[1] // minute))
    ]
    hiss = np.concatenate(minutes, axis=1)[:, : shape[1]]
    return hiss * 10 ** (level_db / 20) / np.sqrt(np.mean(hiss**2))


def _shape(frequency: np.ndarray) -> np.ndarray:
    """Amplitude of tape hiss, without an offset."""
    return np.sqrt(noise_spectrum("tape", frequency)) * (frequency > 0)


def _spectrum_errors(found: NoiseSegments, level_db: float, step_db: float) -> list[float]:
    if not found.found:
        return []
    middle = (found.start_s + found.end_s) / 2
    levels = level_db + np.where(middle > STEP_S, step_db, 0.0)
    return [
        _error(density, found.frequency_hz, level)
        for density, level in zip(found.density_dbfs_hz, levels, strict=True)
    ]


def _error(density: np.ndarray, frequency: np.ndarray, level_db: float) -> float:
    """Median over third octaves of how far a print is from tape hiss of this level, dB."""
    power = _shape(frequency) ** 2
    truth = 10 * np.log10(power / (power.sum() * frequency[1]) + 1e-30) + level_db
    off = np.abs(third_octaves(density, frequency) - third_octaves(truth[np.newaxis], frequency))
    return float(np.median(off))


def _spread(errors: list[float]) -> tuple[str, str]:
    return (f"{np.median(errors):.2f}", f"{max(errors):.2f}") if errors else ("–", "–")


def third_octaves(density_dbfs_hz: np.ndarray, frequency_hz: np.ndarray) -> np.ndarray:
    """Return mean densities in third octaves from 50 Hz to 20 kHz, dBFS/Hz, shape (channels, bands)."""
    places = np.searchsorted(frequency_hz, THIRD_OCTAVES_HZ)
    power = 10 ** (density_dbfs_hz / 10)
    bands = [power[:, a:b].mean(axis=1) for a, b in pairwise(places) if b > a]
    return 10 * np.log10(np.maximum(np.stack(bands, axis=1), 1e-30))


def speed_table(take: Take) -> str:
    """CPU time for a second of stereo, the best of five."""
    rows, total = [], 0.0
    for analyser in (LoudnessAnalyser, ProgramAnalyser, NoiseSegmentsAnalyser):
        spent = []
        for _ in range(5):
            started = time.process_time()
            _run(analyser(SAMPLE_RATE, len(take.audio)), take.audio)
            spent.append((time.process_time() - started) * 1e3 / (take.audio.shape[1] / SAMPLE_RATE))
        total += min(spent) if analyser is not NoiseSegmentsAnalyser else 0.0
        rows.append([analyser.__name__, f"{min(spent):.2f}"])
    rows.append(["the first two", f"{total:.2f}"])
    return markdown("CPU time, ms a second of 44.1 kHz stereo", ["finder", "ms"], rows)

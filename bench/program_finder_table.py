"""Finders of channels, loudness, speech and music, and shifting noise: what they find of what was planted.

``python -m bench.program_finder_table`` prints markdown. ``pyloudnorm`` has to be installed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from scipy.signal import butter, sosfilt
from wavemend.analysis.findings import Analyser
from wavemend.analysis.loudness import Loudness, LoudnessAnalyser
from wavemend.analysis.noise_segments import NoiseSegments, NoiseSegmentsAnalyser, third_octaves
from wavemend.analysis.program import STRETCH_SECONDS, ProgramAnalyser
from wavemend.analysis.stereo import Stereo, StereoAnalyser

from bench.damage import crackle, noise_spectrum
from bench.tables import markdown, percent, report_takes
from bench.takes import SAMPLE_RATE, Take

Material = Callable[[str, int, float], list[Take]]
DELAYS = (0.0, 0.5, -7.45, 100.2, -219.0)
HISS_DB = (None, 30.0, 20.0)
STEP_DB = 6.0
STEP_S = 65.0


def table(count: int = 16, seconds: float = 10.0, material: Material = report_takes) -> str:
    """Return all tables as markdown; ``count`` takes of each kind, half as many of the hard ones."""
    music, hard = material("music", count, seconds), material("hard", count // 2, seconds)
    speech = material("speech", 2 * count, seconds)
    long = material("music", max(count // 4, 1), 60.0)
    parts = [
        stereo_table(music + hard, speech),
        loudness_table(music + hard + speech),
        program_table(music + hard, speech),
        noise_table(long),
        speed_table(music[0]),
    ]
    return "\n\n".join(parts)


def _run(analyser: Analyser, audio: np.ndarray) -> object:
    for start in range(0, audio.shape[1], SAMPLE_RATE):
        analyser.push(audio[:, start : start + SAMPLE_RATE])
    return analyser.result()


def _stereo(audio: np.ndarray) -> Stereo:
    found = _run(StereoAnalyser(SAMPLE_RATE, len(audio)), audio)
    assert isinstance(found, Stereo)
    return found


def shifted(audio: np.ndarray, samples: float) -> np.ndarray:
    """Delay by a fraction of a sample, in the frequency domain."""
    length = 2 * audio.size
    turn = np.exp(-2j * np.pi * np.arange(audio.size + 1) * samples / length)
    return np.fft.irfft(np.fft.rfft(audio, length) * turn, length)[: audio.size]


def stereo_table(stereo: list[Take], mono: list[Take]) -> str:
    """Polarity, delay and mono, planted in true stereo and in mono under separate hiss in each channel."""
    draw = np.random.default_rng(0)
    rows = []
    clean = [_stereo(take.audio) for take in stereo]
    flags = ("mono", "inverted", "late")
    alarms = [sum(bool(getattr(f, flag)[0]) for f in clean) for flag in flags]
    rows.append(["stereo as it is", *(f"{n} of {len(clean)}" for n in alarms), "–", "–"])
    groups = [("stereo", [take.audio for take in stereo], None)]
    groups += [("mono", [t.audio[[0, 0]] for t in [*mono, *stereo]], db) for db in HISS_DB]
    for name, takes, hiss_db in groups:
        for delay in DELAYS:
            found = []
            for audio in takes:
                planted = np.stack([audio[0], -0.8 * shifted(audio[1], delay)])
                if hiss_db is not None:
                    level = 10 ** (-hiss_db / 20) * np.sqrt(np.mean(audio**2))
                    planted = planted + level * draw.standard_normal(planted.shape)
                found.append(_stereo(planted))
            rows.append([_named(name, delay, hiss_db), *_shares(found, delay)])
    head = [
        "planted: opposite polarity, delay in samples",
        "mono",
        "inverted",
        "late",
        "within 0.1",
        "p95 off",
    ]
    note = (
        "Share of takes of which it is said. Delay: share of all takes within 0.1 sample of the planted one, "
        "and 95th percentile of the error where channels are said to be related. Chorus and rooms in true "
        "stereo have delays of their own."
    )
    return markdown("Channels", head, rows, note)


def _named(name: str, delay: float, hiss_db: float | None) -> str:
    hiss = f", hiss {hiss_db:g} dB" if hiss_db else ""
    return f"{name}, {delay:g}{hiss}"


def _shares(found: list[Stereo], delay: float) -> list[str]:
    said = [percent(np.mean([getattr(f, flag)[0] for f in found])) for flag in ("mono", "inverted", "late")]
    off = np.array([abs(f.delay_ms[0] * SAMPLE_RATE / 1e3 - delay) for f in found if f.related[0]])
    return [*said, percent(np.sum(off < 0.1) / len(found)), f"{np.quantile(off, 0.95):.3f}"]


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
            errors, right = [], 0
            for seed, take in enumerate(takes):
                found, level_db = _noise(take, seed, pauses, step_db)
                errors += _spectrum_errors(found, level_db, step_db)
                near = abs(found.start_s[1:] - STEP_S) <= 30.0
                right += bool(near.any() and near.all()) if step_db else found.start_s.size == 1
            level = f"step of {step_db:g} dB" if step_db else "steady"
            name = f"{'pauses of 0.5 s' if pauses else 'no pause'}, {level}"
            spread = (f"{np.median(errors):.2f}", f"{max(errors):.2f}") if errors else ("–", "–")
            rows.append([name, f"{right} of {len(takes)}", *spread])
    note = (
        "Segments right: one where steady, else a boundary within one window of the step and no other. "
        "Error: median over third octaves of each print; the median and the largest of the prints."
    )
    return markdown(
        "Noise along the recording", ["noise", "segments right", "median dB", "most dB"], rows, note
    )


def _noise(take: Take, seed: int, pauses: bool, step_db: float) -> tuple[NoiseSegments, float]:
    music = np.tile(take.audio, 2)
    if pauses:
        for second in np.arange(8.0, music.shape[1] / SAMPLE_RATE - 1, 12.0):
            music[:, round(second * SAMPLE_RATE) : round((second + 0.5) * SAMPLE_RATE)] = 0.0
    level = float(np.sqrt(np.mean(take.audio**2))) * 10 ** (-30 / 20)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(music.shape), axis=1)
    frequency = np.fft.rfftfreq(music.shape[1], 1 / SAMPLE_RATE)
    hiss = np.fft.irfft(spectrum * _shape(frequency), music.shape[1], axis=1)
    hiss *= level / np.sqrt(np.mean(hiss**2))
    hiss[:, round(STEP_S * SAMPLE_RATE) :] *= 10 ** (step_db / 20)
    found = _run(NoiseSegmentsAnalyser(SAMPLE_RATE, len(music)), music + hiss)
    assert isinstance(found, NoiseSegments)
    return found, 20 * np.log10(level)


def _shape(frequency: np.ndarray) -> np.ndarray:
    """Amplitude of tape hiss, without an offset."""
    return np.sqrt(noise_spectrum("tape", frequency)) * (frequency > 0)


def _spectrum_errors(found: NoiseSegments, level_db: float, step_db: float) -> list[float]:
    if not found.found:
        return []
    frequency = found.frequency_hz
    power = _shape(frequency) ** 2
    truth = 10 * np.log10(power / (power.sum() * frequency[1]) + 1e-30) + level_db
    expected = third_octaves(truth[np.newaxis], frequency)
    errors = []
    for start, end, density in zip(found.start_s, found.end_s, found.density_dbfs_hz, strict=True):
        louder = step_db if (start + end) / 2 > STEP_S else 0.0
        off = np.abs(third_octaves(density, frequency) - expected - louder)
        errors.append(float(np.median(off)))
    return errors


def speed_table(take: Take) -> str:
    """CPU time for a second of stereo, the best of five."""
    rows, total = [], 0.0
    for analyser in (StereoAnalyser, LoudnessAnalyser, ProgramAnalyser, NoiseSegmentsAnalyser):
        spent = []
        for _ in range(5):
            started = time.process_time()
            _run(analyser(SAMPLE_RATE, len(take.audio)), take.audio)
            spent.append((time.process_time() - started) * 1e3 / (take.audio.shape[1] / SAMPLE_RATE))
        total += min(spent) if analyser is not NoiseSegmentsAnalyser else 0.0
        rows.append([analyser.__name__, f"{min(spent):.2f}"])
    rows.append(["the first three", f"{total:.2f}"])
    return markdown("CPU time, ms a second of 44.1 kHz stereo", ["finder", "ms"], rows)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")

"""What a recording's format was: hits and false alarms of the finders of clipping, bits, rate and processing.

``python -m bench format_finder`` prints the tables; ``--split tuning`` is for development.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from scipy.signal import iirnotch, lfilter, resample
from wavemend.analysis.carrier.bandwidth import BandwidthAnalyser
from wavemend.analysis.carrier.clipping import ClippingAnalyser
from wavemend.analysis.carrier.codec import CodecAnalyser
from wavemend.analysis.carrier.processed import ProcessedAnalyser
from wavemend.analysis.carrier.silences import SilencesAnalyser
from wavemend.analysis.carrier.stereo import StereoAnalyser
from wavemend.analysis.carrier.word_length import WordLengthAnalyser

from bench.material.passbands import quantised
from bench.material.takes import SAMPLE_RATE as RATE
from bench.material.takes import Take
from bench.measuring.plan import Plan, markdown, takes_of

# source: this table's own conditions
BLOCK = 65536
COUNTS = {"music": 12, "hard": 5, "speech": 8}

Audio = np.ndarray


def analyse(kind: type, audio: Audio, rate: float = RATE, **options: object):
    """Return the findings of one analyser on a whole recording."""
    analyser = kind(rate, len(audio), **options)
    analyser.push(audio)
    return analyser.result()


def with_noise(audio: Audio, below_db: float, seed: int = 0) -> Audio:
    """Add white noise `below_db` under the RMS."""
    white = np.random.default_rng(seed).standard_normal(audio.shape)
    return audio + white * np.std(audio) * 10 ** (-below_db / 20)


# ---- clipping


def clipping(material: list[Take]) -> str:
    """Return the table of clipping: what is planted, how often it is found, and how far off its level is."""
    found: dict[str, list[tuple[bool, bool, float]]] = {}
    for take in material:
        peak = np.abs(take.audio).max()
        for name, audio, level in _clipped(take.audio / peak):
            f = analyse(ClippingAnalyser, audio)
            here = max(f.upper_dbfs.max(), f.lower_dbfs.max())
            error = abs(here - level) if f.digital and level is not None else np.nan
            found.setdefault(name, []).append((f.digital, f.soft, error))
    rows = []
    for name, one in found.items():
        digital, soft, error = (np.array(column) for column in zip(*one, strict=True))
        off = f"{np.nanmax(error):.2f}" if np.isfinite(error).any() else "–"
        rows.append([name, str(len(one)), str(int(digital.sum())), str(int(soft.sum())), off])
    note = "Those under the line are negatives: every figure there is a false alarm."
    head = ("recording", "takes", "flat tops found", "crowding found", "level, worst error, dB")
    return markdown("Clipping", head, rows, note)


def _clipped(audio: Audio) -> Iterator[tuple[str, Audio, float | None]]:
    magnitude = np.abs(audio)
    for share in (1e-4, 1e-3, 1e-2):
        level = np.quantile(magnitude, 1 - share)
        cut = np.clip(audio, -level, level) / level
        yield f"{100 * share:g} % cut at 0 dBFS", quantised(cut, seed=None), 0.0
        yield f"{100 * share:g} % cut, then -12 dB", quantised(cut / 4, seed=None), -12.04
        one_sided = np.minimum(audio, level) / level / 2
        yield f"{100 * share:g} % of one side cut, -6 dB, dithered", quantised(one_sided), -6.02
    loud = audio / np.quantile(magnitude, 0.9999)
    yield "cut by 6 dB, noise at -60 dBFS after", quantised(np.clip(2 * loud, -1, 1) / 2 + _hiss(audio)), None
    yield (
        "cut by 12 dB, noise at -60 dBFS after",
        quantised(np.clip(4 * loud, -1, 1) / 2 + _hiss(audio)),
        None,
    )
    yield "tanh, driven by 12 dB, noise", quantised(0.7 * np.tanh(4 * loud) + _hiss(audio)), None
    yield "—— clean, 16 bits", quantised(0.9 * audio), None
    yield "normalised to 0 dBFS", quantised(audio, seed=None), None
    yield "look-ahead limiter, 8 dB", quantised(limited(audio, 8.0) * 0.89), None
    yield "clean, 8 bits", quantised(0.9 * audio, 8, seed=None), None
    yield "MP3, 128 kbit/s", coded(0.7 * audio, "libmp3lame", "mp3", 128), None


def _hiss(audio: Audio) -> Audio:
    return 1e-3 * np.random.default_rng(3).standard_normal(audio.shape)


def limited(audio: Audio, gain_db: float, window: int = 441) -> Audio:
    """Return `audio` through a limiter with 5 ms look-ahead that never passes full scale."""
    loud = audio * 10 ** (gain_db / 20)
    wanted = np.minimum(1.0, 1.0 / np.maximum(np.abs(loud).max(axis=0), 1e-9))
    gain = uniform_filter1d(minimum_filter1d(wanted, window), window // 2)
    return np.clip(loud * gain, -1, 1)


def coded(audio: Audio, encoder: str, extension: str, kbps: int, rate: int = RATE) -> Audio:
    """Return `audio` after encoding and decoding by ffmpeg, at 16 bits."""
    with tempfile.TemporaryDirectory() as folder:
        source, middle, target = (Path(folder, name) for name in ("a.wav", f"b.{extension}", "c.wav"))
        soundfile.write(source, audio.T, rate, subtype="PCM_16")
        quiet = ("ffmpeg", "-y", "-loglevel", "error", "-i")
        subprocess.run([*quiet, source, "-c:a", encoder, "-b:a", f"{kbps}k", middle], check=True)
        subprocess.run([*quiet, middle, "-c:a", "pcm_s16le", "-ar", str(rate), target], check=True)
        return soundfile.read(target, always_2d=True)[0].T


def synthetic() -> str:
    """Return the table of waves that are flat or steady by nature."""
    t = np.arange(5 * RATE) / RATE
    waves = {
        "square wave, 220 Hz": 0.5 * np.sign(np.sin(2 * np.pi * 220.3 * t)),
        "square wave, band-limited": 0.7 * sum(np.sin(2 * np.pi * 220 * h * t) / h for h in range(1, 80, 2)),
        "sine, 50 Hz, 16 bits": quantised(0.99 * np.sin(2 * np.pi * 50 * t), seed=None),
        "sine, 1 kHz, at 0 dBFS": quantised(np.sin(2 * np.pi * 1000 * t), seed=None),
        "triangle, 110 Hz": np.abs((110 * t) % 1 - 0.5),
    }
    rows = [[name, analyse(ClippingAnalyser, wave[np.newaxis]).describe()] for name, wave in waves.items()]
    return markdown("Clipping: hard negatives", ("wave", "said"), rows)


# ---- word length, rate, silences, processing


def word_length(material: list[Take]) -> str:
    """Return the table of bit depth: nominal, true, and how often it is named within 0.05 bits."""

    def own_noise(audio: Audio) -> Audio:  # takes are 16-bit themselves: fresh noise hides their grid
        return 0.7 * audio + 2e-5 * np.random.default_rng(5).standard_normal(audio.shape)

    cases: list[tuple[str, int, float, bool, Callable[[Audio], Audio]]] = [
        ("16 bits", 16, 16, False, quantised),
        ("24 bits", 24, 24, False, lambda x: quantised(own_noise(x), 24)),
        ("floating point", 0, 0, False, own_noise),
        ("8 in 16", 16, 8, True, lambda x: quantised(x, 8)),
        ("12 in 16", 16, 12, True, lambda x: quantised(x, 12)),
        ("16 in 24", 24, 16, True, quantised),
        ("20 in 24", 24, 20, True, lambda x: quantised(own_noise(x), 20)),
        ("16 in floating point", 0, 16, True, quantised),
        ("16, +3 dB, in 24", 24, 16 - 3 / 6.0206, True, lambda x: _scaled(x, 3.0, 24)),
        ("16, -4.7 dB, in 24", 24, 16 + 4.7 / 6.0206, True, lambda x: _scaled(x, -4.7, 24)),
        ("16, -2 dB, in floating point", 0, 16 + 2 / 6.0206, True, lambda x: quantised(x) * 10**-0.1),
        ("16, +1 dB, in 16", 16, 16 - 1 / 6.0206, True, lambda x: _scaled(x, 1.0, 16)),
        ("16, +5 dB, in 16", 16, 16 - 5 / 6.0206, True, lambda x: _scaled(x, 5.0, 16)),
    ]
    rows = []
    for name, nominal, truth, padded, make in cases:
        said = [analyse(WordLengthAnalyser, make(take.audio), nominal_bits=nominal) for take in material]
        right = sum(abs(one.effective_bits - truth) < 0.05 for one in said)
        rows.append([name, str(len(said)), str(right), str(sum(one.padded != padded for one in said))])
    head = ("bits", "takes", "named right", "wrongly, or not, called padded")
    return markdown("Word length", head, rows)


def _scaled(audio: Audio, gain_db: float, bits: int) -> Audio:
    quiet = quantised(audio * min(1.0, 10 ** (-gain_db / 20)))
    return quantised(quiet * 10 ** (gain_db / 20), bits, seed=None)


def sample_rate(material: list[Take]) -> str:
    """Return the table of sample rates, on takes that hold something up to 19 kHz."""
    full = [t for t in material if analyse(BandwidthAnalyser, t.audio).upper_hz.max() > 19000]
    rows = []
    for older, rate in ((16000, 44100), (22050, 44100), (32000, 48000), (44100, 96000), (48000, 192000)):
        said = []
        for take in full:
            length = take.audio.shape[1]
            source = resample(take.audio[:1], length * min(older, RATE) // RATE, axis=1)
            if older > RATE:
                source = with_noise(resample(take.audio[:1], length * older // RATE, axis=1), 60)
            file = resample(source, source.shape[1] * rate // older, axis=1)
            said.append(analyse(WordLengthAnalyser, quantised(file, 24), rate, nominal_bits=24).rate_hz)
        right = sum(one == older for one in said)
        rows.append(
            [f"{older} Hz in {rate} Hz", str(len(said)), str(right), str(sum(o == rate for o in said))]
        )
    said = [analyse(WordLengthAnalyser, t.audio, nominal_bits=16).rate_hz for t in full]
    rows.append(["—— 44100 Hz", str(len(said)), str(sum(o == RATE for o in said)), "–"])
    return markdown("Sample rate", ("file", "takes", "right", "not noticed"), rows)


def traces(material: list[Take]) -> str:
    """Return the table of silences and of earlier processing."""
    counts = dict.fromkeys(("gaps", "gaps found", "takes", "false gaps", "notched", "false notches",
                            "normalised", "false normalised", "gated", "false gated"), 0)  # fmt: skip
    starts, ends = [], []
    for number, take in enumerate(material):
        counts["takes"] += 1
        clean, trace = analyse(SilencesAnalyser, take.audio), analyse(ProcessedAnalyser, take.audio)
        counts["false gaps"] += clean.gaps
        counts["false notches"] += trace.notched
        counts["false normalised"] += trace.normalised
        counts["false gated"] += trace.gated
        holes, planted = _with_gaps(take.audio, number)
        counts["gaps"] += planted
        counts["gaps found"] += analyse(SilencesAnalyser, holes).gaps
        around = np.random.default_rng(number).standard_normal(
            (len(take.audio), take.audio.shape[1] + 5 * RATE)
        )
        around *= np.std(take.audio) * 10**-2.5
        around[:, 2 * RATE : 2 * RATE + take.audio.shape[1]] += take.audio
        found = analyse(SilencesAnalyser, around)
        starts.append(abs(found.start_s - 2.0))
        ends.append(abs(found.end_s - 2.0 - take.audio.shape[1] / RATE))
        counts["notched"] += analyse(ProcessedAnalyser, _notched(take.audio)).notched
        level = 10**-0.005 / np.abs(take.audio).max()
        counts["normalised"] += analyse(
            ProcessedAnalyser, quantised(take.audio * level, seed=None)
        ).normalised
        counts["gated"] += analyse(ProcessedAnalyser, _gated(take.audio)).gated
    total = counts["takes"]
    rows = [
        ["dropouts of 2 to 200 ms", f"{counts['gaps found']} of {counts['gaps']}", str(counts["false gaps"])],
        ["mains notches (12, Q 30)", f"{counts['notched']} of {total}", str(counts["false notches"])],
        ["normalised to -0.1 dBFS", f"{counts['normalised']} of {total}", str(counts["false normalised"])],
        ["gated pauses (5 of 0.2 s)", f"{counts['gated']} of {total}", str(counts["false gated"])],
        ["start within 0.1 s, noise 50 dB down", f"{sum(s < 0.1 for s in starts)} of {total}", "–"],
        ["end within 0.1 s", f"{sum(s < 0.1 for s in ends)} of {total}", "–"],
    ]
    return markdown("Silences and earlier processing", ("what", "found", "false, on clean takes"), rows)


def _with_gaps(audio: Audio, seed: int) -> tuple[Audio, int]:
    """Silence up to ten stretches whose surroundings are above -40 dBFS; return how many."""
    draw, planted = np.random.default_rng(seed), 0
    damaged = audio.copy()
    for second in np.arange(0.5, audio.shape[1] / RATE - 0.5, 0.9):
        start, length = int(second * RATE), int(draw.choice([0.002, 0.01, 0.05, 0.2]) * RATE)
        sides = (audio[0, start - 220 : start], audio[0, start + length : start + length + 220])
        if min(np.mean(side**2) for side in sides) > 1e-4:
            damaged[0, start : start + length] = 0.0
            planted += 1
    return damaged, planted


def _notched(audio: Audio) -> Audio:
    for harmonic in range(1, 13):
        audio = lfilter(*iirnotch(50 * harmonic, 30, fs=RATE), audio, axis=1)
    return audio


def _gated(audio: Audio) -> Audio:
    gated = audio.copy()
    for start in np.linspace(0.1, 0.8, 5) * audio.shape[1]:
        gated[:, int(start) : int(start) + RATE // 5] = 0.0
    return gated


def speed(take: Take) -> str:
    """Return the table of time: milliseconds of CPU a second of 44.1 kHz stereo, the best of five."""
    audio = np.tile(np.broadcast_to(take.audio, (2, take.audio.shape[1])), 6)[:, : 60 * RATE]
    kinds = (ClippingAnalyser, BandwidthAnalyser, CodecAnalyser, WordLengthAnalyser, SilencesAnalyser,
             ProcessedAnalyser, StereoAnalyser)  # fmt: skip
    rows, total = [], 0.0
    for kind in kinds:
        analyse(kind, audio[:, :RATE])
        best = min(_seconds(kind, audio) for _ in range(5))
        total += best
        rows.append([kind.__name__, f"{1000 * best / 60:.2f}"])
    rows.append(["all seven", f"{1000 * total / 60:.2f}"])
    return markdown("Time", ("analyser", "ms a second of stereo, over 60 s"), rows)


def _seconds(kind: type, audio: Audio) -> float:
    start = time.process_time()
    analyser = kind(RATE, len(audio))
    for at in range(0, audio.shape[1], BLOCK):
        analyser.push(audio[:, at : at + BLOCK])
    analyser.result()
    return time.process_time() - start


def tables(plan: Plan) -> Iterator[str]:
    """Yield the tables."""
    material = [
        take for kind, count in COUNTS.items() for take in takes_of(plan.split, kind, count, plan.seconds)
    ]
    material = material[:2] if plan.quick else material
    for part in (clipping, word_length, sample_rate, traces):
        plan.tell(f"format finders: {part.__name__}")
        yield part(material)
    yield synthetic()
    yield speed(material[0])

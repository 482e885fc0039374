"""Which clicks are found, and what is taken for one: the learned detector, Declick's own, both, grooveclean.

The damage is `bench.material.damage`'s, which no detector was trained on: the training has a generator of its
own. An event's body reaches from its first sample to the last whose step from sample to sample is a tenth of
its largest; the whole of it until its envelope is 40 dB down, thump and all. Events whose bodies lie within
0.25 ms are one. It counts as found where a found span overlaps its body and the centre lies within 2 ms of
the centre of the body or of the whole: one detector tells what it hears, the other what it repairs. Asked for
are those that peak over 3 dB above the RMS within 10 ms. Everything found that is no event, asked for or not,
is false.

grooveclean is run by the Python of an environment of its own, named by ``GROOVECLEAN_PYTHON``.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from wavemend import Declick
from wavemend.analysis.clicks.detector import ImpulseDetector

from bench.material.damage import Clicked, clicks, crackle
from bench.material.takes import Take
from bench.measuring.plan import NOTHING, Plan, markdown, verdict

KINDS = ("tick", "pop", "glitch", "scratch")
STRENGTHS = (2, 5, 15)  # source: this table's own conditions
CRACKLES = tuple((strength, rate) for strength in (2, 8) for rate in (50, 200, 1000))
# source: docs/detector.md, which defines a hit and what is audible
APART_S = 2e-3
JOINED_S = 0.25e-3
AUDIBLE = 10 ** (3 / 20)
GROOVECLEAN_TAKES = 1  # it runs at real time
_AT_ONCE = 200  # events that are compared with what was found near them

Spans = list[np.ndarray]  # one array of shape (events, 2) a channel
Find = Callable[[np.ndarray, int], Spans]


@dataclass
class Tally:
    """What was asked for and found of it, and what was found and true of it."""

    asked: int = 0
    found: int = 0
    told: int = 0
    true: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is an event."""
        return self.true / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        """Share of the audible events that were found."""
        return self.found / self.asked if self.asked else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __str__(self) -> str:
        return f"{self.f1:.3f} ({self.precision:.2f} / {self.recall:.2f})" if self.asked else NOTHING


@dataclass
class Finder:
    """A column: its name, how it finds (none: it unites the first two), on how many takes, its tallies."""

    name: str
    find: Find | None
    takes: int = 1000
    sums: dict[str, list[Tally]] = field(default_factory=dict)


def tables(plan: Plan) -> Iterator[str]:
    """Yield the tables of events, of false alarms and of speed, and whether the promises are kept."""
    finders = [
        Finder("learned", learned),
        Finder("autoregressive", autoregressive),
        Finder("union", None),
    ]
    if os.environ.get("GROOVECLEAN_PYTHON"):
        finders.append(Finder(f"grooveclean, {GROOVECLEAN_TAKES} take", grooveclean, GROOVECLEAN_TAKES))
    for material in ("music", "speech"):
        yield _events(plan, material, finders)
    yield _means(finders)
    alarms, table = _false_alarms(plan, finders)
    yield table
    fastest = speed(plan.takes("music")[0])
    yield "\n".join([
        verdict("Learned, mean F1 on music", f"{_mean(finders[0], 'music'):.3f}",
                _mean(finders[0], "music") >= 0.97),
        verdict("Learned, false alarms a minute on clean music", f"{alarms['learned', 'music']:.2f}",
                alarms["learned", "music"] < 1.0),
        verdict("Learned detection alone, times real time, stereo, one core", f"{fastest:.0f}",
                fastest >= 20.0),
    ])  # fmt: skip


def conditions(take: Take, seed: int) -> Iterator[tuple[str, Clicked]]:
    """Yield the take under every damage, with what to call it."""
    for kind in KINDS:
        for strength in STRENGTHS:
            damaged = clicks(take.audio, take.sample_rate, kind=kind, strength=strength, seed=seed)
            yield f"{kind}, {strength}x", damaged
    for strength, rate in CRACKLES:
        damaged = crackle(take.audio, take.sample_rate, per_second=rate, strength=strength, seed=seed)
        yield f"crackle, A = {strength}, {rate} a second", damaged


def _events(plan: Plan, material: str, finders: Sequence[Finder]) -> str:
    rows: dict[str, list[Tally]] = {}
    for seed, take in enumerate(plan.takes(material)):
        for condition, damaged in conditions(take, seed):
            plan.tell(f"{material}, {take.name}: {condition}")
            tallies = rows.setdefault(condition, [Tally() for _ in finders])
            found = spans_of(finders, seed, damaged.audio, take.sample_rate)
            for k, spans in found.items():
                score(damaged, spans, take.sample_rate, tallies[k])
    for k, finder in enumerate(finders):
        finder.sums[material] = [tallies[k] for tallies in rows.values()]
    lines = [[condition, *map(str, tallies)] for condition, tallies in rows.items()]
    return markdown(f"Events found in {material}: F1 (precision / recall)",
                    ["damage", *(finder.name for finder in finders)], lines)  # fmt: skip


def spans_of(finders: Sequence[Finder], seed: int, audio: np.ndarray, sample_rate: int) -> dict[int, Spans]:
    """Return what each finder that still has takes left finds, by its column."""
    found: dict[int, Spans] = {}
    for k, finder in enumerate(finders):
        if seed < finder.takes:
            found[k] = finder.find(audio, sample_rate) if finder.find else united(found[0], found[1])
    return found


def _mean(finder: Finder, material: str) -> float:
    return float(np.mean([tally.f1 for tally in finder.sums[material]]))


def _means(finders: Sequence[Finder]) -> str:
    rows = []
    for material in ("music", "speech"):
        for what, part in (("clicks", slice(0, 12)), ("crackle", slice(12, None))):
            cells = [np.mean([tally.f1 for tally in finder.sums[material][part]]) for finder in finders]
            rows.append([f"{what}, {material}", *(f"{cell:.3f}" for cell in cells)])
    return markdown("Mean F1", ["damage", *(finder.name for finder in finders)], rows)


def _false_alarms(plan: Plan, finders: Sequence[Finder]) -> tuple[dict[tuple[str, str], float], str]:
    alarms, rows = {}, []
    for material in ("music", "hard", "speech"):
        told, seconds = np.zeros(len(finders)), np.zeros(len(finders))
        for seed, take in enumerate(plan.takes(material)):
            plan.tell(f"clean: {take.name}")
            for k, spans in spans_of(finders, seed, take.audio, take.sample_rate).items():
                told[k] += sum(map(len, spans))
                seconds[k] += take.audio.size / take.sample_rate
        each = 60 * told / seconds
        alarms |= {(finder.name, material): one for finder, one in zip(finders, each, strict=True)}
        rows.append([f"{material}, clean", *(f"{one:.2f}" for one in each)])
    return alarms, markdown("False alarms a minute and channel", ["takes", *(f.name for f in finders)], rows)


def truth(damaged: Clicked, sample_rate: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, of each channel, its events' starts and ends of body and of all, and which are audible."""
    found = []
    near = round(0.01 * sample_rate)
    for channel, added in enumerate(damaged.added):
        spans: list[list[int]] = []
        audible: list[bool] = []
        for start, stop, struck in zip(
            damaged.starts, damaged.stops, damaged.struck[:, channel], strict=True
        ):
            if not struck:
                continue
            steps = np.abs(np.diff(added[start : stop + 1], prepend=0.0))
            end = start + int(np.flatnonzero(steps >= 0.1 * np.max(steps))[-1]) + 1
            around = damaged.clean[channel, max(start - near, 0) : start + near]
            heard = bool(np.max(np.abs(added[start:end])) > AUDIBLE * np.sqrt(np.mean(around**2)))
            if spans and start - spans[-1][1] <= JOINED_S * sample_rate:
                spans[-1][1:] = max(end, spans[-1][1]), max(stop, spans[-1][2])
                audible[-1] |= heard
            else:
                spans.append([start, end, stop])
                audible.append(heard)
        found.append((np.array(spans, int).reshape(-1, 3), np.array(audible, bool)))
    return found


def score(damaged: Clicked, found: Spans, sample_rate: int, tally: Tally) -> None:
    """Add to the tally what was asked for and found of it in every channel."""
    for (spans, audible), told in zip(truth(damaged, sample_rate), found, strict=True):
        found_ones, true = np.zeros(len(spans), bool), np.zeros(len(told), bool)
        for k in range(0, len(spans), _AT_ONCE):
            some = spans[k : k + _AT_ONCE]
            near = np.flatnonzero((told[:, 1] > some[:, 0].min()) & (told[:, 0] < some[:, 2].max()))
            same = matches(some, told[near], APART_S * sample_rate)
            found_ones[k : k + _AT_ONCE] = same.any(axis=1)
            true[near] |= same.any(axis=0)
        tally.asked += int(audible.sum())
        tally.found += int(found_ones[audible].sum())
        tally.told += len(told)
        tally.true += int(true.sum())


def matches(spans: np.ndarray, told: np.ndarray, apart: float) -> np.ndarray:
    """Return which events of `truth` are what was told, `apart` samples off at most, (events, told)."""
    overlap = (spans[:, None, 0] < told[None, :, 1]) & (told[None, :, 0] < spans[:, None, 1])
    centres = (spans[:, None, :1] + spans[:, None, 1:]) / 2
    off = np.min(np.abs(centres - told.mean(axis=1)[None, :, None]), axis=2, initial=np.inf)
    return overlap & (off <= apart)


def learned(audio: np.ndarray, sample_rate: int) -> Spans:
    """Return the spans of the packaged model at its own thresholds."""
    detector = ImpulseDetector(sample_rate, len(audio))
    found = detector.push(audio) + detector.finish()
    return _by_channel([(span.channel, span.start, span.stop) for span in found], len(audio))


def autoregressive(audio: np.ndarray, sample_rate: int) -> Spans:
    """Return the spans that Declick repairs at its defaults."""
    stage = Declick()
    events: list = []
    stream = stage.stream(sample_rate, len(audio))
    stream.step(audio, events.append)
    stream.flush(events.append)
    spans = [(event.channel, event.position, event.position + event.length) for event in events]
    return _by_channel(spans, len(audio))


def grooveclean(audio: np.ndarray, sample_rate: int) -> Spans:
    """Return what grooveclean finds at its defaults."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.npy"), Path(folder, "out.npy")
        np.save(source, audio.astype(np.float32))
        command = [os.environ["GROOVECLEAN_PYTHON"], "-c", _GROOVECLEAN, source, target, str(sample_rate)]
        subprocess.run(command, check=True, capture_output=True)
        return _by_channel([tuple(row) for row in np.load(target).tolist()], len(audio))


_GROOVECLEAN = """
import sys, numpy, torch
from grooveclean import detect
torch.set_num_threads(1)
audio, rate = numpy.load(sys.argv[1]), int(sys.argv[3])
detector = detect.Detector.load(device="cpu")
high, low, gate = detect.thresholds(0.5, detector.calibration.hi, detector.calibration.lo)
rows = []
for channel, x in enumerate(audio):
    probability = detector.probabilities(torch.from_numpy(x[None]), rate)[0].numpy()
    active = detect.active_mask(x, rate, gate)
    starts, ends, _ = detect.spans(probability, active, rate, high, low)
    rows += [(channel, int(start), int(stop)) for start, stop in zip(starts, ends)]
numpy.save(sys.argv[2], numpy.array(rows, int).reshape(-1, 3))
"""


def united(one: Spans, other: Spans) -> Spans:
    """Return the spans of both; those that overlap are one."""
    both = []
    for spans in zip(one, other, strict=True):
        merged: list[list[int]] = []
        for start, stop in sorted(np.concatenate(spans).tolist()):
            if merged and start <= merged[-1][1]:
                merged[-1][1] = max(stop, merged[-1][1])
            else:
                merged.append([start, stop])
        both.append(np.array(merged, int).reshape(-1, 2))
    return both


def _by_channel(spans: Sequence[tuple[int, int, int]], channels: int) -> Spans:
    return [
        np.array(sorted(span[1:] for span in spans if span[0] == channel), int).reshape(-1, 2)
        for channel in range(channels)
    ]


def speed(take: Take) -> float:
    """Return how many times faster than real time detection is in stereo, after a run that compiles."""
    audio = np.broadcast_to(take.audio, (2, take.audio.shape[1])) if len(take.audio) == 1 else take.audio
    learned(audio[:, : take.sample_rate], take.sample_rate)
    started = time.process_time()
    learned(audio, take.sample_rate)
    return audio.shape[1] / take.sample_rate / (time.process_time() - started)

"""Clipped takes rebuilt: beside ffmpeg's adeclip and the published means of the same method."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from scipy.ndimage import minimum_filter1d, uniform_filter1d
from wavemend import Declip

from bench.material.takes import Take
from bench.measuring.measures import sdr_db
from bench.measuring.peers import ffmpeg, missing_ffmpeg
from bench.measuring.plan import NOTHING, Plan, markdown, verdict

# source: P. Záviška, P. Rajmic, A. Ozerov, L. Rencker, "A survey and an extensive evaluation of popular audio
# declipping methods", IEEE Journal of Selected Topics in Signal Processing 15 (2021): the SDR of what is
# clipped, and how much social sparsity with persistent empirical Wiener shrinkage gains in the mean over ten
# other recordings, read off a figure
PUBLISHED_DB = {1: 12, 3: 15, 5: 17, 7: 18, 10: 19, 15: 21, 20: 22}
QUICK_DB = (3, 20)  # guard: the two ends

ADECLIP = "adeclip"
PEER_FROM_DB = 15  # guard: of what is clipped harder ffmpeg works on 6 s for over a quarter of an hour
KINDS = ("music", "speech")
CLEAN = ("music", "hard", "speech")
# guard: what a take that peaks at 1 passes before it is cut: so many dB into a hyperbolic tangent, into a
# cubic soft limit, or into a limiter that looks so many ms ahead
SHAPED: dict[str, tuple[str, float, float]] = {
    "tanh, 6 dB": ("tanh", 6.0, 0.0),
    "tanh, 12 dB": ("tanh", 12.0, 0.0),
    "tanh, 20 dB": ("tanh", 20.0, 0.0),
    "cubic, 6 dB": ("cubic", 6.0, 0.0),
    "limiter, 6 dB, 1.5 ms": ("limiter", 6.0, 1.5),
    "limiter, 12 dB, 1.5 ms": ("limiter", 12.0, 1.5),
    "limiter, 12 dB, 20 ms": ("limiter", 12.0, 20.0),
}
QUICK_SHAPED = ("tanh, 12 dB", "limiter, 12 dB, 1.5 ms")
SHAPED_DB = (10, 20)
_BISECTIONS = 50  # guard: the level to a float's precision

NOTE = """Each take is clipped, both halves of the wave at one level, until the SDR is as said, and written
with 16 bits. How much the SDR grows, dB: mean over the takes (the least of any). Last, how many of the
samples are clipped."""

SHAPED_NOTE = """Music and speech through a saturated stage or a fast limiter, and cut then. The truth is what
came out of that stage. How much the SDR grows, dB: mean over the takes (the least of any). Last, of how many
of them what is rebuilt was not believed in full."""


def tables(plan: Plan) -> Iterator[str]:
    """Yield gains, clean takes, and whether the stage keeps what it is held to."""
    levels = QUICK_DB if plan.quick else PUBLISHED_DB
    rows, beside, lost = [], [], []
    for kind in KINDS:
        takes = plan.takes(kind)
        for level in levels:
            plan.tell(f"{kind} clipped to {level} dB")
            made = [(take, *clipped(take, level)) for take in takes]
            share = np.mean([100 * np.mean(np.abs(take.audio) > at) for take, _, at in made])
            ours = gains(made, Declip())
            heard = level >= PEER_FROM_DB and not missing_ffmpeg(ADECLIP)
            theirs = gains(made, lambda a, r: ffmpeg(a, r, ADECLIP)) if heard else None
            peer = said(theirs) if theirs else NOTHING
            rows.append([f"{kind}, {level} dB", said(ours), peer, f"{PUBLISHED_DB[level]}", f"{share:.1f} %"])
            beside += [float(np.mean(ours)) - float(np.mean(theirs))] if theirs else []
            lost.append(float(np.mean(ours)) - PUBLISHED_DB[level])
    head = ["clipped to", "Declip", "ffmpeg adeclip", "published", "clipped"]
    yield markdown("Clipped takes", head, rows, NOTE)
    yield markdown(
        "Rounded or limited, then clipped",
        ["before it was clipped", *(f"to {level} dB" for level in SHAPED_DB), "not believed in full"],
        shaped(plan),
        SHAPED_NOTE,
    )
    yield markdown("Takes that are not clipped", ["takes", "unchanged, to the bit"], clean(plan), "")
    yield "\n".join(
        [
            verdict("Above ffmpeg adeclip in every row", f"least {min(beside):+.1f} dB", min(beside) > 0)
            if beside
            else "- ffmpeg is not installed.",
            verdict("Within 1 dB of the published means", f"least {min(lost):+.1f} dB", min(lost) >= -1),
            speed(plan),
        ]
    )


def clipped(take: Take, level_db: float) -> tuple[np.ndarray, float]:
    """Return the take clipped to an SDR, in 16 bits, and the amplitude at which it is cut."""
    low, high = 0.0, float(np.abs(take.audio).max())
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if sdr_db(take.audio, np.clip(take.audio, -middle, middle)) < level_db:
            low = middle
        else:
            high = middle
    return np.round(np.clip(take.audio, -high, high) * 2.0**15) / 2.0**15, high


def gains(
    made: list[tuple[Take, np.ndarray, float]], run: Callable[[np.ndarray, int], np.ndarray]
) -> list[float]:
    """Return by how much the SDR grows in each take."""
    return [
        sdr_db(take.audio, run(audio, take.sample_rate)) - sdr_db(take.audio, audio)
        for take, audio, _ in made
    ]


def said(values: list[float]) -> str:
    """Return the mean and the least."""
    return f"{np.mean(values):+.1f} ({min(values):+.1f})"


def shaped(plan: Plan) -> list[list[str]]:
    """Return the rows of takes that another stage had pressed before they were cut."""
    rows = []
    for name in QUICK_SHAPED if plan.quick else SHAPED:
        plan.tell(f"{name}, then clipped")
        row, doubted, count = [name], 0, 0
        for level in SHAPED_DB:
            takes = [pressed(take, *SHAPED[name]) for kind in KINDS for take in plan.takes(kind)]
            made = [(take, *clipped(take, level)) for take in takes]
            stages = [learned(audio, take.sample_rate) for take, audio, _ in made]
            grown = [gains([one], stage)[0] for one, stage in zip(made, stages, strict=True)]
            row.append(said(grown))
            doubted += sum(bool(np.any(stage.findings.believed < 1)) for stage in stages)
            count += len(made)
        rows.append([*row, f"{doubted} of {count}"])
    return rows


def learned(audio: np.ndarray, sample_rate: int) -> Declip:
    """Return a stage that has heard the recording."""
    stage = Declip()
    stage.learn(audio, sample_rate)
    return stage


def pressed(take: Take, stage: str, gain_db: float, reach_ms: float) -> Take:
    """Return the take as it came out of a saturated stage or a limiter."""
    driven = take.audio / np.abs(take.audio).max() * 10 ** (gain_db / 20)
    if stage == "tanh":
        out = np.tanh(driven)
    elif stage == "cubic":
        held = np.clip(driven, -1.0, 1.0)
        out = 1.5 * (held - held**3 / 3)
    else:
        reach = round(reach_ms * take.sample_rate / 1000) | 1
        gain = 1 / np.maximum(np.abs(driven).max(axis=0), 1.0)
        out = driven * uniform_filter1d(minimum_filter1d(gain, reach), reach)
    return Take(take.name, 0.9 * out, take.sample_rate)


def clean(plan: Plan) -> list[list[str]]:
    """Return the rows of takes that are left as they are."""
    rows = []
    for kind in CLEAN[:2] if plan.quick else CLEAN:
        takes = plan.takes(kind)
        kept = sum(np.array_equal(Declip()(take.audio, take.sample_rate), take.audio) for take in takes)
        rows.append([kind, f"{kept} of {len(takes)}"])
    return rows


def speed(plan: Plan) -> str:
    """Return how fast a take with about two samples in a hundred clipped is rebuilt, and its listening."""
    take = plan.takes("music")[0]
    audio, _ = clipped(take, 20)
    stage = Declip()
    stage(audio[:, : take.sample_rate], take.sample_rate)
    began = time.process_time()
    stage(audio, take.sample_rate)
    fast = audio.shape[1] / take.sample_rate / (time.process_time() - began)
    return verdict("5 times real time at 20 dB, two channels", f"{fast:.1f} times", fast >= 5)

"""How channels belong together: polarity and delay planted in true stereo and mono, right, wrong or missed.

``python -m bench channel_finder`` prints the tables; ``--split tuning`` is for development.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from wavemend.analysis.carrier.stereo import Stereo, StereoAnalyser

from bench.material.takes import SAMPLE_RATE, Take
from bench.measuring.plan import Plan, markdown, percent, takes_of

# source: this table's own conditions; the delays are samples
DELAYS = (0.0, 0.5, -7.45, 100.2, -219.0)
HISS_DB = (None, 30.0, 20.0)
COUNTS = {"music": 16, "hard": 5, "speech": 32}
CLOSE = 0.1
GAIN = -0.8

Audio = np.ndarray


def analyse(audio: Audio) -> Stereo:
    """Return how the channels of a whole recording belong together."""
    analyser = StereoAnalyser(SAMPLE_RATE, len(audio))
    analyser.push(audio)
    return analyser.result()


def shifted(audio: Audio, samples: float) -> Audio:
    """Delay by a fraction of a sample, in the frequency domain."""
    length = 2 * audio.size
    turn = np.exp(-2j * np.pi * np.arange(audio.size + 1) * samples / length)
    return np.fft.irfft(np.fft.rfft(audio, length) * turn, length)[: audio.size]


def planted(audio: Audio, delay: float) -> Audio:
    """Turn the second channel over, weaken it a little, and delay it."""
    return np.stack([audio[0], GAIN * shifted(audio[1], delay)])


def delay_of(found: Stereo) -> float | None:
    """Return the delay in samples; None where none is claimed to a tenth of a sample or better."""
    error = found.delay_error_ms[0] * SAMPLE_RATE / 1e3
    return found.delay_ms[0] * SAMPLE_RATE / 1e3 if found.related[0] and error <= CLOSE else None


def true_stereo(material: list[Take]) -> str:
    """Return the table of true stereo: against what was planted, and against that beside the take's own."""
    own = [analyse(take.audio) for take in material]
    rows = []
    for delay in DELAYS:
        found = [analyse(planted(take.audio, delay)) for take in material]
        polarity = sum(
            bool(one.related[0] and one.inverted[0] != itself.inverted[0])
            for one, itself in zip(found, own, strict=True)
        )
        missed = sum(not one.related[0] for one in found)
        offs = [None if (at := delay_of(one)) is None else at - delay for one in found]
        moves = [
            None if off is None or (before := delay_of(itself)) is None else off - before
            for off, itself in zip(offs, own, strict=True)
        ]
        rows.append([f"{delay:g}", str(len(found)), str(polarity), str(len(found) - missed - polarity),
                     *_outcomes(offs), *_outcomes(moves)])  # fmt: skip
    head = ("planted, samples", "takes", "polarity right", "wrong", "delay right", "wrong", "not found",
            "change right", "wrong", "not found")  # fmt: skip
    alarms = ", ".join(
        f"{name}: {sum(bool(getattr(one, name)[0]) for one in own)} of {len(own)}"
        for name in ("mono", "inverted", "late")
    )
    note = (
        f"Second channel times {GAIN:g}, and delayed. Polarity: against that of the take itself. Delay: "
        f"within {CLOSE:g} sample of what was planted; not found where none is claimed to {CLOSE:g} sample. "
        "Change: the same, beside the delay found in the take as it is: microphones, rooms and chorus have "
        f"delays of their own. Takes as they are: {alarms}."
    )
    return markdown("Channels: true stereo", head, rows, note)


def _outcomes(offs: list[float | None]) -> tuple[str, str, str]:
    claimed = np.array([off for off in offs if off is not None])
    right = int(np.count_nonzero(np.abs(claimed) < CLOSE))
    return str(right), str(claimed.size - right), str(len(offs) - claimed.size)


def mono(material: list[Take]) -> str:
    """Return the table of mono carried as stereo, with separate hiss in each channel."""
    draw = np.random.default_rng(0)
    rows = []
    for hiss_db in HISS_DB:
        for delay in DELAYS:
            found = []
            for take in material:
                audio = planted(take.audio[[0, 0]], delay)
                if hiss_db is not None:
                    level = 10 ** (-hiss_db / 20) * np.sqrt(np.mean(take.audio**2))
                    audio = audio + level * draw.standard_normal(audio.shape)
                found.append(analyse(audio))
            flags = (
                percent(np.mean([getattr(one, flag)[0] for one in found])) for flag in ("mono", "inverted")
            )
            off = [abs(at - delay) for one in found if (at := delay_of(one)) is not None]
            close = percent(np.count_nonzero(np.array(off) < CLOSE) / len(found))
            hiss = "none" if hiss_db is None else f"{hiss_db:g} dB under"
            rows.append([hiss, f"{delay:g}", *flags, close, f"{np.quantile(off, 0.95):.3f}"])
    head = ("hiss", "planted, samples", "called mono", "inverted", f"within {CLOSE:g}", "p95 off, samples")
    return markdown(f"Channels: mono carried as stereo, {len(material)} takes", head, rows)


def tables(plan: Plan) -> Iterator[str]:
    """Yield the tables."""
    material = {
        kind: takes_of(plan.split, kind, 2 if plan.quick else count, plan.seconds)
        for kind, count in COUNTS.items()
    }
    plan.tell("channels finder")
    stereo = material["music"] + material["hard"]
    yield true_stereo(stereo)
    yield mono(material["speech"] + stereo)

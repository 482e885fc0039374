"""Takes for the benchmarks: about ten seconds each, the same every time, from ``bench/cache``.

The rule that splits them: a recording belongs to the report set where the first byte of the SHA-256 of its
name ("PACKAGE/FILE", without the extension) is odd, to the tuning set where it is even. Versions of one
composition (battle, battle-epic) and the stems of one song are one recording. Nothing is tuned on what is
reported.

Kinds, each taking its recordings in turn from its sources, in the order of their hashes:

- music: orchestral and folk (wesnoth), dance bands (mma), stereo, one excerpt a recording;
- hard: death metal stems and drum loops, stereo: what click finders mistake for clicks;
- speech: Dutch, Czech, Russian and English, mono. Clips are short, so a take joins successive clips.

Everything is at 44.1 kHz. Speech is resampled to it and, like a transfer, dithered to 16 bits (triangular,
seeded by its name): without that its empty band above 8 to 11 kHz would make clicks absurdly easy. They
still are easier there than in a full-band recording: read the music column first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice, zip_longest
from math import gcd
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from bench.material.fetch_audio import CACHE
from bench.measuring.measures import active_level_db

# source: the benchmark's own rules for takes
SAMPLE_RATE = 44100
LOWEST_LEVEL_DB = -40.0
LEAST_ACTIVE = 0.7
RULES = 1  # raise it when a change here changes the takes


@dataclass(frozen=True)
class Take:
    """An excerpt: its name, the audio of shape (channels, n) as float64, and the rate in Hz."""

    name: str
    audio: np.ndarray
    sample_rate: int


def takes(split: str = "report", kind: str = "music", count: int = 6, seconds: float = 10.0) -> list[Take]:
    """Return the first ``count`` takes of a kind; the same ones every time, stored after the first call.

    Parameters
    ----------
    split : {"report", "tuning"}
        The set whose figures are reported, or the one to develop on.
    kind : {"music", "hard", "speech"}
        See the module's description.
    count : int
        How many; a shorter list is the beginning of a longer one.
    seconds : float
        Length of each.

    Raises
    ------
    ValueError
        An unknown split or kind, or more takes asked for than there are.
    FileNotFoundError
        A package has not been fetched.
    """
    if split not in ("report", "tuning"):
        raise ValueError(f"split={split!r} must be 'report' or 'tuning'")
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} must be one of {', '.join(KINDS)}")
    stored = CACHE / "takes" / f"{split}-{kind}-{count}x{seconds:g}s-{RULES}.npz"
    if not stored.exists():
        found = list(islice(_round_robin([source(split, seconds) for source in KINDS[kind]]), count))
        if len(found) < count:
            raise ValueError(f"count={count}: there are only {len(found)} {kind} takes in the {split} set")
        stored.parent.mkdir(exist_ok=True)
        unfinished = stored.with_suffix(".part.npz")
        np.savez(unfinished, **{f"{at:03d} {take.name}": take.audio for at, take in enumerate(found)})
        unfinished.rename(stored)
    with np.load(stored) as arrays:
        return [Take(key[4:], arrays[key], SAMPLE_RATE) for key in sorted(arrays.files)]


def recording_of(name: str) -> str:
    """Return the recording that the file "PACKAGE/PATH" belongs to: stems and versions are one."""
    if name.startswith("fretsonfire"):
        return name.rpartition("/")[0]
    if name.startswith("wesnoth"):
        package, _, piece = name.rpartition("/")
        return f"{package}/{re.split(r'[-0-9]', piece)[0]}"
    return name


def split_of(name: str) -> str:
    """Return the set, "report" or "tuning", that the file "PACKAGE/PATH" belongs to."""
    return "report" if _digest(recording_of(name))[0] % 2 else "tuning"


def _digest(name: str) -> bytes:
    return sha256(name.encode()).digest()


def _files(package: str, split: str, pattern: str) -> list[tuple[str, Path]]:
    folder = CACHE / package
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there: python -m bench.material.fetch_audio {package}")
    named = ((f"{package}/{path.relative_to(folder).with_suffix('')}", path) for path in folder.glob(pattern))
    return sorted(pair for pair in named if split_of(pair[0]) == split)


def _long(package: str, pattern: str = "**/*.flac") -> Callable[[str, float], Iterator[Take]]:
    """Take one excerpt each from recordings that are longer than a take."""

    def source(split: str, seconds: float) -> Iterator[Take]:
        for name, path in sorted(_files(package, split, pattern), key=lambda pair: _digest(pair[0])):
            yield from _excerpt(name, path, seconds)

    return source


def _excerpt(name: str, path: Path, seconds: float) -> Iterator[Take]:
    """Yield the excerpt at the first starting point, in the order of their hashes, that is loud enough."""
    info = soundfile.info(path)
    starts = range(5, int(info.duration - seconds) - 4, 5)  # neither the beginning nor the end fades
    for start in sorted(starts, key=lambda second: _digest(f"{name}@{second}")):
        audio, _ = soundfile.read(
            path, frames=round(seconds * info.samplerate), start=start * info.samplerate, always_2d=True
        )
        if _loud_enough(audio.T, info.samplerate):
            yield Take(f"{name}@{start}s", _at_rate(audio.T, info.samplerate), SAMPLE_RATE)
            return


def _short(package: str, pattern: str = "**/*.flac", *, mono: bool) -> Callable[[str, float], Iterator[Take]]:
    """Join successive clips that are shorter than a take; each is used once."""

    def source(split: str, seconds: float) -> Iterator[Take]:
        groups: list[list[tuple[str, Path]]] = [[]]
        length = 0.0
        for name, path in _files(package, split, pattern):
            groups[-1].append((name, path))
            length += soundfile.info(path).duration
            if length >= seconds + 0.5:
                groups.append([])
                length = 0.0
        for group in sorted(groups[:-1], key=lambda group: _digest(group[0][0])):
            audio = np.concatenate([faded_clip(path, mono) for _, path in group], axis=1)
            audio = dithered(audio[:, : round(seconds * SAMPLE_RATE)], group[0][0])
            if _loud_enough(audio, SAMPLE_RATE):
                yield Take(f"{group[0][0]}+{len(group) - 1}", audio, SAMPLE_RATE)

    return source


def faded_clip(path: Path, mono: bool) -> np.ndarray:
    """Return a clip at 44.1 kHz whose first and last 10 ms are faded, so that joins do not click."""
    audio, rate = soundfile.read(path, always_2d=True)
    audio = audio.mean(axis=1, keepdims=True) if mono else np.broadcast_to(audio, (len(audio), 2))
    audio = _at_rate(audio.T, rate)
    fade = np.sin(np.linspace(0.0, np.pi / 2, SAMPLE_RATE // 100)) ** 2
    audio[:, : len(fade)] *= fade
    audio[:, -len(fade) :] *= fade[::-1]
    return audio


def dithered(audio: np.ndarray, name: str) -> np.ndarray:
    """Return audio in 16 bits, with dither seeded by the name of what it is."""
    draw = np.random.default_rng(list(_digest(name)))
    dither = draw.random(audio.shape) - draw.random(audio.shape)
    return np.round(audio * 2.0**15 + dither) / 2.0**15


def _at_rate(audio: np.ndarray, rate: int) -> np.ndarray:
    if rate == SAMPLE_RATE:
        return np.array(audio, order="C")
    common = gcd(rate, SAMPLE_RATE)
    return resample_poly(audio, SAMPLE_RATE // common, rate // common, axis=1)


def _loud_enough(audio: np.ndarray, rate: int) -> bool:
    level, active = active_level_db(audio, rate)
    return level > LOWEST_LEVEL_DB and active >= LEAST_ACTIVE


def _round_robin(sources: list[Iterator[Take]]) -> Iterator[Take]:
    return (take for take in chain.from_iterable(zip_longest(*sources)) if take is not None)


KINDS: dict[str, list[Callable[[str, float], Iterator[Take]]]] = {
    "music": [_long("wesnoth-1.16-music"), _long("dance-band")],
    "hard": [
        _long("fretsonfire-songs-muldjord"),
        _short("sonic-pi-samples", "**/loop_*.flac", mono=False),
    ],
    "speech": [
        _short("fillets-ng-data-nl", mono=True),
        _short("fillets-ng-data-cs", mono=True),
        _short("festvox-ru", mono=True),
        _short("asterisk-core-sounds-en-g722", mono=True),
    ],
}

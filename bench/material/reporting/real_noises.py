"""Noise of real recordings: of tape, discs, radio, motors, homes; what is reported, and what is for tuning.

Sources are split by recording. A noise that a test, a figure of the documentation or a setting has heard is
for tuning, the loops of a vinyl simulator that `bench vinyl` shows among them; of homes, the languages whose
name has an even first byte of its SHA-256, as takes are split. The others are reported on, and nothing else
may hear them. Recordings that are beside the checkout (``../shared/real``) are left out where they are not.

A noise shorter than a take is not looped: overlapping pieces of it are drawn at random and joined under
windows whose squares add up to one, each channel its own, so its colour and its short-term course stay and no
seam recurs. A disc's surface turns, so it is never cut up: the take is as long as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import butter, resample_poly, sosfiltfilt

from bench.material.fetch_audio import CACHE
from bench.material.reporting.channel import RATE
from bench.material.reporting.surfaces import REAL
from bench.material.takes import split_of

RUMBLE_HZ = 40.0  # what is below is the rumble filter's; source: the rumble filters of phono stages

PIECE_S = 0.6  # longest piece of a texture; guard: several fit into a second of source
JOIN = (
    0.25  # share of the shortest piece that overlaps a neighbour; guard: over 20 ms, and no piece is all join
)

# A home's pauses: 20 ms frames near the quietest tenth of a clip, in runs, of the level that most runs have.
FRAME_S = 0.02  # tuned: by hand, for all of these
QUIET_DB = 4.0  # tuned: by hand; noise alone spreads by less in 20 ms
SILENT_DB = -85.0  # guard: a gate's or an editor's silence is no noise
LEAST_FRAMES = 12  # tuned: by hand, a quarter of a second
EDGE_FRAMES = 2  # left out at either end of a run: breath, and the voice's last trace; tuned: by hand
LEVELS_DB = 2.0  # a run's may differ from the median; tuned: by hand, one microphone at one distance


@dataclass(frozen=True)
class Source:
    """A real noise.

    Attributes
    ----------
    name : str
    path : str
        The file in ``../shared/real``, or in ``bench/cache``; a folder's pauses are joined.
    split : {"report", "tuning"}
    spans_s : sequence of (float, float)
        Where noise is alone, in seconds; all of it where there are none.
    whole : bool
        Whether it must stay in one piece.
    """

    name: str
    path: str
    split: str
    spans_s: tuple[tuple[float, float], ...] = ()
    whole: bool = False

    @property
    def folder(self) -> Path:
        """Where its file lies."""
        return CACHE if "/" in self.path else REAL

    @property
    def missing(self) -> str:
        """Why it cannot be had here; "" where it can."""
        place = self.folder / self.path
        return "" if place.exists() else f"{place} is not there"


def _home(language: str) -> Source:
    path = f"klettres-data/{language}"
    return Source(f"home {language}", path, split_of(path))


# source: the recordings themselves; spans by their levels, frames of 0.1 s
SOURCES = (
    Source("vinyl", "vinyl_surface_sonicpi.flac", "report", whole=True),
    Source("tape deck", "tape_noise_hx.flac", "report"),
    Source("tape with hum", "tape_pass_a.flac", "report", ((0.0, 1.1),)),
    Source("air radio", "aero_am_radio_60hz_buzz.flac", "report", ((0, 0.2), (1.3, 1.4), (2.5, 2.68))),
    Source("mission loop", "apollo11_surface_voice.flac", "report", ((2.3, 2.8), (3.8, 4.2))),
    Source("motor", "calf-plugins/Motor-0-MotorL.flac", "report"),
    Source("crinkle", "calf-plugins/Crinkle-0-CrinkleL.flac", "report"),
    *map(_home, ("ar", "en", "ml", "hu")),
    Source("simulator's noise", "calf-plugins/Noise-0-NoiseL.flac", "tuning"),
    Source("simulator's static", "calf-plugins/Static-0-StaticL.flac", "tuning"),
    Source("simulator's rumble", "calf-plugins/Rumble-0-RumbleL.flac", "tuning"),
    Source("simulator's crackle", "calf-plugins/Crackle-0-CrackleL.flac", "tuning"),
)


def sources(split: str) -> list[Source]:
    """Return the noises of a set that can be had here.

    Raises
    ------
    ValueError
        An unknown set.
    """
    if split not in ("report", "tuning"):
        raise ValueError(f"split={split!r} must be 'report' or 'tuning'")
    return [source for source in SOURCES if source.split == split and not source.missing]


@cache
def pieces(source: Source) -> list[np.ndarray]:
    """Return where a noise is alone, each of shape (channels, n) at 44.1 kHz, without what is below 40 Hz.

    Raises
    ------
    FileNotFoundError
        It cannot be had here.
    """
    if source.missing:
        raise FileNotFoundError(source.missing)
    place = source.folder / source.path
    found = _pauses(place) if place.is_dir() else [_read(place)]
    if source.spans_s:
        found = [found[0][:, round(a * RATE) : round(b * RATE)] for a, b in source.spans_s]
    above = butter(3, RUMBLE_HZ, "highpass", fs=RATE, output="sos")
    return [sosfiltfilt(above, piece - piece.mean(axis=1, keepdims=True), axis=1) for piece in found]


def _read(path: Path) -> np.ndarray:
    audio, rate = soundfile.read(path, always_2d=True)
    common = int(np.gcd(rate, RATE))
    return audio.T if rate == RATE else resample_poly(audio.T, RATE // common, rate // common, axis=1)


def _pauses(folder: Path) -> list[np.ndarray]:
    """Return the pauses of all clips in a folder that are as loud as most of them."""
    runs = []
    for path in sorted(folder.rglob("*.flac")):
        audio, rate = soundfile.read(path, always_2d=True)
        if rate == RATE:
            runs += _quiet_runs(audio.mean(axis=1))
    levels = np.array([_level_db(run) for run in runs])
    near = np.abs(levels - np.median(levels)) < LEVELS_DB
    return [run[None] for run, keep in zip(runs, near, strict=True) if keep]


def _quiet_runs(audio: np.ndarray) -> list[np.ndarray]:
    hop = round(FRAME_S * RATE)
    frames = audio[: len(audio) // hop * hop].reshape(-1, hop)
    if not len(frames):
        return []
    level = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    quiet = (level < np.quantile(level, 0.1) + QUIET_DB) & (level > SILENT_DB)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.astype(int), [0]])))
    return [
        audio[(first + EDGE_FRAMES) * hop : (last - EDGE_FRAMES) * hop]
        for first, last in zip(edges[::2], edges[1::2], strict=True)
        if last - first >= LEAST_FRAMES
    ]


def _level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(audio**2) + 1e-12))


def real_noise(source: Source, channels: int, length: int, draw: np.random.Generator) -> np.ndarray:
    """Return a noise of shape (channels, at most length): shorter where it must stay in one piece."""
    found = pieces(source)
    if source.whole:
        whole = found[0][:, :length]
        return np.broadcast_to(whole, (channels, whole.shape[1])) if len(whole) == 1 else whole[:channels]
    each = [[piece[channel % len(piece)] for piece in found] for channel in range(channels)]
    return np.stack([_texture(some, length, draw) for some in each])


def _texture(found: list[np.ndarray], length: int, draw: np.random.Generator) -> np.ndarray:
    """Return pieces drawn at random and joined, each as likely as it is long."""
    sizes = np.array([len(piece) for piece in found], dtype=float)
    join = round(min(JOIN * sizes.min(), JOIN * PIECE_S / 2 * RATE))
    rise = np.sin(np.pi / 2 * (np.arange(join) + 0.5) / join)
    output = np.zeros(length + round(PIECE_S * RATE) + join)
    at = 0
    while at < length + join:
        piece = found[draw.choice(len(found), p=sizes / sizes.sum())]
        size = min(len(piece), round(draw.uniform(0.5, 1) * PIECE_S * RATE))
        start = draw.integers(len(piece) - size + 1)
        window = np.concatenate([rise, np.ones(size - 2 * join), rise[::-1]])
        room = output[at : at + size]
        room += (window * piece[start : start + size])[: len(room)]
        at += size - join
    return output[join : join + length]

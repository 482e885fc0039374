"""All of a medium's damage on one take, to choose the values of presets by.

The take passes the medium's band and its unsteady speed; that is the clean one. To it come, in the
proportions of that medium, its surface or hiss, rumble, hum, clicks, crackle and dropouts. Where noise passes
the band as well (radio, telephone), it does here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from scipy.signal import butter, ellip, sosfilt

from bench.material.layered import Layered, layered
from bench.material.takes import Take
from bench.material.tuning.gaps import with_gaps
from bench.material.tuning.hum import humming
from bench.material.tuning.wear import (
    Draw,
    Span,
    coloured,
    flutter,
    rumble,
    struck,
    swish,
    under,
    wowed,
)
from bench.measuring.measures import active_level_db

# source: this material's own definitions
LEAD_S = 1.0
LIGHTER_DB, FEWER = 5.0, 0.4
_LEVEL = 0.07  # RMS of the clean take, so that its peaks stay under the presets' limiters
_CLICKS, _GRAINS = (1.0, 6.0), (0.05, 0.8)  # heights over the clean take's RMS


@dataclass(frozen=True)
class Medium:
    """The ranges that one medium's damage is drawn from.

    Attributes
    ----------
    band_hz : tuple of two spans
        Where it begins and ends; 0: not limited.
    rpm : float
        Of a disc; 0: a transport, whose speed flutters.
    noise_db, rumble_db, hum_db : span or None
        Under the clean take's active level; None: there is none.
    slope : span
        Of the noise, dB an octave.
    hum : str
        A kind of `bench.material.tuning.hum`.
    clicks : span
        A minute.
    crackle : span
        A second.
    dropouts : bool
    within : bool
        Noise and clicks pass the band too, and it ends steeply.
    """

    band_hz: tuple[Span, Span] = ((0.0, 0.0), (0.0, 0.0))
    mono: bool = True
    rpm: float = 0.0
    noise_db: Span | None = None
    slope: Span = (-1.0, 1.0)
    rumble_db: Span | None = None
    hum_db: Span | None = None
    hum: str = "buzz"
    clicks: Span = (0.0, 0.0)
    crackle: Span = (0.0, 0.0)
    dropouts: bool = False
    within: bool = False


# source: this material's own definitions
_FULL: Span = (0.0, 0.0)
MEDIA: Mapping[str, Medium] = {
    "vinyl-light": Medium(
        mono=False, rpm=100 / 3, noise_db=(42, 52), slope=(-6, -2), rumble_db=(30, 40), clicks=(20, 90),
        crackle=(0, 3),
    ),
    "vinyl": Medium(
        mono=False, rpm=100 / 3, noise_db=(36, 46), slope=(-6, -2), rumble_db=(26, 36), clicks=(60, 240),
        crackle=(2, 20), hum="mains", hum_db=(38, 48),
    ),
    "vinyl-heavy": Medium(
        (_FULL, (11_000, 16_000)), mono=False, rpm=100 / 3, noise_db=(30, 38), slope=(-6, -1),
        rumble_db=(22, 32), clicks=(150, 500), crackle=(30, 150), hum="mains", hum_db=(32, 44),
    ),
    "shellac-electric": Medium(
        ((50, 110), (4500, 7500)), rpm=78.26, noise_db=(14, 26), slope=(-3, 1), rumble_db=(24, 34),
        clicks=(60, 400), crackle=(50, 300), hum="mains", hum_db=(34, 44),
    ),
    "shellac-acoustic": Medium(
        ((150, 260), (2600, 4500)), rpm=78.26, noise_db=(10, 22), slope=(-3, 1), rumble_db=(22, 32),
        clicks=(60, 400), crackle=(50, 300),
    ),
    "lacquer": Medium(
        ((40, 90), (6500, 10_000)), rpm=100 / 3, noise_db=(22, 34), slope=(-4, 0), rumble_db=(24, 34),
        clicks=(60, 300), crackle=(30, 200), hum="mains", hum_db=(34, 44),
    ),
    "reel-interview": Medium(
        (_FULL, (9000, 14_000)), noise_db=(24, 36), slope=(0, 3), rumble_db=(24, 36), hum_db=(28, 40),
        clicks=(0, 10), dropouts=True,
    ),
    "cassette-music": Medium(
        (_FULL, (9000, 14_000)), mono=False, noise_db=(24, 36), slope=(0, 3), hum="mains", hum_db=(36, 46)
    ),
    "cassette-voice": Medium(
        ((60, 150), (6000, 10_000)), noise_db=(16, 28), slope=(0, 3), rumble_db=(24, 34), hum_db=(30, 40),
        clicks=(0, 10), dropouts=True,
    ),
    "wire": Medium(
        ((80, 160), (4500, 7000)), noise_db=(16, 28), slope=(-1, 2), hum_db=(24, 36), clicks=(10, 60),
        crackle=(0, 5), dropouts=True,
    ),
    "dictaphone": Medium(
        ((180, 300), (3200, 5000)), noise_db=(12, 22), slope=(-2, 2), rumble_db=(20, 30), hum_db=(24, 34),
        clicks=(10, 60), dropouts=True,
    ),
    "am-radio": Medium(
        ((60, 120), (4400, 5200)), noise_db=(14, 28), slope=(-1, 1), hum_db=(30, 42), clicks=(10, 120),
        crackle=(0, 20), within=True,
    ),
    "telephone": Medium(
        ((200, 330), (3200, 3550)), noise_db=(14, 28), slope=(-2, 1), hum_db=(28, 38), clicks=(10, 60),
        within=True,
    ),
    "film-optical": Medium(
        ((40, 90), (5500, 8000)), noise_db=(22, 34), slope=(-1, 2), hum="mains", hum_db=(34, 46),
        clicks=(60, 300), crackle=(10, 120),
    ),
    "hum": Medium(mono=False, hum_db=(22, 36)),
}  # fmt: skip


def layers(medium: str, take: Take, wear: str, seed: int) -> Layered:
    """Return a take as a medium of `MEDIA` leaves it, or an offset; see `bench.material.layered.Layers`.

    Half of the seeds, 0 and 3 of every four, have a second of the damage alone before the program.
    """
    draw = np.random.default_rng([crc32(medium.encode()), seed])
    lead = round(LEAD_S * take.sample_rate) if seed % 4 in (0, 3) else 0
    audio = np.pad(take.audio, ((0, 0), (lead, 0)))
    audio = audio * (_LEVEL / np.sqrt(np.mean(take.audio**2)))
    if medium == "prepare":
        return layered(audio, audio + 10 ** (draw.uniform(-50, -30) / 20), take.sample_rate, lead)
    ranges, rate = MEDIA[medium], take.sample_rate
    band = _band(ranges, rate, draw)
    clean = _recorded(audio, ranges, rate, draw, band)
    lighter, share = (LIGHTER_DB, FEWER) if wear == "light" else (0.0, 1.0)
    added, hum_hz = _added(clean, ranges, rate, draw, lighter=lighter, share=share)
    if ranges.within:
        for sections in band:
            added = sosfilt(sections, added)
    heard = clean
    if ranges.dropouts:
        heard = _with_dropouts(clean, rate, share, draw)
    return layered(clean, heard + added, rate, lead, hum_hz)


def _band(ranges: Medium, rate: int, draw: Draw) -> list[np.ndarray]:
    """Draw the filters of the band."""
    low, high = (draw.uniform(*ends) for ends in ranges.band_hz)
    sections = []
    if low:
        sections.append(butter(2, low, "highpass", fs=rate, output="sos"))
    if high and ranges.within:
        sections.append(ellip(8, 0.2, draw.uniform(50, 80), high, fs=rate, output="sos"))
    elif high:
        sections.append(butter(int(draw.choice((3, 4, 6))), high, fs=rate, output="sos"))
    return sections


def _recorded(audio: np.ndarray, ranges: Medium, rate: int, draw: Draw, band: list[np.ndarray]) -> np.ndarray:
    """Return what the medium could hold of the program."""
    clean = audio.mean(axis=0, keepdims=True) if ranges.mono else audio
    for sections in band:
        clean = sosfilt(sections, clean)
    if ranges.rpm:
        return wowed(clean, rate, ranges.rpm, draw, (3e-4, 2e-3))
    return clean if ranges.noise_db is None or ranges.within else flutter(clean, rate, draw)


def _added(
    clean: np.ndarray, ranges: Medium, rate: int, draw: Draw, *, lighter: float, share: float
) -> tuple[np.ndarray, float]:
    """Draw what comes to the program, and the fundamental of what hums in Hz."""
    added, hum_hz, size = np.zeros_like(clean), 0.0, clean.shape[1]
    if ranges.noise_db:
        noise = coloured(clean.shape, rate, draw, slope=draw.uniform(*ranges.slope))
        if ranges.rpm:
            noise *= swish(size, rate, ranges.rpm, draw, (1.0, 5.0))
        added += under(clean, rate, noise, draw.uniform(*ranges.noise_db) + lighter)
    if ranges.rumble_db:
        low = rumble(clean.shape, rate, ranges.rpm or 60.0, draw)
        added += under(clean, rate, low, draw.uniform(*ranges.rumble_db) + lighter)
    if ranges.hum_db:
        hum_hz = float(draw.choice((50.0, 60.0)))
        below = draw.uniform(*ranges.hum_db) + lighter
        seed = int(draw.integers(2**31))
        added += humming(clean, rate, kinds=(ranges.hum,), below_db=below, seed=seed, mains_hz=hum_hz).added
    level = 10 ** (active_level_db(clean, rate)[0] / 20)
    for per_second, heights in (
        (draw.uniform(*ranges.clicks) / 60, _CLICKS),
        (draw.uniform(*ranges.crackle), _GRAINS),
    ):
        times = list(draw.uniform(0, size / rate, draw.poisson(share * per_second * size / rate)))
        tall = level * np.exp(draw.uniform(*np.log(heights), len(times)))
        added = struck(added, rate, times, tall, draw)
    return added, hum_hz


def _with_dropouts(clean: np.ndarray, rate: int, share: float, draw: Draw) -> np.ndarray:
    """Take sound away for moments, in about the last fifth of the recording where `share` is 1."""
    gone = with_gaps(clean, rate, kind="dropout", route="as it is", seed=int(draw.integers(2**31))).audio
    whole = clean.shape[1]
    begin = whole - round(0.2 * share * whole)
    return np.concatenate([clean[:, :begin], gone[:, begin:]], axis=1)

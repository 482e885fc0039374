"""Media with all of their damage at once over a clean take, for the table of presets: what is reported.

The take passes what the medium passes: its band, one channel where it has one, a disc's cartridge. Damage
passes what lies behind it: of a disc the cartridge and the playback curve, which the music's own recording
curve undoes, but not the horn or the cutter; of a line, a receiver, a film's or a dictaphone's amplifier the
whole band. Half of the mono discs come as a stereo cartridge gives them: two walls, unlike in gain and time.

A second and a half of damage is heard alone before the take. Hum is in some copies alone, told by the seed.

Levels: noise (a disc's with its bass), rumble and hum in dB under the take's active level as heard, by their
RMS; pops, crackle and dropouts a second; the highest peak over that level. Lightly worn / heavily worn.

=================  ===========  ======  ===========  =========  =======  ==========  ==============
medium             noise        rumble  pops         crackle    highest  dropouts    hum (share)
=================  ===========  ======  ===========  =========  =======  ==========  ==============
vinyl-light        46 / 40      40 / 34 0.2 / 0.7    2 / 8      2 / 3                48 / 40 (1/4)
vinyl              42 / 34      36 / 30 1 / 4        10 / 55    3 / 5                45 / 36 (1/4)
vinyl-heavy        36 / 28      32 / 26 4 / 8        55 / 150   4 / 7                42 / 34 (1/4)
shellac-electric   28 / 18      34 / 28 1 / 4        30 / 150   3 / 5                42 / 32 (1/3)
shellac-acoustic   22 / 13      32 / 26 1 / 4        60 / 300   3 / 5                42 / 32 (1/4)
lacquer            34 / 23      36 / 30 1 / 5        10 / 80    3 / 6                42 / 32 (1/3)
reel-interview     40 / 26                                               0.1 / 0.5   40 / 26 (1/2)
cassette-music     42 / 30                                               0.1 / 0.6   46 / 36 (1/4)
cassette-voice     34 / 22                                               0.1 / 0.6   38 / 26 (1/2)
wire               30 / 18              0.1 / 0.5               2 / 3    0.2 / 1     36 / 24 (1/2)
dictaphone         26 / 14              0.5 / 2      5 / 40     2 / 3    0.1 / 0.5   36 / 24 (1/3)
am-radio           30 / 16              0.1 / 0.5               2 / 3                40 / 28 (1/3)
telephone          34 / 20              0.2 / 1.5               1.5 / 3              38 / 26 (1/3)
film-optical       36 / 24              0.5 / 3      5 / 40     2 / 4                42 / 32 (1/2)
hum                62 / 56                                                           34 / 22 (all)
prepare            80 / 72                                                           offset -46 / -30
=================  ===========  ======  ===========  =========  =======  ==========  ==============

`carriers` says which of them were measured. An offset is in dBFS, and there half a second of silence ends
the take as well. A heavily worn disc has one scratch besides, once every turn.

Left out: wow, speed, overload, print-through, crosstalk, selective fading, companding, a horn's resonances,
and the telephone's words of eight bits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.material.layered import WEAR, Layered, layered
from bench.material.reporting import hum, shapes
from bench.material.reporting.carriers import MEDIA, Medium
from bench.material.reporting.channel import (
    FINE,
    RATE,
    Analogue,
    Response,
    cartridge,
    convert,
    playback,
    resampled,
)
from bench.material.reporting.clicks import RESONANCE_HZ, RESONANCE_Q
from bench.material.reporting.crackle import DISCS, impulses, walls
from bench.material.reporting.grounds import coloured, unit
from bench.material.reporting.pieces import RUMBLE_HZ
from bench.material.reporting.walls import AZIMUTH_S, GAIN_DB
from bench.material.takes import Take
from bench.measuring.measures import active_level_db

LEAD_S = 1.5  # source: transfers that were made with care
HEADROOM = 0.8  # of full scale; guard: no resampler clips between samples
BITS = 24  # source: IASA TC-04, of transfers

# tuned: by hand, no record, for all of this paragraph
TWO_WALLS = 0.5  # share of mono discs that keep both walls
FAINTEST = 0.15  # of pops, of the highest
SCRATCH, ALIKE = 0.6, (0.7, 1.3)  # a scratch's peak once a turn, of the highest; how unlike its turns are
DROPOUT_MS, DROPOUT_DB = (5.0, 50.0), (6.0, 24.0)
OWN = 0.5  # rumble of each channel, over that of both

TICKS = (shapes.tick, shapes.soft, shapes.noise, shapes.group)
# Three ticks to one of the others: one in six then has half of its energy below 1 kHz, of real ones 4 of 32.
POPS = (*TICKS, *TICKS, *TICKS, shapes.two_mode, shapes.cut, shapes.pop, shapes.scratch)


def layers(medium: str, take: Take, wear: str, seed: int) -> Layered:
    """Return a take as a medium left it; see the module for what that is.

    Parameters
    ----------
    medium : str
        One of `MEDIA`.
    take : Take
        At 44.1 kHz.
    wear : {"light", "heavy"}
    seed : int

    Raises
    ------
    ValueError
        An unknown medium or wear, or a take at another rate.
    """
    if medium not in MEDIA:
        raise ValueError(f"medium={medium!r} must be one of {', '.join(MEDIA)}")
    if wear not in WEAR:
        raise ValueError(f"wear={wear!r} must be one of {', '.join(WEAR)}")
    if take.sample_rate != RATE:
        raise ValueError(f"sample_rate={take.sample_rate} of {take.name} must be {RATE}")
    copy = _Copy(medium, WEAR.index(wear), seed)
    music = copy.music(take.audio)
    damaged, hum_hz = copy.damaged(music)
    scale, offset = HEADROOM / np.max(np.abs(damaged)), 10 ** (copy.made.offset_db[copy.worn] / 20)
    rate = copy.made.rate
    each = (convert(x, BITS, seed) for x in (scale * music, scale * damaged + offset))
    clean, audio = (resampled(x, rate) for x in each)
    return layered(clean, audio, rate, round(LEAD_S * rate), hum_hz)


class _Copy:
    """One copy of a medium: what take and damage pass, and a generator for each part of the damage."""

    def __init__(self, medium: str, worn: int, seed: int) -> None:
        self.made: Medium = MEDIA[medium]
        self.worn = worn
        self._key = [seed, 41, *medium.encode()]
        draw = self._draw("channel")
        band = _band(draw.uniform(*self.made.low_hz), draw.uniform(*self.made.high_hz), self.made.order)
        pickup = cartridge(draw.uniform(*RESONANCE_HZ), draw.uniform(*RESONANCE_Q))
        groove = [pickup] if self.made.disc else []
        self._recorded = [*groove, band]
        self._heard = Analogue([*groove, band] if self.made.narrow else groove)
        self._curve = playback(str(draw.choice(self.made.disc.curves))) if self.made.disc else None

    def _draw(self, part: str) -> np.random.Generator:
        """Return the generator of a part: how many pops there are moves no hum."""
        return np.random.default_rng([*self._key, *part.encode()])

    def music(self, audio: np.ndarray) -> np.ndarray:
        """Return the take as the medium gives it without damage, after silence."""
        if self.made.mono:
            audio = np.mean(audio, axis=0, keepdims=True)
        audio = np.pad(audio, ((0, 0), (0, round(self.made.end_s * RATE))))
        heard = Analogue(self._recorded).music(audio)
        draw = self._draw("walls")
        if self.made.disc and self.made.mono and draw.random() < TWO_WALLS:
            late, gain_db = draw.uniform(-AZIMUTH_S, AZIMUTH_S), draw.uniform(-GAIN_DB, GAIN_DB)
            other = Analogue([*self._recorded, lambda hz: np.exp(-2j * np.pi * hz * late)]).music(audio)
            heard = np.concatenate([heard, 10 ** (gain_db / 20) * other])
        return np.pad(heard, ((0, 0), (round(LEAD_S * RATE), 0)))

    def damaged(self, music: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the take with all of the damage in front of the converter, and what hums, in Hz."""
        made, worn = self.made, self.worn
        level, _ = active_level_db(music, RATE)
        below = [10 ** ((level - db[worn]) / 20) for db in (made.noise_db, made.rumble_db, made.hum_db)]
        sound = self._faded(music + below[0] * self._noise(music))
        humming, hum_hz = self._hum(music.shape[1])
        sound = sound + below[1] * self._rumble(music.shape) + below[2] * humming
        highest = made.highest[worn] * 10 ** (level / 20)
        return sound + highest * (self._pops(music.shape) + self._crackle(music.shape)), hum_hz

    def _noise(self, music: np.ndarray) -> np.ndarray:
        draw = self._draw("noise")
        ground = self.made.grounds[draw.integers(len(self.made.grounds))](music, draw)
        return unit(Analogue([*self._heard.responses, *self._through(self._curve)]).music(ground))

    @staticmethod
    def _through(curve: Response | None) -> Sequence[Response]:
        return [] if curve is None else [curve]

    def _rumble(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return the rumble of a turntable, in phase in both channels but for a part."""
        draw = self._draw("rumble")
        both, own = (coloured(size, RUMBLE_HZ, draw) for size in ((1, shape[1]), (shape[0], shape[1])))
        return unit(both + OWN * own)

    def _hum(self, length: int) -> tuple[np.ndarray, float]:
        """Return hum of an RMS of 1 as the medium passes it, in phase in all channels, or silence."""
        draw = self._draw("hum")
        if draw.random() >= self.made.humming:
            return np.zeros((1, length)), 0.0
        kind = str(draw.choice(self.made.hums))
        lead = round(hum.LEAD_S * RATE)  # each kind puts it before what it is given
        drawn = hum.KINDS[kind](np.zeros((1, length - lead)), draw)
        return unit(self._heard.music(drawn.hum[None])), drawn.named_hz

    def _faded(self, sound: np.ndarray) -> np.ndarray:
        """Return what a tape holds with its dropouts."""
        draw, length = self._draw("dropouts"), sound.shape[1]
        gain = np.ones(length)
        for at in draw.integers(length, size=draw.poisson(self.made.dropouts[self.worn] * length / RATE)):
            dip = np.hanning(round(draw.uniform(*DROPOUT_MS) * RATE / 1000))[: length - at]
            depth = 1 - 10 ** (-draw.uniform(*DROPOUT_DB) / 20)
            gain[at : at + len(dip)] *= 1 - depth * dip
        return gain * sound

    def _pops(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return pops, the highest of which peak at 1, and on a heavily worn disc a scratch every turn."""
        draw, disc = self._draw("pops"), self.made.disc
        added, length = np.zeros(shape), shape[1]
        count = draw.poisson(self.made.pops[self.worn] * length / RATE)
        kinds = POPS if disc else TICKS
        sides = walls(disc or DISCS["vinyl"], shape[0], count, draw)
        for at, side in zip(draw.integers(length, size=count).tolist(), sides.T, strict=True):
            wave = kinds[draw.integers(len(kinds))](draw)
            height = FAINTEST ** draw.random() * draw.choice((-1, 1))
            self._strike(added, at, height * side, np.pad(wave, (draw.integers(FINE), 0)))
        if disc and self.worn:
            turn, wave = RATE / disc.turns_per_s, shapes.noise(draw)
            side = walls(disc, shape[0], 1, draw)[:, 0]
            for at in np.arange(draw.uniform(0, turn), length, turn):
                late = int(FINE * (at % 1))
                self._strike(added, int(at), SCRATCH * draw.uniform(*ALIKE) * side, np.pad(wave, (late, 0)))
        return added

    def _strike(self, added: np.ndarray, at: int, heights: np.ndarray, wave: np.ndarray) -> None:
        """Add a pulse, which begins at a sample, so that it peaks at heights, one for each channel."""
        pulse, onset = self._heard.pulses(wave)
        pulse = heights[:, None] * pulse / np.max(np.abs(pulse))
        first = max(at - onset, 0)
        part = pulse[:, first - (at - onset) :][:, : added.shape[1] - first]
        added[:, first : first + part.shape[1]] += part

    def _crackle(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return crackle, the strongest hundredth of which peaks over 1."""
        per_second = self.made.crackle[self.worn]
        if not per_second:
            return np.zeros(shape)
        return impulses(
            self.made.disc or DISCS["vinyl"],
            self._heard,
            self._through(self._curve),
            shape=shape,
            per_second=per_second,
            height=1.0,
            draw=self._draw("crackle"),
        ).added


def _band(low_hz: float, high_hz: float, order: int) -> Response:
    """Return a band whose ends are at -3 dB and fall by 6 dB an octave and order, in linear phase."""

    def response(hz: np.ndarray) -> np.ndarray:
        gain = 1 / np.sqrt(1 + (hz / high_hz) ** (2 * order)) if high_hz else np.ones_like(hz)
        return gain / np.sqrt(1 + (low_hz / np.maximum(hz, 1e-3)) ** (2 * order))

    return response

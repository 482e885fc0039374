"""What each medium of the table of presets passes and adds, lightly and heavily worn; `layers` makes them.

Of these figures a real record's surface was measured: 4 pops and 55 of crackle a second, vinyl's heavy ones.
The others are set by hand, to what restorers say of such copies and to each medium's usual limits, no record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bench.material.reporting import grounds
from bench.material.reporting.channel import RATE
from bench.material.reporting.crackle import DISCS, Disc

Pair = tuple[float, float]
FILM_RATE = 48_000  # source: the rate of film's and television's sound

LP = DISCS["vinyl"]
COARSE = DISCS["shellac"]
LACQUER = replace(LP, turns_per_s=COARSE.turns_per_s, curves=COARSE.curves)
SWISH_33, SWISH_78 = (partial(grounds.swish, turns_per_s=disc.turns_per_s) for disc in (LP, COARSE))
MAINS, TAPES = ("mains",), ("mains", "off speed", "two hums")


@dataclass(frozen=True)
class Medium:
    """What a medium passes and adds. Pairs are light and heavy; the ends of a band are drawn between two.

    Attributes
    ----------
    low_hz, high_hz : pair of float
        Between which each end of the band lies, -3 dB; 0 is no end.
    order : int
        The ends fall by 6 dB an octave and order.
    grounds : sequence of callables
        The noises, one of which is drawn.
    noise_db, rumble_db, hum_db : pair of float
        Under the take; infinite where there is none.
    disc : Disc or None
        What it is that turns.
    mono : bool
    narrow : bool
        Whether damage passes the band as well.
    pops, crackle, dropouts : pair of float
        A second.
    highest : pair of float
        Peak of the highest over the take's level.
    hums : sequence of str
        Kinds of hum, one of which is drawn.
    humming : float
        Share of copies that hum.
    offset_db : pair of float
        In dBFS.
    rate : int
        Of the transfer, Hz.
    """

    low_hz: Pair = (0.0, 0.0)
    high_hz: Pair = (0.0, 0.0)
    order: int = 4
    grounds: tuple[grounds.Ground, ...] = (grounds.tape,)
    noise_db: Pair = (np.inf, np.inf)
    rumble_db: Pair = (np.inf, np.inf)
    hum_db: Pair = (np.inf, np.inf)
    disc: Disc | None = None
    mono: bool = True
    narrow: bool = False
    pops: Pair = (0.0, 0.0)
    crackle: Pair = (0.0, 0.0)
    dropouts: Pair = (0.0, 0.0)
    highest: Pair = (1.0, 1.0)
    hums: tuple[str, ...] = MAINS
    humming: float = 0.0
    offset_db: Pair = (-np.inf, -np.inf)
    rate: int = RATE
    end_s: float = 0.0


_lp = partial(Medium, (15.0, 25.0), grounds=(SWISH_33,), disc=LP, mono=False, humming=0.25)

MEDIA = {
    "vinyl-light": _lp(
        (15_000.0, 18_000.0),
        noise_db=(46.0, 40.0),
        rumble_db=(40.0, 34.0),
        pops=(0.2, 0.7),
        crackle=(2.0, 8.0),
        highest=(2.0, 3.0),
        hum_db=(48.0, 40.0),
    ),
    "vinyl": _lp(
        (14_000.0, 17_000.0),
        noise_db=(42.0, 34.0),
        rumble_db=(36.0, 30.0),
        pops=(1.0, 4.0),
        crackle=(10.0, 55.0),
        highest=(3.0, 5.0),
        hum_db=(45.0, 36.0),
    ),
    "vinyl-heavy": _lp(
        (11_000.0, 15_000.0),
        noise_db=(36.0, 28.0),
        rumble_db=(32.0, 26.0),
        pops=(4.0, 8.0),
        crackle=(55.0, 150.0),
        highest=(4.0, 7.0),
        hum_db=(42.0, 34.0),
    ),
    "shellac-electric": Medium(
        (45.0, 60.0),
        (6000.0, 7500.0),
        order=3,
        grounds=(grounds.shellac,),
        disc=COARSE,
        noise_db=(28.0, 18.0),
        rumble_db=(34.0, 28.0),
        pops=(1.0, 4.0),
        crackle=(30.0, 150.0),
        highest=(3.0, 5.0),
        hum_db=(42.0, 32.0),
        humming=1 / 3,
    ),
    "shellac-acoustic": Medium(
        (170.0, 230.0),
        (3500.0, 4500.0),
        order=3,
        grounds=(grounds.shellac,),
        disc=COARSE,
        noise_db=(22.0, 13.0),
        rumble_db=(32.0, 26.0),
        pops=(1.0, 4.0),
        crackle=(60.0, 300.0),
        highest=(3.0, 5.0),
        hum_db=(42.0, 32.0),
        humming=0.25,
    ),
    "lacquer": Medium(
        (50.0, 80.0),
        (7000.0, 9000.0),
        order=3,
        grounds=(SWISH_78,),
        disc=LACQUER,
        noise_db=(34.0, 23.0),
        rumble_db=(36.0, 30.0),
        pops=(1.0, 5.0),
        crackle=(10.0, 80.0),
        highest=(3.0, 6.0),
        hum_db=(42.0, 32.0),
        humming=1 / 3,
    ),
    "reel-interview": Medium(
        (60.0, 100.0),
        (7000.0, 10_000.0),
        grounds=(grounds.tape, grounds.drifting),
        noise_db=(40.0, 26.0),
        dropouts=(0.1, 0.5),
        hum_db=(40.0, 26.0),
        hums=TAPES,
        humming=0.5,
    ),
    "cassette-music": Medium(
        (30.0, 50.0),
        (10_000.0, 14_000.0),
        mono=False,
        grounds=(grounds.tape, grounds.drifting),
        noise_db=(42.0, 30.0),
        dropouts=(0.1, 0.6),
        hum_db=(46.0, 36.0),
        hums=TAPES,
        humming=0.25,
    ),
    "cassette-voice": Medium(
        (90.0, 150.0),
        (6000.0, 8000.0),
        grounds=(grounds.tape, grounds.drifting),
        noise_db=(34.0, 22.0),
        dropouts=(0.1, 0.6),
        hum_db=(38.0, 26.0),
        hums=TAPES,
        humming=0.5,
    ),
    "wire": Medium(
        (90.0, 150.0),
        (4500.0, 6500.0),
        order=3,
        narrow=True,
        noise_db=(30.0, 18.0),
        pops=(0.1, 0.5),
        highest=(2.0, 3.0),
        dropouts=(0.2, 1.0),
        hum_db=(36.0, 24.0),
        hums=TAPES,
        humming=0.5,
    ),
    "dictaphone": Medium(
        (180.0, 230.0),
        (3500.0, 4500.0),
        narrow=True,
        grounds=(grounds.cylinder, grounds.tape),
        noise_db=(26.0, 14.0),
        pops=(0.5, 2.0),
        crackle=(5.0, 40.0),
        highest=(2.0, 3.0),
        dropouts=(0.1, 0.5),
        hum_db=(36.0, 24.0),
        humming=1 / 3,
    ),
    "am-radio": Medium(
        (50.0, 100.0),
        (4500.0, 5000.0),
        order=12,
        narrow=True,
        grounds=(grounds.static, grounds.fading, grounds.receiver),
        noise_db=(30.0, 16.0),
        pops=(0.1, 0.5),
        highest=(2.0, 3.0),
        hum_db=(40.0, 28.0),
        hums=("mains", "buzz"),
        humming=1 / 3,
    ),
    "telephone": Medium(
        (300.0, 300.0),
        (3400.0, 3400.0),
        order=12,
        narrow=True,
        grounds=(grounds.receiver,),
        noise_db=(34.0, 20.0),
        pops=(0.2, 1.5),
        highest=(1.5, 3.0),
        hum_db=(38.0, 26.0),
        hums=("buzz",),
        humming=1 / 3,
    ),
    "film-optical": Medium(
        (45.0, 60.0),
        (6500.0, 7500.0),
        narrow=True,
        noise_db=(36.0, 24.0),
        pops=(0.5, 3.0),
        crackle=(5.0, 40.0),
        highest=(2.0, 4.0),
        hum_db=(42.0, 32.0),
        hums=("mains", "buzz"),
        humming=0.5,
        rate=FILM_RATE,
    ),
    "hum": Medium(
        mono=False,
        noise_db=(62.0, 56.0),
        hum_db=(34.0, 22.0),
        hums=("mains", "buzz", "two hums", "off speed"),
        humming=1.0,
    ),
    "prepare": Medium(mono=False, noise_db=(80.0, 72.0), offset_db=(-46.0, -30.0), end_s=0.5),
}

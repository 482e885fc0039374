"""The speeds of records, stated once for every finder that looks for their turns."""

from __future__ import annotations

from typing import NamedTuple


class Speed(NamedTuple):
    """A speed as people write it, in turns a minute, and how long a turn takes, in seconds."""

    rpm: float
    turn_s: float


# source: IEC 98 (16 2/3, 33 1/3 and 45); 78.26 is 7200 / 92 and 76.6 nearly 7200 / 94, after the bars of
# stroboscopes under lamps at 60 Hz. 78s that were cut off speed, and cylinders, have no speed of their own:
# `medium.surface` measures them.
SIXTEEN = Speed(16.67, 3.6)
LP = Speed(33.33, 1.8)
SINGLE = Speed(45.0, 60 / 45)
ACOUSTIC_78 = Speed(76.6, 60 / 76.6)
ELECTRIC_78 = Speed(78.26, 60 / 78.26)

DISCS = (LP, SINGLE, ACOUSTIC_78, ELECTRIC_78)

"""Traits: what the findings say that tells media apart, each one of a few values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

import numpy as np

from ...contract.findings import Findings
from ..carrier.bandwidth import Bandwidth
from ..carrier.stereo import NO_DIFFERENCE_DB, Stereo
from ..clicks.clicks import Clicks
from ..noise.rumble import RumbleFindings
from .surface import Surface

# tuned: by hand with bench.material.tuning.media, tuning ranges and takes, 2026-11-29: where values part
_KNOWN = 0.1  # an end that is known no better says nothing
_TURNS_RPM = (1.0, 52.0, 100.0)
_CLICKS_A_MINUTE = (1.0, 30.0, 150.0, 600.0, 3000.0)
_TOP_HZ = (1.0, 2300.0, 3800.0, 5800.0, 9500.0, 15_500.0, 19_000.0)
_FLOOR_DB = (-75.0, -60.0, -50.0, -42.0, -34.0, -26.0, -18.0)
_COLOUR_DB = (-25.0, -14.0, -8.0, -3.0, 2.0, 7.0)
_SWING_DB = (4.0, 8.0, 14.0, 25.0)
_LOW_HZ = (1.0, 140.0, 260.0)
_HIGH_HZ = 4000.0  # octaves about and over it: there hiss and surfaces show first
_NO_FLOOR = _FLOOR_DB[0]


class Trait(NamedTuple):
    """One value of several, and how to say it."""

    value: int
    said: str


Heard = Mapping[str, Findings]


def floor_db(surface: Surface) -> float:
    """Return how far the floor of the two octaves about 3 kHz lies from the loud parts as a whole, in dB."""
    at = _high_octave(surface)
    if not at:
        return _NO_FLOOR
    loud = np.sum(10 ** (surface.loud_dbfs / 10))
    return float(10 * np.log10(np.sum(10 ** (surface.floor_dbfs[at - 1 : at + 1] / 10)) / loud))


def turns_a_minute(findings: Heard) -> float:
    """Return how fast it turned: by its surface, or else by its clicks; 0 where neither tells."""
    surface, clicks = cast(Surface, findings["surface"]), cast(Clicks, findings["clicks"])
    return surface.rpm or clicks.revolution_rpm


def _high_octave(surface: Surface) -> int:
    """Return the number of the octave about 4 kHz; 0 where there is none with one below it."""
    return int(np.argmin(np.abs(surface.octave_hz - _HIGH_HZ))) if surface.octave_hz.size else 0


def _turn(findings: Heard) -> Trait:
    rpm = turns_a_minute(findings)
    return Trait(_part(rpm, _TURNS_RPM), f"something turned at {rpm:.4g} rpm" if rpm else "nothing turned")


def _clicks(findings: Heard) -> Trait:
    clicks = cast(Clicks, findings["clicks"])
    per_minute = float((clicks.clicks_per_minute + clicks.crackle_per_minute).max()) if clicks.found else 0.0
    return Trait(_part(per_minute, _CLICKS_A_MINUTE), f"{per_minute:.0f} clicks and crackles a minute")


def _top(findings: Heard) -> Trait:
    band = cast(Bandwidth, findings["bandwidth"])
    top = float(band.upper_hz.max()) if (band.upper_error <= _KNOWN).all() else 0.0
    return Trait(
        _part(top, _TOP_HZ), f"the band ends at {top:.0f} Hz" if top else "the band's end is not known"
    )


def _channels(findings: Heard) -> Trait:
    stereo = cast(Stereo, findings["stereo"])
    if not stereo.one_gain.size:
        return Trait(0, "one channel")
    if (stereo.difference_db <= NO_DIFFERENCE_DB).all():
        return Trait(1, "the same in all channels")
    if stereo.one_gain.all():
        return Trait(2, "one source under noise of each channel's own")
    return Trait(3, "true stereo")


def _floor(findings: Heard) -> Trait:
    level = floor_db(cast(Surface, findings["surface"]))
    return Trait(_part(level, _FLOOR_DB), f"a floor {-level:.0f} dB under the loud parts")


def _colour(findings: Heard) -> Trait:
    surface = cast(Surface, findings["surface"])
    at = _high_octave(surface)
    if not at or floor_db(surface) <= _NO_FLOOR:
        return Trait(len(_COLOUR_DB) + 1, "no floor")
    rise = float(surface.floor_dbfs[min(at + 1, surface.octave_hz.size - 1)] - surface.floor_dbfs[at - 1])
    return Trait(_part(rise, _COLOUR_DB), f"a floor that changes by {rise:+.0f} dB from 2 to 8 kHz")


def _swing(findings: Heard) -> Trait:
    surface = cast(Surface, findings["surface"])
    at = _high_octave(surface)
    if not at:
        return Trait(len(_SWING_DB), "too short to say how its treble moves")
    highest = min(at + 1, surface.octave_hz.size - 1)
    swing = float(surface.loud_dbfs[highest] - surface.floor_dbfs[highest])
    return Trait(_part(swing, _SWING_DB), f"treble that moves by {swing:.0f} dB")


def _low(findings: Heard) -> Trait:
    low = float(cast(Bandwidth, findings["bandwidth"]).lower_hz.min())
    return Trait(_part(low, _LOW_HZ), f"nothing below {low:.0f} Hz" if low else "bass down to the lowest")


def _rumble(findings: Heard) -> Trait:
    rumbles = cast(RumbleFindings, findings["rumble"]).found
    return Trait(int(rumbles), "rumble" if rumbles else "no rumble")


def _part(value: float, edges: tuple[float, ...]) -> int:
    return int(np.digitize(value, edges))


TRAITS: Mapping[str, Callable[[Heard], Trait]] = {
    "turn": _turn,
    "clicks": _clicks,
    "top": _top,
    "channels": _channels,
    "floor": _floor,
    "colour": _colour,
    "swing": _swing,
    "low": _low,
    "rumble": _rumble,
}
"""By name, from the findings of every finder."""

VALUES: Mapping[str, int] = {
    "turn": len(_TURNS_RPM) + 1,
    "clicks": len(_CLICKS_A_MINUTE) + 1,
    "top": len(_TOP_HZ) + 1,
    "channels": 4,
    "floor": len(_FLOOR_DB) + 1,
    "colour": len(_COLOUR_DB) + 2,
    "swing": len(_SWING_DB) + 1,
    "low": len(_LOW_HZ) + 1,
    "rumble": 2,
}
"""How many values each has; derived: one more than there are edges, and words that say there is nothing."""

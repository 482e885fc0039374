"""What a session keeps of a bundle: places of parameters, and what the stages have learned.

::

    WMSTATE1 | count | count x (number, place) | size | what was learned        little-endian, nothing behind

The bundle's shell writes and reads all but the last part, which is ours: JSON, versioned, and a stranger's
until it is parsed. A factory preset is the same thing in a ``.vstpreset`` file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...analysis.noise.segments import NoiseSegments
from ...audio.arrays import Array
from ...contract.findings import Findings
from ...contract.stage import Stage
from ...errors import FindingsError, PresetError, StrictJsonError
from ..chain.chain import Chain
from ..chain.path import Path, slot_number
from ..storage.json_text import json_text
from ..storage.strict_json import check_fields, parse_object, short

MAGIC = b"WMSTATE1"
FORMAT, FORMAT_VERSION = "wavemend-learned", 1  # source: this file's own layout
MOST_BYTES = 32 * 2**20  # guard: memory, against hostile states; an hour's noise prints are a tenth of it

_MOST_POINTS = 512  # guard: more are not seen on a curve

_COUNT = struct.Struct("<I")
_PLACE = struct.Struct("<Id")
_FIELDS = {"format", "format_version", "seconds", "stages"}
_STAGE_FIELDS = {"slot", "stage", "findings"}


@dataclass(frozen=True)
class Learned:
    """What the stages of a bundle know of a recording.

    Attributes
    ----------
    findings
        By the path of the stage.
    seconds
        How long they listened.
    """

    findings: Mapping[Path, Findings] = field(default_factory=dict)
    seconds: float = 0.0


NOTHING = Learned()


def state_bytes(places: Mapping[int, float], learned: bytes = b"") -> bytes:
    """Return the state with these places of parameters, by number, and what was learned."""
    entries = b"".join(_PLACE.pack(number, place) for number, place in places.items())
    return MAGIC + _COUNT.pack(len(places)) + entries + _COUNT.pack(len(learned)) + learned


def read_state(data: bytes) -> tuple[dict[int, float], bytes]:
    """Return places of parameters and what was learned; raises `PresetError` where `data` is no state."""
    try:
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError
        at = len(MAGIC)
        (count,) = _COUNT.unpack_from(data, at)
        at += _COUNT.size
        end = at + count * _PLACE.size
        (size,) = _COUNT.unpack_from(data, end)
        places = dict(_PLACE.iter_unpack(data[at:end]))
        learned = data[end + _COUNT.size :]
        if len(learned) != size:
            raise ValueError
    except (ValueError, struct.error):
        raise PresetError("is no state of a wavemend effect") from None
    return places, learned


def learned_bytes(chain: Chain, learned: Learned) -> bytes:
    """Write what the stages of `chain` learned."""
    slots = dict(chain.walk())
    stages = [
        {
            "slot": slot_number(path),
            "stage": slots[path].member.id,
            "findings": found.to_json(),
        }
        for path, found in learned.findings.items()
    ]
    top = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "seconds": learned.seconds,
        "stages": stages,
    }
    return json_text(top).encode()


def read_learned(chain: Chain, data: bytes) -> Learned:
    """Read what the stages of `chain` learned; a stranger may have written it.

    Raises
    ------
    PresetError
        It is damaged, or was learned by other stages.
    """
    if not data:
        return NOTHING
    try:
        if len(data) > MOST_BYTES:
            raise StrictJsonError(f"is larger than {MOST_BYTES // 2**20} MB")
        top = parse_object(data, "what was learned")
        check_fields(top, "it", _FIELDS, _FIELDS)
        if top["format"] != FORMAT or top["format_version"] != FORMAT_VERSION:
            raise StrictJsonError(
                f"format is {short(top['format'])}, version {short(top['format_version'])}; "
                f"this wavemend reads {FORMAT!r}, version {FORMAT_VERSION}"
            )
        seconds = top["seconds"]
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise StrictJsonError(f"seconds is {short(seconds)}; it must be a number from 0")
        stages = {slot_number(path): (path, slot.member) for path, slot in chain.walk()}
        if not isinstance(top["stages"], list):
            raise StrictJsonError("stages must be a list")
        return Learned(dict(_read_one(one, stages) for one in top["stages"]), float(seconds))
    except (StrictJsonError, FindingsError) as error:
        raise PresetError(f"what was learned cannot be used: {error}; learn again") from None


def noise_curve(learned: Learned) -> Array:
    """Return the noise print among what was learned, for people to see.

    Returns
    -------
    Array
        Shape (points, 2): Hz, and the loudest channel's density there in dBFS/Hz; no points where no noise
        was found.
    """
    for found in learned.findings.values():
        if isinstance(found, NoiseSegments) and found.found:
            density = found.density_dbfs_hz.max(axis=(0, 1))
            points = np.stack([found.frequency_hz, density], axis=1)
            return np.asarray(points[:: -(-len(points) // _MOST_POINTS)])
    return np.empty((0, 2))


def _read_one(data: Any, stages: Mapping[str, tuple[Path, Any]]) -> tuple[Path, Findings]:
    check_fields(data, "a stage", _STAGE_FIELDS, _STAGE_FIELDS)
    slot = data["slot"]
    path, member = stages.get(slot, ((), None)) if isinstance(slot, str) else ((), None)
    if not isinstance(member, Stage) or member.id != data["stage"] or member.findings_type is None:
        raise StrictJsonError(
            f"slot {short(slot)} is no {short(data['stage'])} here that learns from what it hears"
        )
    return path, member.findings_type.from_json(data["findings"])

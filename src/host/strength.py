"""One knob for how much a chain takes away: it turns every parameter whose role is ``strength``."""

from __future__ import annotations

from ..errors import ParameterError
from ..plugins.stage import Stage
from .chain import Chain, Slot
from .files.audio_format import AudioFormat

LOSSY_STRENGTH = 0.75
"""For lossy sources: strong processing uncovers what the coder thought would not be heard."""


def default_strength(form: AudioFormat) -> float:
    """Return the strength that fits a source where nobody said another."""
    return 1.0 if form.is_lossless else LOSSY_STRENGTH


def eased(chain: Chain, strength: float) -> Chain:
    """Return a chain like `chain` with every ``strength`` parameter of its stages times `strength`.

    Parameters
    ----------
    chain
        Nested chains are eased too. Stock effects and VST3s are shared with the new chain as they are.
    strength
        0 to 1.

    Raises
    ------
    ParameterError
        `strength` is not from 0 to 1.
    """
    if not 0 <= strength <= 1:
        raise ParameterError(f"strength={strength!r} is not allowed; it must be from 0 to 1")
    if strength == 1:
        return chain
    result = Chain()
    for slot in chain.slots:
        member = slot.member
        if isinstance(member, Chain):
            member = eased(member, strength)
        elif isinstance(member, Stage):
            member = _eased_stage(member, strength)
        result.append(Slot(member, bypass=slot.bypass, mix=slot.mix, stands_for=slot.stands_for))
    return result


def _eased_stage(stage: Stage, strength: float) -> Stage:
    result = stage.copy()
    for parameter in stage.schema.values():
        if parameter.role == "strength":
            value = getattr(stage, parameter.id) * strength
            setattr(result, parameter.id, max(value, getattr(parameter, "low", value)))
    return result

"""Gentle and strong: what is set in a factory preset, which itself is the medium one."""

from __future__ import annotations

from wavemend import load_preset

# source: docs/factory_presets.md, which has them for users
STEPS = {
    "wavemend.declick": ("sensitivity", 1.0),
    "wavemend.decrackle": ("strength", 1.0),
    "wavemend.denoise": ("reduction_db", 4.0),
    "wavemend.voice_denoise": ("reduction_db", 4.0),
}
SIGNS = {"gentle": -1.0, "medium": 0.0, "strong": 1.0}


def settings(preset: str, strength: str) -> list[str]:
    """Return what is set in a factory preset, each as SLOT.PARAMETER=VALUE; nothing for the medium one.

    Parameters
    ----------
    preset : str
    strength : {"gentle", "medium", "strong"}
    """
    found = []
    for slot in load_preset(f"factory:{preset}").chain.slots:
        identifier = getattr(slot.member, "id", "")
        if slot.bypass or identifier not in STEPS or not SIGNS[strength]:
            continue
        parameter, step = STEPS[identifier]
        value = max(getattr(slot.member, parameter) + SIGNS[strength] * step, 0.0)
        found.append(f"{identifier.partition('.')[2]}.{parameter}={value:g}")
    return found

"""A recording that every stage has something to do with, what is rendered of it, and effects that know it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
import wavemend
from wavemend.contract.findings import Findings
from wavemend.host.export.effects import Effect
from wavemend.host.export.state import Learned, learned_bytes, state_bytes
from wavemend.host.presets.preset import Preset
from wavemend.host.vst3.bundle.vstpreset import vstpreset_bytes


def recording(seconds: float, rate: int, crackle: float = 0.0):
    """Make a tone that pauses, with hiss, hum, an offset, clicks, and crackle where wanted, shape (2, n)."""
    rng = np.random.default_rng(1)
    at = np.arange(round(seconds * rate)) / rate
    audio = 0.1 * np.sin(2 * np.pi * 440 * at) * (np.sin(2 * np.pi * 1.3 * at) > 0)
    audio = audio + sum(0.01 / k * np.sin(2 * np.pi * 50.02 * k * at) for k in (1, 2, 3, 4))
    audio = audio + 0.002 + 0.003 * rng.normal(size=(2, at.size))
    audio += crackle * rng.normal(size=audio.shape) * (rng.random(audio.shape) < 800 / rate)
    audio[:, 5000::7001] += 0.4
    return audio.astype(np.float32)


def state_with(effect: Effect, learned: Learned) -> bytes:
    """Return what a host saves of an effect that has learned."""
    places = {control.id: control.place for control in effect.controls}
    return state_bytes(places, learned_bytes(effect.preset.chain, learned))


def preset_with(effect: Effect, learned: Learned) -> bytes:
    """Return a preset file of an effect that has learned."""
    return vstpreset_bytes(effect.class_id, {b"Comp": state_with(effect, learned), b"Cont": b""})


def rendered(preset: Preset, audio, rate: int, folder: Path):
    """Return what `wavemend render` makes of a file, and what its stages found in it."""
    soundfile.write(folder / "in.wav", audio.T, rate, subtype="FLOAT")
    result = wavemend.render(preset, folder / "in.wav", folder / "out.wav", overwrite=True)
    return soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)[0].T, result.findings


def with_findings(preset: Preset, findings: Mapping[tuple[int, ...], Findings]) -> Preset:
    """Return a preset whose stages know what they need of a recording."""
    chain = preset.new_chain()
    for path, slot in chain.walk():
        if path in findings:
            slot.member.findings = findings[path]
    return Preset(preset.name, preset.description, chain)

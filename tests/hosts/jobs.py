"""What is played in every host: effects that know their recording, and what a rendering makes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from wavemend.contract.registry import stage_ids
from wavemend.host.export.bundle import export_vst3
from wavemend.host.export.effects import Effect, effect_of
from wavemend.host.export.state import Learned

from tests.host.export.material import preset_with, recording, rendered, with_findings

RATE = 48_000
CHAINS = ("vinyl", "voice-on-tape", "hum")
EFFECTS = (*(name.rpartition(".")[2] for name in stage_ids()), *CHAINS)
SIZES = (64, 512, 8192, "mixed")


@dataclass(frozen=True)
class Job:
    """One effect and its recording; the files lie in `folder`.

    Attributes
    ----------
    what
        Name of the stage or preset.
    effect
        As hosts know it.
    bundle, preset
        The effect, and the ``.vstpreset`` file with what its stages found in the recording.
    audio, expected
        The recording, and what `wavemend render` makes of it, shape (2, n).
    """

    what: str
    effect: Effect
    folder: Path
    bundle: Path
    preset: Path
    audio: Any
    expected: Any

    def played(self, name: str) -> dict[str, str]:
        """Compare what a host left in `name` with the rendering; say what differs, by block size."""
        verdicts = {}
        for file in sorted((self.folder / name).glob("*.npy")):
            verdicts[file.stem] = self.verdict(np.load(file))
        return verdicts

    def verdict(self, out: Any) -> str:
        """Say how many samples of a host's output differ from the rendering."""
        count = self.expected.shape[1]
        if out.shape != self.expected.shape:
            return f"{out.shape[1]} samples in the place of {count}"
        differing = int(np.count_nonzero((out != self.expected).any(axis=0)))
        return "exact" if not differing else f"{differing} of {count} differ"


def prepare(what: str, folder: Path, seconds: float) -> Job:
    """Render a recording, have the effect know it, and write what hosts need."""
    folder.mkdir(parents=True, exist_ok=True)
    effect = effect_of(what)
    audio = recording(seconds, RATE, crackle=0.05 * (what == "decrackle"))
    learned_from = audio[:, : 30 * RATE]
    _, findings = rendered(effect.preset, learned_from, RATE, folder)
    silence = np.zeros((2, effect.delays[RATE].reported), np.float32)  # a host tells no end
    ended = np.concatenate([audio, silence], axis=1)
    expected, _ = rendered(with_findings(effect.preset, findings), ended, RATE, folder)
    preset = folder / "own.vstpreset"
    preset.write_bytes(preset_with(effect, Learned(findings, learned_from.shape[1] / RATE)))
    soundfile.write(folder / "recording.wav", audio.T, RATE, subtype="FLOAT")
    bundle = export_vst3(what, folder / "vst3", overwrite=True, tell=print).path
    return Job(what, effect, folder, bundle, preset, audio, expected[:, : audio.shape[1]])


def write_job(job: Job, name: str) -> Path:
    """Write what a driver reads; its outputs go to the folder `name`."""
    (job.folder / name).mkdir(exist_ok=True)
    file = job.folder / f"{name}.json"
    told = {"bundle": job.bundle, "preset": job.preset, "input": job.folder / "recording.wav"}
    paths = {key: str(path.resolve()) for key, path in told.items()}
    output = str((job.folder / name).resolve())
    file.write_text(json.dumps({**paths, "sizes": SIZES, "output": output}))
    return file

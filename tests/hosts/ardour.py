"""Ardour 7 without a window: a session with the effect on a track, exported as 32-bit float and metered live.

Debian: ``apt-get install --no-install-recommends ardour``. A region cannot be imported by Lua: a second of
the dummy backend's noise is recorded, and its files are then replaced by the recording.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import soundfile

from .jobs import RATE, Job

HERE = Path(__file__).parent
LIBRARIES = Path("/usr/lib/ardour7")
_TICKS = 508_032_000 // RATE  # source: Temporal::superclock_ticks_per_second of Ardour 7, a sample
# a parameter, its value, seconds until that is heard; what the meter is to show, in dB beside the noise
_STEPS = {
    "dry": ("Bypass", "1", 2, -0.1, 0.1),
    "learning": ("Learn", "1", 0, -0.1, 0.1),
    "not bypassed": ("Bypass", "0", 4, -0.1, 0.1),
    "learned": ("Learn", "0", 6, -16.0, -8.0),
    "reduced further": ("Reduction", "24", 3, -40.0, -13.0),
    "bypassed": ("Bypass", "1", 3, -0.1, 0.1),
    "removed": ("Output", "1", 3, -0.1, 0.1),
    "removed, not bypassed": ("Bypass", "0", 3, -3.0, 0.5),
}
_EXPORT_ID = "4a1c0e58-7a53-4c60-9d39-6f2f5f7ad001"
# "BWAV 32float Export" of Ardour's own formats
_EXPORT_PRESET = f"""<?xml version="1.0" encoding="UTF-8"?>
<ExportPreset id="{_EXPORT_ID}" name="float">
  <ExportFormat id="20b4ab09-6452-4cb3-bd66-b921cdbd2942"/>
  <ExportFilename>
    <Folder relative="1" path="export"/>
    <Field name="timespan" enabled="1"/>
  </ExportFilename>
</ExportPreset>
"""


def installed() -> bool:
    """Whether Ardour 7 is here."""
    return (LIBRARIES / "ardour-vst3-scanner").is_file() and shutil.which("ardour7-lua") is not None


def play(job: Job, seconds: float) -> dict[str, str]:
    """Say how many samples of an export differ from the rendering, and where the meter is not as it should.

    The meter is read where the effect is Denoise, which makes noise as much softer as it is told to.
    """
    folder = (job.folder / "ardour").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    home = folder / "home"
    presets = home / ".vst3" / "presets" / job.effect.vendor / job.effect.name
    exports = home / ".config" / "ardour7" / "export"
    for made in (presets, exports, folder / "out"):
        made.mkdir(parents=True)
    shutil.copy(job.preset, presets / "own.vstpreset")
    (exports / "float.preset").write_text(_EXPORT_PRESET)
    env = {**os.environ, "HOME": str(home), "VST3_PATH": str(job.bundle.parent.resolve())}
    _run(
        [LIBRARIES / "ardour-vst3-scanner", "-f", "-v", job.bundle.resolve()],
        folder,
        {**env, "LD_LIBRARY_PATH": str(LIBRARIES)},
        120,
    )
    time.sleep(1)
    for cache in home.rglob("*.v3i"):  # it must be newer than the bundle
        cache.touch()
    _run(["ardour7-lua", HERE / "ardour_session.lua", job.effect.class_id, str(RATE)], folder, env, 180)
    _replace_what_was_recorded(folder / "session", job)
    count = str(job.audio.shape[1])
    command = ["ardour7-lua", HERE / "ardour_export.lua", count, _EXPORT_ID, folder / "out"]
    # Ardour 7.3 crashes now and then as it closes a session, also without an effect: what it wrote counts.
    told = _run(command, folder, env, 120 + 4 * seconds, may_crash=True)
    (folder / "export.log").write_text(told)
    exported = list((folder / "out").glob("*.wav"))
    if not exported:
        raise RuntimeError(f"nothing was exported: {told[-400:]}")
    verdicts = {"export": job.verdict(soundfile.read(exported[0], dtype="float32", always_2d=True)[0].T)}
    return verdicts | ({"meter": _metered(folder, env)} if job.what == "denoise" else {})


def _metered(folder: Path, env: dict[str, str]) -> str:
    words = [word for name, value, seconds, *_ in _STEPS.values() for word in (name, value, seconds)]
    told = _run(["ardour7-lua", HERE / "ardour_meter.lua", *words], folder, env, 180, may_crash=True)
    (folder / "meter.log").write_text(told)
    levels = [float(line.split()[-1]) for line in told.splitlines() if line.startswith("LEVEL")]
    if len(levels) < len(_STEPS):
        raise RuntimeError(f"the meter was not read: {told[-400:]}")
    shown = zip(_STEPS.items(), levels, strict=True)
    wrong = [
        f"{what}: {level - levels[0]:.1f} dB"
        for (what, (*_, low, high)), level in shown
        if not low <= level - levels[0] <= high
    ]
    return "; ".join(wrong) or "as set"


def _replace_what_was_recorded(session: Path, job: Job) -> None:
    files = sorted((session / "interchange" / "session" / "audiofiles").glob("*.wav"))
    for channel, file in enumerate(files):
        soundfile.write(file, job.audio[channel], RATE, subtype="FLOAT")
    for peaks in (session / "peaks").glob("*"):
        peaks.unlink()
    document = session / "session.ardour"
    length = f'length="a{job.audio.shape[1] * _TICKS}@a0"'
    text = re.sub(
        r'(<Region [^>]* )length="a\d+@a\d+"', lambda found: found[1] + length, document.read_text()
    )
    document.write_text(re.sub(r'fade-(in|out)-active="1"', r'fade-\1-active="0"', text))


def _run(
    command: list[object], folder: Path, env: dict[str, str], seconds: float, *, may_crash: bool = False
) -> str:
    words = [str(word) for word in command]
    run = subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, timeout=seconds, check=False
    )
    told = run.stdout + run.stderr
    if run.returncode and not may_crash:
        raise RuntimeError(f"{words[0]} ended with {run.returncode}: {told[-400:]}")
    return told

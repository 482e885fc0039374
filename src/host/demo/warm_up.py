"""Compile every kernel ahead of the first recording: for images, services and impatient people.

No list of kernels is kept by hand. Made-up worn recordings go through all that wavemend offers: every
installed stage with each of its algorithms, the analysis of files, and a rendering.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...audio.arrays import Audio
from ...contract.marks import NO_MARKS, Mark, Marks
from ...contract.registry import stage_class, stage_ids
from ...contract.stage import Stage
from ...errors import ParameterError
from ...kernels.compilation import compilation
from ...kernels.compilation.code_places import code_places
from ..chain.chain import Chain
from ..chain.progress import Progress
from ..files.audio_format import AudioFormat
from ..files.audio_writer import AudioWriter
from ..rendering.render import render
from ..survey.analyse import analyse
from .worn_disc import SAMPLE_RATE, performance, worn_disc

_SECONDS = 12  # derived: longer than the look-ahead of Dehum, 10 s, so that every kernel runs
_HUM_HZ = 50.02  # tuned: by hand, no record; mains a little off its 50 Hz, as it is

Step = tuple[str, Callable[[], Any]]


def warm_up(progress: Progress | None = None) -> None:
    """Run everything once, so that nothing is left to compile on this machine.

    Parameters
    ----------
    progress
        Called with the share done (0 to 1) and what is being done.

    Raises
    ------
    PluginError
        An installed stage does not load.
    """
    recordings = worn_recordings()
    with tempfile.TemporaryDirectory(prefix="wavemend-") as folder:
        steps = [*_stage_steps(recordings), *_file_steps(recordings, Path(folder))]
        for number, (doing, run) in enumerate(steps):
            if progress is not None:
                progress(number / len(steps), doing)
            run()
    if progress is not None:
        progress(1.0, "done")


def compiled_code_folder() -> Path | None:
    """Say below which folder compiled kernels are kept; None where no folder can be written."""
    kept = code_places(Path(compilation.__file__).parent).writable
    if kept is None:
        return None
    return kept.parents[1] if kept.name == "__pycache__" else kept.parent


def worn_recordings() -> tuple[Audio, Audio]:
    """Make two recordings that everything is wrong with, shape (2, n) at 44.1 kHz.

    Returns
    -------
    disc
        Clicks, crackle, rumble and hiss, scratches that thump and ring, clipped peaks, dead silence.
    tape
        Hiss, partly the same in both channels, with pauses in which it is alone, and hum with a splice in it.
    """
    rng = np.random.default_rng(0)
    music = performance()
    disc = worn_disc(music)[:, : _SECONDS // 2 * SAMPLE_RATE]
    time = np.arange(2000) / SAMPLE_RATE
    ring = 0.3 * np.exp(-time / 0.01) * np.sin(2 * np.pi * 60 * time)
    ring[:60] += rng.normal(0, 0.4, 60)
    for start in range(SAMPLE_RATE // 2, disc.shape[1] - time.size, SAMPLE_RATE):
        disc[:, start : start + time.size] += ring
    disc = np.clip(disc, -0.5, 0.5)
    disc[:, : SAMPLE_RATE // 4] = 0.0

    time = np.arange(_SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * _HUM_HZ * time + 1.5 * (time > _SECONDS / 2)
    hum = sum(0.03 / k * np.sin(k * phase) for k in (1, 2, 3, 4, 5, 7, 9))
    tape = hum + rng.normal(0, 0.004, time.size) + rng.normal(0, 0.003, (2, time.size))
    start, stop = 3 * SAMPLE_RATE, 9 * SAMPLE_RATE
    tape[:, start:stop] += 0.3 * music[:, SAMPLE_RATE:][:, : stop - start]
    return disc, tape


def _stage_steps(recordings: Sequence[Audio]) -> Iterator[Step]:
    for identifier in stage_ids():
        for stage in _variants(stage_class(identifier)):
            for audio in recordings:
                for channels in (1, 2):
                    yield identifier, partial(_run, stage, audio[:channels])


def _variants(kind: type[Stage]) -> Iterator[Stage]:
    """Make a stage as it comes, and with each option of its choices and switches."""
    yield kind()
    for name, parameter in kind.schema.items():
        few = parameter.is_discrete and parameter.python_type is not float
        for option in parameter.valid_values() if few else []:
            if option != parameter.default:
                yield kind(**{name: option})


def _run(stage: Stage, audio: Audio) -> None:
    """Run a stage as a rendering does, with events forced on it and noise shown to it where it takes that."""
    channels = audio.shape[0]
    findings = None
    if stage.needs_findings:
        shown = stage.range_analyser(SAMPLE_RATE, channels, [(0, SAMPLE_RATE)])
        for analyser in filter(None, (shown, stage.analyser(SAMPLE_RATE, channels))):
            analyser.push(audio)
            findings = analyser.result()
    marks = _marks(stage, channels)
    stream = stage.stream(SAMPLE_RATE, channels, findings, marks)
    stream.step(audio)
    stream.flush()


def _marks(stage: Stage, channels: int) -> Marks:
    """Return an event that the stage must repair, where it takes such events."""
    marks = Marks(forced=(Mark(SAMPLE_RATE, 20),))
    try:
        stage.check_marks(marks, SAMPLE_RATE, channels)
    except ParameterError:
        return NO_MARKS
    return marks if stage.takes_marks else NO_MARKS


def _file_steps(recordings: Sequence[Audio], folder: Path) -> Iterator[Step]:
    for number, audio in enumerate(recordings):
        for bits, channels in ((16, 2), (24, 1)):
            form = AudioFormat("WAV", f"PCM_{bits}", SAMPLE_RATE, channels)
            path = folder / f"{number}-{bits}.wav"
            with AudioWriter(path, form, audio.shape[1]) as file:
                file.write(audio[:channels])
            chain = Chain([stage_class(identifier)() for identifier in stage_ids()])
            yield "analysis of files", partial(analyse, path, identify=True)
            yield "rendering", partial(render, chain, path, folder / f"{number}-{bits}.out.wav")

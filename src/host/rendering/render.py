"""Render one recording through one chain: whole or not at all, the same bytes every time."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path

from ...audio.crew import Crew
from ...errors import AudioFileError, ParameterError, PluginError
from ..chain.chain import Chain
from ..chain.compiling import compilation_told
from ..chain.progress import READ_BLOCK, Progress
from ..chain.strength import FULL_STRENGTH
from ..files.audio_reader import AudioReader
from ..files.source_file import SourceFile
from ..files.video.film import is_film
from ..presets.preset import Preset, load_preset
from ..recording.preparation import prepare_recording
from ..storage.outputs import (
    make_folder,
)
from ..storage.publishing import Publication, clear_leftovers
from .event_log import limits_anything
from .film import render_film
from .job import measure, prepare, write
from .options import Overs, RenderOptions, Track
from .rendered import Rendered
from .targets import open_parts

_MOST_JOBS = 256  # guard: no more cores, and no more memory than the blocks that they work on


def render(
    preset: str | os.PathLike[str] | Preset | Chain,
    source: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    removed: bool = False,
    events: bool = False,
    labels: bool = False,
    overwrite: bool = False,
    overs: Overs = "headroom",
    seed: int = 0,
    strength: float = FULL_STRENGTH,
    ease_lossy: bool | None = None,
    guard: bool = False,
    trim_ends_s: float | None = None,
    document: bool = True,
    documents: str | os.PathLike[str] | None = None,
    track: Track = None,
    jobs: int = 1,
    block_size: int = READ_BLOCK,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Rendered:
    """Restore the recording `source` into the file `output`.

    Parameters
    ----------
    preset
        Name of a factory preset, path of a preset file, a loaded preset, or a chain.
    source
        A sound file, or a film (MP4, MOV, Matroska, AVI) whose sound is restored; it is never changed.
    output
        The restored file: same container, rate and depth as the source (FLAC for a lossy source), unless
        its ending asks for another container; a film is put into the container that it had. A JSON report
        goes beside it.
    removed
        Also write what the repair stages removed, one word size up. For an integer file and a chain of
        repair stages alone, restored plus removed is the original to the bit.
    events
        Also write every event (a click repaired, say) as a line of JSON.
    labels
        Also write every event as a label that Audacity can import, at the times of the source.
    overwrite
        Whether existing outputs may be replaced. The source never is.
    overs
        What happens where the restored recording passes full scale in an integer file: ``"headroom"``
        turns the whole recording down by just enough and records the gain, ``"float"`` writes floats.
    seed
        Seed of the dither on samples that left the target's grid.
    strength
        Percent of every change that is made: 0 is the original to the bit, 100 the chain's own output.
    ease_lossy
        Whether the parameters whose role is ``strength`` are turned to 75 %, so that the stages do not
        uncover what a lossy coder hid. None: where the source is lossy.
    guard
        Ease the parameters whose role is ``strength`` where the repair itself harmed, cross-faded, and say
        where. Where nothing is found, the restored file is the same to the bit. It takes about twice as long.
    trim_ends_s
        Cut silent ends off, but for so many seconds; None: the restored file is as long as the source.
    document
        Obey the recording document (`RecordingDocument`) of the source where there is one.
    documents
        Folder of the documents; None: beside the recordings.
    track
        Which sound of a film: a number from 1, ``"all"``, or None: the track that players play.
    jobs
        How many cores to use for it. The files are the same bytes for any number.
    block_size
        Samples read at once; the result never depends on it.
    progress
        Called with the share done (0 to 1) and what is being done.
    cancel
        Set it to stop; `Cancelled` is raised and nothing is written.

    Returns
    -------
    Rendered
        What was found and done.

    Raises
    ------
    AudioFileError
        The source cannot be read, or changed while it was, or the output cannot or must not be written.
    PresetError
        The preset cannot be used.
    DocumentError
        The recording's document cannot be used, or belongs to other audio.
    ParameterError
        An option is not allowed, or a forced event cannot be repaired.
    PluginError
        A member of the chain failed.
    Cancelled
        `cancel` was set.
    """
    options = RenderOptions(
        removed=removed,
        events=events,
        labels=labels,
        overwrite=overwrite,
        overs=overs,
        seed=seed,
        strength=strength,
        ease_lossy=ease_lossy,
        guard=guard,
        trim_ends_s=trim_ends_s,
        document=document,
        documents=documents,
        track=track,
    )
    return render_with(
        options,
        _chain_of(preset),
        source,
        output,
        jobs=jobs,
        block_size=block_size,
        progress=progress,
        cancel=cancel,
    )


def render_with(
    options: RenderOptions,
    chain: Chain,
    source: str | os.PathLike[str] | SourceFile,
    output: str | os.PathLike[str],
    *,
    jobs: int = 1,
    block_size: int = READ_BLOCK,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Rendered:
    """Restore `source` into the file `output`; see `render`. Who has it open already gives that."""
    if isinstance(jobs, bool) or not isinstance(jobs, int) or not 1 <= jobs <= _MOST_JOBS:
        raise ParameterError(
            f"jobs={jobs!r} is not allowed; it must be a whole number from 1 to {_MOST_JOBS}"
        )
    restore = partial(_render_sound, jobs=jobs, block_size=block_size, cancel=cancel)
    opened = nullcontext(source) if isinstance(source, SourceFile) else SourceFile(source)
    with compilation_told(progress) as show, opened as file:
        if is_film(file):
            return render_film(options, chain, file, Path(output), restore, progress=show, cancel=cancel)
        return restore(options, chain, file, Path(output), show)


def _render_sound(
    options: RenderOptions,
    chain: Chain,
    file: SourceFile,
    output: Path,
    progress: Progress | None,
    *,
    jobs: int,
    block_size: int,
    cancel: threading.Event | None,
) -> Rendered:
    with ExitStack() as stack:
        reader = stack.enter_context(AudioReader(file))
        if reader.frames == 0:
            raise AudioFileError(f"{file.path}: holds no samples; there is nothing to restore")
        _ = file.sha256  # of what is read from here on; compared in the end
        prepared = prepare_recording(
            reader,
            documents=Path(options.documents) if options.documents is not None else None,
            document=options.document,
            trim_ends_s=options.trim_ends_s,
            limits=limits_anything(chain),
            progress=progress,
            cancel=cancel,
        )
        make_folder(output.parent)
        clear_leftovers(output.parent)
        plan = prepare(chain, reader, output, prepared, options)
        publication = stack.enter_context(Publication(overwrite=options.overwrite))
        parts = open_parts(publication, file, plan.form.targets)
        crew = stack.enter_context(Crew(jobs))
        try:
            measured = measure(
                plan, parts, stack, crew=crew, block_size=block_size, progress=progress, cancel=cancel
            )
            return write(plan, measured, parts, publication, progress=progress, cancel=cancel)
        except PluginError as error:
            raise type(error)(f"{file.path}: {error}") from error


def _chain_of(preset: str | os.PathLike[str] | Preset | Chain) -> Chain:
    if isinstance(preset, Chain):
        return preset
    return (preset if isinstance(preset, Preset) else load_preset(preset)).new_chain()

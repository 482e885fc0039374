"""The work of one render in three acts, each of which gives the next what it needs.

::

    prepare     options, recording, decisions -> Plan        what is done, into which files
    measure     Plan -> Measured                             what the stages must know of the recording
    write       Plan, Measured -> Written                    samples, tags and report, published together
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ...analysis.noise.segments import NoiseSegments
from ...audio.crew import Crew
from ...contract.stage import Event
from ..chain.chain import Chain
from ..chain.passes import Blocks, Passes
from ..chain.path import Path as SlotPath
from ..chain.progress import Progress
from ..chain.strength import FULL_STRENGTH, LOSSY_EASING, eased
from ..files.audio_reader import AudioReader
from ..files.change import Change, Cut
from ..files.coding_history import coding_line
from ..files.source_file import SourceFile
from ..files.tags import copy_tags
from ..recording.preparation import Prepared
from ..storage.hashing import sha256_of
from ..storage.json_text import json_text
from ..storage.publishing import Publication
from .event_log import EventLog
from .guard import Judged, Part, ease, eased_to_json, eased_words, gentle_chain
from .levels import Levels, levels_of
from .options import RenderOptions
from .rendered import Rendered
from .report import build_report, declared
from .samples import Form, LastPass, Samples, limiter_level, write_samples
from .spool import FileSpool, ReaderSource
from .targets import Files, targets_of

_GUARD_SHARES = (0.4, 0.75)  # guard: of progress; where judging ends, and where the gentle render does


@dataclass(frozen=True)
class Plan:
    """What is done to one recording, as `prepare` decides it.

    Attributes
    ----------
    options
        What was asked for.
    chain
        What runs: eased where that is wanted.
    easing
        Percent to which it is eased; None: it is not.
    reader
        The recording, open.
    prepared
        What was decided about it before.
    form
        How the samples are to be written, where nothing comes in the way.
    exact
        Whether what was removed is the difference of the two files themselves, rounding and dither included,
        as where every step is a repair; elsewhere it is what the repair stages report.
    tapped
        Whether they report it: because others, whose work is no repair, are in the chain.
    warnings
        What a person should know so far.
    """

    options: RenderOptions
    chain: Chain
    easing: float | None
    reader: AudioReader
    prepared: Prepared
    form: Form
    exact: bool
    tapped: bool
    warnings: list[str]


@dataclass(frozen=True)
class Measured:
    """What the passes before the last one leave.

    Attributes
    ----------
    last
        The last one, ready to run.
    log
        What it tells.
    source_levels
        Gives the levels of the recording, which are measured meanwhile where there are cores for it.
    warnings
        What a person should know of what was learned.
    """

    last: LastPass
    log: EventLog
    source_levels: Callable[[], Levels]
    warnings: list[str]


def prepare(
    chain: Chain, reader: AudioReader, output: Path, prepared: Prepared, options: RenderOptions
) -> Plan:
    """Decide what runs, in which formats it is written, and where."""
    lossless = reader.format.is_lossless
    eases = not lossless if options.ease_lossy is None else options.ease_lossy
    easing = LOSSY_EASING if eases else None
    chain = chain if easing is None else eased(chain, easing)
    warnings = chain.warnings()
    if options.ease_lossy is None and easing is not None:
        warnings.append(
            f"a lossy source ({reader.format.subtype}): its stages eased to {easing:.0f} %; "
            "say --no-ease-lossy for the preset's own"
        )
    restored = reader.format.lossless_output(reader.frames).with_suffix(output.suffix, reader.frames)
    removed = restored.one_word_up(reader.frames)
    return Plan(
        options=options,
        chain=chain,
        easing=easing,
        reader=reader,
        prepared=prepared,
        form=Form(restored, removed, targets_of(output, options, removed)),
        exact=chain.repairs_only and lossless,
        tapped=not chain.repairs_only,
        warnings=warnings,
    )


def measure(
    plan: Plan,
    parts: Files,
    stack: ExitStack,
    *,
    crew: Crew,
    block_size: int,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> Measured:
    """Run the passes in which stages hear the recording; `stack` closes the log and the working copies."""
    reader, folder = plan.reader, plan.form.targets.output.parent
    form, guards = reader.format, plan.options.guard
    log = stack.enter_context(EventLog(plan.chain, form.sample_rate, parts.events, parts.labels))
    judged = Judged(plan.chain, form.sample_rate, form.channels)
    tap = plan.tapped or (plan.options.removed and not plan.exact)
    part = Part(progress) if progress and guards else progress

    def spool(channels: int) -> FileSpool:
        return stack.enter_context(FileSpool(folder, channels, reader.frames))

    def tell(path: SlotPath, event: Event) -> None:
        log.tell(path, event)
        judged.doubts.tell(path, event)

    def passes_of(chain: Chain, tells: bool) -> Passes:
        return Passes(
            chain,
            ReaderSource(reader),
            form.sample_rate,
            new_spool=spool,
            guidance=plan.prepared.guidance,
            tap=tap,
            sink=tell if tells else None,
            progress=part,
            cancel=cancel,
            block_size=block_size,
            over=limiter_level(plan.prepared.source_over),
            crew=crew,
            new_shelf=lambda: FileSpool(folder, 1, reader.frames * form.channels),
        )

    levels = stack.enter_context(crew.beside(partial(_levels_beside, reader.source, crew, progress, cancel)))
    passes = passes_of(plan.chain, True)
    if isinstance(part, Part):
        part.high = _GUARD_SHARES[0]
    passes.learn()
    learned = any(isinstance(found, NoiseSegments) for found in passes.findings.values())
    warnings = list(plan.prepared.warnings) if learned else []
    last = LastPass(passes, reader, plan.options, plan.prepared.keep, plan.exact, plan.tapped, judged)
    if guards:
        place = log.place()
        for _ in last.blocks():  # clicks are judged by what their stages tell
            pass
        log.rewind(place)
        if isinstance(part, Part):
            part.low, part.high = _GUARD_SHARES

        def gentle() -> Blocks:
            again = passes_of(gentle_chain(plan.chain), False)
            again.learn()
            return crew.holding(again.final())

        found = judged.artifacts
        easing = ease(found, form.sample_rate, gentle, lambda: spool(form.channels * (1 + tap)), tap)
        if isinstance(part, Part):
            part.low, part.high = _GUARD_SHARES[1], 1.0
        if easing:
            last = replace(last, easing=easing)
            warnings.append(eased_words(easing, found, form.sample_rate))
    return Measured(last, log, levels, warnings)


def _levels_beside(
    source: SourceFile,
    crew: Crew,
    progress: Progress | None,
    cancel: threading.Event | None,
    stop: threading.Event,
) -> Levels:
    """Measure a recording while passes run over it; alone, tell how far it is."""
    if crew.size == 1:
        return levels_of(source, progress, cancel)
    return levels_of(source, cancel=stop, crew=crew)


def write(
    plan: Plan,
    measured: Measured,
    parts: Files,
    publication: Publication,
    *,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> Rendered:
    """Write the samples, what the source says of itself, and the report; publish all of it together."""
    source, reader, options, log = plan.reader.source, plan.reader, plan.options, measured.log
    warnings = plan.warnings + publication.warnings + measured.warnings
    samples = write_samples(measured.last, plan.form, log, parts, publication)
    warnings += samples.warnings
    log.tell_artifacts(measured.last.judged.artifacts)
    log.close()
    if options.strength:
        mixed = options.strength < FULL_STRENGTH
        share = f"; {options.strength:g} % of that is in it" if mixed else ""
        warnings += [warning + share for warning in log.warnings()]
    if how := reader.cut_short():
        warnings.append(f"{source.path.name} is cut short: it {how}; what is there was restored")
    warnings += reader.contradictions()
    steps = declared(plan.chain)
    keep = plan.prepared.keep
    cut = Cut(keep.position, keep.length) if keep else None
    levels = {
        "input": measured.source_levels(),
        "output": levels_of(parts.output, progress, cancel),
    }
    for part, form, what, figures in (
        (parts.output, samples.form.restored, steps, levels["output"].figures),
        (parts.removed, samples.form.removed, [*steps, "what was removed"], None),
    ):
        if part is None:
            continue
        told = copy_tags(source, part, Change(coding_line(form, what), cut, figures))
        warnings += [warning for warning in told if warning not in warnings]
    report = _report(plan, measured, samples, parts, levels=levels, warnings=warnings)
    parts.report.write_text(report, encoding="utf-8")
    source.confirm()
    if progress:
        progress(1.0, "done")
    publication.publish()
    targets = samples.form.targets
    return Rendered(
        source=source.path,
        output=targets.output,
        report=targets.report,
        removed=targets.removed,
        events_file=targets.events,
        labels_file=targets.labels,
        seconds=measured.last.frames / reader.format.sample_rate,
        findings=measured.last.passes.findings,
        events=dict(log.counts),
        loudness={part: one.to_json() for part, one in levels.items()},
        headroom_gain=samples.form.gain,
        artifacts=list(measured.last.judged.artifacts),
        eased=list(measured.last.easing.spans) if measured.last.easing else [],
        warnings=warnings + [warning for warning in publication.warnings if warning not in warnings],
    )


def _report(
    plan: Plan,
    measured: Measured,
    samples: Samples,
    parts: Files,
    *,
    levels: Mapping[str, Levels],
    warnings: list[str],
) -> str:
    form, source, targets = samples.form, plan.reader.source, samples.form.targets
    files = {
        "input": (source.path.name, source.sha256, plan.reader.format),
        "output": (targets.output.name, sha256_of(parts.output), form.restored),
    }
    if targets.removed and parts.removed:
        files["removed"] = (targets.removed.name, sha256_of(parts.removed), form.removed)
    lists = ((targets.events, parts.events), (targets.labels, parts.labels))
    report = build_report(
        chain=plan.chain,
        files=files,
        beside={target.name: part for target, part in lists if target and part},
        settings={
            "frames": measured.last.frames,
            "strength": plan.options.strength,
            "lossy_easing": plan.easing,
            **plan.prepared.to_json(),
            "seed": plan.options.seed,
            "headroom_gain": form.gain,
            "loudness": {part: one.to_json() for part, one in levels.items()},
            "restored_plus_removed_is_original": samples.adds_up,
            "artifacts": measured.last.judged.to_json(),
            **({"guard": eased_to_json(measured.last.easing)} if plan.options.guard else {}),
        },
        findings=measured.last.passes.findings,
        events=measured.log.counts,
        warnings=warnings,
    )
    return json_text(report, indent=2) + "\n"

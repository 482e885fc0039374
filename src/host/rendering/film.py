"""Restore the sound of a film: track by track as any recording, then put back beside the pictures.

::

    film.mkv  --TrackFile-->  render into a hidden folder  --put_back-->  part file  -->  film.mkv
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...errors import AudioFileError, Cancelled, ParameterError
from ..chain.chain import Chain
from ..chain.progress import Progress
from ..files.audio_format import AudioFormat
from ..files.source_file import SourceFile
from ..files.video.carried import check_written
from ..files.video.encoding import planned
from ..files.video.film import Film, film_versions
from ..files.video.kinds import Kind
from ..files.video.remux import Restored, Written, put_back
from ..files.video.track_file import TrackFile
from ..storage.folders import held_folder
from ..storage.hashing import sha256_of
from ..storage.json_text import json_text
from ..storage.outputs import make_folder
from ..storage.publishing import Publication, clear_leftovers
from .options import RenderOptions
from .rendered import Rendered
from .targets import Files, open_parts, targets_of

# Of the whole: how much of it the restoring takes, and the writing; the rest is the check. Of the restoring:
# how much the decoding takes.
_RESTORING, _WRITING, _DECODING = 0.9, 0.05, 0.1  # guard: what a progress bar shows

_OF_A_TRACK = ("frames", "lossy_easing", "headroom_gain", "loudness", "findings", "events")  # of its report

RestoreSound = Callable[[RenderOptions, Chain, SourceFile, Path, Progress | None], Rendered]


@dataclass(frozen=True)
class _Sound:
    """A track that was restored, in the hidden folder."""

    number: int
    restored: Restored
    rendered: Rendered
    report: dict[str, Any]


def render_film(
    options: RenderOptions,
    chain: Chain,
    film: SourceFile,
    output: Path,
    restore: RestoreSound,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Rendered:
    """Restore sound tracks of an open film into the film `output`; see `render`.

    Parameters
    ----------
    options, chain, output, progress, cancel
        As in `render`; room for what passes full scale is made by turning down, whatever `options` say.
    film
        The film's file, open.
    restore
        Renders one sound.
    """
    show = _Shown(progress, cancel)
    numbers, kind = _tracks(film, options)
    _check_name(output, kind, film)
    _ = film.sha256  # of what is read from here on; compared in the end
    make_folder(output.parent)
    clear_leftovers(output.parent)
    removed = AudioFormat("WAV", "PCM_24", 48_000, 1)  # what it is called is all that counts here
    targets = targets_of(output, options, removed)
    with ExitStack() as stack:
        publication = stack.enter_context(Publication(overwrite=options.overwrite))
        parts = open_parts(publication, film, targets)
        folder = stack.enter_context(held_folder(output.parent))
        sounds = []
        for place, number in enumerate(numbers):
            part = show.part(_RESTORING * place / len(numbers), _RESTORING / len(numbers))
            sounds.append(
                _restored(
                    number, part, options=options, chain=chain, film=film, folder=folder, restore=restore
                )
            )
        writing, checking = show.part(_RESTORING, _WRITING), show.part(_RESTORING + _WRITING, 0.05)
        tracks = [sound.restored for sound in sounds]
        written = put_back(film, parts.output, kind, tracks, writing.telling("putting the sound back"))
        told = check_written(film, parts.output, written, checking.telling("checking the pictures"))
        _move(sounds, targets, parts)
        warnings = _warnings(sounds, told, publication.warnings)
        report = _report(film, kind, sounds, written, targets=targets, parts=parts, warnings=warnings)
        parts.report.write_text(json_text(report, indent=2) + "\n", encoding="utf-8")
        film.confirm()
        publication.publish()
    show(1.0, "done")
    first = sounds[0].rendered
    return replace(
        first,
        source=film.path,
        output=targets.output,
        report=targets.report,
        removed=targets.removed,
        events_file=targets.events,
        labels_file=targets.labels,
        events=_summed(sounds),
        headroom_gain=min(sound.rendered.headroom_gain for sound in sounds),
        warnings=warnings,
    )


def _tracks(film: SourceFile, options: RenderOptions) -> tuple[list[int], Kind]:
    """Return the numbers of the tracks that are wanted, and the kind of film that they are put into."""
    kind = planned(film).kind
    with Film(film) as opened:
        if options.track != "all":
            return [opened.number(opened.sound(options.track))], kind
        numbers = [opened.number(sound) for sound in opened.sounds]
        for number in numbers:
            opened.sound(number)  # raises where it cannot be decoded
    if len(numbers) > 1 and (options.removed or options.events or options.labels):
        raise ParameterError(
            f"{film.path}: what was removed, events and labels are of one sound track, and it has "
            f"{len(numbers)}; say --track 1, and the others apart"
        )
    return numbers, kind


def _restored(
    number: int,
    show: _Shown,
    *,
    options: RenderOptions,
    chain: Chain,
    film: SourceFile,
    folder: Path,
    restore: RestoreSound,
) -> _Sound:
    with TrackFile(
        film,
        track=number,
        folder=folder,
        tell=show.part(0, _DECODING).telling("decoding the sound"),
        cancel=show.cancel,
    ) as sound:
        own = replace(
            options,
            overwrite=False,
            overs="headroom",
            # a document is of the audio that it was made for: that which is usually heard
            document=options.document and sound.is_usual,
        )
        rendered = restore(own, chain, sound, folder / f"{number}.wav", show.part(_DECODING, 1 - _DECODING))
    report = json.loads(rendered.report.read_text(encoding="utf-8"))
    first = report.get("trim", {}).get("position", 0)
    return _Sound(number, Restored(sound.index, sound.coded, rendered.output, first), rendered, report)


def _check_name(output: Path, kind: Kind, film: SourceFile) -> None:
    if output.suffix.lower() not in kind.endings:
        raise AudioFileError(
            f"{output}: {film.path.name} is put into {kind.name}; name the output {kind.endings[0]}"
        )


def _move(sounds: Sequence[_Sound], targets: Files, parts: Files) -> None:
    """Give what stands beside the sound its place beside the film."""
    rendered = sounds[0].rendered
    pairs = (
        (rendered.removed, parts.removed),
        (rendered.events_file, parts.events),
        (rendered.labels_file, parts.labels),
    )
    for made, part in pairs:
        if made and part:
            shutil.copyfile(made, part)  # not moved: the part is held by its own file


def _warnings(sounds: Sequence[_Sound], told: Sequence[str], others: Sequence[str]) -> list[str]:
    several = len(sounds) > 1
    lines = [
        f"track {sound.number}: {warning}" if several else warning
        for sound in sounds
        for warning in sound.rendered.warnings
    ]
    return list(dict.fromkeys([*lines, *told, *others]))


def _summed(sounds: Sequence[_Sound]) -> dict[Any, int]:
    events: dict[Any, int] = {}
    for sound in sounds:
        for key, count in sound.rendered.events.items():
            events[key] = events.get(key, 0) + count
    return events


def _report(
    film: SourceFile,
    kind: Kind,
    sounds: Sequence[_Sound],
    written: Written,
    *,
    targets: Files,
    parts: Files,
    warnings: list[str],
) -> dict[str, Any]:
    """Return the report of the first track, of the film's files, with what was done to each track."""
    first = sounds[0].report
    lists = ((targets.events, parts.events), (targets.labels, parts.labels))
    beside = [{"name": target.name, "sha256": sha256_of(part)} for target, part in lists if target and part]
    report = first | {
        "versions": first["versions"] | film_versions(),
        "input": first["input"] | {"name": film.path.name, "sha256": film.sha256, "container": kind.name},
        "output": first["output"]
        | {"name": targets.output.name, "sha256": sha256_of(parts.output), "container": kind.name}
        | {"subtype": written.codings[0].name.upper()},
        "beside": beside,
        "warnings": warnings,
        "tracks": [
            {
                "track": sound.number,
                "coding": sound.restored.coded.coding,
                "starts_s": round(float(sound.restored.coded.timeline.time(sound.restored.first)), 6),
                "written_as": coding.name,
                "bit_rate": coding.bit_rate,
                **{key: sound.report[key] for key in _OF_A_TRACK},
            }
            for sound, coding in zip(sounds, written.codings, strict=True)
        ],
    }
    if targets.removed and parts.removed:
        report["removed"] = first["removed"] | {"name": targets.removed.name}
    return report


class _Shown:
    """Progress of a part of the work, as one callback that never goes back.

    It raises `Cancelled` where that is asked for.
    """

    def __init__(
        self,
        progress: Progress | None,
        cancel: threading.Event | None,
        begin: float = 0.0,
        share: float = 1.0,
    ) -> None:
        self.cancel = cancel
        self._progress, self._begin, self._share = progress, begin, share
        self._reached = 0.0

    def part(self, begin: float, share: float) -> _Shown:
        return _Shown(self._progress, self.cancel, self._begin + self._share * begin, self._share * share)

    def __call__(self, share: float, doing: str) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("cancelled; nothing was written")
        if self._progress is not None:
            self._reached = max(self._reached, share)
            self._progress(self._begin + self._share * self._reached, doing)

    def telling(self, doing: str) -> Callable[[float], None]:
        return lambda share: self(share, doing)

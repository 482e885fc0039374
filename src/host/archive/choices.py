"""Which preset each recording of a collection gets: a table that a person reads, and may change.

::

    recording,preset,why
    box 1/side a.wav,vinyl,a disc: 32 clicks a minute; medium: microgroove
    box 1/side b.wav,none,nothing is wrong with it that could be heard
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import Cancelled, PlanError, PresetError, WavemendError
from ..chain.progress import Progress
from ..presets.preset import preset_title
from ..storage.publishing import published
from ..storage.strict_json import clip, printable, short
from ..survey.analyse import analyse
from .batch import Job
from .executors import HERE, Executor, Needs
from .recipe import NOTHING
from .restoring import AUTO
from .workers import use_one_thread

_HEAD = ["recording", "preset", "why"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a formula begins with
_MOST_BYTES = 64 * 2**20  # guard: memory; a hundred thousand recordings take a tenth of it


@dataclass(frozen=True)
class Choice:
    """Preset for one recording, and why; `error` where it could not be listened to."""

    name: str
    preset: str
    why: str = ""
    error: str = ""


def is_choices(text: str) -> bool:
    """Whether what stands in the place of a preset is such a table."""
    return Path(text).suffix.lower() == ".csv"


def suggested(
    jobs: Sequence[Job],
    *,
    executor: Executor = HERE,
    on_start: Callable[[Job], Progress | None] = lambda job: None,
    cancel: threading.Event | None = None,
) -> Iterator[Choice]:
    """Listen to every recording; yield what its analysis suggests, as each ends. Nothing is written."""
    use_one_thread()
    executor.examine(Needs(None, [job.source for job in jobs]))
    yield from executor.run(_suggested, jobs, lost=_lost, on_start=on_start, cancel=cancel)


def _suggested(job: Job, progress: Progress | None, cancel: threading.Event) -> Choice:
    if cancel.is_set():
        raise Cancelled("cancelled; nothing was written")
    try:
        suggestion = analyse(job.source, progress=progress, cancel=cancel).suggestion
    except Cancelled:
        raise
    except (WavemendError, OSError) as error:
        return Choice(job.name, NOTHING, error=str(error))
    return Choice(job.name, suggestion.preset or NOTHING, "; ".join(suggestion.reasons))


def _lost(job: Job, how: str) -> Choice:
    return Choice(job.name, NOTHING, error=f"{job.source}: {how}")


def write_choices(choices: Iterable[Choice], path: Path, *, overwrite: bool = False) -> None:
    """Write the table; raises `AudioFileError` where it cannot be written, or is there already."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_HEAD)
    rows.writerows(map(_cell, (one.name, one.preset, one.error or one.why)) for one in choices)
    with published(path, overwrite=overwrite) as part:
        part.write_text(text.getvalue(), encoding="utf-8", errors="surrogateescape")


def _cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: recordings may be called anything."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def read_choices(path: Path, jobs: Iterable[Job]) -> dict[str, str]:
    """Read the table: preset by the name of a recording, one for each of `jobs`.

    Raises
    ------
    PlanError
        Naming file, line, recording and remedy: no table, a preset that there is not, a recording that is
        named twice, or not at all though it can be read, or is none of `jobs`.
    """
    rows = _rows(path)
    jobs = list(jobs)
    cells = {_cell(job.name): job.name for job in jobs} | {job.name: job.name for job in jobs}
    chosen: dict[str, str] = {}
    for line, (name, preset) in rows.items():
        where = f"{path}: line {line}: {short(name)}"
        if name not in cells:
            raise PlanError(f"{where} is no recording of this run; take the line out, or name its folder too")
        if cells[name] in chosen:
            raise PlanError(f"{where} is named twice; take one line out")
        chosen[cells[name]] = preset
    _check_presets(path, chosen)
    left = sorted({job.name for job in jobs if job.output} - chosen.keys())
    if left:
        raise PlanError(
            f"{path}: says nothing about {short(left[0])}" + (f" and {len(left) - 1} more" * (len(left) > 1))
            + f'; write a line for each, with the preset "{NOTHING}" where nothing is to be done'
        )  # fmt: skip
    return chosen


def _rows(path: Path) -> dict[int, tuple[str, str]]:
    """Return recording and preset by the number of their line."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise PlanError(f"{path}: larger than {_MOST_BYTES >> 20} MB; a table has a line for a recording")
        text = data.decode("utf-8-sig", "surrogateescape")
        reader = csv.reader(io.StringIO(text, newline=""), dialect=_dialect(text), strict=True)
        head = next(reader, [])
        if [cell.strip().lower() for cell in head[:2]] != _HEAD[:2]:
            raise PlanError(f"{path}: begins with {clip(printable(str(head)))}; it must be {','.join(_HEAD)}")
        found = [(reader.line_num, row) for row in reader if any(row)]
    except OSError as error:
        raise PlanError(f"{path}: cannot be read: {error.strerror or error}") from None
    except csv.Error as error:
        raise PlanError(f"{path}: is no table: {clip(printable(str(error)))}") from None
    for line, row in found:
        if len(row) < 2 or not row[1].strip():
            raise PlanError(f"{path}: line {line} names no preset; write recording,preset")
    return {line: (row[0], row[1].strip()) for line, row in found}


def _dialect(text: str) -> type[csv.Dialect]:
    """Return how cells are parted: spreadsheets of many countries write semicolons."""

    class Parted(csv.excel):
        delimiter = ";" if text.partition("\n")[0].count(";") else ","

    return Parted


def _check_presets(path: Path, chosen: Mapping[str, str]) -> None:
    for preset in sorted(set(chosen.values()) - {NOTHING, AUTO}):
        try:
            preset_title(preset)
        except PresetError as error:
            raise PlanError(f"{path}: {error}") from None

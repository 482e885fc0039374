"""All that a report shows of one render, gathered: what was told, and what its files are and hold now."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import DocumentError
from ..chain.progress import Progress
from ..pictures.looks import Look, look_at
from ..storage.outputs import REPORT_SUFFIX, events_path, report_path
from .events import EventCounts, count_events
from .moments import Moment, Removal, cut_moments, loudest_moments, measure_removal
from .signals import CHANGED, Checked, Signals, find_signals
from .told import Told, read_report

MOST_MOMENTS = 10  # guard: a page stays one that a mail takes


@dataclass(frozen=True)
class Gathered:
    """What is known of one render.

    Attributes
    ----------
    rendered
        The restored file.
    told
        Its report.
    files
        Every file that the report is of, as it is now.
    notes
        How what is shown was had.
    looks
        By name, in the order of work: ``original``, ``restored``, and what was removed under its own name.
    removal, moments
        How much was removed, and where most; None and empty where that cannot be had.
    events
        The event list summed up; None where none was written.
    """

    rendered: Path
    told: Told
    files: Sequence[Checked]
    notes: Sequence[str]
    looks: dict[str, Look]
    removal: Removal | None
    moments: Sequence[Moment]
    events: EventCounts | None

    @property
    def changed(self) -> list[Checked]:
        """Files that are not what the report says any more."""
        return [one for one in self.files if one.state == CHANGED]

    @property
    def events_told(self) -> int:
        """How many events there were in all."""
        return sum(one.count for one in self.told.events)


def report_of(rendered: Path) -> Path:
    """Return where the report of `rendered` lies, which may be named itself.

    Raises
    ------
    DocumentError
        There is none.
    """
    path = rendered if rendered.name.endswith(REPORT_SUFFIX) else report_path(rendered)
    if not path.is_file():
        raise DocumentError(
            f"{path}: there is no such file; name a file that wavemend rendered, with its report beside it"
        )
    return path


def gather(
    rendered: Path,
    *,
    source: Path | None = None,
    moments: int = 4,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Gathered:
    """Read a render's report, check its files, look at them, and cut what is to be heard.

    Parameters
    ----------
    rendered
        A restored file, or the report beside it.
    source
        The recording, where it is neither beside the restored file nor in the folder above.
    moments
        How many places to cut out for listening.

    Raises
    ------
    DocumentError
        There is no report, or it cannot be read.
    AudioFileError
        A file cannot be read.
    Cancelled
        `cancel` was set.
    """
    path = report_of(rendered)
    told = read_report(path)
    folder, name = path.parent, told.files["input"].name
    sources = [source] if source else [folder / name, folder.parent / name]
    with find_signals(told, folder, sources) as signals:
        named = {"original": signals.before, "restored": signals.after, signals.removed_is: signals.removed}
        there = {name: one for name, one in named.items() if one is not None}
        whole = len(there) + (signals.removed is not None)
        looks = {
            name: look_at(
                one, doing=f"looking at {name}", progress=_part(progress, index, whole), cancel=cancel
            )
            for index, (name, one) in enumerate(there.items())
        }
        removal, found = None, []
        if signals.removed is not None:
            last = _part(progress, whole - 1, whole)
            removal = measure_removal(signals.removed, signals.before, last, cancel)
            after = signals.after
            places = loudest_moments(removal, after.sample_rate, after.channels, moments)
            found = cut_moments(places, named)
        return Gathered(
            rendered=folder / told.files["output"].name,
            told=told,
            files=signals.files,
            notes=[*signals.notes, *_sampled(looks)],
            looks=looks,
            removal=removal,
            moments=found,
            events=_events(told, folder, signals),
        )


def _part(progress: Progress | None, index: int, whole: int) -> Progress | None:
    if progress is None:
        return None
    told = progress
    return lambda share, doing: told((index + share) / whole, doing)


def _sampled(looks: dict[str, Look]) -> list[str]:
    share = min(look.share for look in looks.values())
    if share >= 1:
        return []
    return [f"Spectrograms and spectra are of samples spread over the recording, {100 * share:.0f} % of it."]


def _events(told: Told, folder: Path, signals: Signals) -> EventCounts | None:
    listed = events_path(folder / told.files["output"].name)
    if not any(one.path == listed for one in signals.files) or not told.frames:
        return None
    return count_events(listed, told.files["input"].sample_rate, told.begins, told.frames)

"""A film that was written, read again: are its pictures the same, and what of the source is not in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from ....errors import AudioFileError
from ..source_file import SourceFile
from ..stale_metadata import is_stale_key, leave_out
from .film import INTO_MATROSKA, Film
from .remux import Packets, Written, is_statistics, is_used

_APART_S = 0.001  # derived: a step of Matroska's clock, the coarsest of those that are written
# What a container says of itself, or its writer does.
_OWN_TAGS = frozenset(
    ("encoder", "software", "duration", "major_brand", "minor_version", "compatible_brands", "vendor_id",
     "handler_name", "timecode")
)  # fmt: skip


def check_written(
    source: SourceFile, target: Path, written: Written, tell: Callable[[float], None] = lambda share: None
) -> list[str]:
    """See that what was copied is what it was, and say what is missing.

    Parameters
    ----------
    source
        The film.
    target
        What was written of it, closed.
    written
        What `put_back` says of that.
    tell
        Called with the share that is done, and may raise.

    Returns
    -------
    list of str
        What a person should know: one line for all that is missing, one for what does not hold any more.

    Raises
    ------
    AudioFileError
        A track that was copied has other packets, or has them at other times.
    """
    with SourceFile(target) as made, Film(source) as before, Film(made) as after:
        places = _places(before, after, written)
        _check_packets(source.path, after, written, places, tell)
        missing = [*written.left_out, *_lost(before, after, places)]
    stale = [key for key in before.container.metadata if is_stale_key(key)]
    for sound in before.sounds:
        if sound.index not in written.copied:
            stale += [key for key in sound.metadata if is_stale_key(key)]
    lines = [f"has no place in the film that was written: {', '.join(missing)}"] if missing else []
    return [*written.told, *lines, *leave_out(stale)]


def _places(before: Film, after: Film, written: Written) -> dict[int, int]:
    """Return the numbers that tracks have now, by those that they had: of each type they come in order.

    Between them, what is read again counts tracks that the container made of something else, of chapters say.
    """
    found: dict[str, Iterator[Any]] = {}
    places = {}
    for index in written.tracks:
        kind = before.container.streams[index].type
        if kind not in found:
            found[kind] = iter([one for one in after.container.streams if one.type == kind and is_used(one)])
        if (stream := next(found[kind], None)) is not None:
            places[index] = stream.index
    return places


def _check_packets(
    path: Path,
    after: Film,
    written: Written,
    places: Mapping[int, int],
    tell: Callable[[float], None],
) -> None:
    found: dict[int, Packets] = {}
    seconds, reached = after.seconds, 0.0
    for packet in after.packets():
        if packet.size:
            found.setdefault(packet.stream.index, Packets()).add(packet)
        if packet.dts is not None:
            reached = max(reached, float(packet.dts * packet.time_base))
            tell(min(reached / seconds, 1.0) if seconds else 0.0)
    for index, packets in written.copied.items():
        again = found.get(places.get(index, -1), Packets())
        coarsest = max([_APART_S, *map(float, packets.units | again.units)])
        if not packets.same_bytes(again) or packets.apart_s(again) > coarsest * (1 + 1e-9):
            raise AudioFileError(
                f"{path}: track {index} is not what it was once it is put into {after.kind.name}; "
                f"{INTO_MATROSKA}"
            )


def _lost(before: Film, after: Film, places: Mapping[int, int]) -> Iterator[str]:
    yield from (f"tag {key}" for key in _missing(before.container.metadata, after.container.metadata))
    yield from _lost_chapters(before.container.chapters(), after.container.chapters())
    made = after.container.streams
    for index, place in places.items():
        old, new = before.container.streams[index], made[place]
        what = f"{old.type} track {index}"
        yield from (f"tag {key} of {what}" for key in _missing(old.metadata, new.metadata))
        if lost := old.disposition & ~new.disposition:
            yield f"mark {lost.name or int(lost)} of {what}".lower()


def _missing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    there = {key.lower(): text for key, text in new.items()}
    return [
        key
        for key, text in old.items()
        if not (key.lower() in _OWN_TAGS or is_stale_key(key) or is_statistics(key))
        and there.get(key.lower()) != text
    ]


def _lost_chapters(old: list[Any], new: list[Any]) -> Iterator[str]:
    if len(new) < len(old):
        yield f"{len(old) - len(new)} of {len(old)} chapters"
        return
    for number, (was, now) in enumerate(zip(old, new, strict=False), 1):
        apart = max(abs(_seconds(was, end) - _seconds(now, end)) for end in ("start", "end"))
        if apart > _APART_S or _missing(was["metadata"], now["metadata"]):
            yield f"what chapter {number} says"


def _seconds(chapter: Mapping[str, Any], end: str) -> Fraction:
    return Fraction(chapter[end] * chapter["time_base"])

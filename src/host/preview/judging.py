"""What the repair itself harms in the stretch that is heard: found in the background, once it is exact."""

from __future__ import annotations

import threading
from dataclasses import replace

from ...analysis.artifacts.artifacts import Artifact, ArtifactFinder
from ...errors import Cancelled
from ..rendering.doubts import Doubts
from .excerpt import Made
from .recordings import Recording

_CONTEXT_S = 6.0  # derived: the floor is of 4 s to both sides; and some windows
_PART_S = 1.0  # guard: what is cancelled ends soon
_EDGE_S = 0.51  # derived: a window of the guard, of which only a part may be known


def judged(
    recording: Recording, made: Made, start: int, stop: int, cancel: threading.Event
) -> list[Artifact]:
    """Return artifacts in a stretch.

    What the repair stages took is judged, as a render's guard does, not filters and gains beside them.

    Parameters
    ----------
    recording
        The original.
    made
        What was rendered of the stretch, and around it, see `around`.
    start, stop
        The stretch, samples.
    cancel
        Ends it.

    Raises
    ------
    Cancelled
        It was ended.
    """
    piece, stages, told = made
    rate, known = recording.rate, piece.start + piece.removed.shape[1]
    origin, end = around(start, stop, recording)
    doubts = Doubts(stages, rate, recording.channels)
    for uid, event in told:
        doubts.tell(uid, replace(event, position=event.position - origin))
    doubts.begin()
    finder = ArtifactFinder(rate, recording.channels, doubts.repairs)
    found: list[Artifact] = []
    for begin in range(origin, end, round(_PART_S * rate)):
        if cancel.is_set():
            raise Cancelled("another change came")
        before = recording.read(begin, min(begin + round(_PART_S * rate), end))
        after = before.copy()
        low, high = max(begin, piece.start), min(begin + before.shape[1], known)
        if high > low:  # around it the original is heard alone, for its floor
            after[:, low - begin : high - begin] -= piece.removed[:, low - piece.start : high - piece.start]
        doubts.hear(before)
        found += finder.push(before, after)
    doubts.end()
    found += finder.finish()
    edge = round(_EDGE_S * rate)
    first = max(start, piece.start + edge if piece.start else 0)
    last = min(stop, known - edge if known < recording.frames else known)
    moved = [_moved(one, origin) for one in found]
    return [one for one in moved if one.position < last and one.stop > first]


def around(start: int, stop: int, recording: Recording) -> tuple[int, int]:
    """Return the stretch that is listened to for artifacts in another one."""
    context = round(_CONTEXT_S * recording.rate)
    return max(start - context, 0), min(stop + context, recording.frames)


def _moved(one: Artifact, by: int) -> Artifact:
    return replace(one, position=one.position + by, worst=one.worst + by)

"""The guard over a render: where the repair itself harmed, and how it is eased there.

::

    chain   full     ->  restored ---------------------+--> restored + g (gentle - restored)
            eased    ->  gentle, on disk --- g(t) -----+        g: 1 over an artifact, 0 away from it
                                              ^
    restored, original -> artifacts ----------+
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...analysis.artifacts.artifacts import Artifact, ArtifactFinder, worst_moments
from ...audio.arrays import Array, Audio
from ...audio.clock import clock
from ...contract.stage import RepairStage
from ..chain.chain import Chain
from ..chain.members.registry import kind_of
from ..chain.passes import Blocks
from ..chain.progress import Progress
from ..chain.strength import eased
from ..chain.walking import slots_in
from ..recording.document import Span
from .doubts import Doubts
from .spool import FileSpool

EASING = 10.0
"""Percent to which strengths are eased over an artifact; tuned: bench guard, tuning, 2026-11-30."""

_FADE_S = 0.25  # tuned: bench guard, tuning, 2026-11-30; half a window of the finder's
MOMENTS = 3
"""Worst moments that a report names; derived: what was asked for."""
_MOST_LISTED = 500  # guard: of a report; its reader takes 2000
_MOST_SAID = 5  # guard: of places in a warning


class Judged:
    """What was found in the last run of a pass: artifacts at the times of the source.

    Attributes
    ----------
    doubts
        What is known of the clicks that stages of `chain` took.
    """

    def __init__(self, chain: Chain, sample_rate: float, channels: int) -> None:
        self._rate, self._channels = sample_rate, channels
        self.doubts = Doubts(dict(chain.stages()), sample_rate, channels)
        self.artifacts: list[Artifact] = []

    def begin(self) -> None:
        """Forget all that was found: the pass begins, or runs again."""
        self.doubts.begin()
        self._finder = ArtifactFinder(self._rate, self._channels, self.doubts.repairs)
        self.artifacts = []

    def hear(self, original: Audio, repaired: Audio) -> None:
        """Hear the next samples, shape (channels, n) each."""
        self.doubts.hear(original)
        self.artifacts += self._finder.push(original, repaired)

    def end(self, keep: Span | None) -> None:
        """End the recording; what lies outside the part that is kept is left out."""
        self.doubts.end()
        self.artifacts += self._finder.finish()
        if keep is not None:
            self.artifacts = [
                one for one in self.artifacts if one.stop > keep.position and one.position < keep.stop
            ]

    def to_json(self) -> dict[str, Any]:
        """Return what a report says: how many of which kind, the worst moments, and each."""
        kinds = Counter(one.kind for one in self.artifacts)
        return {
            "counts": dict(sorted(kinds.items())),
            "worst": [one.to_json() for one in worst_moments(self.artifacts, MOMENTS)],
            "each": [one.to_json() for one in self.artifacts[:_MOST_LISTED]],
        }


@dataclass(frozen=True)
class Easing:
    """Where the gentle render is heard in the place of the full one.

    Attributes
    ----------
    spans
        Samples of the source, in order, apart from each other.
    fade
        Samples over which one goes into the other, outside the spans.
    gentle
        The gentle render, and what it removed where that is wanted.
    """

    spans: Sequence[Span]
    fade: int
    gentle: FileSpool

    def share(self, position: int, count: int) -> Array | None:
        """Return g for some samples, shape (count,); None where it is 0 for all of them."""
        first = bisect_right(self.spans, position, key=lambda one: one.stop + self.fade)
        last = bisect_left(self.spans, position + count, key=lambda one: one.position - self.fade)
        near = self.spans[first:last]  # in order and apart: of hours there may be thousands
        if not near:
            return None
        at = np.arange(position, position + count)
        share = np.zeros(count)
        for one in near:
            away = np.maximum(np.maximum(one.position - at, at - (one.stop - 1)), 0)
            np.maximum(share, 0.5 + 0.5 * np.cos(np.pi * np.minimum(away / self.fade, 1.0)), out=share)
        return share

    def blend(self, position: int, restored: Audio, removed: Audio) -> tuple[Audio, Audio]:
        """Ease a block that begins at `position`; what no artifact is near comes back as it is."""
        share = self.share(position, restored.shape[1])
        if share is None:
            return restored, removed
        whole = self.gentle.read(position, restored.shape[1])
        channels = len(restored)
        mixed = np.where(share > 0, restored + share * (whole[:channels] - restored), restored)
        if len(whole) > channels:
            removed = np.where(share > 0, removed + share * (whole[channels:] - removed), removed)
        return mixed, removed


def eased_to_json(easing: Easing | None) -> dict[str, Any]:
    """Return what a report says of the guard: to how much, and where."""
    spans = easing.spans[:_MOST_LISTED] if easing else []
    return {"easing": EASING, "spans": [vars(one) for one in spans]}


def gentle_chain(chain: Chain) -> Chain:
    """Return a chain like `chain`, its strengths eased; repair stages that have none are left out."""
    gentle = eased(chain, EASING)
    _leave_out(gentle.slots)
    return gentle


def _leave_out(slots: Sequence[Any]) -> None:
    for slot in slots:
        if slot.member is None:
            continue
        inner = slots_in(slot.member)
        stage = kind_of(slot.member).stage(slot.member)
        if inner is not None:
            _leave_out(inner)
        elif isinstance(stage, RepairStage) and not any(
            parameter.role == "strength" for parameter in stage.schema.values()
        ):
            slot.bypass = True


def spans_of(artifacts: Sequence[Artifact]) -> list[Span]:
    """Return the places of artifacts, joined where they touch."""
    spans: list[Span] = []
    for one in sorted(artifacts, key=lambda one: one.position):
        if spans and one.position <= spans[-1].stop:
            stop = max(spans[-1].stop, one.stop)
            spans[-1] = Span(spans[-1].position, stop - spans[-1].position)
        else:
            spans.append(Span(one.position, one.length))
    return spans


def ease(
    artifacts: Sequence[Artifact],
    sample_rate: float,
    gentle: Callable[[], Blocks],
    spool: Callable[[], FileSpool],
    tap: bool,
) -> Easing | None:
    """Render gently where anything was found; None where there is nothing to ease.

    Parameters
    ----------
    artifacts
        What the full render left.
    sample_rate
        Hz.
    gentle
        Runs the eased chain.
    spool
        Opens room for what it gives.
    tap
        Whether what it removed is kept too.
    """
    spans = spans_of(artifacts)
    if not spans:
        return None
    kept = spool()
    with closing(gentle()) as blocks:
        for audio, removed in blocks:
            kept.write(np.concatenate([audio, removed]) if tap else audio)
    return Easing(spans, max(round(_FADE_S * sample_rate), 1), kept)


def eased_words(easing: Easing, found: Sequence[Artifact], sample_rate: float) -> str:
    """Say where a render was eased, and why."""
    places = [
        f"{clock(span.position, sample_rate)} to {clock(span.stop, sample_rate)} "
        f"({', '.join(sorted(_kinds_in(span, found)))})"
        for span in easing.spans[:_MOST_SAID]
    ]
    more = len(easing.spans) - len(places)
    rest = f" and at {more} more" if more else ""
    return f"the guard eased strengths to {EASING:.0f} % at {'; '.join(places)}{rest}"


def _kinds_in(span: Span, found: Sequence[Artifact]) -> set[str]:
    return {one.kind for one in found if one.position < span.stop and one.stop > span.position}


class Part:
    """A part of a progress: shares of it become shares of the whole."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.low, self.high = 0.0, 1.0

    def __call__(self, share: float, doing: str) -> None:
        """Tell it."""
        self._progress(self.low + (self.high - self.low) * share, doing)

"""Examples: candidates in damaged and in clean stretches, what is to be seen of each, and what it is.

A candidate is a click where it lies in an event and the damage alone stands out there as a candidate has to.
It is none where the damage leaves less than half of that, and where it lies beside every event: what a click
leaves in the prediction error for a model's length is no click. Between the two nothing is learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from wavemend.analysis.clicks.judge import LEAST_ERROR, LEAST_RING, coded_offsets
from wavemend.kernels.impulses.candidates import (
    APART,
    FAR,
    FAR_ROWS,
    NEAR,
    NEAR_ROWS,
    RING,
    RING_ROWS,
    candidates,
    look,
)
from wavemend.kernels.impulses.features import (
    BLOCK,
    CELL,
    CELL_ROWS,
    FILTERS,
    ORDER,
    PADDING,
    RING_SIGMA,
    RINGS_HZ,
    STEP,
    Shown,
    compressed,
    impulse_rows,
    prediction_errors,
)

from .damage import Damage, Draw, drawn_damage
from .stretches import Stretches, at_16_bits

# tuned: on the validation recordings, by hand, 2026-11-21; models/impulses-2.md has the outcome
BLOCKS = 88
CONTEXT = FAR * CELL
WHOLE = BLOCKS * BLOCK + 2 * PADDING
QUANTUM = 20.0  # looks are kept as bytes, in steps of a twentieth
CLEAN_SHARE = 0.45
PLAIN, NONE = 0.9, 0.5  # parts of what a candidate needs that the damage alone must reach, or stay under
MOST_OF_A_KIND = 60  # examples of clicks, and of none, from a channel of a stretch


@dataclass
class Examples:
    """Candidates.

    Attributes
    ----------
    near, ring, far : np.ndarray [dtype=int8]
        Looks of shape (n, rows, columns), in steps of 1 / `QUANTUM`.
    label : np.ndarray [shape=(n,), dtype=float32]
        1 for a click, 0 for none.
    offsets : np.ndarray [shape=(n, 2), dtype=float32]
        From the candidate back to its event's start and on to its end, as
        `wavemend.analysis.clicks.judge.coded_offsets` has it; 0 where it is none.
    """

    near: np.ndarray
    ring: np.ndarray
    far: np.ndarray
    label: np.ndarray
    offsets: np.ndarray

    @classmethod
    def empty(cls, count: int) -> Examples:
        """Return room for so many."""
        return cls(
            np.empty((count, NEAR_ROWS, 2 * NEAR), np.int8),
            np.empty((count, RING_ROWS, 2 * RING), np.int8),
            np.empty((count, FAR_ROWS, 2 * FAR), np.int8),
            np.zeros(count, np.float32),
            np.zeros((count, 2), np.float32),
        )

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, which: np.ndarray | slice) -> Examples:
        return Examples(
            self.near[which], self.ring[which], self.far[which], self.label[which], self.offsets[which]
        )

    @staticmethod
    def joined(parts: list[Examples]) -> Examples:
        """Return all of them as one."""
        names = ("near", "ring", "far", "label", "offsets")
        return Examples(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class Seen:
    """The rows of a stretch, all channels, and the models they were made with."""

    models: np.ndarray
    deviation: np.ndarray
    rows: np.ndarray
    rings: np.ndarray
    cells: np.ndarray
    scale: np.ndarray


def seen(sound: np.ndarray) -> Seen:
    """Return what shows clicks in a stretch of shape (channels, WHOLE)."""
    parts = []
    for channel in sound:
        models, deviation = np.empty((BLOCKS + 2, ORDER + 1)), np.empty(BLOCKS + 2)
        shown = Shown(
            np.empty((3, BLOCKS * BLOCK), np.float32),
            np.empty((len(RINGS_HZ), BLOCKS * BLOCK // STEP), np.float32),
            np.empty((CELL_ROWS, BLOCKS * BLOCK // CELL), np.float32),
            np.empty((1 + len(RINGS_HZ), BLOCKS * BLOCK // CELL)),
        )
        impulse_rows(np.ascontiguousarray(channel), FILTERS, models, deviation, shown)
        parts.append((models, deviation, *shown))
    return Seen(*(np.stack(columns) for columns in zip(*parts, strict=True)))


def drawn(source: Stretches, draw: Draw, clean: bool | None = None) -> Examples:
    """Draw the examples of one stretch: damaged, clean, or, by default, either."""
    sound, rate = source.draw(draw)
    if clean is None:
        clean = draw.random() < CLEAN_SHARE
    damages = [Damage(channel, rate, draw) for channel in sound] if clean else drawn_damage(sound, rate, draw)
    damaged = sound + np.stack([damage.added for damage in damages])
    if draw.random() < 0.6:
        damaged = at_16_bits(damaged, draw)
    return Examples.joined(list(examples_of(damaged, damages, draw)))


def examples_of(damaged: np.ndarray, damages: list[Damage], draw: Draw) -> Iterator[Examples]:
    """Yield the examples of each channel of a damaged stretch, shape (channels, WHOLE)."""
    view = seen(damaged)
    shown = Shown(view.rows, view.rings, view.cells, np.ascontiguousarray(view.scale[:, 0]))
    places = np.empty(BLOCKS * BLOCK // STEP + 1, np.int64)
    first, last = CONTEXT, BLOCKS * BLOCK - CONTEXT
    for channel, damage in enumerate(damages):
        count = candidates(
            view.rows[channel],
            view.rings[channel],
            first,
            last,
            compressed(LEAST_ERROR),
            compressed(LEAST_RING),
            places,
        )
        label, offsets = _labels(places[:count], damage, view, channel)
        chosen = np.concatenate([
            draw.permutation(np.flatnonzero(label == value))[:MOST_OF_A_KIND] for value in (0.0, 1.0)
        ])  # fmt: skip
        examples = Examples.empty(len(chosen))
        near = np.empty((NEAR_ROWS, 2 * NEAR), np.float32)
        ring = np.empty((RING_ROWS, 2 * RING), np.float32)
        far = np.empty((FAR_ROWS, 2 * FAR), np.float32)
        for k, which in enumerate(chosen):
            look(shown, channel, places[which], near, ring, far)
            for kept, now in ((examples.near, near), (examples.ring, ring), (examples.far, far)):
                kept[k] = np.clip(np.round(QUANTUM * now), -127, 127)
        examples.label[:], examples.offsets[:] = label[chosen], offsets[chosen]
        yield examples


def _labels(places: np.ndarray, damage: Damage, view: Seen, channel: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each candidate's label, -1 where it is left open, and its coded offsets."""
    label, offsets = np.zeros(len(places)), np.zeros((len(places), 2))
    if not damage.events or not len(places):
        return label, offsets
    shown = _shown(damage, view, channel)
    events = np.array([(e.start, e.body_stop, e.stop) for e in damage.events]) - PADDING
    error = np.max(np.abs(view.rows[channel, 1:]), axis=0)
    for k, place in enumerate(places):
        height = np.max(shown[place - APART // 2 : place + APART // 2 + 1])
        # The error may be highest a little after a click, or before it; a ring is found a few steps off.
        near = APART if error[place] > compressed(LEAST_ERROR) else 2 * STEP
        inside = events[(events[:, 0] - near <= place) & (place < events[:, 2] + near)]
        if height < NONE or not len(inside):
            continue
        if height < PLAIN:
            label[k] = -1.0
            continue
        off = np.maximum(inside[:, 0] - place, 0) + np.maximum(place + 1 - inside[:, 1], 0)
        start, body_stop, _ = inside[np.argmin(off)]
        label[k], offsets[k] = 1.0, coded_offsets(np.array([place - start, body_stop - place]))
    return label, offsets


def _shown(damage: Damage, view: Seen, channel: int) -> np.ndarray:
    """Return how the damage alone stands out, 1 being what makes a candidate, shape (BLOCKS * BLOCK,)."""
    errors = np.empty((2, (BLOCKS + 2) * BLOCK))
    rings = np.empty((len(RINGS_HZ), (BLOCKS + 2) * BLOCK // STEP))
    prediction_errors(damage.added, view.models[channel], view.deviation[channel], FILTERS, errors, rings)
    error = np.max(np.abs(errors), axis=0)[BLOCK:-BLOCK] / np.repeat(view.scale[channel, 0], CELL)
    scale = np.repeat(view.scale[channel, 1:], CELL // STEP, axis=1) / RING_SIGMA
    ring = np.max(rings[:, BLOCK // STEP : -BLOCK // STEP] / scale, axis=0)
    return np.maximum(error / LEAST_ERROR, np.repeat(ring / LEAST_RING, STEP))

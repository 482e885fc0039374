"""What the page is told, as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...analysis.program.loudness import Loudness
from ...contract.marks import Mark
from ..chain.members.registry import kind_of
from ..chain.slot import Slot
from ..presets.library import entries
from .cards import addable, card
from .excerpt import Told
from .opened import Opened
from .renderer import Levels, block_of

Sender = Callable[[dict[str, Any], bytes], None]
"""Is handed each message to the page, with samples where it has some."""


def state_told(session: Any) -> dict[str, Any]:
    """Return all that the page shows of a `Session`, but for samples."""
    history, opened = session.history, session.opened
    seats, keys = session.seats(), session.keys()
    learned = {}
    if opened is not None:
        pairs = zip(seats, keys, strict=True)
        learned = {seat.uid: opened.knowledge.described(seat, key) for seat, key in pairs}
    return {
        "type": "state",
        "revision": session.revision,
        "recording": _recording_told(opened),
        "reference": _recording_told(session.reference),
        "cards": [card(seat, learned.get(seat.uid, ""), session.plugins) for seat in history.now.seats],
        "solo": session.solo,
        "advice": history.now.chain().warnings(),
        "undo": len(history.past),
        "redo": len(history.future),
        "vetoes": [{"stage": one.stage, **_mark_told(one.mark)} for one in history.now.vetoes],
        "prints": [{"position": one.position, "length": one.length} for one in history.now.prints],
        "preset": session.preset_name,
        "presets": sorted({entry.name for entry in entries()}),
        "addable": addable() + session.plugins.addable(),
        "files": session.shelf.listed(),
        "unlearned": opened is not None and opened.knowledge.missing(keys),
        "document": _document_told(session),
        "whole": {**session.whole.state, "current": session.whole.edit is history.now},
        "progress": session.progress,
    }


def _document_told(session: Any) -> dict[str, Any]:
    opened = session.opened
    if opened is None or opened.kept is None:
        return {"ready": False, "saved": False, "error": opened.error if opened else ""}
    same = session.history.now.decided(opened.kept.document) == opened.kept.document
    return {"ready": True, "saved": same, "error": ""}


def _recording_told(opened: Opened | None) -> dict[str, Any] | None:
    if opened is None:
        return None
    size = opened.recording
    return {
        "name": size.name,
        "rate": size.rate,
        "channels": size.channels,
        "frames": size.frames,
        "block": block_of(size.rate),
        "format": f"{size.format.container} {size.format.subtype}",
        "lossless": size.format.is_lossless,
        "loudness": loudness_told(opened.loudness),
    }


def loudness_told(found: Loudness | None) -> dict[str, float | None] | None:
    """Return figures of a whole recording; None where it was not heard yet."""
    if found is None:
        return None
    return {
        "lufs": found.integrated_lufs,
        "range_lu": found.range_lu,
        "true_peak_dbtp": float(found.true_peak_dbtp.max()),
    }


def levels_told(levels: Levels, reference: Opened | None) -> dict[str, Any]:
    """Return loudness and gains of a stretch; the reference is matched as a whole."""
    lufs, gains = dict(levels.lufs), dict(levels.gain_db)
    if reference is not None and reference.loudness is not None:
        heard, wanted = reference.loudness.integrated_lufs, lufs["original"]
        lufs["reference"] = heard
        gains["reference"] = round(wanted - heard, 3) if heard is not None and wanted is not None else 0.0
    return {"type": "levels", "start": levels.start, "stop": levels.stop, "lufs": lufs, "gain_db": gains}


def event_told(told: Told, slot: Slot | None) -> dict[str, Any]:
    """Return an event; `stage` is empty where it cannot be vetoed."""
    event = told.event
    stage = kind_of(slot.member).stage(slot.member) if slot is not None else None
    return {
        "seat": told.uid,
        "stage": stage.id if stage is not None and stage.takes_marks else "",
        "kind": event.kind,
        "position": event.position,
        "length": event.length,
        "channel": event.channel,
        "confidence": round(float(event.confidence), 3),
    }


def _mark_told(mark: Mark) -> dict[str, Any]:
    return {"position": mark.position, "length": mark.length, "channel": mark.channel}

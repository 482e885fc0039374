"""What a message of the page does to a session."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ...analysis.noise.ranges import check_print_ranges
from ...contract.marks import Mark
from ...contract.registry import stage_class
from ...errors import Cancelled, ParameterError, PresetError, WavemendError
from ..chain.slot import Slot
from ..presets.library import find_entry, split_level, target_of
from ..presets.preset import Preset, load_preset, save_preset
from ..recording.document import Span
from .cards import new_slot
from .messages import MESSAGES
from .plugins import PREFIX
from .session import Session

_MOST_WANTED_S = 60.0  # guard: memory, of what is heard at once
_MOST_PRINTS = 100  # guard: of a list that people read


def obey(session: Session, message: dict[str, Any]) -> None:
    """Do what a checked message says; raises `WavemendError` where that cannot be done."""
    fields = dict(message)
    _COMMANDS[fields.pop("do")](session, **fields)


def _do_listen(session: Session, start: int, stop: int, at: int) -> None:
    if session.opened is None:
        raise WavemendError("open a recording first")
    rate, frames = session.opened.recording.rate, session.opened.recording.frames
    if not start < min(stop, frames):
        raise ParameterError(f"nothing lies between samples {start} and {stop}")
    stop = min(stop, frames)
    if stop - start > round(_MOST_WANTED_S * rate):
        raise ParameterError(
            f"{(stop - start) / rate:.0f} s are too many to be rendered as one; "
            f"ask for at most {_MOST_WANTED_S:.0f} s"
        )
    session.listened = (start, stop, min(max(at, start), stop))
    session.want()


def _do_at(session: Session, position: int) -> None:
    start, stop, _ = session.listened
    session.listened = (start, stop, min(max(position, start), stop))


def _do_set(session: Session, seat: int, parameter: str, value: Any) -> None:
    plugin = session.plugin(seat)
    if plugin is None:
        session.history.set(seat, parameter, value)
    else:
        session.history.exchange(seat, session.plugins.turned(plugin, parameter, value), parameter)
    session.changed()


def _do_turn(session: Session, seat: int, parameter: str, place: float) -> None:
    plugin = session.plugin(seat)
    if plugin is None:
        raise ParameterError("only VST3s are turned by places; set the parameter to a value")
    session.history.exchange(seat, session.plugins.turned(plugin, parameter, place=place), parameter)
    session.changed()


def _do_bypass(session: Session, seat: int, value: bool) -> None:
    session.history.bypass(seat, value)
    session.changed()


def _do_mix(session: Session, seat: int, value: float) -> None:
    session.history.mix(seat, value)
    session.changed()


def _do_add(session: Session, plugin: str, index: int) -> None:
    if plugin.startswith(PREFIX):
        session.history.insert(Slot(session.plugins.new(plugin)), index)
    else:
        session.history.add(new_slot(plugin), index)
    session.changed()


def _do_remove(session: Session, seat: int) -> None:
    session.history.remove(seat)
    session.solo = None if session.solo == seat else session.solo
    session.changed()


def _do_move(session: Session, seat: int, index: int) -> None:
    session.history.move(seat, index)
    session.changed()


def _do_solo(session: Session, seat: int | None) -> None:
    if seat is not None:
        session.history.now.index(seat)
    session.solo = seat
    session.changed()


def _do_undo(session: Session) -> None:
    session.history.undo()
    session.changed()


def _do_redo(session: Session) -> None:
    session.history.redo()
    session.changed()


def _do_veto(
    session: Session, *, stage: str, position: int, length: int, channel: int | None, value: bool
) -> None:
    if not stage_class(stage).takes_marks:
        raise ParameterError(f"{stage} repairs no single events")
    opened = session.opened
    if opened is None or position + max(length, 1) > opened.recording.frames:
        raise ParameterError("that event lies beyond the recording")
    if channel is not None and channel >= opened.recording.channels:
        raise ParameterError("the recording has no such channel")
    session.history.veto(stage_class(stage).id, Mark(position, max(length, 1), channel), value)
    session.changed()


def _do_print(session: Session, start: int, stop: int) -> None:
    opened = session.opened
    if opened is None or not start < stop <= opened.recording.frames:
        raise ParameterError("choose a stretch of the recording first")
    spans = [*session.history.now.prints, Span(start, stop - start)]
    if len(spans) > _MOST_PRINTS:
        raise ParameterError(f"at most {_MOST_PRINTS} noise prints are taken")
    check_print_ranges([(span.position, span.stop) for span in spans], opened.recording.rate)
    session.history.prints(spans)
    session.changed()


def _do_clear_prints(session: Session) -> None:
    session.history.prints(())
    session.changed()


def _do_learn(session: Session) -> None:
    session.learn()


def _do_load_preset(session: Session, name: str) -> None:
    if find_entry(name) is None:  # never a path
        raise PresetError(f"there is no preset {name!r}")
    preset = load_preset(name)
    session.preset_name, session.preset_text = preset.name, preset.description
    session.history.start(preset.chain.slots)
    session.solo = None
    session.changed()


def _do_save_preset(session: Session, name: str, overwrite: bool) -> None:
    level, plain = split_level(name)
    target = target_of(f"{level or 'user'}:{plain}")
    save_preset(Preset(plain, session.preset_text, session.history.now.chain()), target, overwrite=overwrite)
    session.preset_name = plain
    session.tell({"type": "saved", "what": f"preset {level or 'user'}:{target.stem}"})
    session.tell_state()


def _do_save_decisions(session: Session) -> None:
    if session.opened is None:
        raise WavemendError("open a recording first")
    path = session.opened.save(session.history.now.decided)
    session.tell({"type": "saved", "what": path.name})
    session.tell_state()


def _do_render(session: Session) -> None:
    opened, edit = session.opened, session.history.now
    if opened is None:
        raise WavemendError("open a recording first")
    if opened.kept is None or edit.decided(opened.kept.document) != opened.kept.document:
        opened.save(edit.decided)  # a render obeys the document

    def work(cancel: threading.Event) -> None:
        session.whole.state = {"state": "running"}
        try:
            rendered = session.whole.render(
                edit.chain(), edit, opened, session.on_the_way("rendering"), cancel
            )
            session.whole.state = {
                "state": "done",
                "name": rendered.output.name,
                "warnings": rendered.warnings,
            }
        except Cancelled:
            session.whole.state = {"state": "cancelled"}
        finally:
            session.done("rendering")
            session.tell_state()

    session.renders.do("render", work)
    session.whole.state = {"state": "running"}
    session.tell_state()


def _do_cancel(session: Session) -> None:
    session.renders.cancel("render")
    session.background.cancel("learning")


def _do_open(session: Session, file: str) -> None:
    session.open(session.shelf.path(file))


def _do_reference(session: Session, file: str | None) -> None:
    session.refer(None if file is None else session.shelf.path(file))


_COMMANDS: dict[str, Callable[..., None]] = {name: globals()[f"_do_{name}"] for name in MESSAGES}

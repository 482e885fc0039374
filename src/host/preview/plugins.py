"""VST3s in the chain: what can be turned on them, told by one instance of each that is kept for that.

A plugin may take seconds for an answer, or crash: it is asked in the background, what it said last is what
cards show, and where it fails the card says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import Cancelled, ParameterError, PluginError, WavemendError
from ..vst3.installed.catalogue import load_catalogue
from ..vst3.parameter import HostedParameter
from ..vst3.plugin import VST3
from .excerpt import Seat

PREFIX = "vst3."
"""Of what is added, before the class id; as presets name VST3s."""
_MOST_SHOWN = 512  # guard: some have thousands of parameters; as many as presets write out
_AT_FIRST = 24  # tuned: by hand, told before the rest is asked about, which takes 50 ms each


def settings_of(member: Any) -> object:
    """Return what tells a VST3's settings from others; None for other members."""
    return (member.base, tuple(sorted(member.places.items()))) if isinstance(member, VST3) else None


@dataclass
class _Panel:
    """What is known of one plugin."""

    live: VST3
    stands: object
    lock: threading.Lock = field(default_factory=threading.Lock)
    controls: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""
    read: object = None

    def follow(self, member: VST3) -> None:
        """Set the kept instance as a member of the chain is set."""
        wanted = settings_of(member)
        if self.stands != wanted:
            self.live.take(member.state, member.places)
            self.stands = wanted

    def fail(self, error: PluginError) -> None:
        """End the process; it starts anew when something is asked again."""
        self.problem = str(error)
        self.live.close()


class Plugins:
    """The VST3s of a session's chain."""

    def __init__(self) -> None:
        self._panels: dict[int, _Panel] = {}
        self._lock = threading.Lock()
        self._addable: list[dict[str, str]] | None = None

    def addable(self) -> list[dict[str, str]]:
        """Return the VST3s that a scan found good here, as `cards.addable` has others."""
        if self._addable is None:
            self._addable = self._found()
        return self._addable

    @staticmethod
    def _found() -> list[dict[str, str]]:
        try:
            bundles = load_catalogue().bundles
        except WavemendError:
            return []
        found = [plugin for bundle in bundles if bundle.usable for plugin in bundle.plugins if plugin.usable]
        return [
            {"plugin": PREFIX + one.identity.identifier, "name": f"{one.identity.name} (VST3)", "doc": "VST3"}
            for one in sorted(found, key=lambda one: one.identity.name.lower())
        ]

    def new(self, plugin: str) -> VST3:
        """Return a plugin as it starts; raises `WavemendError` where none is called so, or it fails."""
        if plugin not in {one["plugin"] for one in self.addable()}:
            raise WavemendError(f"no VST3 that was found here is called {plugin!r}")
        member = VST3(plugin.removeprefix(PREFIX))
        try:
            member.state  # noqa: B018 - is kept, so that nobody else needs a process for it
        finally:
            member.close()
        return member

    def told(self, seat: Seat) -> tuple[list[dict[str, Any]], str]:
        """Return the controls of a plugin as they were read last, and what is wrong; asks no plugin."""
        panel = self._panels.get(seat.uid)
        return (panel.controls, panel.problem) if panel else ([], "its controls are being read")

    def unread(self, seats: Sequence[Seat]) -> bool:
        """Whether a plugin's controls are not known as they stand, or one is no longer in the chain."""
        here = {seat.uid: settings_of(seat.slot.member) for seat in seats}
        plugins = {uid: settings for uid, settings in here.items() if settings is not None}
        return self._panels.keys() - plugins.keys() != set() or any(
            uid not in self._panels or self._panels[uid].read != settings for uid, settings in plugins.items()
        )

    def read(self, seats: Sequence[Seat], tell: Callable[[], None], cancel: threading.Event) -> None:
        """Ask the plugins; `tell` is called when there is something new to be shown. Raises `Cancelled`."""
        for uid in [uid for uid in self._panels if uid not in {seat.uid for seat in seats}]:
            with self._lock:
                panel = self._panels.pop(uid)
            panel.live.close()
        for uid, slot in seats:
            settings = settings_of(slot.member)
            if settings is None:
                continue
            panel = self._panel(uid, slot.member)
            if panel.read != settings:
                self._ask(panel, slot.member, tell, cancel)
                panel.read = settings
                tell()

    def _panel(self, uid: int, member: VST3) -> _Panel:
        with self._lock:
            if uid not in self._panels:
                self._panels[uid] = _Panel(member.copy(), settings_of(member))
            return self._panels[uid]

    @staticmethod
    def _ask(panel: _Panel, member: VST3, tell: Callable[[], None], cancel: threading.Event) -> None:
        controls: list[dict[str, Any]] = []
        try:
            with panel.lock:
                panel.follow(member)
                shown = [one for one in panel.live.parameters.values() if one.is_automatable]
            for parameter in shown[:_MOST_SHOWN]:
                if cancel.is_set():
                    raise Cancelled("the chain was changed")
                with panel.lock:  # for each: who turns a knob meanwhile does not wait for all
                    controls.append(_control(parameter))
                if len(controls) == _AT_FIRST and not panel.controls:
                    panel.controls, panel.problem = list(controls), "more of its controls are being read"
                    tell()
        except PluginError as error:
            with panel.lock:
                panel.fail(error)
            return
        left = len(shown) - _MOST_SHOWN
        panel.controls = controls
        panel.problem = f"{left} more parameters are not shown" if left > 0 else ""

    def turned(self, seat: Seat, parameter: str, value: Any = None, *, place: float | None = None) -> VST3:
        """Return a plugin with one parameter set to a value, or moved to a place from 0 to 1.

        Raises
        ------
        ParameterError
            It has no such parameter, or that does not allow the value.
        PluginError
            It crashed or hung.
        """
        member = seat.slot.member
        panel = self._panel(seat.uid, member)
        with panel.lock:
            try:
                panel.follow(member)
                turned = panel.live.parameters.get(parameter)
                if turned is None:
                    raise ParameterError(f"{panel.live.name} has no parameter {parameter!r}")
                if place is None:
                    place = turned.get_raw_value_for(value)
                turned.raw_value = place
                panel.live.state  # noqa: B018 - is kept, so that copies need no process for it
                made = panel.live.copy()
                panel.stands, panel.read = settings_of(made), None  # others may have moved with it
                now = _control(turned)
            except PluginError as error:
                panel.fail(error)
                panel.stands = None
                raise
            panel.controls = [now if one["id"] == parameter else one for one in panel.controls]
            return made

    def close(self) -> None:
        """End all processes; they start again where something is asked."""
        with self._lock:
            panels = list(self._panels.values())
            self._panels.clear()
        for panel in panels:
            panel.live.close()


def _control(parameter: HostedParameter) -> dict[str, Any]:
    """Return what a card shows of a parameter; sliders go by its place, as in other hosts."""
    value = parameter.value
    number = parameter.type is float
    nothing: tuple[Any, Any, Any] = None, None, None
    low, high, step = parameter.range if number else nothing
    kind = "number" if number else "switch" if parameter.is_boolean else "choice"
    return {
        "id": parameter.python_name,
        "name": parameter.name,
        "doc": "",
        "kind": kind,
        "value": value,
        "default": None,
        "low": low,
        "high": high,
        "least": step / (high - low) if step and high > low else 0.0,
        "options": parameter.valid_values if kind == "choice" else [],
        "unit": parameter.label or "",
        "scale": "linear",
        "restart": True,
        "place": parameter.raw_value,
        "default_place": parameter.default_raw_value,
    }

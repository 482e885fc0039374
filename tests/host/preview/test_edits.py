"""The chain as it is edited, and its cards."""

from __future__ import annotations

import pytest
from wavemend import Declick, Denoise
from wavemend.contract.marks import Mark
from wavemend.contract.registry import stage_ids
from wavemend.errors import WavemendError
from wavemend.host.chain.slot import Slot
from wavemend.host.presets.slots import Loading, parse_chain
from wavemend.host.preview.cards import addable, card, new_slot
from wavemend.host.preview.edits import History


@pytest.fixture
def history() -> History:
    history = History()
    history.start([Slot(Declick()), Slot(Denoise())])
    return history


def names(history: History) -> list[str]:
    return [type(slot.member).__name__ for _, slot in history.now.seats]


def test_every_change_can_be_undone_and_done_again(history: History) -> None:
    first, second = (seat.uid for seat in history.now.seats)
    states = [history.now]
    for change in (
        lambda: history.set(first, "sensitivity", 7.0),
        lambda: history.bypass(second, True),
        lambda: history.move(second, 0),
        lambda: history.mix(first, 0.5),
        lambda: history.add(new_slot("wavemend.rumble"), 1),
        lambda: history.remove(first),
        lambda: history.veto("wavemend.declick", Mark(5, 2, None), True),
    ):
        change()
        states.append(history.now)
    for state in reversed(states[:-1]):
        history.undo()
        assert history.now is state
    for state in states[1:]:
        history.redo()
        assert history.now is state
    assert names(history) == ["Denoise", "Rumble"]


def test_a_knob_that_is_turned_is_one_change(history: History) -> None:
    seat = history.now.seats[0].uid
    before = len(history.past)
    for value in (5.5, 6.0, 6.5):
        history.set(seat, "sensitivity", value)
    assert len(history.past) == before + 1
    history.undo()
    assert history.now.seats[0].slot.member.sensitivity == 5.0


@pytest.mark.parametrize(
    ("parameter", "value"), [("sensitivity", 11.0), ("sensitivity", "5"), ("nothing", 1), ("output", "x")]
)
def test_what_is_not_allowed_changes_nothing(history: History, parameter: str, value: object) -> None:
    before = history.now
    with pytest.raises(WavemendError):
        history.set(history.now.seats[0].uid, parameter, value)
    with pytest.raises(WavemendError, match="no longer"):
        history.set(999, "sensitivity", 1.0)
    assert history.now is before


def test_a_card_has_a_control_for_every_parameter_with_its_unit_and_range(history: History) -> None:
    shown = card(history.now.seats[1], "")
    controls = {one["id"]: one for one in shown["controls"]}
    assert list(controls) == list(Denoise.schema)
    assert controls["reduction_db"] | {"doc": ""} == {
        "id": "reduction_db", "name": "Reduction", "doc": "", "kind": "number", "value": 13.0,
        "default": 13.0, "low": 0.0, "high": 40.0, "options": [], "unit": "dB", "scale": "linear",
        "restart": False,
    }  # fmt: skip
    assert controls["quality"]["options"] == ["fast", "high"]


def test_all_that_may_be_added_is_a_slot_of_a_preset() -> None:
    plugins = [one["plugin"] for one in addable()]
    assert set(stage_ids()) <= set(plugins)
    for plugin in plugins:
        assert len(parse_chain([new_slot(plugin)], Loading())) == 1
    with pytest.raises(WavemendError):
        new_slot("/etc/passwd")

"""VST3s in the chain of a preview: what can be turned on them, and what happens where one fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wavemend import VST3
from wavemend.errors import ParameterError, PluginError, WavemendError
from wavemend.host.chain.slot import Slot
from wavemend.host.preview.cards import card
from wavemend.host.preview.edits import History
from wavemend.host.preview.plugins import Plugins, settings_of
from wavemend.host.vst3.installed.catalogue import Catalogue
from wavemend.host.vst3.process.hosting import Hosted

from ..faulty_plugins import Scanned
from ..vst3.requirements import require_zam_plugins

pytestmark = pytest.mark.whole


@pytest.fixture
def plugins() -> Iterator[Plugins]:
    plugins = Plugins()
    yield plugins
    plugins.close()


def nobody() -> None:
    """Hear nothing."""


def read(plugins: Plugins, history: History) -> None:
    plugins.read(history.now.seats, nobody, threading.Event())
    assert not plugins.unread(history.now.seats)


def chain_of(member: VST3) -> History:
    history = History()
    history.start([Slot(member)])
    return history


def shown(plugins: Plugins, history: History) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in card(history.now.seats[0], "", plugins)["controls"]}


def turn(plugins: Plugins, history: History, parameter: str, value: Any = None, **place: float) -> None:
    seat = history.now.seats[0]
    history.exchange(seat.uid, plugins.turned(seat, parameter, value, **place), parameter)
    history._turned = (None, 0.0)  # each is a change of its own, however soon


def test_a_card_has_its_controls_which_are_set_undone_and_heard(scanned: Scanned, plugins: Plugins) -> None:
    scanned("Words")
    history = chain_of(VST3("Words"))
    assert shown(plugins, history) == {}  # nobody was asked
    assert plugins.unread(history.now.seats)
    read(plugins, history)
    controls = shown(plugins, history)
    level = controls["level_db"]
    assert level["kind"] == "number"
    assert level["unit"] == "dB"
    before = level["value"]
    turn(plugins, history, "level_db", -12.0)
    assert shown(plugins, history)["level_db"]["value"] == pytest.approx(-12, abs=0.1)  # at once
    read(plugins, history)
    assert shown(plugins, history)["level_db"]["value"] == pytest.approx(-12, abs=0.1)
    member = history.now.seats[0].slot.member
    assert member._hosted is None  # states that are kept for undo keep no process
    audio = 0.1 * np.random.default_rng(0).standard_normal((1, 4000))
    gain = np.abs(member(audio, 44_100)).max() / np.abs(audio).max()
    assert 20 * np.log10(gain) == pytest.approx(-12, abs=0.2)
    turn(plugins, history, "level_db", place=0.5)
    history.undo()
    read(plugins, history)
    assert shown(plugins, history)["level_db"]["value"] == pytest.approx(-12, abs=0.1)
    history.undo()
    read(plugins, history)
    assert shown(plugins, history)["level_db"]["value"] == before
    words = [one for one in controls.values() if one["kind"] == "choice"]
    for one in words:
        turn(plugins, history, one["id"], one["options"][-1])
    with pytest.raises(ParameterError):
        turn(plugins, history, "level_db", 1e9)
    with pytest.raises(ParameterError, match="no parameter"):
        turn(plugins, history, "nothing", 1.0)


def test_of_hundreds_of_parameters_the_first_are_told_soon(scanned: Scanned, plugins: Plugins) -> None:
    scanned("ForgetsMany")
    history = chain_of(VST3("ForgetsMany"))
    cancel = threading.Event()
    told: list[int] = []

    def tell() -> None:
        told.append(len(shown(plugins, history)))
        cancel.set()

    with pytest.raises(WavemendError):
        plugins.read(history.now.seats, tell, cancel)
    assert told == [24]
    assert "being read" in card(history.now.seats[0], "", plugins)["learned"]


def test_a_plugin_that_fails_says_so_and_can_be_asked_again(
    scanned: Scanned, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned("Queued")
    history = chain_of(VST3("Queued"))

    def dies(hosted: Hosted, name: str, place: float | None = None) -> str:
        raise PluginError("Queued crashed")

    with monkeypatch.context() as patch:
        patch.setattr(Hosted, "text", dies)
        read(plugins, history)
        assert "crashed" in card(history.now.seats[0], "", plugins)["learned"]
        with pytest.raises(PluginError):
            turn(plugins, history, "gain_db", -6.0)
    turn(plugins, history, "gain_db", -6.0)
    read(plugins, history)
    assert shown(plugins, history)["gain_db"]["value"] == pytest.approx(-6)


def test_what_a_scan_found_may_be_added(scanned: Scanned, plugins: Plugins, tmp_path: Path) -> None:
    scanned("Queued")
    (found,) = plugins.addable()
    assert found["name"] == "Queued (VST3)"
    member = plugins.new(found["plugin"])
    assert settings_of(member) is not None
    for wrong in ("vst3.", "vst3.Queued", f"vst3.{tmp_path}"):
        with pytest.raises(WavemendError):
            plugins.new(wrong)


def test_a_real_compressor_shows_its_knobs_and_not_its_meters(
    own_catalogue: None, plugins: Plugins, tmp_path: Path
) -> None:
    Catalogue().scan([require_zam_plugins(tmp_path / "zam", "ZamComp")])
    history = chain_of(VST3("ZamComp"))
    read(plugins, history)
    controls = shown(plugins, history)
    assert "gain_reduction" not in " ".join(controls)
    threshold = controls["threshold_db"]
    assert (threshold["low"], threshold["high"], threshold["unit"]) == (-80.0, 0.0, "dB")
    turn(plugins, history, "threshold_db", place=0.5)
    assert shown(plugins, history)["threshold_db"]["value"] == pytest.approx(-40)

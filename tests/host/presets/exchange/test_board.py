"""Boards of Python become presets: everything in them is carried over, or named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Declick, Preset, Rumble, Slot, load_preset, save_preset
from wavemend.errors import PresetError
from wavemend.host.presets.exchange.board import from_board, named_board
from wavemend.host.presets.preset import preset_to_json
from wavemend.host.vst3.plugin import VST3

RATE = 44_100
SCRIPT = """
from pedalboard import Gain, HighpassFilter, Pedalboard
from beside import LEVEL
board = Pedalboard([HighpassFilter(80), Gain(LEVEL)])
"""


def slots_of(chain: Chain) -> list[object]:
    return list(preset_to_json(Preset("", "", chain))["chain"])


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    monkeypatch.setattr("sys.modules", dict(__import__("sys").modules))
    (tmp_path / "beside.py").write_text("LEVEL = -3\n")
    (tmp_path / "mine.py").write_text(SCRIPT)
    return tmp_path / "mine.py"


def test_a_script_called_like_a_library_does_not_take_its_place(script: Path) -> None:
    named = script.rename(script.with_name("pedalboard.py"))
    assert len(from_board(named_board(f"{named}:board")).chain) == 2
    assert __import__("sys").modules["pedalboard"] is pedalboard


def test_a_pedalboard_becomes_the_same_effects(tmp_path: Path) -> None:
    board = pedalboard.Pedalboard(
        [pedalboard.HighpassFilter(80), pedalboard.Gain(-3), pedalboard.Compressor(-20, 4)]
    )
    audio = 0.1 * np.random.default_rng(0).standard_normal((2, 20_000)).astype(np.float32)
    imported = from_board(board)
    assert imported.left_out == [] and len(imported.told) == 3
    save_preset(Preset("Board", "", imported.chain), tmp_path / "board.json")
    loaded = load_preset(tmp_path / "board.json").chain
    assert np.array_equal(loaded(audio, RATE), board(audio, RATE))


def test_our_stages_nested_boards_and_slots_are_carried_over() -> None:
    inner = pedalboard.Pedalboard([pedalboard.Gain(1), pedalboard.LowpassFilter(9000)])
    chain = Chain([Declick(sensitivity=4), None, Slot(inner, mix=0.5), Slot(Rumble(), bypass=True)])
    imported = from_board(chain)
    assert slots_of(imported.chain) == slots_of(chain)
    assert [line.partition(":")[0] for line in imported.told] == ["slot 1", "slot 3.1", "slot 3.2", "slot 4"]
    assert slots_of(from_board([Declick(), pedalboard.Gain(2)]).chain) == slots_of(
        Chain([Declick(), pedalboard.Gain(2)])
    )
    assert slots_of(from_board(Rumble()).chain) == slots_of(Chain([Rumble()]))


def test_an_effect_that_stands_twice_becomes_two() -> None:
    gain = pedalboard.Gain(-3)
    chain = from_board(pedalboard.Pedalboard([gain, gain])).chain
    assert len({id(member) for member in (gain, *chain)}) == 3


def test_what_no_preset_holds_is_named_by_place_and_name() -> None:
    mix = pedalboard.Mix([pedalboard.Gain(1), pedalboard.Invert()])
    imported = from_board(pedalboard.Pedalboard([pedalboard.Gain(1), pedalboard.Pedalboard([mix])]))
    (said,) = imported.left_out
    assert said.startswith("slot 2.1: pedalboard.Mix cannot be stored in a preset")
    with pytest.raises(PresetError, match=r"my board: slot 2\.1: .*Mix.*say --allow-missing"):
        imported.demand_whole("my board")
    imported.demand_some("my board")
    with pytest.raises(PresetError, match="nothing in it can sit in a preset"):
        from_board([mix]).demand_some("my board")


@pytest.mark.parametrize("board", [7, "a word", object(), None])
def test_what_is_no_board_is_refused(board: object) -> None:
    with pytest.raises(PresetError, match="is no board"):
        from_board(board)


@pytest.mark.whole
def test_plugins_that_pedalboard_loaded_are_carried_over_or_named(scanned) -> None:  # type: ignore[no-untyped-def]
    path = scanned("Good").bundles[0].path
    loaded = pedalboard.load_plugin(path)
    loaded.gain_db = -6.5
    (plugin,) = from_board(pedalboard.Pedalboard([loaded])).chain
    assert isinstance(plugin, VST3) and plugin.gain_db == pytest.approx(loaded.gain_db, abs=0.03)
    own = VST3("Good", gain_db=3)
    (copied,) = from_board([own]).chain
    assert copied == own and copied is not own
    scanned()
    (said,) = from_board(pedalboard.Pedalboard([loaded])).left_out
    assert said.startswith("slot 1: Good cannot be stored") and "scan its folder" in said


def test_a_script_and_a_module_are_run(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [type(one).__name__ for one in named_board(f"{script}:board")] == ["HighpassFilter", "Gain"]
    monkeypatch.chdir(script.parent)
    assert named_board("mine:board")[1].gain_db == pytest.approx(-3)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("1 / 0", "its code ends in an error, ZeroDivisionError 'division by zero' (line 1 of theirs.py)"),
        ("raise SystemExit(3)", "its code ends in an error, SystemExit '3' (line 1 of theirs.py)"),
        ("def", "its code ends in an error, SyntaxError"),
        ("import gone_for_ever", "ModuleNotFoundError \"No module named 'gone_for_ever'\""),
        ("x = 1", "has nothing called board; its boards: none"),
    ],
)
def test_what_goes_wrong_in_a_script_is_one_line(script: Path, code: str, said: str) -> None:
    script.with_name("theirs.py").write_text(code + "\n")
    with pytest.raises(PresetError) as caught:
        named_board(f"{script.with_name('theirs.py')}:board")
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["board", "a.py", ":board", "a.py:", "a.py:b c", "gone.py:board"])
def test_names_of_boards_are_written_one_way(source: str) -> None:
    with pytest.raises(PresetError, match=r"write MODULE:BOARD|is no file"):
        named_board(source)

"""Numbers that have a word among them, in a plugin: ``"-oo"``, ``"OFF"``, ``"inf"``, ``"Auto"``, ``"-"``."""

import json
import signal
import sys

import numpy as np
import pytest
from wavemend import Chain, Preset, load_preset, save_preset
from wavemend.errors import ParameterError, PresetError
from wavemend.host.cli import main as cli
from wavemend.host.presets.overrides import chain_with
from wavemend.host.presets.preset import parse_preset, preset_to_json
from wavemend.host.vst3.plugin import VST3

WHERE = pytest.mark.parametrize("isolated", [True, False], ids=["isolated", "in process"])
INFINITE = float("inf")


def recording():
    return (0.1 * np.random.default_rng(0).standard_normal((2, 3000))).astype(np.float32)


@WHERE
def test_such_a_parameter_shows_its_numbers_and_its_words(scanned, isolated):
    scanned("Words")
    known = VST3("Words", isolated=isolated).parameters
    level = known["level_db"]
    assert (level.type, level.range, level.valid_values) == (float, (-90, 12, None), [-90, 12, "-oo"])
    assert (level.is_discrete, level.is_boolean, level.label) == (False, False, "dB")
    assert known["hold"].valid_values == [1, 1000, "OFF"]
    assert known["ratio"].valid_values == [1, pytest.approx(19.6, abs=0.1), "inf"]
    assert known["attack"].valid_values == [2000, 20_000, "Auto"]
    assert known["balance"].valid_values == [-100, 100, "-"]
    assert repr(level) == "<wavemend parameter name=\"Level\" value='-39.0'>"


@WHERE
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("level_db", [-90.0, -6.0, "-oo", 0.0, 12.0, -89.9]),
        ("hold", [1.0, "OFF", 250.0, 1000.0]),
        ("ratio", [1.0, 4.0, INFINITE, 19.6, 12.5]),
        ("attack", [2000.0, "Auto", 12_340.0, 20_000.0]),
        ("balance", ["-", -3.0, 50.0, -100.0, 3.0]),
    ],
)
def test_what_is_set_is_read_and_what_is_read_can_be_set(scanned, name, values, isolated):
    scanned("Words")
    plugin = VST3("Words", isolated=isolated)
    setattr(plugin, name, getattr(plugin, name))
    for value in values:
        setattr(plugin, name, value)
        assert getattr(plugin, name) == value and type(getattr(plugin, name)) is type(value)
        parameter = plugin.parameters[name]
        again = VST3("Words", isolated=isolated, state=plugin.state, **{name: parameter.string_value})
        assert getattr(again, name) == value
    for place in (0.0, 1e-6, 1 / 3, 0.4999, 0.5, 0.98765, 1 - 1e-6, 1.0):
        parameter.raw_value = place
        value = getattr(plugin, name)
        setattr(plugin, name, value)
        assert getattr(plugin, name) == value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("level_db", 12.5, r"Words\.level_db=12\.5 .*a number from -90 to 12 dB, or '-oo'$"),
        ("level_db", "OFF", "from -90 to 12 dB, or '-oo'"),
        ("level_db", -INFINITE, "from -90 to 12 dB, or '-oo'"),
        ("ratio", 20.0, "from 1 to 19.6, or 'inf'"),
        ("ratio", -INFINITE, "from 1 to 19.6, or 'inf'"),
        ("hold", True, "from 1 to 1000, or 'OFF'"),
        ("hold", None, "from 1 to 1000, or 'OFF'"),
    ],
)
def test_bad_values_name_the_range_and_the_words(scanned, name, value, message):
    scanned("Words")
    plugin = VST3("Words", isolated=False)
    with pytest.raises(ParameterError, match=message):
        setattr(plugin, name, value)


@WHERE
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_the_number_and_the_word_are_heard(scanned, rate, isolated):
    scanned("Words")
    plugin, audio = VST3("Words", isolated=isolated, level_db=-6.0), recording()
    assert np.abs(plugin(audio, rate) - np.float32(10 ** (-6 / 20)) * audio).max() < 1e-6
    plugin.level_db = "-oo"
    assert not plugin(audio, rate).any()
    assert not VST3("Words", isolated=isolated, state=plugin.state)(audio, rate).any()


def test_presets_hold_both_and_either_may_be_edited_into_the_other(scanned, tmp_path):
    scanned("Words")
    plugin = VST3("Words", level_db="-oo", hold=250, ratio="inf", attack="Auto", balance=-3)
    save_preset(Preset("A", "", Chain([plugin])), tmp_path / "a.json")
    written = json.loads((tmp_path / "a.json").read_text())
    values = {"level_db": "-oo", "hold": 250, "ratio": "inf", "attack": "Auto", "balance": -3}
    assert written["chain"][0]["parameters"] == values
    loaded = load_preset(tmp_path / "a.json")
    assert preset_to_json(loaded) == written and loaded.chain[0].ratio == INFINITE
    edited = {"level_db": -6.0, "hold": "OFF", "ratio": 4.0, "attack": 2000, "balance": "-"}
    written["chain"][0]["parameters"] = edited
    (again,) = parse_preset(json.dumps(written).encode(), "a.json").chain
    assert {name: getattr(again, name) for name in edited} == edited
    written["chain"][0]["parameters"] = values | {"level_db": "-ooo"}
    with pytest.raises(PresetError, match="level_db='-ooo' .* from -90 to 12 dB, or '-oo'"):
        parse_preset(json.dumps(written).encode(), "a.json")


def test_the_command_line_sets_and_shows_both(scanned, tmp_path, monkeypatch, capsys):
    scanned("Words")
    save_preset(Preset("A", "", Chain([VST3("Words", level_db="-oo", hold=20)])), tmp_path / "a.json")
    settings = ["words.level_db=-6", "words.hold=OFF", "words.ratio=inf"]
    (plugin,) = chain_with(str(tmp_path / "a.json"), settings)
    assert (plugin.level_db, plugin.hold, plugin.ratio) == (-6.0, "OFF", INFINITE)

    def printed(*words):
        monkeypatch.setattr(sys, "argv", ["wavemend", *map(str, words)])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit):
            cli.main()
        return capsys.readouterr().out

    assert "-90 to 12 dB, or '-oo'" in printed("plugins", "show", "Words")
    shown = json.loads(printed("plugins", "show", "Words", "--json"))["parameters"]["hold"]
    assert shown["allowed"] == "1 to 1000, or 'OFF'"
    shown = printed("presets", "show", tmp_path / "a.json")
    rows = [line.split()[:2] for line in shown.splitlines()]
    assert ["words.level_db", "-oo"] in rows and ["words.hold", "20"] in rows

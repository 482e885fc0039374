"""What was set is what is kept: a state read back, a preset, a file for other hosts, an editor, a copy."""

import copy
import json
import pickle

import numpy as np
import pytest
from wavemend import Chain, Preset, load_preset, save_preset
from wavemend.host.vst3.plugin import VST3
from wavemend.host.vst3.process.hosting import Hosted

RATES = [44_100, 48_000, 96_000]
QUEUED = ["MonoQueued", "Queued"]
SET_DB, NEW_DB = -6.0, -12.0

WHERE = pytest.mark.parametrize("isolated", [True, False], ids=["isolated", "in process"])


def recording(channels=2, length=3000):
    return (0.1 * np.random.default_rng(0).standard_normal((channels, length))).astype(np.float32)


def gain_of(plugin, rate=44_100, channels=2):
    """Return what the plugin makes of a recording, in dB."""
    audio = recording(channels)
    heard = plugin(audio, rate)
    gain = float(heard[0, 100] / audio[0, 100])
    assert np.allclose(heard, audio * np.float32(gain), atol=1e-7), "the channels or samples differ"
    return 20 * np.log10(gain)


def after(plugin, path):
    """Return a plugin that got what `plugin` has set, on the way `path`; its settings are not set anew."""
    again = VST3(plugin.name, isolated=plugin.isolated, gain_db=20.0)
    again.state  # it has played a block before, as an object that is in use has
    if path == "state":
        again.state = plugin.state
    elif path == "new":
        again = VST3(plugin.name, isolated=plugin.isolated, state=plugin.state)
    elif path == "copy":
        again = plugin.copy()
    elif path == "deepcopy of the chain":
        (again,) = copy.deepcopy(Chain([plugin]))
    elif path == "pickle":
        again = pickle.loads(pickle.dumps(plugin))
    return again


@WHERE
@pytest.mark.parametrize("name", QUEUED)
@pytest.mark.parametrize("path", ["state", "new", "copy", "deepcopy of the chain", "pickle"])
def test_what_is_set_after_a_first_state_is_in_the_next(scanned, name, path, isolated):
    scanned(name)
    plugin = VST3(name, isolated=isolated)
    before = plugin.state
    plugin.gain_db = SET_DB
    assert plugin.state != before
    again = after(plugin, path)
    assert again.gain_db == SET_DB
    assert gain_of(again) == pytest.approx(SET_DB, abs=1e-3)
    again.gain_db = NEW_DB  # and on the way back
    assert VST3(name, isolated=isolated, state=again.state).gain_db == NEW_DB
    assert plugin.gain_db == SET_DB


@WHERE
@pytest.mark.parametrize("name", QUEUED)
def test_a_preset_holds_what_was_set_last_in_its_state(scanned, tmp_path, name, isolated):
    scanned(name)
    plugin = VST3(name, isolated=isolated)
    for number, value in enumerate((SET_DB, NEW_DB)):
        plugin.gain_db = value
        path = tmp_path / f"{number}.json"
        save_preset(Preset("A", "", Chain([plugin])), path)
        (slot,) = json.loads(path.read_text())["chain"]
        assert slot["parameters"] == {"gain_db": value} and "unkept" not in slot
        (again,) = load_preset(path).chain
        assert again.gain_db == value and gain_of(again) == pytest.approx(value, abs=1e-3)


@WHERE
@pytest.mark.parametrize("name", QUEUED)
def test_vstpreset_files_hold_what_was_set_last(scanned, tmp_path, name, isolated):
    scanned(name)
    plugin, again = VST3(name, isolated=isolated), VST3(name, isolated=isolated)
    for value in (SET_DB, NEW_DB):
        plugin.gain_db = value
        plugin.save_preset(tmp_path / "a.vstpreset", overwrite=True)
        again.gain_db = 20.0
        again.load_preset(tmp_path / "a.vstpreset")
        assert again.gain_db == value and gain_of(again) == pytest.approx(value, abs=1e-3)
        never_played = VST3(name, isolated=isolated)
        never_played.load_preset(tmp_path / "a.vstpreset")
        assert never_played.gain_db == value


@WHERE
@pytest.mark.parametrize("name", QUEUED)
def test_what_is_turned_in_the_editor_is_kept(scanned, monkeypatch, name, isolated):
    """The editor is a person who turns a knob: the parameter moves, and nothing else is told."""
    scanned(name)
    monkeypatch.setattr(Hosted, "show_editor", lambda hosted, close_event: hosted.set_place("gain_db", 0.25))
    for plugin in (VST3(name, isolated=isolated), VST3(name, isolated=isolated, gain_db=SET_DB)):
        plugin.state
        plugin.show_editor()
        assert plugin.gain_db == NEW_DB and plugin.places == {}
        assert VST3(name, isolated=isolated, state=plugin.state).gain_db == NEW_DB
        assert gain_of(plugin) == pytest.approx(NEW_DB, abs=1e-3)


@WHERE
@pytest.mark.parametrize(
    ("name", "channels"),
    [("MonoQueued", 1), ("MonoQueued", 2), ("MonoQueued", 3), ("Queued", 1), ("Queued", 2)],
)
@pytest.mark.parametrize("rate", RATES)
def test_what_is_set_in_mid_recording_is_heard_from_the_next_block_on(
    scanned, name, channels, rate, isolated
):
    scanned(name)
    plugin = VST3(name, isolated=isolated, gain_db=SET_DB, block_size=512)
    audio = recording(channels, 1024)
    first = plugin.process(audio[:, :512], rate, reset=False)
    plugin.gain_db = NEW_DB
    assert VST3(name, isolated=isolated, state=plugin.state).gain_db == NEW_DB  # asked for in mid-recording
    second = plugin.process(audio[:, 512:], rate, reset=False)
    for heard, told, value in ((first, audio[:, :512], SET_DB), (second, audio[:, 512:], NEW_DB)):
        assert np.allclose(heard, told * np.float32(10 ** (value / 20)), atol=1e-7)
    assert gain_of(plugin, rate, channels) == pytest.approx(NEW_DB, abs=1e-3)

"""`VST3`: pedalboard's surface over settings, and state that survives by sound."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Preset
from wavemend.errors import ParameterError, PluginError, PresetError, UnknownParameterError
from wavemend.host.presets.slots import chain_to_json
from wavemend.host.vst3.bundle import bundles
from wavemend.host.vst3.plugin import VST3

from ..faulty_plugins import make_bundle

RATE = 8000


def recording(seconds=0.5, channels=2):
    return 0.1 * np.random.default_rng(0).standard_normal((channels, int(seconds * RATE)))


def test_who_it_is(scanned):
    scanned("Good")
    plugin = VST3("Good")
    assert (plugin.name, plugin.manufacturer_name, plugin.version) == ("Good", "wavemend tests", "1.0.0")
    assert (plugin.category, plugin.is_effect, plugin.is_instrument) == ("Fx|Tools", True, False)
    assert repr(plugin) == '<wavemend.VST3 "Good" by wavemend tests 1.0.0>'
    assert "in this process" in repr(VST3("Good", isolated=False))


@pytest.mark.parametrize("isolated", [True, False])
def test_parameters_have_pedalboards_fields(scanned, isolated):
    scanned("Good")
    plugin = VST3("Good", isolated=isolated)
    gain, mode, invert = (plugin.parameters[name] for name in ("gain_db", "mode", "invert"))
    assert (gain.name, gain.python_name, gain.label, gain.units) == ("Gain", "gain_db", "dB", "dB")
    assert (gain.type, gain.range, gain.valid_values) == (float, (-24.0, 24.0, None), [-24.0, 24.0])
    assert (gain.default_raw_value, gain.raw_value, gain.string_value) == (0.5, 0.5, "0.00")
    assert (gain.is_discrete, gain.is_boolean, gain.is_automatable) == (False, False, True)
    assert (mode.type, mode.valid_values, mode.range) == (str, ["Soft", "Medium", "Hard"], (None,) * 3)
    assert (invert.type, invert.is_boolean, invert.valid_values) == (bool, True, [False, True])
    assert gain.get_raw_value_for(-12) == 0.25 and gain.get_text_for_raw_value(0.75) == "12.00"
    gain.raw_value = 0.75
    assert plugin.gain_db == 12.0
    assert {"gain_db", "mode", "invert"} <= set(dir(plugin))


@pytest.mark.parametrize("isolated", [True, False])
def test_attributes_are_values(scanned, isolated):
    scanned("Good")
    plugin = VST3("Good", isolated=isolated, gain_db=-6.0, invert=True)
    assert (plugin.gain_db, plugin.mode, plugin.invert) == (-6.0, "Soft", True)
    plugin.mode = "Medium"
    assert plugin.mode == "Medium"
    audio = recording()
    assert np.abs(plugin(audio, RATE) + np.float32(10**-0.3) * audio).max() < 1e-7


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("gain_db", 25, r"Good\.gain_db=25 is not allowed; it must be a number from -24 to 24 dB"),
        ("gain_db", "much", "from -24 to 24 dB"),
        ("mode", "soft", "one of Soft, Medium, Hard"),
        ("invert", 1, "True or False"),
    ],
)
def test_bad_values_name_what_is_allowed(scanned, name, value, message):
    scanned("Good")
    plugin = VST3("Good")
    with pytest.raises(ParameterError, match=message):
        setattr(plugin, name, value)
    with pytest.raises(ParameterError, match=message):
        VST3("Good", **{name: value})


def test_unknown_names_say_what_is_near(scanned):
    scanned("Good")
    plugin = VST3("Good")
    with pytest.raises(UnknownParameterError, match=r"Good has no parameter 'gain'; did you mean gain_db\?"):
        plugin.gain = 3
    with pytest.raises(AttributeError, match="it has gain_db, mode, invert"):
        plugin.wobble
    with pytest.raises(AttributeError):
        plugin.name = "Better"


@pytest.mark.parametrize("block_size", [31, 65_537, 512.0, True, "512", None])
def test_bad_block_sizes_are_refused(scanned, block_size):
    scanned("Good")
    with pytest.raises(ParameterError, match="from 32 to 65536"):
        VST3("Good", block_size=block_size)


@pytest.mark.parametrize("timeout_s", [0, -1, 3601, 1e300, float("inf"), float("nan"), "30", None, True])
def test_bad_time_outs_are_refused(scanned, timeout_s):
    scanned("Good")
    with pytest.raises(ParameterError, match="timeout_s=.* must be a number of seconds above 0, up to 3600"):
        VST3("Good", timeout_s=timeout_s)


@pytest.mark.parametrize("memory_limit_gb", [0, 0.2, 1025, float("nan"), "4", None, True])
def test_bad_memory_limits_are_refused(scanned, memory_limit_gb):
    scanned("Good")
    with pytest.raises(ParameterError, match=r"memory_limit_gb=.* a number from 0\.25 to 1024 GB"):
        VST3("Good", memory_limit_gb=memory_limit_gb)


def test_isolated_plugins_run_from_any_thread_and_others_say_that_they_do_not(scanned):
    scanned("Good")
    audio = recording()
    own, isolated = VST3("Good", isolated=False), VST3("Good")
    assert np.array_equal(own(audio, RATE), isolated(audio, RATE))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: isolated.copy()(audio, RATE), range(4)))
        refused = pool.submit(own.copy(), audio, RATE).exception()
    assert all(np.array_equal(result, results[0]) for result in results)
    assert isinstance(refused, PluginError)
    assert "Good can be used in this process from the main thread alone" in str(refused)


@pytest.mark.parametrize("layout", [(4000,), (2, 4000), (4000, 2), (1, 4000)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts_and_types_stay(scanned, layout, dtype):
    scanned("Good")
    audio = (0.1 * np.random.default_rng(0).standard_normal(layout)).astype(np.float32).astype(dtype)
    out = VST3("Good", isolated=False)(audio, RATE)
    assert out.dtype == dtype and np.array_equal(out, audio)


@pytest.mark.parametrize("isolated", [True, False])
def test_settings_are_heard_after_save_and_load(scanned, isolated):
    scanned("Good")
    audio = recording()
    plugin = VST3("Good", isolated=isolated, gain_db=7.77, invert=True)
    expected = plugin(audio, RATE)
    for again in (
        VST3("Good", isolated=isolated, state=plugin.state),
        copy.deepcopy(plugin),
        pickle.loads(pickle.dumps(plugin)),
        plugin.copy(),
    ):
        assert np.array_equal(again(audio, RATE), expected)
    assert plugin.copy() == plugin
    other = VST3("Good", isolated=isolated)
    assert other != plugin
    other.state = plugin.state
    assert np.array_equal(other(audio, RATE), expected) and other.gain_db == plugin.gain_db == 7.77


def test_what_a_state_does_not_keep_is_kept_beside_it(scanned):
    scanned("Forgetful")
    audio = recording()
    plugin = VST3("Forgetful", gain_db=6.0)
    expected = plugin(audio, RATE)
    assert np.abs(expected - np.float32(10**0.3) * audio).max() < 1e-7
    (slot,) = chain_to_json(Chain([plugin]))
    assert slot["unkept"] == {"gain_db": 0.625} and slot["parameters"]["gain_db"] == 6


def test_vstpreset_files_come_back_by_sound(scanned, tmp_path):
    scanned("Good", "Mono")
    audio = recording()
    plugin = VST3("Good", gain_db=-3.3)
    plugin.save_preset(tmp_path / "quiet.vstpreset")
    data = (tmp_path / "quiet.vstpreset").read_bytes()
    assert data[:4] == b"VST3" and data[8:40].decode() == plugin.identifier
    again = VST3("Good", gain_db=10.0)
    again.load_preset(tmp_path / "quiet.vstpreset")
    assert np.array_equal(again(audio, RATE), plugin(audio, RATE))
    with pytest.raises(PresetError, match="is there already"):
        plugin.save_preset(tmp_path / "quiet.vstpreset")
    plugin.save_preset(tmp_path / "quiet.vstpreset", overwrite=True)
    with pytest.raises(PresetError, match="belongs to the plugin .*; Mono is "):
        VST3("Mono").load_preset(tmp_path / "quiet.vstpreset")
    for wrong in (b"", b"VST3", b"RIFF" + data[4:]):
        (tmp_path / "wrong.vstpreset").write_bytes(wrong)
        with pytest.raises(PresetError, match=r"is no \.vstpreset file"):
            plugin.load_preset(tmp_path / "wrong.vstpreset")
    with pytest.raises(PresetError, match="cannot be read"):
        plugin.load_preset(tmp_path / "gone.vstpreset")


@pytest.mark.parametrize("state", [b"", b"junk", b"\0" * 100_000, bytes(range(256)) * 40])
def test_a_wrong_state_harms_nobody(scanned, state):
    scanned("Good")
    audio = recording()
    try:
        out = VST3("Good", state=state)(audio, RATE)
    except PluginError:
        return
    assert out.shape == audio.shape


def test_an_editor_that_cannot_be_shown_is_an_error(scanned, monkeypatch):
    scanned("Good")
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(PluginError, match="Good .*cannot show its editor|Good crashed"):
        VST3("Good").show_editor()


def test_a_plugin_that_became_another_is_refused(scanned, tmp_path, faulty_binary):
    scanned("Good")
    plugin = VST3("Good")
    plugin._identity = type(plugin.identity)("0" * 32, "Good", "", "")
    with pytest.raises(PluginError, match="Good is another plugin than it was"):
        plugin.hosted()


def test_a_chain_with_a_vst3_is_copied_with_an_instance_and_a_substitute_of_its_own(scanned):
    scanned("Good")
    plugin = VST3("Good", gain_db=-3, missing="substitute", substitute=pedalboard.Gain(-3))
    chain = Chain([plugin])
    for twin in (
        copy.deepcopy(chain),
        pickle.loads(pickle.dumps(chain)),
        Preset("", "", chain).new_chain(),
    ):
        assert np.array_equal(twin(recording(), RATE), chain(recording(), RATE))
        twin[0].gain_db = 6
        twin[0].substitute.gain_db = 6
        assert (plugin.gain_db, plugin.substitute.gain_db) == (-3, -3)


def test_flush_gives_the_tail_of_a_stream_and_ends_it(scanned):
    scanned("Latency")
    plugin, audio = VST3("Latency", gain_db=-3, block_size=512), recording()
    expected = plugin(audio, RATE)
    for _ in range(2):
        out = [plugin.process(block, RATE, reset=False) for block in np.split(audio, [700, 1400], axis=1)]
        assert np.array_equal(np.concatenate([*out, plugin.flush()], axis=1), expected)
    assert plugin.flush().size == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"missing": "ignore"}, "must be one of fail, bypass, substitute$"),
        ({"missing": "substitute"}, r"missing='substitute' needs the .* add substitute="),
        ({"substitute": pedalboard.Gain()}, r"would never be used with missing='fail'; add missing='sub"),
    ],
)
def test_what_stands_in_is_said_once_and_without_contradiction(scanned, options, message):
    scanned("Good")
    with pytest.raises(ParameterError, match=message):
        VST3("Good", **options)


def test_where_nothing_is_known_yet_the_standard_folders_are_scanned(tmp_path, faulty_binary, monkeypatch):
    make_bundle(tmp_path / "installed", "Good", faulty_binary)
    monkeypatch.setattr(bundles, "standard_folders", lambda: [tmp_path / "installed"])
    with pytest.warns(UserWarning, match=r"no VST3 is known yet: scanning .*installed \(1 to try out\)"):
        assert VST3("Good").name == "Good"
    assert VST3("Good").gain_db == 0  # and that is kept: no second warning
    with pytest.raises(PluginError, match="no VST3 'Better' is known"):
        VST3("Better")


def test_where_nothing_is_installed_the_error_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "standard_folders", lambda: [tmp_path / "installed"])
    with pytest.raises(PluginError, match=r"none lies in .*installed; install it, or scan the folder"):
        VST3("Good")

"""VST3s in presets: what is written down sounds the same again."""

import base64
import copy
import json

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Preset, Rumble, Slot, load_preset, save_preset
from wavemend.errors import PluginError, PresetError
from wavemend.host.presets import vst3_slot as preset_slot
from wavemend.host.presets.preset import (
    preset_to_json,
)
from wavemend.host.presets.slots import chain_to_json
from wavemend.host.vst3.plugin import VST3
from wavemend.host.vst3.process.hosting import Hosted

from .vst3_presets import RATE, changed, parse, preset_of, recording, slot_of, through_text, uninstall_all


def test_what_is_written_down(scanned):
    scanned("Good")
    (slot,) = chain_to_json(Chain([Slot(VST3("Good", gain_db=-6.5, block_size=512), mix=0.5)]))
    state = slot.pop("state")
    assert slot == {
        "plugin": "vst3." + b"Good".ljust(16, b"\0").hex().upper(),
        "name": "Good",
        "vendor": "wavemend tests",
        "version": "1.0.0",
        "block_size": 512,
        "timeout_s": 30.0,
        "memory_limit_gb": 4.0,
        "parameters": {"gain_db": -6.5, "mode": "Soft", "invert": "Off"},
        "missing": "fail",
        "mix": 0.5,
    }
    assert base64.b64decode(state, validate=True) == VST3("Good", gain_db=-6.5).state


@pytest.mark.parametrize("name", ["Good", "Forgetful", "Latency"])
def test_a_loaded_preset_sounds_the_same(scanned, name):
    scanned(name)
    plugin = VST3(name, gain_db=7.77, mode="Hard", invert=True, block_size=777)
    chain = Chain([Rumble(), Slot(plugin, mix=0.7), pedalboard.Gain(1)])
    expected = chain(recording(), RATE)
    loaded = through_text(Preset("A", "", chain))
    assert np.array_equal(loaded.chain(recording(), RATE), expected)
    assert preset_to_json(loaded) == preset_to_json(Preset("A", "", chain))
    assert np.array_equal(through_text(loaded).chain(recording(), RATE), expected)


@pytest.mark.parametrize(("timeout_s", "memory_limit_gb"), [(0.5, 1), (90, 8.5), (3600.0, 0.25)])
def test_the_time_for_an_answer_and_the_memory_are_kept(scanned, tmp_path, timeout_s, memory_limit_gb):
    scanned("Good")
    plugin = VST3("Good", timeout_s=timeout_s, memory_limit_gb=memory_limit_gb)
    save_preset(preset_of(plugin), tmp_path / "slow.json")
    written = json.loads((tmp_path / "slow.json").read_text())
    loaded = load_preset(tmp_path / "slow.json")
    assert preset_to_json(loaded) == written
    for again in (loaded.chain[0], loaded.chain[0].copy()):
        assert (again.timeout_s, again.memory_limit_gb) == (timeout_s, memory_limit_gb)
    older = changed(written, {"timeout_s": ..., "memory_limit_gb": ...})  # presets of before have neither
    (plain,) = parse(older).chain
    assert (plain.timeout_s, plain.memory_limit_gb) == (30, 4)


def test_both_hold_while_a_preset_is_loaded_and_while_it_plays(scanned, monkeypatch):
    scanned("Good")
    seen = []
    original = Hosted.__init__

    def watched(hosted, *arguments, answer_seconds, memory_limit_gb, **options):
        seen.append((answer_seconds, memory_limit_gb))
        original(
            hosted, *arguments, answer_seconds=answer_seconds, memory_limit_gb=memory_limit_gb, **options
        )

    monkeypatch.setattr(Hosted, "__init__", watched)
    plugin = VST3("Good", timeout_s=77, memory_limit_gb=7)
    loaded = parse(slot_of(plugin, {"parameters": {"gain_db": -1}}))
    loaded.chain(recording(), RATE)
    assert len(seen) >= 3 and set(seen) == {(77, 7)}


def test_a_readable_value_that_was_edited_is_heard(scanned):
    scanned("Good")
    data = slot_of(VST3("Good", gain_db=-6, mode="Hard"), {})
    data["chain"][0]["parameters"] |= {"gain_db": 6, "invert": "On"}
    (plugin,) = parse(data).chain
    assert (plugin.gain_db, plugin.mode, plugin.invert) == (6.0, "Hard", True)
    out = parse(data).chain(recording(), RATE)
    assert np.abs(out + np.float32(10**0.3) * recording()).max() < 1e-6


def test_another_version_is_told_about(scanned):
    scanned("Good")
    loaded = parse(slot_of(VST3("Good"), {"version": "0.9.0"}))
    (warning,) = loaded.chain.warnings()
    assert warning == (
        "Good 1.0.0 by wavemend tests is installed, but its settings were made with "
        "0.9.0 by wavemend tests: it may sound different"
    )


def test_a_batch_runs_the_plugin_once_to_check_its_values(scanned, tmp_path, monkeypatch):
    scanned("Good")
    save_preset(preset_of(VST3("Good", gain_db=1.25)), tmp_path / "mine.json")
    load_preset(tmp_path / "mine.json")
    monkeypatch.setattr(preset_slot, "Hosted", None)
    load_preset(tmp_path / "mine.json")


def test_more_parameters_than_a_preset_lists_are_in_its_state(scanned):
    scanned("HugeList")
    (slot,) = chain_to_json(Chain([VST3("HugeList", gain_db=3)]))
    assert len(slot["parameters"]) == 512 and slot["parameters"]["gain_db"] == 3


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("isolated", [True, False])
def test_hundreds_of_moved_values_that_no_state_keeps_come_back(scanned, tmp_path, isolated, rate):
    scanned("ForgetsMany")
    plugin = VST3("ForgetsMany", isolated=isolated)
    places = np.random.default_rng(0).uniform(0.1, 1, 600)
    plugin.take(plugin.state, {f"part_{n}": float(place) for n, place in enumerate(places)})
    expected = plugin(recording(), rate)
    gain = np.sum(places * np.arange(1, 601)) / 600**2
    assert np.allclose(expected, recording() * gain, rtol=1e-4, atol=1e-6)
    save_preset(preset_of(plugin), tmp_path / "many.json")
    (slot,) = json.loads((tmp_path / "many.json").read_text())["chain"]
    assert len(slot["unkept"]) == 600 and len(slot["parameters"]) == 512
    (loaded,) = load_preset(tmp_path / "many.json").chain
    assert np.array_equal(loaded(recording(), rate), expected)
    # One that is not among those written out may be added by hand.
    data = json.loads((tmp_path / "many.json").read_text())
    data["chain"][0]["parameters"] |= {f"part_{n}": 0.25 for n in range(500, 600)}
    (edited,) = parse(data).chain
    assert edited.part_599 == pytest.approx(0.25, abs=1e-4)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize("name", ["NoParameters", "NoState"])
def test_a_plugin_without_parameters_goes_every_way(scanned, tmp_path, name, isolated, rate):
    scanned(name)
    plugin = VST3(name, isolated=isolated)
    audio = recording().astype(np.float32)
    half = np.float32(0.5) * audio
    assert plugin.parameters == {} and np.array_equal(plugin(audio, rate), half)
    assert VST3(name, state=plugin.state).state == plugin.state
    assert plugin.identifier == name.encode().ljust(16, b"\0").hex().upper()
    plugin.save_preset(tmp_path / "a.vstpreset")
    plugin.load_preset(tmp_path / "a.vstpreset")
    other = VST3(name, isolated=isolated)
    other.load_preset(tmp_path / "a.vstpreset")
    (loaded,) = through_text(preset_of(other)).chain
    for again in (plugin, other, loaded, copy.deepcopy(loaded)):
        assert np.array_equal(again(audio, rate), half)


@pytest.mark.parametrize("isolated", [True, False])
def test_what_gives_no_state_away_is_kept_beside_it_and_has_no_file_for_other_hosts(
    scanned, tmp_path, isolated
):
    scanned("Secretive")
    plugin = VST3("Secretive", isolated=isolated, gain_db=-6.0)
    with pytest.raises(PluginError, match="Secretive gives no state away"):
        plugin.save_preset(tmp_path / "a.vstpreset")
    assert not list(tmp_path.glob("*.vstpreset"))
    (loaded,) = through_text(preset_of(plugin)).chain
    assert loaded.gain_db == -6.0 and np.array_equal(loaded(recording(), RATE), plugin(recording(), RATE))


@pytest.mark.parametrize("name", ["Good", "Forgetful"])
def test_a_plugin_that_pedalboard_loaded_is_stored_as_a_vst3(scanned, name):
    path = scanned(name).bundles[0].path
    loaded = pedalboard.load_plugin(path)
    loaded.gain_db, loaded.mode = -6.5, "Hard"
    written = preset_to_json(preset_of(loaded))
    (plugin,) = parse(written).chain
    assert isinstance(plugin, VST3) and (plugin.name, plugin.mode) == (name, "Hard")
    audio = recording()
    assert np.array_equal(parse(written).chain(audio, RATE), Chain([loaded])(audio, RATE))


def test_a_loaded_plugin_that_no_scan_found_is_refused_and_none_is_copied(scanned):
    loaded = pedalboard.load_plugin(scanned("Good").bundles[0].path)
    with pytest.raises(PluginError, match=r"Good can be neither copied .* use wavemend.VST3\('Good'\)"):
        copy.deepcopy(Chain([loaded]))
    uninstall_all()
    with pytest.raises(PresetError, match="Good cannot be stored in a preset: .*scan its folder"):
        preset_to_json(preset_of(loaded))

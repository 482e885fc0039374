"""VST3s in presets: they sound the same again, and a stranger's preset is data."""

import base64
import copy
import json

import jsonschema
import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Preset, Rumble, Slot, load_preset, save_preset
from wavemend.errors import ParameterError, PluginError, PresetError
from wavemend.host.chain.strength import eased
from wavemend.host.presets import vst3_slot as preset_slot
from wavemend.host.presets.overrides import chain_with
from wavemend.host.presets.preset import (
    described_preset,
    parse_preset,
    preset_to_json,
)
from wavemend.host.presets.schema import preset_schema
from wavemend.host.presets.slots import absences, chain_to_json
from wavemend.host.vst3.installed.catalogue import catalogue_path
from wavemend.host.vst3.plugin import VST3
from wavemend.host.vst3.process.hosting import Hosted

RATE = 8000


WRITTEN = {
    "format": "wavemend-preset",
    "format_version": 1,
    "name": "Written by a stranger",
    "chain": [
        {
            "plugin": "vst3." + b"Good".ljust(16, b"\0").hex().upper(),
            "name": "Good",
            "vendor": "wavemend tests",
            "version": "1.0.0",
            "block_size": 512,
            "parameters": {},
            "state": "",
        }
    ],
}


def recording(channels=2):
    return 0.1 * np.random.default_rng(0).standard_normal((channels, 8000))


def preset_of(*members):
    return Preset("Mixed", "With a VST3.", Chain(members))


def through_text(preset):
    return parse(preset_to_json(preset))


def slot_of(plugin, changes):
    """Return a preset's JSON with one slot, some of its fields changed, or left out where `...`."""
    return changed(preset_to_json(preset_of(plugin)), changes)


def changed(data, changes):
    """Return a preset with fields of its first slot changed, or left out where `...`."""
    slot = {name: value for name, value in (data["chain"][0] | changes).items() if value is not ...}
    return data | {"chain": [slot, *data["chain"][1:]]}


def parse(data):
    return parse_preset(json.dumps(data).encode(), "my.json")


def uninstall_all():
    catalogue_path().unlink()


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


def test_a_preset_never_switches_isolation_off(scanned):
    scanned("Good")
    plugin = VST3("Good", isolated=False)
    (loaded,) = through_text(preset_of(plugin)).chain
    assert loaded.isolated
    with pytest.raises(PresetError, match="unknown field 'isolated'"):
        parse(slot_of(plugin, {"isolated": False}))


def test_the_schema_agrees(scanned):
    scanned("Good", "Forgetful")
    validator = jsonschema.Draft202012Validator(preset_schema())
    substitute = VST3("Good", missing="substitute", substitute=pedalboard.Compressor())
    good = preset_to_json(
        preset_of(substitute, VST3("Forgetful", gain_db=3), Rumble(), Chain([VST3("Good")]))
    )
    validator.validate(good)
    for path, value in (
        ("plugin", "vst3./usr/lib/vst3/Good.vst3"),
        ("block_size", 7),
        ("timeout_s", 0),
        ("timeout_s", 4000),
        ("memory_limit_gb", 0),
        ("missing", "ignore"),
        ("isolated", False),
        ("path", "/usr/lib"),
        ("substitute", {"chain": []}),
        ("parameters", {"gain_db": None}),
    ):
        broken = json.loads(json.dumps(good))
        broken["chain"][0][path] = value
        assert list(validator.iter_errors(broken)), path


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"plugin": "vst3./usr/lib/vst3/Good.vst3"}, "class id, 32 hexadecimal digits .* paths and names"),
        ({"plugin": "vst3.../../evil"}, "32 hexadecimal digits"),
        ({"plugin": "vst3.Good"}, "32 hexadecimal digits"),
        ({"plugin": "vst3." + "a" * 32}, "in capitals"),
        ({"plugin": "vst3." + "A" * 33}, "32 hexadecimal digits"),
        ({"plugin": "vst3." + "A" * 32 + "\n"}, "32 hexadecimal digits"),
        ({"name": "x" * 300}, "the name is not a text of at most 256"),
        ({"name": ""}, "the name is empty"),
        ({"vendor": 7}, "the vendor is not a text"),
        ({"version": 1}, "the version is not a text"),
        ({"state": ...}, "'state' is missing"),
        ({"block_size": ...}, "'block_size' is missing"),
        ({"state": "not base64!"}, "state is not text in base64"),
        ({"state": "AAA"}, "state is not text in base64"),
        ({"state": "ÄÄÄÄ"}, "state is not text in base64"),
        ({"state": ["AAAA"]}, "state must be text"),
        ({"state": "A" * (12 * 2**20)}, "state is larger than 8 MB"),
        ({"block_size": 10**9}, "block_size is 1000000000; it must be a whole number from 32 to 65536"),
        ({"block_size": True}, "block_size is True"),
        ({"timeout_s": 0}, "timeout_s=0 is not allowed; it must be a number of seconds above 0, up to 3600"),
        ({"timeout_s": 1e300}, "timeout_s=1e.300 is not allowed; it must be a number of seconds"),
        ({"timeout_s": True}, "timeout_s=True is not allowed"),
        ({"timeout_s": "30"}, "timeout_s='30' is not allowed"),
        ({"timeout_s": None}, "timeout_s=None is not allowed"),
        (
            {"memory_limit_gb": 0.1},
            "memory_limit_gb=0.1 is not allowed; it must be a number from 0.25 to 1024",
        ),
        ({"memory_limit_gb": None}, "memory_limit_gb=None is not allowed"),
        ({"parameters": []}, "'parameters' must be a JSON object"),
        ({"parameters": {"gain_db": [1]}}, "'gain_db' is .*; it must be a number, or the plugin's word"),
        ({"parameters": {str(n): 0 for n in range(2**16 + 1)}}, "at most 65536 values"),
        ({"unkept": {str(n): 0 for n in range(2**16 + 1)}}, "at most 65536 places from 0 to 1"),
        ({"unkept": {"gain_db": 2}}, "unkept 'gain_db' is 2; it must be a place from 0 to 1"),
        ({"missing": "download"}, "missing is 'download'; it must be one of fail, bypass, substitute"),
        ({"missing": "substitute"}, "'substitute' is there where missing is 'substitute'"),
        ({"missing": "substitute", "substitute": {"chain": []}}, "substitute: unknown field 'chain'"),
        (
            {"missing": "substitute", "substitute": {"plugin": "vst3." + "A" * 32, "parameters": {}}},
            "substitute .*no stage",
        ),
        ({"path": "/usr/lib/vst3/Good.vst3"}, "unknown field 'path'"),
        ({"isolated": False}, "unknown field 'isolated'"),
        ({"findings": {}}, "unknown field 'findings'"),
    ],
)
def test_hostile_presets_are_one_clear_line_and_nothing_runs(changes, message):
    with pytest.raises(PresetError, match=message) as caught:
        parse(changed(WRITTEN, changes))
    text = str(caught.value)
    assert text.startswith("my.json: slot 1") and "\n" not in text and len(text) < 500


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"parameters": {"gain_db": 400}},
            "gain_db=400 is not allowed; it must be a number from -24 to 24 dB",
        ),
        ({"parameters": {"wobble": 1}}, "has no parameter 'wobble'"),
        ({"unkept": {"wobble": 1}}, "has no parameter 'wobble'"),
    ],
)
def test_what_the_plugin_refuses_is_one_clear_line(scanned, changes, message):
    scanned("Good")
    with pytest.raises(PresetError, match=message) as caught:
        parse(changed(WRITTEN, changes))
    assert str(caught.value).startswith("my.json: slot 1 (Good): ") and "\n" not in str(caught.value)


def test_what_is_not_installed_fails_unless_told_otherwise(scanned):
    scanned("Good")
    data = slot_of(VST3("Good"), {})
    uninstall_all()
    with pytest.raises(
        PresetError,
        match=r"slot 1 \(Good\): the VST3 Good by wavemend tests is not installed here; install it",
    ):
        parse(data)


def test_what_is_not_installed_may_be_left_out(scanned, tmp_path):
    scanned("Good")
    preset = preset_of(Rumble(), VST3("Good", gain_db=6, missing="bypass"))
    written = preset_to_json(preset)
    uninstall_all()
    loaded = parse(written)
    with pytest.warns(UserWarning, match="is not installed here"):
        out = loaded.chain(recording(), RATE)
    assert np.array_equal(out, Chain([Rumble()])(recording(), RATE))
    assert loaded.chain.warnings() == ["the VST3 Good is not installed here and was left out"]
    assert preset_to_json(loaded) == written, "nothing is lost when it is saved again"


def test_what_is_not_installed_may_be_replaced(scanned):
    scanned("Good")
    stand_in = Rumble(cutoff_hz=50)
    written = preset_to_json(
        preset_of(Slot(VST3("Good", missing="substitute", substitute=stand_in), mix=0.5, bypass=False))
    )
    uninstall_all()
    loaded = parse(written)
    assert list(loaded.chain) == [stand_in] and loaded.chain.slots[0].mix == 0.5
    assert loaded.chain.warnings() == ["the VST3 Good is not installed here and was replaced by Rumble"]
    assert preset_to_json(loaded) == written
    eased_chain = eased(loaded.chain, 50)
    assert eased_chain.warnings() == loaded.chain.warnings()


def test_another_version_is_told_about(scanned):
    scanned("Good")
    loaded = parse(slot_of(VST3("Good"), {"version": "0.9.0"}))
    (warning,) = loaded.chain.warnings()
    assert warning == (
        "Good 1.0.0 by wavemend tests is installed, but its settings were made with "
        "0.9.0 by wavemend tests: it may sound different"
    )


def test_a_state_that_crashes_the_plugin_is_one_clear_line(scanned, monkeypatch):
    scanned("Good")

    def crash(*_, **__):
        raise preset_slot.PluginError("Good crashed (SIGSEGV)")

    monkeypatch.setattr(preset_slot, "Hosted", crash)
    with pytest.raises(PresetError, match=r"my.json: slot 1 \(Good\): Good crashed \(SIGSEGV\)"):
        parse(slot_of(VST3("Good"), {"state": base64.b64encode(b"fresh").decode()}))


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


def written_with(tmp_path, *slots):
    """Save a preset with these slots, then forget every plugin."""
    path = tmp_path / "theirs.json"
    save_preset(preset_of(*slots), path)
    uninstall_all()
    return str(path)


def test_what_is_missing_is_left_out_replaced_or_refused_whatever_the_preset_says(scanned, tmp_path):
    scanned("Good")
    stand_in = pedalboard.Gain(-3)
    inner = Chain([VST3("Good", missing="substitute", substitute=stand_in)])
    path = written_with(tmp_path, VST3("Good"), inner)
    with pytest.raises(PresetError, match=r"slot 1 \(Good\): .* --missing bypass"):
        load_preset(path)
    left_out = load_preset(path, missing="bypass")
    assert [slot.member for path, slot in left_out.chain.walk() if path != (1,)] == [None, None]
    assert left_out.chain.warnings() == ["the VST3 Good is not installed here and was left out"] * 2
    assert preset_to_json(left_out) == json.loads((tmp_path / "theirs.json").read_text())
    with pytest.raises(PresetError, match=r"slot 1 \(Good\): .*the preset names no substitute"):
        load_preset(path, missing="substitute")
    with pytest.raises(PresetError, match=r"slot 2.1 \(Good\)"):
        load_preset(path, missing="fail", bypass={"1": True})
    replaced = chain_with(path, ["1.bypass=on"], "substitute")
    assert replaced[1][0].gain_db == -3


def test_what_is_bypassed_need_not_be_installed(scanned, tmp_path):
    scanned("Good")
    path = written_with(tmp_path, Rumble(), Slot(VST3("Good"), mix=0.5))
    with pytest.raises(PresetError, match="is not installed here"):
        chain_with(path, [])
    for slot in ("good", "GOOD", "2"):
        chain = chain_with(path, [f"{slot}.bypass=on", f"{slot}.mix=0.25"])
        assert np.array_equal(chain(recording(), RATE), Rumble()(recording(), RATE))
        assert chain.slots[1].mix == 0.25 and chain.warnings() == []
    with pytest.raises(PresetError, match="is not installed here"):
        chain_with(path, ["good.bypass=on", "good.bypass=off"])
    with pytest.raises(ParameterError, match="Good is not installed here, so its gain_db cannot be set"):
        chain_with(path, ["good.bypass=on", "good.gain_db=3"])
    with pytest.raises(PresetError, match=r"no slot of this preset; it has 1 \(rumble\), 2 \(good\)"):
        chain_with(path, ["dehum.bypass=on"], "bypass")


def test_the_slot_of_a_missing_plugin_has_its_name_and_that_of_what_stands_in(scanned, tmp_path):
    scanned("Good")
    plugin = VST3("Good", missing="substitute", substitute=pedalboard.Compressor())
    path = written_with(tmp_path, plugin)
    assert chain_with(path, ["good.mix=0.5", "compressor.ratio=3"])[0].ratio == 3
    assert chain_with(path, ["compressor.bypass=on"]).slots[0].bypass
    with pytest.raises(ParameterError, match="what stands in for it is called compressor"):
        chain_with(path, ["good.gain_db=3"])


def test_a_preset_is_looked_at_without_its_plugins(scanned, tmp_path, monkeypatch):
    scanned("Good")
    plugin = VST3("Good", gain_db=-6.5, missing="substitute", substitute=pedalboard.Gain(1))
    save_preset(preset_of(Rumble(), Slot(plugin, mix=0.5)), tmp_path / "a.json")
    written = json.loads((tmp_path / "a.json").read_text())
    monkeypatch.setattr(preset_slot, "Hosted", None)  # nothing is run
    looked_at = described_preset(tmp_path / "a.json")
    assert preset_to_json(looked_at) == written and list(absences(looked_at.chain)) == []
    uninstall_all()
    looked_at = described_preset(tmp_path / "a.json")
    assert preset_to_json(looked_at) == written
    assert list(absences(looked_at.chain)) == [("2", "the VST3 Good by wavemend tests is not installed here")]


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

"""VST3s in a stranger's preset: it is data, and refused in one clear line."""

import base64
import json

import jsonschema
import pedalboard
import pytest
from wavemend import Chain, Rumble
from wavemend.errors import PresetError
from wavemend.host.presets import vst3_slot as preset_slot
from wavemend.host.presets.preset import (
    preset_to_json,
)
from wavemend.host.presets.schema import preset_schema
from wavemend.host.vst3.plugin import VST3

from .vst3_presets import WRITTEN, changed, parse, preset_of, slot_of, through_text

pytestmark = pytest.mark.usefixtures("own_catalogue")


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


def test_a_state_that_crashes_the_plugin_is_one_clear_line(scanned, monkeypatch):
    scanned("Good")
    slot = slot_of(VST3("Good"), {"state": base64.b64encode(b"fresh").decode()})

    def crash(*_, **__):
        raise preset_slot.PluginError("Good crashed (SIGSEGV)")

    monkeypatch.setattr(preset_slot, "Hosted", crash)
    with pytest.raises(PresetError, match=r"my.json: slot 1 \(Good\): Good crashed \(SIGSEGV\)"):
        parse(slot)

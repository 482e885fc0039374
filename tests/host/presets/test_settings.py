"""What a preset says in words: as `edit` takes it, whatever is installed."""

import json

import pytest
from wavemend.errors import PresetError
from wavemend.host.presets.library import preset_names
from wavemend.host.presets.overrides import edited_preset
from wavemend.host.presets.settings import settings_of
from wavemend.plugins.dehum import Dehum

GAIN = {"plugin": "pedalboard.Gain", "parameters": {"gain_db": 1.5}}
STRANGER = {"plugin": "studio.dehiss", "version": 3, "parameters": {"amount": 7}, "bypass": True}
OLD_HUM = {
    "plugin": "wavemend.dehum",
    "version": 1,
    "parameters": {
        "output": "repaired",
        "base_frequency_hz": 30.0,
        "mode": "adaptive",
        "harmonics": 9,
        "reduction_db": 12.0,
        "slope": 0.0,
    },
}


def written(path, *slots, name=""):
    preset = {"format": "wavemend-preset", "format_version": 1, "name": name, "chain": list(slots)}
    path.write_text(json.dumps(preset))
    return str(path)


@pytest.mark.parametrize("preset", preset_names())
def test_every_setting_that_is_shown_can_be_written_back(preset):
    before = settings_of(preset)
    typed = [
        f"{slot.called}.{setting.name}={setting.text.replace('(empty)', '')}"
        for slot in before
        for setting in slot.settings
    ]
    assert typed and edited_preset(preset, typed).chain is not None


def test_slots_are_called_by_what_names_them_alone(tmp_path):
    path = written(tmp_path / "a.json", GAIN, {"chain": [GAIN]}, OLD_HUM)
    assert [(s.number, s.called) for s in settings_of(path)] == [
        ("1", "1"),
        ("2", "2"),
        ("2.1", "2.1"),
        ("3", "dehum"),
    ]


def test_units_versions_and_what_is_missing_are_said(tmp_path):
    gain, stranger, hum = settings_of(written(tmp_path / "a.json", GAIN, STRANGER, OLD_HUM))
    assert gain.settings[0].text == "1.5 dB" and gain.version is None
    assert stranger.notes == ["missing"] and stranger.version == 3
    assert {s.name: s.text for s in stranger.settings} == {"amount": "7", "bypass": "on"}
    assert hum.version == 1 and hum.notes == [f"version {Dehum.version} is installed"]
    assert {s.name: s.text for s in hum.settings}["base_frequency_hz"] == "0 Hz"  # as it is upgraded


def test_control_characters_of_a_stranger_are_not_shown(tmp_path):
    slot = {**STRANGER, "plugin": "a\x1b[31mb", "parameters": {"x": "\x1b]0;title"}}
    (shown,) = settings_of(written(tmp_path / "a.json", slot))
    assert "\x1b" not in shown.title + shown.called + "".join(s.text for s in shown.settings)


def test_values_are_edited_though_a_plugin_is_missing(tmp_path):
    path = written(tmp_path / "a.json", GAIN, STRANGER)
    edited = edited_preset(path, ["gain.gain_db=3", "dehiss.bypass=off", "dehiss.mix=0.5"])
    assert edited.chain[0].gain_db == pytest.approx(3)
    assert not edited.chain.slots[1].bypass and edited.chain.slots[1].stands_for["parameters"] == {
        "amount": 7
    }
    with pytest.raises(PresetError, match="no stage 'studio.dehiss' is installed"):
        edited_preset(path, ["dehiss.amount=3"])


def test_a_number_means_its_slot_whatever_a_stranger_is_called(tmp_path):
    path = written(tmp_path / "a.json", {**STRANGER, "plugin": "studio.2"}, GAIN)
    edited = edited_preset(path, ["2.gain_db=3", "1.bypass=off"])
    assert edited.chain[1].gain_db == pytest.approx(3) and not edited.chain.slots[0].bypass

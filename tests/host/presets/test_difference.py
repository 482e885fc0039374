"""Presets compared: each difference once, in words, and nothing else."""

import json

import pytest
from wavemend.host.presets.difference import differences
from wavemend.host.presets.library import preset_names

from .test_settings import GAIN, OLD_HUM, STRANGER, written

INVERT = {"plugin": "pedalboard.Invert", "parameters": {}}


def found(tmp_path, before, after):
    one, other = written(tmp_path / "a.json", *before), written(tmp_path / "b.json", *after)
    return [(d.slot, d.what, d.before, d.after) for d in differences(one, other)]


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_does_not_differ_from_itself(preset):
    assert differences(preset, preset) == []


def test_values_have_units_and_places_their_usual_ones(tmp_path):
    changed = {"plugin": "pedalboard.Gain", "parameters": {"gain_db": -2.0}, "mix": 0.5, "bypass": True}
    assert found(tmp_path, [GAIN], [changed]) == [
        ("pedalboard.Gain", "gain_db", "1.5 dB", "-2 dB"),
        ("pedalboard.Gain", "bypass", "off", "on"),
        ("pedalboard.Gain", "mix", "1", "0.5"),
    ]


def test_digits_that_are_not_shown_otherwise_still_differ(tmp_path):
    near = {"plugin": "pedalboard.Gain", "parameters": {"gain_db": 1.5000001}}
    ((_, what, before, after),) = found(tmp_path, [GAIN], [near])
    assert what == "gain_db" and before != after


def test_slots_that_come_go_and_move_are_told_once(tmp_path):
    ((_, what, *_),) = found(tmp_path, [GAIN, INVERT], [INVERT, GAIN])  # one of the two moved
    assert what == "place"
    assert found(tmp_path, [INVERT], [GAIN, INVERT]) == [("pedalboard.Gain", "slot", "-", "1")]
    assert found(tmp_path, [GAIN, INVERT], [INVERT]) == [("pedalboard.Gain", "slot", "1", "-")]
    assert found(tmp_path, [{"chain": [GAIN]}], [{"chain": [GAIN, INVERT]}]) == [
        ("pedalboard.Invert", "slot", "-", "1.2")
    ]


def test_versions_and_findings_are_compared(tmp_path):
    newer = {**OLD_HUM, "version": 2}
    newer["parameters"] = OLD_HUM["parameters"] | {"base_frequency_hz": 0.0}
    assert found(tmp_path, [OLD_HUM], [newer]) == [("wavemend.dehum", "version", "1", "2")]
    other = {**STRANGER, "state": "AAAA"}
    ((slot, what, before, after),) = found(tmp_path, [STRANGER], [other])
    assert (slot, what, before) == ("studio.dehiss", "state", "-") and after.startswith("SHA-256 ")


def test_names_are_compared(tmp_path):
    one, other = written(tmp_path / "a.json", name="A"), written(tmp_path / "b.json", name="B")
    (difference,) = differences(one, other)
    assert json.dumps(difference.to_json()) == '{"slot": "", "what": "name", "before": "A", "after": "B"}'

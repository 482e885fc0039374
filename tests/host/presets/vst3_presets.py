"""Presets with VST3s in them, for the tests of how they are kept, refused and done without."""

import json

import numpy as np
from wavemend import Chain, Preset, save_preset
from wavemend.host.presets.preset import (
    parse_preset,
    preset_to_json,
)
from wavemend.host.vst3.installed.catalogue import catalogue_path

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


def written_with(tmp_path, *slots):
    """Save a preset with these slots, then forget every plugin."""
    path = tmp_path / "theirs.json"
    save_preset(preset_of(*slots), path)
    uninstall_all()
    return str(path)

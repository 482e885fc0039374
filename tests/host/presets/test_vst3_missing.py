"""Presets on a machine without the VST3: refused, left out, replaced or looked at, as one says."""

import json

import numpy as np
import pedalboard
import pytest
from wavemend import Chain, Rumble, Slot, load_preset, save_preset
from wavemend.errors import ParameterError, PresetError
from wavemend.host.chain.strength import eased
from wavemend.host.presets import vst3_slot as preset_slot
from wavemend.host.presets.overrides import chain_with
from wavemend.host.presets.preset import (
    described_preset,
    preset_to_json,
)
from wavemend.host.presets.slots import absences
from wavemend.host.vst3.plugin import VST3

from .vst3_presets import RATE, parse, preset_of, recording, slot_of, uninstall_all, written_with


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

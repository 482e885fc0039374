"""Values changed over a preset's own."""

import json

import pytest
from wavemend.errors import ParameterError, PluginError, PresetError, UnknownParameterError
from wavemend.host.presets.overrides import chain_with

NAMES = [type(slot.member).__name__ for slot in chain_with("vinyl", []).slots]


def test_values_change_by_number_and_by_name():
    chain = chain_with(
        "vinyl",
        [
            "1.sensitivity=3",
            "rumble.cutoff_hz=25 Hz",
            "highshelffilter.bypass=off",
            "highshelffilter.gain_db=-2",
        ],
    )
    assert chain[0].sensitivity == 3 and chain[NAMES.index("Rumble")].cutoff_hz == 25
    assert not chain.slots[-2].bypass and chain[-2].gain_db == pytest.approx(-2)
    chain = chain_with("vinyl", ["BrickwallLimiter.true_peak=on", "denoise.mix=0.5"])
    assert chain[-1].true_peak and chain.slots[NAMES.index("Denoise")].mix == 0.5


@pytest.mark.parametrize(
    ("setting", "error", "message"),
    [
        ("sensitivity", ParameterError, "write SLOT.PARAMETER=VALUE"),
        ("sensitivity=3", ParameterError, "write SLOT.PARAMETER=VALUE"),
        ("dereverb.x=3", PresetError, r"'dereverb' is no slot of this preset; it has 1 \(declick\), 2 \("),
        ("declick.sensitivty=3", UnknownParameterError, "did you mean sensitivity"),
        ("declick.sensitivity=30", ParameterError, "0 to 10"),
        ("declick.sensitivity=", ParameterError, "0 to 10"),
        ("highshelffilter.gain_db=loud", PluginError, "must be a number from -1000000 to 1000000"),
        ("highshelffilter.gain=3", UnknownParameterError, "no parameter 'gain'"),
        ("highshelffilter.gain_db=1e9", PluginError, "must be a number from -1000000 to 1000000"),
        ("highshelffilter.gain_db=true", PluginError, "must be a number"),
        (
            "brickwalllimiter.true_peak=3",
            ParameterError,
            "true_peak='3' is not allowed; it must be on or off",
        ),
        (
            "highshelffilter.bypass=maybe",
            ParameterError,
            "bypass='maybe' is not allowed; it must be on or off",
        ),
        ("declick.findings=3", UnknownParameterError, "no parameter 'findings'"),
        ("declick._values=3", UnknownParameterError, "no parameter '_values'"),
        ("declick.__class__=3", UnknownParameterError, "no parameter '__class__'"),
        ("declick.self=3", UnknownParameterError, "no parameter 'self'"),
        ("highshelffilter.mix=2", ParameterError, "0 to 1"),
    ],
)
def test_a_bad_setting_gives_one_clear_line(setting, error, message):
    with pytest.raises(error, match=message):
        chain_with("vinyl", [setting])


def test_a_name_that_fits_twice_needs_its_number(tmp_path):
    slot = {"plugin": "pedalboard.Gain", "parameters": {"gain_db": 1.0}}
    preset = {
        "format": "wavemend-preset",
        "format_version": 1,
        "name": "",
        "chain": [slot, {"chain": [slot]}],
    }
    path = tmp_path / "twice.json"
    path.write_text(json.dumps(preset))
    with pytest.raises(PresetError, match="fits several slots; use its number"):
        chain_with(str(path), ["gain.gain_db=3"])
    assert chain_with(str(path), ["2.1.gain_db=3"])[1][0].gain_db == pytest.approx(3)
    with pytest.raises(ParameterError, match="nested chain"):
        chain_with(str(path), ["2.gain_db=3"])


@pytest.mark.parametrize("slot", ["denoise", "Denoise", "wavemend.denoise"])
def test_a_slot_is_called_as_its_plugin_is_everywhere(slot):
    chain = chain_with("vinyl", [f"{slot}.reduction_db=3"])
    assert next(s for _, s in chain.stages() if s.id == "wavemend.denoise").reduction_db == 3


@pytest.mark.parametrize("value", ["-2", " -2 dB", "-2dB"])
def test_pedalboards_values_take_their_unit_as_those_of_stages_do(value):
    assert chain_with("vinyl", [f"highshelffilter.gain_db={value}"])[-2].gain_db == pytest.approx(-2)
    with pytest.raises(PluginError, match="must be a number"):
        chain_with("vinyl", ["highshelffilter.gain_db=-2 Hz"])

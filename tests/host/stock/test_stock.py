"""pedalboard's effects as members: described, made from values, and fed without resets."""

import copy
import json

import jsonschema
import numpy as np
import pedalboard
import pytest
from wavemend.errors import PluginError, PresetError, UnknownParameterError
from wavemend.host.chain.chain import Chain
from wavemend.host.presets.preset import Preset, parse_preset, preset_to_json, save_preset
from wavemend.host.presets.schema import preset_schema
from wavemend.host.stock.stock import make_stock, stock_effects, stock_parameters, stock_values
from wavemend.host.stock.stream import NativeStream

SCHEMA = preset_schema()


@pytest.mark.parametrize("name", sorted(stock_effects()))
def test_every_stock_effect_survives_the_way_through_values(name):
    made = make_stock(name, stock_values(stock_effects()[name]()))
    assert stock_values(made) == stock_values(stock_effects()[name]())


def settable(name):
    """Every parameter of a stock effect with values that it may take: all words, and many numbers."""
    effect = stock_effects()[name]()
    low, high = -1e6, 1e6
    numbers = [
        low,
        -100.0,
        -96.0,
        -3.3,
        -1.0,
        -0.1,
        0.0,
        1e-9,
        0.1,
        0.7,
        1.0,
        3.0,
        7.7,
        24.0,
        440.0,
        8e3,
        48e3,
        high,
    ]
    for parameter in stock_parameters(type(effect)):
        current = getattr(effect, parameter)
        words = getattr(type(current), "__members__", None)
        yield from (
            (parameter, value) for value in (words or ([True, False] if current is False else numbers))
        )


@pytest.mark.parametrize("name", sorted(stock_effects()))
def test_every_value_that_a_stock_effect_takes_survives_presets(name):
    taken = 0
    for parameter, value in settable(name):
        slot = {"plugin": f"pedalboard.{name}", "parameters": stock_values(stock_effects()[name]())}
        slot["parameters"][parameter] = value
        head = {"format": "wavemend-preset", "format_version": 1, "name": ""}
        text = json.dumps({**head, "chain": [slot]})
        try:
            make_stock(name, {parameter: value})
        except PluginError:
            with pytest.raises(PresetError, match=f"{name}.{parameter}="):
                parse_preset(text.encode(), "a.json")
            continue
        loaded = parse_preset(text.encode(), "a.json")
        taken += 1
        saved = preset_to_json(loaded)
        text = json.dumps(saved, allow_nan=False)
        assert preset_to_json(parse_preset(text.encode(), "b.json")) == saved
        assert jsonschema.Draft202012Validator(SCHEMA).is_valid(saved)
        kept = saved["chain"][0]["parameters"][parameter]
        assert kept == (value if isinstance(value, bool | str) else pytest.approx(value, rel=1e-3, abs=1e-6))
    assert taken or name == "Invert"


@pytest.mark.parametrize(
    ("name", "parameter", "value", "said"),
    [
        ("HighShelfFilter", "gain_db", 1000.0, "pedalboard makes inf of it; choose a value it keeps"),
        ("PeakFilter", "gain_db", -1000.0, "pedalboard makes -100 of it"),
        ("Resample", "target_sample_rate", 0.001, "a number from 1000 to 192000"),
        ("Resample", "target_sample_rate", 1e6, "a number from 1000 to 192000"),
        ("Resample", "quality", 8, "one of ZeroOrderHold, .*WindowedSinc8"),
        ("Gain", "gain_db", 2e6, "a number from -1000000 to 1000000"),
    ],
)
def test_a_value_that_is_not_kept_or_never_comes_to_an_end_is_refused(name, parameter, value, said):
    with pytest.raises(
        PluginError, match=rf"pedalboard\.{name}\.{parameter}={value}.* is not allowed.*{said}"
    ):
        make_stock(name, {parameter: value})


def test_a_value_that_pedalboard_keeps_as_another_is_stored_as_it_was_said():
    for hundredths in range(-2000, 2001, 37):
        shelf = pedalboard.HighShelfFilter(gain_db=hundredths / 100)
        stored = stock_values(shelf)
        assert stored["gain_db"] == hundredths / 100
        assert stock_values(make_stock("HighShelfFilter", stored)) == stored
        assert make_stock("HighShelfFilter", stored).gain_db == shelf.gain_db


@pytest.mark.parametrize("name", ["Resample", "LadderFilter", "GSMFullRateCompressor"])
def test_a_word_that_is_left_out_is_asked_for(name):
    slot = {"plugin": f"pedalboard.{name}", "parameters": {}}
    head = {"format": "wavemend-preset", "format_version": 1, "name": ""}
    with pytest.raises(PresetError, match=r"(quality|cutoff_hz) is missing; .*\(the default is"):
        parse_preset(json.dumps({**head, "chain": [slot]}).encode(), "a.json")


def test_what_pedalboard_took_and_no_preset_may_hold_is_copied_but_not_stored(tmp_path):
    loud = Chain([pedalboard.HighShelfFilter(gain_db=1000), pedalboard.Resample(500)])
    copied = copy.deepcopy(loud)
    assert copied[0].gain_db == float("inf") and copied[1].target_sample_rate == 500
    for index, said in enumerate(["gain_db=inf", "target_sample_rate=500"]):
        with pytest.raises(PresetError, match=f"cannot be stored in a preset: .*{said}"):
            save_preset(Preset("", "", loud[index : index + 1]), tmp_path / "a.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["Convolution", "VST3Plugin", "Pedalboard", "Nothing", "_klass", "__builtins__"]
)
def test_what_loads_files_or_is_no_effect_has_no_place_in_a_preset(name):
    with pytest.raises(PluginError, match="no effect"):
        make_stock(name, {})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "3", None, True, [1], 10**400])
def test_refuses_a_bad_value_by_name(value):
    with pytest.raises(PluginError, match=r"pedalboard\.HighShelfFilter\.gain_db"):
        make_stock("HighShelfFilter", {"gain_db": value})


def test_refuses_what_pedalboard_refuses_and_names_it():
    with pytest.raises(PluginError, match=r"cutoff_frequency_hz=-4.*greater than 0"):
        make_stock("HighShelfFilter", {"cutoff_frequency_hz": -4})
    with pytest.raises(UnknownParameterError, match="no parameter 'gain'; it has"):
        make_stock("HighShelfFilter", {"gain": 3})
    with pytest.raises(PluginError, match="one of LPF12"):
        make_stock("LadderFilter", {"mode": "LPF13"})


@pytest.mark.parametrize(("lookahead_ms", "rate"), [(5.0, 44_100), (1.0, 8000), (20.0, 192_000)])
def test_latency_is_measured_and_nothing_is_late(lookahead_ms, rate):
    limiter = pedalboard.BrickwallLimiter(ceiling_db=0, lookahead_ms=lookahead_ms)
    stream = NativeStream(limiter, rate, 1)
    assert stream.latency == int(lookahead_ms * rate / 1000) + 8191
    audio = np.zeros((1, 30_000))
    audio[0, 12_345] = 0.5
    out = np.concatenate([stream.step(audio), stream.flush()], axis=1)
    assert out.shape == audio.shape and out[0].argmax() == 12_345


def test_measuring_leaves_no_trace():
    audio = np.random.default_rng(0).standard_normal((2, 20_000)).astype(np.float32)
    stream = NativeStream(pedalboard.Reverb(), 44_100, 2)
    out = np.concatenate([stream.step(audio.astype(np.float64)), stream.flush()], axis=1)
    assert np.array_equal(out, pedalboard.Reverb().process(audio, 44_100))

"""pedalboard's effects as members: described, made from values, and fed without resets."""

import numpy as np
import pedalboard
import pytest
from wavemend.errors import PluginError, UnknownParameterError
from wavemend.host.native import NativeStream, make_stock, stock_effects, stock_values


@pytest.mark.parametrize("name", sorted(stock_effects()))
def test_every_stock_effect_survives_the_way_through_values(name):
    made = make_stock(name, stock_values(stock_effects()[name]()))
    assert stock_values(made) == stock_values(stock_effects()[name]())


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

"""Chains of ffmpeg's filters: taken apart as ffmpeg does, carried over or named.

The levels are of what FFmpeg 5.1.9 made of an impulse: ``ffmpeg -i impulse.wav -af FILTER out.wav``, 48 kHz.
"""

from __future__ import annotations

import numpy as np
import pytest
from wavemend import Preset
from wavemend.errors import PresetError
from wavemend.host.presets.exchange.ffmpeg import from_ffmpeg
from wavemend.host.presets.exchange.ffmpeg_syntax import parse_filters
from wavemend.host.presets.preset import preset_to_json

RATE = 48_000
FREQUENCIES = (40, 100, 400, 1000, 3000, 8000)
MEASURED = {
    "highpass=f=80": (-12.31, -1.49, -0.01, 0, 0, 0),
    "highpass=f=1k:p=1": (-27.95, -20.03, -8.59, -3.0, -0.45, -0.06),
    "equalizer=f=1000:t=q:w=2:g=6": (0, 0.02, 0.34, 6.0, 0.21, 0.02),
    "equalizer=1000:o:1:-5": (0, -0.03, -0.53, -5.0, -0.34, -0.03),
    "equalizer=1000:h:500:-5": (0, -0.01, -0.28, -5.0, -0.17, -0.02),
    "equalizer=1000:s:0.7:-5": (-0.02, -0.15, -1.99, -5.0, -1.44, -0.19),
    "equalizer=1000:q:1:6:m=0.5": (0, 0.03, 0.52, 3.51, 0.33, 0.04),
    "bass=g=-6:f=200:w=0.8": (-6.15, -6.7, 0.7, 0.15, 0.02, 0),
    "treble=g=-12:t=s:w=0.5": (0, 0, -0.03, -0.35, -6.0, -11.61),
    "highshelf=f=5000:g=3:w=2": (0, 0, -0.02, -0.1, -1.06, 4.07),
    "lowshelf=f=1000:g=6:t=s:w=0.5": (5.99, 5.94, 5.13, 3.0, 0.62, 0.08),
    "asubcut=30:order=4": (-0.41, 0, 0, 0, 0, 0),
    "volume=-3dB": (-3, -3, -3, -3, -3, -3),
}


def plugins(text: str) -> list[str]:
    return [slot["plugin"] for slot in slots(text)]


def slots(text: str) -> list[dict[str, object]]:
    return list(preset_to_json(Preset("", "", from_ffmpeg(text).chain))["chain"])


@pytest.mark.parametrize("text", MEASURED)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_filters_that_have_an_equal_have_its_response(text: str) -> None:
    impulse = np.zeros((1, RATE))
    impulse[0, RATE // 4] = 0.25
    imported = from_ffmpeg(text)
    made = np.asarray(imported.chain(impulse, RATE), np.float64)
    levels = 20 * np.log10(np.abs(np.fft.rfft(made[0]))[list(FREQUENCIES)] / 0.25)
    assert imported.left_out == [] and "no equivalent" not in imported.told[0]
    assert levels == pytest.approx(MEASURED[text], abs=0.035)


def test_the_common_chain_is_carried_over_and_each_thing_told() -> None:
    imported = from_ffmpeg(
        "adeclick=t=3:w=70,afftdn=nr=12:nf=-40,highpass=f=80,lowpass=9000,adeclip,"
        "alimiter=limit=0.9,loudnorm,volume=0.5"
    )
    assert [type(member).__name__ for member in imported.chain] == [
        "Declick", "Denoise", "Rumble", "LowpassFilter", "LowpassFilter", "BrickwallLimiter", "Gain", "Gain",
    ]  # fmt: skip
    assert imported.chain[1].reduction_db == 12 and imported.chain[2].cutoff_hz == 80
    assert imported.chain[5].ceiling_db == pytest.approx(-0.915) and imported.chain[5].lookahead_ms == 5
    assert imported.chain[7].gain_db == pytest.approx(-6.021, abs=1e-3)
    told = "\n".join(imported.told)
    for words in (
        "adeclick=t=3:w=70 -> Declick; threshold is another scale",
        "window has no equivalent",
        "Denoise reduction_db=12 dB; noise_floor is not needed",
        "softer knee",
        "automatic level",
    ):
        assert words in told
    assert len(imported.told) == 6
    assert imported.left_out[0] == "adeclip has no equivalent here: there is no declipper"
    assert imported.left_out[1].startswith("loudnorm has no equivalent here")
    with pytest.raises(PresetError, match="adeclip.*loudnorm.*--allow-missing"):
        imported.demand_whole("ffmpeg")


def test_more_of_a_filter_than_a_stage_has_is_told() -> None:
    (told,) = from_ffmpeg("afftdn=nr=97:rf=-60:om=n").told
    assert "reduction_db=40 dB" in told and "output=removed" in told
    assert "40 dB at most" in told and "residual_floor has no equivalent" in told
    assert from_ffmpeg("acompressor=threshold=-18dB:ratio=3").chain[0].threshold_db == pytest.approx(-18)
    assert plugins("agate=makeup=2") == ["pedalboard.NoiseGate", "pedalboard.Gain"]
    hum = from_ffmpeg("bandreject=f=50").chain[0]
    assert (hum.base_frequency_hz, hum.mode, hum.harmonics) == (50, "notch", 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("highpass=80:enable='between(t,0,3)'", "at times alone"),
        ("equalizer=1000:c=FL:g=3", "some channels alone"),
        ("volume=volume='0.5*t'", "expression"),
        ("volume=0", "no gain"),
        ("bandreject=f=5000", "no hum's"),
        ("afftdn=om=i", "gives the input back"),
        ("aphaser", "no stage and no stock effect"),
    ],
)
def test_what_cannot_be_carried_over_is_left_out_with_a_reason(text: str, why: str) -> None:
    imported = from_ffmpeg(text)
    assert not len(imported.chain) and why in imported.left_out[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "filter 1 has no name"),
        ("highpass,,volume", "filter 2 has no name"),
        ("highpass=f=loud", "filter 1 (highpass): frequency='loud' is no number"),
        ("volume,highpass=f=-3", "filter 2 (highpass): frequency='-3' is not allowed; it must be over 0"),
        ("highpass=frequenz=3", "it has no option 'frequenz'; it has frequency, width_type"),
        ("highpass=f=80:0.7", "'0.7' stands after options with names"),
        ("volume='0.5", "a quote is not closed"),
        ("highpass;volume", "several chains after 'highpass'"),
        ("equalizer", "frequency='0' is not allowed"),
        ("volume=9999dB", "is beyond every level"),
        ("asubcut=level=0", "level='0' is not allowed; it must be over 0"),
        ("equalizer=1000:z:1", "width_type=z is not allowed"),
    ],
)
def test_what_ffmpeg_would_refuse_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(PresetError) as caught:
        imported = from_ffmpeg(text)
        imported.demand_whole("ffmpeg")
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [("a", [])]),
        (" a , b ", [("a", []), ("b", [])]),
        ("[0:a]a=1:x=2[out]", [("a", [(None, "1"), ("x", "2")])]),
        ("a@mine=1", [("a", [(None, "1")])]),
        ("a='1,2;3'", [("a", [(None, "1,2;3")])]),
        (r"a=1\,2", [("a", [(None, "1,2")])]),
        (r"a=x=1\\:2", [("a", [("x", "1:2")])]),
        (r"a=x='1\:2':y=3", [("a", [("x", "1:2"), ("y", "3")])]),
        ("a=x=' 1 '", [("a", [("x", "1")])]),
        (r"a=x=\' 1 \'", [("a", [("x", " 1 ")])]),
        ("a= x = 1 : y=2", [("a", [("x", "1"), ("y", "2")])]),
    ],
)
def test_quotes_and_escapes_are_taken_off_as_ffmpeg_does(text: str, expected: list[object]) -> None:
    assert [(one.name, one.options) for one in parse_filters(text)] == expected

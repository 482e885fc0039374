"""The parameter schema: what it refuses, what it derives, and that text and raw values lead back."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.contract.parameters.fingerprint import fingerprint
from wavemend.contract.parameters.number import integer, number
from wavemend.contract.parameters.parameter import display_name
from wavemend.contract.parameters.parametric import Parametric
from wavemend.contract.parameters.switch import switch
from wavemend.contract.parameters.words import choice
from wavemend.errors import ParameterError, UnknownParameterError, WavemendError


class Everything(Parametric):
    gain_db: float = number(default=-3.0, low=-60.0, high=12.0, unit="dB", role="strength", doc="Gain.")
    cutoff_hz: float = number(default=100.0, low=20.0, high=20_000.0, unit="Hz", scale="log", doc="Cut-off.")
    order: int = integer(default=4, low=1, high=1_234_567, doc="Order.", restart=True)
    slope: Literal["12", "24"] = choice(default="12", unit="dB/octave", doc="Slope.")
    fast: bool = switch(default=False, doc="Speed.", name="Go faster")
    model: str = fingerprint(doc="Model.")


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("gain_db", 3, 3.0),
        ("gain_db", np.float32(1.5), 1.5),
        ("gain_db", np.int16(-7), -7.0),
        ("gain_db", Fraction(1, 4), 0.25),
        ("gain_db", -0.0, 0.0),
        ("order", 7.0, 7),
        ("order", np.int64(9), 9),
        ("slope", np.str_("24"), "24"),
        ("fast", np.bool_(True), True),
    ],
)
def test_values_are_stored_in_the_parameters_own_type(name: str, value: Any, stored: Any) -> None:
    made = Everything(**{name: value})
    assert getattr(made, name) == stored
    assert type(getattr(made, name)) is type(stored)
    assert math.copysign(1, made.gain_db) == math.copysign(1, stored if name == "gain_db" else -3)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("gain_db", 12.5, r"Everything\.gain_db=12\.5 is not allowed; it must be a number from -60 to 12 dB"),
        ("gain_db", math.nan, r"gain_db=nan is not allowed"),
        ("gain_db", "loud", r"gain_db='loud' is not allowed"),
        ("gain_db", True, r"gain_db=True is not allowed"),
        ("gain_db", np.array(1.0), r"gain_db=array\(1\.\) is not allowed"),
        ("gain_db", 10**400, r"gain_db=a huge number is not allowed"),
        ("order", 2.5, r"order=2\.5 is not allowed; it must be a whole number from 1 to"),
        ("slope", "18", r"slope='18' is not allowed; it must be one of 12, 24"),
        ("slope", 12, r"slope=12 is not allowed"),
        ("fast", 1, r"fast=1 is not allowed; it must be on or off"),
        ("model", "a.onnx", r"model='a.onnx' is not allowed; it must be empty, or a SHA-256"),
    ],
)
def test_refusals_name_stage_parameter_value_and_range(name: str, value: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message) as caught:
        Everything(**{name: value})
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, WavemendError)
    made = Everything()
    with pytest.raises(ParameterError, match=message):
        setattr(made, name, value)
    assert made == Everything()


def test_a_misspelt_name_is_an_error_with_a_hint() -> None:
    with pytest.raises(UnknownParameterError, match=r"no parameter 'gain'; did you mean gain_db\?"):
        Everything(gain=1.0)
    with pytest.raises(UnknownParameterError, match=r"did you mean cutoff_hz\?"):
        Everything().cutof_hz = 3.0
    with pytest.raises(UnknownParameterError, match="it has gain_db, cutoff_hz, order, slope, fast, model"):
        Everything().zzz = 3.0
    with pytest.raises(AttributeError):
        Everything().zzz
    with pytest.raises(AttributeError):
        Everything().parameters = {}


@pytest.mark.parametrize("parameter", Everything.schema.values(), ids=lambda p: p.id)
def test_bad_values_are_bad(parameter: Any) -> None:
    assert parameter.bad_values()
    for value in parameter.bad_values():
        with pytest.raises(ParameterError):
            parameter.check(value)


@given(FINITE)
def test_a_number_is_taken_just_inside_its_range(value: float) -> None:
    parameter = Everything.schema["gain_db"]
    if -60 <= value <= 12:
        assert parameter.check(value) == value
    else:
        with pytest.raises(ParameterError):
            parameter.check(value)


@given(st.sampled_from(list(Everything.schema)), st.floats(0, 1))
def test_raw_values_and_text_lead_back(name: str, raw: float) -> None:
    parameter = Everything.schema[name]
    value = parameter.from_raw(raw)
    assert parameter.check(value) == value
    again = parameter.from_raw(parameter.to_raw(value))
    assert again == (pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value)
    read = parameter.parse(parameter.text(value))
    # Text has six digits: a slider must not show 0.30000000000000004.
    assert read == (pytest.approx(value, rel=1e-5) if isinstance(value, float) else value)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ends_of_the_scale_are_the_ends_of_the_range(low: float, span: float) -> None:
    class Ranged(Parametric):
        linear: float = number(default=low, low=low, high=low + span, doc="Range.")
        log: float = number(default=span, low=span, high=span * 3.3, scale="log", doc="Range.")

    for parameter in Ranged.schema.values():
        assert (parameter.from_raw(0.0), parameter.from_raw(1.0)) == (parameter.low, parameter.high)
        assert (parameter.to_raw(parameter.low), parameter.to_raw(parameter.high)) == (0.0, 1.0)


@given(st.floats(0, 1), st.floats(0, 1))
def test_scales_are_monotone(one: float, other: float) -> None:
    parameter = Everything.schema["cutoff_hz"]
    one, other = sorted((one, other))
    assert parameter.from_raw(one) <= parameter.from_raw(other)


def test_a_log_scale_has_its_geometric_mean_in_the_middle() -> None:
    assert Everything.schema["cutoff_hz"].from_raw(0.5) == pytest.approx(math.sqrt(20.0 * 20_000.0))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("gain_db", "-6 dB", -6.0),
        ("gain_db", " -6db ", -6.0),
        ("gain_db", "-6", -6.0),
        ("cutoff_hz", "1e3 Hz", 1000.0),
        ("order", "1234567", 1_234_567),
        ("slope", "24 dB/octave", "24"),
        ("slope", "24", "24"),
        ("fast", "On", True),
        ("fast", "no", False),
    ],
)
def test_people_may_write(name: str, text: str, value: Any) -> None:
    assert Everything.schema[name].parse(text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("gain_db", t) for t in ("", "dB", "nan", "inf", "3 Hz", "13 dB", "1,5", "0x10")],
        *[("order", t) for t in ("2.5", "0", "four")],
        *[("slope", t) for t in ("", "18", "dB/octave")],
        *[("fast", t) for t in ("", "maybe", "2")],
    ],
)
def test_people_may_not_write(name: str, text: str) -> None:
    with pytest.raises(ParameterError, match=f"{name}={text!r} is not allowed|{name}=.* is not allowed"):
        Everything.schema[name].parse(text)


def test_whole_numbers_are_written_with_every_digit() -> None:
    assert Everything.schema["order"].text(1_234_567) == "1234567"


@pytest.mark.parametrize(
    ("identifier", "unit", "name"),
    [
        ("max_length_ms", "ms", "Max length"),
        ("gain_db", "dB", "Gain"),
        ("ms", "ms", "Ms"),
        ("sensitivity", "", "Sensitivity"),
        ("noise_dbfs", "dB", "Noise dbfs"),
    ],
)
def test_display_names(identifier: str, unit: str, name: str) -> None:
    assert display_name(identifier, unit) == name


def test_flags() -> None:
    schema = Everything.schema
    assert schema["order"].restart
    assert not schema["order"].automatable
    assert schema["gain_db"].automatable
    assert schema["gain_db"].role == "strength"
    assert schema["fast"].name == "Go faster"


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: number(default=1.0, low=0.0, high=2.0, scale="log", doc="x."), "log scale needs low > 0"),
        (lambda: number(default=1.0, low=2.0, high=0.0, doc="x."), "must be below"),
        (lambda: integer(default=1, low=1, high=1, doc="x."), "must be below"),
    ],
)
def test_impossible_declarations(declare: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        declare()


def test_a_default_must_be_allowed() -> None:
    with pytest.raises(ParameterError, match=r"Wrong\.gain=3\.0 is not allowed"):

        class Wrong(Parametric):
            gain: float = number(default=3.0, low=0.0, high=1.0, doc="x.")


def test_a_choice_has_the_words_of_its_annotation() -> None:
    assert Everything.schema["slope"].options == ("12", "24")

    class Local(Parametric):
        speed: Literal["slow", "fast"] = choice(default="slow", doc="x.")

    assert Local.schema["speed"].options == ("slow", "fast")
    words = r"Wrong\.speed: annotate it with its words, as Literal\['fast', 'best'\]"
    for annotation in (str, Literal[1, 2], None):
        with pytest.raises(TypeError, match=words):
            type(
                "Wrong",
                (Parametric,),
                {"__annotations__": {"speed": annotation}, "speed": choice(default="slow", doc="x.")},
            )
    with pytest.raises(TypeError, match=words):
        type("Wrong", (Parametric,), {"speed": choice(default="slow", doc="x.")})
    with pytest.raises(TypeError, match=r"Wrong\.speed: its annotation cannot be read: name 'Speed'"):

        class Wrong(Parametric):
            speed: Speed = choice(default="slow", doc="x.")  # type: ignore[name-defined]  # noqa: F821


def test_a_parameter_of_the_class_says_what_it_is() -> None:
    assert repr(Everything.gain_db) == "<parameter gain_db: a number from -60 to 12 dB; -3 dB unless given>"
    assert repr(Everything.model).endswith("; empty unless given>")
    assert Everything.gain_db.__doc__.startswith("Gain.\n")


def test_reprs_show_what_is_not_as_it_comes() -> None:
    assert repr(Everything()) == "<tests.Everything>"
    assert repr(Everything(order=4, slope="24", fast=True)) == "<tests.Everything slope='24' fast=True>"


def test_subclasses_inherit_parameters_and_keep_them_apart() -> None:
    class More(Everything):
        extra: float = number(default=0.0, low=0.0, high=1.0, doc="More.")

    assert list(More.schema) == [*Everything.schema, "extra"]
    assert "extra" not in Everything.schema
    assert More() != Everything()


def test_json_schema_and_docs_table() -> None:
    schema = Everything.json_schema()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["gain_db"] == {
        "title": "Gain",
        "description": "Gain.",
        "type": "number",
        "minimum": -60.0,
        "maximum": 12.0,
        "x-unit": "dB",
        "default": -3.0,
    }
    assert schema["properties"]["slope"]["enum"] == ["12", "24"]
    rows = list(Everything.parameter_table())
    assert rows[0] == ("gain_db", "-3 dB", "a number from -60 to 12 dB", "Gain.")
    assert rows[4] == ("fast", "off", "on or off (True or False)", "Speed.")


def test_bound_parameters() -> None:
    made = Everything()
    names = ("gain_db", "order", "slope", "fast", "model")
    gain, order, slope, fast, model = (made.parameters[n] for n in names)
    gain.raw_value = 0.5
    assert made.gain_db == -24.0
    assert gain.string_value == "-24 dB"
    assert (gain.label, gain.units, slope.label, fast.label) == ("dB", "dB", "dB/octave", None)
    assert gain.range == (-60.0, 12.0, None)
    assert order.range == (1, 1_234_567, 1)
    assert slope.valid_values == ["12", "24"]
    assert fast.valid_values == [False, True]
    assert [p.type for p in (gain, order, slope, fast, model)] == [float, float, str, bool, str]
    assert model.valid_values == [""] and not model.is_automatable
    assert gain.get_text_for_raw_value(1.0) == "12 dB"
    assert gain.get_raw_value_for(12) == 1.0
    with pytest.raises(ParameterError, match=r"Everything\.gain_db=13"):
        gain.get_raw_value_for(13)
    with pytest.raises(ParameterError, match=r"Everything\.slope: raw value 1\.5"):
        slope.get_text_for_raw_value(1.5)
    assert "gain" in repr(gain).lower()


@given(st.sampled_from(list(Everything.schema)), st.floats(0, 1), st.floats(0, 100))
def test_what_is_eased_is_allowed_and_all_of_it_is_the_value_itself(
    name: str, raw: float, percent: float
) -> None:
    parameter = Everything.schema[name]
    value = parameter.from_raw(raw)
    eased = parameter.eased(value, percent)
    assert parameter.check(eased) == eased
    whole = parameter.eased(value, 100)
    assert whole == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)


def test_whole_numbers_are_eased_to_whole_numbers_and_words_stay() -> None:
    schema = Everything.schema
    assert schema["order"].eased(5, 75) == 4 and schema["order"].eased(1, 10) == 1
    assert schema["slope"].eased("24", 50) == "24" and schema["fast"].eased(True, 50) is True

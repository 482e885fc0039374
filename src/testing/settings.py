"""Contract of settings: parameters, values, copies; what a stage is without any audio."""

# ruff: noqa: S101

from __future__ import annotations

import copy
import json
import pickle
import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from ..contract.stage import Stage, Step
from ..errors import ParameterError, UnknownParameterError
from .subject import RATE, Subject, recording, values_at_ends

PARAMETER_FIELDS = [
    *["name", "python_name", "label", "units", "type", "string_value"],
    *["range", "min_value", "max_value", "step_size", "valid_values"],
    *["raw_value", "default_raw_value", "get_raw_value_for", "get_text_for_raw_value"],
    *["is_discrete", "is_boolean", "is_automatable"],
]
"""What hosts read from a parameter object of pedalboard's."""


class SettingsContract(Subject):
    """Parameters, JSON Schema, text, equality, copies and pickles."""

    def test_identity(self) -> None:
        """A stage has a namespaced id, a name, a place in the order, and says what it does."""
        made = self.make()
        assert isinstance(made, Stage)
        assert re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+", made.id)
        assert made.name
        assert isinstance(made.place, Step)
        assert isinstance(made.version, int)
        assert made.version >= 1
        assert self.stage_class.__doc__, "a stage's docstring says what it does"
        assert made.is_effect is True
        assert made.is_instrument is False

    def test_parameters_are_described(self) -> None:
        """Every parameter has a readable id and name, and a doc of whole sentences."""
        for identifier, parameter in self.stage_class.schema.items():
            assert parameter.id == identifier
            assert re.fullmatch(r"[a-z][a-z0-9_]*", identifier)
            assert parameter.name
            assert parameter.doc.endswith("."), f"{identifier}: the doc ends in a full stop"

    def test_values_are_settable_attributes(self) -> None:
        """Values given to the constructor, assigned and read are one; defaults are the schema's."""
        made = self.make()
        assert made.values() == {name: p.default for name, p in self.stage_class.schema.items()}
        for values in self.variants():
            given, assigned = self.make(**values), self.make()
            for name, value in values.items():
                setattr(assigned, name, value)
                assert getattr(given, name) == getattr(assigned, name) == value
            assert given == assigned
            assert given == self.make(**given.values())

    def test_constructor_is_keyword_only(self) -> None:
        """A value without a name is refused."""
        with pytest.raises(TypeError):
            self.stage_class(1.0)  # type: ignore[arg-type]

    def test_unknown_names_are_refused(self) -> None:
        """A misspelt name is an error on construction and on assignment, and the message names it."""
        for wrong in ["no_such_parameter", *(f"{name}x" for name in self.stage_class.schema)]:
            with pytest.raises(UnknownParameterError, match=rf"{self.stage_class.__name__}.*{wrong}"):
                self.make(**{wrong: 1.0})
            with pytest.raises(UnknownParameterError, match=rf"{self.stage_class.__name__}.*{wrong}"):
                setattr(self.make(), wrong, 1.0)
        assert issubclass(UnknownParameterError, AttributeError)

    def test_bad_values_are_refused(self) -> None:
        """The message names the stage, the parameter, the value and what is allowed; nothing changes."""
        made = self.make()
        before = made.values()
        for name, parameter in self.stage_class.schema.items():
            for bad in parameter.bad_values():
                for attempt in (
                    lambda n=name, b=bad: self.make(**{n: b}),
                    lambda n=name, b=bad: setattr(made, n, b),
                ):
                    with pytest.raises(ParameterError) as caught:
                        attempt()
                    for part in (self.stage_class.__name__, name, repr(bad), parameter.allowed()):
                        assert part in str(caught.value), f"{caught.value} does not name {part}"
        assert made.values() == before
        assert issubclass(ParameterError, ValueError)

    def test_json_schema(self) -> None:
        """The published JSON Schema takes what the stage takes, and refuses what it refuses."""
        schema = self.stage_class.json_schema()
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(json.loads(json.dumps(schema, allow_nan=False)))
        for values in [{}, *self.variants()]:
            written = json.loads(json.dumps(self.make(**values).values(), allow_nan=False))
            validator.validate(written)
            assert self.make(**written) == self.make(**values)
        assert not validator.is_valid({"no_such_parameter": 1})
        for name, parameter in self.stage_class.schema.items():
            for bad in filter(_is_json, parameter.bad_values()):
                assert not validator.is_valid({name: bad}), f"the schema takes {name}={bad!r}"

    def test_upgrade_keeps_values_of_this_version(self) -> None:
        """Values that this version stored come back as they are."""
        values = self.make().values()
        assert self.stage_class.upgrade(self.stage_class.version, dict(values)) == values

    def test_parameter_objects(self) -> None:
        """`parameters` holds what pedalboard's plugins hold, and its fields agree with each other."""
        made = self.make()
        assert list(made.parameters) == list(self.stage_class.schema)
        for name, parameter in made.parameters.items():
            for field in PARAMETER_FIELDS:
                assert hasattr(parameter, field), f"{name} has no {field}"
            assert parameter.python_name == name
            assert parameter.label == parameter.units
            assert parameter.range == (parameter.min_value, parameter.max_value, parameter.step_size)
            assert parameter.type in (float, str, bool)
            assert parameter.is_boolean == (parameter.type is bool)
            assert parameter.raw_value == parameter.default_raw_value
            assert parameter.is_automatable == self.stage_class.schema[name].automatable
            assert name in repr(made.parameters) or parameter.name in repr(parameter)

    def test_raw_values(self) -> None:
        """0 and 1 are the ends; values and raw values lead to each other; nothing beyond is taken."""
        made = self.make()
        for name, parameter in made.parameters.items():
            ends = values_at_ends(parameter)
            for raw, value in ((0.0, ends[0]), (1.0, ends[-1])):
                parameter.raw_value = raw
                assert getattr(made, name) == value
                assert parameter.raw_value == (raw if len(ends) > 1 else 0.0)
            for value in ends:
                parameter.raw_value = parameter.get_raw_value_for(value)
                assert getattr(made, name) == value
            for raw in (0.1, 0.35, 0.5, 0.85):
                parameter.raw_value = raw
                settled = parameter.raw_value
                if not parameter.is_discrete:
                    assert settled == pytest.approx(raw, abs=1e-9)
                parameter.raw_value = settled
                assert parameter.raw_value == pytest.approx(settled, abs=1e-12)
                assert parameter.string_value == parameter.get_text_for_raw_value(settled)
            for raw in (-0.01, 1.01, float("nan")):
                with pytest.raises(ParameterError, match=name):
                    parameter.raw_value = raw

    def test_text(self) -> None:
        """What is written for people is read again: ends and words exactly, numbers to 6 digits."""
        for name, parameter in self.stage_class.schema.items():
            bound = self.make().parameters[name]
            for value in [*values_at_ends(bound), parameter.default]:
                assert parameter.parse(parameter.text(value)) == value
            for raw in (0.123456789, 0.5, 0.987654321):
                value = parameter.from_raw(raw)
                read = parameter.parse(parameter.text(value))
                assert read == (pytest.approx(value, rel=1e-5) if bound.type is float else value)
                assert parameter.text(read) == parameter.text(value)
            with pytest.raises(ParameterError, match=name):
                parameter.parse("no such value")

    def test_repr(self) -> None:
        """It names the class, and every value that is not the default."""
        for values in [{}, *self.variants()]:
            made = self.make(**values)
            assert type(made).__name__ in repr(made)
            for name, value in made.values().items():
                assert (f" {name}={value!r}" in repr(made)) == (
                    value != self.stage_class.schema[name].default
                )

    def test_equality(self) -> None:
        """Stages are equal by type and value, and no key of a dict, because they change."""
        assert self.make() == self.make()
        assert self.make() != object()
        for values in self.variants():
            if values != {name: self.make().values()[name] for name in values}:
                assert self.make(**values) != self.make()
        with pytest.raises(TypeError):
            hash(self.make())

    @pytest.mark.parametrize("duplicate", ["pickle", "copy", "deepcopy", "own copy"])
    def test_copies(self, duplicate: str) -> None:
        """A copy is equal, works the same, keeps fixed findings, and goes its own way."""
        ways: dict[str, Any] = {
            "pickle": lambda stage: pickle.loads(pickle.dumps(stage)),  # noqa: S301
            "copy": copy.copy,
            "deepcopy": copy.deepcopy,
            "own copy": lambda stage: stage.copy(),
        }
        audio = recording(samples=6000)
        for values in [{}, *self.variants()]:
            stage = self.ready(audio, **values)
            twin = ways[duplicate](stage)
            assert type(twin) is type(stage)
            assert twin == stage
            assert twin.findings == stage.findings
            assert twin.values() == stage.values()
            for name, parameter in stage.parameters.items():
                before = stage.values()
                ends = values_at_ends(parameter)
                if len(ends) == 1:  # a fingerprint, and the files it could name are not here
                    continue
                setattr(twin, name, ends[0] if getattr(stage, name) != ends[0] else ends[-1])
                assert stage.values() == before
                assert twin != stage
                setattr(twin, name, before[name])
                assert twin == stage

    def test_running_leaves_settings_alone(self) -> None:
        """Neither whole recordings nor blocks change what a stage is; a pickle holds no running stream."""
        audio = recording(samples=6000)
        stage = self.ready(audio)
        before, bits = stage.copy(), pickle.dumps(stage)
        stage.process(audio, RATE)
        stage.process(audio, RATE, reset=False)
        assert stage == before
        assert pickle.dumps(stage) == bits


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True

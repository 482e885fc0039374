"""What editors, notebooks and help() see of a stage is its schema; wrong values are told what is right."""

from __future__ import annotations

import inspect
import pydoc
from typing import Any, Literal

import pytest
from wavemend import Declick, Denoise, stage_class, stage_ids
from wavemend.contract.parameters.number import number
from wavemend.contract.parameters.parametric import Parametric
from wavemend.contract.stage import RepairStage, Stage
from wavemend.errors import UnknownParameterError

from tests.contract.parameters.test_parameter import Everything

EVERY = pytest.mark.parametrize(
    "kind", [Everything, *map(stage_class, stage_ids())], ids=lambda k: k.__name__
)


class Odd(Parametric):
    """Has a constructor of its own."""

    gain: float = number(default=0.5, low=0.0, high=1.0, doc="Factor.")

    def __init__(self, percent: float) -> None:
        super().__init__(gain=percent / 100)


@EVERY
def test_the_signature_is_the_schema(kind: type[Parametric]) -> None:
    signature = inspect.signature(kind)
    assert list(signature.parameters) == list(kind.schema)
    for name, shown in signature.parameters.items():
        assert shown.kind is shown.KEYWORD_ONLY
        assert shown.default == kind.schema[name].default
    defaults = {name: shown.default for name, shown in signature.parameters.items()}
    assert kind(**signature.bind(**defaults).kwargs) == kind()


def test_the_signature_has_the_types_that_are_annotated() -> None:
    types = [shown.annotation for shown in inspect.signature(Everything).parameters.values()]
    assert types == [float, float, int, Literal["12", "24"], bool, str]


def test_a_stages_own_signature_is_that_of_its_call() -> None:
    assert list(inspect.signature(Declick()).parameters)[:2] == ["input_array", "sample_rate"]


def test_a_constructor_of_ones_own_speaks_for_itself() -> None:
    assert list(inspect.signature(Odd).parameters) == ["percent"]
    assert Odd(50) == Odd(50.0)


@EVERY
def test_help_has_every_parameter_with_its_doc_and_range(kind: type[Parametric]) -> None:
    if not kind.about:
        assert kind.__doc__ is None
        return
    shown = " ".join(pydoc.plain(pydoc.render_doc(kind)).replace("|", " ").split())
    for name, parameter in kind.schema.items():
        assert f"{name} : " in shown
        assert parameter.doc in shown
        assert parameter.allowed()[1:] in shown


def test_the_parameters_come_between_the_words_and_the_references() -> None:
    doc = inspect.getdoc(Denoise)
    assert doc is not None
    assert doc.startswith(Denoise.about.split("\n\n")[0])
    assert (
        doc.index("\nParameters\n-----")
        < doc.index("\nreduction_db : float\n")
        < doc.index("\nReferences\n-----")
    )
    assert "Parameters" not in Denoise.about


def test_a_section_that_its_author_wrote_stays() -> None:
    class Written(Parametric):
        """Words.

        Parameters
        ----------
        gain
            In the author's words.
        """

        gain: float = number(default=0.5, low=0.0, high=1.0, doc="Factor.")

    assert Written.__doc__ == Written.about


@pytest.mark.parametrize("kind", [Stage, RepairStage, *map(stage_class, stage_ids())])
def test_nothing_private_is_annotated_on_the_class(kind: type[Parametric]) -> None:
    """A type checker makes an argument of each annotation."""
    for base in kind.__mro__[:-1]:
        assert not [
            name for name in inspect.get_annotations(base) if name.startswith("_") and "__" not in name
        ]


def test_values_go_by_name() -> None:
    unchecked: Any = Declick
    with pytest.raises(
        TypeError, match=r"^Declick takes values by name: Declick\(sensitivity=\.\.\.\), not Declick\(4\)$"
    ):
        unchecked(4)
    nothing: Any = type("Nothing", (Parametric,), {})
    with pytest.raises(TypeError, match="Nothing takes no values, but was given 4"):
        nothing(4)
    with pytest.raises(UnknownParameterError, match=r"no parameter 'sensitivty'; did you mean sensitivity\?"):
        unchecked(sensitivty=4)

"""What is declared beside a field of findings is kept by every one that is made or read."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.analysis.finders import FINDERS
from wavemend.audio.arrays import Array, Counts, Mask
from wavemend.contract.constraints import (
    CHANNELS,
    SHARE,
    Ascending,
    AtLeastAsManyAs,
    AtMost,
    Axis,
    Below,
    Choices,
    Each,
    EndsOf,
    JustWith,
    OneMoreThan,
    PlacesIn,
    Range,
)
from wavemend.contract.findings import Findings
from wavemend.errors import FindingsError

PARTS = Axis("parts", 1, 3)


@dataclass(frozen=True, eq=False)
class Wow(Findings):
    """One field for every constraint there is."""

    level_dbfs: Annotated[Array, Each(CHANNELS, PARTS), Range(-200.0, 0.0)]
    start_s: Annotated[Array, Each(PARTS), Range(0.0)]
    end_s: Annotated[Array, Each(PARTS), EndsOf("start_s"), AtMost("duration_s", 0.5)]
    duration_s: float
    order: Annotated[Counts, Ascending()]
    part: Annotated[Counts, PlacesIn("start_s")]
    parts: Annotated[int, AtLeastAsManyAs("start_s")]
    edges: Annotated[Mask, OneMoreThan("start_s")]
    low_hz: Annotated[float, Below("high_hz")]
    high_hz: float
    speed_rpm: Annotated[float, Choices(0.0, 45.0), JustWith("order")]
    medium: Annotated[str, Choices("", "disc")]
    confidence: Annotated[float | None, SHARE]

    found = True

    def describe(self) -> str:
        return "wow"


def wow(**changes: Any) -> Wow:
    good: dict[str, Any] = {
        "level_dbfs": np.full((2, 2), -20.0),
        "start_s": np.array([0.0, 1.0]),
        "end_s": np.array([1.0, 2.4]),
        "duration_s": 2.0,
        "order": np.array([1, 3]),
        "part": np.array([1, 0, 1]),
        "parts": 5,
        "edges": np.array([True, False, True]),
        "low_hz": 1.0,
        "high_hz": 2.0,
        "speed_rpm": 45.0,
        "medium": "disc",
        "confidence": None,
    }
    return Wow(**(good | changes))


def test_what_keeps_to_it_is_taken() -> None:
    assert Wow.from_json(wow().to_json()) == wow()
    assert replace(wow(), confidence=1.0, level_dbfs=np.zeros((64, 2))).found
    assert wow(duration_s=np.float64(2.0), parts=np.int64(2)) == wow(parts=2)  # as analysers compute


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level_dbfs": np.full((2, 2), 0.5)}, "level_dbfs must be -200 to 0, not 0.5"),
        (
            {"level_dbfs": np.zeros(2)},
            r"level_dbfs must have one value for each of 1 to 64 channels and 1 to 3 .* \(2,\)",
        ),
        ({"level_dbfs": np.zeros((65, 2))}, ".* 1 to 64 channels"),
        ({"level_dbfs": np.zeros((2, 3))}, "start_s has 2 parts, but level_dbfs has 3"),
        ({"level_dbfs": np.zeros((2, 2), int)}, "level_dbfs must be an array of float64, not one of int64"),
        ({"level_dbfs": np.full((2, 2), np.nan)}, "level_dbfs must be finite"),
        ({"start_s": np.array([0.0])}, "start_s has 1 parts, but level_dbfs has 2"),
        ({"start_s": np.array([-1.0, 1.0])}, "start_s must be 0 or more, not -1"),
        ({"start_s": [0.0, 1.0]}, r"start_s must be an array of float64, not \[0.0, 1.0\]"),
        ({"end_s": np.array([1.5, 2.0])}, "end_s and start_s must be parts in order, .*, not 1 after 1.5"),
        ({"end_s": np.array([1.0, 2.6])}, "end_s lies above duration_s: 2.6 over 2"),
        ({"duration_s": float("inf")}, "duration_s must be finite, not inf"),
        ({"duration_s": True}, "duration_s must be of type float, not True"),
        ({"duration_s": None}, "duration_s must be of type float, not None"),
        ({"order": np.array([3, 3])}, "order must ascend, but 3 follows 3"),
        ({"part": np.array([0, 2])}, "part must name one of the 2 of start_s, not 2"),
        ({"part": np.array([-1])}, "part must name one of the 2 of start_s, not -1"),
        ({"parts": 1}, "parts must be 2, as many as start_s lists, or more, not 1"),
        ({"parts": 2.0}, "parts must be of type int, not 2.0"),
        ({"edges": np.array([True])}, "edges has 1 values; it must have one more than start_s, which has 2"),
        ({"low_hz": 2.0}, "low_hz lies above high_hz: 2 over 2"),
        ({"speed_rpm": 33.0}, "speed_rpm must be one of 0, 45, not 33.0"),
        ({"speed_rpm": 0.0}, "speed_rpm is 0 with 2 in order; there must be both or neither"),
        ({"order": np.array([], int)}, "speed_rpm is 45 with 0 in order"),
        ({"medium": "tape"}, "medium must be one of '', 'disc', not 'tape'"),
        ({"confidence": 1.5}, "confidence must be 0 to 1, not 1.5"),
    ],
)
def test_what_breaks_it_is_refused_by_name_value_range_and_remedy(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(FindingsError, match=rf"^Wow\.{message}.*; analyse the recording again$"):
        wow(**change)


@given(
    st.sampled_from([f.name for f in fields(Wow)]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=6,
    ),
)
def test_strangers_values_are_taken_or_refused_and_nothing_else(name: str, junk: Any) -> None:
    data = wow().to_json() | {name: junk}
    try:
        found = Wow.from_json(data)
    except FindingsError:
        return
    assert found.to_json()[name] == junk


@pytest.mark.parametrize("finder", FINDERS.values(), ids=FINDERS)
def test_every_number_of_the_house_has_a_range_or_a_shape(finder: Any) -> None:
    """No finder checks by hand, and none forgets an array's shape or a number's range."""
    kind = type(finder(44_100, 2).result())
    assert kind.__post_init__ is Findings.__post_init__
    plain, declared = get_type_hints(kind), get_type_hints(kind, include_extras=True)
    bare = {name for name, hint in declared.items() if name in fields_of(kind) and plain[name] is hint}
    assert all(plain[name] is bool for name in bare), bare


def fields_of(kind: type[Any]) -> set[str]:
    return {f.name for f in fields(kind)}

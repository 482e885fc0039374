"""Findings are plain data: through JSON to the bit, and deaf to what strangers send."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wavemend.audio.arrays import Audio
from wavemend.contract.findings import Analyser, Findings, by_channel
from wavemend.errors import AudioShapeError, AudioValueError, FindingsError, WavemendError


@dataclass(frozen=True, eq=False)
class Marks(Findings):
    levels: npt.NDArray[np.float64]
    places: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]
    rate: float
    count: int
    name: str
    sure: bool
    pitch: float | None

    def __post_init__(self) -> None:
        if self.count < 0:
            raise FindingsError("Marks.count must not be negative")
        self.levels.shape[0]  # an IndexError for a scalar array

    @property
    def found(self) -> bool:
        return self.count > 0

    def describe(self) -> str:
        return f"{self.count} marks"


def marks(**changes: Any) -> Marks:
    values: dict[str, Any] = {
        "levels": np.array([[0.1, 1e-300], [-0.0, 5e-324]]),
        "places": np.array([2**53 + 1, -3]),
        "mask": np.array([True, False]),
        "rate": 44_100.0,
        "count": 2,
        "name": "side A",
        "sure": True,
        "pitch": None,
    }
    return Marks(**(values | changes))


def test_json_is_exact() -> None:
    found = marks()
    again = Marks.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False)))
    assert again == found
    assert again.levels.tobytes() == found.levels.tobytes()
    assert again.places.dtype == np.int64
    assert again.places[0] == 2**53 + 1
    assert again.mask.dtype == np.bool_
    assert [type(v) for v in (again.rate, again.count, again.sure)] == [float, int, bool]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20), st.none() | st.floats(0, 1))
def test_any_floats_survive(levels: list[float], pitch: float | None) -> None:
    found = marks(levels=np.array(levels), pitch=pitch)
    assert Marks.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_json_writers_may_drop_the_point() -> None:
    data = marks().to_json() | {"rate": 44_100, "pitch": 1, "levels": [1, 2]}
    again = Marks.from_json(data)
    assert type(again.rate) is float
    assert type(again.pitch) is float
    assert again.levels.dtype == np.float64


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"levels": 0.5}, "0.5 is not ndarray"),
        ({"levels": None}, "None is not ndarray"),
        ({"levels": "junk"}, "'junk' is not ndarray"),
        ({"levels": ["1.0"]}, "holds something that is not float64"),
        ({"levels": [True]}, "holds something that is not float64"),
        ({"levels": [None]}, "holds something that is not float64"),
        ({"levels": [{}]}, "holds something that is not float64"),
        ({"levels": [float("nan")]}, "NaN or infinity"),
        ({"levels": [1e999]}, "NaN or infinity"),
        ({"levels": [[1.0], [1.0, 2.0]]}, "Marks is damaged"),
        ({"levels": [10**400]}, "Marks is damaged"),
        ({"places": [1.5]}, "not int64"),
        ({"places": [2**70]}, "Marks is damaged"),
        ({"mask": [1]}, "not bool"),
        ({"rate": "44100"}, "'44100' is not float"),
        ({"rate": True}, "True is not float"),
        ({"rate": float("nan")}, "nan is not float"),
        ({"rate": 10**400}, "Marks is damaged"),
        ({"count": 2.0}, "2.0 is not int"),
        ({"count": True}, "True is not int"),
        ({"count": -1}, r"Marks\.count must not be negative"),
        ({"name": 3}, "3 is not str"),
        ({"sure": 1}, "1 is not bool"),
        ({"pitch": "high"}, "'high' is not float"),
        ({"pitch": []}, r"\[\] is not float"),
        ({"junk": 1}, "needs exactly the fields levels, places"),
    ],
)
def test_hostile_values(change: dict[str, Any], message: str) -> None:
    with pytest.raises(FindingsError, match=message):
        Marks.from_json(marks().to_json() | change)


@pytest.mark.parametrize("data", [None, [], "junk", 3, {}, {"levels": []}, [{"levels": []}]])
def test_hostile_containers(data: Any) -> None:
    with pytest.raises(FindingsError, match="needs exactly the fields"):
        Marks.from_json(data)


def test_nesting_without_end() -> None:
    nested: Any = 1.0
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(FindingsError, match="damaged"):
        Marks.from_json(marks().to_json() | {"levels": nested})


def test_errors_are_of_the_family() -> None:
    assert issubclass(FindingsError, WavemendError)
    assert issubclass(FindingsError, ValueError)


def test_a_damaged_message_stays_short() -> None:
    with pytest.raises(FindingsError) as caught:
        Marks.from_json(marks().to_json() | {"name": ["x"] * 100_000})
    assert len(str(caught.value)) < 200


def test_equality_is_by_type_and_value() -> None:
    @dataclass(frozen=True, eq=False)
    class Other(Marks):
        pass

    assert marks() == marks()
    assert marks() != marks(count=3)
    assert marks() != Other(**vars(marks()))
    with pytest.raises(TypeError):
        hash(marks())


class Counter(Analyser[Marks]):
    """Remembers which frames it heard."""

    def __init__(self) -> None:
        super().__init__(8_000.0, 2, hop=10)
        self.frames: list[Audio] = []

    def _frame(self, frame: Audio) -> None:
        self.frames.append(frame)

    def _conclude(self, rest: Audio) -> Marks:
        return marks(count=len(self.frames), levels=rest)


def test_analysers_hear_frames_and_the_rest() -> None:
    audio = np.arange(46.0).reshape(2, 23)
    counter = Counter()
    buffer = np.empty((2, 7))
    for start in range(0, 23, 7):
        block = audio[:, start : start + 7]
        buffer[:, : block.shape[1]] = block
        counter.push(buffer[:, : block.shape[1]])
        buffer[...] = -1.0
    found = counter.result()
    assert found.count == 2
    assert np.array_equal(np.concatenate([*counter.frames, found.levels], axis=1), audio)
    assert all(frame.flags.c_contiguous for frame in counter.frames)


def test_analysers_refuse_what_streams_refuse() -> None:
    counter = Counter()
    counter.push(np.zeros((2, 25)))
    bad = np.zeros((2, 5))
    bad[1, 3] = np.nan
    with pytest.raises(AudioValueError, match="nan at sample 28 of channel 2"):
        counter.push(bad)
    with pytest.raises(AudioShapeError, match=r"\(1, 5\) came into a recording of 2 channels"):
        counter.push(bad[:1])
    counter.push(np.zeros((2, 5)))
    assert counter.result().count == 3


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["-48"], "-48"),
        (["-48", "-48"], "-48"),
        (["-48", "-46"], "-48 (left) and -46 (right)"),
        ([None, "-46"], "-46 (right)"),
        (["1", "2", None, "3"], "1 (channel 1), 2 (channel 2) and 3 (channel 4)"),
    ],
)
def test_one_value_a_channel_in_words(values, said):
    assert by_channel(values) == said

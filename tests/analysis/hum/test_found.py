"""What is found of hum: several at once, and what was found before there could be several."""

import numpy as np
import pytest
from wavemend.analysis.hum.found import Hum
from wavemend.errors import FindingsError


def one(hz, channels=2):
    return Hum(hz, 0.01, np.array([1, 2, 5]), np.full((channels, 3), -50.0), 1.0, 0.9)


def test_each_hum_comes_back_as_it_was_put_beside_another():
    both = one(50.0).beside([one(59.35), one(48.2)])
    assert [hum.frequency_hz for hum in both.each()] == [50.0, 59.35, 48.2]
    assert both.each()[1] == one(59.35)
    assert Hum.from_json(both.to_json()) == both
    assert "and at 59.35 Hz" in both.describe()
    assert Hum.nothing(2).each() == ()


def test_findings_from_before_there_were_others_hold_none():
    old = {k: v for k, v in one(50.0).to_json().items() if not k.startswith("other_")}
    assert Hum.from_json(old) == one(50.0)


def test_others_that_contradict_each_other_are_refused():
    values = one(50.0).beside([one(59.35)]).to_json()
    with pytest.raises(FindingsError, match="other_"):
        Hum.from_json({**values, "other_of": [0]})
    with pytest.raises(FindingsError, match="fields"):
        Hum.from_json({k: v for k, v in values.items() if k != "other_hz"})

"""Verdicts are judged as they are said, and right is what an engineer would say."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bench.material.reporting.channel import RATE
from bench.material.reporting.pieces import Piece, Truth
from bench.material.takes import Take
from bench.measuring.plan import ChoiceError, Plan
from bench.tables.real_finders import Verdict

from bench.tables import real_finders


def said(
    preset: str | None = None, *, rpm: float = 0.0, upper: float = 22_050.0, error: float = 0.0
) -> Verdict:
    findings: dict[str, Any] = {
        "bandwidth": SimpleNamespace(upper_hz=(upper,), upper_error=(error,), nyquist_hz=22_050.0),
        "rumble": SimpleNamespace(found=rpm > 0),
        "surface": SimpleNamespace(rpm=rpm),
        "clicks": SimpleNamespace(revolution_rpm=0.0),
        "noise": SimpleNamespace(found=False),
        "hum": SimpleNamespace(found=False),
    }
    suggestion: Any = SimpleNamespace(preset=preset)
    return Verdict(findings, suggestion)


def piece(**truth: Any) -> Piece:
    return Piece(np.zeros((1, 10)), Truth(**{"presets": ("vinyl",), **truth}))


def test_a_medium_is_right_where_an_engineer_would_reach_for_the_same() -> None:
    assert real_finders.right_medium(piece(), said("vinyl"))
    assert not real_finders.right_medium(piece(), said("shellac"))
    assert real_finders.right_medium(piece(presets=(None,)), said(None))


@pytest.mark.parametrize(
    ("top_hz", "upper", "error", "right"),
    [
        (4500.0, 4600.0, 0.01, True),
        (4500.0, 5000.0, 0.01, False),
        (4500.0, 5000.0, 0.2, True),
        (4500.0, 22_050.0, 0.0, False),
        (np.inf, 22_050.0, 0.0, True),
        (np.inf, 2600.0, 0.02, False),
        (np.inf, 2600.0, 0.3, True),
        (0.0, 2600.0, 0.02, None),
    ],
)
def test_an_end_is_right_near_the_true_one_or_said_to_be_unknown(
    top_hz: float, upper: float, error: float, right: bool | None
) -> None:
    assert real_finders.right_band(piece(top_hz=top_hz), said(upper=upper, error=error)) is right


def test_turns_and_rumble_are_right_where_there_are_any_and_nowhere_else() -> None:
    assert real_finders.right_turns(piece(turns_per_minute=160.0), said(rpm=159.0))
    assert not real_finders.right_turns(piece(turns_per_minute=160.0), said(rpm=78.0))
    assert not real_finders.right_turns(piece(turns_per_minute=160.0), said())
    assert real_finders.right_turns(piece(), said()) and not real_finders.right_turns(piece(), said(rpm=45.0))
    assert real_finders.right_rumble(piece(rumble=True), said(rpm=45.0))
    assert real_finders.right_noise(piece(), said()) is None
    assert real_finders.right_noise(piece(noise=True), said()) is False


def test_a_table_counts_what_was_judged() -> None:
    draw = np.random.default_rng(0)
    take = Take("x", 0.1 * draw.standard_normal((2, 2 * RATE)), RATE)
    plan = Plan(count=1, material=lambda kind, count, seconds: [take])
    text = real_finders.media_table(plan, ["studio"])
    assert "| studio |" in text and "/2 |" in text and "| all |" in text
    with pytest.raises(ChoiceError, match="wire must be of"):
        list(real_finders.tables(Plan(kinds=("wire",))))

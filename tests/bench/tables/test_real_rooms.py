"""The tables of rooms say what was gained, where, and what was left as it was."""

import numpy as np
import pytest
from bench.material.reverberant import Reverberant
from bench.measuring.plan import ChoiceError, Plan
from bench.measuring.systems import System
from bench.tables.real_rooms import BEFORE, BOTH, OWN, Found, Heard, Where

from bench.tables import real_rooms

WAYS = [
    System(name, lambda made, rate: made.audio, missing="pip install it" if name == "nara-wpe" else "")
    for name in (BEFORE, "nara-wpe", OWN, BOTH)
]


def found() -> Found:
    def row(gain: float, same: bool) -> dict[str, list[Heard]]:
        before, after = Heard(1.5, 4.0, True), Heard(1.5 + gain, 5.0, same)
        return {BEFORE: [before, before], OWN: [after, after], BOTH: [after, after]}

    return {Where("street", 1, "44.1"): row(0.2, False), Where("street", 1, "MP3 128"): row(-0.06, True)}


def test_rows_say_what_was_measured() -> None:
    text = real_rooms.room_table(found(), WAYS)
    assert "| street, 1 ch., 44.1 | 1.50 / 4.00 | – | 1.70 / 5.00 | 1.70 / 5.00 | 0 of 2 |" in text
    assert "nara-wpe (pip install it)" in text


def test_gains_are_over_the_untreated_takes_and_lost_ones_are_told() -> None:
    text = real_rooms.route_table(found(), WAYS)
    assert "| MP3 128 | -0.06 / +1.00 | -0.06 / +1.00 | 2 of 2 |" in text
    assert "| street, 1 ch. | +0.07 / +1.00 | +0.07 / +1.00 | 2 of 4 |" in text
    lines = list(real_rooms.verdicts(found(), WAYS))
    assert lines[0].endswith("MP3 128: at least half of the gain at 44.1: -30%. **Not shown.**")
    assert lines[1].endswith("No row loses PESQ: least -0.06. **Not shown.**")


def test_a_voice_left_to_the_bit_is_counted() -> None:
    pytest.importorskip("pesq")
    rng = np.random.default_rng(0)
    audio = 0.1 * rng.standard_normal((2, 16_000)) * (1 + np.sin(np.arange(16_000) / 500))
    made = Reverberant(audio, audio[:1])
    assert real_rooms.score(made, audio, 16_000).same
    changed = real_rooms.score(made, 0.9 * audio, 16_000)
    assert not changed.same and changed.ratio > 0


def test_what_is_unknown_is_refused() -> None:
    with pytest.raises(ChoiceError, match="routes=tape must be of 16 sox"):
        real_rooms.choose(Plan(routes=("tape",)))
    with pytest.raises(ChoiceError, match="kinds=cave must be of"):
        real_rooms.choose(Plan(kinds=("cave",)))
    assert real_rooms.choose(Plan(quick=True)) == (["44.1", "96 sox"], ["made 0.4 s"])

"""The tables of hum say what became of it, and no more than was measured."""

import numpy as np
import pytest
from bench.material.reporting.channel import RATE
from bench.material.reporting.hum import hummed
from bench.material.takes import Take
from bench.measuring.plan import ChoiceError, Plan
from bench.tables.real_hum import Done

from bench.tables import real_hum


def take() -> Take:
    time = np.arange(2 * RATE) / RATE
    return Take("notes", 0.1 * np.sin(2 * np.pi * np.array([[277.0], [333.0]]) * time), RATE)


@pytest.mark.parametrize(("factor", "down_db"), [(1.0, 0.0), (0.1, 20.0), (2.0, -6.02)])
def test_hum_is_down_by_what_is_left_of_it(
    monkeypatch: pytest.MonkeyPatch, factor: float, down_db: float
) -> None:
    made = hummed(take(), "mains", 20.0, 0)

    def through(audio: np.ndarray, sample_rate: int, hz: float) -> tuple[np.ndarray, int]:
        return made.clean + factor * (audio - made.clean), 2

    monkeypatch.setattr(real_hum, "through", through)
    done = real_hum.done_to(made, 0.0)
    assert done.down_db == pytest.approx(down_db, abs=0.05)
    assert done.program_sdr_db > 70 and done.edits == 2 and done.changed == (factor != 1)


def test_named_is_told_as_an_engineer_would_read_it() -> None:
    named = [dict(real_hum._asked(hummed(take(), kind, 20.0, 0))) for kind in ("railway", "lines")]
    assert named[0]["named"] in (16.67, 25.0) and list(named[1]) == ["found"]


def test_rows_and_lines_say_what_was_measured() -> None:
    found, named = Done(25.0, 40.0, 45.0, 0, True), Done(-1.0, 20.0, 30.0, 3, True)
    nothing = Done(0.0, 20.0, 80.0, 0, False)
    done = {
        ("mains", "music", 20.0, "found"): [found, nothing],
        ("mains", "music", 20.0, "named"): [named, named],
    }
    text = "\n".join(real_hum.views("Hum", done))
    assert (
        "| mains, 20 dB | 12.5 / 30.0 / 62.5 (0.0) | 1 of 2 | 0 | -1.0 / 20.0 / 30.0 (-1.0) | 2 of 2 | 6 |"
        in text
    )
    lines = list(real_hum.summary(done))
    assert "Hum found: changed 50 % of 2 takes, down by 20 dB in 50 %, louder in 0" in lines[0]
    assert "louder in 2 (least -1.0 dB); false edits 6." in lines[1]
    assert lines[2].endswith("found in 1 of 2 takes.")
    assert real_hum.cells(None) == ("–", "–", "–")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ChoiceError, match="hiss must be of mains"):
        real_hum.choose(Plan(kinds=("hiss",)))


def test_what_is_not_changed_comes_back_to_the_bit() -> None:
    audio = take().audio
    output, edits = real_hum.through(audio, RATE, 0.0)
    assert output.tobytes() == audio.tobytes() and edits == 0

"""A new preset is made of what a person answers."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from wavemend import load_preset
from wavemend.host.cli.asking import chosen_preset, refined
from wavemend.host.presets.preset import preset_to_json

from tests.host.recordings import damaged, write


class Person:
    """Gives answers by what a question holds, each once; else takes what is offered."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers, self.asked, self.told = answers, list[str](), list[str]()

    def ask(self, question: str, offered: str) -> str:
        self.asked.append(f"{question} [{offered}]")
        for words, said in self.answers.items():
            if words in question and said:
                return said.pop(0)
        return offered

    def say(self, text: str) -> None:
        self.told.append(text)


def test_what_is_offered_changes_nothing() -> None:
    person = Person()
    begun, preset = chosen_preset("vinyl", person.ask, person.say)
    made = refined(preset, person.ask, person.say)
    assert begun == "vinyl" and person.told == []
    assert preset_to_json(made) == preset_to_json(load_preset("vinyl"))
    assert "2, Decrackle: is off; turn it on? [n]" in person.asked
    assert "1, Declick: sensitivity, a number from 0 to 10 [5]" in person.asked
    assert not any("Decrackle: strength" in question for question in person.asked)


def test_answers_are_taken_and_wrong_ones_asked_again() -> None:
    person = Person(
        begin=["vinil", "vinyl"], sensitivity=["11", "x", "4"], off=["maybe", "y"], strength=["3"]
    )
    person.answers["Name"] = ["", "a\nb", "Mine"]
    _, preset = chosen_preset("hum", person.ask, person.say)
    made = refined(preset, person.ask, person.say)
    declick, decrackle = made.chain[0], made.chain[1]
    assert (made.name, declick.sensitivity, decrackle.strength) == ("Mine", 4, 3)
    assert made.chain.slots[1].bypass is False
    assert len(person.told) == 6 and "there is no preset 'vinil'" in person.told[0]


@pytest.mark.whole
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals to play with on this system")
def test_on_a_terminal_it_asks_and_elsewhere_it_does_not(tmp_path: Path) -> None:
    write(tmp_path / "side.wav", damaged(4.0))
    command = [sys.executable, "-m", "wavemend", "presets", "new", "side.wav", "-o"]
    subprocess.run([*command, "a.json"], check=True, cwd=tmp_path, stdin=subprocess.DEVNULL)
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*command, "b.json"], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs
    ) as it:
        os.close(theirs)
        os.write(ours, b"\n" * 20)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is gone where the program is
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    assert it.returncode == 0 and b"Preset to begin with" in shown, shown
    made = [json.loads((tmp_path / name).read_text()) for name in ("a.json", "b.json")]
    assert made[0] == made[1]

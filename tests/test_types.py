"""Type checkers take what the documentation shows, and refuse what would fail when it runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import wavemend

from .test_docs import ROOT, snippets

RIGHT = """
from typing import assert_type

import numpy as np
import numpy.typing as npt
import pedalboard
from wavemend import VST3, Chain, Declick, Rumble, Slot, load_preset

single, double = np.zeros((2, 100), np.float32), np.zeros((2, 100))
assert_type(Declick()(single, 44_100), npt.NDArray[np.float32])
assert_type(Declick().process(double, 44_100), npt.NDArray[np.float64])
assert_type(Chain([Declick()])(single, 44_100), npt.NDArray[np.float32])
assert_type(VST3("x")(double, 44_100), npt.NDArray[np.float64])
Chain([Declick(), None, pedalboard.Gain(3), Slot(pedalboard.Gain(3)), Chain(), Slot(None)])
VST3("x", gain_db=3, missing="bypass")
several: list[Declick] = [Declick()]
chain = Chain(several)
chain.append(Rumble())
chain[0].sensitivity = 4
chain.slots[0].member.sensitivity = 4
load_preset("vinyl").new_chain()
Declick(sensitivity=4, algorithm="learned").output = "removed"
"""

WRONG = """
import numpy as np
from wavemend import VST3, Chain, Declick, Slot, load_preset, render
Declick(2)
Declick(sensitivty=2)
Declick(sensitivity="2")
Declick(algorithm="fast")
Declick().output = "rest"
Declick().process([1.0], 44_100)
Slot(Declick(), by_pass=True)
Chain([Declick()], 3)
VST3("x", missing="skip")
load_preset(3)
render("vinyl", "a.wav", "b.wav", remove=True)
render("vinyl", "a.wav", "b.wav", overs="squeeze")
"""


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Run mypy once over everything, on what `make types` left in its cache; return its lines by file."""
    folder = tmp_path_factory.mktemp("snippets")
    files = {re.sub(r"\W", "_", str(param.id)): param.values[0] for param in snippets("python")}
    files |= {"right": RIGHT, "wrong": WRONG}
    files["names"] = "".join(f"from wavemend import {name}\n" for name in dir(wavemend))
    for name, code in files.items():
        (folder / f"{name}.py").write_text(str(code))
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--no-error-summary"]
    paths = [str(folder / f"{name}.py") for name in files]
    run = subprocess.run([*command, *paths], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stdout + run.stderr
    lines = [line for line in run.stdout.splitlines() if " error: " in line]
    return {name: [line for line in lines if Path(line.partition(":")[0]).stem == name] for name in files}


def test_what_the_documentation_shows_is_taken(complaints: dict[str, list[str]]) -> None:
    assert len(complaints) > 3
    assert not [line for name, lines in complaints.items() if name != "wrong" for line in lines]


def test_what_would_fail_is_refused(complaints: dict[str, list[str]]) -> None:
    refused = {int(line.split(":")[1]) for line in complaints["wrong"]}
    assert refused == set(range(4, len(WRONG.splitlines()) + 1))

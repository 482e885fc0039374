"""What a command loads before it can answer: a list or help must not wait for what only rendering needs."""

import subprocess
import sys

import pytest

HEAVY = {"scipy.signal", "numba", "onnxruntime"}
PEDALBOARD = {"pedalboard", "numpy"}

LOADED = """
import sys
from wavemend.host.cli.main import main
try:
    main()
except SystemExit as left:
    assert not left.code, left.code
print("loaded", *sys.modules)
"""


@pytest.mark.whole
@pytest.mark.parametrize(
    ("command", "avoided"),
    [
        ("presets list", HEAVY),
        ("presets list --json", HEAVY),
        ("--help", HEAVY | PEDALBOARD),
        ("render --help", HEAVY | PEDALBOARD),
        ("--version", HEAVY | PEDALBOARD),
    ],
)
def test_commands_load_nothing_they_do_not_need(command, avoided):
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *command.split()], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert loaded[0] == "loaded"
    assert not avoided & set(loaded)

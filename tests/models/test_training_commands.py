"""Asking a training script for help trains nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.whole
@pytest.mark.parametrize("module", ["program.train", "clicks.train", "denoise.train", "impulses"])
def test_help_is_told_and_nothing_else_happens(module):
    if module not in ("program.train", "clicks.train"):
        pytest.importorskip("torch")
    result = subprocess.run(
        [sys.executable, "-m", f"models.training.{module}", "--help"],
        check=False, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 0 and result.stdout.startswith(f"usage: python -m models.training.{module}")
    assert "--seed" in result.stdout and "--target" in result.stdout


@pytest.mark.whole
@pytest.mark.parametrize("name", ["program", "places", "clicks", "medium"])
def test_one_command_trains_any_model(name):
    result = subprocess.run(
        [sys.executable, "-m", "models.training", name, "--help"],
        check=False, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 0 and "--target" in result.stdout

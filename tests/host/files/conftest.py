"""Fixtures of the host's tests."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For hypothesis, which runs many examples in one test."""
    return tmp_path_factory.mktemp("audio")

"""Every test of this room has a catalogue of its own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def apart(own_catalogue: None) -> None:
    """Keep every test's catalogue apart."""

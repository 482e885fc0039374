"""Every test of this room has a catalogue of its own."""

from __future__ import annotations

import pytest
from wavemend.host.vst3.plugin import VST3
from wavemend.host.vst3.stream import VST3Stream


@pytest.fixture(autouse=True)
def apart(own_catalogue: None) -> None:
    """Keep every test's catalogue apart."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[VST3Stream]:
    """List the streams that plugins open."""
    streams: list[VST3Stream] = []
    opening = VST3.stream

    def stream(plugin: VST3, sample_rate: float, channels: int) -> VST3Stream:
        streams.append(opening(plugin, sample_rate, channels))
        return streams[-1]

    monkeypatch.setattr(VST3, "stream", stream)
    return streams

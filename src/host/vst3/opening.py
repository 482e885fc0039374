"""Streams of several VST3s for one recording, which load at the same time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack

from ...audio.checks import check_channels, check_rate
from .controls import Loadable
from .stream import VST3Stream

_AT_ONCE = max(4, 2 * (os.cpu_count() or 1))  # guard: two a core, so that each has time enough to answer


def open_together(plugins: Sequence[Loadable], sample_rate: float, channels: int) -> list[VST3Stream]:
    """Open a stream in each plugin, for the same recording; see `VST3.stream`.

    They load and get ready at the same time, but for `_AT_ONCE` at most: what each has time for would else
    depend on how many there are.
    """
    sample_rate, channels = check_rate(sample_rate), check_channels(channels)
    streams: list[VST3Stream] = []
    with ExitStack() as opened:
        for first in range(0, len(plugins), _AT_ONCE):
            some = plugins[first : first + _AT_ONCE]
            states = [plugin.state for plugin in some]
            instances = []
            for plugin in some:
                instances.append(plugin.new_instance())
                opened.callback(instances[-1].close)
            begun = [
                VST3Stream(instance, plugin, state, sample_rate, channels)
                for instance, plugin, state in zip(instances, some, states, strict=True)
            ]
            for stream in begun:
                stream.wait_until_ready()
            streams += begun
        opened.pop_all()
    return streams

"""Blocks of audio in memory that the host and a worker share.

The memory has no name: it is a file that was never in any folder (or is no longer), handed on as an open
descriptor. When both processes are gone, however they went, so is it.
"""

from __future__ import annotations

import mmap
import os
import tempfile

import numpy as np
import numpy.typing as npt

_MOST_SAMPLES = 65_536  # guard: handed over at once, a channel
_HEADER_BYTES = 64  # guard: room for the two counts, samples behind it aligned


def new_memory() -> int:
    """Open nameless memory of no size yet; return its descriptor."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("wavemend-audio", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class SharedAudio:
    """Blocks of float32 in shared memory: those that go to the plugin and those that come back.

    As many as the host has at hand go over at once: a change of processes costs more than a short block.

    Parameters
    ----------
    descriptor
        Of the memory.
    channels, block_size
        Shape of each block.
    create
        Whether this side gives the memory its size; once, for it can neither shrink nor grow afterwards.

    Attributes
    ----------
    to_plugin, from_plugin
        Shape (blocks, channels, block size).
    counts
        Blocks handed over, and how many of them were processed.
    """

    def __init__(self, descriptor: int, channels: int, block_size: int, *, create: bool) -> None:
        shape = (2, max(_MOST_SAMPLES // block_size, 1), channels, block_size)
        size = _HEADER_BYTES + 4 * int(np.prod(shape))
        if create:
            os.ftruncate(descriptor, size)
            _keep_size(descriptor)
        memory = mmap.mmap(descriptor, size)
        self.counts: npt.NDArray[np.int64] = np.frombuffer(memory, np.int64, 2)
        both = np.frombuffer(memory, np.float32, offset=_HEADER_BYTES).reshape(shape)
        self.to_plugin: npt.NDArray[np.float32] = both[0]
        self.from_plugin: npt.NDArray[np.float32] = both[1]


def _keep_size(descriptor: int) -> None:
    """Memory that shrank under a mapping would kill the host."""
    if hasattr(os, "memfd_create"):
        import fcntl  # noqa: PLC0415 - not on every platform

        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)

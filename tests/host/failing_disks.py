"""Disks that fail, and people who press Ctrl-C, at a chosen read of a recording."""

import errno
import io
import signal

from wavemend.host.files import source_file


def counted_reads(monkeypatch, source, happen=lambda read: None):
    """Have every read of `source` call `happen` with its number, from 1 on; return the numbers so far."""
    reads = []

    class Disk(io.FileIO):
        def readinto(self, buffer):
            if self.name == source:
                reads.append(len(reads) + 1)
                happen(reads[-1])
            return super().readinto(buffer)

    monkeypatch.setattr(source_file, "FileIO", Disk)
    return reads


def failing_at(number):
    def happen(read):
        if read == number:
            raise OSError(errno.EIO, "Input/output error")

    return happen


def interrupted_at(number):
    def happen(read):
        if read == number:
            signal.raise_signal(signal.SIGINT)

    return happen


def spread(count, most):
    """At most so many numbers from 1 to `count`, both included."""
    return sorted({1 + round(index * (count - 1) / (most - 1)) for index in range(most)})

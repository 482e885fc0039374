"""Render an RF64 of several gigabytes, and look at what came out; run by hand: it takes minutes, and a disk.

    python -m tests.host.files.big FOLDER --gigabytes 4.5

The folder needs room for twice that. The files are deleted in the end.
"""

import argparse
import resource
import struct
import time
from pathlib import Path

import numpy as np
import soundfile
from wavemend import Chain, render
from wavemend.host.files.chunks import list_chunks
from wavemend.plugins.dc_offset import DcOffset

from .tagged_files import BEXT

RATE, CHANNELS, FRAME_BYTES = 96_000, 2, 6
BLOCK = 1 << 20
OFFSET = 2.0**-8
CARRIED = ((b"bext", BEXT), (b"iXML", b"<BWFXML><TAPE>7</TAPE></BWFXML>"), (b"_PMX", b"odd"))


def generated(path: Path, frames: int) -> None:
    """Write hiss with an offset, 24 bits, and chunks behind it, in constant memory."""
    hiss = np.random.default_rng(0).normal(OFFSET, 0.01, (BLOCK, CHANNELS))
    words = np.round(hiss * 2**23).astype(np.int32) << 8
    with soundfile.SoundFile(path, "w", RATE, CHANNELS, "PCM_24", "FILE", "RF64") as file:
        for start in range(0, frames, BLOCK):
            file.write(words[: frames - start])
    with path.open("rb+") as file:
        file.seek(0, 2)
        for name, said in CARRIED:
            file.write(name + struct.pack("<I", len(said)) + said + b"\0" * (len(said) % 2))
        size = file.tell() - 8
        file.seek(20)
        file.write(struct.pack("<Q", size))


def checked(source: Path, output: Path) -> None:
    """See that the output is whole: its size, its sound at both ends and beyond 4 GB, its chunks."""
    with output.open("rb") as file:
        listed = list_chunks(file)
        assert listed is not None and listed.is_rf64 and listed.end == listed.file_size
        chunks = {}
        for chunk in listed.carried:
            file.seek(chunk.start)
            chunks[chunk.identifier] = file.read(chunk.size)
        file.seek(20)
        assert struct.unpack("<Q", file.read(8))[0] == listed.file_size - 8
    assert list(chunks) == [name for name, _ in CARRIED]
    assert chunks[b"bext"].startswith(BEXT) and chunks[b"bext"].count(b"wavemend") > 0
    assert chunks[b"_PMX"] == b"odd"
    with soundfile.SoundFile(source) as old, soundfile.SoundFile(output) as new:
        assert (new.frames, new.format, new.subtype) == (old.frames, "RF64", "PCM_24")
        for place in (0, min((1 << 32) // FRAME_BYTES, old.frames - 1000) - 500, old.frames - 1000):
            old.seek(place)
            new.seek(place)
            was, now = old.read(1000), new.read(1000)
            assert np.abs(was - now - OFFSET).max() < 2e-5, place  # the offset went, and nothing else


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gigabytes", type=float, default=4.5, help="of 10^9 bytes, of sound")
    asked = parser.parse_args()
    frames = round(asked.gigabytes * 1e9 / FRAME_BYTES)
    source, output = asked.folder / "big.wav", asked.folder / "restored.wav"
    try:
        began = time.monotonic()
        generated(source, frames)
        made = time.monotonic()
        done = render(Chain([DcOffset()]), source, output)
        took = time.monotonic() - made
        checked(source, output)
    finally:
        for path in (source, output, Path(f"{output}.report.json")):
            path.unlink(missing_ok=True)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"made {asked.gigabytes} GB in {made - began:.0f} s")
    print(f"rendered {frames / RATE / 60:.0f} minutes in {took:.0f} s, memory {memory_mb:.0f} MB at the most")
    print("\n".join(done.warnings))


if __name__ == "__main__":
    main()

"""Small sound files that say something about themselves, for the tests of what is carried over."""

import struct
from pathlib import Path

import numpy as np
import soundfile
from mutagen import flac
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.files.audio_reader import AudioReader
from wavemend.host.files.audio_writer import AudioWriter
from wavemend.host.files.change import Change, Cut
from wavemend.host.files.chunks import list_chunks
from wavemend.host.files.source_file import SourceFile
from wavemend.host.files.tags import copy_tags

RATE = 48000
AUDIO = np.random.default_rng(0).integers(-(2**15), 2**15, (2, 999)) / 2**15
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
BEXT = b"Side A, lacquer 12".ljust(602, b"\0") + b"A=ANALOGUE,M=mono\r\n"
FLAC = AudioFormat("FLAC", "PCM_16", RATE, 2)


def store(
    path: Path, container: str, subtype: str = "PCM_16", endian: str = "FILE", channels: int = 2
) -> Path:
    with soundfile.SoundFile(path, "w", RATE, channels, subtype, endian, container) as file:
        file.write(np.ascontiguousarray(AUDIO[:channels].T))
    return path


def lossy(path: Path, container: str, subtype: str) -> Path:
    with soundfile.SoundFile(path, "w", RATE, 2, subtype, None, container) as file:
        for _ in range(20):
            file.write(np.ascontiguousarray(AUDIO.T * 0.1))
    return path


def add_chunks(path: Path, *chunks: tuple[bytes, bytes], order: str = "<") -> None:
    """Append chunks to a WAV or AIFF by hand, and mend its size."""
    data = bytearray(path.read_bytes())
    for name, payload in chunks:
        data += name + struct.pack(f"{order}I", len(payload)) + payload + b"\0" * (len(payload) % 2)
    if data[:4] == b"RF64":
        data[20:28] = struct.pack("<Q", len(data) - 8)
    else:
        data[4:8] = struct.pack(f"{order}I", len(data) - 8)
    path.write_bytes(data)


def chunks_of(path: Path) -> dict[bytes, bytes]:
    with path.open("rb") as file:
        found = list_chunks(file)
        assert found is not None
        assert found.end == found.file_size
        payloads = {}
        for chunk in found.chunks:
            file.seek(chunk.start)
            payloads[chunk.identifier[:4]] = file.read(chunk.size)
        return payloads


def tags_carried(source: Path, target: Path, cut: Cut | None = None) -> list[str]:
    with SourceFile(source) as file:
        return copy_tags(file, target, Change("", cut))


def carry(source: Path, target: Path, form: AudioFormat | None = None) -> list[str]:
    """Restore with an empty chain, carry the tags over, and see that the audio survived."""
    with AudioReader(source) as reader:
        form = form or reader.format.lossless_output()
        audio = reader.read(0, reader.frames)
        with AudioWriter(target, form) as writer:
            held = writer.write(audio)
    warnings = tags_carried(source, target)
    with AudioReader(target) as reader:
        assert np.array_equal(reader.read(0, reader.frames + 1), held)
    again = target.with_name("again")
    with AudioWriter(again, form) as writer:
        writer.write(audio)
    tags_carried(source, again)
    assert again.read_bytes() == target.read_bytes()
    return warnings


def info(*entries: tuple[bytes, bytes]) -> bytes:
    return b"INFO" + b"".join(
        name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2) for name, text in entries
    )


def picture() -> flac.Picture:
    made = flac.Picture()
    made.type, made.mime, made.desc, made.data = 3, "image/png", "label", PICTURE
    return made

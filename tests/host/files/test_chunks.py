"""Chunks come through byte for byte where the container stays the same, and no bytes break the walk."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.host.files import chunks
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.files.audio_reader import AudioReader
from wavemend.host.files.chunks import append_chunk, list_chunks

from .tagged_files import AUDIO, BEXT, RATE, add_chunks, carry, chunks_of, info, store, tags_carried

STUDIO = (
    (b"bext", BEXT),
    (b"iXML", b"<BWFXML><TAPE>7</TAPE></BWFXML>"),
    (b"LIST", info((b"INAM", "Étude".encode()), (b"IART", b"odd"))),
    (b"cue ", struct.pack("<I", 0)),
    (b"smpl", bytes(36)),
    (b"_PMX", b"\0\1\2"),
)


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_chunks_come_through_to_the_byte(
    tmp_path: Path, container: str, subtype: str, channels: int
) -> None:
    source, target = store(tmp_path / "a.wav", container, subtype, channels=channels), tmp_path / "b.wav"
    add_chunks(source, *STUDIO, (b"JUNK", bytes(50)), (b"PAD ", bytes(5)))
    assert carry(source, target) == []
    carried = chunks_of(target)
    assert {name: carried[name] for name, _ in STUDIO} == dict(STUDIO)
    assert carried.get(b"PAD ") != bytes(5)
    data = target.read_bytes()
    stated = data[20:28] if container == "RF64" else data[4:8] + bytes(4)
    assert struct.unpack("<Q", stated)[0] == len(data) - 8


def test_wav_chunks_before_the_audio(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    data = source.read_bytes()
    extra = b"bext" + struct.pack("<I", len(BEXT)) + BEXT + bytes(len(BEXT) % 2)
    source.write_bytes(
        data[:4] + struct.pack("<I", len(data) + len(extra) - 8) + data[8:12] + extra + data[12:]
    )
    carry(source, tmp_path / "b.wav")
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT


def test_wav_that_grew_to_rf64_keeps_its_chunks(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    add_chunks(source, *STUDIO)
    assert carry(source, tmp_path / "b.wav", AudioFormat("RF64", "PCM_24", RATE, 2)) == []
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT


def test_big_endian_wav(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV", endian="BIG")
    add_chunks(source, (b"bext", BEXT), order=">")
    assert carry(source, tmp_path / "b.wav") == []
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_aiff_chunks(tmp_path: Path, subtype: str, channels: int) -> None:
    texts = (
        (b"NAME", b"Night train"),
        (b"AUTH", b"Anon."),
        (b"(c) ", b"1931"),
        (b"ANNO", b"hiss"),
        (b"ID3 ", b"x"),
    )
    source = store(tmp_path / "a.aiff", "AIFF", subtype, channels=channels)
    add_chunks(source, *texts, (b"MARK", struct.pack(">H", 0)), order=">")
    assert carry(source, tmp_path / "b.aiff") == []
    carried = chunks_of(tmp_path / "b.aiff")
    assert {name: carried[name] for name, _ in texts} == dict(texts)


def test_w64_and_caf_chunks(tmp_path: Path) -> None:
    source = store(tmp_path / "a.w64", "W64")
    guid = b"bext" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
    data = bytearray(source.read_bytes())
    data += bytes(-len(data) % 8) + guid + struct.pack("<Q", 24 + len(BEXT)) + BEXT + bytes(-len(BEXT) % 8)
    data[16:24] = struct.pack("<Q", len(data))
    source.write_bytes(data)
    # libsndfile takes chunks behind the audio for audio: we neither read nor write them as such.
    with AudioReader(source) as reader:
        assert np.array_equal(reader.read(0, 2000), AUDIO)
    warnings = carry(source, tmp_path / "b.w64")
    assert warnings == [f"{source}: chunk 'bext' has no place in the new container"]

    source = store(tmp_path / "a.caf", "CAF")
    text = struct.pack(">I", 2) + b"title\0Night train\0comments\0hiss\0"
    source.write_bytes(source.read_bytes() + b"info" + struct.pack(">Q", len(text)) + text)
    assert carry(source, tmp_path / "b.caf") == []
    assert chunks_of(tmp_path / "b.caf")[b"info"] == text


@pytest.mark.parametrize(("container", "order"), [("WAV", "<"), ("AIFF", ">")])
@pytest.mark.parametrize("padding", [b"", b"\0", b"L"])
def test_chunks_behind_an_odd_one_are_found_with_padding_and_without(
    tmp_path: Path, container: str, order: str, padding: bytes
) -> None:
    source, target = store(tmp_path / "a", container, "PCM_24", channels=1), tmp_path / "b"
    data = source.read_bytes()
    with source.open("rb") as file:
        listed = list_chunks(file)
    assert listed is not None
    assert listed.audio is not None
    whole = listed.audio.start + listed.audio.size
    assert whole % 2 or container == "AIFF"  # where libsndfile counts the padding
    tail = b"".join(
        name + struct.pack(f"{order}I", len(text)) + text + padding
        for name, text in ((b"one ", b"Night train"), (b"two ", b"hiss!"))
    )
    data = data[:whole] + padding * (whole % 2) + tail
    source.write_bytes(data[:4] + struct.pack(f"{order}I", len(data) - 8) + data[8:])
    assert carry(source, target) == []
    carried = chunks_of(target)
    assert (carried[b"one "], carried[b"two "]) == (b"Night train", b"hiss!")


def test_hostile_sizes(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    add_chunks(source, (b"bext", BEXT))
    source.write_bytes(source.read_bytes() + b"evil" + struct.pack("<I", 0xFFFFFFF0) + b"x" * 60)
    warnings = carry(source, tmp_path / "b.wav")
    assert warnings == [f"{source}: 68 bytes at the end are no valid chunk and were not carried over"]
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT
    many = store(tmp_path / "many.wav", "WAV")
    many.write_bytes(many.read_bytes() + b"evil\0\0\0\0" * 5000)
    assert "40000 bytes" not in str(carry(many, tmp_path / "b.wav"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["WAV", "AIFF", "W64", "CAF", "RF64"]), st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_break_the_walk(folder: Path, container: str, junk: bytes, at: int) -> None:
    source = folder / "source"
    data = bytearray(store(source, container).read_bytes())
    data[at : at + len(junk)] = junk
    source.write_bytes(data)
    for kind in ("WAV", "FLAC"):
        target = store(folder / "target", kind)
        for warning in tags_carried(source, target):
            assert warning.startswith(f"{source}: ")
        with AudioReader(target) as reader:
            assert np.array_equal(reader.read(0, 1000), AUDIO)


def test_what_would_pass_4_gb_is_left_and_the_rest_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = store(tmp_path / "a.wav", "WAV"), tmp_path / "b.wav"
    add_chunks(source, (b"long", bytes(9000)), (b"bext", BEXT))
    monkeypatch.setattr(chunks, "_MAX_RIFF_SIZE", source.stat().st_size - 5000)
    warning = f"{source}: chunk 'long' was not carried over: the file would pass 4 GB"
    assert carry(source, target) == [warning]
    assert b"long" not in chunks_of(target)
    assert chunks_of(target)[b"bext"] == BEXT
    assert carry(source, target, AudioFormat("RF64", "PCM_16", RATE, 2)) == []


def test_a_payload_that_ends_early_is_an_error(tmp_path: Path) -> None:
    with store(tmp_path / "a.wav", "WAV").open("rb+") as file:
        listed = list_chunks(file)
        assert listed is not None
        with pytest.raises(OSError, match="became shorter"):
            append_chunk(file, listed, b"bext", 100, io.BytesIO(bytes(99)))

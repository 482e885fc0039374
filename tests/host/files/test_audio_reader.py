"""Reading sound files: to the bit, in any order, nothing damaged taken for sound."""

import contextlib
import os
import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.errors import AudioFileError
from wavemend.host.files.audio_reader import AudioReader

from ...fuzz import ogg
from .sound_files import RATE, as_nobody, copy, encoded, random_audio, refusal, store


def wav_bytes(audio: np.ndarray, **changes: int) -> bytes:
    """A 16-bit WAV whose header fields can be made to lie."""
    data = np.ascontiguousarray((audio.T * 2**15).astype("<i2")).tobytes()
    channels = audio.shape[0]
    field = {
        "riff": 36 + len(data), "channels": channels, "rate": RATE, "bytes": RATE * 2 * channels,
        "align": 2 * channels, "bits": 16, "data": len(data),
    } | changes  # fmt: skip
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", field["riff"], b"WAVE", b"fmt ", 16, 1, field["channels"],
        field["rate"], field["bytes"], field["align"], field["bits"], b"data", field["data"],
    ) + data  # fmt: skip


# To the bit


@settings(max_examples=30, deadline=None)
@given(
    container=st.sampled_from(["WAV", "FLAC", "AIFF", "CAF"]),
    places=st.lists(st.tuples(st.integers(0, 20000), st.integers(0, 20000)), min_size=1, max_size=6),
)
def test_reading_in_any_order(folder: Path, container: str, places: list[tuple[int, int]]) -> None:
    audio = random_audio("PCM_16", (2, 20000))
    subtype = "ALAC_16" if container == "CAF" else "PCM_16"
    store(folder / "order", audio, container, subtype)
    with AudioReader(folder / "order") as reader:
        for start, count in places:
            assert np.array_equal(reader.read(start, count), audio[:, start : start + count])


def test_alac_in_16_bits_is_read_and_becomes_pcm(tmp_path: Path) -> None:
    audio = random_audio("PCM_16", (2, 10_000))
    store(tmp_path / "a.caf", audio, "CAF", "ALAC_16")
    form = copy(tmp_path / "a.caf", tmp_path / "b.caf")
    assert (form.container, form.subtype) == ("CAF", "PCM_16")
    with AudioReader(tmp_path / "b.caf") as reader:
        assert np.array_equal(reader.read(0, 10_000), audio)


def test_no_samples_is_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(wav_bytes(np.zeros((2, 0))))
    with AudioReader(path) as reader:
        assert reader.frames == 0
        assert reader.read(0, 100).shape == (2, 0)
        assert list(reader.blocks(10)) == []


def test_bad_arguments(tmp_path: Path) -> None:
    store(tmp_path / "a.wav", np.zeros((1, 9)), "WAV", "PCM_16")
    with AudioReader(tmp_path / "a.wav") as reader:
        for start, count in ((-1, 5), (0, -5)):
            with pytest.raises(ValueError, match="must not be negative"):
                reader.read(start, count)
        with pytest.raises(ValueError, match="positive"):
            next(reader.blocks(0))


# What is no sound file, or lies


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Dear diary,\n" * 50, "cannot be read as sound"),
        (b"", "cannot be read as sound"),
        (wav_bytes(np.zeros((1, 9)))[:30], "cannot be read as sound"),
        (wav_bytes(np.zeros((1, 9)), channels=0), "cannot be read as sound"),
        (wav_bytes(np.zeros((1, 9)), rate=0), "cannot be read as sound"),
        (wav_bytes(np.zeros((1, 9)), bits=0), "cannot be read as sound"),
        (wav_bytes(np.zeros((1, 900)), channels=100, align=200), "claims 100 channels"),
        (wav_bytes(np.zeros((1, 9)), rate=2_000_000_000), "claims 1 channels at 2000000000 Hz"),
        (wav_bytes(np.zeros((2, 9)), align=7), "contradicts itself: .* 4 bytes a frame, not 7"),
        (wav_bytes(np.zeros((2, 9)), channels=3), "contradicts itself: .* 6 bytes a frame, not 4"),
        (wav_bytes(np.zeros((2, 9)), data=1_000_000), "truncated: the header promises 1000000 bytes"),
        (wav_bytes(np.zeros((2, 9)))[:-8], "truncated: .* the last 8 are missing"),
        (wav_bytes(np.zeros((2, 90000)), data=400), "counts 100 frames, but 359600 bytes follow"),
        (wav_bytes(np.zeros((2, 90)), data=0, riff=0), "counts 0 frames, but 360 bytes follow"),
    ],
    ids=[
        "text",
        "nothing",
        "half_a_header",
        "no_channels",
        "no_rate",
        "no_bits",
        "hundred_channels",
        "absurd_rate",
        "odd_block_align",
        "wrong_block_align",
        "data_beyond_the_end",
        "cut_off",
        "data_too_short",
        "recorder_interrupted",
    ],
)
def test_damaged_headers(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "side.wav"
    path.write_bytes(content)
    assert re.search(message, refusal(path))


def test_missing_folder_and_special_files(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing.wav")
    assert "is a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    assert "not a regular file" in refusal(tmp_path / "pipe.wav")


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(np.zeros((1, 9))))
    path.chmod(0)
    with as_nobody():
        assert "no permission to read" in refusal(path)


def test_raw_samples_are_refused(tmp_path: Path) -> None:
    for ending in ("raw", "gsm", "VOX"):
        (tmp_path / f"a.{ending}").write_bytes(bytes(1000))
        assert "raw samples do not say what they are" in refusal(tmp_path / f"a.{ending}")


@pytest.mark.parametrize("name", ["notes.au", "notes.snd", "notes.ul", "notes.al"])
def test_no_file_is_sound_by_its_ending_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("a shopping list " * 100)
    assert "cannot be read as sound" in refusal(tmp_path / name)


def test_a_lossy_file_that_nothing_can_be_decoded_of_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "side.ogg"
    encoded(path, "OGG", "VORBIS", random_audio("PCM_16", (1, RATE)) * 0.1)
    data = bytearray(path.read_bytes())
    for start, stop in list(ogg.pages(data))[2:]:  # the pages of sound, behind those of headers
        payload = start + 27 + data[start + 26]
        data[payload:stop] = b"\1" * (stop - payload)  # no packet of sound begins with a one
    path.write_bytes(ogg.mended(data))
    assert re.fullmatch(r"nothing of its 0:00\.\d+ can be decoded; copy it again", refusal(path))


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
def test_a_sample_dump_is_read_whole_or_refused_without_a_word_from_its_decoder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], subtype: str
) -> None:
    path = tmp_path / "a.sds"
    audio = random_audio("PCM_16", (1, 1000)) * 0.5
    soundfile.write(path, audio.T, RATE, subtype=subtype, format="SDS")
    with AudioReader(path) as reader:
        assert reader.read(0, 1000).shape == (1, 1000)
    data = path.read_bytes()
    for damaged in (data[:21], data[:22] + data[23:], data[:400] + data[401:], data[:200] + data[150:]):
        path.write_bytes(damaged)
        assert "packets of the sample dump are missing" in refusal(path)
    path.write_bytes(data + b"more")
    with AudioReader(path) as reader:
        assert reader.read(0, 1000).shape == (1, 1000)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("damage", ["cut", "flip", "zeros"])
def test_damaged_flac_says_where(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "side.flac"
    store(path, random_audio("PCM_16", (2, 10 * RATE)), "FLAC", "PCM_16")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    if damage == "cut":
        del data[middle:]
    elif damage == "flip":
        data[middle] ^= 0x55
    else:
        data[middle : middle + 9999] = bytes(9999)
    path.write_bytes(data)
    message = refusal(path)
    seconds = float(message.split("0:")[1][:6])
    assert 4.8 < seconds < 5.1, message
    assert "copy it again" in message


def test_after_damage_nothing_wrong_is_read(tmp_path: Path) -> None:
    path, audio = tmp_path / "side.flac", random_audio("PCM_16", (2, 10 * RATE))
    store(path, audio, "FLAC", "PCM_16")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(data)
    with AudioReader(path) as reader:
        with pytest.raises(AudioFileError, match="copy it again"):
            reader.read(0, reader.frames)
        for start in (0, 4 * RATE, 217_113, 5 * RATE, 8 * RATE):
            with contextlib.suppress(AudioFileError):
                assert np.array_equal(reader.read(start, 1000), audio[:, start : start + 1000])


def test_hostile_flac_length_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "side.flac"
    store(path, np.zeros((2, 5000)), "FLAC", "PCM_16")
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)
    with AudioReader(path) as reader:
        assert reader.frames == 2**36 - 1
        with pytest.raises(AudioFileError, match=r"truncated|damaged"):
            reader.read(0, reader.frames)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_what_is_not_a_number_is_named(tmp_path: Path, bad: float, subtype: str) -> None:
    audio = np.zeros((2, 3 * RATE))
    audio[1, 44541] = bad
    audio[0, 50000] = bad
    store(tmp_path / "a.wav", audio, "WAV", subtype)
    assert f"holds {bad} at sample 44541 of channel 2 (0:01.010)" in refusal(tmp_path / "a.wav")


def test_alac_that_libsndfile_damages_is_refused(tmp_path: Path) -> None:
    store(tmp_path / "a.caf", random_audio("PCM_24", (2, 5000)), "CAF", "PCM_24")
    with soundfile.SoundFile(tmp_path / "a.caf", "w", RATE, 2, "ALAC_24", None, "CAF") as file:
        file.write(np.zeros((5000, 2)))
    assert "ALAC_24 cannot be read reliably" in refusal(tmp_path / "a.caf")


# Written into a pipe


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF - 36, 0xFFFFFFFF - 36])
def test_wav_from_a_pipe(tmp_path: Path, size: int) -> None:
    audio = random_audio("PCM_16", (2, 3000))
    (tmp_path / "a.wav").write_bytes(wav_bytes(audio, riff=0xFFFFFFFF, data=size))
    with AudioReader(tmp_path / "a.wav") as reader:
        assert reader.frames == 3000
        assert np.array_equal(reader.read(0, 3000), audio)


def test_aiff_from_a_pipe(tmp_path: Path) -> None:
    audio = random_audio("PCM_16", (2, 3000))
    store(tmp_path / "a.aiff", audio, "AIFF", "PCM_16")
    data = bytearray((tmp_path / "a.aiff").read_bytes())
    at = data.index(b"SSND")
    data[at + 4 : at + 8] = bytes(4)
    (tmp_path / "a.aiff").write_bytes(data)
    with AudioReader(tmp_path / "a.aiff") as reader:
        assert np.array_equal(reader.read(0, 3001), audio)


def test_flac_from_a_pipe(tmp_path: Path) -> None:
    audio = random_audio("PCM_16", (2, 100_000))
    store(tmp_path / "a.flac", audio, "FLAC", "PCM_16")
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(data)
    with AudioReader(tmp_path / "a.flac") as reader:
        assert reader.frames == 100_000
        assert np.array_equal(np.concatenate(list(reader.blocks(4097)), axis=1), audio)
        for start in (50_000, 99_999, 3):
            assert np.array_equal(reader.read(start, 100), audio[:, start : start + 100])


@pytest.mark.parametrize(
    "kind", [("WAV", "PCM_16"), ("AIFF", "PCM_24"), ("FLAC", "PCM_16"), ("AU", "PCM_16")]
)
@pytest.mark.parametrize("count", [1, 3])
def test_tags_before_a_file_that_has_none_of_its_own_are_passed_over(tmp_path: Path, kind, count) -> None:
    audio = random_audio(kind[1], (2, 5000))
    store(tmp_path / "plain", audio, *kind)
    tag = b"ID3\4\0\0\0\0\2\0" + bytes(256)
    (tmp_path / "tagged").write_bytes(count * tag + (tmp_path / "plain").read_bytes())
    with AudioReader(tmp_path / "tagged") as reader:
        assert reader.format.container == kind[0]
        assert np.array_equal(reader.read(0, 6000), audio)

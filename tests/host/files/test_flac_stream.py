"""FLAC: what its header says is checked against its frames; nothing is read in part without a word."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from wavemend.host.files.audio_reader import AudioReader

from .sound_files import random_audio, refusal, store

COUNT, MD5 = slice(21, 26), slice(26, 42)


def flac(path: Path, frames: int = 100_000, subtype: str = "PCM_16", channels: int = 2) -> np.ndarray:
    audio = random_audio(subtype, (channels, frames))
    store(path, audio, "FLAC", subtype)
    return audio


def change(path: Path, where: slice, value: bytes) -> None:
    data = bytearray(path.read_bytes())
    if where is COUNT:
        value = bytes([data[21] & 0xF0 | value[0]]) + value[1:]
    data[where] = value
    path.write_bytes(data)


@pytest.mark.parametrize("behind", [b"", b"TAG" + bytes(125)])
@pytest.mark.parametrize("stated", [1, 50_000, 99_999])
def test_a_header_that_counts_too_few_samples_is_told_and_all_is_read(
    tmp_path: Path, stated: int, behind: bytes
) -> None:
    path = tmp_path / "a.flac"
    audio = flac(path)
    change(path, COUNT, stated.to_bytes(5, "big"))
    path.write_bytes(path.read_bytes() + behind)
    with AudioReader(path) as reader:
        assert np.array_equal(np.concatenate(list(reader.blocks(4097)), axis=1), audio)
        (line,) = reader.contradictions()
        assert "but the stream goes on to 0:02.268; all of it was read" in line
        for start in (50_000, 99_999, 3):
            assert np.array_equal(reader.read(start, 100), audio[:, start : start + 100])


def test_a_stream_that_lost_its_last_frame_shows_a_count_that_is_too_low(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    audio = flac(path)
    change(path, COUNT, (50_000).to_bytes(5, "big"))
    path.write_bytes(path.read_bytes()[:-500])
    with AudioReader(path) as reader:
        assert 90_000 < reader.frames < 100_000
        assert np.array_equal(reader.read(0, 60_000), audio[:, :60_000])


@pytest.mark.parametrize("others", [1000, 100_000, 150_000])
def test_joined_flacs_are_not_read_in_part(tmp_path: Path, others: int) -> None:
    flac(tmp_path / "a.flac")
    flac(tmp_path / "b.flac", others)
    (tmp_path / "c.flac").write_bytes((tmp_path / "a.flac").read_bytes() + (tmp_path / "b.flac").read_bytes())
    assert "several recordings joined" in refusal(tmp_path / "c.flac")


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24"])
def test_samples_are_checked_against_the_md5(tmp_path: Path, subtype: str, channels: int) -> None:
    path = tmp_path / "a.flac"
    audio = flac(path, 9999, subtype, channels)
    for md5, told in ((None, 0), (bytes(16), 0), (hashlib.md5(b"other").digest(), 1)):
        if md5 is not None:
            change(path, MD5, md5)
        for size in (700, 9999, 20_000):
            with AudioReader(path) as reader:
                reader.read(500, 10)  # listening to a part first does no harm
                whole = np.concatenate(list(reader.blocks(size)), axis=1)
                assert np.array_equal(whole, audio)
                lines = reader.contradictions()
                assert len(lines) == told
                assert all("do not fit the MD5" in line for line in lines)


def test_a_header_that_counts_too_few_bytes_of_au_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.au"
    store(path, random_audio("PCM_16", (2, 100_000)), "AU", "PCM_16")
    data = bytearray(path.read_bytes())
    data[8:12] = (200_000).to_bytes(4, "big")
    path.write_bytes(data)
    assert "counts 50000 frames, but 200000 bytes follow" in refusal(path)
    data[8:12] = b"\xff" * 4
    path.write_bytes(data)
    with AudioReader(path) as reader:
        assert reader.frames == 100_000

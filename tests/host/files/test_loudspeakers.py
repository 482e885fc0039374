"""Loudspeakers of channels: kept to the bit, told where they cannot be, never invented."""

import struct
from pathlib import Path

import pytest
from mutagen import flac
from wavemend.host.files.audio_format import AudioFormat

from .tagged_files import RATE, carry, store


def extensible(path: Path, mask: int, tail: str = "000000001000800000aa00389b71") -> Path:
    data = bytearray(store(path, "WAVEX").read_bytes())
    at = data.index(b"fmt ") + 8
    data[at + 20 : at + 24] = struct.pack("<I", mask)
    data[at + 26 : at + 40] = bytes.fromhex(tail)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("tail", ["000000001000800000aa00389b71", "00002107d3118644c8c1ca000000"])
@pytest.mark.parametrize("mask", [0, 0x3, 0x107, 0x600])
def test_mask_and_kind_of_a_wav_are_kept(tmp_path: Path, mask: int, tail: str) -> None:
    source = extensible(tmp_path / "a.wav", mask, tail)
    assert carry(source, tmp_path / "b.wav") == []
    was, now = ((tmp_path / name).read_bytes() for name in ("a.wav", "b.wav"))
    at = now.index(b"fmt ") + 8
    assert now[at : at + 40] == was[was.index(b"fmt ") + 8 :][:40]


@pytest.mark.parametrize(("mask", "tag"), [(0, "0x0000"), (0x3, None), (0x600, "0x0600")])
def test_a_mask_becomes_a_tag_of_flac_or_is_told(tmp_path: Path, mask: int, tag: str | None) -> None:
    source = extensible(tmp_path / "a.wav", mask)
    assert carry(source, tmp_path / "b.flac", AudioFormat("FLAC", "PCM_16", RATE, 2)) == []
    key = "waveformatextensible_channel_mask"
    assert (flac.FLAC(tmp_path / "b.flac").tags or {}).get(key, [None]) == [tag]
    if tag:
        assert carry(tmp_path / "b.flac", tmp_path / "c.wav", AudioFormat("WAV", "PCM_16", RATE, 2)) == [
            f"{tmp_path / 'b.flac'}: the loudspeakers of the channels have no place in the new container"
        ]

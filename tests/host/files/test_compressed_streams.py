"""MP3 and Ogg: read to their end, the same in any order, and never in part."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from wavemend.host.files.audio_reader import AudioReader

from .sound_files import RATE, encoded, refusal


@pytest.fixture(scope="module")
def loud_then_quiet() -> np.ndarray:
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (2, 8 * RATE))
    noise[:, 2 * RATE :] *= 1e-6
    return noise


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("WAV", "ULAW"), ("WAV", "MS_ADPCM")],
)
def test_lossy_in_any_order_is_what_it_is_in_sequence(
    tmp_path: Path, container: str, subtype: str, loud_then_quiet: np.ndarray
) -> None:
    encoded(tmp_path / "a", container, subtype, loud_then_quiet)
    with AudioReader(tmp_path / "a") as reader:
        whole = np.concatenate(list(reader.blocks(5000)), axis=1)
        assert whole.shape[1] == reader.frames
        assert abs(reader.frames - 8 * RATE) < 5000
        for start in (200_000, 1000, 90_000):
            assert np.array_equal(reader.read(start, 3000), whole[:, start : start + 3000])


def test_mp3_whose_length_is_guessed_too_short_is_read_to_its_end(
    tmp_path: Path, loud_then_quiet: np.ndarray
) -> None:
    with soundfile.SoundFile(
        tmp_path / "a.mp3", "w", RATE, 2, "MPEG_LAYER_III", None, "MP3", True, 0.5, "VARIABLE"
    ) as file:
        for start in range(0, loud_then_quiet.shape[1], 8192):
            file.write(np.ascontiguousarray(loud_then_quiet[:, start : start + 8192].T))
    data = (tmp_path / "a.mp3").read_bytes()
    second = data.index(data[:2], 100)
    (tmp_path / "b.mp3").write_bytes(data[second:])  # without the frame that tells the length
    guessed = soundfile.info(tmp_path / "b.mp3").frames
    with AudioReader(tmp_path / "b.mp3") as reader:
        assert abs(reader.frames - 8 * RATE) < 5000
        assert reader.frames > guessed + RATE
        assert sum(block.shape[1] for block in reader.blocks(10_000)) == reader.frames
        first = reader.read(0, 1000)
        assert np.array_equal(first, reader.read(0, 1000))


@pytest.mark.parametrize(("container", "subtype"), [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS")])
def test_joined_recordings_are_not_read_in_part(
    tmp_path: Path, container: str, subtype: str, loud_then_quiet: np.ndarray
) -> None:
    encoded(tmp_path / "a", container, subtype, loud_then_quiet)
    encoded(tmp_path / "b", container, subtype, loud_then_quiet[:, :RATE])
    data = (tmp_path / "a").read_bytes()
    (tmp_path / "joined").write_bytes(data + (tmp_path / "b").read_bytes())
    assert "several recordings joined" in refusal(tmp_path / "joined")
    (tmp_path / "tagged").write_bytes(data + b"TAG" + bytes(125))
    with AudioReader(tmp_path / "tagged") as tagged, AudioReader(tmp_path / "a") as plain:
        assert tagged.frames == plain.frames


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_joined_streams_of_one_serial_number_are_not_read_in_part(
    tmp_path: Path, subtype: str, loud_then_quiet: np.ndarray
) -> None:
    encoded(tmp_path / "a", "OGG", subtype, loud_then_quiet[:, :RATE])
    data = (tmp_path / "a").read_bytes()
    with AudioReader(tmp_path / "a") as reader:
        assert reader.frames
    (tmp_path / "joined").write_bytes(data + data)
    assert "several recordings joined" in refusal(tmp_path / "joined")


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _ape(*items: tuple[bytes, bytes]) -> bytes:
    body = b"".join(struct.pack("<II", len(v), 0) + k + b"\0" + v for k, v in items)
    head, foot = (
        b"APETAGEX" + struct.pack("<IIII", 2000, len(body) + 32, len(items), flags) + bytes(8)
        for flags in (0xA0000000, 0x80000000)
    )
    return head + body + foot


_PICTURE = b"\0image/png\0\3\0" + bytes(range(256)) * 40 + b"\xff\xfb\x90\x64" * 9
_APIC = b"APIC" + _synchsafe(len(_PICTURE)) + b"\0\0" + _PICTURE
_ID3 = b"ID3\4\0\0" + _synchsafe(len(_APIC)) + _APIC
_LYRICS3V1 = b"LYRICSBEGIN" + b"la " * 1000 + b"LYRICSEND"
_LYRICS = b"LYRICSBEGININD0000200LYR00004la la"
BEHIND = {
    "ID3v2": _ID3,
    "ID3v2 with a footer": _ID3[:5] + b"\x10" + _ID3[6:] + b"3DI\4\0\x10" + _ID3[6:10],
    "APE": _ape((b"Title", b"Waltz"), (b"Notes", b"x" * 5000)),
    "Lyrics3": _LYRICS + b"%06d" % len(_LYRICS) + b"LYRICS200",
    "Lyrics3v1": _LYRICS3V1,
    "padding": bytes(50_000),
    "all": _ID3 + _ape((b"Title", b"Waltz")) + _LYRICS3V1 + b"TAG" + bytes(125),
}


@pytest.mark.parametrize("kind", BEHIND)
def test_mp3_with_tags_behind_is_one_recording_and_no_sound_is_made_of_them(
    tmp_path: Path, kind: str, loud_then_quiet: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    encoded(tmp_path / "a", "MP3", "MPEG_LAYER_III", loud_then_quiet[:, :RATE])
    data = (tmp_path / "a").read_bytes()
    (tmp_path / "tagged").write_bytes(data + BEHIND[kind])
    with AudioReader(tmp_path / "tagged") as tagged, AudioReader(tmp_path / "a") as plain:
        assert np.array_equal(tagged.read(0, 2 * RATE), plain.read(0, 2 * RATE))
        assert tagged.cut_short() == plain.cut_short()
    assert capfd.readouterr().err == ""
    second = data.index(data[:2], 100)
    (tmp_path / "plain").write_bytes(data[second:])  # without the frame that tells the length
    (tmp_path / "tagged").write_bytes(data[second:] + BEHIND[kind])
    if kind != "padding":
        with AudioReader(tmp_path / "tagged") as tagged, AudioReader(tmp_path / "plain") as plain:
            assert np.array_equal(tagged.read(0, 2 * RATE), plain.read(0, 2 * RATE))
    (tmp_path / "joined").write_bytes(data + BEHIND[kind] + data + BEHIND[kind])
    if kind not in ("padding", "APE", "Lyrics3", "Lyrics3v1"):
        assert "several recordings joined" in refusal(tmp_path / "joined")


def test_mp3_that_does_not_count_its_header_is_not_joined(
    tmp_path: Path, loud_then_quiet: np.ndarray
) -> None:
    encoded(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III", loud_then_quiet)
    data = bytearray((tmp_path / "a.mp3").read_bytes())
    with AudioReader(tmp_path / "a.mp3") as reader:
        frames = reader.frames
    at = data.index(b"Xing") + 12
    data[at : at + 4] = data.rindex(data[:2]).to_bytes(4, "big")  # one frame short
    (tmp_path / "a.mp3").write_bytes(data)
    with AudioReader(tmp_path / "a.mp3") as reader:
        assert reader.frames == frames


def test_truncated_mp3_shrinks(tmp_path: Path, loud_then_quiet: np.ndarray) -> None:
    encoded(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III", loud_then_quiet)
    data = (tmp_path / "a.mp3").read_bytes()
    (tmp_path / "a.mp3").write_bytes(data[: len(data) // 2])
    with AudioReader(tmp_path / "a.mp3") as reader:
        promised = reader.frames
        got = sum(block.shape[1] for block in reader.blocks(5000))
        assert got == reader.frames < promised
        assert reader.read(promised - 10, 10).shape == (2, 0)


@pytest.mark.parametrize(
    ("container", "subtype"), [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS")]
)
@pytest.mark.parametrize("part", [0.5, 0.999])
def test_a_stream_that_was_cut_short_is_told_from_a_whole_one(
    tmp_path: Path, container: str, subtype: str, part: float, loud_then_quiet: np.ndarray
) -> None:
    encoded(tmp_path / "whole", container, subtype, loud_then_quiet)
    data = (tmp_path / "whole").read_bytes()
    (tmp_path / "cut").write_bytes(data[: int(part * len(data))])
    for name in ("whole", "cut"):
        with AudioReader(tmp_path / name) as reader:
            for _ in reader.blocks(50_000):
                pass
            lost_more_than_padding = abs(reader.frames - 8 * RATE) > 0.1 * RATE
            if name == "whole" or container == "OGG" or lost_more_than_padding:
                assert bool(reader.cut_short()) == (name == "cut")

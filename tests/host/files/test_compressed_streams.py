"""MP3 and Ogg: read to their end, the same in any order, and never in part."""

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

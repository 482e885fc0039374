"""Writing sound files: to the bit, the same bytes every time, and nothing lost unsaid."""

import struct
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.errors import AudioFileError, AudioOverError, AudioShapeError, AudioValueError
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.files.audio_reader import AudioReader
from wavemend.host.files.audio_writer import AudioWriter

from .sound_files import BITS, LOSSLESS, RATE, as_nobody, copy, disk_of, random_audio, store

# To the bit


@pytest.mark.parametrize(("container", "subtype", "endian"), LOSSLESS)
def test_empty_chain_is_bit_identical(tmp_path: Path, container: str, subtype: str, endian: str) -> None:
    for channels, frames in ((1, 4095), (2, 4096), (3, 4097)):
        audio = random_audio(subtype, (channels, frames))
        source, target = tmp_path / "source", tmp_path / "target"
        store(source, audio, container, subtype, endian)
        form = copy(source, target)
        assert (form.container, form.subtype) == (container, subtype)
        dtype = "int32" if subtype in BITS else "float64"
        wanted = soundfile.read(source, dtype=dtype, always_2d=True)[0]
        stored = soundfile.read(target, dtype=dtype, always_2d=True)[0]
        # libsndfile counts the padding byte of an odd AIFF as one more frame.
        assert np.array_equal(
            wanted[:frames], (audio.T * 2.0**31).astype(np.int32) if subtype in BITS else audio.T
        )
        assert np.array_equal(stored, wanted)
        assert np.array_equal(np.signbit(stored), np.signbit(wanted))
        with soundfile.SoundFile(source) as before, soundfile.SoundFile(target) as after:
            assert before.endian == after.endian


@settings(max_examples=40, deadline=None)
@given(
    subtype=st.sampled_from(["PCM_16", "PCM_24", "FLOAT"]),
    container=st.sampled_from(["WAV", "FLAC", "AIFF", "CAF"]),
    channels=st.integers(1, 8),
    frames=st.integers(1, 3000),
    size=st.integers(1, 3001),
    seed=st.integers(0, 99),
)
def test_any_length_and_block_size(
    folder: Path, subtype: str, container: str, channels: int, frames: int, size: int, seed: int
) -> None:
    if container == "FLAC" and subtype == "FLOAT":
        subtype = "PCM_24"
    audio = random_audio(subtype, (channels, max(frames, 4)), seed)[:, :frames]
    store(folder / "source", audio, container, subtype)
    copy(folder / "source", folder / "target", size)
    with AudioReader(folder / "target") as reader:
        assert reader.frames == frames
        assert np.array_equal(reader.read(0, frames), audio)


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_U8", "PCM_24"])
def test_aiff_with_a_padding_byte(tmp_path: Path, subtype: str) -> None:
    audio = random_audio(subtype, (1, 999))
    with AudioWriter(tmp_path / "a.aiff", AudioFormat("AIFF", subtype, RATE, 1)) as writer:
        writer.write(audio)
    with AudioReader(tmp_path / "a.aiff") as reader:
        assert reader.frames == 999
        assert np.array_equal(reader.read(0, 1000), audio)
    data = (tmp_path / "a.aiff").read_bytes()
    assert len(data) % 2 == 0
    assert struct.unpack(">I", data[4:8])[0] == len(data) - 8


def test_write_returns_what_the_file_holds(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (2, 999))
    for subtype in ("PCM_16", "FLOAT", "DOUBLE"):
        with AudioWriter(tmp_path / "a.wav", AudioFormat("WAV", subtype, RATE, 2), gain=0.5) as writer:
            held = np.concatenate([writer.write(audio[:, :500]), writer.write(audio[:, 500:])], axis=1)
        with AudioReader(tmp_path / "a.wav") as reader:
            assert np.array_equal(reader.read(0, 999), held)
    assert np.array_equal(held, audio * 0.5)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_restored_and_removed_add_up(tmp_path: Path, subtype: str) -> None:
    original = random_audio(subtype, (2, 2000))
    form = AudioFormat("WAV", subtype, RATE, 2)
    repaired = original.copy()
    repaired[:, 500:600] = -original[:, 500:600] * 0.987
    with AudioWriter(tmp_path / "restored.wav", form) as restored:
        held = restored.write(repaired)
    # The difference of two words can be twice as large as either: half the gain always fits.
    with AudioWriter(tmp_path / "removed.wav", form.one_word_up(), gain=0.5) as removed:
        removed.write(original - held)
    with AudioReader(tmp_path / "restored.wav") as a, AudioReader(tmp_path / "removed.wav") as b:
        assert np.array_equal(a.read(0, 2000) + 2 * b.read(0, 2000), original)


@pytest.mark.parametrize("container", ["WAVEX", "RF64", "CAF", "AIFF"])
def test_loudspeakers_are_kept(tmp_path: Path, container: str) -> None:
    quad = (2, 3, 9, 10)
    with AudioWriter(tmp_path / "a", AudioFormat(container, "PCM_16", RATE, 4, "FILE", quad)) as writer:
        writer.write(np.zeros((4, 9)))
    assert copy(tmp_path / "a", tmp_path / "b").channel_map == quad
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


# Overs


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_full_scale_fits_and_nothing_beyond(tmp_path: Path, subtype: str) -> None:
    step = 2.0 ** (1 - BITS[subtype])
    form = AudioFormat("WAV", subtype, RATE, 1)
    with AudioWriter(tmp_path / "a.wav", form) as writer:
        held = writer.write(np.array([[1.0, 1.0 - 0.3 * step, -1.0 + 0.3 * step, -1.0] * 200]))
        assert writer.peak == 1.0
        assert np.abs(held - np.array([[1.0, 1.0, -1.0, -1.0] * 200])).max() <= 3 * step
        assert held.max() == 1.0 - step
        assert set(held[0, ::4]) == {1.0 - step}
        assert set(held[0, 3::4]) == {-1.0}
        for over in (np.nextafter(1.0, 2.0), -1.5):
            with pytest.raises(AudioOverError, match=r"a\.wav: audio reaches .* lower the gain") as caught:
                writer.write(np.array([[0.0, over]]))
            assert caught.value.peak == writer.peak >= abs(over)
        assert writer.position == 800
    with AudioReader(tmp_path / "a.wav") as reader:
        assert reader.frames == 800


def test_gain_makes_room(tmp_path: Path) -> None:
    audio = np.array([[1.6, -1.6, 0.5]])
    with AudioWriter(tmp_path / "a.flac", AudioFormat("FLAC", "PCM_24", RATE, 1), gain=1 / 1.6) as writer:
        held = writer.write(audio)
    assert np.allclose(held, audio / 1.6, atol=2**-22)


def test_floats_hold_overs_up_to_their_own_limit(tmp_path: Path) -> None:
    form = AudioFormat("FLAC", "PCM_24", RATE, 1).float_output()
    assert (form.container, form.subtype) == ("WAV", "FLOAT")
    with AudioWriter(tmp_path / "a.wav", form) as writer:
        writer.write(np.array([[-5.0]]))
        with pytest.raises(AudioOverError):
            writer.write(np.array([[1e39]]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_writer_refuses_what_is_not_a_number(tmp_path: Path, bad: float) -> None:
    audio = np.zeros((2, 1000))
    audio[1, 441] = bad
    for subtype in ("PCM_16", "FLOAT"):
        with AudioWriter(tmp_path / "a.wav", AudioFormat("WAV", subtype, RATE, 2)) as writer:
            writer.write(np.zeros((2, 44100)))
            with pytest.raises(AudioValueError, match=r"at sample 44541 of channel 2 \(0:01\.010\)"):
                writer.write(audio)


def test_writer_refuses_another_shape(tmp_path: Path) -> None:
    with AudioWriter(tmp_path / "a.wav", AudioFormat("WAV", "PCM_16", RATE, 2)) as writer:
        writer.write(np.zeros((2, 0)))
        for shape in ((3, 10), (20,), (1, 2, 10)):
            with pytest.raises(AudioShapeError, match="needed"):
                writer.write(np.zeros(shape))


# The same bytes


def test_same_bytes_at_another_time(tmp_path: Path) -> None:
    def render(name: str) -> list[bytes]:
        stored = []
        for container, subtype, endian in LOSSLESS:
            audio = random_audio(subtype, (2, 500))
            form = AudioFormat(container, subtype, RATE, 2, endian)
            with AudioWriter(tmp_path / name, form) as writer:
                writer.write(audio)
            stored.append((tmp_path / name).read_bytes())
        return stored

    first = render("first")
    assert not any(b"PEAK" in data for data in first)
    time.sleep(2.1)
    assert render("second") == first


# Places and formats that will not do


def test_writer_makes_rf64_of_a_wav_that_will_pass_4_gb(tmp_path: Path) -> None:
    form = AudioFormat("WAV", "PCM_24", 96000, 2)
    with AudioWriter(tmp_path / "a.wav", form, frames=1 << 30) as writer:
        writer.write(np.zeros((2, 10)))
        assert writer.format.container == "RF64"
    assert (tmp_path / "a.wav").read_bytes()[:4] == b"RF64"
    with AudioWriter(tmp_path / "a.wav", form) as writer:
        writer.position = 1 << 30
        with pytest.raises(AudioFileError, match="passes 4 GB"):
            writer.write(np.zeros((2, 10)))
        writer.position = 0


@pytest.mark.parametrize(("container", "subtype"), [("FLAC", "FLOAT"), ("WAV", "ULAW"), ("FLAC", "PCM_32")])
def test_formats_that_cannot_be_written(tmp_path: Path, container: str, subtype: str) -> None:
    with pytest.raises(AudioFileError, match=subtype):
        AudioWriter(tmp_path / "a", AudioFormat(container, subtype, RATE, 2))


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    form = AudioFormat("WAV", "PCM_16", RATE, 1)
    (tmp_path / "a.wav").touch(0)
    with as_nobody(), pytest.raises(AudioFileError, match=r"cannot be written \(Permission denied\)"):
        AudioWriter(tmp_path / "a.wav", form)
    with pytest.raises(AudioFileError, match=r"cannot be written \(No such file or directory\)"):
        AudioWriter(tmp_path / "missing" / "a.wav", form)
    with pytest.raises(AudioFileError, match=r"cannot be written \(Is a directory\)"):
        AudioWriter(tmp_path, form)


# Full disks


def write_all(path: Path, form: AudioFormat, audio: np.ndarray) -> None:
    with AudioWriter(path, form) as writer:
        for start in range(0, audio.shape[1], 1000):
            writer.write(audio[:, start : start + 1000])


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        ("WAV", "PCM_16"),
        ("WAV", "FLOAT"),
        ("RF64", "PCM_24"),
        ("AIFF", "PCM_16"),
        ("FLAC", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("CAF", "PCM_16"),
        ("W64", "PCM_16"),
    ],
)
@pytest.mark.parametrize("room", [1000, 30_000, 78_000])
def test_full_disk_is_one_clear_error(tmp_path: Path, container: str, subtype: str, room: int) -> None:
    audio = random_audio("PCM_16", (2, 30_000))
    form = AudioFormat(container, subtype, RATE, 2)
    with (
        disk_of(room),
        pytest.raises(AudioFileError, match="File too large; free space or choose another disk"),
    ):
        write_all(tmp_path / "a", form, audio)


def test_flac_whose_last_block_does_not_fit(tmp_path: Path) -> None:
    audio, form = random_audio("PCM_16", (2, 5000)), AudioFormat("FLAC", "PCM_16", RATE, 2)
    with AudioWriter(tmp_path / "a.flac", form) as writer:
        writer.write(audio)
    whole = (tmp_path / "a.flac").stat().st_size
    with disk_of(whole - 100), pytest.raises(AudioFileError, match="File too large"):
        write_all(tmp_path / "a.flac", form, audio)


def test_an_error_inside_is_not_hidden_by_closing(tmp_path: Path) -> None:
    form = AudioFormat("FLAC", "PCM_16", RATE, 2)
    with disk_of(1000), pytest.raises(KeyboardInterrupt), AudioWriter(tmp_path / "a.flac", form):
        raise KeyboardInterrupt

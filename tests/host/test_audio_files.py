"""Reading and writing sound files: to the bit, the same bytes every time, nothing damaged taken for sound."""

import contextlib
import itertools
import os
import re
import resource
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from wavemend.errors import AudioFileError, AudioShapeError, AudioValueError
from wavemend.host.audio_files import AudioFormat, AudioOverError, AudioReader, AudioWriter

RATE = 44100
BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
LOSSLESS = [
    (container, subtype, endian)
    for container in ("WAV", "WAVEX", "RF64", "W64", "AIFF", "CAF", "FLAC", "AU")
    for subtype in (*BITS, "FLOAT", "DOUBLE")
    for endian in ("FILE", "LITTLE", "BIG")
    if soundfile.check_format(container, subtype, endian)
]


def random_audio(subtype: str, shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Samples on the grid of a subtype over its whole range, both extremes included."""
    rng = np.random.default_rng(seed)
    bits = BITS.get(subtype)
    if bits:
        words = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), shape)
        words[:, :2] = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        return words / 2.0 ** (bits - 1)
    audio = rng.standard_normal(shape) * 3
    if subtype == "FLOAT":
        audio = audio.astype(np.float32).astype(float)
        audio[:, :4] = 1e-45, -0.0, 3.4e38, 2.5
        return audio.astype(np.float32).astype(float)
    audio[:, :4] = 5e-324, -0.0, 1.7e308, 2.5
    return audio


def store(path: Path, audio: np.ndarray, container: str, subtype: str, endian: str = "FILE") -> None:
    """Write with soundfile itself, so that our writer is not tested against itself."""
    with soundfile.SoundFile(path, "w", RATE, audio.shape[0], subtype, endian, container) as file:
        if subtype not in ("FLOAT", "DOUBLE"):
            file.write(np.ascontiguousarray((audio.T * 2.0**31).astype(np.int32)))
        else:
            file.write(np.ascontiguousarray(audio.T))


def copy(source: Path, target: Path, size: int = 700) -> AudioFormat:
    with AudioReader(source) as reader:
        form = reader.format.lossless_output(reader.frames)
        with AudioWriter(target, form, reader.frames) as writer:
            for block in reader.blocks(size):
                writer.write(block)
    return form


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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For hypothesis, which runs many examples in one test."""
    return tmp_path_factory.mktemp("audio")


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


# Dither


def test_samples_on_the_grid_are_left_alone_among_others(tmp_path: Path) -> None:
    audio = random_audio("PCM_16", (2, 5000))
    moved = audio.copy()
    moved[0, 1000:1100] *= 0.77
    with AudioWriter(tmp_path / "a.wav", AudioFormat("WAV", "PCM_16", RATE, 2)) as writer:
        held = writer.write(moved)
    assert np.array_equal(np.delete(held, np.s_[1000:1100], 1), np.delete(audio, np.s_[1000:1100], 1))
    assert np.abs(held - moved).max() <= 1.5 / 2**15


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 4999), max_size=5),
    bits=st.sampled_from([16, 24]),
    channels=st.integers(1, 3),
)
def test_dither_does_not_depend_on_the_partition(
    folder: Path, cuts: list[int], bits: int, channels: int
) -> None:
    audio = np.random.default_rng(bits).uniform(-1, 1, (channels, 5000))
    form = AudioFormat("WAV", f"PCM_{bits}", RATE, channels)
    with AudioWriter(folder / "whole.wav", form, dither_seed=7) as writer:
        writer.write(audio)
    with AudioWriter(folder / "cut.wav", form, dither_seed=7) as writer:
        for start, stop in itertools.pairwise([0, *sorted(cuts), 5000]):
            writer.write(audio[:, start:stop])
    assert (folder / "whole.wav").read_bytes() == (folder / "cut.wav").read_bytes()


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.9])
def test_dither_is_triangular(tmp_path: Path, fraction: float) -> None:
    # Triangular dither makes mean and variance of the whole error independent of the signal: 0 and 1/4 of a
    # step squared. Lipshitz, Wannamaker & Vanderkooy, Quantization and dither: a theoretical survey, 1992.
    frames = 200_000
    audio = np.full((2, frames), (1000 + fraction) / 2**15)
    errors = []
    for seed in (0, 1):
        with AudioWriter(
            tmp_path / "a.wav", AudioFormat("WAV", "PCM_16", RATE, 2), dither_seed=seed
        ) as writer:
            errors.append((writer.write(audio) - audio) * 2**15)
    each = np.concatenate(errors)
    assert np.abs(each.mean(axis=1)).max() < 5 * 0.5 / frames**0.5
    assert np.abs(each.var(axis=1) - 0.25).max() < 0.005
    # Channels, seeds and neighbouring samples know nothing of each other.
    assert np.abs(np.corrcoef(each) - np.eye(4)).max() < 5 / frames**0.5
    assert abs(np.corrcoef(each[0, 1:], each[0, :-1])[0, 1]) < 5 / frames**0.5


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
            with pytest.raises(AudioValueError, match=r"channel 2 at sample 44541 \(0:01\.010\)"):
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


# What a format becomes


@pytest.mark.parametrize(
    ("source", "output", "up", "floats"),
    [
        (("WAV", "PCM_U8"), ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "FLOAT")),
        (("WAV", "PCM_16"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT")),
        (("WAVEX", "PCM_24"), ("WAVEX", "PCM_24"), ("WAVEX", "PCM_32"), ("WAVEX", "FLOAT")),
        (("RF64", "PCM_32"), ("RF64", "PCM_32"), ("RF64", "DOUBLE"), ("RF64", "DOUBLE")),
        (("WAV", "FLOAT"), ("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("WAV", "DOUBLE")),
        (("WAV", "DOUBLE"), ("WAV", "DOUBLE"), ("WAV", "DOUBLE"), ("WAV", "DOUBLE")),
        (("W64", "PCM_24"), ("W64", "PCM_24"), ("W64", "PCM_32"), ("W64", "FLOAT")),
        (("FLAC", "PCM_S8"), ("FLAC", "PCM_S8"), ("FLAC", "PCM_16"), ("WAV", "FLOAT")),
        (("FLAC", "PCM_16"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("WAV", "FLOAT")),
        (("FLAC", "PCM_24"), ("FLAC", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT")),
        (("AIFF", "PCM_S8"), ("AIFF", "PCM_S8"), ("AIFF", "PCM_16"), ("AIFF", "FLOAT")),
        (("CAF", "ALAC_16"), ("CAF", "PCM_16"), ("CAF", "PCM_24"), ("CAF", "FLOAT")),
        (("CAF", "ALAC_24"), ("CAF", "PCM_24"), ("CAF", "PCM_32"), ("CAF", "FLOAT")),
        (("MP3", "MPEG_LAYER_III"), ("FLAC", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT")),
        (("OGG", "VORBIS"), ("FLAC", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT")),
        (("WAV", "ULAW"), ("FLAC", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT")),
        (("SVX", "PCM_S8"), ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "FLOAT")),
    ],
)
def test_formats(
    source: tuple[str, str], output: tuple[str, str], up: tuple[str, str], floats: tuple[str, str]
) -> None:
    form = AudioFormat(*source, RATE, 2)
    for got, wanted in (
        (form.lossless_output(), output),
        (form.one_word_up(), up),
        (form.float_output(), floats),
    ):
        assert (got.container, got.subtype) == wanted
        assert got.is_lossless
        assert (got.sample_rate, got.channels) == (RATE, 2)
        assert soundfile.check_format(got.container, got.subtype, got.endian)


def test_big_endian_and_large_files_find_a_container_that_holds_them() -> None:
    big = AudioFormat("WAV", "PCM_24", 96000, 2, "BIG")
    hours = 96000 * 3600
    assert big.lossless_output(hours) == big
    assert big.lossless_output(hours * 3) == AudioFormat("RF64", "PCM_24", 96000, 2)
    assert big.one_word_up(hours * 2).container == "RF64"
    assert AudioFormat("AIFF", "PCM_S8", 192000, 8).lossless_output(hours * 2).subtype == "PCM_U8"
    assert AudioFormat("FLAC", "PCM_24", 96000, 2).lossless_output(hours * 10).container == "FLAC"
    assert AudioFormat("FLAC", "PCM_24", 96000, 2).one_word_up(hours * 10).container == "RF64"
    assert AudioFormat("OGG", "VORBIS", RATE, 12).lossless_output().container == "WAV"


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


def test_with_suffix() -> None:
    form = AudioFormat("FLAC", "PCM_16", RATE, 2)
    assert form.with_suffix(".WAV") == AudioFormat("WAV", "PCM_16", RATE, 2)
    assert form.with_suffix(".flac") == form.with_suffix("") == form
    assert form.with_suffix(".aif").container == "AIFF"
    assert form.with_suffix(".wav", 1 << 33).container == "RF64"
    assert AudioFormat("RF64", "PCM_16", RATE, 2).with_suffix(".wav").container == "RF64"
    assert AudioFormat("WAV", "PCM_U8", RATE, 2).with_suffix(".flac").subtype == "PCM_S8"
    for suffix, message in ((".mp3", "choose one of .wav"), (".flac", "cannot hold 2 channels of FLOAT")):
        with pytest.raises(AudioFileError, match=message):
            AudioFormat("WAV", "FLOAT", RATE, 2).with_suffix(suffix)
    with pytest.raises(AudioFileError, match=r"choose \.wav"):
        form.with_suffix(".aiff", 1 << 33)
    assert [AudioFormat(c, "PCM_16", RATE, 2).extension for c in ("RF64", "W64", "FLAC", "AIFF", "CAF")] == [
        ".wav", ".w64", ".flac", ".aiff", ".caf",
    ]  # fmt: skip
    assert AudioFormat("OGG", "OPUS", RATE, 2).extension == ".opus"


@pytest.mark.parametrize("container", ["WAVEX", "RF64", "CAF", "AIFF"])
def test_loudspeakers_are_kept(tmp_path: Path, container: str) -> None:
    quad = (2, 3, 9, 10)
    with AudioWriter(tmp_path / "a", AudioFormat(container, "PCM_16", RATE, 4, "FILE", quad)) as writer:
        writer.write(np.zeros((4, 9)))
    assert copy(tmp_path / "a", tmp_path / "b").channel_map == quad
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


# What is no sound file, or lies


def refusal(path: Path) -> str:
    with pytest.raises(AudioFileError) as caught, AudioReader(path) as reader:
        for _ in reader.blocks(1000):
            pass
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


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


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Permissions do not bind root, so be someone else for a while."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if was == 0:
            os.seteuid(was)


def test_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(np.zeros((1, 9))))
    path.chmod(0)
    with as_nobody():
        assert "no permission to read" in refusal(path)
        with pytest.raises(AudioFileError, match=r"cannot be written \(Permission denied\)"):
            AudioWriter(path, AudioFormat("WAV", "PCM_16", RATE, 1))
    with pytest.raises(AudioFileError, match=r"cannot be written \(No such file or directory\)"):
        AudioWriter(tmp_path / "missing" / "a.wav", AudioFormat("WAV", "PCM_16", RATE, 1))
    with pytest.raises(AudioFileError, match=r"cannot be written \(Is a directory\)"):
        AudioWriter(tmp_path, AudioFormat("WAV", "PCM_16", RATE, 1))


def test_no_samples_is_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(wav_bytes(np.zeros((2, 0))))
    with AudioReader(path) as reader:
        assert reader.frames == 0
        assert reader.read(0, 100).shape == (2, 0)
        assert list(reader.blocks(10)) == []


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
    assert f"channel 2 holds {bad} at sample 44541 (0:01.010)" in refusal(tmp_path / "a.wav")


def test_alac_in_16_bits_is_read_and_becomes_pcm(tmp_path: Path) -> None:
    audio = random_audio("PCM_16", (2, 10_000))
    store(tmp_path / "a.caf", audio, "CAF", "ALAC_16")
    form = copy(tmp_path / "a.caf", tmp_path / "b.caf")
    assert (form.container, form.subtype) == ("CAF", "PCM_16")
    with AudioReader(tmp_path / "b.caf") as reader:
        assert np.array_equal(reader.read(0, 10_000), audio)


def test_alac_that_libsndfile_damages_is_refused(tmp_path: Path) -> None:
    store(tmp_path / "a.caf", random_audio("PCM_24", (2, 5000)), "CAF", "PCM_24")
    with soundfile.SoundFile(tmp_path / "a.caf", "w", RATE, 2, "ALAC_24", None, "CAF") as file:
        file.write(np.zeros((5000, 2)))
    assert "ALAC_24 cannot be read reliably" in refusal(tmp_path / "a.caf")


def test_bad_arguments(tmp_path: Path) -> None:
    store(tmp_path / "a.wav", np.zeros((1, 9)), "WAV", "PCM_16")
    with AudioReader(tmp_path / "a.wav") as reader:
        for start, count in ((-1, 5), (0, -5)):
            with pytest.raises(ValueError, match="must not be negative"):
                reader.read(start, count)
        with pytest.raises(ValueError, match="positive"):
            next(reader.blocks(0))


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


# Lossy sources


def encoded(path: Path, container: str, subtype: str, audio: np.ndarray) -> None:
    # libsndfile's lossy encoders crash on very long calls.
    rate = 48000 if subtype == "OPUS" else RATE
    with soundfile.SoundFile(path, "w", rate, audio.shape[0], subtype, None, container) as file:
        for start in range(0, audio.shape[1], 8192):
            file.write(np.ascontiguousarray(audio[:, start : start + 8192].T))


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


def test_truncated_mp3_shrinks(tmp_path: Path, loud_then_quiet: np.ndarray) -> None:
    encoded(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III", loud_then_quiet)
    data = (tmp_path / "a.mp3").read_bytes()
    (tmp_path / "a.mp3").write_bytes(data[: len(data) // 2])
    with AudioReader(tmp_path / "a.mp3") as reader:
        promised = reader.frames
        got = sum(block.shape[1] for block in reader.blocks(5000))
        assert got == reader.frames < promised
        assert reader.read(promised - 10, 10).shape == (2, 0)


# Full disks


@contextlib.contextmanager
def disk_of(room: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: what a full disk is like, without being root."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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


@pytest.mark.parametrize(("container", "subtype"), [("FLAC", "FLOAT"), ("WAV", "ULAW"), ("FLAC", "PCM_32")])
def test_formats_that_cannot_be_written(tmp_path: Path, container: str, subtype: str) -> None:
    with pytest.raises(AudioFileError, match=subtype):
        AudioWriter(tmp_path / "a", AudioFormat(container, subtype, RATE, 2))

"""What a sound file becomes: the same samples, in a container that holds them."""

import pytest
import soundfile
from wavemend.errors import AudioFileError
from wavemend.host.files.audio_format import AudioFormat

from .sound_files import RATE


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
    with pytest.raises(AudioFileError, match=r"in 8589934592 frames, which pass 4 GB; choose \.wav"):
        form.with_suffix(".aiff", 1 << 33)
    with pytest.raises(AudioFileError, match="pass 4 GB"):
        AudioFormat("AIFF", "PCM_16", RATE, 2).with_suffix(".aiff", 1 << 33)
    assert [AudioFormat(c, "PCM_16", RATE, 2).extension for c in ("RF64", "W64", "FLAC", "AIFF", "CAF")] == [
        ".wav", ".w64", ".flac", ".aiff", ".caf",
    ]  # fmt: skip

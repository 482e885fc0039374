"""What a Broadcast Wave says is not lost in a FLAC: it lies there where the reference encoder keeps it."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen import flac
from wavemend.host.files import foreign
from wavemend.host.files.audio_format import AudioFormat

from .tagged_files import PICTURE, RATE, add_chunks, carry, store, tags_carried
from .test_fields import CUT, every_chunk, restored, tagged

FLAC = AudioFormat("FLAC", "PCM_16", RATE, 1)
WAV = AudioFormat("WAV", "PCM_16", RATE, 1)
AIFF = AudioFormat("AIFF", "PCM_16", RATE, 1)
TRANSLATED = (b"LIST", b"id3 ")


def kept(path: Path) -> list[tuple[bytes, bytes]]:
    """All chunks of a WAV, but for texts and pictures, which comments hold."""
    return [(name, said) for name, said in every_chunk(path) if name not in TRANSLATED or said[:4] == b"adtl"]


def test_chunks_come_back_out_of_a_flac_to_the_byte(tmp_path: Path) -> None:
    source = tagged(tmp_path / "a.wav")
    assert carry(source, tmp_path / "b.flac", FLAC) == []
    got = flac.FLAC(tmp_path / "b.flac")
    assert got.tags == [("TITLE", "Reel 12"), ("TITLE", "Étude")]
    assert [one.data for one in got.pictures] == [PICTURE]
    assert carry(tmp_path / "b.flac", tmp_path / "c.flac") == []
    blocks = [[one.data for one in flac.FLAC(tmp_path / name).metadata_blocks if one.code == 2]
              for name in ("b.flac", "c.flac")]  # fmt: skip
    assert blocks[0] == blocks[1] != []
    assert carry(tmp_path / "c.flac", tmp_path / "d.wav", WAV) == []
    assert kept(tmp_path / "d.wav") == kept(source)


def test_chunks_in_a_flac_follow_its_samples(tmp_path: Path) -> None:
    """As in a WAV: the history gets its line, positions follow a trim, wherever the chunks lie."""
    source = tagged(tmp_path / "a.wav")
    wav, told = restored(source, tmp_path / "b.wav")
    assert restored(source, tmp_path / "b.flac")[1] == told
    carry(tmp_path / "b.flac", tmp_path / "c.wav", WAV)
    assert kept(tmp_path / "c.wav") == kept(wav)
    for name in ("short.wav", "short.flac"):
        soundfile.write(tmp_path / name, np.zeros((CUT.length, 1)), RATE)
    tags_carried(source, tmp_path / "short.wav", CUT)
    carry(source, tmp_path / "a.flac", FLAC)
    tags_carried(tmp_path / "a.flac", tmp_path / "short.flac", CUT)
    carry(tmp_path / "short.flac", tmp_path / "short again.wav", WAV)
    moved, again = dict(kept(tmp_path / "short.wav")), dict(kept(tmp_path / "short again.wav"))
    assert moved.pop(b"iXML") != again.pop(b"iXML")  # files of their own
    assert again == moved


def test_cue_points_of_other_kinds_of_files_are_kept_so_too(tmp_path: Path) -> None:
    carry(tagged(tmp_path / "a.wav"), tmp_path / "b.aiff", AIFF)
    assert carry(tmp_path / "b.aiff", tmp_path / "c.flac", FLAC) == []
    assert carry(tmp_path / "c.flac", tmp_path / "d.aiff", AIFF) == []
    assert (tmp_path / "d.aiff").read_bytes() == (tmp_path / "b.aiff").read_bytes()


def test_what_has_no_room_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = store(tmp_path / "a.wav", "WAV", channels=1)
    add_chunks(source, (b"long", bytes(1 << 24)), (b"_PMX", b"x"))
    (warning,) = carry(source, tmp_path / "b.flac", FLAC)
    assert warning.endswith("chunk 'long', over 16 MB, does not fit into FLAC")
    monkeypatch.setattr(foreign, "_MAX_RIFF_BYTES", 2000)
    source = store(tmp_path / "c.wav", "WAV", channels=1)
    add_chunks(source, (b"_PMX", b"x"))
    (warning,) = carry(source, tmp_path / "d.flac", FLAC)
    assert warning.endswith("chunk '_PMX' was not carried over: the sound would pass 4 GB")


@pytest.mark.whole
@pytest.mark.skipif(shutil.which("flac") is None, reason="needs the reference encoder")
@pytest.mark.parametrize(("subtype", "length"), [("PCM_16", 4000), ("PCM_24", 3999)])
def test_the_reference_decoder_gives_the_chunks_back(tmp_path: Path, subtype: str, length: int) -> None:
    source = tagged(tmp_path / "a.wav", subtype=subtype, length=length)
    carry(source, tmp_path / "b.flac", AudioFormat("FLAC", subtype, RATE, 1))
    command = ["flac", "-d", "-s", "--keep-foreign-metadata", tmp_path / "b.flac", "-o", tmp_path / "c.wav"]
    subprocess.run(command, check=True, timeout=60)
    assert kept(tmp_path / "c.wav") == kept(source)
    assert np.array_equal(soundfile.read(tmp_path / "c.wav")[0], soundfile.read(source)[0])


@pytest.mark.whole
@pytest.mark.skipif(shutil.which("flac") is None, reason="needs the reference encoder")
def test_chunks_that_the_reference_encoder_kept_are_found(tmp_path: Path) -> None:
    source = tagged(tmp_path / "a.wav")
    command = ["flac", "-s", "--keep-foreign-metadata", source, "-o", tmp_path / "b.flac"]
    subprocess.run(command, check=True, timeout=60)
    assert carry(tmp_path / "b.flac", tmp_path / "c.wav", WAV) == []
    assert every_chunk(tmp_path / "c.wav") == every_chunk(source)

"""What a recording says about itself comes through, translated where the container changes."""

import base64
import struct
from pathlib import Path

import pytest
from mutagen import File, flac, id3, oggopus, oggvorbis
from wavemend.errors import AudioFileError
from wavemend.host.files.audio_format import AudioFormat

from .sound_files import disk_of
from .tagged_files import (
    BEXT,
    FLAC,
    PICTURE,
    RATE,
    add_chunks,
    carry,
    chunks_of,
    info,
    lossy,
    picture,
    store,
    tags_carried,
)  # fmt: skip

# Comments


def test_a_chunk_behind_caf_audio_of_an_odd_size_can_be_found_again(tmp_path: Path) -> None:
    source = store(tmp_path / "a.caf", "CAF", "PCM_24", channels=1)
    text = b"info" + struct.pack(">Q", 16) + struct.pack(">I", 1) + b"title\0Waltz\0"
    source.write_bytes(source.read_bytes()[:-1] + text)  # without the padding that libsndfile writes
    carry(source, tmp_path / "b.caf")
    assert chunks_of(tmp_path / "b.caf")[b"info"] == text[12:]


def test_flac_keeps_comments_pictures_and_other_blocks(tmp_path: Path) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    comments = [("TITLE", "Étude"), ("artist", "One"), ("ARTIST", "Two"), ("REPLAYGAIN_TRACK_GAIN", "-3 dB")]
    file.tags.extend(comments)
    file.add_picture(picture())
    file.cuesheet = flac.CueSheet(None)
    file.cuesheet.tracks.append(flac.CueSheetTrack(170, 999))
    file.metadata_blocks.append(file.cuesheet)
    foreign = flac.MetadataBlock(b"riffsome bytes")
    foreign.code = 2
    file.metadata_blocks.append(foreign)
    file.save()
    assert carry(source, tmp_path / "b.flac") == []
    got = flac.FLAC(tmp_path / "b.flac")
    assert got.tags == comments
    assert [(p.type, p.mime, p.desc, p.data) for p in got.pictures] == [(3, "image/png", "label", PICTURE)]
    assert got.cuesheet is not None
    assert [block.write() for block in got.metadata_blocks if block.code == 2] == [b"riffsome bytes"]


def test_wav_info_becomes_vorbis_comments(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    tags = id3.ID3()
    tags.add(id3.TPE1(encoding=3, text=["Anon."]))
    tags.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="label", data=PICTURE))
    tags.save(tmp_path / "id3")
    latin = info((b"INAM", b"\xc9tude\0"), (b"IART", b"Anon."), (b"ICRD", b"1931"), (b"IXYZ", b"what"))
    add_chunks(source, (b"LIST", latin), (b"id3 ", (tmp_path / "id3").read_bytes()), (b"bext", BEXT))
    assert carry(source, tmp_path / "b.flac", FLAC) == []
    got = flac.FLAC(tmp_path / "b.flac")
    assert got.tags == [("TITLE", "Étude"), ("ARTIST", "Anon."), ("DATE", "1931"), ("IXYZ", "what")]
    assert [p.data for p in got.pictures] == [PICTURE]


def test_info_texts_without_their_padding_bytes(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    texts = b"".join(name + struct.pack("<I", 5) + b"Waltz" for name in (b"INAM", b"IART"))
    add_chunks(source, (b"LIST", b"INFO" + texts))
    assert carry(source, tmp_path / "b.flac", FLAC) == []
    assert flac.FLAC(tmp_path / "b.flac").tags == [("TITLE", "Waltz"), ("ARTIST", "Waltz")]


def test_caf_info_becomes_vorbis_comments(tmp_path: Path) -> None:
    source = store(tmp_path / "a.caf", "CAF")
    text = struct.pack(">I", 2) + b"title\0Night train\0comments\0hiss\0"
    source.write_bytes(source.read_bytes() + b"info" + struct.pack(">Q", len(text)) + text)
    assert carry(source, tmp_path / "b.flac", FLAC) == []
    assert flac.FLAC(tmp_path / "b.flac").tags == [("TITLE", "Night train"), ("COMMENT", "hiss")]


@pytest.mark.parametrize("target", [("WAV", "FLOAT"), ("RF64", "PCM_32"), ("AIFF", "PCM_16")])
def test_flac_tags_in_other_containers(tmp_path: Path, target: tuple[str, str]) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    file.tags.extend(
        [
            ("TITLE", "Étude"),
            ("COMMENT", "hiss"),
            ("GENRE", "Waltz"),
            ("MATRIX", "12A"),
            ("LYRICS", "la"),
            ("DATE", "1931"),
        ]
    )
    file.add_picture(picture())
    file.save()
    assert carry(source, tmp_path / "b", AudioFormat(*target, RATE, 2)) == []
    chunks = chunks_of(tmp_path / "b")
    (tmp_path / "id3").write_bytes(chunks.get(b"id3 ") or chunks[b"ID3 "])
    got = id3.ID3(tmp_path / "id3")
    assert got["TIT2"].text == ["Étude"]
    assert got["TXXX:MATRIX"].text == ["12A"]
    assert str(got["TDRC"]) == "1931"
    assert got["TCON"].genres == ["Waltz"]
    assert got.getall("COMM")[0].text == ["hiss"]
    assert got.getall("USLT")[0].text == "la"
    assert got.getall("APIC")[0].data == PICTURE
    # And back again.
    carry(tmp_path / "b", tmp_path / "c.flac", FLAC)
    assert sorted(flac.FLAC(tmp_path / "c.flac").tags) == sorted(file.tags)


@pytest.mark.parametrize(("subtype", "kind"), [("VORBIS", oggvorbis.OggVorbis), ("OPUS", oggopus.OggOpus)])
def test_ogg_comments(tmp_path: Path, subtype: str, kind: type) -> None:
    source = lossy(tmp_path / "a.ogg", "OGG", subtype)
    file = kind(source)
    file["title"] = "Étude"
    file["metadata_block_picture"] = base64.b64encode(picture().write()).decode("ascii")
    file.save()
    assert carry(source, tmp_path / "b.flac") == []
    got = flac.FLAC(tmp_path / "b.flac")
    assert got["title"] == ["Étude"]
    assert [p.data for p in got.pictures] == [PICTURE]


def test_nowhere_to_put_tags(tmp_path: Path) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    file["TITLE"] = "Étude"
    file.save()
    for container in ("W64", "AU"):
        warnings = carry(source, tmp_path / "b", AudioFormat(container, "PCM_16", RATE, 2))
        assert warnings == [f"{source}: tags have no place in the new container"]


def test_no_tags_no_change(tmp_path: Path) -> None:
    for container in ("WAV", "FLAC", "AIFF", "CAF", "W64", "RF64", "AU"):
        source, target = store(tmp_path / "a", container), store(tmp_path / "b", container)
        before = target.read_bytes()
        assert tags_carried(source, target) == []
        assert target.read_bytes() == before


# Tags that do not fit


def test_tags_that_cannot_be_read_cost_a_warning(tmp_path: Path) -> None:
    source = lossy(tmp_path / "a.ogg", "OGG", "VORBIS")
    file = File(source)
    file["metadata_block_picture"] = "no picture at all"
    file.save()
    (warning,) = carry(source, tmp_path / "b.flac")
    assert warning.startswith(f"{source}: tags could not be read")


def test_what_is_too_large_for_flac_costs_a_warning(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    large = picture()
    large.data = bytes(2**24)
    tags = id3.ID3()
    tags.add(id3.TIT2(encoding=3, text=["Étude"]))
    tags.add(id3.TXXX(encoding=3, desc="NOTES", text=["x" * 2**24]))
    tags.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=large.data))
    tags.save(tmp_path / "id3")
    add_chunks(source, (b"id3 ", (tmp_path / "id3").read_bytes()))
    assert carry(source, tmp_path / "b.flac", FLAC) == [
        f"{source}: comments over 16 MB do not fit into FLAC",
        f"{source}: a picture over 16 MB does not fit into FLAC",
    ]


# Full disks


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_full_disk_while_tags_are_written(tmp_path: Path, container: str) -> None:
    source, target = store(tmp_path / "a.flac", "FLAC"), store(tmp_path / "b", container)
    file = flac.FLAC(source)
    file.add_picture(picture())
    file.save()
    message = "tags of .* could not be written: .*File too large"
    with disk_of(target.stat().st_size + 50), pytest.raises(AudioFileError, match=message):
        tags_carried(source, target)

"""What a recording says about itself comes through, byte for byte where the container stays the same."""

import base64
import contextlib
import resource
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen import File, flac, id3, mp3, oggopus, oggvorbis
from wavemend.errors import AudioFileError
from wavemend.host.audio_files import AudioFormat, AudioReader, AudioWriter
from wavemend.host.tags import copy_tags, list_chunks

RATE = 48000
AUDIO = np.random.default_rng(0).integers(-(2**15), 2**15, (2, 999)) / 2**15
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def store(
    path: Path, container: str, subtype: str = "PCM_16", endian: str = "FILE", channels: int = 2
) -> Path:
    with soundfile.SoundFile(path, "w", RATE, channels, subtype, endian, container) as file:
        file.write(np.ascontiguousarray(AUDIO[:channels].T))
    return path


def add_chunks(path: Path, *chunks: tuple[bytes, bytes], order: str = "<") -> None:
    """Append chunks to a WAV or AIFF by hand, and mend its size."""
    data = bytearray(path.read_bytes())
    for name, payload in chunks:
        data += name + struct.pack(f"{order}I", len(payload)) + payload + b"\0" * (len(payload) % 2)
    if data[:4] == b"RF64":
        data[20:28] = struct.pack("<Q", len(data) - 8)
    else:
        data[4:8] = struct.pack(f"{order}I", len(data) - 8)
    path.write_bytes(data)


def chunks_of(path: Path) -> dict[bytes, bytes]:
    with path.open("rb") as file:
        found = list_chunks(file)
        assert found is not None
        assert found.end == found.file_size
        payloads = {}
        for chunk in found.chunks:
            file.seek(chunk.start)
            payloads[chunk.identifier[:4]] = file.read(chunk.size)
        return payloads


def carry(source: Path, target: Path, form: AudioFormat | None = None) -> list[str]:
    """Restore with an empty chain, carry the tags over, and see that the audio survived."""
    with AudioReader(source) as reader:
        form = form or reader.format.lossless_output()
        audio = reader.read(0, reader.frames)
        with AudioWriter(target, form) as writer:
            held = writer.write(audio)
    warnings = copy_tags(source, target)
    with AudioReader(target) as reader:
        assert np.array_equal(reader.read(0, reader.frames + 1), held)
    again = target.with_name("again")
    with AudioWriter(again, form) as writer:
        writer.write(audio)
    copy_tags(source, again)
    assert again.read_bytes() == target.read_bytes()
    return warnings


def info(*entries: tuple[bytes, bytes]) -> bytes:
    return b"INFO" + b"".join(
        name + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2) for name, text in entries
    )


BEXT = b"Side A, lacquer 12".ljust(602, b"\0") + b"A=ANALOGUE,M=mono\r\n"
STUDIO = (
    (b"bext", BEXT),
    (b"iXML", b"<BWFXML><TAPE>7</TAPE></BWFXML>"),
    (b"LIST", info((b"INAM", "Étude".encode()), (b"IART", b"odd"))),
    (b"cue ", struct.pack("<I", 0)),
    (b"smpl", bytes(36)),
    (b"_PMX", b"\0\1\2"),
)


@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_chunks_come_through_to_the_byte(
    tmp_path: Path, container: str, subtype: str, channels: int
) -> None:
    source, target = store(tmp_path / "a.wav", container, subtype, channels=channels), tmp_path / "b.wav"
    add_chunks(source, *STUDIO, (b"JUNK", bytes(50)), (b"PAD ", bytes(5)))
    assert carry(source, target) == []
    carried = chunks_of(target)
    assert {name: carried[name] for name, _ in STUDIO} == dict(STUDIO)
    assert carried.get(b"PAD ") != bytes(5)
    data = target.read_bytes()
    stated = data[20:28] if container == "RF64" else data[4:8] + bytes(4)
    assert struct.unpack("<Q", stated)[0] == len(data) - 8


def test_wav_chunks_before_the_audio(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    data = source.read_bytes()
    extra = b"bext" + struct.pack("<I", len(BEXT)) + BEXT + bytes(len(BEXT) % 2)
    source.write_bytes(
        data[:4] + struct.pack("<I", len(data) + len(extra) - 8) + data[8:12] + extra + data[12:]
    )
    carry(source, tmp_path / "b.wav")
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT


def test_wav_that_grew_to_rf64_keeps_its_chunks(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    add_chunks(source, *STUDIO)
    assert carry(source, tmp_path / "b.wav", AudioFormat("RF64", "PCM_24", RATE, 2)) == []
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT


def test_big_endian_wav(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV", endian="BIG")
    add_chunks(source, (b"bext", BEXT), order=">")
    assert carry(source, tmp_path / "b.wav") == []
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_aiff_chunks(tmp_path: Path, subtype: str, channels: int) -> None:
    texts = (
        (b"NAME", b"Night train"),
        (b"AUTH", b"Anon."),
        (b"(c) ", b"1931"),
        (b"ANNO", b"hiss"),
        (b"ID3 ", b"x"),
    )
    source = store(tmp_path / "a.aiff", "AIFF", subtype, channels=channels)
    add_chunks(source, *texts, (b"MARK", struct.pack(">H", 0)), order=">")
    assert carry(source, tmp_path / "b.aiff") == []
    carried = chunks_of(tmp_path / "b.aiff")
    assert {name: carried[name] for name, _ in texts} == dict(texts)


def test_w64_and_caf_chunks(tmp_path: Path) -> None:
    source = store(tmp_path / "a.w64", "W64")
    guid = b"bext" + bytes.fromhex("f3acd3118cd100c04f8edb8a")
    data = bytearray(source.read_bytes())
    data += bytes(-len(data) % 8) + guid + struct.pack("<Q", 24 + len(BEXT)) + BEXT + bytes(-len(BEXT) % 8)
    data[16:24] = struct.pack("<Q", len(data))
    source.write_bytes(data)
    # libsndfile takes chunks behind the audio for audio: we neither read nor write them as such.
    with AudioReader(source) as reader:
        assert np.array_equal(reader.read(0, 2000), AUDIO)
    warnings = carry(source, tmp_path / "b.w64")
    assert warnings == [f"{source}: chunk 'bext' has no place in the new container"]

    source = store(tmp_path / "a.caf", "CAF")
    text = struct.pack(">I", 2) + b"title\0Night train\0comments\0hiss\0"
    source.write_bytes(source.read_bytes() + b"info" + struct.pack(">Q", len(text)) + text)
    assert carry(source, tmp_path / "b.caf") == []
    assert chunks_of(tmp_path / "b.caf")[b"info"] == text
    carry(source, tmp_path / "b.flac", AudioFormat("FLAC", "PCM_16", RATE, 2))
    assert flac.FLAC(tmp_path / "b.flac").tags == [("TITLE", "Night train"), ("COMMENT", "hiss")]


def test_hostile_sizes(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    add_chunks(source, (b"bext", BEXT))
    source.write_bytes(source.read_bytes() + b"evil" + struct.pack("<I", 0xFFFFFFF0) + b"x" * 60)
    warnings = carry(source, tmp_path / "b.wav")
    assert warnings == [f"{source}: 68 bytes at the end are no valid chunk and were not carried over"]
    assert chunks_of(tmp_path / "b.wav")[b"bext"] == BEXT
    many = store(tmp_path / "many.wav", "WAV")
    many.write_bytes(many.read_bytes() + b"evil\0\0\0\0" * 5000)
    assert "40000 bytes" not in str(carry(many, tmp_path / "b.wav"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tags")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["WAV", "AIFF", "W64", "CAF", "RF64"]), st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_break_the_walk(folder: Path, container: str, junk: bytes, at: int) -> None:
    source = folder / "source"
    data = bytearray(store(source, container).read_bytes())
    data[at : at + len(junk)] = junk
    source.write_bytes(data)
    for kind in ("WAV", "FLAC"):
        target = store(folder / "target", kind)
        for warning in copy_tags(source, target):
            assert warning.startswith(f"{source}: ")
        with AudioReader(target) as reader:
            assert np.array_equal(reader.read(0, 1000), AUDIO)


# FLAC


def picture() -> flac.Picture:
    made = flac.Picture()
    made.type, made.mime, made.desc, made.data = 3, "image/png", "label", PICTURE
    return made


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
    warnings = carry(source, tmp_path / "b.flac", AudioFormat("FLAC", "PCM_16", RATE, 2))
    assert warnings == [f"{source}: chunk 'bext' has no place in the new container"]
    got = flac.FLAC(tmp_path / "b.flac")
    assert got.tags == [("TITLE", "Étude"), ("ARTIST", "Anon."), ("DATE", "1931"), ("IXYZ", "what")]
    assert [p.data for p in got.pictures] == [PICTURE]


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
    carry(tmp_path / "b", tmp_path / "c.flac", AudioFormat("FLAC", "PCM_16", RATE, 2))
    assert sorted(flac.FLAC(tmp_path / "c.flac").tags) == sorted(file.tags)


def test_nowhere_to_put_tags(tmp_path: Path) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    file["TITLE"] = "Étude"
    file.save()
    for container in ("W64", "CAF", "AU"):
        warnings = carry(source, tmp_path / "b", AudioFormat(container, "PCM_16", RATE, 2))
        assert warnings == [f"{source}: tags have no place in the new container"]


# Lossy sources


def lossy(path: Path, container: str, subtype: str) -> Path:
    with soundfile.SoundFile(path, "w", RATE, 2, subtype, None, container) as file:
        for _ in range(20):
            file.write(np.ascontiguousarray(AUDIO.T * 0.1))
    return path


def test_mp3_tags_become_vorbis_comments(tmp_path: Path) -> None:
    source = lossy(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III")
    file = mp3.MP3(source)
    file.add_tags()
    for frame in (
        id3.TIT2(encoding=3, text=["Étude"]),
        id3.TPE1(encoding=3, text=["One", "Two"]),
        id3.TRCK(encoding=3, text=["3/12"]),
        id3.TCON(encoding=3, text=["17"]),
        id3.TDRC(encoding=3, text=["1931-05"]),
        id3.COMM(encoding=3, lang="eng", desc="", text=["hiss"]),
        id3.TXXX(encoding=3, desc="Matrix", text=["12A"]),
        id3.USLT(encoding=3, lang="eng", desc="", text="la la"),
        id3.TIPL(encoding=3, people=[["engineer", "Bea"]]),
        id3.WOAR(url="https://example.org"),
        id3.APIC(encoding=3, mime="image/png", type=3, desc="label", data=PICTURE),
        id3.PRIV(owner="x", data=b"y"),
    ):
        file.tags.add(frame)
    file.save()
    warnings = carry(source, tmp_path / "b.flac")
    assert warnings == [f"{source}: ID3 frame 'PRIV' has no place in the new container"]
    got = flac.FLAC(tmp_path / "b.flac")
    wanted = {
        "title": ["Étude"], "artist": ["One", "Two"], "tracknumber": ["3"], "tracktotal": ["12"],
        "genre": ["Rock"], "date": ["1931-05"], "comment": ["hiss"], "matrix": ["12A"], "lyrics": ["la la"],
        "performer": ["Bea (engineer)"], "url": ["https://example.org"],
    }  # fmt: skip
    assert {key: got[key] for key in wanted} == wanted
    assert [p.data for p in got.pictures] == [PICTURE]


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


def test_tags_that_cannot_be_read_cost_a_warning(tmp_path: Path) -> None:
    source = lossy(tmp_path / "a.ogg", "OGG", "VORBIS")
    file = File(source)
    file["metadata_block_picture"] = "no picture at all"
    file.save()
    (warning,) = carry(source, tmp_path / "b.flac")
    assert warning.startswith(f"{source}: tags could not be read")


def test_no_tags_no_change(tmp_path: Path) -> None:
    for container in ("WAV", "FLAC", "AIFF", "CAF", "W64", "RF64", "AU"):
        source, target = store(tmp_path / "a", container), store(tmp_path / "b", container)
        before = target.read_bytes()
        assert copy_tags(source, target) == []
        assert target.read_bytes() == before


# Full disks


@contextlib.contextmanager
def disk_of(room: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("container", ["WAV", "FLAC"])
def test_full_disk_while_tags_are_written(tmp_path: Path, container: str) -> None:
    source, target = store(tmp_path / "a.flac", "FLAC"), store(tmp_path / "b", container)
    file = flac.FLAC(source)
    file.add_picture(picture())
    file.save()
    message = "tags of .* could not be written: .*File too large"
    with disk_of(target.stat().st_size + 50), pytest.raises(AudioFileError, match=message):
        copy_tags(source, target)

"""ID3 tags: translated both ways, nothing lost unsaid, and no tag fills the memory."""

import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from mutagen import flac, id3, mp3
from wavemend.host.files import id3_tags
from wavemend.host.files.audio_format import AudioFormat

from .tagged_files import FLAC, PICTURE, RATE, add_chunks, carry, chunks_of, lossy, picture, store


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


def frame(name: bytes, payload: bytes, version: int, compressed: bool = False) -> bytes:
    """One frame as bytes, for what mutagen does not write."""
    flags = 0
    if compressed:
        flags = 0x09 if version == 4 else 0x80
        payload = _size(len(payload), version) + zlib.compress(payload, 9)
    return name + _size(len(payload), version) + struct.pack(">H", flags) + payload


def tag(version: int, *frames: bytes) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes((version, 0, 0)) + _size(len(body), 4) + body


def _size(size: int, version: int) -> bytes:
    if version == 3:
        return struct.pack(">I", size)
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("kind", ["chunk", "mp3"])
def test_compressed_frames_are_read_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, kind: str
) -> None:
    monkeypatch.setattr(id3_tags, "_MAX_INFLATED_BYTES", 1 << 20)
    bomb = b"\0notes\0" + b"x" * (100 << 20)
    made = tag(
        version,
        frame(b"TIT2", b"\3" + "Étude".encode() * 50, version, compressed=True),
        frame(b"TXXX", bomb, version, compressed=True),
        frame(b"CHAP", b"one\0" + bytes(16) + frame(b"TXXX", bomb, version, compressed=True), version),
        frame(b"TPE1", b"\3Anon.", version),
    )
    if kind == "chunk":
        add_chunks(source := store(tmp_path / "a.wav", "WAV"), (b"id3 ", made))
    else:
        source = lossy(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III")
        source.write_bytes(made + source.read_bytes())
    del bomb
    tracemalloc.start()
    warnings = carry(source, tmp_path / "b.flac", FLAC)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 << 20
    assert sorted(warnings) == [
        f"{source}: ID3 frame '{name}' has no place in the new container" for name in ("CHAP", "TXXX")
    ]
    assert sorted(flac.FLAC(tmp_path / "b.flac").tags) == [("ARTIST", "Anon."), ("TITLE", "Étude" * 50)]


def test_frames_that_no_one_knows_are_named(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    add_chunks(source, (b"id3 ", tag(4, frame(b"XSOP", b"\3x", 4), frame(b"TIT2", b"\3Etude", 4))))
    assert carry(source, tmp_path / "b.flac", FLAC) == [
        f"{source}: ID3 frame 'XSOP' has no place in the new container"
    ]
    older = store(tmp_path / "older.wav", "WAV")
    v22 = b"".join(name + struct.pack(">I", 3)[1:] + b"\0ab" for name in (b"TT2", b"XYZ"))
    add_chunks(older, (b"id3 ", b"ID3\2\0\0" + _size(len(v22), 4) + v22))
    assert carry(older, tmp_path / "b.flac", FLAC) == [
        f"{older}: ID3 frame 'XYZ' has no place in the new container"
    ]
    assert flac.FLAC(tmp_path / "b.flac").tags == [("TITLE", "ab")]


def test_mp3_with_a_tag_at_its_end_alone(tmp_path: Path) -> None:
    source = lossy(tmp_path / "a", "MP3", "MPEG_LAYER_III")
    id3v1 = b"TAG" + b"Etude".ljust(30, b"\0") + bytes(60) + b"1931" + bytes(30) + b"\xff"
    source.write_bytes(source.read_bytes() + id3v1)
    assert carry(source, tmp_path / "b.flac") == []
    assert sorted(flac.FLAC(tmp_path / "b.flac").tags) == [("DATE", "1931"), ("TITLE", "Etude")]


def written(source: Path, target: Path) -> id3.ID3:
    assert carry(source, target, AudioFormat("WAV", "PCM_16", RATE, 2)) == []
    (target.parent / "id3").write_bytes(chunks_of(target)[b"id3 "])
    return id3.ID3(target.parent / "id3")


@pytest.mark.parametrize("date", ["circa 1931", "1931 (?)", "Spring 1931", "1931/32"])
def test_dates_that_are_no_time_stamps_are_kept(tmp_path: Path, date: str) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    file["DATE"] = date
    file.save()
    assert written(source, tmp_path / "b.wav")["TXXX:DATE"].text == [date]
    carry(tmp_path / "b.wav", tmp_path / "c.flac", FLAC)
    assert flac.FLAC(tmp_path / "c.flac")["DATE"] == [date]


def test_pictures_are_kept_apart_and_strange_ones_too(tmp_path: Path) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    for kind, mime, data in ((3, "image/png", PICTURE), (4, "image/png", b"back"), (300, "снимок", b"odd")):
        each = picture()
        each.type, each.mime, each.data = kind, mime, data
        file.add_picture(each)
    file.save()
    got = written(source, tmp_path / "b.wav").getall("APIC")
    assert [(p.type, p.desc, p.data) for p in got] == [
        (3, "label", PICTURE),
        (4, "label", b"back"),
        (0, "label", b"odd"),
    ]

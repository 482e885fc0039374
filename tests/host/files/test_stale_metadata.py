"""What is said about samples goes along only with those samples."""

import hashlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen import flac, id3

from .tagged_files import AUDIO, BEXT, FLAC, RATE, add_chunks, carry, chunks_of, lossy, store, tags_carried

MEASURED = (
    BEXT[:346] + struct.pack("<H", 2) + BEXT[348:412] + struct.pack("<5h", -2300, 700, -100, -2000, -2100)
)
MEASURED += bytes(602 - len(MEASURED)) + BEXT[602:]


def changed(path: Path, container: str) -> Path:
    soundfile.write(path, 0.5 * AUDIO.T, RATE, "PCM_16", None, None, container)
    return path


def itunes_tag() -> bytes:
    tags = id3.ID3()
    tags.add(id3.COMM(encoding=3, lang="eng", desc="", text=["Recorded in a hall"]))
    tags.add(id3.COMM(encoding=3, lang="eng", desc="iTunNORM", text=[" 0000044E 00000061"]))
    tags.add(id3.COMM(encoding=3, lang="eng", desc="iTunes_CDDB_1", text=["7A0B"]))
    tags.add(id3.TXXX(encoding=3, desc="replaygain_track_gain", text=["-3 dB"]))
    tag = io.BytesIO()
    tags.save(tag, padding=lambda _: 0)
    return tag.getvalue()


def test_chunks_about_changed_samples_are_renewed_or_left_out(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    tag = itunes_tag()
    add_chunks(source, (b"MD5 ", bytes(16)), (b"levl", bytes(99)), (b"bext", MEASURED), (b"id3 ", tag))
    target = changed(tmp_path / "b.wav", "WAV")
    warnings = [warning.removeprefix(f"{source}: ") for warning in tags_carried(source, target)]
    assert warnings == [
        "chunk 'MD5' was renewed for the new samples",
        "chunk 'levl': left out, because the samples changed",
        "loudness in chunk 'bext': set to not measured, because the samples changed",
        "iTunNORM, replaygain_track_gain: left out, because the samples changed",
    ]
    got = chunks_of(target)
    assert got[b"MD5 "] == hashlib.md5(got[b"data"]).digest()[::-1]
    assert b"levl" not in got
    assert got[b"bext"] == MEASURED[:412] + b"\xff\x7f" * 5 + MEASURED[422:]
    assert b"Recorded in a hall" in got[b"id3 "]
    assert b"iTunNORM" not in got[b"id3 "]


def test_chunks_about_the_same_samples_go_along(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    given = {b"MD5 ": bytes(16), b"levl": bytes(99), b"bext": MEASURED, b"id3 ": itunes_tag()}
    add_chunks(source, *given.items())
    assert carry(source, tmp_path / "b.wav") == []
    got = chunks_of(tmp_path / "b.wav")
    assert {name: got[name] for name in given} == given


def test_comments_about_changed_samples_are_left_out(tmp_path: Path) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    stale = [("REPLAYGAIN_TRACK_GAIN", "-3 dB"), ("R128_TRACK_GAIN", "-256"), ("iTunSMPB", " 0")]
    file.tags.extend([("TITLE", "Waltz"), *stale])
    file.save()
    target = changed(tmp_path / "b.flac", "FLAC")
    assert tags_carried(source, target) == [
        f"{source}: iTunSMPB, R128_TRACK_GAIN, REPLAYGAIN_TRACK_GAIN: left out, because the samples changed"
    ]
    assert flac.FLAC(target).tags == [("TITLE", "Waltz")]


def test_comments_that_itunes_makes_are_no_comments(tmp_path: Path) -> None:
    source = lossy(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III")
    source.write_bytes(itunes_tag() + source.read_bytes())
    assert carry(source, tmp_path / "b.flac") == [
        f"{source}: ITUNNORM, REPLAYGAIN_TRACK_GAIN: left out, because the samples changed"
    ]
    got = flac.FLAC(tmp_path / "b.flac")
    assert got["comment"] == ["Recorded in a hall"]
    assert got["itunes_cddb_1"] == ["7A0B"]


def test_tags_behind_an_mp3_come_along(tmp_path: Path) -> None:
    source = lossy(tmp_path / "a.mp3", "MP3", "MPEG_LAYER_III")
    items = ((b"Title", b"A waltz whose name is longer than thirty"), (b"Track", b"3/12"), (b"Year", b"1931"))
    body = b"".join(struct.pack("<II", len(v), 0) + k + b"\0" + v for k, v in items)
    foot = b"APETAGEX" + struct.pack("<IIII", 2000, len(body) + 32, len(items), 0) + bytes(8)
    id3v1 = b"TAG" + b"A waltz whose name is longer t" + b"Anon.".ljust(30, b"\0") + bytes(64) + b"\xff"
    source.write_bytes(source.read_bytes() + itunes_tag() + body + foot + id3v1.ljust(128, b"\0"))
    carry(source, tmp_path / "b.flac")
    got = flac.FLAC(tmp_path / "b.flac")
    wanted = {"title": items[0][1].decode(), "tracknumber": "3", "tracktotal": "12", "date": "1931",
              "artist": "Anon.", "comment": "Recorded in a hall"}  # fmt: skip
    assert {key: got[key] for key in wanted} == {key: [value] for key, value in wanted.items()}


@pytest.mark.parametrize("endian", ["BIG", "LITTLE"])
def test_an_annotation_of_au_comes_along(tmp_path: Path, endian: str) -> None:
    source, target = store(tmp_path / "a.au", "AU", endian=endian), tmp_path / "b.au"
    note = b"Recorded in a hall, side two".ljust(40, b"\0")
    data, order = source.read_bytes(), "<I" if endian == "LITTLE" else ">I"
    start = struct.unpack(order, data[4:8])[0]
    source.write_bytes(data[:4] + struct.pack(order, 24 + len(note)) + data[8:24] + note + data[start:])
    assert carry(source, target) == []
    assert target.read_bytes()[24:64] == note
    assert np.array_equal(soundfile.read(target)[0], soundfile.read(source)[0])
    assert carry(source, tmp_path / "b.flac", FLAC) == []
    assert flac.FLAC(tmp_path / "b.flac").tags == [("COMMENT", "Recorded in a hall, side two")]

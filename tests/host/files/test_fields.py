"""Every field of a source is in the restored file, is renewed as its standard asks, or is told."""

import io
import struct
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pedalboard
import pyloudnorm
import pytest
import soundfile
from mutagen import flac, id3
from wavemend import Chain, render
from wavemend.host.files.audio_format import AudioFormat
from wavemend.host.files.change import Cut

from .tagged_files import (
    FLAC,
    PICTURE,
    RATE,
    add_chunks,
    carry,
    chunks_of,
    info,
    picture,
    store,
    tags_carried,
)

FRAMES = 4000
NOT_MEASURED = 0x7FFF
BEXT_FIELDS = {  # EBU Tech 3285 v2, table 1: where each begins, and its bytes
    "description": (0, 256), "originator": (256, 32), "originator_reference": (288, 32),
    "origination_date": (320, 10), "origination_time": (330, 8), "time_reference": (338, 8),
    "version": (346, 2), "umid": (348, 64), "loudness": (412, 10), "reserved": (422, 180),
}  # fmt: skip
HISTORY = "A=ANALOGUE,M=mono,T=Studer A80\r\nA=PCM,F=48000,W=24,M=mono,T=converter\r\n"


def bext(version: int) -> bytes:
    """A chunk whose every field of that version says something; what a version lacks is zero."""
    umid = bytes(range(64)) if version >= 1 else bytes(64)
    loudness = struct.pack("<5h", -2300, 750, -110, -1801, -2010) if version >= 2 else bytes(10)
    return b"".join(
        (
            "Interview, reel 12 é".encode("latin-1").ljust(256, b"\0"), b"Sound Archive".ljust(32, b"\0"),
            b"XX0000000000000000000000000012".ljust(32, b"\0"), b"1987-04-12", b"09:30:15",
            struct.pack("<Q", 2**33 + 17), struct.pack("<H", version), umid, loudness, bytes(180),
            HISTORY.encode(),
        )
    )  # fmt: skip


def fields(chunk: bytes) -> dict[str, bytes]:
    return {name: chunk[at : at + size] for name, (at, size) in BEXT_FIELDS.items()}


IXML = """<?xml version="1.0" encoding="UTF-8"?>
<BWFXML>
  <IXML_VERSION>1.61</IXML_VERSION><PROJECT>Oral history &amp; song</PROJECT><TAPE>7</TAPE>
  <FILE_UID>AB12</FILE_UID>
  <SPEED><FILE_SAMPLE_RATE>48000</FILE_SAMPLE_RATE><AUDIO_BIT_DEPTH>16</AUDIO_BIT_DEPTH>
    <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>0</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI>
    <TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO>4294967290</TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO></SPEED>
  <BEXT><BWF_DESCRIPTION>reel</BWF_DESCRIPTION><BWF_TIME_REFERENCE_LOW>10</BWF_TIME_REFERENCE_LOW>
    <BWF_TIME_REFERENCE_HIGH>1</BWF_TIME_REFERENCE_HIGH><BWF_LOUDNESS_VALUE>-23.00</BWF_LOUDNESS_VALUE>
    <BWF_CODING_HISTORY>A=ANALOGUE
</BWF_CODING_HISTORY></BEXT>
  <LOUDNESS><LOUDNESS_VALUE>-23.00</LOUDNESS_VALUE></LOUDNESS>
  <SYNC_POINT_LIST><SYNC_POINT_COUNT>2</SYNC_POINT_COUNT>
    <SYNC_POINT><SYNC_POINT_TYPE>RELATIVE</SYNC_POINT_TYPE><SYNC_POINT_LOW>1500</SYNC_POINT_LOW>
      <SYNC_POINT_HIGH>0</SYNC_POINT_HIGH></SYNC_POINT>
    <SYNC_POINT><SYNC_POINT_TYPE>ABSOLUTE</SYNC_POINT_TYPE><SYNC_POINT_LOW>99</SYNC_POINT_LOW>
      <SYNC_POINT_HIGH>2</SYNC_POINT_HIGH></SYNC_POINT></SYNC_POINT_LIST>
  <USER>a note</USER>
</BWFXML>"""

POINTS = ((3, 500, "begin", 0), (7, 1_500, "song", 1_000), (9, 3_900, "end", 0))
"""Id, position, label, and length of a region."""


def cue_chunk() -> bytes:
    return struct.pack("<I", len(POINTS)) + b"".join(
        struct.pack("<II4sIII", name, at, b"data", 0, 0, at) for name, at, _, _ in POINTS
    )


def entry(kind: bytes, payload: bytes) -> bytes:
    return kind + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)


def label_chunk() -> bytes:
    texts = [entry(b"labl", struct.pack("<I", name) + label.encode() + b"\0") for name, _, label, _ in POINTS]
    regions = [
        entry(b"ltxt", struct.pack("<II4sHHHH", name, length, b"rgn ", 0, 0, 0, 0))
        for name, _, _, length in POINTS if length
    ]  # fmt: skip
    return b"adtl" + b"".join([*texts, entry(b"note", struct.pack("<I", 7) + b"by heart\0"), *regions])


def sampler_chunk(*loops: tuple[int, int]) -> bytes:
    head = struct.pack("<7I", 1, 2, 20833, 60, 0, 0, 0) + struct.pack("<II", len(loops), 0)
    return head + b"".join(struct.pack("<6I", n, 0, *loop, 0, 0) for n, loop in enumerate(loops))


def tag() -> bytes:
    tags, made = id3.ID3(), io.BytesIO()
    tags.add(id3.TIT2(encoding=3, text=["Étude"]))
    tags.add(id3.APIC(encoding=3, mime="image/png", type=3, desc="label", data=PICTURE))
    tags.save(made, padding=lambda _: 0)
    return made.getvalue()


def tagged(
    path: Path, container: str = "WAV", subtype: str = "PCM_16", version: int = 2, length: int = FRAMES
) -> Path:
    """A WAV with everything."""
    rng = np.random.default_rng(0)
    audio = 0.02 * rng.standard_normal((length, 1))
    audio[: max(length - 6 * RATE, 0)] *= 1e-3
    with soundfile.SoundFile(path, "w", RATE, 1, subtype, "FILE", container) as file:
        file.write(audio)
    add_chunks(
        path, (b"bext", bext(version)), (b"iXML", IXML.encode()), (b"LIST", info((b"INAM", b"Reel 12"))),
        (b"cue ", cue_chunk()), (b"LIST", label_chunk()),
        (b"smpl", sampler_chunk((1_200, 1_900), (0, 3_999))), (b"id3 ", tag()), (b"_PMX", b"<x:xmpmeta/>"),
    )  # fmt: skip
    return path


def every_chunk(path: Path) -> list[tuple[bytes, bytes]]:
    """All chunks but those of the coding, in their order: chunks_of has one of a name."""
    data, at, found = path.read_bytes(), 12, []
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        size = len(data) if size == 0xFFFFFFFF else size
        if name == b"data" and data[:4] == b"RF64":
            size = struct.unpack("<Q", data[28:36])[0]
        if name not in (b"fmt ", b"data", b"ds64", b"fact", b"PEAK", b"JUNK"):
            found.append((name, data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return found


def restored(source: Path, target: Path, **options: object) -> tuple[Path, list[str]]:
    done = render(Chain([pedalboard.Gain(-1)]), source, target, **options)
    return done.output, [warning.removeprefix(f"{source}: ") for warning in done.warnings]


# The same container


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize(
    ("container", "subtype"), [("WAV", "PCM_16"), ("WAVEX", "PCM_24"), ("RF64", "PCM_24")]
)
def test_every_chunk_of_a_broadcast_wave(tmp_path: Path, container: str, subtype: str, version: int) -> None:
    source = tagged(tmp_path / "a.wav", container, subtype, version)
    output, warnings = restored(source, tmp_path / "b.wav")
    before, after = every_chunk(source), every_chunk(output)
    assert [name for name, _ in after] == [name for name, _ in before]
    same = [was == now for (name, was), (_, now) in zip(before, after, strict=True)]
    assert same == [name not in (b"bext", b"iXML") for name, _ in before]
    was, now = dict(before)[b"bext"], dict(after)[b"bext"]
    peak = round(100 * 20 * np.log10(np.abs(soundfile.read(output)[0]).max()))
    figures = struct.unpack("<5h", fields(now)["loudness"])
    assert figures[:2] + figures[3:] == (
        (NOT_MEASURED,) * 4 if version == 2 else (0,) * 4
    )  # too short a sound
    assert peak <= figures[2] < peak + 300 if version == 2 else figures[2] == 0
    assert fields(now) | {"loudness": b""} == fields(was) | {"loudness": b""}
    lines = now[602:].decode().split("\r\n")
    assert "\r\n".join([*lines[:2], ""]) == HISTORY and lines[3:] == [""]
    assert lines[2].startswith(f"A=PCM,F=48000,W={soundfile.info(output).subtype[4:]},M=mono,T=wavemend ")
    assert warnings == ["loudness in chunk 'bext': measured anew, because the samples changed"] * (
        version == 2
    ) + ["loudness in chunk 'iXML': left out, because the samples changed"]


def texts(xml: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in ElementTree.fromstring(xml).iter():
        if one.text and one.text.strip():
            found.setdefault(one.tag, []).append(one.text)
    return found


def test_every_element_of_ixml(tmp_path: Path) -> None:
    source = tagged(tmp_path / "a.wav")
    now = dict(every_chunk(restored(source, tmp_path / "b.wav")[0]))[b"iXML"]
    before, after = texts(IXML.encode()), texts(now)
    (uid,) = after.pop("FILE_UID")
    assert after.pop("PARENT_UID") == before.pop("FILE_UID") and len(uid) == 36
    (history,) = after.pop("BWF_CODING_HISTORY")
    assert history.startswith(before.pop("BWF_CODING_HISTORY")[0] + "A=PCM,F=48000,W=16,M=mono,T=wavemend ")
    assert after == {key: said for key, said in before.items() if "LOUDNESS" not in key}
    assert restored(source, tmp_path / "again" / "b.wav")[0].read_bytes() == (tmp_path / "b.wav").read_bytes()


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (b"<BWFXML><TAPE>7</BWFXML>", "mismatched tag"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><BWFXML>&b;</BWFXML>', "declares a document type"),
        ("<BWFXML><TAPE>7</TAPE></BWFXML>".encode("utf-16"), "not in UTF-8"),
        (b"<BWFXML><FILE_UID>\xe9</FILE_UID></BWFXML>", "not well-formed"),
        (b"<BWFXML>" + b" " * (5 << 20) + b"</BWFXML>", "it has 5 MB; at most 4 MB are read"),
    ],
    ids=range(5),
)
def test_ixml_that_cannot_be_read_goes_along_and_is_told(tmp_path: Path, xml: bytes, said: str) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    add_chunks(source, (b"iXML", xml))
    soundfile.write(tmp_path / "b.wav", np.zeros((9, 2)), RATE)
    (warning,) = tags_carried(source, tmp_path / "b.wav")
    assert said in warning
    assert chunks_of(tmp_path / "b.wav")[b"iXML"] == xml


def test_ixml_says_how_wide_the_new_samples_are(tmp_path: Path) -> None:
    source = store(tmp_path / "a.wav", "WAV")
    add_chunks(
        source, (b"iXML", b"<BWFXML><SPEED><AUDIO_BIT_DEPTH>16</AUDIO_BIT_DEPTH></SPEED></BWFXML>\0\0")
    )
    soundfile.write(tmp_path / "b.wav", np.zeros((9, 2)), RATE, "FLOAT")
    assert tags_carried(source, tmp_path / "b.wav") == []
    assert b"<AUDIO_BIT_DEPTH>32<" in chunks_of(tmp_path / "b.wav")[b"iXML"]


# What a trim moves

CUT = Cut(1_000, 1_200)


def test_a_trim_moves_every_position_of_a_wav(tmp_path: Path) -> None:
    source = tagged(tmp_path / "a.wav")
    soundfile.write(tmp_path / "b.wav", np.zeros((CUT.length, 1)), RATE)
    warnings = tags_carried(source, tmp_path / "b.wav", CUT)
    assert any(warning.endswith("a loop of chunk 'smpl' was cut into by the trim") for warning in warnings)
    after = every_chunk(tmp_path / "b.wav")
    now = dict(after)
    assert fields(now[b"bext"])["time_reference"] == struct.pack("<Q", 2**33 + 17 + CUT.start)
    cues = [struct.unpack("<II4sIII", now[b"cue "][4 + 24 * n :][:24]) for n in range(3)]
    assert [(cue[0], cue[1], cue[5]) for cue in cues] == [(3, 0, 0), (7, 500, 500), (9, 1_200, 1_200)]
    labels = next(said for name, said in after if name == b"LIST" and said[:4] == b"adtl")
    assert labels[: labels.index(b"ltxt")] == label_chunk()[: labels.index(b"ltxt")]
    assert struct.unpack("<II", labels[labels.index(b"ltxt") + 8 :][:8]) == (7, 700)  # of 1000 samples
    assert now[b"smpl"] == sampler_chunk((200, 900), (0, 1_199))
    said = texts(now[b"iXML"])
    assert (said["BWF_TIME_REFERENCE_HIGH"], said["BWF_TIME_REFERENCE_LOW"]) == (["1"], ["1010"])
    assert said["TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI"] == ["1"]
    assert said["TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO"] == [str(1_000 - 6)]
    assert (said["SYNC_POINT_LOW"], said["SYNC_POINT_HIGH"]) == (["500", "99"], ["0", "2"])


def mark_chunk(*points: tuple[int, bytes]) -> bytes:
    return struct.pack(">H", len(points)) + b"".join(
        struct.pack(">HIB", n + 1, at, len(name)) + name + b"\0" * ((1 + len(name)) % 2)
        for n, (at, name) in enumerate(points)
    )


def caf_marks(*points: float) -> bytes:
    return struct.pack(">II", 0, len(points)) + b"".join(
        struct.pack(">IdIQI", 0, at, n + 1, 0, 0) for n, at in enumerate(points)
    )


def in_caf(path: Path, *chunks: tuple[bytes, bytes]) -> Path:
    store(path, "CAF")
    path.write_bytes(
        path.read_bytes() + b"".join(k + struct.pack(">Q", len(said)) + said for k, said in chunks)
    )
    return path


def test_a_trim_moves_markers_of_aiff_and_caf(tmp_path: Path) -> None:
    source = store(tmp_path / "a.aiff", "AIFF")
    add_chunks(source, (b"MARK", mark_chunk((50, b"in"), (600, b"out"))), order=">")
    soundfile.write(tmp_path / "b.aiff", np.zeros((300, 2)), RATE)
    assert tags_carried(source, tmp_path / "b.aiff", Cut(100, 300)) == []
    assert chunks_of(tmp_path / "b.aiff")[b"MARK"] == mark_chunk((0, b"in"), (300, b"out"))
    region = struct.pack(">IIIII", 0, 1, 5, 0, 2)
    source = in_caf(
        tmp_path / "a.caf",
        (b"mark", caf_marks(150.5, 900)),
        (b"regn", region + caf_marks(200, 250)[8:]),
    )
    soundfile.write(tmp_path / "b.caf", np.zeros((300, 2)), RATE, format="CAF")
    assert tags_carried(source, tmp_path / "b.caf", Cut(100, 300)) == []
    assert chunks_of(tmp_path / "b.caf")[b"mark"] == caf_marks(50.5, 300)
    assert chunks_of(tmp_path / "b.caf")[b"regn"] == region + caf_marks(100, 150)[8:]


def test_a_trim_moves_the_cue_sheet_of_a_flac(tmp_path: Path) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    sheet = file.cuesheet = flac.CueSheet(None)
    file.metadata_blocks.append(sheet)
    for number, at in ((1, 0), (2, 588), (170, 999)):
        track = flac.CueSheetTrack(number, at)
        track.indexes = [flac.CueSheetTrackIndex(1, 0)] if number < 170 else []
        sheet.tracks.append(track)
    file.save()
    soundfile.write(tmp_path / "b.flac", np.zeros((700, 2)), RATE)
    assert tags_carried(source, tmp_path / "b.flac", Cut(100, 700)) == []
    got = flac.FLAC(tmp_path / "b.flac").cuesheet
    assert [(track.track_number, track.start_offset) for track in got.tracks] == [
        (1, 0),
        (2, 488),
        (255, 700),
    ]
    assert not got.compact_disc


def test_times_in_id3_that_a_trim_does_not_move_are_told(tmp_path: Path) -> None:
    tags, made = id3.ID3(), io.BytesIO()
    tags.add(id3.CHAP(element_id="a", start_time=0, end_time=9, sub_frames=[]))
    tags.save(made, padding=lambda _: 0)
    source = store(tmp_path / "a.wav", "WAV")
    add_chunks(source, (b"id3 ", made.getvalue()))
    soundfile.write(tmp_path / "b.wav", np.zeros((700, 2)), RATE)
    (warning,) = tags_carried(source, tmp_path / "b.wav", Cut(100, 700))
    assert warning.endswith("ID3 frame CHAP holds positions in the recording before it was trimmed")


# Another container

ELSEWHERE = [f"chunk '{name}' has no place in the new container" for name in ("bext", "iXML", "smpl", "_PMX")]
OUTSIDE_RIFF = [
    "notes of cue points have no place in the new container",
    "lengths of regions have no place in the new container; their beginnings are cue points",
]
PICTURES, TAGS, CUES = (
    f"{what} have no place in the new container" for what in ("pictures", "tags", "cue points")
)


@pytest.mark.parametrize(
    ("container", "told"),
    [
        ("AIFF", OUTSIDE_RIFF),
        ("CAF", [PICTURES, *OUTSIDE_RIFF]),
        ("W64", [TAGS, CUES]),
        ("AU", [TAGS, CUES]),
    ],
)
def test_what_a_wav_says_has_a_place_or_is_told(tmp_path: Path, container: str, told: list[str]) -> None:
    source = tagged(tmp_path / "a.wav")
    warnings = carry(source, tmp_path / "b", AudioFormat(container, "PCM_16", RATE, 1))
    assert [warning.removeprefix(f"{source}: ") for warning in warnings] == ELSEWHERE + told
    if container == "AIFF":
        chunks = chunks_of(tmp_path / "b")
        assert chunks[b"MARK"] == mark_chunk(*((at, label.encode()) for _, at, label, _ in POINTS))
        assert id3.ID3(io.BytesIO(chunks[b"ID3 "]))["TIT2"].text == ["Reel 12", "Étude"]
    elif container == "CAF":
        assert (
            chunks_of(tmp_path / "b")[b"info"]
            == struct.pack(">I", 2) + "title\0Reel 12\0title\0Étude\0".encode()
        )


@pytest.mark.parametrize("between", ["AIFF", "CAF"])
def test_cue_points_and_their_labels_come_back(tmp_path: Path, between: str) -> None:
    source = tagged(tmp_path / "a.wav")
    carry(source, tmp_path / "b", AudioFormat(between, "PCM_16", RATE, 1))
    assert carry(tmp_path / "b", tmp_path / "c.wav", AudioFormat("WAV", "PCM_16", RATE, 1)) == []
    chunks = every_chunk(tmp_path / "c.wav")
    cues = dict(chunks)[b"cue "]
    labels = dict(chunks)[b"LIST"]
    assert [struct.unpack("<I", cues[24 + 24 * n :][:4])[0] for n in range(3)] == [
        at for _, at, _, _ in POINTS
    ]
    assert labels == b"adtl" + b"".join(
        entry(b"labl", struct.pack("<I", n) + label.encode() + b"\0")
        for n, (_, _, label, _) in enumerate(POINTS, start=1)
    )


def test_flac_tags_in_caf(tmp_path: Path) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    file = flac.FLAC(source)
    said = [
        ("TITLE", "Étude"),
        ("DATE", "1931"),
        ("COMMENT", "hiss"),
        ("TRACKNUMBER", "3"),
        ("MATRIX", "12A"),
    ]
    file.tags.extend(said)
    file.add_picture(picture())
    file.save()
    warnings = carry(source, tmp_path / "b.caf", AudioFormat("CAF", "PCM_16", RATE, 2))
    assert warnings == [f"{source}: pictures have no place in the new container"]
    assert carry(tmp_path / "b.caf", tmp_path / "c.flac", FLAC) == []
    assert flac.FLAC(tmp_path / "c.flac").tags == said


def test_a_render_that_trims_moves_what_it_carries(tmp_path: Path) -> None:
    source = tagged(tmp_path / "a.wav", length=9 * RATE)
    output, _ = restored(source, tmp_path / "b.wav", trim_ends_s=0)
    cut = 9 * RATE - soundfile.info(output).frames
    assert cut > 2 * RATE
    said = fields(dict(every_chunk(output))[b"bext"])
    assert said["time_reference"] == struct.pack("<Q", 2**33 + 17 + cut)
    integrated, spread, peak, momentary, short_term = struct.unpack("<5h", said["loudness"])
    meter = pyloudnorm.Meter(RATE)
    assert abs(integrated / 100 - meter.integrated_loudness(soundfile.read(output)[0])) < 0.1
    assert integrated < short_term < momentary < peak and 0 <= spread < 100

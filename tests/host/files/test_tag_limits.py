"""Tags with very many entries: read in time that goes by their size, up to limits that are said."""

import io
import struct

import pytest
from wavemend.host.files import comments as comments_module
from wavemend.host.files import tags
from wavemend.host.files.chunks import CAF, RIFF, Chunk
from wavemend.host.files.comments import Comments
from wavemend.host.files.id3_tags import read_id3
from wavemend.host.files.mpeg_tags import read_mpeg_tags

from ...effort import lines_run


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def frame(name: bytes, payload: bytes) -> bytes:
    return name + _synchsafe(len(payload)) + b"\0\0" + payload


def id3_tag(*frames: bytes) -> bytes:
    body = b"".join(frames)
    return b"ID3\4\0\0" + _synchsafe(len(body)) + body


def ape_tag(*items: tuple[bytes, bytes]) -> bytes:
    body = b"".join(struct.pack("<II", len(value), 0) + key + b"\0" + value for key, value in items)
    return body + b"APETAGEX" + struct.pack("<IIII", 2000, len(body) + 32, len(items), 0) + bytes(8)


class Compared(str):
    """A text that counts how often it is compared."""

    count = 0
    __slots__ = ()
    __hash__ = str.__hash__

    def strip(self, letters: str | None = None, /) -> "Compared":
        return Compared(str.strip(self, letters))

    def __eq__(self, other: object) -> bool:
        Compared.count += 1
        return str.__eq__(self, other)


def test_what_is_known_already_is_found_without_comparing_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comments_module, "str", Compared, raising=False)
    monkeypatch.setattr(
        Compared, "strip", lambda self, letters: Compared(str.strip(self, letters)), raising=False
    )
    counts = []
    for size in (500, 2000):
        Compared.count = 0
        comments = Comments()
        comments.add("COMMENT", range(size))
        comments.add("COMMENT", range(size))
        assert [int(text) for _, text in comments.pairs] == list(range(size))
        counts.append(Compared.count)
    assert counts[1] <= 8 * max(counts[0], 500)


def test_list_entries_take_lines_by_their_number_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(count: int) -> Comments:
        payload = b"INFO" + b"".join(b"ICMT" + struct.pack("<I", 6) + b"%06d" % n for n in range(count))
        comments = Comments()
        tags._read_chunk(io.BytesIO(payload), Chunk(b"LIST", 0, len(payload)), RIFF, comments)
        return comments

    assert lines_run(lambda: read(2000)) < 5 * lines_run(lambda: read(500))
    monkeypatch.setattr(tags, "_MOST_ENTRIES", 100)
    comments = read(101)
    assert len(comments.pairs) == 100
    assert comments.lost == ["entries of chunk 'LIST' beyond the first 100 were not carried over"]


def test_pairs_are_limited_and_that_is_said_once() -> None:
    comments = Comments()
    comments.add("COMMENT", range(20_000))
    assert len(comments.pairs) == 10_000
    assert comments.lost == ["tags beyond the first 10000 were not carried over"]


def test_texts_of_a_caf_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "_MOST_ENTRIES", 10)
    payload = bytes(4) + b"".join(b"key%d\0text\0" % n for n in range(100))
    comments = Comments()
    tags._read_chunk(io.BytesIO(payload), Chunk(b"info", 0, len(payload)), CAF, comments)
    assert len(comments.pairs) == 10


@pytest.mark.parametrize(
    "made",
    [
        id3_tag(*[frame(b"TXXX", b"\3k%d\0v" % n) for n in range(40_000)]),
        id3_tag(*[frame(b"XABC", b"x")] * 40_000),
        b"ID3\2\0\0" + _synchsafe(7 * 40_000) + b"XYZ\0\0\1x" * 40_000,
        id3_tag(*[frame(b"APIC", b"\0image/png\0\3x%d\0" % n + bytes(200_000)) for n in range(200)]),
    ],
    ids=["text", "unknown", "v2.2", "pictures"],
)
def test_an_id3_tag_beyond_the_limits_is_not_read_and_they_are_said(made: bytes) -> None:
    from mutagen import id3

    def read() -> None:
        with pytest.raises(id3.error, match="is not read; at most 512 frames are, and"):
            read_id3(io.BytesIO(made), Comments())

    assert lines_run(read) < 40_000


@pytest.mark.parametrize(
    "large",
    [
        frame(b"TPE1", b"\3" + b"a\0" * 100_000),
        frame(b"TPE1", b"\1\xff\xfe" + b"a\0\0\0" * 100_000),
        frame(b"USLT", b"\1eng\xff\xfe\0\0\xff\xfe" + b"a\0" * 2_000_000),
        frame(b"APIC", b"\1image/png\0\3\xff\xfe" + b"a\0" * 2_000_000),
        frame(b"CHAP", b"one\0" + bytes(16) + frame(b"TXXX", b"\3k\0v") * 100_000),
    ],
    ids=["values", "wide values", "lyrics", "description", "chapter"],
)
def test_a_frame_of_very_many_texts_is_left_out_and_named(large: bytes) -> None:
    comments = Comments()
    lines = lines_run(lambda: read_id3(io.BytesIO(id3_tag(large, frame(b"TIT2", b"\3Etude"))), comments))
    assert comments.pairs == [("TITLE", "Etude")]
    assert comments.lost == [f"ID3 frame '{large[:4].decode()}' has no place in the new container"]
    assert lines < 10_000


def test_pictures_of_the_same_description_are_all_carried() -> None:
    comments = Comments()
    read_id3(io.BytesIO(id3_tag(*[frame(b"APIC", b"\0image/png\0\3x\0abc")] * 300)), comments)
    assert len(comments.pictures) == 300


def test_an_old_tag_still_becomes_a_new_one() -> None:
    comments = Comments()
    made = b"ID3\2\0\0" + _synchsafe(2 * 10) + b"TT2\0\0\4\0abc" + b"TP1\0\0\4\0def"
    read_id3(io.BytesIO(made), comments)
    assert comments.pairs == [("TITLE", "abc"), ("ARTIST", "def")]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (ape_tag((b"k" * 1_000_000, b"v")), "a key of an APE tag is longer than 255 letters"),
        (
            ape_tag(*[(b"key%d" % n, b"v") for n in range(5000)]),
            "an APE tag of more than 4096 items is not read",
        ),
    ],
)
def test_an_ape_tag_beyond_the_limits_is_not_read_and_they_are_said(made: bytes, said: str) -> None:
    def read() -> None:
        with pytest.raises(Exception, match=said):
            read_mpeg_tags(io.BytesIO(bytes(1000) + made), Comments())

    assert lines_run(read) < 60_000


def test_an_ape_tag_within_them_is_read() -> None:
    comments = Comments()
    read_mpeg_tags(io.BytesIO(bytes(1000) + ape_tag((b"Title", b"Etude"), (b"Year", b"1931"))), comments)
    assert comments.pairs == [("TITLE", "Etude"), ("DATE", "1931")]

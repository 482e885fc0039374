"""Which files are films."""

import io
from pathlib import Path

import pytest
from wavemend.host.files.video.kinds import AVI, MATROSKA, MOV, MP4, WEBM, kind_of, other_film

HEADS = {
    b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska": MATROSKA,
    b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm": WEBM,
    b"\0\0\0\x20ftypisom": MP4,
    b"\0\0\0\x20ftypM4A ": MP4,
    b"\0\0\0\x14ftypqt  ": MOV,
    b"\0\0\0\x08wide\0\0": MOV,
    b"RIFF\0\0\0\0AVI LIST": AVI,
    b"RIFF\0\0\0\0WAVEfmt ": None,
    b"fLaC\0\0\0\x22": None,
    b"#EXTM3U\nhttp://127.0.0.1/": None,
    b"": None,
}


@pytest.mark.parametrize("head", HEADS)
def test_the_first_bytes_tell(head):
    assert kind_of(io.BytesIO(head)) is HEADS[head]


OTHERS = [
    b"\0\0\x01\xba\x44",
    b"\0\0\x01\xb3\x16",
    b"FLV\x01\x05",
    (b"G" + bytes(187)) * 3,
    (bytes(4) + b"G" + bytes(187)) * 3,
]


@pytest.mark.parametrize("head", OTHERS)
def test_films_of_other_kinds_are_called_by_their_names(head):
    assert other_film(io.BytesIO(head))
    assert not other_film(io.BytesIO(b"RIFF" + bytes(500)))


def test_a_name_keeps_the_ending_that_it_has():
    assert MP4.named(Path("a.M4V")) == Path("a.M4V")
    assert MATROSKA.named(Path("a.webm")) == Path("a.mkv")

"""Positions that cannot be moved by a trim are told, and no bytes break the moving."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen import flac
from wavemend.host.files.change import Change, Cut
from wavemend.host.files.chunks import CAF, FORM, RIFF, ChunkStyle
from wavemend.host.files.cue_points import point_chunks, read_points
from wavemend.host.files.ixml import renewed_ixml
from wavemend.host.files.shifting import cue_places, shifted_chunk

from .tagged_files import RATE, store, tags_carried


def test_chunks_that_a_flac_keeps_of_its_wav_are_told(tmp_path: Path) -> None:
    source = store(tmp_path / "a.flac", "FLAC")
    soundfile.write(tmp_path / "b.flac", np.zeros((500, 2)), RATE)
    assert tags_carried(source, tmp_path / "b.flac", Cut(100, 500)) == []
    file = flac.FLAC(source)
    kept = flac.MetadataBlock(b"riffbext" + bytes(8))
    kept.code = 2
    file.metadata_blocks.append(kept)
    file.save()
    (line,) = tags_carried(source, tmp_path / "b.flac", Cut(100, 500))
    assert "(bext, cues) holds positions in the recording before it was trimmed" in line


CHUNKS = [
    (RIFF, (b"bext", b"cue ", b"smpl", b"LIST", b"plst")),
    (FORM, (b"MARK",)),
    (CAF, (b"mark", b"regn", b"strg")),
]


@pytest.mark.parametrize(("style", "names"), CHUNKS, ids=["RIFF", "FORM", "CAF"])
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=120), st.integers(0, 2**40), st.integers(1, 2**40))
def test_no_bytes_break_what_moves_positions(
    style: ChunkStyle, names: tuple[bytes, ...], junk: bytes, start: int, length: int
) -> None:
    cut = Cut(start, length)
    for name in names:
        for payload in (junk, b"adtl" + junk, b"\0\0\0\2" + junk, b"\2\0\0\0" + junk):
            moved, _ = shifted_chunk(style, name, payload, cut, cue_places(junk, "<"))
            assert len(moved) == len(payload)
            points = read_points(style, {name: [payload], b"cue ": [junk], b"mark": [junk]})
            for target in (RIFF, FORM, CAF):
                point_chunks(target, [point.within(cut) for point in points])


PARTS = st.sampled_from(
    [b"<BWFXML>", b"</BWFXML>", b"<BEXT/>", b"<HISTORY/>", b"<HISTORY>", b"</HISTORY>", b"<a b='>'/>",
     b"<FILE_UID>1</FILE_UID>", b"<SYNC_POINT_LIST>", b"</SYNC_POINT_LIST>", b"<SYNC_POINT>",
     b"</SYNC_POINT>", b"<SYNC_POINT_LOW>7</SYNC_POINT_LOW>", b"<SYNC_POINT_TYPE>RELATIVE</SYNC_POINT_TYPE>",
     b"\xff", b"&lt;", b"<!--", b"-->"]
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(PARTS, max_size=12))
def test_no_text_breaks_ixml(parts: list[bytes]) -> None:
    xml = b"<BWFXML>" + b"".join(parts) + b"</BWFXML>"
    renewed, told = renewed_ixml(xml, Change("A=PCM", Cut(1, 5)))
    assert told in ([], told[:1])
    again, more = renewed_ixml(renewed, Change("A=PCM", Cut(0, 5)))
    assert bool(told) == bool(more)  # what could be read can still be
    assert told or len(again) >= len(renewed)

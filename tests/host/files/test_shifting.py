"""Positions that cannot be moved by a trim are told."""

from pathlib import Path

from mutagen import flac
from wavemend.host.files.shifting import shift_positions

from .tagged_files import store


def test_chunks_that_a_flac_keeps_of_its_wav_are_told(tmp_path: Path) -> None:
    path = store(tmp_path / "a.flac", "FLAC")
    assert shift_positions(path, 100, 500) == []
    file = flac.FLAC(path)
    kept = flac.MetadataBlock(b"riffbext" + bytes(8))
    kept.code = 2
    file.metadata_blocks.append(kept)
    file.save()
    (line,) = shift_positions(path, 100, 500)
    assert "(bext, cues) holds positions in the recording before it was trimmed" in line

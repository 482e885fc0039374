"""What comes from a registry is held to its digest, and to what it should hold."""

import io
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest
from bench.material.source_distributions import DownloadError, read


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "halls-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        for name, data in (("halls-1.0/tests/data/hall.wav", b"RIFF"), ("halls-1.0/setup.py", b"1 / 0")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            members.addfile(member, io.BytesIO(data))
    return path


def test_files_that_match_are_read(archive: Path) -> None:
    digest = sha256(archive.read_bytes()).hexdigest()
    assert read(archive, digest, "*/tests/data/*") == {"halls-1.0/tests/data/hall.wav": b"RIFF"}
    with pytest.raises(DownloadError, match="no \\*.flac in halls-1.0.tar.gz"):
        read(archive, digest, "*.flac")


def test_another_archive_is_refused(archive: Path) -> None:
    with pytest.raises(DownloadError, match="not what was measured"):
        read(archive, "0" * 64, "*")

"""Folders are whole or absent, and what a killed process left of one is cleared away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from wavemend.host.storage.folders import clear_folders, published_folder
from wavemend.host.storage.publishing import clear_leftovers

LONG_AGO = 1_000_000


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with published_folder(tmp_path / "new") as made:
        (made / "a.txt").write_text("a")
        assert not (tmp_path / "new").exists()
    assert names(tmp_path) == ["new"] and names(tmp_path / "new") == ["a.txt"]
    with pytest.raises(ZeroDivisionError), published_folder(tmp_path / "other") as made:
        (made / "a.txt").write_text(str(1 / 0))
    assert names(tmp_path) == ["new"]
    with pytest.raises(OSError), published_folder(tmp_path / "new"):
        pass
    assert names(tmp_path) == ["new"] and names(tmp_path / "new") == ["a.txt"]


def test_what_a_killed_process_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    left = tmp_path / ".wavemend-part-killed"
    (left / "files").mkdir(parents=True)
    (left / "files" / "a.txt").write_text("half")
    (left / ".held.wavemend-part").touch()
    just_begun, long_ago = tmp_path / ".wavemend-part-new", tmp_path / ".wavemend-part-old"
    just_begun.mkdir()
    long_ago.mkdir()
    os.utime(long_ago, (LONG_AGO, LONG_AGO))
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "files").mkdir(parents=True)
    (elsewhere / ".held.wavemend-part").touch()
    (tmp_path / ".wavemend-part-link").symlink_to(elsewhere)
    (tmp_path / ".wavemend-part-file").write_text("a person's")
    with published_folder(tmp_path / "new") as made:
        assert clear_leftovers(tmp_path) == [left, long_ago]
        assert made.is_dir()
    kept = [".wavemend-part-file", ".wavemend-part-link", ".wavemend-part-new", "elsewhere", "new"]
    assert names(tmp_path) == kept and names(elsewhere) == [".held.wavemend-part", "files"]
    assert clear_folders(tmp_path) == []

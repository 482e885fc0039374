"""Settings that other hosts saved: taken over where they are the plugin's own, and given back."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wavemend import Chain, Preset, Rumble, load_preset, save_preset
from wavemend.errors import PresetError
from wavemend.host.presets.exchange.vstpreset import preset_of_vstpreset, with_vstpreset, write_slot
from wavemend.host.vst3.bundle.vstpreset import read_vstpreset, vstpreset_bytes, vstpreset_chunks
from wavemend.host.vst3.plugin import VST3

GOOD = b"Good".ljust(16, b"\0").hex().upper()
FILE = vstpreset_bytes(GOOD, {b"Comp": b"state" * 9, b"Cont": b"more", b"Info": b"<xml/>"})


@pytest.mark.whole
def test_a_file_becomes_a_preset_and_a_preset_a_file(scanned, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    scanned("Good", "Latency")
    VST3("Good", gain_db=-6.5, mode="Hard").save_preset(tmp_path / "quiet.vstpreset")
    made = preset_of_vstpreset(tmp_path / "quiet.vstpreset")
    assert made.name == "quiet" and (made.chain[0].gain_db, made.chain[0].mode) == (-6.5, "Hard")
    save_preset(Preset("Two", "", Chain([Rumble(), VST3("Good", gain_db=6)])), tmp_path / "two.json")
    changed = with_vstpreset(str(tmp_path / "two.json"), "good", tmp_path / "quiet.vstpreset")
    assert changed.chain[1].gain_db == -6.5 and load_preset(tmp_path / "two.json").chain[1].gain_db == 6
    assert write_slot(str(tmp_path / "two.json"), "2", tmp_path / "loud.vstpreset", overwrite=False).name
    assert preset_of_vstpreset(tmp_path / "loud.vstpreset").chain[0].gain_db == 6
    with pytest.raises(PresetError, match="is there already"):
        write_slot(str(tmp_path / "two.json"), "2", tmp_path / "loud.vstpreset", overwrite=False)
    with pytest.raises(PresetError, match="slot rumble holds no VST3 that is here: it holds Rumble"):
        write_slot(str(tmp_path / "two.json"), "rumble", tmp_path / "a.vstpreset", overwrite=False)
    VST3("Latency").save_preset(tmp_path / "other.vstpreset")
    with pytest.raises(PresetError, match=f"belongs to the plugin .*; Good is {GOOD}"):
        with_vstpreset(str(tmp_path / "two.json"), "good", tmp_path / "other.vstpreset")


@pytest.mark.whole
def test_a_file_whose_plugin_is_not_here_names_it(scanned, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    scanned("Latency")
    (tmp_path / "a.vstpreset").write_bytes(FILE)
    with pytest.raises(PresetError, match=f"belongs to the VST3 {GOOD}, which no scan found here"):
        preset_of_vstpreset(tmp_path / "a.vstpreset")


def head(**changes: Any) -> bytes:
    fields = {"mark": b"VST3", "version": 1, "owner": GOOD.encode(), "at": 48 + 45 + 4 + 6} | changes
    return struct.pack("<4si32sq", *fields.values()) + FILE[48:]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no .vstpreset file"),
        (FILE[:47], "is no .vstpreset file"),
        (head(mark=b"VST2"), "is no .vstpreset file"),
        (head(version=7), "of version 7; this wavemend reads 1"),
        (head(owner=b"../../../etc/passwd"), "is no .vstpreset file"),
        (head(at=-1), "is no .vstpreset file"),
        (head(at=2**62), "is no .vstpreset file"),
        (head(at=8), "is no .vstpreset file"),
        (FILE[:-1], "is no .vstpreset file"),
        (vstpreset_bytes(GOOD, {b"Cont": b"x"}), "without a plugin's state"),
        (FILE.replace(b"Cont", b"Comp"), "holds a chunk twice"),
        (FILE.replace(struct.pack("<qq", 48, 45), struct.pack("<qq", 0, 45)), "is no .vstpreset file"),
        (FILE.replace(struct.pack("<qq", 48, 45), struct.pack("<qq", 48, 2**40)), "is no .vstpreset file"),
    ],
)
def test_a_damaged_file_is_refused_before_any_plugin_sees_it(tmp_path: Path, data: bytes, said: str) -> None:
    assert head() == FILE
    path = tmp_path / "a.vstpreset"
    path.write_bytes(data)
    with pytest.raises(PresetError) as caught:
        read_vstpreset(path)
    assert str(caught.value).startswith(f"{path}: ") and said in str(caught.value)


def test_mutated_files_are_read_or_refused() -> None:
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(2000):
        data = bytearray(FILE)
        for at in rng.integers(0, len(data), int(rng.integers(1, 4))):
            data[at] = rng.integers(256)
        try:
            chunks = vstpreset_chunks(bytes(data[: int(rng.integers(len(data) // 2, len(data) + 40))]))
        except PresetError:
            continue
        read += 1
        assert sum(map(len, chunks.values())) <= 16 * len(data)
    assert read > 100


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_is_not_waited_for_and_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.vstpreset")
    for name, said in (("pipe", "is no file"), ("gone", "cannot be read")):
        with pytest.raises(PresetError, match=said):
            read_vstpreset(tmp_path / f"{name}.vstpreset")

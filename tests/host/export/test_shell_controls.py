"""Parameters, programs, states and manifests as hosts see them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from .bundles import BYPASS, DROPOUTS, ENGINE_WORD, GAIN, LEARN, LIST, PROGRAM, WHOLE, manifest, state
from .conftest import Loaded

Noise = npt.NDArray[np.float32]
CAN_AUTOMATE, READ_ONLY, IS_LIST, IS_PROGRAM, IS_BYPASS = 1, 2, 8, 1 << 15, 1 << 16
PARAM_VALUES_CHANGED = 4
PROGRAMS = {"soft.state": state({GAIN: 0.25}), "hard.state": state({GAIN: 0.75, LIST: 1.0})}


def test_what_is_shown(loaded: Loaded) -> None:
    host = loaded(manifest(programs=["Soft", "Hard"]), states=PROGRAMS)
    assert host.ask("class") == (
        "00112233445566778899aabbccddeeff|Trübes Knacken|Trübes Knacken|Wavemend|Fx|Restoration"
    )
    shown = [line.split("|") for line in host.ask("parameters").split(";") if line]
    assert {int(id_): (title, unit, int(flags)) for id_, title, unit, _, _, _, flags in shown} == {
        GAIN: ("Gain", "dB", CAN_AUTOMATE),
        LIST: ("Quality", "", CAN_AUTOMATE | IS_LIST),
        LEARN: ("Learn", "", CAN_AUTOMATE),
        WHOLE: ("Width", "Hz", CAN_AUTOMATE),
        BYPASS: ("Bypass", "", CAN_AUTOMATE | IS_BYPASS),
        PROGRAM: ("Program", "", CAN_AUTOMATE | IS_LIST | IS_PROGRAM),
        DROPOUTS: ("Dropouts", "", READ_ONLY),
        ENGINE_WORD: ("Engine", "", READ_ONLY | IS_LIST),
    }
    assert host.ask("units") == "0|Trübes Knacken|1;1|Klicks|-1;Soft;Hard;"


@pytest.mark.parametrize(
    ("parameter", "value", "text"),
    [(GAIN, 0.5, "-12"), (GAIN, 1, "0"), (LIST, 1, "größte"), (LEARN, 0, "off"), (WHOLE, 0.5, "100")],
)
def test_values_are_text_both_ways(loaded: Loaded, parameter: int, value: float, text: str) -> None:
    host = loaded(LC_ALL="de_DE.UTF-8")
    assert host.ask("text", parameter, value) == text
    unit = {GAIN: " dB", WHOLE: "Hz"}.get(parameter, "")
    written = text.upper() if text.isascii() else text
    assert float(host.ask("value", parameter, written + unit)) == value
    assert host.ask("value", parameter, "nonsense") == "error"


def test_a_state_holds_what_is_saved_and_what_the_engine_learned(
    loaded: Loaded, noise: Noise, tmp_path: Path
) -> None:
    host = loaded(manifest(0, engine=["learn=2"]), noise)
    host.start()
    host.ask("process", 512, 2, f"{GAIN}:0:0.5", f"{LEARN}:0:1")
    assert host.word() == "learning"
    host.ask("process", 512, 2, f"{LEARN}:0:0")
    kept = tmp_path / "kept"
    for _ in range(100):
        assert host.ask("save", kept) == "0"
        if len(kept.read_bytes()) > 5000:
            break
        time.sleep(0.01)
    saved = {GAIN: 0.5, LIST: 0.5, WHOLE: 0.0, BYPASS: 0.0}
    assert kept.read_bytes() == state(saved, b"L" * 5000)

    other = loaded(manifest(0), noise)
    assert other.ask("load", kept) == other.ask("show", kept) == "0"
    assert other.ask("restarts") == str(PARAM_VALUES_CHANGED)
    assert float(other.ask("get", GAIN)) == 0.5
    other.start()
    other.ask("process", 512, 2)
    again = tmp_path / "again"
    other.ask("save", again)
    assert again.read_bytes() == kept.read_bytes()
    assert np.array_equal(other.end(), noise[:, :512] * np.float32(0.5))


def test_a_state_within_a_recording_takes_effect_at_the_next_block(
    loaded: Loaded, noise: Noise, tmp_path: Path
) -> None:
    (tmp_path / "kept").write_bytes(state({GAIN: 0.25}, b"print"))
    host = loaded(manifest(0), noise)
    host.start()
    host.ask("process", 1000, 2)
    assert host.ask("load", tmp_path / "kept") == "0"
    assert host.ask("process", 1000, 2).startswith("0")
    gain = np.repeat(np.float32([1, 0.25]), 1000)
    assert np.array_equal(host.end(), noise[:, :2000] * gain)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"WMSTATE2" + state({})[8:],
        state({GAIN: 0.5})[:-1],
        state({GAIN: 0.5}) + b"x",
        state({GAIN: float("nan")}),
        state({GAIN: 1.5}),
        b"WMSTATE1" + b"\xff" * 64,
    ],
)
def test_a_state_that_is_none_changes_nothing(loaded: Loaded, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    (tmp_path / "good").write_bytes(state({GAIN: 0.5}, b"print"))
    host = loaded()
    host.ask("load", tmp_path / "good")
    assert host.ask("load", tmp_path / "bad") == host.ask("show", tmp_path / "bad") == "1"
    host.ask("save", tmp_path / "after")
    assert (
        state({GAIN: 0.5, LIST: 0.5, WHOLE: 0.0, BYPASS: 0.0}, b"print") == (tmp_path / "after").read_bytes()
    )


def test_a_host_is_told_again_what_it_read_between_blocks(loaded: Loaded) -> None:
    """It may have read another word than the last block said, which would then stand for ever."""
    host = loaded(manifest(0))
    host.start()
    ready = f"{ENGINE_WORD}={2 / 6:.17g}"
    assert [ready in host.ask("process", 64, 2) for _ in range(2)] == [True, False]
    host.ask("get", ENGINE_WORD)
    assert [ready in host.ask("process", 64, 2) for _ in range(2)] == [True, False]


def test_programs_are_heard_and_shown(loaded: Loaded, noise: Noise) -> None:
    host = loaded(manifest(0, programs=["Soft", "Hard"]), noise, PROGRAMS)
    host.start()
    host.ask("process", 1000, 2)
    told = host.ask("process", 1000, 2, f"{PROGRAM}:0:1", f"{BYPASS}:0:0")
    assert f"{GAIN}=0.75" in told
    host.ask("process", 1000, 2)
    host.ask("set", PROGRAM, 1)
    assert host.ask("restarts") == str(PARAM_VALUES_CHANGED)
    assert float(host.ask("get", LIST)) == 1
    heard = host.end()
    assert np.array_equal(heard[:, :1000], noise[:, :1000])
    assert np.array_equal(heard[:, 2000:], noise[:, 2000:3000] * np.float32(0.75))


def test_a_program_that_a_session_repeats_leaves_the_values_of_its_state(
    loaded: Loaded, noise: Noise, tmp_path: Path
) -> None:
    """Hosts that restore a session set every parameter again, that of the program too."""
    (tmp_path / "kept").write_bytes(state({GAIN: 0.5, PROGRAM: 1.0}))
    host = loaded(manifest(0, programs=["Soft", "Hard"]), noise, PROGRAMS)
    host.ask("load", tmp_path / "kept")
    host.start()
    host.ask("process", 1000, 2, f"{PROGRAM}:0:1")
    host.ask("process", 1000, 2, f"{PROGRAM}:0:1")
    assert np.array_equal(host.end(), noise[:, :2000] * np.float32(0.5))


@pytest.mark.parametrize(
    ("name", "told"),
    [("Ardour", 0), ("Mixbus32C", 0), ("REAPER", PARAM_VALUES_CHANGED), ("", PARAM_VALUES_CHANGED)],
)
def test_hosts_that_would_hang_are_not_told_to_read_values_again(
    loaded: Loaded, tmp_path: Path, name: str, told: int
) -> None:
    """Ardour 7.3 holds the lock that is taken then while it loads a state."""
    (tmp_path / "kept").write_bytes(state({GAIN: 0.25}))
    host = loaded()
    host.ask("again", name)
    host.ask("show", tmp_path / "kept")
    assert host.ask("restarts") == str(told)
    assert float(host.ask("get", GAIN)) == 0.25


def test_what_the_surface_shows_late_does_not_undo_what_sounds(loaded: Loaded, noise: Noise) -> None:
    """Hosts repeat automation on their surface after the blocks that it came with."""
    host = loaded(manifest(0), noise)
    host.start()
    host.ask("process", 100, 2, f"{GAIN}:0:0.25")
    host.ask("set", GAIN, 1.0)
    host.ask("process", 100, 2)
    assert np.array_equal(host.end(), noise[:, :200] * np.float32(0.25))


BROKEN = {
    "version": lambda lines: ["wavemend-effect\t2", *lines[1:]],
    "order": lambda lines: [lines[1], lines[0], *lines[2:]],
    "unknown word": lambda lines: [*lines, "colour\tred"],
    "class id": lambda lines: [re.sub("^class\t..", "class\tG0", line) for line in lines],
    "no engine": lambda lines: [line for line in lines if not line.startswith("run")],
    "no rate": lambda lines: [line for line in lines if not line.startswith("latency")],
    "latency": lambda lines: [line.replace("48000\t1000", "48000\t99999999") for line in lines],
    "twice the same id": lambda lines: [*lines, lines[-1]],
    "unit of none": lambda lines: [*lines, "parameter\t99\t7\tnumber\t-\tX\t\tlinear\t0\t1\t0"],
    "range": lambda lines: [*lines, "parameter\t99\t0\tnumber\t-\tX\t\tlinear\t1\t1\t0"],
    "endless range": lambda lines: [*lines, "parameter\t99\t0\tnumber\t-\tX\t\tlinear\t-1.7e308\t1.7e308\t0"],
    "logarithm of nothing": lambda lines: [*lines, "parameter\t99\t0\tnumber\t-\tX\t\tlog\t0\t1\t0"],
    "labels": lambda lines: [*lines, "parameter\t99\t0\tlist\t-\tX\t\tlinear\t0\t9\t0\ta\tb"],
    "too many": lambda lines: lines + [lines[-1].replace("\t13\t", f"\t9{i:03}\t") for i in range(600)],
    "file elsewhere": lambda lines: [*lines, "program\tX\t../manifest.tsv"],
    "file that is none": lambda lines: [*lines, "program\tX\tmanifest.tsv"],
    "control character": lambda lines: [line.replace("Wavemend", "Wave\x1bmend") for line in lines],
    "long name": lambda lines: [line.replace("Knacken", "n" * 70) for line in lines],
    "no lines": lambda lines: [],
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_a_manifest_that_is_none_offers_no_effect(loaded: Loaded, fault: str) -> None:
    host = loaded(BROKEN[fault](manifest()) or [""])
    assert host.ask("class") == "none"
    assert "manifest.tsv" in host.errors.read_text()

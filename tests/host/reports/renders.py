"""Renders for the tests of reports, as small as they may be."""

import json

import numpy as np
from wavemend.host.storage.hashing import sha256_of

from tests.host.recordings import RATE, damaged, write

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> & \u202e $x$'


def described(path, channels=2, rate=RATE):
    return {
        "name": path.name, "sha256": sha256_of(path), "container": "WAV", "subtype": "PCM_16",
        "sample_rate": rate, "channels": channels,
    }  # fmt: skip


def rendered(folder, name="side.wav", seconds=3.0, *, removed=True, listed=True, source=True, **changes):
    """Write a render without rendering: source, restored file, what was removed, event list, report."""
    folder.mkdir(exist_ok=True)
    before = np.round(damaged(seconds) * 2**15) / 2**15
    taken = np.zeros_like(before)
    for start in range(4000, before.shape[1] - 100, int(0.3 * RATE)):
        taken[start // 7 % 2, start : start + 4] = (
            np.round(before[start // 7 % 2, start : start + 4] * 2**15) / 2**15
        )
    original = write(folder / "source.wav", before)
    restored = write(folder / name, before - taken)
    report = {
        "format": "wavemend-report",
        "format_version": 1,
        "versions": {"wavemend": "0.1.0"},
        "input": described(original),
        "output": described(restored),
        "beside": [],
        "chain": [
            {"plugin": "wavemend.declick", "version": 6, "parameters": {"sensitivity": 5.0, "model": ""}},
            {"plugin": "wavemend.decrackle", "parameters": {}, "bypass": True},
        ],
        "frames": before.shape[1],
        "strength": 100.0,
        "headroom_gain": 1.0,
        "loudness": {"input": {"integrated_lufs": -20.0}, "output": {"integrated_lufs": -20.5}},
        "restored_plus_removed_is_original": True,
        "findings": [{"slot": "1", "stage": "wavemend.declick", "found": True, "summary": "clicks"}],
        "events": [{"slot": "1", "stage": "wavemend.declick", "kind": "click", "count": 9}],
        "warnings": [],
    }
    if removed:
        path = write(folder / name.replace(".wav", ".removed.wav"), taken)
        report["removed"] = described(path)
    if listed:
        lines = [
            json.dumps(
                {"slot": "1", "kind": "click", "position": at, "length": 4, "channel": 0, "confidence": 1.0}
            )
            for at in range(4000, before.shape[1], int(0.3 * RATE))
        ]
        path = folder / f"{name}.events.jsonl"
        path.write_text("\n".join(lines) + "\n")
        report["beside"] = [{"name": path.name, "sha256": sha256_of(path)}]
    if not source:
        original.unlink()
    (folder / f"{name}.report.json").write_text(json.dumps(report | changes))
    return restored

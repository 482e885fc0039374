"""Play a job in minihost: run by the Python of its own environment, where there is no wavemend."""

import json
import sys
from pathlib import Path

import minihost
import numpy as np
import soundfile

MIXED = (8192, 64, 512, 1, 700)


def blocks(count, size):
    """Yield the stretches of `count` samples in blocks of one size, or of mixed ones."""
    start = turn = 0
    while start < count:
        stop = min(start + (MIXED[turn % len(MIXED)] if size == "mixed" else size), count)
        yield start, stop
        start, turn = stop, turn + 1


job = json.loads(Path(sys.argv[1]).read_text())
audio, rate = soundfile.read(job["input"], dtype="float32", always_2d=True)
for size in job["sizes"]:
    plugin = minihost.Plugin(job["bundle"], float(rate), 8192)
    plugin.non_realtime = True  # unless told, it renders and claims to play live
    minihost.load_vstpreset(job["preset"], plugin)
    latency = plugin.latency_samples
    fed = np.concatenate([audio.T, np.zeros((2, latency), np.float32)], axis=1)
    out = np.zeros_like(fed)
    for start, stop in blocks(fed.shape[1], size):
        heard = np.zeros((2, stop - start), np.float32)
        plugin.process(np.ascontiguousarray(fed[:, start:stop]), heard)
        out[:, start:stop] = heard
    np.save(Path(job["output"]) / f"{size}.npy", out[:, latency:])
    plugin.close()

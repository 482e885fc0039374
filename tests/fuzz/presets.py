"""Mutated presets: shown, checked, stored again and rendered with."""

from __future__ import annotations

import base64
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from wavemend.contract.registry import stage_class, stage_ids
from wavemend.errors import WavemendError
from wavemend.host.chain.chain import Chain
from wavemend.host.chain.slot import Slot
from wavemend.host.presets.library import preset_names
from wavemend.host.presets.preset import Preset, described_preset, load_preset, preset_to_json, save_preset
from wavemend.host.stock.stock import stock_effects, stock_parameters

from .json_mutations import Generator, Literal, mutated_json
from .judge import Case, Command, Run

RATE = 44_100
LOOK_SECONDS = 2.0
"""Of processor time that looking at a preset or a pack, or loading one, may take."""
_EXTREMES = (
    -1e6,
    -1000.0,
    -100.0,
    -1.0,
    -1e-3,
    0.0,
    1e-45,
    1e-9,
    1e-3,
    0.5,
    1.0,
    3.3,
    10.0,
    100.0,
    1e3,
    1e4,
    1e6,
)


class Presets:
    """Factory presets and made-up ones, mutated."""

    name = "presets"

    def case(self, seed: int, index: int, folder: Path) -> Case:
        """See `Kind.case`."""
        rng = np.random.default_rng([seed, index])
        tree, made_by = preset_tree(rng)
        data, done = mutated_json(rng, tree)
        preset, take, target = folder / "theirs.json", folder / "take.wav", folder / "out"
        linked = rng.random() < 0.03
        if linked:
            preset.symlink_to(_target_of_link(rng, folder, data))
        else:
            preset.write_bytes(data)
        write_take(rng, take)
        as_json = ("--json",) if rng.random() < 0.5 else ()
        commands = [
            Command(("presets", "show", str(preset), *as_json)),
            Command(("presets", "check", str(preset))),
            Command(("presets", "diff", "vinyl", str(preset), *as_json)),
        ]
        options = [*_settings(rng)]
        if rng.random() < 0.6:
            options += ("--missing", str(rng.choice(["bypass", "substitute"])))
        rendered = ("render", str(preset), str(take), "-o", str(target), "--json", *options)
        return Case([*commands, Command(rendered, target)], _Check(preset).left_by, f"{made_by}; {done}")


def write_take(rng: Generator, path: Path) -> None:
    """Write half a second of a noisy tone with clicks."""
    channels = int(rng.choice([1, 2]))
    time = np.arange(RATE // 2) / RATE
    audio = 0.2 * np.sin(2 * np.pi * 440 * time) + 0.01 * rng.standard_normal((channels, time.size))
    audio[:, rng.integers(0, time.size, 5)] += 0.5
    soundfile.write(path, audio.T, RATE, subtype=str(rng.choice(["PCM_16", "PCM_24"])))


def _target_of_link(rng: Generator, folder: Path, data: bytes) -> Path:
    place = folder / "elsewhere"
    place.mkdir()
    (place / "preset").write_bytes(data)
    return [place / "preset", place, place / "nothing", Path("/dev/null"), folder / "theirs.json"][
        rng.integers(5)
    ]


def _settings(rng: Generator) -> list[str]:
    if rng.random() > 0.15:
        return []
    slot, name = (
        rng.choice(["1", "1.1", "gain", "99", ""]),
        rng.choice(["mix", "bypass", "gain_db", "", "model"]),
    )
    value = rng.choice(["0.5", "1e400", "nan", "on", "[" * 50_000, "9" * 5000, "", "-1"])
    return ["--set", f"{slot}.{name}={value}"]


def preset_tree(rng: Generator) -> tuple[Any, str]:
    if rng.random() < 0.3:
        name = str(rng.choice(preset_names()))
        return json.loads(files("wavemend.presets").joinpath(f"{name}.json").read_bytes()), name
    head = {
        "format": "wavemend-preset",
        "format_version": 1,
        "name": "Theirs",
        "description": "A stranger's.",
    }
    return {**head, "chain": _chain(rng, 0)}, "made up"


def _chain(rng: Generator, depth: int) -> list[dict[str, Any]]:
    slots: list[dict[str, Any]] = []
    for _ in range(int(rng.integers(1, 4))):
        kind = rng.random()
        if kind < 0.15 and depth < 6:
            slot: dict[str, Any] = {"chain": _chain(rng, depth + 1)}
        elif kind < 0.35:
            slot = _vst3(rng)
        elif kind < 0.75:
            slot = _stock(rng)
        else:
            slot = _stage(rng)
        if rng.random() < 0.2:
            slot["mix"] = float(rng.choice([0.0, 0.25, 1.0]))
        if rng.random() < 0.1:
            slot["bypass"] = True
        slots.append(slot)
    return slots


def _stock(rng: Generator) -> dict[str, Any]:
    """Any stock effect with its defaults, or with a value from the ends of what there is."""
    name = str(rng.choice(sorted(stock_effects())))
    effect = stock_effects()[name]()
    values: dict[str, Any] = {}
    for parameter in stock_parameters(type(effect)):
        value = getattr(effect, parameter)
        words = getattr(type(value), "__members__", None)
        values[parameter] = str(rng.choice(list(words))) if words else value
        if not words and not isinstance(value, bool) and rng.random() < 0.25:
            values[parameter] = float(rng.choice(_EXTREMES))
    return {"plugin": f"pedalboard.{name}", "parameters": values}


def _stage(rng: Generator) -> dict[str, Any]:
    """Any stage with values from anywhere in their ranges, and with findings at times."""
    kind = stage_class(str(rng.choice(stage_ids())))
    stage = kind()
    for name, parameter in kind.schema.items():
        if rng.random() < 0.3 and name != "model":
            setattr(stage, name, parameter.from_raw(float(rng.random())))
    slot = preset_to_json(Preset("", "", Chain([Slot(stage)])))["chain"][0]
    found = _findings().get(kind.id)
    if found is not None and rng.random() < 0.4:
        slot["findings"] = json.loads(found)
    return dict(slot)


@cache
def _findings() -> dict[str, str]:
    """What each stage learns from a second of noise with a hum in it, as JSON."""
    noise = 0.01 * np.random.default_rng(0).standard_normal((2, 2 * RATE))
    noise += 0.05 * np.sin(2 * np.pi * 50 * np.arange(noise.shape[1]) / RATE) + 0.02
    found = {}
    for identifier in stage_ids():
        stage = stage_class(identifier)()
        if stage.findings_type is not None:
            stage.learn(noise, RATE)
            found[identifier] = json.dumps(stage.findings.to_json())
    return found


def _vst3(rng: Generator) -> dict[str, Any]:
    """A VST3 that is installed nowhere."""
    slot: dict[str, Any] = {
        "plugin": f"vst3.{rng.bytes(16).hex().upper()}",
        "name": "Their Plugin",
        "vendor": "Them",
        "version": "1.0.2",
        "block_size": int(rng.choice([64, 512, 8192])),
        "parameters": {"gain": 3.0, "mode": "Warm", "drive": 0.1},
        "state": base64.b64encode(rng.bytes(int(rng.integers(2000)))).decode(),
        "missing": str(rng.choice(["fail", "bypass", "substitute"])),
    }
    if rng.random() < 0.3:
        slot["unkept"] = {"drive": 0.25}
    if slot["missing"] == "substitute":
        slot["substitute"] = _stock(rng) if rng.random() < 0.5 else _stage(rng)
    if rng.random() < 0.1:
        slot["state"] = Literal('"' + "A" * int(rng.choice([3, 4_000_000])) + '"')
    return slot


class _Check:
    """What can be loaded can be stored and loaded again, and says the same; outputs are whole or absent."""

    def __init__(self, preset: Path) -> None:
        self._preset = preset

    def left_by(self, run: Run) -> list[str]:
        """See `Case.check`."""
        command = run.command
        if command.target is None and run.seconds > LOOK_SECONDS:
            return [f"{run.seconds:.1f} s to look at it"]
        if command.arguments[:2] == ("presets", "show") and run.code == 0:
            return self._survives(looked_at=True)
        if command.arguments[:2] == ("presets", "check") and run.code == 0:
            return self._survives(looked_at=False)
        if command.target is None:
            return []
        there = [path.name for path in command.target.rglob("*") if path.is_file()]
        whole = sorted(there) == ["take.wav", "take.wav.report.json"]
        return [] if whole == (run.code == 0) and (whole or not there) else [f"code {run.code} left {there}"]

    def _survives(self, *, looked_at: bool) -> list[str]:
        again = self._preset.with_name("again.json")
        try:
            loaded = (
                described_preset(self._preset) if looked_at else load_preset(self._preset, missing="bypass")
            )
            save_preset(loaded, again)
            back = described_preset(again) if looked_at else load_preset(again, missing="bypass")
            same = preset_to_json(back) == preset_to_json(loaded)
            return [] if same else ["what was stored and loaded again is another"]
        except WavemendError as error:
            return [f"what was loaded cannot be stored and loaded again: {error!s:.300}"]
        except Exception as error:
            return [f"traceback: {type(error).__name__}: {error!s:.300}"]
        finally:
            again.unlink(missing_ok=True)

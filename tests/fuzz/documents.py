"""Mutated recording documents and label tracks: shown, added to, and obeyed by a render."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from wavemend.errors import WavemendError
from wavemend.host.chain.chain import Chain
from wavemend.host.presets.preset import Preset, preset_to_json
from wavemend.host.recording.document import RecordingDocument
from wavemend.host.recording.document_files import load_document, save_document
from wavemend.host.recording.document_json import document_to_json
from wavemend.host.survey.analyse import analyse
from wavemend.plugins.dc_offset import DcOffset
from wavemend.plugins.declick.stage import Declick
from wavemend.plugins.decrackle import Decrackle
from wavemend.plugins.denoise import Denoise

from .json_mutations import Generator, mutated_json
from .judge import Case, Command, Run
from .mutations import duplicate, flip, leave_out, overwrite, truncate

RATE = 16_000
_FRAMES = RATE // 2
_STAGES = ("wavemend.declick", "wavemend.decrackle", "wavemend.denoise", "nobody.knows")


class Documents:
    """Documents of one short recording, mutated."""

    name = "documents"

    def case(self, seed: int, index: int, folder: Path) -> Case:
        """See `Kind.case`."""
        rng = np.random.default_rng([seed, index])
        take, target = folder / "take.wav", folder / "out"
        _write_take(take)
        shared = rng.random() < 0.2
        place = folder / ("documents" if shared else ".") / "take.wav.wavemend.json"
        place.parent.mkdir(exist_ok=True)
        data, done = mutated_json(rng, _tree(rng))
        if rng.random() < 0.04:
            done += f", {_put_link(rng, place, data)}"
        else:
            place.write_bytes(data)
        (folder / "mine.json").write_text(json.dumps(preset_to_json(Preset("Mine", "", _chain(rng)))))
        where = ("--documents", str(place.parent)) if shared else ()
        labels = folder / "labels.txt"
        labels.write_bytes(_labels(rng))
        decide = ("document", str(take), *where, *_decisions(rng, labels))
        render = ("render", str(folder / "mine.json"), str(take), "-o", str(target), "--json", *where)
        # Where documents share a folder, and the one there belongs to other audio by now.
        hashed = place.with_name(f"take.wav.{json.loads(_empty())['audio']['sha256'][:12]}.wavemend.json")
        may_write = (place, hashed) if shared else (place,)
        commands = [
            Command(("document", str(take), *where, *(("--json",) if rng.random() < 0.5 else ()))),
            Command(render, target),
            Command(decide, documents=may_write),
        ]
        if rng.random() < 0.1:
            commands.append(Command(("analyse", str(take), "--write", *where), documents=may_write))
        return Case(commands, _Check(place).left_by, done)


def _write_take(path: Path) -> None:
    rng = np.random.default_rng(0)
    audio = 0.2 * np.sin(2 * np.pi * 440 * np.arange(_FRAMES) / RATE) + 0.01 * rng.standard_normal(
        (2, _FRAMES)
    )
    audio[:, rng.integers(0, _FRAMES, 5)] += 0.5
    soundfile.write(path, audio.T, RATE, subtype="PCM_16")


def _chain(rng: Generator) -> Chain:
    return Chain([make() for make in (DcOffset, Declick, Decrackle, Denoise) if rng.random() < 0.5])


@cache
def _empty() -> str:
    """The document of the recording, with all that the analysis finds in it."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        _write_take(take := Path(folder) / "take.wav")
        page = analyse(take, identify=True)
    assert page.audio is not None
    return json.dumps(document_to_json(RecordingDocument(page.audio, findings=page.findings)))


def _tree(rng: Generator) -> Any:
    tree = json.loads(_empty())
    if rng.random() < 0.7:
        tree["findings"] = {}  # most of the text, and least of what a render obeys
    for name in ("vetoed_events", "forced_events"):
        tree[name] = [_event(rng) for _ in range(int(rng.choice([0, 1, 3, 20])))]
    if rng.random() < 0.05:
        tree[str(rng.choice(["vetoed_events", "forced_events"]))] = [_event(rng) for _ in range(5000)]
    if rng.random() < 0.4:
        start = int(rng.integers(0, _FRAMES // 4))
        tree["print_ranges"] = [{"position": start, "length": RATE // 4}]
    if rng.random() < 0.3:
        start = int(rng.integers(0, _FRAMES - 1))
        tree["trim"] = {"position": start, "length": int(rng.integers(1, _FRAMES - start + 1))}
    return tree


def _event(rng: Generator) -> dict[str, Any]:
    position = int(rng.integers(0, _FRAMES - 1))
    length = int(min(_FRAMES - position, rng.choice([1, 2, 20, 500, _FRAMES])))
    channel = [None, 0, 1][rng.integers(3)]
    stage = _STAGES[int(rng.choice(4, p=[0.85, 0.05, 0.05, 0.05]))]
    return {"stage": stage, "position": position, "length": length, "channel": channel}


def _put_link(rng: Generator, place: Path, data: bytes) -> str:
    """Put something there that is no file of its own."""
    elsewhere = place.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "document").write_bytes(data)
    targets = (elsewhere / "document", elsewhere, elsewhere / "nothing", Path("/dev/zero"), Path("/dev/null"))
    kind = int(rng.integers(len(targets) + 1))
    if kind == len(targets):
        place.mkdir()
    else:
        place.symlink_to(targets[kind])
    return "what is no file of its own"


def _labels(rng: Generator) -> bytes:
    """Return an Audacity label track, mutated half of the time."""
    lines = []
    for _ in range(int(rng.choice([0, 1, 4, 2000], p=[0.1, 0.4, 0.45, 0.05]))):
        start, length = float(rng.random() * 0.5), float(rng.choice([0.0, 0.001, 0.2]))
        text = str(
            rng.choice(
                ["veto", "force", "print", "trim", "click", "Veto it", ""],
                p=[0.35, 0.2, 0.1, 0.05, 0.1, 0.1, 0.1],
            )
        )
        lines.append(f"{start:.6f}\t{start + length:.6f}\t{text}")
    data = "\n".join(lines).encode()
    if rng.random() < 0.5:
        return data
    odd = (
        b"9" * 5000,
        b"1:2",
        b"nan",
        b"1e9",
        b"-1",
        b"\xff",
        b"\0",
        b"\t",
        b"\\",
        b"\xef\xbb\xbf",
        b"1e400",
        b"\r",
    )
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(data) + 1))
        change: tuple[Callable[[Generator, bytes], bytes], ...] = (
            flip,
            overwrite,
            truncate,
            duplicate,
            leave_out,
            lambda rng, data, at=at: data[:at] + odd[rng.integers(len(odd))] + data[at:],
        )
        data = change[int(rng.integers(len(change)))](rng, data)
    return data[: 1 << 20]


def _decisions(rng: Generator, labels: Path) -> list[str]:
    times = (
        "0.1",
        "0.1-0.2",
        "0:00.2",
        "0.3-0.1",
        "9-10",
        "9" * 5000,
        "1e3",
        "-",
        "",
        "nan-nan",
        "0-0.25",
        "0.1-0.1",
    )
    said: list[str] = []
    for option in ("--veto", "--force", "--print", "--trim"):
        if rng.random() < 0.3:
            said += [f"{option}={times[rng.integers(len(times))]}"]
    if rng.random() < 0.5:
        said += ["--labels", str(labels)]
    if rng.random() < 0.2:
        said += ["--clear", str(rng.choice(["prints", "vetoes", "forced", "trim", "all"]))]
    if rng.random() < 0.2:
        said += ["--channel", str(rng.choice(["1", "2", "3", "999999999999"]))]
    if rng.random() < 0.1:
        said += ["--stage", str(rng.choice(["decrackle", "denoise", "x", "Declick"]))]
    return said


class _Check:
    """What can be loaded can be stored and loaded again, and says the same; outputs are whole or absent."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def left_by(self, run: Run) -> list[str]:
        """See `Case.check`."""
        command = run.command
        if command.target is not None:
            there = [path.name for path in command.target.rglob("*") if path.is_file()]
            whole = sorted(there) == ["take.wav", "take.wav.report.json"]
            good = whole == (run.code == 0) and (whole or not there)
            return [] if good else [f"code {run.code} left {there}"]
        if run.code == 0 and command.arguments[0] == "document" and self._place.is_file():
            return self._survives()
        return []

    def _survives(self) -> list[str]:
        again = self._place.with_name("again.json")
        try:
            loaded = load_document(self._place)
            save_document(loaded, again)
            same = document_to_json(load_document(again)) == document_to_json(loaded)
            return [] if same else ["what was stored and loaded again is another"]
        except WavemendError as error:
            return [f"what was loaded cannot be stored and loaded again: {error!s:.300}"]
        except Exception as error:
            return [f"traceback: {type(error).__name__}: {error!s:.300}"]
        finally:
            again.unlink(missing_ok=True)

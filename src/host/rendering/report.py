"""The JSON report beside a restored file: hashes, versions, settings, what was found and done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path as FilePath
from typing import Any

import soundfile

from ...contract.findings import Findings
from ...errors import PresetError
from ..chain.chain import Chain
from ..chain.members.registry import kind_of
from ..chain.members.vst3 import VST3Kind
from ..chain.path import Path, slot_number
from ..chain.walking import running
from ..files.audio_format import AudioFormat
from ..presets.slots import chain_to_json
from ..storage.hashing import sha256_of
from .event_log import teller_names

REPORT_FORMAT = "wavemend-report"
_PACKAGES = ("wavemend", "numpy", "scipy", "numba", "pedalboard", "soundfile")


def build_report(
    *,
    chain: Chain,
    files: Mapping[str, tuple[str, str, AudioFormat]],
    beside: Mapping[str, FilePath],
    settings: Mapping[str, Any],
    findings: Mapping[Path, Findings],
    events: Mapping[tuple[Path, str], int],
    warnings: list[str],
) -> dict[str, Any]:
    """Return the report; it holds no date and no folder, so that the same render gives the same bytes.

    Parameters
    ----------
    chain
        What was run.
    files
        By their part in the render: name to report, SHA-256, format.
    beside
        What else lies beside the output, by its name: path to read.
    settings
        Further facts about this render, by their names in the report.
    findings
        By the path of the stage that listened.
    events
        Number of events by path and kind.
    warnings
        What a person should know.
    """
    names, codes = teller_names(chain), codes_of(chain)
    return {
        "format": REPORT_FORMAT,
        "format_version": 1,
        "versions": versions(),
        **{part: _described(*described) for part, described in files.items()},
        "beside": [{"name": name, "sha256": sha256_of(path)} for name, path in beside.items()],
        "chain": slots_of(chain),
        "vst3": codes.pop(VST3Kind.id, []),
        **({"other_code": codes} if codes else {}),
        **settings,
        "findings": [
            {"slot": slot_number(path), "stage": names[path], "found": f.found, "summary": f.describe()}
            for path, f in findings.items()
        ],
        "events": [
            {"slot": slot_number(path), "stage": names[path], "kind": kind, "count": count}
            for (path, kind), count in sorted(events.items())
        ],
        "warnings": warnings,
    }


def versions() -> dict[str, str]:
    """Return what a render depends on besides chain and source: package by package."""
    packages = {package: version(package) for package in _PACKAGES}
    return packages | {"libsndfile": soundfile.__libsndfile_version__}


def declared(chain: Chain) -> list[str]:
    """Name what runs, for a file's own history: this program, then member by member in the order of sound."""
    members = (
        f"{kind_of(member).name(member)} {getattr(member, 'version', '')}".strip()
        for _, member in running(chain.slots)
    )
    return [f"wavemend {version('wavemend')}", *members]


def made_from(path: FilePath) -> dict[str, str]:
    """Return the names of the sound files that the report at `path` is of, each with its source's name.

    Empty where the file is no report of ours.
    """
    try:
        report = _read(path)
        source = str(report["input"]["name"])
        return {str(report[part]["name"]): source for part in ("output", "removed") if part in report}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def made_hashes(path: FilePath) -> set[str]:
    """Return the hashes of all files that the report at `path` is of; none where it is no report of ours."""
    try:
        report = _read(path)
        listed = [report["output"], *filter(None, [report.get("removed")]), *report["beside"]]
        return {str(one["sha256"]) for one in listed}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return set()


def _read(path: FilePath) -> Any:
    report = json.loads(path.read_text(encoding="utf-8"))
    if report["format"] != REPORT_FORMAT:
        raise ValueError("no report")
    return report


def _described(name: str, sha256: str, form: AudioFormat) -> dict[str, Any]:
    return {
        "name": name,
        "sha256": sha256,
        "container": form.container,
        "subtype": form.subtype,
        "sample_rate": form.sample_rate,
        "channels": form.channels,
    }


def codes_of(chain: Chain) -> dict[str, list[dict[str, Any]]]:
    """Return the code from elsewhere that was heard, by the kind of its members."""
    described: dict[str, list[dict[str, Any]]] = {}
    for path, slot in chain.walk():
        if slot.member is None or slot.bypass:
            continue
        kind = kind_of(slot.member)
        code = kind.code(slot.member)
        if code is not None:
            described.setdefault(kind.id, []).append({"slot": slot_number(path)} | code)
    return described


def slots_of(chain: Chain) -> list[Any]:
    """Return each slot as a preset holds it, or in words where no preset can: a Mix, say."""
    described: list[Any] = []
    for index, slot in enumerate(chain.slots):
        try:
            described += chain_to_json(chain[index : index + 1])
        except PresetError:
            described.append(repr(slot))
    return described

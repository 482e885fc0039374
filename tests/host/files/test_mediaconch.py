"""What another program reads in a restored file: MediaConch, which archives check their files with."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from wavemend.host.files.audio_format import AudioFormat

from .tagged_files import RATE, carry
from .test_fields import restored, tagged

pytest.importorskip("mediaconch")  # it has no wheels for every system
pytestmark = pytest.mark.whole

# In a process of its own, which ends without taking its objects down: the library crashes over that.
ASKING = """
import json, os, sys
from mediaconch import Format, MediaConch, Report
kept, reports = [], {}
for path in sys.argv[1:]:
    for kind in (Report.mediaconch, Report.micromediatrace):
        checker = MediaConch()
        kept.append(checker)
        checker.add_report(kind)
        checker.set_format(Format.xml)
        checker.set_force_analyze(True)
        reports.setdefault(path, []).append(checker.get_report(checker.add_file(path)))
print(json.dumps(reports), flush=True)
os._exit(0)
"""

RENEWED = {
    "History", "XML data", "LoudnessValue", "LoudnessRange", "MaxTruePeakLevel", "MaxMomentaryLoudness",
    "MaxShortTermLoudness",
}  # fmt: skip


def asked(*paths: Path) -> list[tuple[ElementTree.Element, ElementTree.Element]]:
    """What it says of each file: its checks, and its walk through the file's blocks."""
    command = [sys.executable, "-c", ASKING, *map(str, paths)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    reports = json.loads(said)
    return [tuple(map(ElementTree.fromstring, reports[str(path)])) for path in paths]


def outcomes(checks: ElementTree.Element) -> set[str]:
    return {test.get("outcome", "") for test in checks.iter() if test.tag.endswith("}test")}


def fields(inside: ElementTree.Element, above: str = "") -> Iterator[tuple[str, str]]:
    """Every field that the program knows: its path through the file's blocks, and its value."""
    for one in inside:
        path = f"{above}/{one.get('n')}"
        if one.tag.endswith("}d") and one.get("n") not in (
            "Size",
            "Data",
            "Alignement",
            "dataSize",
            "riffSize",
        ):
            yield path, one.text or ""
        yield from fields(one, path)


def test_every_field_is_what_it_was(tmp_path: Path) -> None:
    kinds = (("WAV", "PCM_24"), ("WAVEX", "PCM_16"), ("RF64", "PCM_24"))
    sources = [tagged(tmp_path / f"{container}.wav", container, subtype) for container, subtype in kinds]
    outputs = [restored(source, tmp_path / "out" / source.name)[0] for source in sources]
    reports = asked(*sources, *outputs)
    for (_, old), (checks, new) in zip(reports[:3], reports[3:], strict=True):
        assert outcomes(checks) == {"pass"}
        before, after = list(fields(old)), list(fields(new))
        assert [path for path, _ in after] == [path for path, _ in before] and len(after) > 70
        changed = {path for (path, was), (_, now) in zip(before, after, strict=True) if was != now}
        assert {path.split("/")[-1] for path in changed} <= RENEWED


def test_blocks_are_known_and_cover_files_of_an_odd_size(tmp_path: Path) -> None:
    source = tagged(tmp_path / "a.wav", subtype="PCM_24", length=3999)
    known = {
        "WAV": {"Broadcast extension", "iXML", "Tags", "Cue points", "Associated Data List", "ID3v2 tags"},
        "RF64": {"DataSize64", "Broadcast extension", "iXML", "Tags", "Cue points", "Associated Data List"},
        "AIFF": {"Common", "ID3v2 tags", "MARK"},
        "CAF": {"Audio Description", "Information", "mark", "strg"},
    }
    paths = [tmp_path / container for container in known]
    for path in paths:
        carry(source, path, AudioFormat(path.name, "PCM_24", RATE, 1))
    for path, (checks, root) in zip(paths, asked(*paths), strict=True):
        blocks = [one for one in root.iter() if one.tag.endswith("}b")]
        assert known[path.name] <= {one.get("n") for one in blocks}
        assert max(int(one.get("o", 0)) + int(one.get("s", 0)) for one in blocks) == path.stat().st_size
        assert outcomes(checks) <= {"pass"}  # it has none for AIFF and CAF

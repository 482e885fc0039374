"""The page of one render: whole in itself, true about its files, and hard to break by what files say."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from wavemend.errors import AudioFileError, DocumentError, TargetExistsError
from wavemend.host.reports.gathering import gather
from wavemend.host.reports.page import page
from wavemend.host.reports.writing import Wanted, write_report

from tests.host.recordings import write

from .renders import HOSTILE, rendered

EMPTY = {"meta", "img", "link", "input", "br"}

WORST = {"kind": "lost program", "position": 44_100, "length": 22_050, "channel": 1, "severity": 0.71}


class Outline(HTMLParser):
    """Elements with their attributes; fails where they are not nested."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.words = [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.seen if name == tag]


@pytest.fixture(scope="module")
def gathered(tmp_path_factory):
    return gather(rendered(tmp_path_factory.mktemp("report") / "out"), moments=2)


@pytest.fixture(scope="module")
def outline(gathered):
    return Outline(page(gathered))


def test_it_needs_nothing_else(outline):
    for _, attributes in outline.seen:
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith("data:")
    assert not outline.all("script") and not outline.all("link")
    assert "default-src 'none'" in outline.all("meta")[1]["content"]


def test_it_has_the_order_that_readers_of_screens_go_by(outline):
    tags = [tag for tag, _ in outline.seen]
    assert tags.count("h1") == 1 and tags.count("main") == 1 and tags.count("h2") >= 6
    assert tags.count("table") == tags.count("caption") > 4
    assert outline.all("html")[0]["lang"] == "en"
    assert all(one.get("scope") for one in outline.all("th"))
    assert all(one["role"] == "img" and one["aria-label"] for one in outline.all("svg"))
    assert all(one["aria-label"] for one in outline.all("audio"))


def test_it_says_what_was_found_and_done(outline):
    words = " ".join(outline.words)
    for said in ("9 clicks", "bypassed", "-20.0 → -20.5 LUFS", "sensitivity = 5", "as the report says"):
        assert said in words, said
    assert "changed since" not in words


def test_it_says_where_the_repair_harmed(tmp_path):
    harm = {"counts": {"lost program": 2}, "worst": [WORST], "each": []}
    found = gather(rendered(tmp_path / "out", artifacts=harm, guard={"easing": 10.0, "spans": [{}]}))
    made = page(found)
    said = (
        "0:01.000 to 0:01.500",
        "lost program",
        "71 %",
        "2 of lost program",
        "eased the repair in 1 place",
    )
    for one in said:
        assert one in made, one
    assert "Artifacts of the repair: none found." in page(
        gather(rendered(tmp_path / "none", artifacts={"counts": {}, "worst": []}))
    )
    assert "may have harmed" not in page(gather(rendered(tmp_path / "old")))


def test_pieces_are_of_the_loudest_removals_and_add_up(outline, gathered):
    players = outline.all("audio")
    assert len(players) == 3 * len(gathered.moments) == 6
    pieces = [
        soundfile.read(io.BytesIO(base64.b64decode(one["src"].partition(",")[2])))[0] for one in players[:3]
    ]
    original, restored, removed = pieces
    assert np.abs(removed).max() > 0.3
    assert np.abs(original - restored - removed).max() < 4 / 2**15  # fades and dither


def test_a_page_is_the_same_bytes_each_time(gathered, tmp_path):
    again = gather(rendered(tmp_path / "out"), moments=2)
    assert page(again) == page(gathered)


def test_what_files_say_is_never_markup(tmp_path):
    restored = rendered(
        tmp_path / "out",
        warnings=[HOSTILE],
        findings=[{"slot": "1", "stage": HOSTILE, "found": True, "summary": HOSTILE}],
        events=[{"slot": "1", "stage": "x", "kind": HOSTILE, "count": 3}],
        chain=[{"plugin": HOSTILE, "parameters": {HOSTILE: HOSTILE}}, HOSTILE],
        versions={HOSTILE: HOSTILE},
    )
    told = Outline(page(gather(restored, moments=0)))
    assert not told.all("script") and not told.all("img")
    assert not any("onerror" in attributes for _, attributes in told.seen)
    assert "<script>alert(1)</script>" in "".join(told.words)  # as text
    assert "\u202e" not in "".join(told.words)


def test_a_file_that_changed_is_told_and_an_original_that_did_is_not_used(tmp_path):
    restored = rendered(tmp_path / "out", removed=False)
    write(restored, np.full((2, 44_100), 0.1))
    write(tmp_path / "out" / "source.wav", np.full((2, 44_100), 0.2))
    found = gather(restored, moments=2)
    assert {one.told.name for one in found.changed} == {"side.wav", "source.wav"}
    assert list(found.looks) == ["restored"] and not found.moments
    assert page(found).count("is no longer the file") == 2


def test_without_the_original_it_is_what_adds_up(tmp_path):
    found = gather(rendered(tmp_path / "out", source=False))
    assert list(found.looks) == ["original", "restored", "removed"]
    assert any("add up" in note for note in found.notes)


def test_without_what_was_removed_it_is_the_difference(tmp_path):
    assert "difference" in gather(rendered(tmp_path / "out", removed=False)).looks


def test_the_original_may_lie_elsewhere(tmp_path):
    restored = rendered(tmp_path / "out", removed=False)
    moved = (tmp_path / "out" / "source.wav").rename(tmp_path / "other.wav")
    assert list(gather(restored).looks) == ["restored"]
    assert len(gather(restored, source=moved).looks) == 3


def test_a_trimmed_render_is_laid_beside_the_part_that_was_kept(tmp_path):
    restored = rendered(tmp_path / "out", removed=False)
    audio = soundfile.read(restored)[0].T[:, 44_100:]
    report = json.loads((tmp_path / "out" / "side.wav.report.json").read_text())
    restored = write(restored, audio)
    report["output"]["sha256"] = __import__("hashlib").sha256(restored.read_bytes()).hexdigest()
    report |= {
        "frames": audio.shape[1],
        "trim": {"position": 44_100, "length": audio.shape[1], "margin_s": 1},
    }
    (tmp_path / "out" / "side.wav.report.json").write_text(json.dumps(report))
    found = gather(restored)
    assert found.removal.share_db < -8  # clicks alone are left of the difference
    assert found.events.kinds["click"] == 6


def test_a_recording_of_a_few_samples_has_a_page(tmp_path):
    for seconds in (0.0, 0.001, 0.2):
        Outline(page(gather(rendered(tmp_path / f"{seconds}", seconds=seconds))))


def test_an_event_list_that_is_damaged_is_read_as_far_as_it_goes(tmp_path):
    restored = rendered(tmp_path / "out")
    listed = tmp_path / "out" / "side.wav.events.jsonl"
    listed.write_text(listed.read_text() + '{"position": 1e999}\n')
    found = gather(restored)
    assert found.events.cut == 11 and found.changed
    assert "Line 11" in page(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "other"}, {"format_version": 2}, {"frames": -1}, {"frames": True}, {"output": {}},
        {"input": {"name": "../../etc/passwd", "sha256": "0" * 64}}, {"headroom_gain": 0}, {"chain": "no"},
        {"findings": [1]}, {"events": [{"slot": "1", "stage": "x", "kind": "y", "count": 1.5}]},
        {"loudness": {"input": {"integrated_lufs": "loud"}}},
        {"beside": [{"name": "a/b", "sha256": "0" * 64}]},
        {"artifacts": {"counts": {"hollow": -1}}}, {"artifacts": {"worst": [{"kind": "hollow"}]}},
        {"artifacts": {"worst": [{**WORST, "severity": 2}]}}, {"guard": {"spans": 3}},
    ],
)  # fmt: skip
def test_a_report_that_makes_no_sense_is_refused_in_one_line(tmp_path, changes):
    with pytest.raises(DocumentError, match=r"^[^\n]+$"):
        gather(rendered(tmp_path / "out", **changes))


def test_what_has_no_report_is_refused(tmp_path):
    with pytest.raises(DocumentError, match="no such file"):
        gather(write(tmp_path / "a.wav", np.zeros((1, 10))))
    restored = rendered(tmp_path / "out")
    restored.unlink()
    with pytest.raises(AudioFileError, match="no such file"):
        gather(restored)


def test_pages_are_written_whole_and_never_over_another(tmp_path):
    restored = rendered(tmp_path / "out")
    _, [written] = write_report(restored, Wanted(moments=0))
    assert written.name == "side.wav.report.html"
    with pytest.raises(TargetExistsError):
        write_report(restored, Wanted(moments=0))
    write_report(restored.with_name("side.wav.report.json"), Wanted(moments=0, overwrite=True))


def test_sheets_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    restored = rendered(tmp_path / "out", warnings=[HOSTILE] * 30)
    _, [_, pdf, png] = write_report(restored, Wanted(("pdf", "png"), moments=0))
    assert pdf.read_bytes().startswith(b"%PDF") and png.read_bytes().startswith(b"\x89PNG")
    assert not re.search(rb"CreationDate", pdf.read_bytes())
